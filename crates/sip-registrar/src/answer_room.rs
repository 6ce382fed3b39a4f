//! Whether the bindings that there would be fit into the answer: it lists every one of them, and a datagram has an end.

use crate::contact_match::ContactIdentity;
use crate::policy::Policy;
use crate::reading::Reading;
use crate::register::{Arrival, Rejection, wanted_seconds};
use domain::LiveBinding;

/// What a Contact value has besides URI and instance: brackets, separators, and every parameter at its longest.
const OCTETS_BESIDES_TEXTS: usize = 96;

/// Most octets that the Contact values of those bindings have together.
pub(crate) fn listed_octets(bindings: &[LiveBinding]) -> usize {
    bindings.iter().map(octets_of_binding).sum()
}

/// Refuses what would leave more bindings than one answer can list. A binding that gives way for want of a place still
/// counts: the bound is on the safe side.
pub(crate) fn check_room(
    reading: &Reading<'_, '_>,
    bindings: &[LiveBinding],
    (arrival, policy): (&Arrival, &Policy),
) -> Result<(), Rejection> {
    let wanted = reading.contacts().filter(|contact| wanted_seconds(reading, contact, policy) > 0);
    let wanted: usize = wanted.map(|contact| octets_of_identity(&reading.identity(&contact))).sum();
    let room = arrival.contact_room.checked_sub(wanted).ok_or(Rejection::TooLongToList)?;
    // Which of them the request replaces matters only if not even all of them are too much.
    if listed_octets(bindings) <= room {
        return Ok(());
    }
    let stays = |binding: &&LiveBinding| !reading.contacts().any(|contact| reading.identity(&contact).is(binding));
    let staying: usize = bindings.iter().filter(stays).map(octets_of_binding).sum();
    if staying <= room { Ok(()) } else { Err(Rejection::TooLongToList) }
}

fn octets_of_binding(binding: &LiveBinding) -> usize {
    let texts = binding.texts();
    texts.contact.len() + texts.instance.len() + OCTETS_BESIDES_TEXTS
}

fn octets_of_identity(identity: &ContactIdentity<'_>) -> usize {
    identity.octets.len() + identity.instance.len() + OCTETS_BESIDES_TEXTS
}
