//! Everything but REGISTER behind the gate.

use crate::answer::{ALLOW, Answer, SUPPORTED_VALUE};
use crate::call_requests::ForCall;
use crate::calls::Sender;
use crate::edge::Edge;
use crate::failure::Failure;
use crate::gate::Passed;
use crate::scratch::Scratch;
use sip_message::Method;
use sip_message::write::Status;

impl Edge {
    pub(crate) fn other_method(&self, scratch: &mut Scratch, passed: &Passed<'_>, mut answer: Answer<'_, '_>) {
        let incoming = answer.incoming();
        let route = self.service_route.as_ref();
        if let Some(failure) = route.and_then(|route| route.failure(incoming, &self.parts.flows)) {
            answer.failure(failure);
            return self.remember(scratch, &answer);
        }
        let in_dialog = incoming.request.to_header().address.tag().is_some();
        match incoming.request.method() {
            Method::Options if !in_dialog => {
                self.write_authentication_info(passed, incoming, &mut scratch.value);
                answer.respond(Status::of(200), |writer| {
                    let writer = writer.header("Allow", ALLOW).header("Accept", b"application/sdp");
                    let writer = writer.header("Supported", SUPPORTED_VALUE);
                    match scratch.value.as_slice() {
                        b"" => writer,
                        value => writer.header("Authentication-Info", value),
                    }
                });
            }
            Method::Invite if !in_dialog => return self.invite(scratch, passed, &mut answer),
            _ if in_dialog => {
                let sender = Sender::Credential(passed.identity.subject().id);
                if self.in_call(scratch, sender, &mut answer) == ForCall::Done {
                    return;
                }
                answer.failure(Failure::NoSuchTransaction);
            }
            // To nobody in particular it is to us, who do not know it.
            Method::Other(_) if incoming.request.uri().user.is_none() => answer.failure(Failure::NotImplemented),
            Method::Message | Method::Other(_) => return self.carry(scratch, passed, &mut answer),
            Method::Subscribe | Method::Publish => answer.failure(Failure::MethodNotAllowed),
            // What belongs into a dialog, and is in none.
            _ => answer.failure(Failure::NoSuchTransaction),
        }
        self.remember(scratch, &answer);
    }
}
