//! The requests of a call, and the credentials they carry.

use crate::Account;
use crate::authentication::{Challenges, Claimant, Session};
use crate::authenticator::{Credentials, Standing};
use crate::dialog::Dialog;
use crate::request::host_port;
use sip_digest::HashAlgorithm;
use sip_message::write::RequestWriter;
use sip_message::{HeaderName, Method, Response};
use std::net::SocketAddr;

/// The methods this side answers, as Allow has them.
pub(super) const ALLOW: &[u8] = b"INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";

/// What stays the same from one INVITE to the next.
pub(super) struct Invitation<'a> {
    pub(super) account: &'a Account,
    pub(super) to: &'a str,
    pub(super) contact: &'a str,
    pub(super) call_id: String,
    pub(super) from_tag: String,
    pub(super) sdp: String,
}

impl Invitation<'_> {
    pub(super) fn write(&self, via: &str, cseq: u32, credentials: Option<&Credentials>) -> Vec<u8> {
        let own = self.account.address_of_record();
        let number = format!("{cseq} INVITE");
        let mut out = Vec::with_capacity(1536);
        let mut writer = RequestWriter::start(&mut out, Method::Invite, self.to.as_bytes())
            .header(HeaderName::Via, via.as_bytes())
            .header_u32(HeaderName::MaxForwards, 70)
            .header_parts(HeaderName::From, &[b"<", own.as_bytes(), b">;tag=", self.from_tag.as_bytes()])
            .header_parts(HeaderName::To, &[b"<", self.to.as_bytes(), b">"])
            .header(HeaderName::CallId, self.call_id.as_bytes())
            .header(HeaderName::CSeq, number.as_bytes())
            .header_parts(HeaderName::Contact, &[b"<", self.contact.as_bytes(), b">"])
            .header(HeaderName::UserAgent, self.account.user_agent.as_bytes())
            .header(HeaderName::Allow, ALLOW)
            .header(HeaderName::ContentType, b"application/sdp");
        if let Some(credentials) = credentials {
            writer = writer.header(credentials.header, &credentials.value);
        }
        writer.finish(self.sdp.as_bytes());
        out
    }
}

/// A Via of ours with that branch.
pub(super) fn via(account: &Account, local: SocketAddr, branch: &str) -> String {
    format!("SIP/2.0/{} {};rport;branch={branch}", account.transport.as_str(), host_port(local))
}

/// The ACK to a 2xx, with the credentials of its INVITE (RFC 3261 section 13.2.2.4).
pub(super) fn acknowledgement(dialog: &Dialog, cseq: u32, via: &str, credentials: Option<&Credentials>) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let mut writer = dialog.start(&mut out, (Method::Ack, cseq), via.as_bytes());
    if let Some(credentials) = credentials {
        writer = writer.header(credentials.header, &credentials.value);
    }
    writer.finish(b"");
    out
}

/// The BYE of a dialog.
pub(super) fn farewell(dialog: &mut Dialog, via: &str, credentials: Option<&Credentials>) -> Vec<u8> {
    let cseq = dialog.next_cseq();
    let mut out = Vec::with_capacity(512);
    let mut writer = dialog.start(&mut out, (Method::Bye, cseq), via.as_bytes());
    if let Some(credentials) = credentials {
        writer = writer.header(credentials.header, &credentials.value);
    }
    writer.finish(b"");
    out
}

/// The answers to challenges of one call: INVITE and BYE go with one session, as they go one way.
pub(super) struct Proof {
    session: Option<Session>,
    standing: Standing,
    /// The hash last used.
    pub(super) algorithm: Option<HashAlgorithm>,
}

/// What a challenge leads to.
pub(super) enum Challenged {
    /// The same request again, with these.
    Answered(Credentials),
    /// The credentials were refused, or nothing was asked for.
    Refused,
    /// Nothing among the challenges can be answered.
    NoneAcceptable,
}

impl Proof {
    pub(super) const fn new() -> Self {
        Self { session: None, standing: Standing::Unanswered, algorithm: None }
    }

    /// What another request of the call begins with: the next use of the nonce, if it has another.
    pub(super) fn for_next_request(&mut self, claimant: Claimant<'_>) -> Option<Credentials> {
        self.standing = Standing::Unanswered;
        self.session.as_mut().filter(|session| session.may_go_on())?.next_credentials(claimant)
    }

    pub(super) fn answer(&mut self, response: &Response<'_>, claimant: Claimant<'_>, cnonce: &str) -> Challenged {
        let Some(challenges) = Challenges::of(response) else { return Challenged::Refused };
        let Some(standing) = self.standing.after(&challenges) else { return Challenged::Refused };
        let Some((session, credentials)) = challenges.answer(claimant, cnonce) else {
            return Challenged::NoneAcceptable;
        };
        self.session = Some(session);
        self.standing = standing;
        self.algorithm = Some(credentials.hash);
        Challenged::Answered(credentials)
    }
}
