//! Who gets into the console, and who does not: cookies, forms, other tenants, revoked tokens, and what phones send.

use acceptance::bounded::wait_for;
use acceptance::console_session::{FORM, form, sign_in};
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Answer, Api, ConsoleSession as Session, RawHttp, Server};
use serde_json::{Value, json};
use std::time::Duration;

const PASSWORD: &str = "Correct!Horse7";
/// What a session is told within a second or so, on a busy machine.
const SOON: Duration = Duration::from_secs(15);

fn usernames(api: &Api) -> usize {
    let listed = api.send("GET", &api.path("trunks/credentials"), b"").json();
    listed["objects"].as_array().expect("a list").len()
}

#[test]
fn cookies_and_headers_are_strict() {
    let server = Server::start();
    let account = server.account("strict");
    let answer = sign_in(&server, &account, &[]);
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("sipwarden=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    // Behind a proxy that speaks HTTPS the browser's own word decides.
    let host = server.http().to_string();
    let answer = sign_in(&server, &account, &[("Origin", &format!("https://{host}"))]);
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-sipwarden=") && cookie.ends_with("HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    let session = Session::new(&server, &account);
    let api = server.api(&account);
    for path in ["/sign-in", &session.base, "/console/nobody", &format!("{}/credentials/new", session.base)] {
        let answer = session.get(path);
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{path}: {}", answer.shown()));
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.split("; ").any(|one| one == rule), "{path}: {policy}");
        }
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let page = String::from_utf8(answer.body.clone()).expect("UTF-8");
        assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains(" onclick="), "{path}");
        assert!(page.split("<script").skip(1).all(|script| script.starts_with(" src=\"/console/assets/")), "{path}");
        assert!(!page.contains("http://") && !page.contains("https://"), "{path} loads or links elsewhere: {page}");
    }
    let nowhere = session.get("/console/nobody/nowhere");
    assert_eq!((nowhere.status, nowhere.header("content-type")), (404, Some("text/html; charset=utf-8")));
    // The API is as it was.
    assert_eq!(api.send_as("GET", "/nowhere", &[], b"").expect_error(404)["code"], 404);
    let _created = api.credential("still", PASSWORD);
}

#[test]
fn nobody_chooses_the_name_of_anothers_session_and_signing_out_ends_it() {
    let server = Server::start();
    let account = server.account("fixed");
    let planted = "a".repeat(64);
    let answer = sign_in(&server, &account, &[("Cookie", &format!("sipwarden={planted}"))]);
    assert!(!answer.header("set-cookie").expect("a cookie").contains(&planted));
    let api = server.api(&account);
    let base = format!("/console/{}", account.auth_id);
    let with_planted = api.send_as("GET", &base, &[("Cookie", &format!("sipwarden={planted}"))], b"");
    assert_eq!(
        (with_planted.status, with_planted.header("location").map(|to| to.starts_with("/sign-in"))),
        (303, Some(true))
    );
    // Signing in again ends what the browser came with.
    let first = Session::new(&server, &account);
    let again = sign_in(&server, &account, &[("Cookie", &first.cookie)]);
    assert_eq!(again.status, 303);
    assert!(!first.is_signed_in());
    let session = Session::new(&server, &account);
    let token = session.form_token();
    assert_eq!(session.post("/sign-out", &[], &[("form_token", &token)]).status, 303);
    assert!(!session.is_signed_in());
    // Nobody is led elsewhere by a link to the sign-in page.
    for next in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "/console//evil.example", "javascript:alert(1)"]
    {
        let body = form(&[("auth_id", &account.auth_id), ("auth_token", &account.auth_token), ("next", next)]);
        let answer = api.send_as("POST", "/sign-in", &[FORM], &body);
        assert_eq!(answer.header("location"), Some(base.as_str()), "{next}");
    }
}

