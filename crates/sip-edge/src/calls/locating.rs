//! Finds out where the messages of a leg go.

use crate::calls::call_entry::{CallEntry, Leg, Waiting};
use crate::calls::happening::Happening;
use crate::calls::next_hops::NoWay;
use crate::calls::outlet::Destination;
use crate::calls::shard::{CallNumber, Shard};
use crate::calls::way::{OwnAddresses, UriWay, Way};
use crate::calls::{Calls, ShardIndex};
use sip_b2bua::{Action, LegId, Path, TargetRef, Unroutable};
use sip_message::{HeaderName, HeaderSpans, Message, Uri, parse};
use sip_transport::resolve::{NextHop, Target};
use sip_transport::{ConnectionId, Flow};
use std::borrow::Cow;
use std::sync::Arc;

/// Where a message goes.
pub(super) enum Onward {
    /// There.
    To(Destination),
    /// Wherever this leads, which has to be found out.
    Search(Target),
    /// Nowhere that is known.
    Nowhere,
}

impl Calls {
    /// Finds a way to a target of a call; the engine's answer if it is known at once.
    pub(super) fn locate(
        &self,
        shard: &mut Shard,
        number: CallNumber,
        (leg, target, attempt): (LegId, TargetRef, u8),
    ) -> Vec<Action> {
        let Some(entry) = shard.calls.get_mut(&number) else { return Vec::new() };
        let way = entry.way(target).cloned();
        let state = entry.leg_mut(leg);
        state.target = Some(target);
        let found = match way {
            None => Some(Err(Unroutable::NoPlaceLeft)),
            Some(_) if attempt > 0 && !matches!(way, Some(Way::Uri(_))) => Some(Err(Unroutable::NoPlaceLeft)),
            Some(Way::Local) => {
                state.destination = Some(Destination::Local);
                Some(Ok(OwnAddresses::local_path()))
            }
            Some(Way::Phone(phone)) => {
                let is_open =
                    phone.flow.connection == ConnectionId::NONE || self.parts.flows.is_open(phone.flow.connection);
                let destination = Destination::Network { flow: phone.flow, to: phone.to };
                is_open.then(|| state.reach(destination));
                let path = || Path { route: phone.path.clone(), ..self.parts.config.addresses.path(&phone.flow) };
                Some(if is_open { Ok(path()) } else { Err(Unroutable::NoPlaceLeft) })
            }
            Some(Way::Uri(way)) => self.locate_uri(shard, number, leg, &way),
        };
        match found {
            Some(path) => self.tell(shard, number, Happening::Path { leg, path }),
            None => Vec::new(),
        }
    }

    /// Takes the next place a URI leads to; `None` while that has to be waited for.
    fn locate_uri(
        &self,
        shard: &mut Shard,
        number: CallNumber,
        leg: LegId,
        way: &Arc<UriWay>,
    ) -> Option<Result<Path, Unroutable>> {
        let entry = shard.calls.get_mut(&number)?;
        let state = entry.leg_mut(leg);
        // A phone's Contact is never followed: behind a NAT it leads nowhere, and nobody shall aim our requests at others.
        state.follows_contact = true;
        let target = state.target?;
        if entry.places.get(target).is_none() {
            let random = shard.identifiers.number();
            match self.parts.next_hops.known(&way.target, random) {
                Some(hops) => {
                    let hops = hops.unwrap_or_default().into();
                    shard.calls.get_mut(&number)?.places.insert(target, hops);
                }
                None => {
                    let place = Place { shard: shard.index, call: number, leg };
                    let (me, resolved) = (self.me.clone(), Arc::clone(way));
                    let found = move |hops: Result<Vec<NextHop>, NoWay>| {
                        if let Some(me) = me.upgrade() {
                            me.resolved(place, &resolved, hops);
                        }
                    };
                    self.parts.next_hops.find(way.target.clone(), random, Box::new(found));
                    return None;
                }
            }
        }
        self.next_place(shard, number, leg, way)
    }

