//! RFC 3261 section 10.3 steps 6 to 8.

use crate::answer_room::{check_room, listed_octets};
use crate::authorized::AuthorizedRegister;
use crate::contact_match::ContactIdentity;
use crate::policy::Policy;
use crate::reading::{Reading, Wish};
use domain::{BindingFacts, BindingId, BindingTexts, LiveBinding, SignallingTransport, Timestamp};
use sip_message::{CheckedAddress, Defect, HeaderName};
use std::net::SocketAddr;

/// What a malformed `expires` parameter counts as (RFC 3261 section 20.10).
const MALFORMED_EXPIRES_SECONDS: u32 = 3_600;
/// From here on no interval may be refused as too brief (RFC 3261 section 10.3 step 7).
const ALWAYS_LONG_ENOUGH_SECONDS: u32 = 3_600;

/// How the REGISTER came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// When.
    pub now: Timestamp,
    /// Over which transport.
    pub transport: SignallingTransport,
    /// From which address.
    pub source: SocketAddr,
    /// To which address of ours.
    pub local: SocketAddr,
    /// Over which connection, zero without one.
    pub connection: u64,
    /// The generation of the credential that authenticated it.
    pub generation: u32,
    /// How many octets the Contact values of the answer may have together: the 200 lists every binding (RFC 3261
    /// section 10.3 step 8), and none is ever cut.
    pub contact_room: usize,
}

/// The address-of-record's bindings, and what their keeper must know of.
pub struct LocationAccess<'l> {
    /// The bindings, changed in place; on [`Rejection`] only expired ones are gone.
    pub bindings: &'l mut Vec<LiveBinding>,
    /// Told of every binding that is removed.
    pub removed: &'l mut dyn FnMut(BindingId),
    /// Names a new binding.
    pub next_id: &'l mut dyn FnMut() -> BindingId,
    /// A buffer for the Path headers, reused.
    pub path: &'l mut Vec<u8>,
}

/// What was done; the answer is 200 and lists the bindings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Registered {
    /// Bindings were listed, added or refreshed.
    Kept,
    /// The phone asked for at least one removal: it must be durable before the 200 leaves, or a crash would bring a
    /// binding back that the phone knows to be gone.
    Removed,
}

/// Why nothing was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rejection {
    /// A header cannot be read; 400.
    Malformed(Defect),
    /// `*` beside other contacts, or without `Expires: 0`; 400.
    MisplacedWildcard,
    /// An interval shorter than allowed; 423 with Min-Expires.
    IntervalTooBrief {
        /// The shortest that is granted, in seconds.
        min_expires_seconds: u32,
    },
    /// An older request of the same registration came late; 500 (RFC 3261 section 10.3 step 7).
    OutOfOrder,
    /// More contacts in one request than an address-of-record may have; 403.
    TooManyContacts,
    /// The phone asks for a flow to be kept, and the proxy it talks to keeps none; 439 (RFC 5626 section 11.6).
    FirstHopLacksOutbound,
    /// The bindings that there would be do not fit into one answer; 513.
    TooLongToList,
}

impl From<Defect> for Rejection {
    fn from(defect: Defect) -> Self {
        Self::Malformed(defect)
    }
}

/// Does what the REGISTER asks for, wholly or not at all.
///
/// # Errors
/// [`Rejection`] says why nothing was changed.
pub fn register<S>(
    command: &AuthorizedRegister<'_, '_, S>,
    location: &mut LocationAccess<'_>,
    arrival: &Arrival,
    policy: &Policy,
) -> Result<Registered, Rejection> {
    remove_expired(location, arrival.now);
    let reading = Reading::of(command.request)?;
    match reading.wish {
        Wish::Query if listed_octets(location.bindings) > arrival.contact_room => Err(Rejection::TooLongToList),
        Wish::Query => Ok(Registered::Kept),
        Wish::RemoveAll => remove_all(&reading, location),
        Wish::Change => {
            check(&reading, location.bindings, policy)?;
            check_room(&reading, location.bindings, (arrival, policy))?;
            location.path.clear();
            join_path(&reading, location.path);
            apply(&reading, location, (arrival, policy))
        }
    }
}

