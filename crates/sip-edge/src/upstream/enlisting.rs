//! Which registrations are kept: brought to what trunks and secrets want.

use super::Upstream;
use super::registrar::{Registrar, contact_user};
use super::roster::{EntryNumber, Roster};
use directory::UriInUse;
use domain::{OriginationUri, RegistrationStanding, RegistrationState, Timestamp};
use sip_upstream::Millis;
use std::collections::HashSet;
use std::sync::Arc;

/// Registrations that begin together begin within as many times that, so that a start is no flood.
const FIRST_WITHIN_EACH_MS: Millis = 20;
/// The longest that the first REGISTER is put off.
const LONGEST_FIRST_MS: Millis = 60_000;

impl Upstream {
    /// Begins, changes and ends registrations; `false` if it has to be looked at again, because one that ends holds up
    /// another.
    pub(super) fn settle_registrations(&self, in_use: &[UriInUse], now: Millis) -> bool {
        let mut roster = self.roster.lock();
        let wanted: Vec<_> = in_use.iter().filter_map(|used| Some((Registrar::of(used)?, used))).collect();
        let uris: HashSet<_> = wanted.iter().map(|(registrar, _)| registrar.uri).collect();
        let gone: Vec<_> = roster.wanted().map(|entry| entry.registrar.uri).filter(|uri| !uris.contains(uri)).collect();
        for uri in gone {
            self.end_of_uri(&mut roster, uri, now);
        }
        let first_within = (wanted.len() as Millis * FIRST_WITHIN_EACH_MS).min(LONGEST_FIRST_MS);
        let mut is_done = true;
        for (registrar, used) in wanted {
            let known = roster.wanted_of(registrar.uri);
            if known.is_some_and(|number| Self::goes_on(&mut roster, number, (&registrar, used))) {
                continue;
            }
            self.end_of_uri(&mut roster, registrar.uri, now);
            if roster.is_held_up(registrar.uri, now) {
                is_done = false;
                continue;
            }
            let secret = registrar.open(&self.directory);
            let known_as = secret.zip(contact_user(used, &self.contact_key));
            let begin = |known_as| registrar.machine(known_as, (now, first_within), &*self.random);
            let Some(machine) = known_as.and_then(begin) else { continue };
            roster.begin(Arc::new(registrar), machine, used);
        }
        is_done
    }

    /// Whether what is kept is what is wanted. A password that was only sealed anew is the same; one that was set anew is
    /// not, even if it is equal: whoever sets it wants to see it tried.
    fn goes_on(roster: &mut Roster, number: EntryNumber, (wanted, used): (&Registrar, &UriInUse)) -> bool {
        let Some(entry) = roster.entry(number) else { return false };
        if *entry.registrar != *wanted {
            if !entry.registrar.is_resealed(wanted) || entry.uri_changed_at != used.uri.updated_at {
                return false;
            }
            entry.registrar = Arc::new(wanted.clone());
        }
        entry.uri_changed_at = used.uri.updated_at;
        entry.trunks.clone_from(&used.trunks);
        true
    }

    fn end_of_uri(&self, roster: &mut Roster, uri: domain::OriginationUriId, now: Millis) {
        let Some(number) = roster.retire(uri, now) else { return };
        let event = roster.entry(number).and_then(|entry| entry.machine.end(now));
        Self::after_event(roster, number, event);
    }

    /// Ends every registration; none begins from now on.
    pub(crate) fn leave_carriers(&self) {
        let now = self.clock.now().as_unix_millis();
        // Under the lock that beginning one needs too, so that none slips through.
        let mut roster = self.roster.lock();
        roster.close();
        let all: Vec<_> = roster.wanted().map(|entry| entry.registrar.uri).collect();
        for uri in all {
            self.end_of_uri(&mut roster, uri, now);
        }
    }

    /// How many registrations are kept or ending.
    pub(crate) fn registrations_kept(&self) -> usize {
        self.roster.lock().len()
    }

    /// How many registrations stand how.
    pub(crate) fn registration_states(&self) -> [(RegistrationState, usize); RegistrationState::ALL.len()] {
        let now = self.clock.now().as_unix_millis();
        let roster = self.roster.lock();
        let states: Vec<_> = roster.wanted().map(|entry| entry.machine.report(now).state).collect();
        RegistrationState::ALL.map(|state| (state, states.iter().filter(|other| **other == state).count()))
    }

    /// How the registration stands that follows from a URI as it is now.
    pub(crate) fn standing_of(&self, uri: &OriginationUri) -> Option<RegistrationStanding> {
        let now = self.clock.now().as_unix_millis();
        let mut roster = self.roster.lock();
        let number = roster.wanted_of(uri.id)?;
        let entry = roster.entry(number)?;
        if !uri.enabled || !entry.registrar.is_of(uri) {
            return None;
        }
        let report = entry.machine.report(now);
        Some(RegistrationStanding {
            state: report.state,
            since: moment(report.since),
            expires_at: report.expires_at.map(moment),
            next_attempt_at: report.next_attempt_at.map(moment),
            last_status: report.last_status,
            last_reason: report.last_reason,
        })
    }
}

fn moment(millis: Millis) -> Timestamp {
    Timestamp::from_micros(i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1_000))
}