    fn next_place(
        &self,
        shard: &mut Shard,
        number: CallNumber,
        leg: LegId,
        way: &Arc<UriWay>,
    ) -> Option<Result<Path, Unroutable>> {
        let place = Place { shard: shard.index, call: number, leg };
        let entry = shard.calls.get_mut(&number)?;
        let target = entry.leg(leg)?.target?;
        let hop = entry.places.get_mut(target).and_then(std::collections::VecDeque::pop_front);
        let Some(hop) = hop else { return Some(Err(Unroutable::NoPlaceLeft)) };
        if let Some(flow) = self.parts.next_hops.flow_to(&hop, &way.host) {
            entry.leg_mut(leg).reach(Destination::Network { flow, to: hop.address });
            return Some(Ok(self.parts.config.addresses.path(&flow)));
        }
        let (me, way) = (self.me.clone(), Arc::clone(way));
        let host = way.host.clone();
        let reached = move |flow: Result<Flow, NoWay>| {
            if let Some(me) = me.upgrade() {
                me.reached(place, (&way, hop), flow);
            }
        };
        self.parts.next_hops.reach(hop, &host, Box::new(reached));
        None
    }

    /// A name was resolved.
    fn resolved(&self, place: Place, way: &Arc<UriWay>, hops: Result<Vec<NextHop>, NoWay>) {
        let hops = hops.unwrap_or_else(|error| {
            tracing::info!(uri = %way.id, %error, "a next hop leads nowhere");
            Vec::new()
        });
        let mut shard = self.shard(place.shard).lock();
        if let Some(entry) = shard.calls.get_mut(&place.call)
            && let Some(target) = entry.leg(place.leg).and_then(|leg| leg.target)
        {
            entry.places.insert(target, hops.into());
        }
        let found = self.next_place(&mut shard, place.call, place.leg, way);
        self.take_path(&mut shard, place, found);
    }

    /// A flow to a place was opened, or was not.
    fn reached(&self, place: Place, (way, hop): (&Arc<UriWay>, NextHop), flow: Result<Flow, NoWay>) {
        let mut shard = self.shard(place.shard).lock();
        let found = match flow {
            Ok(flow) => {
                if let Some(entry) = shard.calls.get_mut(&place.call) {
                    entry.leg_mut(place.leg).reach(Destination::Network { flow, to: hop.address });
                }
                Some(Ok(self.parts.config.addresses.path(&flow)))
            }
            Err(error) => {
                tracing::info!(uri = %way.id, hop = %hop.address, %error, "a next hop cannot be reached");
                self.next_place(&mut shard, place.call, place.leg, way)
            }
        };
        self.take_path(&mut shard, place, found);
    }

    fn take_path(&self, shard: &mut Shard, place: Place, found: Option<Result<Path, Unroutable>>) {
        if let Some(path) = found {
            let mut outlet = self.outlet();
            self.drive(shard, place.call, &mut outlet, Happening::Path { leg: place.leg, path });
        }
    }

    /// Where a message within a call goes: for a phone to where it was last heard from, for a next hop to where the
    /// topmost Route or the remote target leads (RFC 3261 section 12.2.1.1). What begins a dialog goes to where it was led.
    pub(super) fn onward(&self, entry: &mut CallEntry, number: LegId, octets: &[u8]) -> Onward {
        let CallEntry { engine, legs, .. } = entry;
        let Some(leg) = legs.get_mut(usize::from(number.0)) else { return Onward::Nowhere };
        let Some(known) = leg.destination else { return Onward::Nowhere };
        let Destination::Network { flow, to } = known else { return Onward::To(known) };
        if !leg.follows_contact {
            return Onward::To(known);
        }
        let mut dialogs = engine.dialogs().filter(|dialog| dialog.leg == number);
        let uri = match (dialogs.next(), dialogs.next()) {
            (None, _) if leg.followed.is_none() => return Onward::To(known),
            (Some(dialog), None) => Cow::Borrowed(dialog.next_hop),
            // Which of them it belongs to only the message says, or that of one that is over.
            _ => match asked_for(octets) {
                Some(uri) => Cow::Owned(uri),
                None => return Onward::To(known),
            },
        };
        if let Some((followed, destination)) = &leg.followed
            && **followed == *uri
            && self.is_alive(destination)
        {
            return Onward::To(*destination);
        }
        let Some(target) = Uri::parse(&uri).ok().and_then(|uri| Target::of_uri(&uri).ok()) else {
            return Onward::To(known);
        };
        if target.is_address(to, flow.transport) && self.is_alive(&known) {
            leg.followed = Some((uri.into_owned().into(), known));
            return Onward::To(known);
        }
        match self.parts.next_hops.known(&target, 0) {
            None => Onward::Search(target),
            // Where its Contact leads nobody may go, as behind some gateways' NATs; it is there where it called from.
            Some(Err(_)) => Onward::To(known),
            Some(Ok(hops)) => {
                let way = hops.first().and_then(|hop| Some((self.parts.next_hops.flow_to(hop, "")?, hop.address)));
                let destination = way.map_or(known, |(flow, to)| Destination::Network { flow, to });
                leg.note_peer(&destination);
                leg.followed = Some((uri.into_owned().into(), destination));
                Onward::To(destination)
            }
        }
    }

