//! Every reason is caused by a scripted peer and named by the event, with its near miss; what must not be told apart on
//! the wire is not.

use acceptance::bounded::wait_for;
use acceptance::sip::digest::Subject;
use acceptance::sip::message::unique;
use acceptance::sip::{Challenge, Credentials, HandmadePhone, RawSip, Response, Transport};
use acceptance::{Account, Api, Server, Trunked, binary};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

const PASSWORD: &str = "Correct!Horse7";
/// Events are collected and stored many times a second; a challenge waits ten seconds for its answer.
const KEPT_WITHIN: Duration = Duration::from_secs(20);

/// What is to end ends within two seconds, and not before the next.
const EXPIRED_AFTER: Duration = Duration::from_millis(2_200);

/// A phone whose every octet the test decides.
struct Peer {
    socket: RawSip,
    domain: String,
}

/// What an answer claims. The request is the same but for the names that must differ.
struct Claim<'c> {
    username: &'c str,
    password: &'c str,
    /// Instead of the challenge's.
    realm: Option<&'c str>,
}

impl Peer {
    fn new(server: &Server, account: &Account) -> Self {
        let socket = RawSip::connect(Transport::Udp, server.sip(Transport::Udp));
        Self { socket, domain: account.sip_domain.clone() }
    }

    fn request(&self, token: &str, headers: &str) -> String {
        let (domain, via) = (&self.domain, self.socket.via());
        format!(
            "REGISTER sip:{domain} SIP/2.0\r\nVia: {via};branch=z9hG4bK{token};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:alice@{domain}>;tag={token}\r\nTo: <sip:alice@{domain}>\r\nCall-ID: {token}\r\n\
             CSeq: 1 REGISTER\r\nUser-Agent: peer/1\r\n{headers}Content-Length: 0\r\n\r\n"
        )
    }

    /// Sends a REGISTER; the Call-ID, and the response.
    fn exchange(&mut self, headers: &str) -> (String, Response) {
        let token = unique();
        let request = self.request(&token, headers);
        (token, self.socket.exchange(&request))
    }

    fn challenge(&mut self) -> Challenge {
        let (_, response) = self.exchange("");
        Challenge::parse(response.header("www-authenticate").expect("a challenge"))
    }

    fn answer(&mut self, challenge: &Challenge, claim: &Claim<'_>) -> (String, Response) {
        let uri = format!("sip:{}", self.domain);
        let mut challenge = challenge.clone();
        if let Some(realm) = claim.realm {
            realm.clone_into(&mut challenge.realm);
        }
        let credentials = Credentials { username: claim.username.into(), password: claim.password.into() };
        let value = challenge.answer(&credentials, Subject { method: "REGISTER", uri: &uri, nonce_count: 1 });
        self.exchange(&format!("Authorization: {value}\r\n"))
    }

    fn attempt(&mut self, claim: &Claim<'_>) -> (String, Response) {
        let challenge = self.challenge();
        self.answer(&challenge, claim)
    }
}

fn right(username: &str) -> Claim<'_> {
    Claim { username, password: PASSWORD, realm: None }
}

fn event(api: &Api, call_id: &str) -> Value {
    wait_for(&format!("the event of {call_id}"), KEPT_WITHIN, || {
        let path = api.path(&format!("auth-events?call_id={call_id}"));
        let objects = api.send("GET", &path, b"").expect(200)["objects"].take();
        objects.as_array()?.first().cloned()
    })
}

fn expect(api: &Api, call_id: &str, reason: &str, near_miss: Option<&str>) -> Value {
    let event = event(api, call_id);
    assert_eq!((&event["reason"], &event["near_miss"]), (&json!(reason), &json!(near_miss)), "{event}");
    let why = api.send("GET", &api.path(&format!("why?call_id={call_id}")), b"").expect(200)["objects"][0].take();
    assert_eq!(why["event"], event);
    assert!(why["sentence"].as_str().is_some_and(|sentence| sentence.len() > 20), "{why}");
    assert_eq!(why["mend"].is_null(), reason == "ok", "{why}");
    event
}

/// Ends a credential at the second after the next.
fn expires_soon(api: &Api, id: &str) {
    let moment = Command::new("date").args(["-u", "-d", "+2 seconds", "+%Y-%m-%dT%H:%M:%SZ"]).output();
    let moment = String::from_utf8(moment.expect("date").stdout).expect("text");
    let body = json!({ "expires_at": moment.trim() }).to_string();
    let _details = api.send("PUT", &api.path(&format!("credentials/{id}/details")), body.as_bytes()).expect(200);
}

/// What an answer says, but for what is drawn for each: names of the request, nonce, tag.
fn faceless((token, response): &(String, Response)) -> String {
    let challenge = Challenge::parse(response.header("www-authenticate").expect("a challenge"));
    let to = response.header("to").expect("a To");
    let tag = to.split_once("tag=").expect("a tag").1;
    response.text.replace(token.as_str(), "TOKEN").replace(&challenge.nonce, "NONCE").replace(tag, "TAG")
}

