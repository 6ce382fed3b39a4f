//! One call of the echo service, and all of them.

use super::answering::{Answering, Extra, Refusal};
use super::reflection::{EndReason, Reflection, Terms};
use super::timer_offer::SessionInterval;
use super::{ALLOW, MediaAddress, Shared};
use crate::dialog::Dialog;
use crate::identifiers::Identifiers;
use crate::media_socket::bind_even;
use rtp::g711::Law;
use rtp::sdp::{Address, Answer, Chosen, Direction, LocalMedia, SessionDescription, accepted, answer, offer};
use sip_message::{CheckedRequest, HeaderName, Method};
use std::collections::HashMap;
use tokio::sync::watch;
use tokio::time::Instant;

/// One call.
pub(super) struct Session {
    pub(super) dialog: Dialog,
    tag: String,
    local: LocalMedia,
    terms: watch::Sender<Terms>,
    /// The INVITE or UPDATE that was answered last, and the answer.
    last: LastAnswer,
}

struct LastAnswer {
    branch: Box<[u8]>,
    cseq: u32,
    octets: Vec<u8>,
    /// The media it described; the same again need no new version.
    sdp: String,
}

/// A call that is answered, and the task that echoes for it.
pub(super) struct Begun {
    pub(super) session: Session,
    pub(super) reflection: Reflection,
}

/// A description to send, and what it settles; without an offer nothing is settled until the ACK.
struct Described {
    sdp: String,
    chosen: Option<Chosen>,
}

impl Session {
    /// Takes the offer, binds a port, and writes the 200.
    pub(super) fn begin(
        shared: &Shared,
        request: &CheckedRequest<'_>,
        (tag, identifiers): (&str, &mut Identifiers),
    ) -> Result<Begun, Refusal> {
        let host = &shared.config.host;
        let interval = SessionInterval::asked(request)?;
        let dialog = Dialog::of_request(request, tag).ok_or_else(|| Refusal::status(400))?;
        let offered = offered(request)?;
        let address = media_address(&shared.config.media_addresses, offered.as_ref())
            .ok_or_else(|| Refusal::not_acceptable(host, 300, "No address of that family for media"))?;
        let ports = &shared.config.ports;
        let word = identifiers.word();
        let from = ports.start().saturating_add((word % (u64::from(ports.end() - ports.start()) + 1)) as u16);
        let socket = bind_even(address.bound, ports, from).map_err(|_| Refusal::busy())?;
        let port = socket.local_addr().map_err(|_| Refusal::busy())?.port();
        let local = LocalMedia { address: address.announced, port, session_id: word >> 2, version: 1 };
        let described = describe(offered.as_ref(), &local, host)?;
        let socket = {
            let _entered = shared.runtime.enter();
            tokio::net::UdpSocket::from_std(socket).map_err(|_| Refusal::busy())?
        };
        let (terms, watched) = watch::channel(Terms::new(described.chosen, deadline(interval)));
        let reflection = Reflection::new(socket, watched, identifiers.word());
        let octets = success(&Answering { host }, request, tag, (interval, &described.sdp));
        let last = LastAnswer::to(request, octets, described.sdp);
        Ok(Begun { session: Self { dialog, tag: tag.to_owned(), local, terms, last }, reflection })
    }

    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    pub(super) fn last_answer(&self) -> &[u8] {
        &self.last.octets
    }

    /// The last answer again, if the request is the one it answered.
    pub(super) fn repeated(&self, request: &CheckedRequest<'_>) -> Option<Vec<u8>> {
        let is_it = self.last.cseq == request.cseq_number() && *self.last.branch == *branch_of(request);
        is_it.then(|| self.last.octets.clone())
    }

    /// The ACK to a 2xx; it has the answer if the 2xx had the offer (RFC 3261 section 13.2.2.4).
    pub(super) fn acknowledge(&mut self, request: &CheckedRequest<'_>) {
        if request.cseq_number() != self.last.cseq {
            return;
        }
        let answered = SessionDescription::parse(request.body()).ok().and_then(|answer| accepted(&answer).ok());
        self.terms.send_modify(|terms| terms.acknowledge(answered));
    }

    /// A re-INVITE or UPDATE: new terms for the media, another target, or only a refresh.
    pub(super) fn renegotiate(
        &mut self,
        request: &CheckedRequest<'_>,
        answering: &Answering<'_>,
    ) -> Result<Vec<u8>, Refusal> {
        let interval = SessionInterval::asked(request)?;
        let offered = offered(request)?;
        let is_invite = request.method() == Method::Invite;
        let mut sdp = String::new();
        let mut chosen = None;
        if is_invite || offered.is_some() {
            let mut local = self.local;
            let mut described = describe(offered.as_ref(), &local, answering.host)?;
            if described.sdp != self.last.sdp {
                local.version += 1;
                described = describe(offered.as_ref(), &local, answering.host)?;
            }
            self.local = local;
            (sdp, chosen) = (described.sdp, described.chosen);
        }
        self.dialog.refresh_target(request.headers());
        self.terms.send_modify(|terms| terms.renew(chosen, deadline(interval)));
        let octets = success(answering, request, &self.tag, (interval, &sdp));
        if is_invite {
            self.last = LastAnswer::to(request, octets.clone(), sdp);
        }
        Ok(octets)
    }

