//! Everything but REGISTER behind the gate.

use crate::answer::{ALLOW, Answer, SUPPORTED_VALUE};
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
            Method::Invite if !in_dialog => answer.failure(self.callee_failure(passed, &answer)),
            Method::Other(_) => answer.failure(Failure::NotImplemented),
            // There are no dialogs to be inside of.
            _ if in_dialog => answer.failure(Failure::NoSuchTransaction),
            Method::Bye => answer.failure(Failure::NoSuchTransaction),
            _ => answer.failure(Failure::MethodNotAllowed),
        }
        self.remember(scratch, &answer);
    }

    /// Calls are not relayed yet: 404 for a name nobody has, else 480.
    fn callee_failure(&self, passed: &Passed<'_>, answer: &Answer<'_, '_>) -> Failure {
        let incoming = answer.incoming();
        let uri = incoming.request.uri();
        let subject = passed.identity.subject();
        let mut name = [0; domain::Username::MAX_LENGTH];
        let mut length = 0;
        for octet in uri.decoded_user() {
            match name.get_mut(length) {
                Some(place) => *place = octet,
                None => return Failure::NotFound,
            }
            length += 1;
        }
        let name = name.get(..length).unwrap_or_default();
        let known = self.parts.directory.live_bindings(subject.realm.id, name, incoming.now);
        if subject.is_at(uri.host) && known.is_some() { Failure::TemporarilyUnavailable } else { Failure::NotFound }
    }
}
