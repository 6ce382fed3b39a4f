//! What drives an entry of a shard: a call, or a request that is carried across once.

use sip_b2bua::{
    Action, Bridged, Call, DialogView, EndReason, Exchange, Failure, Heard, LegId, Millis, Path, Surroundings, Ticket,
    Unroutable,
};
use sip_message::Response;

/// Takes events, and says what is done about them. What only calls know, such as time, passes a single request by.
#[derive(Debug)]
pub(crate) enum Engine {
    /// A call.
    Call(Box<Call>),
    /// A request outside any dialog, until its answer has crossed back.
    Exchange(Box<Exchange>),
}

impl Engine {
    /// Whether it is a request whose answer has crossed back. A call says by itself when it is over.
    pub(crate) fn is_answered(&self) -> bool {
        matches!(self, Self::Exchange(exchange) if exchange.is_over())
    }

    pub(crate) fn on_request(
        &mut self,
        leg: LegId,
        request: Heard<'_>,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        if let Self::Call(call) = self {
            call.on_request(leg, request, world, out);
        }
    }

    pub(crate) fn on_response(
        &mut self,
        ticket: Ticket,
        response: &Response<'_>,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        match self {
            Self::Call(call) => call.on_response(ticket, response, world, out),
            Self::Exchange(exchange) => exchange.on_response(ticket, response, world, out),
        }
    }

    pub(crate) fn on_failure(
        &mut self,
        ticket: Ticket,
        failure: Failure,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        match self {
            Self::Call(call) => call.on_failure(ticket, failure, world, out),
            Self::Exchange(exchange) => exchange.on_failure(ticket, failure, world, out),
        }
    }

    pub(crate) fn on_path(
        &mut self,
        leg: LegId,
        path: Result<Path, Unroutable>,
        world: &mut Surroundings<'_>,
        out: &mut Vec<Action>,
    ) {
        match self {
            Self::Call(call) => call.on_path(leg, path, world, out),
            Self::Exchange(exchange) => exchange.on_path(leg, path, world, out),
        }
    }

    pub(crate) fn on_body(&mut self, body: Bridged, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        if let Self::Call(call) = self {
            call.on_body(body, world, out);
        }
    }

    pub(crate) fn on_time(&mut self, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        if let Self::Call(call) = self {
            call.on_time(world, out);
        }
    }

    pub(crate) fn end(&mut self, why: EndReason, world: &mut Surroundings<'_>, out: &mut Vec<Action>) {
        if let Self::Call(call) = self {
            call.end(why, world, out);
        }
    }

    pub(crate) fn dialogs(&self) -> impl Iterator<Item = DialogView<'_>> {
        self.call().into_iter().flat_map(Call::dialogs)
    }

    pub(crate) fn wakes_at(&self) -> Option<Millis> {
        self.call()?.wakes_at()
    }

    pub(crate) fn snapshot(&self) -> Option<Vec<u8>> {
        self.call()?.snapshot()
    }

    fn call(&self) -> Option<&Call> {
        match self {
            Self::Call(call) => Some(call),
            Self::Exchange(_) => None,
        }
    }
}