    /// Our BYE.
    pub(super) fn bye(&mut self, host: &str, branch: &str, reason: EndReason) -> Vec<u8> {
        let via = format!("SIP/2.0/TCP {host};branch=z9hG4bK{branch}");
        let cseq = self.dialog.next_cseq();
        let mut out = Vec::with_capacity(512);
        self.dialog
            .start(&mut out, (Method::Bye, cseq), via.as_bytes())
            .header(HeaderName::Reason, reason.header())
            .finish(b"");
        out
    }
}

impl LastAnswer {
    fn to(request: &CheckedRequest<'_>, octets: Vec<u8>, sdp: String) -> Self {
        Self { branch: branch_of(request).into(), cseq: request.cseq_number(), octets, sdp }
    }
}

/// The calls that are up, by the tag we gave each.
#[derive(Default)]
pub(super) struct Sessions {
    by_tag: HashMap<Box<[u8]>, Session>,
}

impl Sessions {
    pub(super) fn len(&self) -> usize {
        self.by_tag.len()
    }

    pub(super) fn insert(&mut self, session: Session) {
        self.by_tag.insert(session.tag.as_bytes().into(), session);
    }

    /// Takes a call out; its task ends with it.
    pub(super) fn remove(&mut self, tag: &[u8]) -> Option<Session> {
        self.by_tag.remove(tag)
    }

    pub(super) fn clear(&mut self) {
        self.by_tag.clear();
    }

    /// The call whose dialog a request belongs to.
    pub(super) fn of(&mut self, request: &CheckedRequest<'_>) -> Option<&mut Session> {
        let tag = request.to_header().address.tag()?;
        self.by_tag.get_mut(tag).filter(|session| session.dialog.owns(request))
    }

    /// The call that an INVITE without To tag has begun, looked for by a copy of it or by its CANCEL.
    pub(super) fn invited_by(&self, request: &CheckedRequest<'_>) -> Option<&Session> {
        let tag = request.from_header().address.tag().unwrap_or_default();
        self.by_tag.values().find(|session| session.dialog.is_begun_by(request.call_id(), tag))
    }
}

fn branch_of<'m>(request: &CheckedRequest<'m>) -> &'m [u8] {
    request.top_via().branch.unwrap_or_default()
}

fn deadline(interval: Option<SessionInterval>) -> Option<Instant> {
    interval.map(|interval| Instant::now() + interval.patience())
}

/// The offer in the request; `None` if it has no body.
fn offered<'m>(request: &CheckedRequest<'m>) -> Result<Option<SessionDescription<'m>>, Refusal> {
    if request.body().is_empty() {
        return Ok(None);
    }
    let content_type = request.headers().first(HeaderName::ContentType).unwrap_or_default();
    let media_type = content_type.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
    if !media_type.eq_ignore_ascii_case(b"application/sdp") {
        return Err(Refusal::no_description());
    }
    SessionDescription::parse(request.body()).map(Some).map_err(|_| Refusal::status(400))
}

/// The address of the family in which the caller wants its media; the first one where it does not say.
fn media_address(known: &[MediaAddress], offered: Option<&SessionDescription<'_>>) -> Option<MediaAddress> {
    let audio = offered.and_then(|offer| Some((offer, offer.media.iter().find(|stream| stream.kind == "audio")?)));
    let wanted = audio.and_then(|(offer, stream)| offer.address_of(stream));
    let fits = |address: &&MediaAddress| match wanted {
        Some(Address::Ip(wanted)) => wanted.is_ipv4() == address.announced.is_ipv4(),
        Some(Address::Name(_)) | None => true,
    };
    known.iter().find(fits).copied()
}

fn describe(offered: Option<&SessionDescription<'_>>, local: &LocalMedia, host: &str) -> Result<Described, Refusal> {
    let Some(offered) = offered else {
        return Ok(Described { sdp: offer(local, &[Law::Mu, Law::A], Direction::SendReceive), chosen: None });
    };
    let refused = |error: rtp::sdp::NotAnswerable| Refusal::not_acceptable(host, 305, &error.to_string());
    let Answer { sdp, chosen } = answer(offered, local).map_err(refused)?;
    Ok(Described { sdp, chosen: Some(chosen) })
}

fn success(
    answering: &Answering<'_>,
    request: &CheckedRequest<'_>,
    tag: &str,
    (interval, sdp): (Option<SessionInterval>, &str),
) -> Vec<u8> {
    let mut extra = Extra::status(200);
    extra.headers.extend(record_routes(request));
    extra.headers.push(("Allow", ALLOW.to_vec()));
    extra.headers.push(("Supported", b"timer".to_vec()));
    extra.headers.extend(interval.into_iter().flat_map(SessionInterval::headers));
    if !sdp.is_empty() {
        extra.headers.push(("Content-Type", b"application/sdp".to_vec()));
        extra.body = sdp.as_bytes().to_vec();
    }
    answering.respond(request, tag, &extra)
}

/// Goes back as it came (RFC 3261 section 12.1.1).
fn record_routes<'m>(request: &CheckedRequest<'m>) -> impl Iterator<Item = (&'static str, Vec<u8>)> + use<'m> {
    request.headers().all(HeaderName::RecordRoute).map(|value| ("Record-Route", value.to_vec()))
}
