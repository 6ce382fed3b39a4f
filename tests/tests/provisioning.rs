//! Provisioning links: looked at, spent, opened and fetched, replayed, raced, expired and withdrawn; and nothing of them
//! in a log.

use acceptance::bounded::wait_for;
use acceptance::phones::linphonec;
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Answer, Api, Server, binary};
use serde_json::{Value, json};
use std::time::Duration;

const PASSWORD: &str = "Correct!Horse7";
const FORM: &str = "application/x-www-form-urlencoded";
const NOTICED_WITHIN: Duration = Duration::from_secs(30);

struct House {
    server: Server,
    account: Account,
    credential: String,
}

impl House {
    fn new() -> Self {
        let server = Server::start();
        let account = server.account("provisioning");
        let credential = server.api(&account).credential("desk", PASSWORD);
        Self { server, account, credential }
    }

    fn api(&self) -> Api {
        self.server.api(&self.account)
    }

    fn links(&self) -> String {
        self.api().path(&format!("credentials/{}/provisioning-links", self.credential))
    }

    /// Makes a link and gives back the path of its URL, and its id.
    fn link(&self, body: &Value) -> (String, String) {
        let made = self.api().send("POST", &self.links(), body.to_string().as_bytes()).expect(201);
        let url = made["url"].as_str().expect("a URL");
        let origin = format!("http://{}", self.server.http());
        let path = url.strip_prefix(&origin).unwrap_or_else(|| panic!("{url} is not below {origin}"));
        (path.to_owned(), made["id"].as_str().expect("an id").to_owned())
    }

    fn look(&self, path: &str) -> Answer {
        self.api().send_as("GET", path, &[], b"")
    }

    fn spend(&self, path: &str, form: &str) -> Answer {
        self.api().send_as("POST", path, &[("Content-Type", FORM)], form.as_bytes())
    }

    fn devices(&self) -> Vec<Value> {
        let path = self.api().path(&format!("credentials/{}/devices", self.credential));
        self.api().send("GET", &path, b"").expect(200)["objects"].as_array().expect("a list").clone()
    }

    fn register(&self, password: &str) -> u16 {
        let address = self.server.sip(Transport::Udp);
        HandmadePhone::new(Transport::Udp, address, &self.account.sip_domain, "desk", password).register(60).status
    }
}

/// What stands between two texts.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {text}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after:?} in {text}")).0
}

fn body(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[test]
fn a_link_is_looked_at_as_often_as_one_likes_and_spent_once() {
    let house = House::new();
    let label = "<script>alert(1)</script> \"Ann's\"";
    let (path, _) = house.link(&json!({ "label": label }));
    for _ in 0..3 {
        let page = house.look(&path);
        assert_eq!(page.status, 200, "{}", body(&page));
        let text = body(&page);
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script"), "{text}");
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    assert_eq!(house.devices(), [] as [Value; 0], "looking makes nothing");
    // What cannot be answered spends nothing either.
    for form in ["delivery=file", "delivery=fetch", "transport=tls", "format=nokia", "delivery=mail"] {
        assert_eq!(house.spend(&path, form).status, 400, "{form}");
    }
    assert_eq!(house.api().send_as("POST", &path, &[("Content-Type", "application/json")], b"{}").status, 415);
    let spent = house.spend(&path, "delivery=page&format=yealink");
    let text = body(&spent);
    assert_eq!(spent.status, 200, "{text}");
    let password = between(&text, "<dt>Password</dt><dd>", "</dd>");
    assert!(
        text.contains("account.1.password = ") && text.contains("&lt;script&gt;") && !text.contains("<script"),
        "{text}"
    );
    assert_eq!(house.register(password), 200);
    assert_eq!(house.devices().iter().map(|device| device["label"].clone()).collect::<Vec<_>>(), [json!(label)]);
    for again in [house.look(&path), house.spend(&path, "delivery=page")] {
        assert_eq!(again.status, 404, "{}", body(&again));
    }
    assert_eq!(house.devices().len(), 1);
    let log =
        wait_for("the log", NOTICED_WITHIN, || Some(house.server.stderr()).filter(|log| log.contains("/provision/")));
    let token = path.rsplit('/').next().expect("a token");
    assert!(!log.contains(token) && !log.contains(password) && log.contains("/provision/<redacted>"), "{log}");
}

#[test]
fn of_many_who_spend_at_once_one_gets_the_device() {
    let house = House::new();
    let (path, _) = house.link(&json!({ "label": "raced", "format": "linphone" }));
    let (opened, _) = house.link(&json!({ "label": "fetched", "format": "snom", "spent_by": "get" }));
    for (path, is_form) in [(&path, true), (&opened, false)] {
        let before = house.devices().len();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let send = || if is_form { house.spend(path, "delivery=file").status } else { house.look(path).status };
            let asked: Vec<_> = (0..12).map(|_| scope.spawn(send)).collect();
            asked.into_iter().map(|asked| asked.join().expect("an answer")).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 404)), "{statuses:?}");
        assert_eq!(house.devices().len(), before + 1);
    }
}

