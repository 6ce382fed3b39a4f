//! Asks next hops by OPTIONS whether they are there (RFC 3261 section 11).

use super::watch::{Asked, Probe, Step, Watch};
use super::{Upstream, first_places, log};
use crate::calls::{Destination, NoWay};
use domain::OriginationUriId;
use sip_message::Response;
use sip_transaction::{Outcome, Reliability, Told};
use sip_transport::Flow;
use sip_transport::resolve::NextHop;
use sip_upstream::{Due, Evidence, Millis, OptionsProbe, Way};

impl Upstream {
    /// What time brings to one next hop.
    pub(super) fn hop_time(&self, watch: &mut Watch, uri: OriginationUriId, now: Millis) {
        let overdue = watch.hop(uri).and_then(|hop| hop.probe.as_mut()).filter(|probe| probe.until <= now);
        if let Some(probe) = overdue {
            probe.met = Evidence::TimedOut;
            if let Some(transaction) = probe.transaction.take() {
                watch.clients.abandon(transaction);
            }
            self.next_place(watch, uri, now);
        }
        let Some(hop) = watch.hop(uri) else { return };
        let (due, event) = hop.health.on_time(now, &*self.random);
        log(uri, event);
        if due == Due::SendOptions {
            self.begin_round(watch, uri, now);
        }
        watch.settle(uri);
    }

    /// What time brings to the OPTIONS under way: they are sent again.
    pub(super) fn client_time(&self, watch: &mut Watch, now: Millis) {
        while let Some(step) = watch.clients.on_time(now) {
            let (asked, told) = (step.user, step.tell);
            if let Some(octets) = step.send {
                // One that is lost is missed when the patience ends.
                let _ = self.send(&asked.destination, octets);
            }
            self.told(watch, (asked.step, told), now);
        }
    }

    /// Takes a response to an OPTIONS of ours.
    pub(super) fn probe_response(&self, response: &Response<'_>, now: Millis) {
        let mut watch = self.watch.lock();
        let Some(step) = watch.clients.on_response(response, now) else { return };
        let (asked, told) = (step.user, step.tell);
        self.told(&mut watch, (asked.step, told), now);
    }

    fn told(&self, watch: &mut Watch, (step, told): (Step, Option<Told>), now: Millis) {
        let met = match told {
            Some(Told::Ended(Outcome::Final(status))) => Evidence::Answered(status),
            Some(Told::Ended(Outcome::TimedOut)) => Evidence::TimedOut,
            Some(Told::Ended(Outcome::FlowFailed)) => Evidence::Unreachable,
            _ => return,
        };
        let Some(probe) = watch.probe(step) else { return };
        (probe.met, probe.transaction) = (met, None);
        if met.is_life() {
            self.end_round(watch, step.uri, now);
        } else {
            self.next_place(watch, step.uri, now);
        }
    }

    fn begin_round(&self, watch: &mut Watch, uri: OriginationUriId, now: Millis) {
        let Some(probed) = watch.probed(uri) else { return };
        let step = watch.next_step(uri);
        let random = self.number();
        let known = self.next_hops.known(&probed.target, random);
        let is_known = known.is_some();
        let places = known.and_then(Result::ok).map(first_places).unwrap_or_default();
        let until = now + self.patience_ms;
        if let Some(hop) = watch.hop(uri) {
            hop.probe = Some(Probe { step, places, until, transaction: None, met: Evidence::Unreachable });
        }
        if is_known {
            return self.next_place(watch, uri, now);
        }
        let me = self.me.clone();
        let found = move |hops: Result<Vec<NextHop>, NoWay>| {
            if let Some(me) = me.upgrade() {
                me.found(step, hops);
            }
        };
        self.next_hops.find(probed.target.clone(), random, Box::new(found));
    }

    /// A name was resolved.
    fn found(&self, step: Step, hops: Result<Vec<NextHop>, NoWay>) {
        let mut watch = self.watch.lock();
        let Some(probe) = watch.probe(step) else { return };
        match hops {
            Ok(hops) => probe.places = first_places(hops),
            Err(error) => tracing::debug!(uri = %step.uri, %error, "a next hop leads nowhere"),
        }
        self.next_place(&mut watch, step.uri, self.clock.now().as_unix_millis());
    }

