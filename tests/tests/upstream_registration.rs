//! Registering with carriers that want it: from the challenge to the last REGISTER, and the calls that come of it.

use acceptance::bounded::wait_for;
use acceptance::sip::dialog::{Draft, SDP};
use acceptance::sip::digest::{Subject, parameters};
use acceptance::sip::party::{Party, SipText};
use acceptance::sip::{Challenge, Credentials, Transport};
use acceptance::tls::Authority;
use acceptance::trunked::{NUMBER, PASSWORD, USERNAME, send};
use acceptance::{Server, Trunked, binary};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::time::{Duration, Instant};

const CARRIER_USER: &str = "trunk-4711";
const CARRIER_PASSWORD: &str = "as the carrier chose it";
const CHALLENGE: &str = "Digest realm=\"carrier\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256";
const METRICS: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];
/// What is changed is carried out within a second or so; more is for a busy machine.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);
/// Confirmed for that many seconds, a registration is renewed after 11 to 15: long enough for the calls in between, and
/// short enough to wait for.
const SHORT: u32 = 30;

/// A trunk whose next hop wants to be registered at.
struct Registering {
    trunked: Trunked,
    uri: String,
}

impl Registering {
    /// Its trunk uses that URI, and takes calls to its number to the phone.
    fn at(carrier_uri: &Value, extra: &[&str]) -> Self {
        let trunked = Trunked::start(&[&METRICS[..], extra].concat());
        let uri = trunked.uri(carrier_uri);
        trunked.attach(&json!({"origination_uris": [uri]}));
        send(
            &trunked.api,
            "PUT",
            &format!("numbers/{NUMBER}"),
            &json!({"target": "username", "target_username": USERNAME}),
        )
        .expect(200);
        Self { trunked, uri }
    }

    fn put_secret(&self, change: &Value) -> Value {
        let mut secret = json!({"username": CARRIER_USER, "password": CARRIER_PASSWORD, "register": true});
        for (name, value) in change.as_object().expect("an object") {
            secret[name] = value.clone();
        }
        send(&self.trunked.api, "PUT", &format!("origination-uris/{}/secret", self.uri), &secret).expect(200)
    }

    fn registration(&self) -> Value {
        let secret = send(&self.trunked.api, "GET", &format!("origination-uris/{}/secret", self.uri), &Value::Null);
        secret.expect(200)["registration"].clone()
    }

    /// The registration once it stands so.
    fn until(&self, state: &str) -> Value {
        wait_for(state, NOTICED_WITHIN, || {
            Some(self.registration()).filter(|registration| registration["state"] == state)
        })
    }

    /// What a command of the account's owner says.
    fn command(&self, arguments: &[&str]) -> String {
        let Trunked { server, account, .. } = &self.trunked;
        let mut command = binary::command();
        command
            .args(arguments)
            .env("SIPWARDEN_URL", format!("http://{}", server.http()))
            .env("SIPWARDEN_AUTH_ID", &account.auth_id)
            .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token);
        let output = command.output().expect("a binary that can be started");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    fn counted(&self, state: &str) -> f64 {
        self.trunked.server.scrape().value("sipwarden_upstream_registrations", &[("state", state)])
    }
}

/// The next REGISTER at a carrier.
fn register_at(carrier: &mut Party, limit: Duration) -> SipText {
    let register = carrier.try_take(limit, |message| message.method() == Some("REGISTER"));
    let register = register.expect("a REGISTER");
    carrier.server = register.source;
    register
}

fn challenge(carrier: &mut Party, register: &SipText) {
    carrier.answer(register, "401 Unauthorized", &format!("WWW-Authenticate: {CHALLENGE}\r\n"), "");
}

fn confirm(carrier: &mut Party, register: &SipText, seconds: u32) {
    carrier.answer(register, "200 OK", &format!("Contact: {};expires={seconds}\r\n", register.header("contact")), "");
}

