//! Webhooks end to end: calls are told to receivers of our own, over HTTP and HTTPS, whatever those do.

use acceptance::bounded::{run, wait_for};
use acceptance::documentation::repository;
use acceptance::seed_document::fenced_blocks;
use acceptance::sip::Transport;
use acceptance::tls::Authority;
use acceptance::trunked::send;
use acceptance::webhook_receiver::{ARRIVAL_LIMIT, Heard, Reply, WebhookReceiver};
use acceptance::{Answer, Server, Trunked, binary};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

const EVENTS: [&str; 3] = ["call.answered", "call.ended", "call.ringing"];
const LOOPBACK: [&str; 2] = ["--webhook-allow-network", "127.0.0.0/8"];
const PYTHON_LIMIT: Duration = Duration::from_secs(30);

/// Sets the account's webhook; its secret where it is new.
fn set(trunked: &Trunked, body: &Value) -> String {
    let answer = send(&trunked.api, "PUT", "call-webhook", body);
    assert!([200, 201].contains(&answer.status), "{}", answer.shown());
    answer.json()["secret"].as_str().expect("a secret").to_owned()
}

fn webhook(trunked: &Trunked) -> Value {
    send(&trunked.api, "GET", "call-webhook", &Value::Null).expect(200)
}

fn test(trunked: &Trunked) -> Value {
    post(trunked, "call-webhook/test").expect(200)
}

fn post(trunked: &Trunked, path: &str) -> Answer {
    trunked.api.send("POST", &trunked.api.path(path), b"")
}

/// A call that rings, is answered and ends; the caller's Call-ID.
fn call(trunked: &Trunked) -> String {
    let (mut phone, mut gateway) = (trunked.phone(Transport::Udp), trunked.gateway());
    let outgoing = trunked.call(&mut phone, &trunked.draft("+4930555"));
    let invite = gateway.request("INVITE");
    gateway.answer(&invite, "180 Ringing", "", "");
    phone.response_of(&outgoing, 180);
    let mut callee = gateway.accept_call(&invite, "gw", acceptance::sip::dialog::SDP);
    let caller = phone.expect_answered(&outgoing);
    gateway.request("ACK");
    gateway.hang_up(&mut callee);
    phone.expect_bye();
    caller.call_id
}

fn events(heard: &[Heard]) -> Vec<&str> {
    let mut events: Vec<_> = heard.iter().map(Heard::event).collect();
    events.sort_unstable();
    events
}

fn of<'h>(heard: &'h [Heard], event: &str) -> &'h Heard {
    heard.iter().find(|heard| heard.event() == event).unwrap_or_else(|| panic!("no {event} in {heard:?}"))
}

/// Whether the program of the guide takes each message for one of ours, in order.
fn verified(messages: &[(&str, &str, &str)]) -> Vec<bool> {
    let page = std::fs::read_to_string(repository().join("docs/webhooks.md")).expect("the guide");
    let blocks = fenced_blocks(&page, "python");
    let [program] = blocks.as_slice() else { panic!("one program in the guide: {blocks:?}") };
    let asking = "import json, sys\nprint(json.dumps([is_from_sipwarden(secret, header, body.encode()) for secret, header, body in json.loads(sys.argv[1])]))";
    let finished = run(
        Command::new("python3").args(["-c", &format!("{program}\n{asking}"), &json!(messages).to_string()]),
        PYTHON_LIMIT,
    );
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
    serde_json::from_str(&finished.stdout).expect("a list")
}