    /// Asks the next place, or ends the round with what the last one said.
    fn next_place(&self, watch: &mut Watch, uri: OriginationUriId, now: Millis) {
        let Some(probed) = watch.probed(uri) else { return };
        loop {
            let step = watch.next_step(uri);
            let Some(probe) = watch.hop(uri).and_then(|hop| hop.probe.as_mut()) else { return };
            let Some(place) = probe.places.pop_front() else { return self.end_round(watch, uri, now) };
            (probe.step, probe.until) = (step, now + self.patience_ms);
            if let Some(flow) = self.next_hops.flow_to(&place, &probed.host) {
                if self.ask(watch, step, (&flow, &place), now) {
                    return watch.settle(uri);
                }
                continue;
            }
            let me = self.me.clone();
            let reached = move |flow: Result<Flow, NoWay>| {
                if let Some(me) = me.upgrade() {
                    me.reached(step, &place, flow);
                }
            };
            self.next_hops.reach(place, &probed.host, Box::new(reached));
            return watch.settle(uri);
        }
    }

    /// A flow to a place was opened, or was not.
    fn reached(&self, step: Step, place: &NextHop, flow: Result<Flow, NoWay>) {
        let now = self.clock.now().as_unix_millis();
        let mut watch = self.watch.lock();
        let Some(probe) = watch.probe(step) else { return };
        match flow {
            Ok(flow) => {
                if self.ask(&mut watch, step, (&flow, place), now) {
                    return;
                }
            }
            Err(error) => {
                probe.met = Evidence::Unreachable;
                tracing::debug!(uri = %step.uri, hop = %place.address, %error, "a next hop cannot be reached");
            }
        }
        self.next_place(&mut watch, step.uri, now);
    }

    /// Sends an OPTIONS; `false` if it could not be sent.
    fn ask(&self, watch: &mut Watch, step: Step, (flow, place): (&Flow, &NextHop), now: Millis) -> bool {
        let Some(probed) = watch.probed(step.uri) else { return false };
        let destination = Destination::Network { flow: *flow, to: place.address };
        let path = self.addresses.path(flow);
        let from = [b"sip:ping@", host_and_port(&path.contact)].concat();
        let probe = OptionsProbe { uri: &probed.request_uri, from: &from, user_agent: b"sipwarden" };
        // A probe's Via asks for rport by itself.
        let via = path.via.strip_suffix(b";rport").unwrap_or(&path.via);
        let octets = probe.write(&Way { via, contact: &path.contact }, &*self.random);
        let reliability = if destination.is_datagram() { Reliability::Unreliable } else { Reliability::Reliable };
        let sent = self.send(&destination, &octets);
        let begun = watch.clients.begin(octets.into_boxed_slice(), Asked { step, destination }, (now, reliability));
        let Some(probe) = watch.probe(step) else { return false };
        match (sent, begun) {
            (Ok(()), Ok(transaction)) => {
                probe.transaction = Some(transaction);
                true
            }
            (sent, begun) => {
                probe.met = Evidence::Unreachable;
                tracing::debug!(uri = %step.uri, ?sent, "a next hop could not be asked");
                if let Ok(transaction) = begun {
                    watch.clients.abandon(transaction);
                }
                false
            }
        }
    }

    /// What the round has shown goes to the health.
    fn end_round(&self, watch: &mut Watch, uri: OriginationUriId, now: Millis) {
        let Some(hop) = watch.hop(uri) else { return };
        let Some(probe) = hop.probe.take() else { return };
        log(uri, hop.health.on_probe(probe.met, now, &*self.random));
        watch.settle(uri);
    }

    pub(super) fn send(&self, destination: &Destination, octets: &[u8]) -> Result<(), sip_transport::SendError> {
        crate::calls::Outlet::new(&self.flows, None).send(destination, octets)
    }

    pub(super) fn number(&self) -> u64 {
        let mut octets = [0; 8];
        self.random.fill(&mut octets);
        u64::from_ne_bytes(octets)
    }
}

/// Of a contact such as `<sip:192.0.2.1:5060;transport=udp>`.
fn host_and_port(contact: &[u8]) -> &[u8] {
    let bare = contact.strip_prefix(b"<sip:").unwrap_or(contact);
    let end = bare.iter().position(|octet| matches!(octet, b';' | b'>')).unwrap_or(bare.len());
    bare.get(..end).unwrap_or(bare)
}
