//! Values from requests and API texts never become a header, a log line, or anything else than a value.

use acceptance::sip::digest::{Credentials, Subject};
use acceptance::sip::{HandmadePhone, RawSip, Response, Transport};
use acceptance::{Account, Server};
use serde_json::{Value, json};

const USERNAME: &str = "plain_phone";
const PASSWORD: &str = "Correct!Horse7";
/// What must never begin a line of ours.
const MARK: &str = "X-Injected";
/// Texts that end a value, a line, a string or a terminal's patience in one syntax or another. All carry the mark.
const TEXTS: &[&str] = &[
    "a%0d%0aX-Injected: 1",
    "a\\\r\n X-Injected: 1",
    "a\u{2028}X-Injected: 1",
    "a\u{85}X-Injected: 1",
    "a\u{1b}[2J\u{1b}[1;1HX-Injected: 1",
    "a\", X-Injected=\"1",
    "a\",\"level\":\"ERROR\",\"X-Injected\":\"1",
    "=cmd|' /C X-Injected'!A0",
    "<X-Injected>;tag=1",
    "a\rX-Injected: 1",
    "a\nX-Injected: 1",
    "a\r\nX-Injected: 1",
    "a\0X-Injected: 1",
];
/// All headers that an answer to REGISTER may have.
const KNOWN: &[&str] = &[
    "via",
    "from",
    "to",
    "call-id",
    "cseq",
    "www-authenticate",
    "authentication-info",
    "contact",
    "date",
    "content-length",
    "path",
    "retry-after",
    "min-expires",
    "unsupported",
    "supported",
    "allow",
    "server",
    "require",
    "service-route",
];

/// Every place of a REGISTER that an answer, an event or a log line may repeat; `TEXT` stands for the text.
const PLACES: &[&str] = &[
    "From: \"TEXT\" <sip:plain_phone@DOMAIN>;tag=f",
    "From: <sip:TEXT@DOMAIN>;tag=f",
    "From: <sip:plain_phone@DOMAIN>;tag=TEXT",
    "To: \"TEXT\" <sip:plain_phone@DOMAIN>",
    "Call-ID: TEXT",
    "User-Agent: TEXT",
    "Via: SIP/2.0/UDP host;branch=z9hG4bK1;x=TEXT",
    "Contact: \"TEXT\" <sip:plain_phone@192.0.2.1>",
    "Contact: <sip:TEXT@192.0.2.1>",
    "Contact: <sip:plain_phone@192.0.2.1>;+sip.instance=\"<TEXT>\"",
    "Require: TEXT",
    "Path: <sip:TEXT@192.0.2.1;lr>",
    "Authorization: Digest username=\"TEXT\", realm=\"R\", nonce=\"n\", uri=\"sip:x\", response=\"00\"",
    "Authorization: Digest username=\"u\", realm=\"TEXT\", nonce=\"TEXT\", uri=\"TEXT\", response=\"TEXT\", cnonce=\"TEXT\", nc=TEXT, qop=TEXT",
];

