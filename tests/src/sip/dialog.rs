//! Calls as a test plays them: an INVITE with the answer to its challenge, and the dialog that comes of it.

use super::digest::{Challenge, Credentials, Subject};
use super::message::unique;
use super::party::{Party, SipText};

/// A session description of plain audio.
pub const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                       m=audio 40002 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
/// How a body is announced.
pub const SDP_TYPE: &str = "Content-Type: application/sdp\r\n";

/// What an INVITE says.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The Request-URI.
    pub uri: String,
    /// The URI of To; the same unless it was changed.
    pub to: String,
    /// From without a tag.
    pub from: String,
    /// Header lines of the test's own, each with its CRLF.
    pub headers: String,
    /// The body; the empty text for an offerless INVITE.
    pub body: String,
}

/// An INVITE that is under way.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The request as it was sent last.
    pub text: String,
    draft: Draft,
    call_id: String,
    tag: String,
    branch: String,
    sequence: u32,
    contact: String,
}

/// One side of a dialog.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// The Call-ID.
    pub call_id: String,
    /// Our own address with its tag.
    pub local: String,
    /// The peer's address with its tag.
    pub remote: String,
    /// The peer's Contact.
    pub target: String,
    /// The sequence number of our last request.
    pub sequence: u32,
    contact: String,
}

impl Draft {
    /// An offer of plain audio from that user to another.
    #[must_use]
    pub fn new(from: &str, uri: &str, host: &str) -> Self {
        let (uri, from) = (uri.to_owned(), format!("<sip:{from}@{host}>"));
        Self { to: uri.clone(), uri, from, headers: String::new(), body: SDP.to_owned() }
    }

    /// The same to somebody else than the Request-URI names.
    #[must_use]
    pub fn to(mut self, uri: &str) -> Self {
        uri.clone_into(&mut self.to);
        self
    }

    /// The same with these header lines too.
    #[must_use]
    pub fn with(mut self, headers: &str) -> Self {
        self.headers += headers;
        self
    }
}

impl Outgoing {
    fn write(&mut self, party: &Party, credentials: &str) {
        self.sequence += 1;
        self.branch = unique();
        let Draft { uri, to, from, headers, body } = &self.draft;
        let kind = if body.is_empty() { "" } else { SDP_TYPE };
        let (via, sequence) = (party.via(&self.branch), self.sequence);
        let contact =
            if headers.contains("Contact:") { String::new() } else { format!("Contact: {}\r\n", self.contact) };
        self.text = format!(
            "INVITE {uri} SIP/2.0\r\n{via}Max-Forwards: 70\r\nFrom: {from};tag={}\r\nTo: <{to}>\r\n\
             Call-ID: {}\r\nCSeq: {sequence} INVITE\r\n{contact}{credentials}{headers}{kind}Content-Length: {}\r\n\r\n{body}",
            self.tag,
            self.call_id,
            body.len()
        );
    }

    /// The Call-ID.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Whether that message answers the INVITE as it was sent last.
    #[must_use]
    pub fn is_answered_by(&self, message: &SipText) -> bool {
        message.status().is_some()
            && message.header("call-id") == self.call_id
            && message.header("cseq") == format!("{} INVITE", self.sequence)
    }
}

impl Party {
    /// Sends an INVITE and does not look what comes of it.
    pub fn invite(&mut self, draft: &Draft) -> Outgoing {
        let user = draft.from.split("sip:").nth(1).and_then(|rest| rest.split('@').next()).unwrap_or("x");
        let mut outgoing = Outgoing {
            text: String::new(),
            draft: draft.clone(),
            call_id: unique(),
            tag: unique(),
            branch: String::new(),
            sequence: 0,
            contact: format!("<{}>", self.uri(user)),
        };
        outgoing.write(self, "");
        self.send(&outgoing.text);
        outgoing
    }

