//! A dialog as either side keeps it (RFC 3261 section 12): enough to write requests inside it and to judge those of the
//! peer.

use sip_message::limits::MAX_CSEQ;
use sip_message::write::RequestWriter;
use sip_message::{CheckedRequest, Contact, HeaderName, Headers, Method, Request, Response};

/// One dialog.
#[derive(Clone)]
pub(crate) struct Dialog {
    call_id: Box<[u8]>,
    /// The From of our requests, tag included.
    local: Vec<u8>,
    local_tag: Box<[u8]>,
    /// The To of our requests, tag included.
    remote: Box<[u8]>,
    remote_tag: Box<[u8]>,
    remote_target: Box<[u8]>,
    route_set: Vec<Hop>,
    local_cseq: u32,
    remote_cseq: Option<u32>,
}

/// One element of a route set.
#[derive(Clone)]
struct Hop {
    /// As it stands in a header.
    value: Box<[u8]>,
    /// Its URI, if it is that of a strict router: one without `lr`, which takes the place of the target.
    strict: Option<Box<[u8]>>,
}

/// Where a request of a dialog is addressed, and by which headers.
pub(crate) struct Routing<'d> {
    /// Its Request-URI.
    pub(crate) uri: &'d [u8],
    routes: Vec<&'d [u8]>,
    /// What a strict router wants last (RFC 3261 section 12.2.1.1).
    last: Option<&'d [u8]>,
}

/// How a request of the peer stands in the sequence (RFC 3261 section 12.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sequence {
    Next,
    Same,
    Old,
}

impl Dialog {
    /// The dialog that a request begins when it is answered with that tag (section 12.1.1); `None` without a Contact to
    /// send requests to.
    pub(crate) fn of_request(request: &CheckedRequest<'_>, local_tag: &str) -> Option<Self> {
        let headers = request.headers();
        let (own, peer) = (headers.first(HeaderName::To)?, headers.first(HeaderName::From)?);
        Some(Self {
            call_id: request.call_id().into(),
            local: [own, b";tag=", local_tag.as_bytes()].concat(),
            local_tag: local_tag.as_bytes().into(),
            remote: peer.into(),
            remote_tag: request.from_header().address.tag().unwrap_or_default().into(),
            remote_target: target_of(headers)?.into(),
            route_set: route_set_of(headers),
            local_cseq: 0,
            remote_cseq: Some(request.cseq_number()),
        })
    }

    /// The dialog that a response to a request of ours confirms (section 12.1.2); `None` without a Contact or a tag.
    pub(crate) fn of_response(request: &Request<'_>, response: &Response<'_>) -> Option<Self> {
        let headers = response.headers();
        let mut route_set = route_set_of(headers);
        route_set.reverse();
        Some(Self {
            call_id: headers.call_id().ok()?.into(),
            local: request.headers().first(HeaderName::From)?.into(),
            local_tag: request.headers().from_header().ok()?.tag()?.into(),
            remote: headers.first(HeaderName::To)?.into(),
            remote_tag: headers.to_header().ok()?.tag()?.into(),
            remote_target: target_of(headers)?.into(),
            route_set,
            local_cseq: request.headers().cseq().ok()?.number,
            remote_cseq: None,
        })
    }

    /// Whether a request of the peer belongs here (section 12.2.2).
    pub(crate) fn owns(&self, request: &CheckedRequest<'_>) -> bool {
        self.has_tags(
            request.call_id(),
            request.to_header().address.tag().unwrap_or_default(),
            request.from_header().address.tag().unwrap_or_default(),
        )
    }

    /// Whether it is the dialog of that Call-ID and tag, between us and the peer of that tag.
    pub(crate) fn has_tags(&self, call_id: &[u8], local_tag: &[u8], remote_tag: &[u8]) -> bool {
        *self.call_id == *call_id && *self.local_tag == *local_tag && *self.remote_tag == *remote_tag
    }

    pub(crate) fn is_begun_by(&self, call_id: &[u8], remote_tag: &[u8]) -> bool {
        *self.call_id == *call_id && *self.remote_tag == *remote_tag
    }

    /// Where the peer's request stands; the next one moves the sequence on.
    pub(crate) fn advance(&mut self, number: u32) -> Sequence {
        match self.remote_cseq {
            Some(last) if number < last => Sequence::Old,
            Some(last) if number == last => Sequence::Same,
            _ => {
                self.remote_cseq = Some(number);
                Sequence::Next
            }
        }
    }

    /// The target follows the Contact of requests that refresh it: INVITE and UPDATE, and their responses.
    pub(crate) fn refresh_target(&mut self, headers: Headers<'_>) {
        if let Some(target) = target_of(headers) {
            self.remote_target = target.into();
        }
    }