#[test]
fn links_end_by_time_by_hand_and_with_their_credential() {
    let house = House::new();
    let gone = |path: &str| {
        assert_eq!(house.look(path).status, 404);
        assert_eq!(house.spend(path, "").status, 404);
    };
    let (short, _) = house.link(&json!({ "label": "short", "expires_in_seconds": 1 }));
    wait_for("its end", NOTICED_WITHIN, || (house.look(&short).status == 404).then_some(()));
    gone(&short);
    let (withdrawn, id) = house.link(&json!({ "label": "withdrawn" }));
    let listed = house.api().send("GET", &house.links(), b"").expect(200);
    assert_eq!(listed["objects"].as_array().map(Vec::len), Some(1), "{listed}");
    assert!(!listed.to_string().contains(withdrawn.rsplit('/').next().expect("a token")), "{listed}");
    let one = format!("{}/{id}", house.links());
    assert_eq!(house.api().send("DELETE", &one, b"").status, 204);
    assert_eq!(house.api().send("DELETE", &one, b"").status, 404);
    gone(&withdrawn);
    let (path, _) = house.link(&json!({ "label": "disabled" }));
    let _disabled = house.api().update(&house.credential, &json!({ "enabled": false }));
    gone(&path);
    let _enabled = house.api().update(&house.credential, &json!({ "enabled": true }));
    assert_eq!(house.look(&path).status, 200, "it was not spent");
    house.api().delete(&house.credential);
    gone(&path);
    for wrong in
        ["/provision/", "/provision/short", "/provision/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/provision/fetch/x"]
    {
        assert_eq!(house.look(wrong).status, 404, "{wrong}");
    }
}

#[test]
fn a_full_credential_spends_no_link() {
    let house = House::new();
    let (path, _) = house.link(&json!({ "label": "eleventh" }));
    let devices = house.api().path(&format!("credentials/{}/devices", house.credential));
    let ids: Vec<Value> = (0..10)
        .map(|number| {
            let body = json!({ "label": format!("phone {number}") }).to_string();
            house.api().send("POST", &devices, body.as_bytes()).expect(201)["id"].clone()
        })
        .collect();
    assert_eq!(house.spend(&path, "").status, 409);
    let one = format!("{devices}/{}", ids[0].as_str().expect("an id"));
    assert_eq!(house.api().send("DELETE", &one, b"").status, 204);
    assert_eq!(house.spend(&path, "").status, 200);
}

#[test]
fn linphonec_is_configured_from_a_link_and_registers() {
    let house = House::new();
    let (path, _) = house.link(&json!({ "label": "Ann's <laptop> & \"phone\"", "format": "linphone" }));
    let opened = house.spend(&path, "delivery=fetch");
    let text = body(&opened);
    assert_eq!(opened.status, 200, "{text}");
    assert!(text.contains("<svg") && !text.contains("<script") && !text.contains("style="), "{text}");
    let url = between(&text, "<pre>", "</pre>").to_owned();
    assert_eq!(house.look(&path).status, 404, "the link that was opened is worth nothing any more");
    let fetched = url.strip_prefix(&format!("http://{}", house.server.http())).expect("a URL of this server");
    // A look by HEAD spends nothing.
    assert_eq!(house.api().send_as("HEAD", fetched, &[], b"").status, 405);
    assert_eq!(house.devices(), [] as [Value; 0]);
    let attempt = linphonec::register_from(&url);
    attempt.expect_registered();
    assert_eq!(house.look(fetched).status, 404, "it was fetched once");
    assert_eq!(house.devices().len(), 1);
    let log = house.server.stderr();
    assert!(!log.contains(fetched.rsplit('/').next().expect("a token")), "the token is in the log");
}