/// Expects of a REGISTER that it proves the password, with the nonce used so often.
#[track_caller]
fn expect_proof(register: &SipText, nonce_count: u32) {
    let authorization = parameters(register.header("authorization"));
    let given = |name: &str| authorization.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let subject = Subject { method: "REGISTER", uri: register.uri(), nonce_count };
    let credentials = Credentials { username: CARRIER_USER.to_owned(), password: CARRIER_PASSWORD.to_owned() };
    let right = Challenge::parse(CHALLENGE).answer_with(&credentials, subject, given("cnonce"));
    assert!(right.ends_with(&format!("response=\"{}\"", given("response"))), "{register:#?}");
}

#[test]
fn a_carrier_is_registered_with_and_its_calls_reach_the_phone_until_the_server_stops() {
    let mut carrier = Party::udp(([127, 0, 0, 1], 9).into());
    let mut scene = Registering::at(&json!({"uri": format!("sip:{}", carrier.local())}), &[]);
    let here = scene.trunked.server.sip(Transport::Udp);
    let put = scene.put_secret(&json!({"expires_seconds": 600}));
    assert_eq!(put["registration"], Value::Null, "nothing is carried out yet");

    let first = register_at(&mut carrier, NOTICED_WITHIN);
    assert_eq!(first.uri(), format!("sip:{}", carrier.local()));
    assert_eq!((first.address("to"), first.address("from")), ("sip:trunk-4711@127.0.0.1", "sip:trunk-4711@127.0.0.1"));
    assert_eq!((first.header("expires"), first.has("authorization")), ("600", false));
    assert_eq!(first.header("via").matches("rport").count(), 1, "{first:#?}");
    let contact = first.address("contact").to_owned();
    let token = contact.strip_prefix("sip:trunk-4711-").and_then(|rest| rest.split('@').next()).expect("a token");
    assert!(token.len() == 16 && contact.contains(&format!("@{here};")), "{contact}");
    assert_eq!(scene.until("registering")["last_status"], Value::Null);

    challenge(&mut carrier, &first);
    let second = register_at(&mut carrier, NOTICED_WITHIN);
    expect_proof(&second, 1);
    assert_eq!((second.header("call-id"), second.address("contact")), (first.header("call-id"), contact.as_str()));
    carrier.answer(&second, "423 Interval Too Brief", "Min-Expires: 900\r\n", "");
    let third = register_at(&mut carrier, NOTICED_WITHIN);
    assert_eq!(third.header("expires"), "900");
    expect_proof(&third, 2);
    confirm(&mut carrier, &third, SHORT);
    let confirmed_at = Instant::now();
    let registered = scene.until("registered");
    assert_eq!((&registered["last_status"], &registered["last_reason"]), (&json!(200), &json!("OK")));
    assert!(registered["expires_at"].is_string() && registered["next_attempt_at"].is_string(), "{registered}");
    assert!((scene.counted("registered") - 1.0).abs() < 0.1 && scene.counted("failing") < 0.1);

    for command in [["trunk", "show", &scene.trunked.trunk], ["origination-uri", "show", &scene.uri]] {
        let shown = scene.command(&command);
        assert!(shown.contains("registered") && !shown.contains(CARRIER_PASSWORD), "{shown}");
    }

    calls_come_in(&scene.trunked, &mut carrier, &contact);
    nobody_else_gets_in(&scene.trunked, &mut carrier, &contact);

    let refreshed = register_at(&mut carrier, NOTICED_WITHIN);
    assert!(confirmed_at.elapsed() > Duration::from_secs(9), "{:?}", confirmed_at.elapsed());
    expect_proof(&refreshed, 3);
    assert_eq!(refreshed.address("contact"), contact);
    confirm(&mut carrier, &refreshed, SHORT);

    let removed = std::thread::scope(|scope| {
        let removing = scope.spawn(|| {
            let removed = carrier.take("a last REGISTER", |message| message.header("expires") == "0");
            confirm(&mut carrier, &removed, 0);
            removed
        });
        let begun = Instant::now();
        assert!(scene.trunked.server.stop().is_some_and(|status| status.success()));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        removing.join().expect("a carrier")
    });
    assert_eq!(removed.address("contact"), contact);
    expect_proof(&removed, 4);
}

