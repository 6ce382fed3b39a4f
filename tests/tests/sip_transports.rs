//! SIP over every transport: the same phone, the same answers; TLS and WebSocket as their specifications have them.

use acceptance::bounded::{run, wait_for};
use acceptance::sip::message::options;
use acceptance::sip::{HandmadePhone, RawSip, Transport};
use acceptance::tls::Authority;
use acceptance::{Account, RawHttp, Server, binary};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);
const USERNAME: &str = "everywhere";
const PASSWORD: &str = "correct horse battery";

fn phone(server: &Server, account: &Account, transport: Transport) -> HandmadePhone {
    HandmadePhone::new(transport, server.sip(transport), &account.sip_domain, USERNAME, PASSWORD)
}

/// An account with the credential of these phones.
fn account(server: &Server) -> Account {
    let account = server.account("everywhere");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    account
}

#[test]
fn a_phone_registers_over_every_transport() {
    let server = Server::start_on_every_transport(&["--metrics-listen", "127.0.0.1:0"]);
    let account = account(&server);
    for transport in Transport::EVERY {
        let mut phone = phone(&server, &account, transport);
        let registered = phone.register(600);
        assert_eq!(registered.status, 200, "{transport:?}: {}", registered.text);
        let via = registered.header("via").expect("a Via");
        assert!(via.starts_with(&format!("SIP/2.0/{} ", transport.name().to_uppercase())), "{via}");
        assert_eq!(phone.reuse("").status, 200, "{transport:?}: again, with the nonce it has");
        let contacts = phone.query().contacts();
        let own = format!(";transport={}>", transport.name());
        assert!(contacts.iter().any(|contact| contact.contains(&own)), "{transport:?}: {contacts:?}");
        let right = std::mem::replace(&mut phone.credentials.password, "something else".into());
        assert_eq!(phone.register(600).status, 401, "{transport:?}");
        phone.credentials.password = right;
        assert_eq!(phone.register(0).status, 200, "{transport:?}");
        let after = phone.query().contacts();
        assert!(!after.iter().any(|contact| contact.contains(&own)), "{transport:?}: {after:?}");
    }
    let metrics = server.scrape();
    for transport in Transport::EVERY {
        assert!(
            metrics.value("sipwarden_sip_requests_total", &[("method", "REGISTER"), ("transport", transport.name())])
                >= 9.0
        );
    }
    for transport in Transport::EVERY.into_iter().skip(1) {
        let opened = metrics.value("sipwarden_sip_connections_opened_total", &[("transport", transport.name())]);
        assert!((opened - 1.0).abs() < f64::EPSILON, "{transport:?}: {opened}");
    }
}

#[test]
fn phones_are_told_of_every_transport() {
    for (public, host) in [(None, "127.0.0.1"), (Some("sip.example.com"), "sip.example.com")] {
        let extra = public.map_or_else(Vec::new, |public| vec!["--public-address", public]);
        let server = Server::start_on_every_transport(&extra);
        let account = server.account("settings");
        let api = server.api(&account);
        let settings = api.send("GET", &api.path("phone-settings"), b"").json();
        let place = |transport: Transport| {
            let port = server.sip(transport).port();
            let mut place = json!({ "transport": transport.name(), "host": host, "port": port });
            if matches!(transport, Transport::Ws | Transport::Wss) {
                place["url"] = format!("{}://{host}:{port}/", transport.name()).into();
            }
            place
        };
        assert_eq!(settings["servers"], Value::from(Transport::EVERY.map(place).to_vec()));
    }
}

#[test]
fn two_of_everything_on_ipv6_and_ipv4() {
    let each = Transport::EVERY.map(|transport| format!("{}:[::1]:0", transport.name()));
    let extra: Vec<_> = each.iter().flat_map(|place| ["--sip-listen", place]).collect();
    let server = Server::start_on_every_transport(&extra);
    let account = account(&server);
    for transport in Transport::EVERY {
        let places: Vec<_> = server.sip_all(transport).collect();
        assert!(matches!(places[..], [SocketAddr::V4(_), SocketAddr::V6(_)]), "{places:?}");
        for place in places {
            let mut phone = HandmadePhone::new(transport, place, &account.sip_domain, USERNAME, PASSWORD);
            let registered = phone.register(600);
            assert_eq!(registered.status, 200, "{transport:?} to {place}: {}", registered.text);
        }
    }
}

#[test]
fn a_certificate_is_replaced_while_phones_stay_connected() {
    let server = Server::start_on_every_transport(&[]);
    let account = account(&server);
    let mut phones = [Transport::Tls, Transport::Wss].map(|transport| phone(&server, &account, transport));
    for phone in &mut phones {
        assert_eq!(phone.register(600).status, 200);
    }
    let shown = || Authority::shared().connect(server.sip(Transport::Tls)).certificate();
    let first = shown();
    let _files = Authority::shared().certify(server.scratch());
    wait_for("the renewed certificate", LIMIT, || (shown() != first).then_some(()));
    for phone in &mut phones {
        assert_eq!(phone.reuse("").status, 200, "the connection is the same");
    }
}

