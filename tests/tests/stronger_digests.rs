//! From MD5 to SHA-256: who uses what, what a credential demands, and MD5 retired for a realm.

use acceptance::bounded::{Finished, run};
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Server, binary};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PASSWORD: &str = "Correct!Horse7";
const LIMIT: Duration = Duration::from_secs(60);
/// Longest until what was used is reported: it is written behind.
const WRITTEN_WITHIN: Duration = Duration::from_secs(20);

fn phone(server: &Server, account: &Account, username: &str) -> HandmadePhone {
    HandmadePhone::new(Transport::Udp, server.sip(Transport::Udp), &account.sip_domain, username, PASSWORD)
}

fn realm(server: &Server, arguments: &[&str]) -> Finished {
    run(binary::command().arg("realm").args(arguments).arg("--data-dir").arg(server.data_dir()), LIMIT)
}

fn done(server: &Server, arguments: &[&str]) -> String {
    let finished = realm(server, arguments);
    assert_eq!(finished.code(), Some(0), "{arguments:?}: {finished:?}");
    finished.stdout
}

/// The operator's report, once that many credentials are said to have used MD5.
fn report(server: &Server, account: &Account, using_md5: u64) -> Value {
    let end = Instant::now() + WRITTEN_WITHIN;
    loop {
        let text = done(server, &["algorithms", &account.realm, "--json"]);
        let report: Value = serde_json::from_str(&text).expect("JSON");
        if report["totals"]["using_md5"] == using_md5 || Instant::now() > end {
            return report;
        }
        std::thread::yield_now();
    }
}

#[test]
fn who_uses_md5_is_reported_and_md5_retired() {
    let mut server = Server::start();
    let account = server.account("stronger");
    let api = server.api(&account);
    let _id = api.credential("old_phone", PASSWORD);
    let _id = api.credential("unused_phone", PASSWORD);
    assert_eq!(phone(&server, &account, "old_phone").register(600).status, 200);
    let expected = json!({"credentials": 2, "using_md5": 1, "using_sha_only": 0, "with_md5_ha1": 2});
    let reported = report(&server, &account, 1);
    assert_eq!(reported["totals"], expected, "{reported}");
    let listed = &reported["credentials"][0];
    assert_eq!((&listed["username"], &listed["account_id"]), (&"old_phone".into(), &account.auth_id.clone().into()));
    let used = &listed["algorithms"][0];
    assert_eq!((&used["algorithm"], &used["user_agent"]), (&"MD5".into(), &"handmade".into()));

    // It is durable, and the tenant sees the same.
    server.kill_dash_nine();
    server.start_again();
    let api = server.api(&account);
    let tenants = api.send("GET", &api.path("algorithm-report"), b"").expect(200);
    assert_eq!((&tenants["totals"], &tenants["objects"]), (&expected, &reported["credentials"]));
    let csv = done(&server, &["algorithms", &account.realm, "--csv"]);
    assert!(csv.starts_with("account_id,username,md5_first_day,"), "{csv}");
    assert!(csv.lines().nth(1).is_some_and(|line| line.starts_with(&format!("{},old_phone,", account.auth_id))));

    let asked = realm(&server, &["retire-md5", &account.realm]);
    assert_eq!(asked.code(), Some(1), "{asked:?}");
    assert!(asked.stdout.contains("old_phone") && asked.stderr.contains("--yes"), "{asked:?}");
    assert_eq!(phone(&server, &account, "old_phone").register(600).status, 200, "nothing was done");
    let retired = done(&server, &["retire-md5", &account.realm, "--yes"]);
    assert!(retired.contains("2 HA1s under MD5 are deleted"), "{retired}");
    let _id = api.credential("new_phone", PASSWORD);
    for username in ["old_phone", "unused_phone", "new_phone"] {
        let mut phone = phone(&server, &account, username);
        assert_eq!(phone.challenge("").algorithm, "SHA-256");
        assert_eq!(phone.register(600).status, 200, "{username}");
    }
    let totals = &report(&server, &account, 1)["totals"];
    assert_eq!((&totals["credentials"], &totals["with_md5_ha1"]), (&3.into(), &0.into()), "{totals}");

    // Back again: only a new password brings MD5 back.
    done(&server, &["set-policy", &account.realm, "compatible"]);
    assert_eq!(phone(&server, &account, "old_phone").register(600).status, 401);
    let listed: Value = serde_json::from_str(&done(&server, &["list", "--json"])).expect("JSON");
    assert_eq!(listed["realms"][0]["md5_retired"], false, "{listed}");
    let _id = api.credential("newest_phone", PASSWORD);
    assert_eq!(phone(&server, &account, "newest_phone").register(600).status, 200);
}

#[test]
fn a_credential_demands_and_a_downgrade_is_told() {
    let server = Server::start_with(&["--metrics-listen", "127.0.0.1:0"]);
    let account = server.account("demanding");
    let api = server.api(&account);
    let path = api.path(&format!("credentials/{}/requirements", api.credential("desk", PASSWORD)));
    let demand = |body: Value| api.send("PUT", &path, body.to_string().as_bytes()).expect(200);
    let none = json!({"algorithm": "any", "secure_transport": false, "networks": []});
    assert_eq!(api.send("GET", &path, b"").expect(200), none);

    demand(json!({"algorithm": "sha256"}));
    let mut desk = phone(&server, &account, "desk");
    assert_eq!(desk.challenge("").algorithm, "MD5");
    let again = desk.reuse("");
    let offered = again.header("www-authenticate").expect("a challenge").to_owned();
    assert!(again.status == 401 && offered.contains("algorithm=SHA-256"), "{}", again.text);
    desk.hold(acceptance::sip::Challenge::parse(&offered));
    let contact = format!("Contact: {}\r\n", desk.contact());
    assert_eq!(desk.reuse(&contact).status, 200);

    for body in
        [json!({"algorithm": "any", "networks": ["192.0.2.0/24"]}), json!({"networks": [], "secure_transport": true})]
    {
        demand(body);
        let refused = phone(&server, &account, "desk").register(600);
        assert!(refused.status == 401 && !refused.text.contains("stale"), "{}", refused.text);
    }
    assert_eq!(api.send("DELETE", &path, b"").status, 204);
    assert_eq!(api.send("GET", &path, b"").expect(200), none);
    for _ in 0..3 {
        assert_eq!(phone(&server, &account, "desk").register(600).status, 200, "MD5 again");
    }
    let page = server.metrics_page();
    for line in [
        "sipwarden_authentication_remarks_total{remark=\"algorithm_downgrade\"} 1",
        "sipwarden_authentication_remarks_total{remark=\"insecure_transport\"} 1",
    ] {
        assert!(page.contains(line), "{line} is not in {page}");
    }
}

#[test]
fn auth_int_is_offered_where_the_realm_says_so() {
    let server = Server::start();
    let account = server.account("integrity");
    let _id = server.api(&account).credential("desk", PASSWORD);
    assert!(done(&server, &["set", &account.realm, "--auth-int", "on"]).ends_with('\n'));
    let mut desk = phone(&server, &account, "desk");
    let request = desk.request("");
    let challenged = desk.peer.exchange(&request);
    assert!(challenged.text.contains("qop=\"auth,auth-int\""), "{}", challenged.text);
    assert_eq!(desk.register(600).status, 200, "auth is as good as before");
    let nothing = realm(&server, &["set", &account.realm]);
    assert_eq!(nothing.code(), Some(2), "{nothing:?}");
}