/// Calls as carriers send them: to the contact, with the number in To, and from a host of their own.
fn calls_come_in(trunked: &Trunked, carrier: &mut Party, contact: &str) {
    let mut phone = trunked.phone(Transport::Udp);
    trunked.register(&mut phone, USERNAME);
    let draft = Draft::new("+33123", contact, "carrier.example").to(&format!("sip:{NUMBER}@carrier.example"));
    let outgoing = carrier.invite(&draft);
    let invite = phone.request("INVITE");
    assert!(invite.address("from").starts_with("sip:+33123@"), "{invite:#?}");
    let _callee = phone.accept_call(&invite, USERNAME, SDP);
    let mut caller = carrier.expect_answered(&outgoing);
    phone.request("ACK");
    let ask = carrier.ask_only(&mut caller, "BYE", "", "");
    phone.expect_bye();
    assert_eq!(carrier.answer_to(&caller, &ask).status(), Some(200));
    let expected = json!({"direction": "inbound", "trunk_id": trunked.trunk, "from": "+33123", "to": NUMBER});
    trunked.expect_record(outgoing.call_id(), &expected);
}

fn nobody_else_gets_in(trunked: &Trunked, carrier: &mut Party, contact: &str) {
    let sip = trunked.server.sip(Transport::Udp);
    let number = format!("sip:{NUMBER}@carrier.example");
    let draft = Draft::new("+33123", contact, "carrier.example").to(&number);
    // Who knows the contact but is elsewhere: another port, another address, another transport.
    let strangers =
        [Party::udp(sip), Party::udp_at([127, 0, 0, 9].into(), sip), Party::tcp(trunked.server.sip(Transport::Tcp))];
    for mut stranger in strangers {
        let outgoing = stranger.invite(&draft);
        stranger.expect_refusal(&outgoing, 407);
    }
    // Who writes the carrier's address and port into a datagram but does not know the contact.
    for uri in
        [format!("sip:{NUMBER}@{sip}"), format!("sip:trunk-4711@{sip}"), contact.replace("trunk-4711-", "trunk-4711-f")]
    {
        let outgoing = carrier.invite(&Draft { uri, ..draft.clone() });
        carrier.expect_refusal(&outgoing, 407);
    }
    // A carrier brings calls to what is here, and takes none on to elsewhere.
    let outgoing = carrier.invite(&draft.to("sip:+33999@carrier.example"));
    carrier.expect_refusal(&outgoing, 404);
}