#[test]
fn clients_may_have_to_show_a_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let (clients, strangers) = (Authority::new(folder.path()), Authority::shared());
    let file = clients.file().display().to_string();
    for rule in ["optional", "required"] {
        let server = Server::start_on_every_transport(&["--tls-client-ca", &file, "--tls-client-certificates", rule]);
        let account = account(&server);
        for transport in [Transport::Tls, Transport::Wss] {
            let place = server.sip(transport);
            let attempt = |own: Option<&Authority>| {
                let issued = own.map(Authority::issue);
                let peer = RawSip::with_certificate(transport, place, issued.as_ref());
                let mut peer = peer.ok()?;
                peer.try_exchange(&options(&account.sip_domain, &peer.via()))
            };
            assert!(attempt(Some(&clients)).is_some(), "{rule} {transport:?}");
            assert_eq!(attempt(None).is_some(), rule == "optional", "{rule} {transport:?}");
            assert!(attempt(Some(strangers)).is_none(), "{rule} {transport:?}");
        }
    }
}

#[test]
fn whoever_dawdles_costs_others_nothing() {
    let server = Server::start_on_every_transport(&[]);
    let account = account(&server);
    let begun = Instant::now();
    let mut silent = Vec::new();
    for transport in [Transport::Tls, Transport::Ws, Transport::Wss] {
        for said in [&b""[..], b"\x16\x03\x01", b"GET / HTTP/1.1\r\nHost:"] {
            for _ in 0..50 {
                let mut stream = TcpStream::connect(server.sip(transport)).expect("a server");
                stream.write_all(said).expect("room for a few octets");
                silent.push(stream);
            }
        }
    }
    for transport in Transport::EVERY {
        assert_eq!(phone(&server, &account, transport).register(600).status, 200, "{transport:?}");
    }
    assert!(begun.elapsed() < LIMIT / 6, "phones waited: {:?}", begun.elapsed());
    for mut stream in silent {
        stream.set_read_timeout(Some(LIMIT)).expect("a time limit");
        let mut said = Vec::new();
        // A reset is an end too.
        let _ = stream.read_to_end(&mut said);
        assert!(said.len() < 1_000, "{}", String::from_utf8_lossy(&said));
    }
    assert!(begun.elapsed() < LIMIT, "closed late, after {:?}", begun.elapsed());
}

/// PROXY TCP4 from 192.0.2.7:12345 to 203.0.113.1:5061, version 2.
const TOLD: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xcb\0\x71\x01\x30\x39\x13\xc5";

#[test]
fn a_balancer_tells_where_phones_are() {
    let server = Server::start_on_every_transport(&["--proxy-from", "127.0.0.1/32"]);
    let account = account(&server);
    for transport in Transport::EVERY.into_iter().skip(1) {
        let connect = |header: &[u8]| {
            let mut stream = TcpStream::connect(server.sip(transport)).expect("a server");
            stream.write_all(header).expect("a header");
            stream
        };
        let peer = RawSip::on(transport, connect(TOLD), None).expect("a handshake behind the header");
        let mut phone = HandmadePhone::on(peer, &account.sip_domain, USERNAME, PASSWORD);
        let registered = phone.register(600);
        assert_eq!(registered.status, 200, "{transport:?}: {}", registered.text);
        let via = registered.header("via").expect("a Via");
        assert!(via.contains("received=192.0.2.7") && via.contains("rport=12345"), "{via}");
        let version_1 = connect(b"PROXY TCP4 192.0.2.7 203.0.113.1 12345 5061\r\n");
        version_1.set_read_timeout(Some(LIMIT)).expect("a time limit");
        assert!(matches!((&version_1).read(&mut [0]), Ok(0) | Err(_)), "{transport:?}");
    }
    wait_for("a word about version 1", LIMIT, || server.stderr().contains("send-proxy-v2").then_some(()));
}

#[test]
fn connections_have_their_limits() {
    let server = Server::start_on_every_transport(&[
        "--sip-max-connections",
        "6",
        "--sip-max-connections-per-source",
        "4",
        "--metrics-listen",
        "127.0.0.1:0",
    ]);
    let account = account(&server);
    let mut phones: Vec<_> = Transport::EVERY.map(|transport| phone(&server, &account, transport)).into();
    for phone in &mut phones {
        assert_eq!(phone.register(600).status, 200);
    }
    let mut fifth = TcpStream::connect(server.sip(Transport::Tcp)).expect("a listener");
    fifth.set_read_timeout(Some(LIMIT)).expect("a time limit");
    assert!(matches!(fifth.read(&mut [0]), Ok(0) | Err(_)));
    let refused = || server.scrape().value("sipwarden_sip_connections_refused_total", &[("transport", "tcp")]);
    wait_for("a refusal that is counted", LIMIT, || (refused() >= 1.0).then_some(()));
    for phone in &mut phones {
        assert_eq!(phone.reuse("").status, 200, "those that are there stay");
    }
}

