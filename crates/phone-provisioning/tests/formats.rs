//! Every format against its fixture, and against a parser of its kind that we did not write for it: whatever stands in a
//! value, there is no setting more and none else.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use domain::{MacAddress, PhoneFormat, Timestamp};
use phone_provisioning::{Part, PhoneServer, PhoneSettings, PhoneTransport, configuration};
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use std::path::PathBuf;

const HOSTILE: &str = "\"/>&lt;x]]> ' <P2>admin</P2>\r\naccount.1.password = x\n[Account2]\n#<!--\u{2028}\0";

fn settings<'s>(label: &'s str, transport: PhoneTransport) -> PhoneSettings<'s> {
    PhoneSettings {
        username: "office_phone_01",
        password: "mVbs9tGhqRk4LWnYx2Ff",
        domain: "ma-xxxxxxxx.sip.example.com",
        realm: "MA_XXXXXXXX.sip.example.com",
        label,
        server: PhoneServer { host: "sip.example.com", port: 5061, transport },
        mac: MacAddress::parse("805ec012abcd").ok(),
        changed_at: Timestamp::from_seconds(1_778_562_711),
    }
}

fn written(format: PhoneFormat, settings: &PhoneSettings<'_>, part: Part) -> String {
    configuration(format, settings, part).text.to_string()
}

fn fixture(format: PhoneFormat, part: Part) -> PathBuf {
    let part = if part == Part::Line { "-reg" } else { "" };
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/provisioning"));
    folder.join(format!("{}{part}.txt", format.as_str()))
}

fn all() -> impl Iterator<Item = (PhoneFormat, Part)> {
    PhoneFormat::ALL.into_iter().map(|format| (format, Part::Main)).chain([(PhoneFormat::Polycom, Part::Line)])
}

#[test]
fn they_are_as_their_fixtures() {
    for (format, part) in all() {
        let file = fixture(format, part);
        let text = written(format, &settings("Reception", PhoneTransport::Tls), part);
        if std::env::var_os("SIPWARDEN_WRITE_FIXTURES").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(text, kept, "{}", format.as_str());
    }
}

/// Elements, attributes and texts in their order: `name`, `name=value`, or a value alone.
fn xml_parts(text: &str) -> Vec<String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let (mut parts, mut value) = (Vec::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => {
                value.clear();
                parts.push(tag.name().0.to_owned());
                for attribute in tag.attributes() {
                    let attribute = attribute.unwrap();
                    let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap();
                    parts.push(format!("{}={value}", attribute.key.0));
                }
            }
            Event::Text(text) => value.push_str(&text),
            Event::GeneralRef(reference) => {
                value.push_str(&quick_xml::escape::unescape(&format!("&{};", &*reference)).unwrap());
            }
            Event::End(_) => {
                if !value.trim().is_empty() {
                    parts.push(std::mem::take(&mut value));
                }
                value.clear();
            }
            Event::Eof => return parts,
            Event::Decl(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Sections and settings of a file of lines.
fn line_parts(text: &str) -> Vec<String> {
    let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}', '\0', '\u{b}', '\u{c}']);
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn parts(format: PhoneFormat, text: &str) -> Vec<String> {
    match format {
        PhoneFormat::Microsip | PhoneFormat::Yealink | PhoneFormat::Fanvil => line_parts(text),
        _ => xml_parts(text),
    }
}

#[test]
fn no_label_becomes_another_setting() {
    for (format, part) in all() {
        let tame = parts(format, &written(format, &settings("Reception", PhoneTransport::Udp), part));
        let hostile = written(format, &settings(HOSTILE, PhoneTransport::Udp), part);
        let hostile = parts(format, &hostile);
        assert_eq!(tame.len(), hostile.len(), "{}: {hostile:#?}", format.as_str());
        let mut differing = 0;
        for (tame, hostile) in tame.iter().zip(&hostile) {
            if tame != hostile {
                differing += 1;
                let (before, _) = tame.split_once("Reception").unwrap_or_else(|| panic!("{tame} became {hostile}"));
                assert!(hostile.starts_with(before), "{tame} became {hostile}");
                assert!(hostile.contains("\"/>&lt;x]]> ' <P2>admin</P2>"), "the label came through: {hostile}");
            }
        }
        let expected = tame.iter().filter(|part| part.contains("Reception")).count();
        assert_eq!(differing, expected, "{}", format.as_str());
    }
}

#[test]
fn every_configuration_says_who_and_where() {
    for (format, part) in all().filter(|it| *it != (PhoneFormat::Polycom, Part::Main)) {
        for host in ["192.0.2.7", "2001:db8::7"] {
            let mut settings = settings("Reception", PhoneTransport::Tcp);
            settings.server.host = host;
            let parts = parts(format, &written(format, &settings, part));
            for needed in ["office_phone_01", "mVbs9tGhqRk4LWnYx2Ff", "ma-xxxxxxxx.sip.example.com", host, "5061"] {
                assert!(parts.iter().any(|part| part.contains(needed)), "{} {needed}: {parts:#?}", format.as_str());
            }
        }
    }
    let shown = format!("{:?}", configuration(PhoneFormat::Snom, &settings("x", PhoneTransport::Tcp), Part::Main));
    assert!(!shown.contains("mVbs9"), "{shown}");
}

/// Fanvil phones take only what is newer than what they have, under a header of 64 octets with its line end.
#[test]
fn a_fanvil_phone_is_told_that_something_changed() {
    let header = |seconds| {
        let mut settings = settings("Reception", PhoneTransport::Udp);
        settings.changed_at = Timestamp::from_seconds(seconds);
        let text = written(PhoneFormat::Fanvil, &settings, Part::Main);
        text.split_once("\r\n").unwrap().0.to_owned()
    };
    let (before, after) = (header(999_999_999), header(1_778_562_711));
    assert!(before < after, "{before} {after}");
    assert_eq!(before.trim_end(), "<<VOIP CONFIG FILE>>Version:2.0999999999");
    assert_eq!((before.len(), after.len()), (62, 62));
}
