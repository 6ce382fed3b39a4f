//! What the other side asks within a call.

use super::invitation::ALLOW;
use crate::dialog::{Dialog, Sequence};
use rtp::sdp::{Chosen, LocalMedia, SessionDescription, answer};
use sip_message::write::{ResponseWriter, Status};
use sip_message::{CheckedRequest, HeaderName, Method, Request};
use std::net::SocketAddr;

/// What a request of the peer leads to.
pub(super) struct Reply {
    /// What is sent back; an ACK has no answer.
    pub(super) octets: Option<Vec<u8>>,
    /// New terms for the media.
    pub(super) renewed: Option<Chosen>,
    /// Whether the call is over with it.
    pub(super) hung_up: bool,
}

/// Our side, as responses need it.
pub(super) struct Side<'a> {
    /// Where requests come from.
    pub(super) server: SocketAddr,
    pub(super) contact: &'a str,
    pub(super) local: &'a LocalMedia,
}

/// A status, and what there is to say about media.
struct Verdict {
    status: u16,
    sdp: Option<(String, Chosen)>,
}

impl Side<'_> {
    /// Answers a request; `dialog` is the call's, once it is answered.
    pub(super) fn reply(&self, request: &Request<'_>, dialog: Option<&mut Dialog>) -> Reply {
        let (verdict, hung_up) = match request.check() {
            Err(_) | Ok(_) if request.method() == Method::Ack => {
                return Reply { octets: None, renewed: None, hung_up: false };
            }
            Err(defect) => (Verdict { status: Status::from(defect).code, sdp: None }, false),
            Ok(checked) => self.judge(&checked, dialog),
        };
        let octets = Some(self.respond(request, &verdict));
        Reply { octets, renewed: verdict.sdp.map(|(_, chosen)| chosen), hung_up }
    }

    fn judge(&self, request: &CheckedRequest<'_>, dialog: Option<&mut Dialog>) -> (Verdict, bool) {
        let plain = |status| (Verdict { status, sdp: None }, false);
        if request.to_header().address.tag().is_none() {
            // Nobody calls this side; it is busy with its one call.
            return plain(match request.method() {
                Method::Options => 200,
                Method::Invite => 486,
                Method::Cancel | Method::Bye => 481,
                _ => 405,
            });
        }
        let Some(dialog) = dialog.filter(|dialog| dialog.owns(request)) else { return plain(481) };
        // A copy of the last request gets the same answer again, which costs nothing to make.
        if dialog.advance(request.cseq_number()) == Sequence::Old {
            return plain(500);
        }
        match request.method() {
            Method::Bye => (Verdict { status: 200, sdp: None }, true),
            Method::Options | Method::Info => plain(200),
            Method::Invite | Method::Update => {
                dialog.refresh_target(request.headers());
                (self.renegotiate(request), false)
            }
            _ => plain(405),
        }
    }

    fn renegotiate(&self, request: &CheckedRequest<'_>) -> Verdict {
        if request.body().is_empty() && request.method() == Method::Update {
            return Verdict { status: 200, sdp: None };
        }
        let Ok(offer) = SessionDescription::parse(request.body()) else { return Verdict { status: 488, sdp: None } };
        match answer(&offer, self.local) {
            Ok(answer) => Verdict { status: 200, sdp: Some((answer.sdp, answer.chosen)) },
            Err(_) => Verdict { status: 488, sdp: None },
        }
    }

    fn respond(&self, request: &Request<'_>, verdict: &Verdict) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        let status = Status::of(verdict.status);
        let mut writer = ResponseWriter::start(&mut out, request, status, self.server, b"none")
            .header_parts(HeaderName::Contact, &[b"<", self.contact.as_bytes(), b">"])
            .header(HeaderName::Allow, ALLOW);
        if verdict.sdp.is_some() {
            writer = writer.header(HeaderName::ContentType, b"application/sdp");
        }
        writer.finish(verdict.sdp.as_ref().map_or(&[], |(sdp, _)| sdp.as_bytes()));
        out
    }
}