#[test]
fn forms_of_other_pages_change_nothing() {
    let server = Server::start();
    let account = server.account("forged");
    let (session, other) = (Session::new(&server, &account), Session::new(&server, &account));
    let (token, others) = (session.form_token(), other.form_token());
    assert_ne!(token, others);
    let path = format!("{}/credentials", session.base);
    let host = server.http().to_string();
    let own = format!("http://{host}");
    let create = |headers: &[(&str, &str)], token: &str| {
        session.post(&path, headers, &[("form_token", token), ("username", "forged"), ("password", PASSWORD)])
    };
    for (headers, token) in [
        (&[][..], ""),
        (&[], others.as_str()),
        (&[("Origin", "https://evil.example")], token.as_str()),
        (&[("Origin", "null")], token.as_str()),
        (&[("Sec-Fetch-Site", "cross-site")], token.as_str()),
        (&[("Sec-Fetch-Site", "same-site"), ("Origin", own.as_str())], token.as_str()),
    ] {
        let answer = create(headers, token);
        assert_eq!(answer.status, 403, "{headers:?}: {}", answer.shown());
    }
    // A page of another site cannot sign anybody in, either.
    assert_eq!(sign_in(&server, &account, &[("Origin", "https://evil.example")]).status, 403);
    let json =
        session.api.send_as("POST", &path, &[("Cookie", &session.cookie), ("Content-Type", "application/json")], b"{}");
    assert_eq!(json.status, 400);
    let api = server.api(&account);
    assert_eq!(usernames(&api), 0);
    assert_eq!(create(&[("Origin", &own), ("Sec-Fetch-Site", "same-origin")], &token).status, 201);
    assert_eq!(usernames(&api), 1);
    // What changes something is no GET.
    for path in ["/sign-out", &format!("{}/credentials/strength", session.base)] {
        assert_eq!(session.get(path).status, 405, "{path}");
    }
}

