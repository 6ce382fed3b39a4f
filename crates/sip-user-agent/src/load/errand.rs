//! One exchange of one phone, from its first request to its end: what is sent, and what each answer leads to.

use super::phone::Phone;
use super::plan::{Goal, LoadPlan, Work};
use crate::authentication::{Challenges, Session};
use crate::authenticator::{Credentials, Standing};
use crate::dialog::Dialog;
use crate::identifiers::Identifiers;
use crate::request::host_port;
use sip_message::limits::MAX_CSEQ;
use sip_message::write::{Echoed, RequestWriter, ResponseWriter, Status};
use sip_message::{CheckedRequest, Contact, HeaderName, HeaderSpans, Message, Method, Response, parse};
use sip_transport::Outbox;

/// Seconds that a binding is asked for.
const EXPIRES_SECONDS: u32 = 3600;

/// What all errands of a load share. Without Debug: cnonces follow from it.
pub(super) struct Desk {
    pub(super) plan: LoadPlan,
    domain_uri: String,
    /// What branches begin with; whoever does not hear us cannot know it.
    branch_start: String,
    identifiers: Identifiers,
}

/// Which errand a response is for, as its branch tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Key {
    /// Where the errand is kept.
    pub(super) slot: u32,
    /// The number of its request.
    pub(super) serial: u32,
}

/// What the present request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Bind,
    Remove,
    Invite,
    /// Ends what an INVITE began, with what is then to be said of it.
    Bye(Verdict),
}

/// How an errand ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Good,
    Refused(u16),
    Unproven,
    Unbound,
    Unanswered,
    Failed,
}

/// What a response leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Followed {
    /// It was provisional.
    Waits,
    /// Another request was put into the outbox.
    Asks,
    /// The end.
    Over(Verdict),
}

/// The place of one exchange, used again for the next.
pub(super) struct Errand {
    pub(super) key: Key,
    purpose: Purpose,
    standing: Standing,
    session: Option<Session>,
    dialog: Option<Box<Dialog>>,
    call_id: String,
    /// Whom an INVITE is for.
    target: Box<str>,
    cseq: u32,
    /// The present request, to be sent again.
    request: Vec<u8>,
}

impl Desk {
    pub(super) fn new(plan: LoadPlan) -> Self {
        let mut identifiers = Identifiers::new(plan.entropy);
        let branch_start = format!("z9hG4bK{}.", identifiers.unique());
        Self { domain_uri: format!("sip:{}", plan.domain), plan, branch_start, identifiers }
    }

    /// The errand that a message is the response to, if it is one of ours.
    pub(super) fn key_of(&self, response: &Response<'_>) -> Option<Key> {
        let headers = response.headers();
        let branch = headers.top_via().ok()?.branch?.strip_prefix(self.branch_start.as_bytes())?;
        let (slot, serial) = str::from_utf8(branch).ok()?.split_once('.')?;
        let number = |text: &str| u32::from_str_radix(text, 16).ok();
        Some(Key { slot: number(slot)?, serial: number(serial)? })
    }

    /// A text that is unique to this load.
    pub(super) fn unique(&mut self) -> String {
        self.identifiers.unique()
    }

    fn via(&self, phone: &Phone, key: Key) -> String {
        let Self { plan, branch_start, .. } = self;
        let (transport, place) = (plan.transport.as_str(), host_port(phone.local));
        format!("SIP/2.0/{transport} {place};rport;branch={branch_start}{:x}.{:x}", key.slot, key.serial)
    }

