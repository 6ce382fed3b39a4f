//! What is known of next hops, from calls and from asking them by OPTIONS, and our registrations with those that want one.
//!
//! One [`Health`] for each origination URI learns from both; calls choose by it. URIs that active trunks lead calls to are
//! asked regularly; others are only learnt about by calls. What is due is done by the thread that wakes calls.

mod carriers;
mod enlisting;
mod probing;
mod registering;
mod registrar;
mod roster;
mod watch;

pub(crate) use carriers::SourceProof;

use crate::calls::{CallParts, NextHops, OwnAddresses, next_hop};
use directory::{Directory, UriInUse};
use domain::{Clock, OriginationUriId, RandomSource};
use parking_lot::Mutex;
use roster::Roster;
use sip_digest::ContactKey;
use sip_message::{Method, Response};
use sip_transport::resolve::NextHop;
use sip_transport::{Flow, Flows};
use sip_upstream::{Evidence, Health, HealthConfig, HealthEvent, Millis, Probing, Standing};
use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use storage::Fact;
use watch::{Probed, Watch, Watched};

/// At most that often it is found out anew which URIs are in use, however fast trunks change.
const SETTLING_PAUSE_MS: Millis = 1_000;
/// How many of the places that a URI leads to are asked, one after the other.
const MOST_PLACES: u16 = 8;

/// Looks after next hops.
pub(crate) struct Upstream {
    directory: Arc<Directory>,
    flows: Arc<Flows>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn RandomSource>,
    next_hops: Arc<dyn NextHops>,
    addresses: OwnAddresses,
    /// Makes the contacts that carriers know us by.
    contact_key: ContactKey,
    probing: Probing,
    /// How long one place has for its answer.
    patience_ms: Millis,
    watch: Mutex<Watch>,
    roster: Mutex<Roster>,
    /// Whether trunks or URIs have changed since it was found out which are in use.
    has_changed: AtomicBool,
    me: Weak<Self>,
}

impl Upstream {
    pub(crate) fn new(parts: &CallParts, contact_key: ContactKey) -> Arc<Self> {
        let probing = match parts.config.next_hop_ping_seconds {
            0 => Probing::ByCallsAlone,
            seconds => Probing::Every(Millis::from(seconds) * 1_000),
        };
        Arc::new_cyclic(|me| Self {
            directory: Arc::clone(&parts.directory),
            flows: Arc::clone(&parts.flows),
            clock: Arc::clone(&parts.clock),
            random: Arc::clone(&parts.random),
            next_hops: Arc::clone(&parts.next_hops),
            addresses: parts.config.addresses.clone(),
            contact_key,
            probing,
            patience_ms: parts.config.next_hop_patience_ms,
            watch: Mutex::new(Watch::new()),
            roster: Mutex::new(Roster::new()),
            has_changed: AtomicBool::new(true),
            me: Weak::clone(me),
        })
    }

    /// Notes that what is in use may be something else now.
    pub(crate) fn note(&self, facts: &[Fact]) {
        let concerns_us = |fact: &Fact| {
            matches!(
                fact,
                Fact::Account(_)
                    | Fact::AccountDeleted(_)
                    | Fact::Trunk(_)
                    | Fact::TrunkDeleted { .. }
                    | Fact::OriginationUri(_)
                    | Fact::OriginationUriDeleted { .. }
            )
        };
        if facts.iter().any(concerns_us) {
            self.has_changed.store(true, Ordering::Release);
        }
    }

    /// Whether calls try a next hop before others.
    pub(crate) fn standing(&self, uri: OriginationUriId) -> Standing {
        self.watch.lock().standing(uri)
    }

    /// How many next hops count as down.
    pub(crate) fn down(&self) -> usize {
        self.watch.lock().down()
    }

    /// Notes what a call has met with at a next hop.
    pub(crate) fn learn(&self, uri: OriginationUriId, evidence: Evidence) {
        let now = self.clock.now().as_unix_millis();
        let by_calls = || Watched::new(self.health(Probing::ByCallsAlone, now), None);
        let event = self.watch.lock().change(uri, by_calls, |hop| hop.health.on_call(evidence, now, &*self.random));
        log(uri, event);
    }

    /// Does whatever is due now.
    pub(crate) fn on_time(&self, now: Millis) {
        self.settle_uses(now);
        let mut watch = self.watch.lock();
        for uri in watch.due(now) {
            self.hop_time(&mut watch, uri, now);
        }
        self.client_time(&mut watch, now);
        drop(watch);
        self.registration_time(&mut self.roster.lock(), now);
    }

    /// Takes a response that belongs to no call; it came over that flow.
    pub(crate) fn response(&self, response: &Response<'_>, flow: &Flow) {
        let now = self.clock.now().as_unix_millis();
        match response.headers().cseq().map(|cseq| cseq.method) {
            Ok(Method::Options) => self.probe_response(response, now),
            Ok(Method::Register) => self.registration_response(response, flow, now),
            _ => {}
        }
    }

    /// Brings what is asked and where we register to what is in use.
    fn settle_uses(&self, now: Millis) {
        let is_due = || self.watch.lock().settled_at.is_none_or(|at| now >= at + SETTLING_PAUSE_MS);
        if !self.has_changed.load(Ordering::Acquire) || !is_due() {
            return;
        }
        // Before anything is read: what changes from here on is found out next time.
        self.has_changed.store(false, Ordering::Release);
        let in_use = self.directory.uris_in_use();
        if !self.settle_registrations(&in_use, now) {
            self.has_changed.store(true, Ordering::Release);
        }
        self.settle_probes(in_use, now);
    }

    fn settle_probes(&self, mut in_use: Vec<UriInUse>, now: Millis) {
        if self.probing == Probing::ByCallsAlone {
            in_use.clear();
        }
        let trunks = self.directory.trunks();
        let mut watch = self.watch.lock();
        watch.settled_at = Some(now);
        let mut asked = HashSet::with_capacity(in_use.len());
        for used in in_use {
            let Some((request_uri, way)) = next_hop(&used.uri, used.only_secure, None) else { continue };
            asked.insert(used.uri.id);
            let probed = Probed { request_uri, target: way.target, host: way.host };
            watch.ask(used.uri.id, probed, || self.health(self.probing, now));
        }
        watch.keep(|id, hop| if hop.is_probed() { asked.contains(&id) } else { trunks.origination_uri(id).is_some() });
    }

    fn health(&self, probing: Probing, now: Millis) -> Health {
        let config = HealthConfig {
            probing,
            // Finding the places may take as long as one of them.
            probe_limit_ms: self.patience_ms * (Millis::from(MOST_PLACES) + 2),
            ..HealthConfig::default()
        };
        Health::new(config, now, &*self.random)
    }
}

/// The places that are tried, the first first.
fn first_places(hops: Vec<NextHop>) -> VecDeque<NextHop> {
    hops.into_iter().take(usize::from(MOST_PLACES)).collect()
}

/// Tells the operator of a next hop that went down or came up.
fn log(uri: OriginationUriId, event: Option<HealthEvent>) {
    match event {
        None => {}
        Some(HealthEvent::WentDown(evidence)) => {
            tracing::warn!(%uri, ?evidence, "a next hop counts as down; calls try it last");
        }
        Some(HealthEvent::CameUp) => tracing::info!(%uri, "a next hop counts as up again"),
    }
}