#[test]
fn one_tenants_session_opens_nothing_of_anothers() {
    let server = Server::start();
    let (own, other) = (server.account("own"), server.account("other"));
    let theirs = server.api(&other).credential("theirs", PASSWORD);
    let session = Session::new(&server, &own);
    let token = session.form_token();
    let base = format!("/console/{}", other.auth_id);
    for path in [
        "",
        "/credentials",
        "/credentials/new",
        "/attempts",
        "/attempts/stream",
        "/phones",
        "/trunks",
        "/numbers",
        "/calls",
        "/bans",
        "/audit-log",
        "/tokens",
        "/settings",
        "/try-it",
        "/desk-phones",
        "/desk-phones/replace",
        &format!("/credentials/{theirs}"),
        &format!("/credentials/{theirs}/devices"),
    ] {
        let answer = session.get(&format!("{base}{path}"));
        assert_eq!(answer.status, 403, "{path}: {}", answer.shown());
        assert!(!String::from_utf8_lossy(&answer.body).contains("theirs"));
    }
    let made = server.api(&other);
    let their_devices = made.path(&format!("credentials/{theirs}/devices"));
    let device =
        made.send("POST", &their_devices, br#"{"label":"mobile"}"#).expect(201)["id"].as_str().map(str::to_owned);
    let device = device.expect("an id");
    let their_links = made.path(&format!("credentials/{theirs}/provisioning-links"));
    let link = made.send("POST", &their_links, br#"{"label":"mobile"}"#).expect(201)["id"].as_str().map(str::to_owned);
    let link = link.expect("an id");
    let own_id = server.api(&own).credential("mine", PASSWORD);
    let body = br#"{"uri":"sip:gw.example.net"}"#;
    let hop = made.send("POST", &made.path("origination-uris"), body).expect(201)["id"].clone();
    let entry = made.send("POST", &made.path("ip-acl"), br#"{"ip_address":"192.0.2.1"}"#).expect(201)["id"].clone();
    for (kind, id) in [("next-hops", hop), ("networks", entry)] {
        let id = id.as_str().expect("an id");
        for (holder, expected) in [(&base, 403), (&session.base, 404)] {
            for path in ["", "/delete"] {
                let path = format!("{holder}/trunks/{kind}/{id}{path}");
                assert_eq!(session.get(&path).status, expected, "{path}");
                let fields = [("form_token", token.as_str()), ("uri", "sip:evil.example"), ("network", "198.51.100.1")];
                assert_eq!(session.post(&path, &[], &fields).status, expected, "{path}");
            }
        }
    }
    for (method, path) in [
        ("GET", format!("devices/{device}/revoke")),
        ("GET", format!("devices/{device}/rotate")),
        ("POST", format!("devices/{device}/revoke")),
        ("POST", format!("devices/{device}/rotate")),
        ("POST", format!("links/{link}/withdraw")),
    ] {
        // Also where the path names a credential of one's own before another's device.
        for (holder, expected) in [
            (format!("{base}/credentials/{theirs}"), 403),
            (format!("{}/credentials/{theirs}", session.base), 404),
            (format!("{}/credentials/{own_id}", session.base), 404),
        ] {
            let path = format!("{holder}/{path}");
            let answer = match method {
                "GET" => session.get(&path),
                _ => session.post(&path, &[], &[("form_token", token.as_str())]),
            };
            assert_eq!(answer.status, expected, "{method} {path}: {}", answer.shown());
        }
    }
    let kept = made.send("GET", &their_devices, b"").expect(200);
    assert_eq!(kept["objects"][0]["id"], device, "{kept}");
    assert_eq!(made.send("GET", &their_links, b"").expect(200)["objects"][0]["id"], link);
    for path in ["", "/status", "/rotate", "/delete", "/disable", "/devices"] {
        assert_eq!(session.get(&format!("{}/credentials/{theirs}{path}", session.base)).status, 404, "{path}");
    }
    for path in [
        "delete",
        "disable",
        "rotate",
        "enable",
        "edit",
        "end-phones",
        "end-overlap",
        "devices",
        "devices/desk-phones",
        "links",
    ] {
        let fields = [("form_token", token.as_str()), ("label", "a"), ("mac", "805ec012abcd"), ("format", "snom")];
        let there = session.post(&format!("{base}/credentials/{theirs}/{path}"), &[], &fields);
        let here = session.post(&format!("{}/credentials/{theirs}/{path}", session.base), &[], &fields);
        assert_eq!((there.status, here.status), (403, 404), "{path}");
    }
    assert_eq!(usernames(&server.api(&other)), 1);
    // The operator's pages are not a tenant's.
    for path in ["", "/realms", "/nodes", "/bans", "/audit-log"].map(|path| format!("/console/operator{path}")) {
        assert_eq!(session.get(&path).status, 403, "{path}");
    }
}

#[test]
fn a_session_dies_with_its_token_and_its_account() {
    let server = Server::start();
    let account = server.account("revoked");
    let api = server.api(&account);
    let made =
        api.send("POST", &api.path("tokens"), json!({ "label": "browser", "scope": "all" }).to_string().as_bytes());
    let made = made.expect(201);
    let second = Account { auth_token: made["auth_token"].as_str().expect("a token").to_owned(), ..account.clone() };
    let session = Session::new(&server, &second);
    assert!(session.is_signed_in());
    let mut stream = RawHttp::connect(server.http());
    stream.send(
        format!("GET {}/attempts/stream HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", session.base, session.cookie)
            .as_bytes(),
    );
    let id = made["id"].as_str().expect("an id");
    assert!(api.send("DELETE", &api.path(&format!("tokens/{id}")), b"").status < 300);
    assert!(!session.is_signed_in(), "its token was revoked");
    assert!(stream.is_closed_within(SOON), "the stream goes on");
    let session = Session::new(&server, &account);
    let _printed = acceptance::binary::sipwarden_on(&server.data_dir(), &["account", "disable", &account.auth_id]);
    assert!(!session.is_signed_in(), "its account was disabled");
    assert_eq!(sign_in(&server, &account, &[]).status, 401);
}

#[test]
fn a_token_that_may_only_read_sees_no_forms_and_is_refused() {
    let server = Server::start();
    let account = server.account("reader");
    let api = server.api(&account);
    let id = api.credential("phone", PASSWORD);
    let scoped = |scope: &str| {
        let body = json!({ "label": scope, "scope": scope }).to_string();
        let made = api.send("POST", &api.path("tokens"), body.as_bytes()).expect(201);
        let token = made["auth_token"].as_str().expect("a token").to_owned();
        Session::new(&server, &Account { auth_token: token, ..account.clone() })
    };
    let session = scoped("read_only");
    let token = session.form_token();
    for path in [
        "",
        "/credentials",
        &format!("/credentials/{id}"),
        &format!("/credentials/{id}/devices"),
        "/phones",
        "/trunks",
        "/numbers",
        "/calls",
        "/bans",
        "/audit-log",
        "/tokens",
        "/settings",
    ] {
        let page = session.page(&format!("{}{path}", session.base));
        assert_eq!(page.matches("method=\"post\"").count(), 1, "{path} has forms besides signing out");
    }
    for path in [
        "credentials",
        "tokens",
        "settings",
        "trunks",
        "trunks/next-hops",
        "trunks/networks",
        "desk-phones",
        "desk-phones/replace",
        &format!("credentials/{id}/delete"),
        &format!("credentials/{id}/disable"),
        &format!("credentials/{id}/devices"),
        &format!("credentials/{id}/devices/desk-phones"),
        &format!("credentials/{id}/links"),
    ] {
        let answer = session.post(
            &format!("{}/{path}", session.base),
            &[],
            &[("form_token", &token), ("username", "x"), ("label", "x")],
        );
        assert_eq!(answer.status, 403, "{path}: {}", answer.shown());
        assert!(String::from_utf8_lossy(&answer.body).contains("This token may only read"), "{}", answer.shown());
    }
    assert_eq!(session.get(&format!("{}/desk-phones", session.base)).status, 403, "it shows a secret");
    let session = scoped("credentials_only");
    assert!(session.page(&session.base).contains("/desk-phones"));
    for path in ["trunks", "numbers", "calls", "audit-log", "tokens", "settings"] {
        assert_eq!(session.get(&format!("{}/{path}", session.base)).status, 403, "{path}");
        assert!(!session.page(&session.base).contains(&format!("{}/{path}\"", session.base)), "{path} is offered");
    }
}

#[test]
fn what_phones_send_is_text() {
    let server = Server::start();
    let account = server.account("<script>alert('name')</script>");
    let api = server.api(&account);
    let id = api.credential("victim", PASSWORD);
    let update = json!({ "description": "\"><script>alert('description')</script>" });
    assert_eq!(api.send("PUT", &api.path(&format!("credentials/{id}")), update.to_string().as_bytes()).status, 200);
    let session = Session::new(&server, &account);
    let mut stream = RawHttp::connect(server.http());
    stream.send(
        format!("GET {}/attempts/stream HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", session.base, session.cookie)
            .as_bytes(),
    );
    let sip = server.sip(Transport::Udp);
    let agent = "<script>alert('agent')</script><img src=x onerror=alert(1)>";
    for name in ["victim", "<script>alert('user')</script>", "'><svg/onload=alert(2)>"] {
        for password in [PASSWORD, "Wrong!Horse77"] {
            let phone = HandmadePhone::new(Transport::Udp, sip, &account.sip_domain, "victim", password);
            let answer = phone.with_digest_username(name).with_user_agent(agent).register(300);
            assert_eq!(answer.status == 200, name == "victim" && password == PASSWORD, "{}", answer.text);
        }
    }
    let page = wait_for("the attempts", SOON, || {
        let page = session.page(&format!("{}/attempts", session.base));
        (page.matches("class=\"attempt ").count() >= 5).then_some(page)
    });
    assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"), "{page}");
    let streamed = stream.read_until("onerror", SOON);
    let pages = [
        "",
        "/credentials",
        &format!("/credentials/{id}"),
        "/phones",
        "/attempts",
        "/audit-log",
        &format!("/credentials/{id}/delete"),
    ]
    .map(|path| session.page(&format!("{}{path}", session.base)));
    for text in pages.iter().chain([&streamed]) {
        let lower = text.to_lowercase();
        for alive in ["<script>", "<img", "<svg/", "onerror=alert(1)>"] {
            assert!(!lower.contains(alive), "{alive} in {text}");
        }
    }
}

#[test]
fn who_guesses_waits_and_says_nothing_about_accounts() {
    let server = Server::start();
    let account = server.account("guessed");
    let api = server.api(&account);
    let guess = |auth_id: &str| {
        api.send_as("POST", "/sign-in", &[FORM], &form(&[("auth_id", auth_id), ("auth_token", "guess")]))
    };
    let (known, unknown) = (guess(&account.auth_id), guess("MA_NOBODY00"));
    let without_name = |answer: &Answer, name: &str| String::from_utf8_lossy(&answer.body).replace(name, "");
    assert_eq!((known.status, unknown.status), (401, 401));
    assert_eq!(without_name(&known, &account.auth_id), without_name(&unknown, "MA_NOBODY00"));
    let refused = (0..20).map(|_| guess(&account.auth_id)).find(|answer| answer.status == 429);
    let refused = refused.expect("an end to guessing");
    let wait: u64 = refused.header("retry-after").expect("a Retry-After").parse().expect("seconds");
    assert!((1..=6).contains(&wait), "{wait}");
    let _: Value = api.send("GET", &api.path("trunks/credentials"), b"").json();
}

#[test]
fn pages_count_together_with_requests_of_the_api() {
    let server = Server::start_with(&["--http-rate-limit", "1", "--http-rate-burst", "5"]);
    let account = server.account("counted");
    let session = Session::new(&server, &account);
    let api = server.api(&account);
    for _ in 0..3 {
        assert_eq!(api.send("GET", &api.path("trunks/credentials"), b"").status, 200);
    }
    let refused = (0..5).map(|_| session.get(&session.base)).find(|answer| answer.status == 429);
    assert!(refused.expect("an end to it").header("retry-after").is_some());
}

/// A day is all that a form can say of a moment, so one that is unchanged is left alone.
#[test]
fn a_form_changes_only_what_was_changed_in_it() {
    let server = Server::start();
    let account = server.account("forms");
    let api = server.api(&account);
    let id = api.credential("phone", PASSWORD);
    let details = api.path(&format!("credentials/{id}/details"));
    let end = "2099-05-04T12:30:00Z";
    api.send("PUT", &details, json!({ "expires_at": end }).to_string().as_bytes()).expect(200);
    let session = Session::new(&server, &account);
    let page = session.page(&format!("{}/credentials/{id}", session.base));
    assert!(page.contains("name=\"expires_on_before\" value=\"2099-05-04\""), "{page}");
    let token = session.form_token();
    let edit = |expires_on: &str| {
        let fields = [
            ("form_token", token.as_str()),
            ("description", "Lobby"),
            ("expires_on", expires_on),
            ("expires_on_before", "2099-05-04"),
        ];
        let answer = session.post(&format!("{}/credentials/{id}/edit", session.base), &[], &fields);
        assert_eq!(answer.status, 303, "{}", answer.shown());
        let shown = api.send("GET", &details, b"").expect(200);
        assert_eq!(shown["description"], "Lobby");
        shown["expires_at"].clone()
    };
    assert!(edit("2099-05-04").as_str().expect("an end").starts_with("2099-05-04T12:30:00"));
    assert!(edit("2099-06-30").as_str().expect("an end").starts_with("2099-07-01T00:00:00"));
    assert_eq!(edit(""), Value::Null);
}