    /// Sends an INVITE, acknowledges its challenge, and sends it again with the answer.
    ///
    /// # Panics
    /// When it is not challenged.
    pub fn call(&mut self, draft: &Draft, credentials: &Credentials) -> Outgoing {
        let mut outgoing = self.invite(draft);
        let challenged = self.final_of(&outgoing);
        assert_eq!(challenged.status(), Some(407), "{challenged:#?}");
        self.refuse_ack(&outgoing, &challenged);
        self.repeat(&mut outgoing, &challenged, credentials);
        outgoing
    }

    /// Sends an INVITE again that was challenged.
    pub fn repeat(&mut self, outgoing: &mut Outgoing, challenged: &SipText, credentials: &Credentials) {
        let challenge = Challenge::parse(challenged.header("proxy-authenticate"));
        let subject = Subject { method: "INVITE", uri: &outgoing.draft.uri, nonce_count: 1 };
        let answer = challenge.answer(credentials, subject);
        outgoing.write(self, &format!("Proxy-Authorization: {answer}\r\n"));
        self.send(&outgoing.text);
    }

    /// The final response to an INVITE.
    pub fn final_of(&mut self, outgoing: &Outgoing) -> SipText {
        self.take("final response", |m| outgoing.is_answered_by(m) && m.status().is_some_and(|status| status >= 200))
    }

    /// The response of that status to an INVITE.
    pub fn response_of(&mut self, outgoing: &Outgoing, status: u16) -> SipText {
        self.take(&format!("{status}"), |m| outgoing.is_answered_by(m) && m.status() == Some(status))
    }

    /// Expects a call to be refused with that status, acknowledges, and answers with the response.
    ///
    /// # Panics
    /// When it is answered otherwise.
    pub fn expect_refusal(&mut self, outgoing: &Outgoing, status: u16) -> SipText {
        let response = self.final_of(outgoing);
        assert_eq!(response.status(), Some(status), "{response:#?}");
        self.refuse_ack(outgoing, &response);
        response
    }

    /// Acknowledges a final response that is no success: part of the INVITE's transaction (RFC 3261 section 17.1.1.3).
    pub fn refuse_ack(&mut self, outgoing: &Outgoing, response: &SipText) {
        let Draft { uri, from, .. } = &outgoing.draft;
        let text = format!(
            "ACK {uri} SIP/2.0\r\n{}Max-Forwards: 70\r\nFrom: {from};tag={}\r\nTo: {}\r\nCall-ID: {}\r\n\
             CSeq: {} ACK\r\nContent-Length: 0\r\n\r\n",
            self.via(&outgoing.branch),
            outgoing.tag,
            response.header("to"),
            outgoing.call_id,
            outgoing.sequence
        );
        self.send(&text);
    }

    /// Gives up an INVITE and waits for the answers to both: the 200 of CANCEL and the 487 of INVITE.
    ///
    /// # Panics
    /// When they are others.
    pub fn cancel(&mut self, outgoing: &Outgoing) -> SipText {
        self.give_up(outgoing);
        self.expect_refusal(outgoing, 487)
    }

    /// Gives up an INVITE and waits for the 200 of CANCEL.
    ///
    /// # Panics
    /// When it is another.
    pub fn give_up(&mut self, outgoing: &Outgoing) {
        let Draft { uri, to, from, .. } = &outgoing.draft;
        let text = format!(
            "CANCEL {uri} SIP/2.0\r\n{}Max-Forwards: 70\r\nFrom: {from};tag={}\r\nTo: <{to}>\r\nCall-ID: {}\r\n\
             CSeq: {} CANCEL\r\nContent-Length: 0\r\n\r\n",
            self.via(&outgoing.branch),
            outgoing.tag,
            outgoing.call_id,
            outgoing.sequence
        );
        self.send(&text);
        let cseq = format!("{} CANCEL", outgoing.sequence);
        let answered = self.take("answer to CANCEL", |m| m.status().is_some() && m.header("cseq") == cseq);
        assert_eq!(answered.status(), Some(200), "{answered:#?}");
    }

    /// The caller's side of an answered call, acknowledged with that body.
    pub fn confirm(&mut self, outgoing: &Outgoing, response: &SipText, body: &str) -> Dialog {
        let dialog = Dialog::begun(outgoing, response);
        let kind = if body.is_empty() { "" } else { SDP_TYPE };
        let ack = dialog.write(self, ("ACK", dialog.sequence), kind, body);
        self.send(&ack);
        dialog
    }

