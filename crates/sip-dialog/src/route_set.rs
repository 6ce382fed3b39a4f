//! The route set of a dialog (RFC 3261 sections 12.1, 12.2.1.1).

use sip_message::write::RequestWriter;
use sip_message::{HeaderName, Headers, Method, NameAddr};

/// Most routes a dialog keeps; a peer that names more gets those nearest to us.
const MAX_ROUTES: usize = 16;

/// Which proxies requests within a dialog pass, nearest first: Route values as they came in Record-Route.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RouteSet {
    routes: Vec<Box<[u8]>>,
}

impl RouteSet {
    /// That of the side that was asked: the order of Record-Route.
    #[must_use]
    pub fn of_request(headers: Headers<'_>) -> Self {
        Self { routes: recorded(headers).take(MAX_ROUTES).collect() }
    }

    /// That of the side that asked: the order turned around.
    #[must_use]
    pub fn of_response(headers: Headers<'_>) -> Self {
        let mut routes: Vec<_> = recorded(headers).collect();
        routes.reverse();
        routes.truncate(MAX_ROUTES);
        Self { routes }
    }

    pub(crate) fn from_routes(routes: Vec<Box<[u8]>>) -> Self {
        Self { routes }
    }

    pub(crate) fn as_slice(&self) -> &[Box<[u8]>] {
        &self.routes
    }

    /// The URI of the nearest proxy.
    #[must_use]
    pub fn first_uri(&self) -> Option<&[u8]> {
        self.routes.first().map(|route| uri_of(route))
    }

    /// Begins a request to `target`: the request line, and Route. A nearest proxy without `lr` is a strict router and
    /// gets its own URI in the request line, the target last in Route.
    pub(crate) fn start<'o>(&self, out: &'o mut Vec<u8>, method: Method<'_>, target: &[u8]) -> Start<'o> {
        match self.routes.split_first() {
            Some((first, others)) if !is_loose(first) => {
                let writer = RequestWriter::start(out, method, uri_of(first));
                Start { writer, routes: others.iter().map(|route| route.to_vec()).chain([bracketed(target)]).collect() }
            }
            _ => {
                let writer = RequestWriter::start(out, method, target);
                Start { writer, routes: self.routes.iter().map(|route| route.to_vec()).collect() }
            }
        }
    }
}

/// A request line, and the Route values that are to follow behind Via.
pub(crate) struct Start<'o> {
    writer: RequestWriter<'o>,
    routes: Vec<Vec<u8>>,
}

impl<'o> Start<'o> {
    pub(crate) fn with_via(self, via: &[u8], branch: &[u8]) -> RequestWriter<'o> {
        let mut writer = self.writer.header_parts("Via", &[via, b";branch=", branch]);
        for route in &self.routes {
            writer = writer.header("Route", route);
        }
        writer
    }
}

fn recorded(headers: Headers<'_>) -> impl Iterator<Item = Box<[u8]>> {
    headers.comma_values(HeaderName::RecordRoute).map(Box::from)
}

fn bracketed(uri: &[u8]) -> Vec<u8> {
    [b"<", uri, b">"].concat()
}

/// The URI of a Route value, which was checked with the message it came in.
fn uri_of(route: &[u8]) -> &[u8] {
    let Some(start) = route.iter().position(|octet| *octet == b'<') else { return route };
    let inside = route.get(start + 1..).unwrap_or_default();
    inside.split(|octet| *octet == b'>').next().unwrap_or_default()
}

fn is_loose(route: &[u8]) -> bool {
    sip_message::Uri::parse(uri_of(route)).is_ok_and(|uri| uri.params.contains("lr"))
}

/// The URI of the first Contact that is a sip or sips address.
pub(crate) fn contact_uri(headers: Headers<'_>) -> Option<&[u8]> {
    let contact = headers.contacts().next()?.ok()?;
    let sip_message::Contact::Address(NameAddr { uri_octets, .. }) = contact else { return None };
    sip_message::Uri::parse(uri_octets).ok().filter(sip_message::Uri::is_sip).map(|_| uri_octets)
}
