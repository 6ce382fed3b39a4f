//! Every recipe with every combination of what a trunk may be.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use trunk_recipes::{Facts, Place, Product, Srtp, Transport, recipe};

fn facts(transport: Transport, numbers: &[&str], srtp: Srtp) -> Facts {
    let port = if transport == Transport::Tls { 5061 } else { 5070 };
    Facts {
        name: "Voice \"agents\" & {{password}}\n".into(),
        domain: "1a2b3c4d.sip.example.com".into(),
        realm: "MA_1.sip.example.com".into(),
        place: Place { transport, host: "192.0.2.1".into(), port },
        username: Some("agent_01".into()),
        upstream_username: Some("to;them".into()),
        numbers: numbers.iter().map(|&number| number.to_owned()).collect(),
        srtp,
    }
}

/// Every recipe, filled in, with what it was filled in from.
fn every(mut judge: impl FnMut(Product, &Facts, &str)) {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        for numbers in [&[][..], &["+4930123456"], &["+4930123456", "+4930123457"]] {
            for srtp in [Srtp::Allowed, Srtp::Required] {
                let facts = facts(transport, numbers, srtp);
                for product in Product::ALL {
                    judge(product, &facts, &recipe(product, &facts).unwrap());
                }
            }
        }
    }
}

#[test]
fn nothing_is_left_over() {
    every(|product, facts, rendered| {
        // The trunk's own name has braces in it, which are no placeholder.
        let rendered = rendered.replace("{{password}}", "");
        assert!(!rendered.contains("{{") && !rendered.contains("}}"), "{product:?} {facts:?}: {rendered}");
        for number in &facts.numbers {
            let is_named = product == Product::Pipecat || rendered.contains(number.as_str());
            assert!(is_named, "{product:?} {number}: {rendered}");
        }
    });
}

#[test]
fn json_has_the_fields_of_each_product() {
    every(|product, facts, rendered| {
        if !product.is_json() {
            return;
        }
        let json: Value = serde_json::from_str(rendered).unwrap_or_else(|error| panic!("{error}: {rendered}"));
        let (address, transport) = match facts.place.transport {
            Transport::Udp => ("1a2b3c4d.sip.example.com:5070", "UDP"),
            Transport::Tcp => ("1a2b3c4d.sip.example.com:5070", "TCP"),
            Transport::Tls => ("1a2b3c4d.sip.example.com", "TLS"),
        };
        let at = |pointer: &str| json.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}: {rendered}")).clone();
        match product {
            Product::Livekit => {
                let trunk = at("/CreateSIPOutboundTrunk/trunk");
                assert_eq!((&trunk["address"], &trunk["name"]), (&json!(address), &json!(facts.name)));
                assert_eq!(trunk["transport"], format!("SIP_TRANSPORT_{transport}"));
                let any = if facts.numbers.is_empty() { json!(["*"]) } else { json!(facts.numbers) };
                assert_eq!((&trunk["numbers"], &trunk["auth_username"]), (&any, &json!("agent_01")));
                assert_eq!(at("/CreateSIPInboundTrunk/trunk/numbers"), json!(facts.numbers));
                assert_eq!(at("/CreateSIPInboundTrunk/trunk/auth_username"), "to;them");
            }
            Product::Vapi => {
                let credential = at("/POST https:~1~1api.vapi.ai~1credential");
                assert_eq!(credential["gateways"][0]["ip"], "1a2b3c4d.sip.example.com");
                assert_eq!(credential["gateways"][1]["ip"], "192.0.2.1");
                assert_eq!(credential["gateways"][0]["port"], facts.place.port);
                let srtp = facts.srtp == Srtp::Required && facts.place.transport == Transport::Tls;
                let protocol = if srtp { "tls/srtp".to_owned() } else { transport.to_lowercase() };
                assert_eq!(credential["gateways"][0]["outboundProtocol"], protocol);
                assert_eq!(credential["outboundAuthenticationPlan"]["authUsername"], "agent_01");
                let numbers = at("/POST https:~1~1api.vapi.ai~1phone-number");
                assert_eq!(numbers.as_array().map(Vec::len), Some(facts.numbers.len().max(1)));
            }
            Product::Elevenlabs => {
                let numbers = at("/POST https:~1~1api.elevenlabs.io~1v1~1convai~1phone-numbers");
                assert_eq!(numbers.as_array().map(Vec::len), Some(facts.numbers.len().max(1)));
                let outbound = &numbers[0]["outbound_trunk_config"];
                assert_eq!((&outbound["address"], &numbers[0]["provider"]), (&json!(address), &json!("sip_trunk")));
                assert_eq!(outbound["transport"], transport.to_lowercase());
                assert_eq!(outbound["credentials"]["username"], "agent_01");
            }
            Product::Pipecat => {
                let (port, transport) = (facts.place.port, transport.to_lowercase());
                let uri = format!("sip:<number>@1a2b3c4d.sip.example.com:{port};transport={transport}");
                assert_eq!(at("/startDialOut/sipUri"), uri);
                let credential = at("/POST https:~1~1api.daily.co~1v1~1sip-trunk/trunk_config/credential");
                assert_eq!(credential["username"], "to;them");
            }
            Product::Asterisk | Product::Freeswitch => panic!("{product:?} is no JSON"),
        }
    });
}