#[test]
fn strangers_make_room_for_phones() {
    let server = Server::start_on_every_transport(&["--sip-max-connections", "6", "--metrics-listen", "127.0.0.1:0"]);
    let account = account(&server);
    let mut phones = [Transport::Tcp, Transport::Wss].map(|transport| phone(&server, &account, transport));
    for phone in &mut phones {
        assert_eq!(phone.register(600).status, 200);
    }
    let strangers: Vec<_> = (0..40)
        .map(|_| {
            let mut stranger = RawSip::connect(Transport::Ws, server.sip(Transport::Ws));
            let probe = options(&account.sip_domain, &stranger.via());
            assert!(stranger.try_exchange(&probe).is_some(), "they are served while there is room");
            stranger
        })
        .collect();
    let mut late = phone(&server, &account, Transport::Tls);
    assert_eq!(late.register(600).status, 200);
    for phone in phones.iter_mut().chain([&mut late]) {
        assert_eq!(phone.reuse("").status, 200, "phones keep their connections");
    }
    let displaced = server.scrape().value("sipwarden_sip_connections_displaced_total", &[("transport", "ws")]);
    assert!(displaced >= 36.0, "{displaced}");
    drop(strangers);
}

fn ask(place: SocketAddr, request: &str) -> (u16, String) {
    let mut connection = RawHttp::connect(place);
    connection.send(request.as_bytes());
    let answer = connection.read_answer(LIMIT).expect("an answer");
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

fn upgrade(more: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: sip.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

#[test]
fn whoever_asks_for_no_sip_on_a_websocket_is_told_what_to_do() {
    let server = Server::start_on_every_transport(&["--ws-origin", "https://phone.example.com"]);
    let place = server.sip(Transport::Ws);
    let sip = "Sec-WebSocket-Protocol: sip\r\n";
    for (request, status, said) in [
        ("GET / HTTP/1.1\r\nHost: sip.example.com\r\n\r\n".to_owned(), 426, "JsSIP"),
        (upgrade(""), 400, "Sec-WebSocket-Protocol: sip"),
        (upgrade(&format!("{sip}Origin: https://evil.example\r\n")), 403, "--ws-origin"),
        (upgrade(&format!("{sip}Origin: https://sip.example.com\r\n")), 403, "--ws-origin"),
    ] {
        let (answered, body) = ask(place, &request);
        assert!(answered == status && body.contains(said), "{answered} {body} to {request}");
    }
    for origin in ["", "Origin: https://phone.example.com\r\n"] {
        let mut stream = TcpStream::connect(place).expect("a server");
        stream.set_read_timeout(Some(LIMIT)).expect("a time limit");
        stream.write_all(upgrade(&format!("{sip}{origin}")).as_bytes()).expect("a request");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 101", "{origin}");
    }
}

#[test]
fn what_a_listener_lacks_is_said_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let [certificate, key] = Authority::shared().certify(folder.path());
    let identity = ["--tls-certificate", &certificate, "--tls-key", &key];
    let with = |more: &[&'static str]| -> Vec<String> {
        identity.iter().copied().chain(more.iter().copied()).map(str::to_owned).collect()
    };
    let tls = ["--sip-listen", "tls:127.0.0.1:0"];
    let without: Vec<String> = tls.map(str::to_owned).to_vec();
    for (options, mentions) in [
        (without.clone(), "--tls-certificate and --tls-key"),
        (vec!["--sip-listen".into(), "wss:127.0.0.1:0".into()], "--tls-certificate and --tls-key"),
        (with(&[]), "--sip-listen tls:ADDR"),
        (with(&["--sip-listen", "tls:127.0.0.1:0", "--tls-client-certificates", "optional"]), "--tls-client-ca"),
        (with(&["--sip-listen", "tls:127.0.0.1:0", "--tls-client-ca", "/nowhere"]), "--tls-client-ca"),
        (vec!["--sip-listen".into(), "sips:127.0.0.1:0".into()], "tls:ADDRESS:PORT"),
    ] {
        let mut command = binary::command();
        command.arg("serve").arg("--data-dir").arg(folder.path().join("data"));
        let refused = run(command.args(["--http-listen", "127.0.0.1:0"]).args(&options), LIMIT);
        assert_eq!((refused.code(), refused.stderr.lines().count()), (Some(1), 1), "{options:?}: {refused:?}");
        assert!(refused.stderr.contains(mentions), "{options:?}: {refused:?}");
    }
    assert!(!folder.path().join("data").exists(), "something was left behind");
}