#[test]
fn a_call_is_told_as_it_happens_and_the_guides_program_knows_it_for_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(folder.path());
    let ca = authority.file().display().to_string();
    let trunked = Trunked::start(&[&LOOPBACK[..], &["--webhook-ca", &ca, "--metrics-listen", "127.0.0.1:0"]].concat());
    let (own, of_trunk) = (WebhookReceiver::start(), WebhookReceiver::start_tls(&authority));
    let secret = set(&trunked, &json!({"url": own.url("/calls?key=1")}));
    trunked.change(&json!({"webhook_url": of_trunk.url("/trunk?key=2"), "webhook_method": "GET"}));
    let call_id = call(&trunked);
    let heard = own.accepted(3);
    assert_eq!(events(&heard), EVENTS);
    let record = trunked.record(&call_id);
    let ended = of(&heard, "call.ended").json();
    assert_eq!(ended["call"], record, "what is told of its end is its record");
    for heard in &heard {
        let message = heard.json();
        assert_eq!((heard.method.as_str(), heard.target.as_str()), ("POST", "/calls?key=1"));
        assert_eq!(
            (heard.header("content-type"), heard.header("host")),
            ("application/json", &*own.address().to_string())
        );
        assert_eq!(
            (&message["event"], &message["id"]),
            (&json!(heard.event()), &json!(heard.header("x-sipwarden-delivery")))
        );
        assert_eq!((&message["account_id"], &message["call"]["id"]), (&json!(trunked.account.auth_id), &record["id"]));
    }
    let answered = &of(&heard, "call.answered").json()["call"];
    assert!(answered["state"] == "answered" && answered["answered_at"].is_string(), "{answered}");
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
    let live = ["state", "trunk_id", "duration_ms"].iter().all(|key| keys(answered).contains(*key));
    assert!(live && !keys(answered).contains("reason"), "{answered}");

    let signed = of(&heard, "call.ended");
    let signature = signed.header("x-sipwarden-signature");
    let older = signature.replacen("t=", "t=1", 1);
    let tampered = signed.body.replace("call.ended", "call.endet");
    assert_eq!(
        verified(&[
            (&secret, signature, &signed.body),
            (&secret, signature, &tampered),
            ("whsec_of_another", signature, &signed.body),
            (&secret, &older, &signed.body),
            (&secret, "", &signed.body),
        ]),
        [true, false, false, false, false]
    );

    // The trunk's receiver asks for GET: the JSON is in the query.
    let heard = of_trunk.accepted(3);
    assert_eq!(events(&heard), EVENTS);
    for heard in &heard {
        let payload = heard.target.strip_prefix("/trunk?key=2&payload=").unwrap_or_else(|| panic!("{heard:?}"));
        let json = decoded(payload);
        assert_eq!((heard.method.as_str(), heard.body.as_str()), ("GET", ""));
        assert_eq!(verified(&[(&secret, heard.header("x-sipwarden-signature"), &json)]), [true]);
    }
    let delivered = || trunked.server.scrape().value("sipwarden_webhook_messages_delivered_total", &[]);
    wait_for("six deliveries counted", ARRIVAL_LIMIT, || (delivered() >= 6.0).then_some(()));
    let counted = trunked.server.scrape();
    assert_eq!(counted.value("sipwarden_webhook_messages_waiting", &[]).to_string(), "0");
    let report = webhook(&trunked)["deliveries"].clone();
    assert!(report["last_success_at"].is_string() && report["last_failure"].is_null(), "{report}");

    // A new secret: both sign, also when the master key has changed; done twice, the first one is worth nothing.
    let rotated = post(&trunked, "call-webhook/rotate-secret").expect(200);
    let second = rotated["secret"].as_str().expect("a secret");
    let _printed = binary::sipwarden_on(&trunked.server.data_dir(), &["keys", "rotate"]);
    assert_eq!(test(&trunked)["delivered"], true);
    let tried = own.accepted(4).pop().expect("a message");
    assert_eq!((tried.event(), &tried.json()["event"]), ("webhook.test", &json!("webhook.test")));
    let signature = tried.header("x-sipwarden-signature");
    assert_eq!(verified(&[(&secret, signature, &tried.body), (second, signature, &tried.body)]), [true, true]);
    post(&trunked, "call-webhook/rotate-secret").expect(200);
    assert_eq!(test(&trunked)["delivered"], true);
    let tried = own.accepted(5).pop().expect("a message");
    let signature = tried.header("x-sipwarden-signature");
    assert_eq!(verified(&[(&secret, signature, &tried.body), (second, signature, &tried.body)]), [false, true]);

    // Only what was chosen, and nothing where it is switched off.
    set(&trunked, &json!({"url": own.url("/chosen"), "events": ["call.ended"]}));
    call(&trunked);
    let told = own.accepted(6).pop().expect("a message");
    assert_eq!((told.event(), told.target.as_str()), ("call.ended", "/chosen"));
    set(&trunked, &json!({"url": own.url("/off"), "enabled": false}));
    call(&trunked);
    set(&trunked, &json!({"url": own.url("/on"), "enabled": true}));
    call(&trunked);
    let heard = own.accepted(7);
    assert_eq!((heard.len(), heard[6].target.as_str()), (7, "/on"), "{heard:?}");
}

fn decoded(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'%' => {
                let pair = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                u8::from_str_radix(std::str::from_utf8(&pair).expect("ASCII"), 16).expect("hexadecimal")
            }
            octet => octet,
        });
    }
    String::from_utf8(octets).expect("UTF-8")
}