#[test]
fn asterisk_has_its_sections_and_keys() {
    every(|product, facts, rendered| {
        if product != Product::Asterisk {
            return;
        }
        let lines: Vec<&str> = rendered.lines().filter(|line| !line.starts_with(';') && !line.is_empty()).collect();
        for line in &lines {
            let is_section = line.starts_with('[') && line.ends_with(']');
            assert!(
                is_section || line.split_once('=').is_some_and(|(key, value)| !key.is_empty() && !value.is_empty())
            );
        }
        let has = |line: &str| lines.contains(&line);
        for kind in ["transport", "registration", "auth", "aor", "endpoint"] {
            assert_eq!(lines.iter().filter(|line| **line == format!("type={kind}")).count(), 1, "{kind}");
        }
        let (port, protocol) = match facts.place.transport {
            Transport::Udp => (5070, "udp"),
            Transport::Tcp => (5070, "tcp"),
            Transport::Tls => (5061, "tls"),
        };
        assert!(has(&format!("outbound_proxy=sip:192.0.2.1:{port}\\;transport={protocol}\\;lr")), "{rendered}");
        assert!(has(&format!("protocol={protocol}")) && has("username=agent_01"), "{rendered}");
        assert!(has("client_uri=sip:agent_01@1a2b3c4d.sip.example.com"), "{rendered}");
        assert_eq!(has("verify_server=yes"), protocol == "tls");
        assert_eq!(has("media_encryption=sdes"), facts.srtp == Srtp::Required);
    });
}

#[test]
fn freeswitch_is_well_formed() {
    every(|product, facts, rendered| {
        if product != Product::Freeswitch {
            return;
        }
        let parameters = parameters_of(rendered);
        let value = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(value("username"), Some("agent_01"));
        assert_eq!(value("proxy"), Some("1a2b3c4d.sip.example.com"));
        assert_eq!(value("register-proxy"), Some(format!("192.0.2.1:{}", facts.place.port).as_str()));
        assert_eq!(
            value("rtp_secure_media"),
            Some(if facts.srtp == Srtp::Required { "mandatory" } else { "optional" })
        );
        assert!(value("password").is_some_and(|value| value.starts_with("&lt;")));
    });
}

/// Names and values of the elements, once every element has been seen to begin and end where it should.
fn parameters_of(xml: &str) -> Vec<(String, String)> {
    let (mut open, mut parameters, mut rest) = (Vec::new(), Vec::new(), xml);
    while let Some((text, after)) = rest.split_once('<') {
        assert!(text.trim().is_empty(), "text between elements: {text:?}");
        if let Some(comment) = after.strip_prefix("!--") {
            let (comment, after) = comment.split_once("-->").expect("the end of a comment");
            assert!(!comment.contains("--"), "{comment}");
            rest = after;
            continue;
        }
        let (tag, after) = after.split_once('>').expect("the end of a tag");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{xml}");
            continue;
        }
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let quoted: Vec<&str> = attributes.split('"').collect();
        assert_eq!(quoted.len() % 2, 1, "a quote that does not end: {tag}");
        let attribute =
            |name: &str| quoted.chunks(2).find(|pair| pair[0].trim() == format!("{name}=")).map(|pair| pair[1]);
        if let (Some(name), Some(value)) = (attribute("name"), attribute("value")) {
            parameters.push((name.to_owned(), value.to_owned()));
        }
        if !is_empty {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest:?}");
    parameters
}

#[test]
fn what_would_begin_a_line_of_its_own_is_refused() {
    let mut facts = facts(Transport::Udp, &[], Srtp::Allowed);
    facts.username = Some("a\npassword=b".into());
    for product in [Product::Asterisk, Product::Freeswitch] {
        assert!(recipe(product, &facts).is_err(), "{product:?}");
    }
}

#[test]
fn who_authenticates_needs_a_credential() {
    let facts = Facts { username: None, ..facts(Transport::Udp, &[], Srtp::Allowed) };
    for product in Product::ALL {
        assert_eq!(recipe(product, &facts).is_ok(), product == Product::Pipecat, "{product:?}");
        assert_eq!(Product::from_name(product.as_str()), Some(product));
    }
}