    /// Acknowledges a final response to an INVITE, made of the response alone, so that a repeated one can be answered when
    /// its errand is long over.
    pub(super) fn acknowledge(&self, phone: &Phone, response: &Response<'_>, out: &mut Outbox) {
        let headers = response.headers();
        let (Ok(cseq), Ok(via)) = (headers.cseq(), headers.top_via()) else { return };
        let first = |name| headers.first(name).unwrap_or_default();
        let accepted = matches!(response.status(), 200..=299);
        let target = match headers.contacts().next() {
            Some(Ok(Contact::Address(address))) if accepted => address.uri_octets,
            // Of an INVITE outside any dialog of ours, To names the Request-URI too.
            _ => headers.to_header().map(|to| to.uri_octets).unwrap_or_default(),
        };
        // The ACK of a success is a transaction of its own (RFC 3261 section 13.2.2.4).
        let of_its_own: &[u8] = if accepted { b".a" } else { b"" };
        let place = format!("SIP/2.0/{} {};rport;branch=", self.plan.transport.as_str(), host_port(phone.local));
        let number = format!("{} ACK", cseq.number);
        out.push(self.plan.server, |octets| {
            let branch = via.branch.unwrap_or_default();
            let mut writer = RequestWriter::start(octets, Method::Ack, target)
                .header_parts(HeaderName::Via, &[place.as_bytes(), branch, of_its_own]);
            if accepted {
                let routes: Vec<_> = headers.comma_values(HeaderName::RecordRoute).collect();
                for route in routes.into_iter().rev() {
                    writer = writer.header(HeaderName::Route, route);
                }
            }
            writer
                .header_u32(HeaderName::MaxForwards, 70)
                .header(HeaderName::From, first(HeaderName::From))
                .header(HeaderName::To, first(HeaderName::To))
                .header(HeaderName::CallId, first(HeaderName::CallId))
                .header(HeaderName::CSeq, number.as_bytes())
                .finish(b"");
        });
    }
}

impl Purpose {
    const fn method(self) -> Method<'static> {
        match self {
            Self::Bind | Self::Remove => Method::Register,
            Self::Invite => Method::Invite,
            Self::Bye(_) => Method::Bye,
        }
    }
}

impl Errand {
    pub(super) fn new(slot: u32) -> Self {
        Self {
            key: Key { slot, serial: 0 },
            purpose: Purpose::Bind,
            standing: Standing::Unanswered,
            session: None,
            dialog: None,
            call_id: String::new(),
            target: Box::default(),
            cseq: 0,
            request: Vec::new(),
        }
    }

    /// The present request's octets.
    pub(super) fn request(&self) -> &[u8] {
        &self.request
    }