    /// The next sequence number of ours.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq % MAX_CSEQ + 1;
        self.local_cseq
    }

    /// How the next request finds its way.
    pub(crate) fn routing(&self) -> Routing<'_> {
        let routes = self.route_set.iter().map(|hop| &*hop.value);
        match self.route_set.first().and_then(|hop| hop.strict.as_deref()) {
            Some(uri) => Routing { uri, routes: routes.skip(1).collect(), last: Some(&self.remote_target) },
            None => Routing { uri: &self.remote_target, routes: routes.collect(), last: None },
        }
    }

    /// Begins a request inside the dialog: everything but what differs from one kind of request to the other.
    pub(crate) fn start<'o>(
        &self,
        out: &'o mut Vec<u8>,
        (method, cseq): (Method<'_>, u32),
        via: &[u8],
    ) -> RequestWriter<'o> {
        let routing = self.routing();
        let mut writer = RequestWriter::start(out, method, routing.uri).header(HeaderName::Via, via);
        for route in &routing.routes {
            writer = writer.header(HeaderName::Route, route);
        }
        if let Some(last) = routing.last {
            writer = writer.header_parts(HeaderName::Route, &[b"<", last, b">"]);
        }
        let number = format!("{cseq} ");
        writer
            .header_u32(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, &self.local)
            .header(HeaderName::To, &self.remote)
            .header(HeaderName::CallId, &self.call_id)
            .header_parts(HeaderName::CSeq, &[number.as_bytes(), method.as_bytes()])
    }
}

fn target_of(headers: Headers<'_>) -> Option<&[u8]> {
    match headers.contacts().next()?.ok()? {
        Contact::Address(address) => Some(address.uri_octets),
        Contact::Wildcard => None,
    }
}

/// The routes in the order of the Record-Route headers, as far as they can be read.
fn route_set_of(headers: Headers<'_>) -> Vec<Hop> {
    let values = headers.comma_values(HeaderName::RecordRoute);
    let addresses = headers.addresses(HeaderName::RecordRoute).map_while(Result::ok);
    let hops = values.zip(addresses).map(|(value, address)| {
        let is_loose = address.uri().is_ok_and(|uri| uri.params.find("lr").is_some());
        Hop { value: value.into(), strict: (!is_loose).then(|| address.uri_octets.into()) }
    });
    hops.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip_message::{HeaderSpans, Message, parse};

    fn invite(record_routes: &str) -> String {
        format!(
            "INVITE sip:echo@h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n{record_routes}\
             From: A <sip:a@h>;tag=at\r\nTo: sip:echo@h\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n\
             Contact: <sip:a@192.0.2.1:5070>\r\n\r\n"
        )
    }

    fn dialog(record_routes: &str) -> Dialog {
        let text = invite(record_routes);
        let mut spans = HeaderSpans::new();
        let Ok(Message::Request(request)) = parse(text.as_bytes(), &mut spans) else { panic!("{text}") };
        Dialog::of_request(&request.check().unwrap(), "et").expect("a Contact")
    }

    fn bye(record_routes: &str) -> String {
        let mut dialog = dialog(record_routes);
        let cseq = dialog.next_cseq();
        let mut out = Vec::new();
        dialog.start(&mut out, (Method::Bye, cseq), b"V").finish(b"");
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_request_goes_the_way_that_was_recorded() {
        let end = "Max-Forwards: 70\r\nFrom: sip:echo@h;tag=et\r\nTo: A <sip:a@h>;tag=at\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\
            Content-Length: 0\r\n\r\n";
        assert_eq!(bye(""), format!("BYE sip:a@192.0.2.1:5070 SIP/2.0\r\nVia: V\r\n{end}"));
        assert_eq!(
            bye("Record-Route: <sip:p1;lr>, <sip:p2>\r\n"),
            format!("BYE sip:a@192.0.2.1:5070 SIP/2.0\r\nVia: V\r\nRoute: <sip:p1;lr>\r\nRoute: <sip:p2>\r\n{end}")
        );
        assert_eq!(
            bye("Record-Route: <sip:p2>\r\nRecord-Route: <sip:p1;lr>\r\n"),
            format!("BYE sip:p2 SIP/2.0\r\nVia: V\r\nRoute: <sip:p1;lr>\r\nRoute: <sip:a@192.0.2.1:5070>\r\n{end}")
        );
    }

    #[test]
    fn the_peers_sequence_only_rises() {
        let mut dialog = dialog("");
        let standings = [7, 6, 9, 9, 8, 10].map(|number| dialog.advance(number));
        use Sequence::{Next, Old, Same};
        assert_eq!(standings, [Same, Old, Next, Same, Old, Next]);
    }

    #[test]
    fn a_response_makes_the_same_dialog_from_the_other_side() {
        let request = invite("");
        let response = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: A <sip:a@h>;tag=at\r\n\
            To: sip:echo@h;tag=et\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\nRecord-Route: <sip:p2;lr>, <sip:p1;lr>\r\n\
            Contact: <sip:echo@i>\r\n\r\n";
        let (mut spans, mut other_spans) = (HeaderSpans::new(), HeaderSpans::new());
        let Ok(Message::Request(request)) = parse(request.as_bytes(), &mut spans) else { panic!("a request") };
        let Ok(Message::Response(response)) = parse(response.as_bytes(), &mut other_spans) else {
            panic!("a response")
        };
        let mut dialog = Dialog::of_response(&request, &response).expect("a Contact and a tag");
        assert!(dialog.has_tags(b"c", b"at", b"et") && !dialog.has_tags(b"c", b"et", b"at"));
        let cseq = dialog.next_cseq();
        let mut out = Vec::new();
        dialog.start(&mut out, (Method::Bye, cseq), b"V").finish(b"");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "BYE sip:echo@i SIP/2.0\r\nVia: V\r\nRoute: <sip:p1;lr>\r\nRoute: <sip:p2;lr>\r\nMax-Forwards: 70\r\n\
             From: A <sip:a@h>;tag=at\r\nTo: sip:echo@h;tag=et\r\nCall-ID: c\r\nCSeq: 8 BYE\r\nContent-Length: 0\r\n\r\n"
        );
    }
}