    /// Whether a flow can be there still; those of before a restart that had connections cannot.
    fn is_alive(&self, destination: &Destination) -> bool {
        let flow = destination.flow();
        flow.is_none_or(|flow| flow.transport.is_datagram() || self.parts.flows.is_open(flow.connection))
    }

    /// Finds out where messages of a leg go that wait.
    pub(super) fn search(&self, shard: &Shard, number: CallNumber, leg: LegId, target: Target) {
        let place = Place { shard: shard.index, call: number, leg };
        let me = self.me.clone();
        let found = move |hops: Result<Vec<NextHop>, NoWay>| {
            let Some(me) = me.upgrade() else { return };
            match hops.ok().and_then(|hops| hops.first().copied()) {
                None => me.found(place, None),
                Some(hop) => {
                    let weak = me.me.clone();
                    let reached = move |flow: Result<Flow, NoWay>| {
                        if let Some(me) = weak.upgrade() {
                            let there = |flow| Destination::Network { flow, to: hop.address };
                            me.found(place, flow.ok().map(there));
                        }
                    };
                    me.parts.next_hops.reach(hop, "", Box::new(reached));
                }
            }
        };
        self.parts.next_hops.find(target, 0, Box::new(found));
    }

    /// It is known where the messages that wait on a leg go, or that it is nowhere else than before.
    fn found(&self, place: Place, destination: Option<Destination>) {
        let mut shard = self.shard(place.shard).lock();
        let Some(entry) = shard.calls.get_mut(&place.call) else { return };
        let leg = entry.leg_mut(place.leg);
        let waiting = std::mem::take(&mut leg.waiting);
        let Some(destination) = destination.or(leg.destination) else { return };
        leg.note_peer(&destination);
        let uri = waiting.last().and_then(|message| match message {
            Waiting::Request { octets, .. } | Waiting::Ack { octets } => asked_for(octets),
        });
        leg.followed = uri.map(|uri| (uri.into(), destination));
        let mut outlet = self.outlet();
        for message in waiting {
            let actions = self.send_to(&mut shard, (place.call, destination), message, &mut outlet);
            self.act(&mut shard, place.call, actions, &mut outlet);
        }
    }
}

/// A leg of a call, for whoever comes back to it later.
#[derive(Clone, Copy)]
struct Place {
    shard: ShardIndex,
    call: CallNumber,
    leg: LegId,
}

impl Leg {
    fn reach(&mut self, destination: Destination) {
        self.destination = Some(destination);
        self.note_peer(&destination);
    }
}

/// The URI that a request within a dialog is sent to; none for a request that begins a dialog.
fn asked_for(octets: &[u8]) -> Option<Vec<u8>> {
    let mut spans = HeaderSpans::new();
    let Ok(Message::Request(request)) = parse(octets, &mut spans) else { return None };
    request.headers().to_header().ok()?.tag()?;
    let route = request.headers().addresses(HeaderName::Route).next();
    let uri = match &route {
        Some(route) => route.as_ref().ok()?.uri_octets,
        None => request.uri_octets(),
    };
    Some(uri.to_vec())
}