#[test]
fn a_wrong_password_is_not_tried_again_until_it_is_mended_and_what_is_switched_off_is_removed() {
    let mut carrier = Party::udp(([127, 0, 0, 1], 9).into());
    let scene = Registering::at(&json!({"uri": format!("sip:{}", carrier.local())}), &["--next-hop-ping", "1"]);
    scene.put_secret(&json!({"password": "another one"}));
    let register = register_at(&mut carrier, NOTICED_WITHIN);
    challenge(&mut carrier, &register);
    let wrong = register_at(&mut carrier, NOTICED_WITHIN);
    assert!(wrong.has("authorization"));
    carrier.answer(&wrong, "403 Wrong Password", "", "");
    let rejected = scene.until("rejected");
    assert_eq!((&rejected["last_status"], &rejected["last_reason"]), (&json!(403), &json!("Wrong Password")));
    assert_eq!(rejected["expires_at"], Value::Null);
    assert!(scene.counted("rejected") > 0.9);
    assert!(carrier.try_take(Duration::from_millis(1_500), |message| message.method() == Some("REGISTER")).is_none());

    scene.put_secret(&json!({}));
    let register = register_at(&mut carrier, NOTICED_WITHIN);
    challenge(&mut carrier, &register);
    let right = register_at(&mut carrier, NOTICED_WITHIN);
    expect_proof(&right, 1);
    confirm(&mut carrier, &right, 600);
    scene.until("registered");

    let off = scene.put_secret(&json!({"register": false}));
    assert_eq!(off["registration"], Value::Null);
    let removed = register_at(&mut carrier, NOTICED_WITHIN);
    assert_eq!((removed.header("expires"), removed.address("contact")), ("0", right.address("contact")));
    confirm(&mut carrier, &removed, 0);

    scene.put_secret(&json!({}));
    let register = register_at(&mut carrier, NOTICED_WITHIN);
    assert_ne!(register.address("contact"), right.address("contact"), "whoever knew the old one knows nothing");
    confirm(&mut carrier, &register, 600);
    scene.until("registered");
    carrier.request("OPTIONS");
    let account = &scene.trunked.account.auth_id;
    let _printed = binary::sipwarden_on(&scene.trunked.server.data_dir(), &["account", "disable", account]);
    let removed = register_at(&mut carrier, NOTICED_WITHIN);
    assert_eq!(removed.header("expires"), "0", "a disabled account registers nowhere");
    confirm(&mut carrier, &removed, 0);
    carrier.forget();
    let probed = carrier.try_take(Duration::from_millis(2_500), |message| message.method().is_some());
    assert!(probed.is_none(), "its next hops are not asked either: {probed:#?}");
}

#[test]
fn over_a_connection_the_called_number_may_stand_in_the_request_uri_and_a_lost_one_is_opened_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("an address");
    let uri = json!({"uri": format!("sip:{address}"), "transport": "tcp"});
    // Without OPTIONS, so that the connection is the registration's alone.
    let mut scene = Registering::at(&uri, &["--next-hop-ping", "0"]);
    scene.put_secret(&json!({}));
    let mut carrier = Party::accept(&listener);
    let register = register_at(&mut carrier, NOTICED_WITHIN);
    assert_eq!(register.uri(), format!("sip:{address};transport=tcp"));
    let contact = register.address("contact").to_owned();
    let here = scene.trunked.server.sip(Transport::Tcp);
    assert!(contact.ends_with(&format!("@{here};transport=tcp")), "{contact}");
    confirm(&mut carrier, &register, SHORT);
    scene.until("registered");

    let mut phone = scene.trunked.phone(Transport::Udp);
    scene.trunked.register(&mut phone, USERNAME);
    let draft = Draft::new("+33123", &format!("sip:{NUMBER}@{here}"), "carrier.example");
    let to_contact = Draft { uri: contact.clone(), ..draft.clone() }.to(&format!("tel:{NUMBER}"));
    for draft in [&draft, &to_contact] {
        let outgoing = carrier.invite(draft);
        let invite = phone.request("INVITE");
        phone.answer(&invite, "486 Busy Here", "", "");
        phone.request("ACK");
        carrier.expect_refusal(&outgoing, 486);
    }
    let mut stranger = Party::tcp(here);
    for uri in [contact.as_str(), draft.uri.as_str()] {
        let outgoing = stranger.invite(&Draft { uri: uri.to_owned(), ..draft.clone() });
        stranger.expect_refusal(&outgoing, 407);
    }

    drop(carrier);
    let mut carrier = Party::accept_within(&listener, NOTICED_WITHIN);
    let again = register_at(&mut carrier, NOTICED_WITHIN);
    assert_eq!((again.address("contact"), again.header("call-id")), (contact.as_str(), register.header("call-id")));
    confirm(&mut carrier, &again, SHORT);
    scene.until("registered");

    // A carrier that does not answer holds up nobody who stops the server.
    let begun = Instant::now();
    assert!(scene.trunked.server.stop().is_some_and(|status| status.success()));
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert_eq!(carrier.request("REGISTER").header("expires"), "0");
}