#[test]
fn every_reason_of_a_registration_is_named() {
    let mut server = Server::start_with(&["--throttle-limit", "3"]);
    let account = server.account("reasons");
    let api = server.api(&account);
    for username in ["alice", "disabled", "demanding", "elsewhere", "guessed", "renewed", "expired"] {
        let id = api.credential(username, PASSWORD);
        let requirements = api.path(&format!("credentials/{id}/requirements"));
        match username {
            "disabled" => drop(api.update(&id, &json!({"enabled": false}))),
            "demanding" => drop(api.send("PUT", &requirements, br#"{"algorithm":"sha256"}"#).expect(200)),
            "elsewhere" => drop(api.send("PUT", &requirements, br#"{"networks":["192.0.2.0/24"]}"#).expect(200)),
            "renewed" => drop(api.update(&id, &json!({"password": "Another!Horse8"}))),
            "expired" => expires_soon(&api, &id),
            _ => {}
        }
    }
    std::thread::sleep(EXPIRED_AFTER);
    let mut peer = Peer::new(&server, &account);
    let (unanswered, _) = peer.exchange("");
    let mut named = BTreeSet::new();
    let mut check = |api: &Api, call_id: &str, reason: &'static str, near_miss: Option<&str>| {
        named.insert(reason);
        expect(api, call_id, reason, near_miss)
    };

    let (ok, response) = peer.attempt(&right("alice"));
    assert_eq!(response.status, 200, "{}", response.text);
    let told = check(&api, &ok, "ok", None);
    assert_eq!(
        (&told["username"], &told["algorithm"], &told["user_agent"]),
        (&"alice".into(), &"MD5".into(), &"peer/1".into())
    );
    assert_eq!((&told["source"], &told["method"]), (&peer.socket.local().to_string().into(), &"REGISTER".into()));

    // What a stranger sees is the same for all of them.
    let mut faces = Vec::new();
    let wrong = Claim { password: "Wrong!Horse7", ..right("alice") };
    let other_realm = Claim { realm: Some("asterisk"), ..right("alice") };
    for (claim, reason, near_miss) in [
        (wrong, "wrong_password", None),
        (right("nobody"), "unknown_user", None),
        (right("ALICE"), "unknown_user", Some("letter_case")),
        (right("alice@example.com"), "unknown_user", Some("domain_in_username")),
        (right("sip:alice@example.com"), "unknown_user", Some("uri_as_username")),
        (right("alice "), "unknown_user", Some("white_space")),
        (other_realm, "realm_mismatch", Some("other_realm")),
        (right("disabled"), "credential_disabled", None),
        (right("elsewhere"), "source_not_in_acl", None),
        (right("renewed"), "old_password", None),
        (right("expired"), "credential_expired", None),
    ] {
        let answered = peer.attempt(&claim);
        let told = check(&api, &answered.0, reason, near_miss);
        assert_eq!(told["claimed_realm"], json!((reason == "realm_mismatch").then_some("asterisk")));
        faces.push(faceless(&answered));
    }
    let guess = Claim { password: "Wrong!Horse7", ..right("guessed") };
    for _ in 0..3 {
        faces.push(faceless(&peer.attempt(&guess)));
    }
    let banned = peer.attempt(&right("guessed"));
    check(&api, &banned.0, "banned", None);
    faces.push(faceless(&banned));
    let different: BTreeSet<_> = faces.iter().collect();
    assert_eq!(different.len(), 1, "{different:#?}");

    let (demanding, _) = peer.attempt(&right("demanding"));
    check(&api, &demanding, "algorithm_not_allowed", None);
    let challenge = peer.challenge();
    let (_, first) = peer.answer(&challenge, &right("alice"));
    assert_eq!(first.status, 200);
    let (replayed, _) = peer.answer(&challenge, &right("alice"));
    check(&api, &replayed, "replayed_nonce_count", None);
    let foreign = Challenge { nonce: "AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHH".into(), ..challenge.clone() };
    let (foreign, _) = peer.answer(&foreign, &right("alice"));
    check(&api, &foreign, "foreign_nonce", None);
    let credentials = Credentials { username: "alice".into(), password: PASSWORD.into() };
    let elsewhere = Subject { method: "REGISTER", uri: "sip:somewhere.example.com", nonce_count: 1 };
    let value = peer.challenge().answer(&credentials, elsewhere);
    let (elsewhere, _) = peer.exchange(&format!("Authorization: {value}\r\n"));
    check(&api, &elsewhere, "uri_mismatch", None);
    let (malformed, _) = peer.exchange("Authorization: Digest username=\r\n");
    check(&api, &malformed, "malformed", None);

    let told = check(&api, &unanswered, "challenge", None);
    assert_eq!((&told["attempts"], told["username"].is_null()), (&1.into(), true), "{told}");

    // A nonce of before a restart, and what was kept before it.
    let challenge = peer.challenge();
    server.restart_in_place();
    let api = server.api(&account);
    let (stale, _) = peer.answer(&challenge, &right("alice"));
    check(&api, &stale, "stale_nonce", Some("nonce_of_other_boot"));
    assert_eq!(event(&api, &ok)["reason"], "ok");

    let expected = [
        "ok",
        "challenge",
        "unknown_user",
        "wrong_password",
        "realm_mismatch",
        "uri_mismatch",
        "stale_nonce",
        "foreign_nonce",
        "replayed_nonce_count",
        "algorithm_not_allowed",
        "credential_disabled",
        "credential_expired",
        "old_password",
        "source_not_in_acl",
        "banned",
        "malformed",
    ];
    assert_eq!(named, BTreeSet::from(expected));
}

#[test]
fn a_phone_that_knows_md5_alone_is_told_of() {
    let server = Server::start();
    let account = server.account("modern");
    account.set_policy(&server.data_dir(), "sha256");
    let api = server.api(&account);
    let _id = api.credential("alice", PASSWORD);
    let mut peer = Peer::new(&server, &account);
    let (silent, _) = peer.exchange("");
    let challenge = peer.challenge();
    let old = Challenge { algorithm: "MD5".into(), ..challenge };
    let (refused, _) = peer.answer(&old, &right("alice"));
    expect(&api, &refused, "algorithm_not_allowed", Some("md5_only"));
    expect(&api, &silent, "challenge", Some("no_common_algorithm"));
    // The same request again and again: our answers do not arrive.
    let token = unique();
    let request = peer.request(&token, "");
    let _ = peer.socket.exchange(&request);
    let _ = peer.socket.exchange(&request);
    expect(&api, &token, "challenge", Some("answer_not_arriving"));
}

#[test]
fn limits_of_calls_are_named() {
    let trunked = Trunked::start(&[]);
    let mut phone = trunked.phone(Transport::Udp);
    let mut gateway = trunked.gateway();
    trunked.change(&json!({"concurrent_calls_limit": 1}));
    let (_caller, _callee) = trunked.answered(&mut phone, &mut gateway, &trunked.draft("+4930555"));
    let refused = trunked.call(&mut phone, &trunked.draft("+4930556"));
    expect(&trunked.api, refused.call_id(), "calls_exceeded", None);
    trunked.change(&json!({"concurrent_calls_limit": 100, "cps_limit": 1}));
    let reasons = wait_for("a call too many", KEPT_WITHIN, || {
        let draft = trunked.draft("+4930557");
        let _calls = [trunked.call(&mut phone, &draft), trunked.call(&mut phone, &draft)];
        let path = trunked.api.path("auth-events?reason=cps_exceeded");
        let found = trunked.api.send("GET", &path, b"").expect(200)["objects"].take();
        found.as_array().filter(|found| !found.is_empty()).cloned()
    });
    assert_eq!(reasons[0]["credential_id"], trunked.credential.as_str());
}

#[test]
fn why_is_said_on_the_command_line() {
    let server = Server::start();
    let (account, other) = (server.account("why"), server.account("other"));
    let api = server.api(&account);
    let _id = api.credential("alice", PASSWORD);
    let mut phone =
        HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, "alice", "Wrong!Horse7");
    assert_eq!(phone.register(60).status, 401);
    let mut peer = Peer::new(&server, &other);
    let (_, _) = peer.attempt(&right("lost"));
    let url = format!("http://{}", server.http());
    let tenant = |arguments: &[&str]| {
        let mut command = binary::command();
        command.arg("why").args(arguments).args(["--url", &url]).env("SIPWARDEN_AUTH_ID", &account.auth_id);
        acceptance::bounded::run(command.env("SIPWARDEN_AUTH_TOKEN", &account.auth_token), KEPT_WITHIN)
    };
    let said = wait_for("an explanation", KEPT_WITHIN, || {
        let said = tenant(&["alice"]);
        said.stdout.contains("mend:").then_some(said.stdout)
    });
    let expected = "alice (handmade) at 127.0.0.1 used a password that is not this credential's";
    assert!(said.contains(expected) && said.contains("(wrong_password)"), "{said}");
    assert!(tenant(&["127.0.0.1"]).stdout.contains("wrong_password"));
    assert!(tenant(&["nobody"]).stdout.contains("Nobody who matches"));
    let lines = tenant(&["--json"]).stdout;
    let one: Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!(one["event"]["reason"], "wrong_password", "{lines}");
    // Whoever runs the installation sees both, and whose they are.
    let all = wait_for("both accounts' events", KEPT_WITHIN, || {
        let said = binary::sipwarden_on(&server.data_dir(), &["why"]);
        said.contains("lost").then_some(said)
    });
    let [own, others] = [&account, &other].map(|account| format!("[{}] ", account.auth_id));
    assert!(all.contains(&own) && all.contains(&others), "{all}");
    let only = binary::sipwarden_on(&server.data_dir(), &["why", "--account", &other.auth_id]);
    assert!(only.contains(&others) && !only.contains(&own), "{only}");
    // A name that nobody has may be a password in the wrong field.
    assert!(!server.stderr().contains("lost"), "{}", server.stderr());
    assert!(server.stderr().contains("<unknown>"));
}
