//! Confirmed calls across a restart: what the engine keeps of a call, and beside it what only the edge knows, where its
//! legs go and whose they are.
//!
//! A version octet begins it. Later versions read what earlier ones wrote.

use crate::calls::Calls;
use crate::calls::call_entry::{CallEntry, Leg};
use crate::calls::engine::Engine;
use crate::calls::limits::Counted;
use crate::calls::media::LegMedia;
use crate::calls::outlet::Destination;
use crate::calls::way::{PhoneWay, UriWay, Way};
use domain::{CallDetails, CallSnapshot, CredentialId, OriginationUriId};
use sip_b2bua::{Call, LegId, TargetRef};
use sip_transport::resolve::Target;
use sip_transport::{ConnectionId, Flow, Transport};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What this version writes. Version 1 had no word on media.
const VERSION: u8 = 2;

/// Why a kept call cannot be taken up.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum NotTakenUp {
    /// It was written by a later version.
    #[error("it was written by a later version")]
    UnknownVersion,
    /// It is cut or damaged.
    #[error("it is damaged")]
    Damaged,
    /// The engine cannot read its part.
    #[error(transparent)]
    Engine(#[from] sip_b2bua::BadSnapshot),
}

/// A confirmed call as octets; `None` for any other.
pub(super) fn keep(entry: &CallEntry) -> Option<Box<[u8]>> {
    let engine = entry.engine.snapshot()?;
    let mut out = vec![VERSION];
    let mut ends: Vec<_> = entry.dialogs.iter().map(|dialog| dialog.leg).collect();
    ends.sort_unstable();
    ends.dedup();
    out.push(u8::try_from(ends.len()).ok()?);
    for end in ends {
        out.push(end.0);
        write_leg(entry, entry.leg(end)?, &mut out);
    }
    out.extend_from_slice(&engine);
    Some(out.into_boxed_slice())
}

fn write_leg(entry: &CallEntry, leg: &Leg, out: &mut Vec<u8>) {
    out.push(u8::from(leg.follows_contact));
    match leg.destination {
        None => out.push(0),
        Some(Destination::Local) => out.push(1),
        Some(Destination::Network { flow, to }) => {
            out.push(2);
            let place = Transport::ALL.iter().position(|transport| *transport == flow.transport);
            out.push(u8::try_from(place.unwrap_or(0)).unwrap_or(0));
            for address in [flow.local, flow.remote, to] {
                write_address(address, out);
            }
        }
    }
    let way = leg.target.and_then(|target| entry.way(target));
    match way {
        None => out.push(0),
        Some(Way::Local) => out.push(1),
        Some(Way::Phone(phone)) => {
            out.push(2);
            out.extend_from_slice(phone.credential.as_bytes());
        }
        Some(Way::Uri(uri)) => {
            out.push(3);
            out.extend_from_slice(uri.id.as_bytes());
        }
    }
    out.push(u8::try_from(leg.peers.len()).unwrap_or(0));
    for peer in &leg.peers {
        write_address(SocketAddr::new(*peer, 0), out);
    }
    out.push(leg.media.to_octet());
}

fn write_address(address: SocketAddr, out: &mut Vec<u8>) {
    match address.ip() {
        IpAddr::V4(ip) => {
            out.push(4);
            out.extend_from_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            out.push(6);
            out.extend_from_slice(&ip.octets());
        }
    }
    out.extend_from_slice(&address.port().to_be_bytes());
}

/// Reads what was written, never beyond its end.
struct Reader<'o> {
    rest: &'o [u8],
}

impl<'o> Reader<'o> {
    fn octet(&mut self) -> Result<u8, NotTakenUp> {
        self.array().map(|[octet]| octet)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], NotTakenUp> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(NotTakenUp::Damaged)?;
        self.rest = rest;
        Ok(*array)
    }

    fn address(&mut self) -> Result<SocketAddr, NotTakenUp> {
        let ip = match self.octet()? {
            4 => IpAddr::from(self.array::<4>()?),
            6 => IpAddr::from(self.array::<16>()?),
            _ => return Err(NotTakenUp::Damaged),
        };
        Ok(SocketAddr::new(ip, u16::from_be_bytes(self.array()?)))
    }

    fn destination(&mut self) -> Result<Option<Destination>, NotTakenUp> {
        Ok(match self.octet()? {
            0 => None,
            1 => Some(Destination::Local),
            2 => {
                let transport = Transport::ALL.get(usize::from(self.octet()?)).copied().ok_or(NotTakenUp::Damaged)?;
                let (local, remote, to) = (self.address()?, self.address()?, self.address()?);
                // Connections ended with the process.
                let flow = Flow { transport, local, remote, connection: ConnectionId::NONE };
                Some(Destination::Network { flow, to })
            }
            _ => return Err(NotTakenUp::Damaged),
        })
    }
}

