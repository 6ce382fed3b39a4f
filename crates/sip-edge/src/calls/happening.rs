//! What happens to a call, for its engine: told at once, or kept while the engine waits for a session description.

use crate::calls::engine::Engine;
use sip_b2bua::Unroutable;
use sip_b2bua::{Action, Bridged, EndReason, Failure, Heard, LegId, Path, ServerTicket, Surroundings, Ticket};
use sip_message::write::{ResponseWriter, Status};
use sip_message::{HeaderSpans, Message, Method, Response, parse};
use std::net::SocketAddr;

/// Most messages that are kept for one call. What a peer sends beyond is dropped as if it were lost on the way.
const MOST_MESSAGES: usize = 64;

/// Something that happens to a call.
pub(crate) enum Happening<'m> {
    /// A peer's request came.
    Request { leg: LegId, heard: Heard<'m> },
    /// A response to a request of ours came.
    Response { ticket: Ticket, response: &'m Response<'m> },
    /// A request of ours failed.
    Failure { ticket: Ticket, failure: Failure },
    /// It is known how a target is reached.
    Path { leg: LegId, path: Result<Path, Unroutable> },
    /// A session description was rewritten, or cannot be.
    Body(Bridged),
    /// Time has passed.
    Time,
    /// Somebody here ends the call.
    End(EndReason),
}

/// The same, for later.
pub(crate) enum Kept {
    Request { leg: LegId, octets: Box<[u8]>, source: SocketAddr, ticket: ServerTicket },
    Response { ticket: Ticket, octets: Box<[u8]> },
    Failure { ticket: Ticket, failure: Failure },
    Path { leg: LegId, path: Result<Path, Unroutable> },
    End(EndReason),
}

impl Happening<'_> {
    /// Tells the engine.
    pub(crate) fn tell(self, engine: &mut Engine, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        match self {
            Self::Request { leg, heard } => engine.on_request(leg, heard, world, out),
            Self::Response { ticket, response } => engine.on_response(ticket, response, world, out),
            Self::Failure { ticket, failure } => engine.on_failure(ticket, failure, world, out),
            Self::Path { leg, path } => engine.on_path(leg, path, world, out),
            Self::Body(body) => engine.on_body(body, world, out),
            Self::Time => engine.on_time(world, out),
            Self::End(why) => engine.end(why, world, out),
        }
    }

    /// Adds it to what is kept. Time needs no keeping: an engine that is due is asked again.
    pub(crate) fn keep_in(self, kept: &mut Vec<Kept>) {
        let has_room = kept.len() < MOST_MESSAGES;
        let more = match self {
            Self::Request { leg, heard } if has_room => {
                let octets = heard.request.headers().message().into();
                Kept::Request { leg, octets, source: heard.source, ticket: heard.ticket }
            }
            Self::Response { ticket, response } if has_room => {
                Kept::Response { ticket, octets: response.headers().message().into() }
            }
            Self::Failure { ticket, failure } => Kept::Failure { ticket, failure },
            Self::Path { leg, path } => Kept::Path { leg, path },
            Self::End(why) => Kept::End(why),
            Self::Request { .. } | Self::Response { .. } | Self::Body(_) | Self::Time => return,
        };
        kept.push(more);
    }
}

impl Kept {
    /// What a request is answered with; none for all else.
    pub(crate) const fn ticket(&self) -> Option<ServerTicket> {
        match self {
            Self::Request { ticket, .. } => Some(*ticket),
            Self::Response { .. } | Self::Failure { .. } | Self::Path { .. } | Self::End(_) => None,
        }
    }

    /// The 200 to a CANCEL; none for all else.
    pub(crate) fn accept_cancel(&self) -> Option<Vec<u8>> {
        let Self::Request { octets, source, .. } = self else { return None };
        let mut spans = HeaderSpans::new();
        let Ok(Message::Request(request)) = parse(octets, &mut spans) else { return None };
        let request = request.check().ok().filter(|request| request.method() == Method::Cancel)?;
        let mut answer = Vec::with_capacity(384);
        ResponseWriter::start(&mut answer, &request, Status::of(200), *source, b"").finish(b"");
        Some(answer)
    }

    /// Lets it happen now.
    pub(crate) fn happen(self, then: impl FnOnce(Happening<'_>)) {
        let mut spans = HeaderSpans::new();
        match self {
            Self::Request { leg, octets, source, ticket } => {
                // It was read and checked before.
                let Ok(Message::Request(request)) = parse(&octets, &mut spans) else { return };
                let Ok(request) = request.check() else { return };
                then(Happening::Request { leg, heard: Heard { request: &request, source, ticket } });
            }
            Self::Response { ticket, octets } => {
                let Ok(Message::Response(response)) = parse(&octets, &mut spans) else { return };
                then(Happening::Response { ticket, response: &response });
            }
            Self::Failure { ticket, failure } => then(Happening::Failure { ticket, failure }),
            Self::Path { leg, path } => then(Happening::Path { leg, path }),
            Self::End(why) => then(Happening::End(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYE: &str = "BYE sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:b@h>;tag=b\r\n\
                       To: <sip:a@h>;tag=a\r\nCall-ID: c\r\nCSeq: 2 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    const OK: &str = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:b@h>;tag=b\r\n\
                      To: <sip:a@h>;tag=a\r\nCall-ID: c\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n";

    fn name(happening: &Happening<'_>) -> String {
        match happening {
            Happening::Request { leg, heard } => {
                assert_eq!((heard.request.method(), heard.ticket), (Method::Bye, ServerTicket(7)));
                format!("request on {}", leg.0)
            }
            Happening::Response { ticket, response } => format!("{} to {}", response.status(), ticket.0),
            Happening::Failure { ticket, .. } => format!("failure of {}", ticket.0),
            Happening::Path { leg, .. } => format!("path of {}", leg.0),
            Happening::End(_) => "end".to_owned(),
            Happening::Body(_) | Happening::Time => "never kept".to_owned(),
        }
    }

    #[test]
    fn what_is_kept_happens_later_in_the_same_order() {
        let mut kept = Vec::new();
        let (mut spans, mut more_spans) = (HeaderSpans::new(), HeaderSpans::new());
        let Ok(Message::Request(request)) = parse(BYE.as_bytes(), &mut spans) else { panic!("a request") };
        let request = request.check().unwrap();
        let Ok(Message::Response(response)) = parse(OK.as_bytes(), &mut more_spans) else { panic!("a response") };
        let source = "192.0.2.1:5060".parse().unwrap();
        let heard = || Heard { request: &request, source, ticket: ServerTicket(7) };
        Happening::Time.keep_in(&mut kept);
        Happening::Path { leg: LegId(3), path: Err(Unroutable::NoPlaceLeft) }.keep_in(&mut kept);
        Happening::Request { leg: LegId(0), heard: heard() }.keep_in(&mut kept);
        Happening::Response { ticket: Ticket(4), response: &response }.keep_in(&mut kept);
        for _ in 0..MOST_MESSAGES {
            Happening::Request { leg: LegId(1), heard: heard() }.keep_in(&mut kept);
        }
        Happening::Failure { ticket: Ticket(5), failure: Failure::TimedOut }.keep_in(&mut kept);
        Happening::End(EndReason::Shutdown).keep_in(&mut kept);
        let mut happened = Vec::new();
        kept.into_iter().for_each(|kept| kept.happen(|happening| happened.push(name(&happening))));
        assert_eq!(happened[..3], ["path of 3", "request on 0", "200 to 4"]);
        assert_eq!(happened[MOST_MESSAGES..], ["failure of 5", "end"], "messages are lost first");
    }
}