fn remove_expired(location: &mut LocationAccess<'_>, now: Timestamp) {
    location.bindings.retain(|binding| {
        let lives = binding.facts.expires_at > now;
        if !lives {
            (location.removed)(binding.facts.id);
        }
        lives
    });
}

fn remove_all(reading: &Reading<'_, '_>, location: &mut LocationAccess<'_>) -> Result<Registered, Rejection> {
    if location.bindings.iter().any(|binding| is_out_of_order(reading, binding)) {
        return Err(Rejection::OutOfOrder);
    }
    for binding in location.bindings.drain(..) {
        (location.removed)(binding.facts.id);
    }
    Ok(Registered::Removed)
}

/// Everything that could fail, before anything is changed.
fn check(reading: &Reading<'_, '_>, bindings: &[LiveBinding], policy: &Policy) -> Result<(), Rejection> {
    let mut wanted = 0_usize;
    for contact in reading.contacts() {
        contact.address.q_thousandths()?;
        let seconds = wanted_seconds(reading, &contact, policy);
        if seconds > 0 {
            wanted += 1;
            // An hour or more is never too brief, whatever the policy says (RFC 3261 section 10.3 step 7).
            if seconds < policy.min_expires_seconds.min(ALWAYS_LONG_ENOUGH_SECONDS) {
                return Err(Rejection::IntervalTooBrief { min_expires_seconds: policy.min_expires_seconds });
            }
        }
        let identity = reading.identity(&contact);
        if bindings.iter().any(|binding| is_out_of_order(reading, binding) && identity.is(binding)) {
            return Err(Rejection::OutOfOrder);
        }
    }
    if wanted > policy.max_bindings { Err(Rejection::TooManyContacts) } else { Ok(()) }
}

/// Removals go first: what a phone gives up makes room for what it asks for, and a phone that moved may name its old
/// and its new contact under one instance.
fn apply(
    reading: &Reading<'_, '_>,
    location: &mut LocationAccess<'_>,
    (arrival, policy): (&Arrival, &Policy),
) -> Result<Registered, Rejection> {
    let mut outcome = Registered::Kept;
    for contact in reading.contacts() {
        if wanted_seconds(reading, &contact, policy) == 0 {
            outcome = Registered::Removed;
            remove_from(0, &reading.identity(&contact), location);
        }
    }
    for contact in reading.contacts() {
        let seconds = wanted_seconds(reading, &contact, policy);
        if seconds > 0 {
            keep(reading, location, (&contact, seconds), (arrival, policy))?;
        }
    }
    Ok(outcome)
}