#[test]
fn what_was_not_heard_is_told_again_also_after_the_server_was_killed() {
    let mut trunked = Trunked::start(&LOOPBACK);
    let (deaf, hanging) = (WebhookReceiver::start(), WebhookReceiver::start());
    deaf.answer_with(Reply::Status("302 Found"));
    hanging.answer_with(Reply::Nothing);
    set(&trunked, &json!({"url": deaf.url("/calls")}));
    trunked.change(&json!({"webhook_url": hanging.url("/trunk")}));
    call(&trunked);
    let failed = wait_for("a failure in the report", ARRIVAL_LIMIT, || {
        let report = webhook(&trunked)["deliveries"].clone();
        (report["last_failure"]["url"] == deaf.url("/calls")).then_some(report)
    });
    assert_eq!(failed["last_failure"]["problem"], "answered with 302 Found", "{failed}");
    deaf.answer_with(Reply::Status("500 Oops"));
    // The one that hangs holds up nobody: all three are tried at the other.
    let ids =
        |heard: &[Heard]| heard.iter().map(|it| it.header("x-sipwarden-delivery").to_owned()).collect::<BTreeSet<_>>();
    wait_for("all three tried", ARRIVAL_LIMIT, || (ids(&deaf.heard()).len() == 3).then_some(()));
    assert_eq!(webhook(&trunked)["deliveries"]["waiting"], 6);
    assert_eq!(webhook(&trunked)["deliveries"]["last_success_at"], Value::Null);
    let before = ids(&deaf.heard());

    trunked.server.kill_dash_nine();
    deaf.answer_with(Reply::Status("204 No Content"));
    trunked.server.start_again();
    trunked.api = trunked.server.api(&trunked.account);
    let heard = deaf.accepted(3);
    assert_eq!((events(&heard), ids(&heard)), (EVENTS.to_vec(), before), "the same messages, nothing lost");
    hanging.answer_with(Reply::Status("200 OK"));
    // Taking the URL away ends what waits for it.
    trunked.change(&json!({"webhook_url": ""}));
    assert_eq!(deaf.accepted(3).len(), 3);
}

#[test]
fn messages_go_to_nobody_who_is_private_or_not_who_they_should_be() {
    let strict = Server::start();
    let api = strict.api(&strict.account("strict"));
    for url in ["http://127.0.0.1:8080/", "https://localhost/", "http://10.0.0.1/", "http://[::1]/", "http://intranet/"]
    {
        send(&api, "PUT", "call-webhook", &json!({"url": url})).expect_field_error("url");
        send(&api, "POST", "trunks", &json!({"name": "t", "webhook_url": url})).expect_field_error("webhook_url");
    }
    drop(strict);

    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(folder.path());
    let ca = authority.file().display().to_string();
    let trunked = Trunked::start(&["--webhook-allow-network", "10.0.0.0/8", "--webhook-ca", &ca]);
    let receiver = WebhookReceiver::start();
    // A name may lead to what is allowed; where it leads is looked at when it is connected to.
    set(&trunked, &json!({"url": format!("http://localhost:{}/", receiver.address().port())}));
    let outcome = test(&trunked);
    assert_eq!((&outcome["delivered"], &outcome["status"]), (&json!(false), &Value::Null));
    assert!(outcome["problem"].as_str().is_some_and(|said| said.contains("no public address")), "{outcome}");
    assert_eq!(receiver.connections(), 0, "nobody connects to a private address");
    send(&trunked.api, "PUT", "call-webhook", &json!({"url": receiver.url("/")})).expect_field_error("url");

    let trunked = Trunked::start(&[&LOOPBACK[..], &["--webhook-ca", &ca]].concat());
    let trusted = WebhookReceiver::start_tls(&authority);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let stranger = WebhookReceiver::start_tls(&Authority::new(elsewhere.path()));
    for (url, expected) in [
        (trusted.url("/"), None),
        (stranger.url("/"), Some("no authority that is trusted")),
        // TLS to one that speaks none, and nobody at all.
        (receiver.url("/").replace("http:", "https:"), Some("no TLS")),
        ("http://127.0.0.1:1/".to_owned(), Some("no connection")),
        ("http://nobody.invalid/".to_owned(), Some("does not resolve")),
    ] {
        set(&trunked, &json!({"url": url}));
        let outcome = test(&trunked);
        let problem = outcome["problem"].as_str();
        assert_eq!(outcome["delivered"], expected.is_none(), "{url}: {outcome}");
        assert!(expected.is_none_or(|part| problem.is_some_and(|said| said.contains(part))), "{url}: {outcome}");
    }
    assert_eq!((trusted.heard().len(), stranger.heard().len()), (1, 0));
    receiver.answer_with(Reply::Status("410 Gone"));
    set(&trunked, &json!({"url": receiver.url("/")}));
    let outcome = test(&trunked);
    assert_eq!((&outcome["status"], &outcome["problem"]), (&json!(410), &json!("answered with 410 Gone")));
    assert!(!outcome.to_string().contains("secret"), "what the receiver's answer says is nobody's business");
}