    /// The caller's side of a call that is expected to be answered.
    ///
    /// # Panics
    /// When it is refused.
    pub fn expect_answered(&mut self, outgoing: &Outgoing) -> Dialog {
        let response = self.final_of(outgoing);
        assert_eq!(response.status(), Some(200), "{response:#?}");
        self.confirm(outgoing, &response, "")
    }

    /// Answers an INVITE with 200 and a description; the callee's side of the call.
    pub fn accept_call(&mut self, invite: &SipText, user: &str, body: &str) -> Dialog {
        let contact = format!("<{}>", self.uri(user));
        self.answer(invite, "200 OK", &format!("Contact: {contact}\r\n{SDP_TYPE}"), body);
        Dialog::heard(invite, &contact)
    }

    /// Sends a request within a dialog and answers with its final response.
    pub fn ask(&mut self, dialog: &mut Dialog, method: &str, headers: &str, body: &str) -> SipText {
        let cseq = self.ask_only(dialog, method, headers, body);
        self.answer_to(dialog, &cseq)
    }

    /// Sends a request within a dialog; its CSeq.
    pub fn ask_only(&mut self, dialog: &mut Dialog, method: &str, headers: &str, body: &str) -> String {
        dialog.sequence += 1;
        let text = dialog.write(self, (method, dialog.sequence), headers, body);
        self.send(&text);
        format!("{} {method}", dialog.sequence)
    }

    /// The final response to the request of that CSeq.
    pub fn answer_to(&mut self, dialog: &Dialog, cseq: &str) -> SipText {
        let call_id = dialog.call_id.clone();
        self.take(&format!("answer to {cseq}"), |message| {
            message.status().is_some_and(|status| status >= 200)
                && message.header("cseq") == cseq
                && message.header("call-id") == call_id
        })
    }

    /// Hangs up.
    ///
    /// # Panics
    /// When BYE is not answered with 200.
    pub fn hang_up(&mut self, dialog: &mut Dialog) {
        let answer = self.ask(dialog, "BYE", "", "");
        assert_eq!(answer.status(), Some(200), "{answer:#?}");
    }

    /// Takes a BYE and answers it.
    pub fn expect_bye(&mut self) -> SipText {
        let bye = self.request("BYE");
        self.answer(&bye, "200 OK", "", "");
        bye
    }
}

impl Dialog {
    /// The caller's side of what that response, a provisional one too, has begun.
    #[must_use]
    pub fn begun(outgoing: &Outgoing, response: &SipText) -> Self {
        Self {
            call_id: outgoing.call_id.clone(),
            local: format!("{};tag={}", outgoing.draft.from, outgoing.tag),
            remote: response.header("to").to_owned(),
            target: response.address("contact").to_owned(),
            sequence: outgoing.sequence,
            contact: outgoing.contact.clone(),
        }
    }

    /// The callee's side of a call that was answered with that Contact.
    #[must_use]
    pub fn heard(invite: &SipText, contact: &str) -> Self {
        let answered = super::party::answer_text(invite, "200 OK", "", "");
        let local = answered.lines().find_map(|line| line.strip_prefix("To: ")).unwrap_or_default();
        Self {
            call_id: invite.header("call-id").to_owned(),
            local: local.to_owned(),
            remote: invite.header("from").to_owned(),
            target: invite.address("contact").to_owned(),
            sequence: 100,
            contact: contact.to_owned(),
        }
    }

    /// A request of that method and sequence number, as `party` would send it.
    #[must_use]
    pub fn write(&self, party: &Party, (method, sequence): (&str, u32), headers: &str, body: &str) -> String {
        let Self { call_id, local, remote, target, contact, .. } = self;
        format!(
            "{method} {target} SIP/2.0\r\n{}Max-Forwards: 70\r\nFrom: {local}\r\nTo: {remote}\r\nCall-ID: {call_id}\r\n\
             CSeq: {sequence} {method}\r\nContact: {contact}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            party.via(&unique()),
            body.len()
        )
    }
}