#[test]
fn the_command_line_draws_the_code_and_takes_links_back() {
    let house = House::new();
    let run = |arguments: &[&str]| {
        let output = binary::command()
            .arg("provision")
            .args(arguments)
            .env("SIPWARDEN_URL", format!("http://{}", house.server.http()))
            .env("SIPWARDEN_AUTH_ID", &house.account.auth_id)
            .env("SIPWARDEN_AUTH_TOKEN", &house.account.auth_token)
            .output()
            .expect("a binary that can be started");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), said)
    };
    let (code, drawn) = run(&["link", "desk", "mobile", "--qr", "--format", "linphone"]);
    assert!(code == Some(0) && drawn.contains('█') && drawn.contains("/provision/"), "{drawn}");
    let (_, listed) = run(&["links", "desk", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let id = listed["links"][0]["id"].as_str().expect("an id");
    assert_eq!(run(&["withdraw", "desk", id]).0, Some(0));
    let (code, said) = run(&["link", "desk", "mobile", "--app"]);
    assert!(code == Some(2) && said.contains("--format"), "{said}");
    let (code, said) = run(&["link", "desk", "mobile", "--app", "--format", "snom", "--minutes", "16"]);
    assert!(code == Some(1) && said.contains("expires_in_seconds must be at most 900"), "{said}");
}

/// The value of one parameter of a Yealink configuration.
fn parameter<'t>(text: &'t str, name: &str) -> &'t str {
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
    found.unwrap_or_else(|| panic!("no {name} in {text}"))
}

#[test]
fn desk_phones_fetch_the_same_password_at_each_boot() {
    let mut house = House::new();
    let run = |house: &House, arguments: &[&str]| {
        let output = binary::command()
            .args(arguments)
            .env("SIPWARDEN_URL", format!("http://{}", house.server.http()))
            .env("SIPWARDEN_AUTH_ID", &house.account.auth_id)
            .env("SIPWARDEN_AUTH_TOKEN", &house.account.auth_token)
            .output()
            .expect("a binary that can be started");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), said)
    };
    let file = house.server.data_dir().join("phones.csv");
    let lines = "username,mac,format,label\ndesk,80:5E:C0:12:AB:CD,yealink,Reception, ground floor\n\
                 desk,805ec012abcd,snom,again\nnobody,805ec012abce,snom,x\ndesk,805ec012abce,polycom,Lobby\ndesk,1\n";
    std::fs::write(&file, lines).expect("a file");
    let (code, said) = run(&house, &["device", "import-macs", &file.to_string_lossy()]);
    assert!(code == Some(1) && said.contains("2 desk phones created, 3 lines refused"), "{said}");
    assert!(said.contains("line 3: Another device") && said.contains("line 6: a line has"), "{said}");
    let (_, url) = run(&house, &["provision", "path"]);
    let folder = url.trim().strip_prefix(&format!("http://{}", house.server.http())).expect("a URL").to_owned();
    let first = house.look(&format!("{folder}805ec012abcd.cfg"));
    let text = body(&first);
    assert_eq!((first.status, parameter(&text, "account.1.label")), (200, "Reception, ground floor"), "{text}");
    let password = parameter(&text, "account.1.password").to_owned();
    assert_eq!(house.register(&password), 200);
    let lobby = house.look(&format!("{folder}805ec012abce.cfg"));
    assert!(body(&lobby).contains("CONFIG_FILES=\"[PHONE_MAC_ADDRESS]-reg.cfg\""), "{}", body(&lobby));
    assert!(body(&house.look(&format!("{folder}805EC012ABCE-reg.cfg"))).contains("reg.1.auth.password=\""));
    // Another key seals the key that it follows from, and a restart forgets nothing.
    let _said = binary::sipwarden_on(&house.server.data_dir(), &["keys", "rotate"]);
    house.server.kill_dash_nine();
    house.server.start_again();
    let again = body(&house.look(&format!("{folder}805EC012ABCD.cfg")));
    assert_eq!(parameter(&again, "account.1.password"), password);
    assert_eq!(house.register(&password), 200);
    let (code, replaced) = run(&house, &["provision", "path", "--replace"]);
    assert!(code == Some(0) && !replaced.contains(&folder), "{replaced}");
    assert_eq!(house.look(&format!("{folder}805ec012abcd.cfg")).status, 404);
    let (code, said) = run(&house, &["device", "revoke", "desk", "Reception, ground floor"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(house.register(&password), 401);
    let log = house.server.stderr();
    let secret = folder.trim_end_matches('/').rsplit('/').next().expect("a secret");
    assert!(!log.contains(secret) && !log.contains(&password), "a secret in the log");
}