fn register(domain: &str, place: &str) -> String {
    let fields = [
        ("Via", "Via: SIP/2.0/UDP host;branch=z9hG4bK1;rport".to_owned()),
        ("From", format!("From: <sip:{USERNAME}@{domain}>;tag=f")),
        ("To", format!("To: <sip:{USERNAME}@{domain}>")),
        ("Call-ID", format!("Call-ID: {}", acceptance::sip::message::unique())),
    ];
    let name = place.split(':').next().expect("a name");
    let others = fields.iter().filter(|(field, _)| *field != name).map(|(_, line)| format!("{line}\r\n"));
    let others: String = others.collect();
    format!(
        "REGISTER sip:{domain} SIP/2.0\r\n{place}\r\n{others}CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
}

fn has_nothing_injected(response: &Response, sent: &str) {
    for (name, _) in &response.headers {
        assert!(KNOWN.contains(&name.as_str()), "{name} in the answer to {sent:?}: {}", response.text);
    }
}

fn server(log_format: &str) -> (Server, Account) {
    let server = Server::start_with(&["--log-format", log_format, "--log", "debug"]);
    let account = server.account("injected");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    (server, account)
}

/// Sends every text in every place, with right credentials too, and through the API; then everything that was logged.
fn log_of_everything(log_format: &str) -> String {
    let (mut server, account) = server(log_format);
    for text in TEXTS {
        for place in PLACES {
            // A stream is answered in order, so that what comes next answers this; one that is closed was refused.
            let mut peer = RawSip::connect(Transport::Tcp, server.sip(Transport::Tcp));
            let place = place.replace("DOMAIN", &account.sip_domain).replace("TEXT", text);
            let request = register(&account.sip_domain, &place);
            peer.send(request.as_bytes());
            peer.send(acceptance::sip::message::options(&account.sip_domain, &peer.via()).as_bytes());
            while let Some(response) = peer.receive(std::time::Duration::from_secs(5)) {
                has_nothing_injected_or_options(&response, &request);
                if response.header("cseq").is_some_and(|cseq| cseq.ends_with("OPTIONS")) {
                    break;
                }
            }
        }
        authenticated(&server, &account, text);
        through_the_api(&server, &account, text);
    }
    assert!(server.stop().is_some_and(|status| status.success()));
    server.stderr()
}

fn has_nothing_injected_or_options(response: &Response, sent: &str) {
    let names = response.headers.iter().map(|(name, _)| name.as_str());
    let unknown: Vec<_> = names.filter(|name| !KNOWN.contains(name) && *name != "proxy-authenticate").collect();
    assert!(unknown.is_empty(), "{unknown:?} in the answer to {sent:?}: {}", response.text);
}

/// What a phone that knows its password can have repeated: contact, instance, path, and the cnonce in
/// Authentication-Info.
fn authenticated(server: &Server, account: &Account, text: &str) {
    let mut phone =
        HandmadePhone::new(Transport::Tcp, server.sip(Transport::Tcp), &account.sip_domain, USERNAME, PASSWORD);
    let challenge = phone.challenge("");
    let uri = format!("sip:{}", account.sip_domain);
    let credentials = Credentials { username: USERNAME.to_owned(), password: PASSWORD.to_owned() };
    let answer = challenge.answer(&credentials, Subject { method: "REGISTER", uri: &uri, nonce_count: 1 });
    let headers = format!("Contact: <sip:x@192.0.2.1>;x=\"{text}\"\r\nAuthorization: {answer}\r\n");
    let request = phone.request(&headers);
    phone.peer.send(request.as_bytes());
    if let Some(response) = phone.peer.receive(std::time::Duration::from_secs(2)) {
        has_nothing_injected(&response, &request);
    }
}

fn through_the_api(server: &Server, account: &Account, text: &str) {
    let api = server.api(account);
    let id = api.send("GET", &api.path("trunks/credentials"), b"").expect(200)["objects"][0]["id"].clone();
    let path = api.path(&format!("credentials/{}", id.as_str().expect("an id")));
    let mut bodies = vec![(path.clone(), "PUT", json!({ "description": text }))];
    bodies.push((api.path("credentials"), "POST", json!({ "username": text, "password": PASSWORD })));
    bodies.push((api.path("credentials"), "POST", json!({ text: text })));
    bodies.push((api.path("tokens"), "POST", json!({ "label": text, "scope": "read_only" })));
    for (path, method, body) in bodies {
        let answer = api.send(method, &path, body.to_string().as_bytes());
        let _whole: Value = answer.json();
        assert!(answer.header(&MARK.to_ascii_lowercase()).is_none(), "{}", answer.shown());
    }
    let seen = api.send("GET", &path, b"");
    assert_eq!(seen.json().as_object().map(serde_json::Map::len), Some(8), "{}", seen.shown());
}

#[test]
fn text_logs_have_whole_lines_of_ours_only() {
    let log = log_of_everything("text");
    assert!(log.contains("wrong_password") || log.contains("unknown_user") || log.contains("malformed"), "{log}");
    for line in log.lines() {
        let begins_with_a_moment = line.len() > 20 && line.as_bytes()[4] == b'-' && line.as_bytes()[10] == b'T';
        assert!(begins_with_a_moment, "{line:?}");
        assert!(!line.chars().any(|character| character.is_control() && character != '\t'), "{line:?}");
    }
}

#[test]
fn json_logs_are_one_object_a_line() {
    let log = log_of_everything("json");
    for line in log.lines() {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert!(object["timestamp"].is_string() && object["level"].is_string(), "{line}");
        assert!(object.get(MARK).is_none() && object["fields"].get(MARK).is_none(), "{line}");
    }
}