impl Calls {
    /// Takes up the calls that were confirmed before a restart; those that cannot be are ended in the record.
    pub fn take_up(&self, kept: Vec<CallSnapshot>) -> usize {
        let mut taken_up = 0;
        for snapshot in kept {
            let call = snapshot.call.clone();
            match self.take_up_one(snapshot) {
                Ok(()) => taken_up += 1,
                Err(error) => {
                    tracing::warn!(call = %call.id, %error, "a call of before the restart cannot be taken up");
                    self.note_lost(call);
                }
            }
        }
        taken_up
    }

    fn note_lost(&self, call: CallDetails) {
        let end = domain::CallEnd {
            at: self.parts.clock.now(),
            by: domain::HungUpBy::Us,
            reason: domain::CallEndReason::ServerRestarted,
            sip_status: 200,
            q850_cause: Some(41),
        };
        self.parts.journal.ended(domain::CallRecord { call, end }, None);
    }

    fn take_up_one(&self, snapshot: CallSnapshot) -> Result<(), NotTakenUp> {
        let mut reader = Reader { rest: &snapshot.octets };
        let version = reader.octet()?;
        if !(1..=VERSION).contains(&version) {
            return Err(NotTakenUp::UnknownVersion);
        }
        let (mut legs, mut ways) = (Vec::new(), Vec::new());
        for _ in 0..reader.octet()? {
            let number = LegId(reader.octet()?);
            let (leg, way) = self.read_leg(&mut reader, (version, ways.len()))?;
            ways.extend(way.map(|way| vec![way]));
            if legs.len() <= usize::from(number.0) {
                legs.resize(usize::from(number.0) + 1, Leg::default());
            }
            if let Some(place) = legs.get_mut(usize::from(number.0)) {
                *place = leg;
            }
        }
        let engine = Engine::Call(Box::new(Call::restore(reader.rest, self.now_ms())?));
        let details = snapshot.call;
        let account = Counted::Account(details.account);
        let places = self.limits.resume(std::iter::once(account).chain(details.trunk.map(Counted::Trunk)));
        let index = self.shard_of(details.caller_call_id.as_bytes());
        let entry = CallEntry { slots: Some(places), is_kept: true, ..CallEntry::new(engine, details, (legs, ways)) };
        // The caller's own Call-ID, not its cut text, says where messages will look for it.
        let index = entry
            .engine
            .dialogs()
            .find(|view| view.leg == LegId::CALLER)
            .map_or(index, |view| self.shard_of(view.call_id));
        let mut shard = self.shard(index).lock();
        let number = shard.next_number();
        shard.insert(number, entry);
        self.count.fetch_add(1, Ordering::Relaxed);
        shard.settle_dialogs(number);
        shard.settle_time(number);
        Ok(())
    }

    fn read_leg(
        &self,
        reader: &mut Reader<'_>,
        (version, stage): (u8, usize),
    ) -> Result<(Leg, Option<Way>), NotTakenUp> {
        let follows_contact = reader.octet()? != 0;
        let destination = reader.destination()?;
        let way = match reader.octet()? {
            0 => None,
            1 => Some(Way::Local),
            2 => {
                let credential = CredentialId::from_bytes(reader.array()?);
                destination.and_then(|destination| phone_way(credential, destination))
            }
            3 => self.uri_way(OriginationUriId::from_bytes(reader.array()?)),
            _ => return Err(NotTakenUp::Damaged),
        };
        let mut peers = Vec::new();
        for _ in 0..reader.octet()? {
            peers.push(reader.address()?.ip());
        }
        let media = if version > 1 { reader.octet()? } else { LegMedia::Untouched.to_octet() };
        let media = LegMedia::of_octet(media).ok_or(NotTakenUp::Damaged)?;
        let target = way.is_some().then(|| TargetRef { stage: u8::try_from(stage).unwrap_or(u8::MAX), target: 0 });
        Ok((Leg { destination, target, follows_contact, peers, media, ..Leg::default() }, way))
    }

    /// The origination URI as it is now; it may have been deleted meanwhile.
    fn uri_way(&self, id: OriginationUriId) -> Option<Way> {
        let uri = self.parts.directory.trunks().origination_uri(id)?;
        let parsed = sip_message::Uri::parse(uri.uri.as_str().as_bytes()).ok()?;
        let target = Target::of_uri(&parsed).ok()?;
        let host = String::from_utf8_lossy(parsed.host).into_owned().into_boxed_str();
        Some(Way::Uri(Arc::new(UriWay { id, target, host, secret: crate::calls::route::secret_of(&uri) })))
    }
}

fn phone_way(credential: CredentialId, destination: Destination) -> Option<Way> {
    let Destination::Network { flow, to } = destination else { return None };
    Some(Way::Phone(PhoneWay { credential, flow, to, path: Box::default(), is_hidden: false }))
}
