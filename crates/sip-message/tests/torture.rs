//! Every message of RFC 4475, held against `torture/expectations.txt`.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use sip_message::{Contact, Defect, HeaderName, HeaderSpans, Message, NameAddr, Rport, Scheme, Uri, Via};
use sip_message::{Headers, parse, uris_match};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/torture")
}

#[test]
fn every_message_becomes_what_the_table_says() {
    let table = std::fs::read_to_string(folder().join("expectations.txt")).unwrap();
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    let mut assertions = 0;
    for block in table.split("\n== ").skip(1) {
        let mut lines = block.lines().filter(|line| !line.is_empty());
        let file = lines.next().and_then(|head| head.split(' ').next()).unwrap();
        assert!(seen.insert(file.to_owned()), "{file} stands twice in the table");
        let octets = std::fs::read(folder().join(file)).unwrap();
        for line in lines {
            let (key, expected) = line.split_once(' ').unwrap_or((line, ""));
            let actual = value_of(&octets, key);
            assertions += 1;
            if actual != expected {
                failures.push(format!("{file}: {key} is {actual:?}, not {expected:?}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let messages: BTreeSet<_> = files.filter(|name| name.ends_with(".dat")).collect();
    assert_eq!(seen, messages, "the table and the folder name the same messages");
    assert!(assertions > 180, "the table shrank to {assertions} assertions");
}

/// What a key of the table stands for in that message, as the table writes it.
fn value_of(octets: &[u8], key: &str) -> String {
    let mut spans = HeaderSpans::new();
    let message = match parse(octets, &mut spans) {
        Ok(message) => message,
        Err(reason) => return format!("dropped: {reason}"),
    };
    let headers = match message {
        Message::Request(request) => request.headers(),
        Message::Response(response) => response.headers(),
    };
    if let Message::Request(request) = message {
        match key {
            "check" => return verdict(request.check().map(drop)),
            "method" => return text(request.method().as_bytes()),
            "uri" => return text(request.uri_octets()),
            "body.length" => return request.body().len().to_string(),
            _ => {}
        }
        if let Some(part) = key.strip_prefix("uri.") {
            return uri_part(&request.uri().unwrap(), part);
        }
    }
    if let Message::Response(response) = message {
        match key {
            "check" => return verdict(response.check()),
            "status" => return response.status().to_string(),
            "reason" => return text(response.reason()),
            "body.length" => return response.body().len().to_string(),
            _ => {}
        }
    }
    header_value(headers, key)
}

fn header_value(headers: Headers<'_>, key: &str) -> String {
    let (first, rest) = key.split_once('.').unwrap_or((key, ""));
    match (first, rest) {
        ("headers", "") => headers.iter().count().to_string(),
        ("header", name) => {
            let found = headers.iter().find(|header| text(header.name_octets) == name);
            optional(found.map(|header| header.value))
        }
        ("values", name) => headers.comma_values(HeaderName::from_octets(name.as_bytes())).count().to_string(),
        ("from", part) => address_part(headers.from_header(), part),
        ("to", part) => address_part(headers.to_header(), part),
        ("call-id", "length") => headers.call_id().unwrap().len().to_string(),
        ("call-id", _) => result(headers.call_id().map(text)),
        ("cseq", _) => result(headers.cseq().map(|cseq| format!("{} {}", cseq.number, text(cseq.method.as_bytes())))),
        ("max-forwards", _) => number(headers.max_forwards()),
        ("expires", _) => number(headers.expires()),
        ("retry-after", _) => number(headers.retry_after()),
        ("content-length", _) => number(headers.content_length()),
        ("vias", _) => headers.vias().map(Result::unwrap).count().to_string(),
        ("via", place) => via_part(headers, place),
        ("contacts", "differ") => {
            let uris: Vec<_> =
                headers.contacts().map(|contact| contact_address(contact).unwrap().uri().unwrap()).collect();
            if uris_match(&uris[0], &uris[1]) { "no".into() } else { "yes".into() }
        }
        ("contacts", _) => headers.contacts().count().to_string(),
        ("contact", place) => {
            let (index, part) = place.split_once('.').unwrap_or((place, ""));
            let contact = headers.contacts().nth(index.parse().unwrap()).unwrap();
            address_part(contact_address(contact), part)
        }
        ("credentials", _) => headers.digest_credentials(HeaderName::Authorization).count().to_string(),
        _ => panic!("the table has an unknown key {key}"),
    }
}

fn contact_address(contact: Result<Contact<'_>, Defect>) -> Result<NameAddr<'_>, Defect> {
    contact.map(|contact| match contact {
        Contact::Address(address) => address,
        Contact::Wildcard => panic!("no torture message has a wildcard"),
    })
}

fn address_part(address: Result<NameAddr<'_>, Defect>, part: &str) -> String {
    let address = match address {
        Ok(address) => address,
        Err(defect) => return format!("error {defect}"),
    };
    match part {
        "display" => optional(address.display_name),
        "display.length" => address.display_name.unwrap().len().to_string(),
        "uri" => text(address.uri_octets),
        "tag" => optional(address.tag()),
        "q" => number(address.q_thousandths()),
        "expires" => number(address.expires()),
        _ => match part.strip_prefix("param.") {
            Some(name) => {
                let found = address.params.iter().find(|param| text(param.name) == name);
                optional(found.map(|param| param.unquoted()))
            }
            None => uri_part(&address.uri().unwrap(), part),
        },
    }
}

fn uri_part(uri: &Uri<'_>, part: &str) -> String {
    match part {
        "scheme" => match uri.scheme {
            Scheme::Other(scheme) => text(scheme),
            known => format!("{known:?}"),
        },
        "user" => optional(uri.user),
        "user.decoded" => text(&uri.decoded_user().collect::<Vec<_>>()),
        "password" => optional(uri.password),
        "host" => text(uri.host),
        "port" => number(Ok(uri.port)),
        "headers" => text(uri.headers),
        _ => match part.strip_prefix("param.") {
            Some(name) => optional(uri.params.find(name)),
            None => panic!("the table has an unknown part {part}"),
        },
    }
}

fn via_part(headers: Headers<'_>, place: &str) -> String {
    let (index, part) = place.split_once('.').unwrap_or((place, ""));
    let via = match headers.vias().nth(index.parse().unwrap()).unwrap() {
        Ok(via) => via,
        Err(defect) => return format!("error {defect}"),
    };
    match part {
        "received" => optional(via.received),
        "branch.length" => via.branch.unwrap().len().to_string(),
        _ => via_summary(&via),
    }
}

fn via_summary(via: &Via<'_>) -> String {
    let mut summary = format!("{} {}", text(via.transport), text(via.host.octets));
    if let Some(port) = via.host.port {
        summary += &format!(":{port}");
    }
    if let Some(branch) = via.branch {
        summary += &format!(" branch={}", text(branch));
    }
    if via.rport == Rport::Requested {
        summary += " rport";
    }
    summary
}

fn verdict(check: Result<(), Defect>) -> String {
    match check {
        Ok(()) => "ok".into(),
        Err(defect) => format!("{} {defect}", defect.status()),
    }
}

fn result(value: Result<String, Defect>) -> String {
    value.unwrap_or_else(|defect| format!("error {defect}"))
}

fn number<N: ToString>(value: Result<Option<N>, Defect>) -> String {
    result(value.map(|value| value.map_or_else(|| "-".into(), |value| value.to_string())))
}

fn optional(value: Option<&[u8]>) -> String {
    value.map_or_else(|| "-".into(), text)
}

fn text(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}