    /// Its method.
    pub(super) const fn method(&self) -> Method<'static> {
        self.purpose.method()
    }

    /// Says whom it is for, if it is a call.
    pub(super) fn is_for(&mut self, target: &str) {
        if *self.target != *target {
            self.target = target.into();
        }
    }

    /// Puts the first request of an exchange into the outbox.
    pub(super) fn begin(&mut self, desk: &mut Desk, phone: &mut Phone, goal: Goal, out: &mut Outbox) {
        let work = desk.plan.work;
        self.purpose = match (goal, work) {
            (Goal::Bind, _) => Purpose::Bind,
            (Goal::Remove, _) => Purpose::Remove,
            (Goal::Work, Work::Register | Work::Preemptive) => Purpose::Bind,
            (Goal::Work, Work::Invite | Work::Call) => Purpose::Invite,
        };
        self.standing = Standing::Unanswered;
        self.dialog = None;
        self.session = phone.session.take().filter(|_| work == Work::Preemptive);
        self.cseq = phone.cseq;
        if self.purpose == Purpose::Invite {
            self.call_id = desk.identifiers.unique();
        }
        let credentials = self.next_credentials(desk, phone);
        self.ask(desk, phone, credentials.as_ref(), out);
    }

    /// What a response to the present request leads to.
    pub(super) fn follow(
        &mut self,
        desk: &mut Desk,
        phone: &mut Phone,
        response: &Response<'_>,
        out: &mut Outbox,
    ) -> Followed {
        let status = response.status();
        if status < 200 {
            return Followed::Waits;
        }
        if self.purpose == Purpose::Invite {
            desk.acknowledge(phone, response, out);
        }
        let followed = match Challenges::of(response) {
            Some(challenges) => self.answer(challenges, status, (desk, phone), out),
            None => self.conclude(response, (desk, phone), out),
        };
        if matches!(followed, Followed::Over(_)) {
            phone.cseq = self.cseq;
            self.session = None;
        }
        followed
    }

    fn answer(
        &mut self,
        challenges: Challenges<'_>,
        status: u16,
        (desk, phone): (&mut Desk, &mut Phone),
        out: &mut Outbox,
    ) -> Followed {
        let Some(standing) = self.standing.after(&challenges) else { return Followed::Over(Verdict::Refused(status)) };
        let cnonce = desk.identifiers.cnonce();
        let (uri, method) = (self.request_uri(desk), self.purpose.method());
        let Some((session, credentials)) = challenges.answer(phone.claimant(method, &uri, b""), &cnonce) else {
            return Followed::Over(Verdict::Refused(status));
        };
        self.session = Some(session);
        self.standing = standing;
        self.ask(desk, phone, Some(&credentials), out);
        Followed::Asks
    }

    fn conclude(
        &mut self,
        response: &Response<'_>,
        (desk, phone): (&mut Desk, &mut Phone),
        out: &mut Outbox,
    ) -> Followed {
        let (status, work) = (response.status(), desk.plan.work);
        let succeeded = matches!(status, 200..=299);
        match self.purpose {
            Purpose::Bind | Purpose::Remove if succeeded => Followed::Over(self.registered(response, desk, phone)),
            Purpose::Bind | Purpose::Remove => Followed::Over(Verdict::Refused(status)),
            Purpose::Invite if succeeded => {
                let is_wanted = work == Work::Call || desk.plan.expected_status == status;
                let verdict = if is_wanted { Verdict::Good } else { Verdict::Refused(status) };
                self.hang_up(response, (desk, phone), verdict, out)
            }
            Purpose::Invite if work == Work::Invite && status == desk.plan.expected_status => {
                Followed::Over(Verdict::Good)
            }
            Purpose::Invite => Followed::Over(Verdict::Refused(status)),
            Purpose::Bye(verdict) if succeeded => Followed::Over(verdict),
            Purpose::Bye(_) => Followed::Over(Verdict::Refused(status)),
        }
    }

    /// Whether a success of a REGISTER is what it should be.
    fn registered(&mut self, response: &Response<'_>, desk: &Desk, phone: &mut Phone) -> Verdict {
        let contact = phone.contact.as_bytes();
        let is_listed = response
            .headers()
            .contacts()
            .any(|listed| matches!(listed, Ok(Contact::Address(address)) if address.uri_octets == contact));
        phone.is_bound = is_listed;
        if is_listed != (self.purpose == Purpose::Bind) {
            return Verdict::Unbound;
        }
        let Some(session) = self.session.take() else { return Verdict::Good };
        let claimant = phone.claimant(Method::Register, &desk.domain_uri, b"");
        if session.judge_server(response, claimant) == Some(false) {
            return Verdict::Unproven;
        }
        if desk.plan.work == Work::Preemptive && session.may_go_on() {
            phone.session = session.continued(response);
        }
        Verdict::Good
    }

    /// Ends a call that was just answered; without a dialog there is nothing to end it by.
    fn hang_up(
        &mut self,
        response: &Response<'_>,
        (desk, phone): (&mut Desk, &mut Phone),
        verdict: Verdict,
        out: &mut Outbox,
    ) -> Followed {
        let mut spans = HeaderSpans::new();
        let dialog = match parse(&self.request, &mut spans) {
            Ok(Message::Request(request)) => Dialog::of_response(&request, response),
            _ => None,
        };
        let Some(dialog) = dialog else { return Followed::Over(Verdict::Failed) };
        self.dialog = Some(Box::new(dialog));
        self.purpose = Purpose::Bye(verdict);
        self.standing = Standing::Unanswered;
        let credentials = self.next_credentials(desk, phone);
        self.ask(desk, phone, credentials.as_ref(), out);
        Followed::Asks
    }

    /// Credentials before any challenge, with the next use of a nonce that is known.
    fn next_credentials(&mut self, desk: &Desk, phone: &Phone) -> Option<Credentials> {
        let (uri, method) = (self.request_uri(desk), self.purpose.method());
        let session = self.session.as_mut().filter(|session| session.may_go_on())?;
        session.next_credentials(phone.claimant(method, &uri, b""))
    }

    fn request_uri(&self, desk: &Desk) -> String {
        match (self.purpose, &self.dialog) {
            (Purpose::Bind | Purpose::Remove, _) => desk.domain_uri.clone(),
            (Purpose::Bye(_), Some(dialog)) => String::from_utf8_lossy(dialog.routing().uri).into_owned(),
            _ => self.target.to_string(),
        }
    }

    fn ask(&mut self, desk: &Desk, phone: &Phone, credentials: Option<&Credentials>, out: &mut Outbox) {
        self.key.serial = self.key.serial.wrapping_add(1);
        self.cseq = self.cseq % MAX_CSEQ + 1;
        let via = desk.via(phone, self.key);
        let mut octets = std::mem::take(&mut self.request);
        octets.clear();
        match (self.purpose, &self.dialog) {
            (Purpose::Bye(_), Some(dialog)) => {
                let mut writer = dialog.start(&mut octets, (Method::Bye, self.cseq), via.as_bytes());
                if let Some(credentials) = credentials {
                    writer = writer.header(credentials.header, &credentials.value);
                }
                writer.finish(b"");
            }
            _ => self.write(&mut octets, (desk, phone, &via), credentials),
        }
        out.push(desk.plan.server, |outgoing| outgoing.extend_from_slice(&octets));
        self.request = octets;
    }

    /// A request outside any dialog.
    fn write(
        &self,
        octets: &mut Vec<u8>,
        (desk, phone, via): (&Desk, &Phone, &str),
        credentials: Option<&Credentials>,
    ) {
        let invites = self.purpose == Purpose::Invite;
        let own = phone.address_of_record.as_bytes();
        let (uri, to) = if invites { (&*self.target, self.target.as_bytes()) } else { (&*desk.domain_uri, own) };
        let (call_id, method) = (if invites { &*self.call_id } else { &*phone.call_id }, self.purpose.method());
        let number = format!("{} ", self.cseq);
        let mut writer = RequestWriter::start(octets, method, uri.as_bytes())
            .header(HeaderName::Via, via.as_bytes())
            .header_u32(HeaderName::MaxForwards, 70)
            .header_parts(HeaderName::From, &[b"<", own, b">;tag=", call_id.as_bytes()])
            .header_parts(HeaderName::To, &[b"<", to, b">"])
            .header(HeaderName::CallId, call_id.as_bytes())
            .header_parts(HeaderName::CSeq, &[number.as_bytes(), method.as_bytes()])
            .header(HeaderName::UserAgent, desk.plan.user_agent.as_bytes())
            .header_parts(HeaderName::Contact, &[b"<", phone.contact.as_bytes(), b">"]);
        if let Some(credentials) = credentials {
            writer = writer.header(credentials.header, &credentials.value);
        }
        match self.purpose {
            Purpose::Bind => writer.header_u32(HeaderName::Expires, EXPIRES_SECONDS).finish(b""),
            Purpose::Remove => writer.header_u32(HeaderName::Expires, 0).finish(b""),
            Purpose::Invite | Purpose::Bye(_) => {
                writer.header(HeaderName::ContentType, b"application/sdp").finish(offer(phone).as_bytes());
            }
        }
    }
}