/// Adds a binding, or refreshes the one that the contact means. Equivalence of URIs is not transitive, and a contact
/// may mean one binding by its flow and another by its URI: it takes the place of all of them, so that no phone is ever
/// called twice.
fn keep(
    reading: &Reading<'_, '_>,
    location: &mut LocationAccess<'_>,
    (contact, seconds): (&CheckedAddress<'_>, u32),
    (arrival, policy): (&Arrival, &Policy),
) -> Result<(), Rejection> {
    let identity = reading.identity(contact);
    let texts = BindingTexts {
        contact: identity.octets,
        instance: identity.instance,
        path: location.path,
        call_id: reading.call_id,
        user_agent: reading.user_agent,
    };
    let mut facts = BindingFacts {
        id: BindingId(0),
        expires_at: arrival.now.plus_seconds(i64::from(seconds)),
        registered_at: arrival.now,
        source: arrival.source,
        local: arrival.local,
        cseq: reading.cseq,
        generation: arrival.generation,
        reg_id: identity.reg_id,
        q_thousandths: contact.address.q_thousandths()?.unwrap_or(1000),
        transport: arrival.transport,
        connection: arrival.connection,
    };
    let present = location.bindings.iter_mut().enumerate().find(|(_, binding)| identity.is(binding));
    if let Some((index, binding)) = present {
        binding.refresh(facts, texts);
        remove_from(index + 1, &identity, location);
        remove_dead_flows(&identity, location, (reading, arrival));
    } else {
        facts.id = (location.next_id)();
        let binding = LiveBinding::new(facts, texts);
        remove_dead_flows(&identity, location, (reading, arrival));
        make_room(location, reading, policy);
        // Most have one phone; a vector would make room for four.
        location.bindings.reserve_exact(1);
        location.bindings.push(binding);
    }
    Ok(())
}

/// Removes every binding from that index on that the contact means.
fn remove_from(first: usize, identity: &ContactIdentity<'_>, location: &mut LocationAccess<'_>) {
    let mut index = first;
    while let Some(binding) = location.bindings.get(index) {
        if identity.is(binding) {
            (location.removed)(location.bindings.remove(index).facts.id);
        } else {
            index += 1;
        }
    }
}

/// A phone that connects anew has another port and so another contact: what it left behind over a connection that has
/// ended is the same phone, and would only be called in vain.
fn remove_dead_flows(
    identity: &ContactIdentity<'_>,
    location: &mut LocationAccess<'_>,
    (reading, arrival): (&Reading<'_, '_>, &Arrival),
) {
    if arrival.connection == 0 {
        return;
    }
    let LocationAccess { bindings, removed, .. } = location;
    bindings.retain(|binding| {
        let is_left_behind = binding.has_lost_its_connection()
            && identity.is_same_phone_as(binding)
            && !identity.is(binding)
            && !is_out_of_order(reading, binding);
        if is_left_behind {
            removed(binding.facts.id);
        }
        !is_left_behind
    });
}

/// The binding nearest its expiry gives way, but none that this very request wrote.
fn make_room(location: &mut LocationAccess<'_>, reading: &Reading<'_, '_>, policy: &Policy) {
    while location.bindings.len() >= policy.max_bindings.max(1) {
        let of_this_request =
            |binding: &LiveBinding| binding.facts.cseq == reading.cseq && binding.texts().call_id == reading.call_id;
        let oldest = location
            .bindings
            .iter()
            .enumerate()
            .min_by_key(|(_, binding)| (of_this_request(binding), binding.facts.expires_at))
            .map(|(index, _)| index);
        let Some(index) = oldest else { return };
        (location.removed)(location.bindings.remove(index).facts.id);
    }
}

/// The interval asked for, cut to the longest granted; zero means removal. The contact's own parameter goes first, then
/// the Expires header, then the default (RFC 3261 section 10.3 step 7).
///
/// A parameter that is no number counts as an hour and one beyond 2^32 - 1 as that (RFC 3261 section 10.2): a phone
/// that cannot count shall be reachable all the same.
pub(crate) fn wanted_seconds(reading: &Reading<'_, '_>, contact: &CheckedAddress<'_>, policy: &Policy) -> u32 {
    let own = match contact.address.expires() {
        Ok(seconds) => seconds,
        Err(Defect::OutOfRange(_)) => Some(u32::MAX),
        Err(_) => Some(MALFORMED_EXPIRES_SECONDS),
    };
    own.or(reading.expires).unwrap_or(policy.default_expires_seconds).min(policy.max_expires_seconds)
}

fn is_out_of_order(reading: &Reading<'_, '_>, binding: &LiveBinding) -> bool {
    binding.texts().call_id == reading.call_id && reading.cseq <= binding.facts.cseq
}

fn join_path(reading: &Reading<'_, '_>, path: &mut Vec<u8>) {
    for value in reading.request.headers().all(HeaderName::Path) {
        if !path.is_empty() {
            path.extend_from_slice(b", ");
        }
        path.extend_from_slice(value);
    }
}