#[test]
fn what_keeps_us_from_a_carrier_is_said_and_it_is_tried_again_at_once_when_its_secret_is_set() {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("an address");
    let uri = json!({"uri": format!("sip:{address}"), "transport": "tcp"});
    let mut scene = Registering::at(&uri, &["--next-hop-ping", "0"]);
    scene.put_secret(&json!({}));
    let failing = scene.until("failing");
    assert_eq!(failing["last_status"], Value::Null);
    assert!(failing["last_reason"].as_str().is_some_and(|reason| reason.contains("refused")), "{failing}");
    assert!(failing["next_attempt_at"].is_string() && scene.counted("failing") > 0.9, "{failing}");

    let listener = TcpListener::bind(address).expect("the same address");
    scene.put_secret(&json!({}));
    let mut carrier = Party::accept(&listener);
    let register = register_at(&mut carrier, NOTICED_WITHIN);
    confirm(&mut carrier, &register, 600);
    scene.until("registered");

    // What the carrier keeps of a process that was killed is renewed by the next.
    scene.trunked.server.keep_addresses();
    scene.trunked.server.kill_dash_nine();
    scene.trunked.server.start_again();
    let mut carrier = Party::accept(&listener);
    let renewed = register_at(&mut carrier, NOTICED_WITHIN);
    assert_eq!(renewed.header("contact"), register.header("contact"));
    assert_ne!(renewed.header("call-id"), register.header("call-id"));
    confirm(&mut carrier, &renewed, 600);
}

/// One server is the other's carrier: what it makes of a REGISTER and where it sends calls is its own.
#[test]
fn two_servers_are_carrier_and_customer_over_udp_tcp_and_tls() {
    let carrier = Server::start_on_every_transport(&[]);
    let provider = carrier.account("provider");
    let provider_api = carrier.api(&provider);
    for name in ["customer", "caller"] {
        let _id = provider_api.credential(name, PASSWORD);
    }
    let authority = carrier.scratch().join("authority.pem");
    std::fs::write(&authority, Authority::shared().pem()).expect("a file");
    let authority = authority.display().to_string();
    let place =
        |transport: Transport| json!({"uri": format!("sip:{}", carrier.sip(transport)), "transport": transport.name()});
    let scene = Registering::at(&place(Transport::Udp), &["--upstream-ca", &authority]);
    scene.trunked.change(&json!({"inbound_destination": USERNAME}));
    let mut phone = scene.trunked.phone(Transport::Udp);
    scene.trunked.register(&mut phone, USERNAME);
    scene.put_secret(&json!({"username": "customer", "password": PASSWORD}));
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let uri = format!("origination-uris/{}", scene.uri);
        send(&scene.trunked.api, "PUT", &uri, &place(transport)).expect(200);
        scene.until("registered");
        let mut caller = Party::udp(carrier.sip(Transport::Udp));
        let draft = Draft::new("caller", &format!("sip:customer@{}", provider.sip_domain), &provider.sip_domain);
        let credentials = Credentials { username: "caller".to_owned(), password: PASSWORD.to_owned() };
        let outgoing = caller.call(&draft, &credentials);
        let invite = phone.request("INVITE");
        let mut callee = phone.accept_call(&invite, USERNAME, SDP);
        let mut dialog = caller.expect_answered(&outgoing);
        phone.request("ACK");
        // Each side's requests cross both servers.
        let info = phone.ask_only(&mut callee, "INFO", "", "");
        let crossed = caller.request("INFO");
        caller.answer(&crossed, "200 OK", "", "");
        assert_eq!(phone.answer_to(&callee, &info).status(), Some(200), "{}", transport.name());
        let bye = caller.ask_only(&mut dialog, "BYE", "", "");
        phone.expect_bye();
        assert_eq!(caller.answer_to(&dialog, &bye).status(), Some(200), "{}", transport.name());
    }
}