/// Answers what another phone of the load, or anybody, asks of one: a call is taken at once, and whatever belongs to one
/// is agreed to. Nothing is kept of it, so a repeated request gets the same answer again.
pub(super) fn respond(desk: &Desk, phone: &Phone, request: &CheckedRequest<'_>, out: &mut Outbox) {
    let status = match request.method() {
        Method::Ack => return,
        Method::Invite | Method::Bye | Method::Cancel | Method::Options | Method::Update => 200,
        _ => 501,
    };
    out.push(desk.plan.server, |octets| {
        let writer = ResponseWriter::start(
            octets,
            Echoed::from(request),
            Status::of(status),
            desk.plan.server,
            phone.call_id.as_bytes(),
        );
        let routes: Vec<_> = request.headers().comma_values(HeaderName::RecordRoute).collect();
        let writer = routes.into_iter().fold(writer, |writer, route| writer.header(HeaderName::RecordRoute, route));
        if request.method() == Method::Invite {
            writer
                .header_parts(HeaderName::Contact, &[b"<", phone.contact.as_bytes(), b">"])
                .header(HeaderName::ContentType, b"application/sdp")
                .finish(offer(phone).as_bytes());
        } else {
            writer.finish(b"");
        }
    });
}

/// Offers PCMU at the discard port: nobody here wants to hear anything.
fn offer(phone: &Phone) -> String {
    let ip = phone.local.ip();
    let version = if ip.is_ipv4() { 4 } else { 6 };
    format!("v=0\r\no=- 1 1 IN IP{version} {ip}\r\ns=-\r\nc=IN IP{version} {ip}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n")
}
