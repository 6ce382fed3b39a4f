//! Generated requests, and the octets the request writer makes of them.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use sip_message::write::RequestWriter;
use sip_message::{HeaderName, Method};

/// What one request is made of.
#[derive(Clone, Debug)]
pub struct Sample {
    pub method: String,
    pub uri: String,
    pub via: Via,
    pub more_vias: Vec<String>,
    pub from: Address,
    pub to: Address,
    pub call_id: String,
    pub cseq: u32,
    pub max_forwards: u8,
    pub contacts: Vec<Address>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Via {
    pub transport: String,
    pub host: String,
    pub port: Option<u16>,
    pub branch: String,
    pub rport: bool,
}

#[derive(Clone, Debug)]
pub struct Address {
    pub display: Option<String>,
    pub uri: String,
    pub params: Vec<(String, Option<String>)>,
}

impl Via {
    pub fn write(&self) -> String {
        let port = self.port.map_or_else(String::new, |port| format!(":{port}"));
        let rport = if self.rport { ";rport" } else { "" };
        format!("SIP/2.0/{} {}{port}{rport};branch={}", self.transport, self.host, self.branch)
    }
}

impl Address {
    pub fn write(&self) -> String {
        let display = self.display.as_ref().map_or_else(String::new, |name| format!("\"{name}\" "));
        let params = self.params.iter().map(|(name, value)| match value {
            Some(value) => format!(";{name}={value}"),
            None => format!(";{name}"),
        });
        format!("{display}<{}>{}", self.uri, params.collect::<String>())
    }
}

fn uri() -> impl Strategy<Value = String> {
    let user = "([a-zA-Z0-9_+.!~*'()&=$,;?/-]|%[0-9A-F]{2}){1,12}@";
    let host = prop_oneof!["[a-z0-9]{1,8}(\\.[a-z0-9]{1,8}){0,3}", Just("[2001:db8::1]".to_owned())];
    let rest = "(:[1-9][0-9]{1,3})?(;[a-z]{1,6}(=[a-z0-9.:%2B]{1,5}[a-z])?){0,3}(\\?[a-z]{1,5}=[a-z]{0,4})?";
    (prop_oneof![Just("sip"), Just("sips")], prop::option::of(user), host, rest).prop_filter_map(
        "whole escapes only",
        |(scheme, user, host, rest)| {
            let uri = format!("{scheme}:{}{host}{rest}", user.unwrap_or_default());
            sip_message::Uri::parse(uri.as_bytes()).is_ok().then_some(uri)
        },
    )
}

/// A Request-URI has no headers.
fn without_headers(mut uri: String) -> String {
    let headers = sip_message::Uri::parse(uri.as_bytes()).map_or(0, |uri| uri.headers.len());
    uri.truncate(uri.len() - headers - usize::from(headers > 0));
    uri
}

/// Failures are kept beside the tests.
pub fn config() -> ProptestConfig {
    let failure_persistence = FileFailurePersistence::WithSource("regressions");
    ProptestConfig { failure_persistence: Some(Box::new(failure_persistence)), ..ProptestConfig::default() }
}

fn address() -> impl Strategy<Value = Address> {
    let display = prop::option::of("([^\\x00-\\x1f\\x7f\"\\\\]|\\\\\"|\\\\\\\\){0,12}");
    let value = prop_oneof!["[a-zA-Z0-9.!%*_+`'~-]{1,10}", "\"([^\\x00-\\x1f\\x7f\"\\\\]|\\\\\"){0,10}\""];
    let params = prop::collection::vec(("x[a-z0-9-]{1,8}", prop::option::of(value)), 0..4);
    (display, uri(), params).prop_map(|(display, uri, params)| Address { display, uri, params })
}

fn via() -> impl Strategy<Value = Via> {
    let host = prop_oneof!["[a-z0-9]{1,8}(\\.[a-z]{1,4}){0,2}", Just("[::1]".to_owned()), Just("192.0.2.7".to_owned())];
    ("[A-Z]{2,4}", host, prop::option::of(1u16..), "z9hG4bK[a-zA-Z0-9.%-]{1,20}", any::<bool>())
        .prop_map(|(transport, host, port, branch, rport)| Via { transport, host, port, branch, rport })
}

pub fn sample() -> impl Strategy<Value = Sample> {
    let start = ("[A-Z]{1,8}", uri().prop_map(without_headers), via());
    let more = prop::collection::vec(via().prop_map(|via| via.write()), 0..4);
    let counts = (0u32..=0x7fff_ffff, any::<u8>(), "[a-zA-Z0-9@.-]{1,30}");
    let contacts = prop::collection::vec(address(), 0..4);
    let body = prop::collection::vec(any::<u8>(), 0..60);
    (start, more, address(), address(), counts, contacts, body).prop_map(
        |((method, uri, via), more_vias, from, to, (cseq, max_forwards, call_id), contacts, body)| Sample {
            method,
            uri,
            via,
            more_vias,
            from,
            to,
            call_id,
            cseq,
            max_forwards,
            contacts,
            body,
        },
    )
}

pub fn write_request(sample: &Sample) -> Vec<u8> {
    let mut out = Vec::new();
    let contacts: Vec<_> = sample.contacts.iter().map(Address::write).collect();
    let mut writer =
        RequestWriter::start(&mut out, Method::from_octets(sample.method.as_bytes()), sample.uri.as_bytes())
            .header(HeaderName::Via, sample.via.write().as_bytes());
    if !sample.more_vias.is_empty() {
        writer = writer.header("v", sample.more_vias.join(" ,\r\n ").as_bytes());
    }
    if !contacts.is_empty() {
        writer = writer.header(HeaderName::Contact, contacts.join(", ").as_bytes());
    }
    writer
        .header(HeaderName::From, sample.from.write().as_bytes())
        .header(HeaderName::To, sample.to.write().as_bytes())
        .header(HeaderName::CallId, sample.call_id.as_bytes())
        .header_parts(HeaderName::CSeq, &[sample.cseq.to_string().as_bytes(), b" ", sample.method.as_bytes()])
        .header_u32(HeaderName::MaxForwards, u32::from(sample.max_forwards))
        .finish(&sample.body);
    out
}
