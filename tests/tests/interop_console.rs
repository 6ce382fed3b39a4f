//! The console in headless Chromium, with real phones: what a person does, every page's accessibility, HTML and size.

use acceptance::phones::running_phone::{Quit, RunningPhone};
use acceptance::phones::{Settings, javascript, sipp};
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Rtpengine, Server, binary, data};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

/// All of a part, on a busy machine.
const LIMIT: Duration = Duration::from_secs(240);

/// A browser that asks for phones.
struct Browser {
    running: RunningPhone,
    heard: usize,
}

impl Browser {
    fn start(settings: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new("node");
        command.arg(data("console").join("browser.cjs")).env("NODE_PATH", javascript::modules());
        let mut running = RunningPhone::start(command, folder, "printed", Quit::Signal);
        running.type_line(&settings.to_string());
        Self { running, heard: 0 }
    }

    /// What it says next.
    fn next(&mut self) -> Value {
        let heard = self.heard;
        let line = self.running.wait_for(LIMIT, |output| output.lines().nth(heard).map(str::to_owned));
        self.heard += 1;
        let line = line.unwrap_or_else(|| panic!("the browser says nothing more: {}", self.running.output()));
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{}", self.running.output()))
    }

    /// Plays phones as it asks, until it is done.
    fn play(mut self, server: &Server, account: &Account) {
        loop {
            let said = self.next();
            match said["event"].as_str() {
                Some("ask") => {
                    let text = |key: &str| said[key].as_str().expect("a text");
                    let settings = Settings::new(server, account, Transport::Udp, text("username"), text("password"));
                    let attempt = sipp::play("register.xml", &settings);
                    assert_eq!(attempt.phone_is_content, said["content"] == true, "{}", attempt.output);
                    self.running.type_line("played");
                }
                Some("found") => println!("{said}"),
                Some("done") => return,
                _ => panic!("{}", said["error"].as_str().unwrap_or("the browser failed")),
            }
        }
    }
}

fn settings(server: &Server, account: &Account, more: &Value) -> Value {
    let mut settings = json!({
        "base": format!("http://{}", server.http()),
        "auth_id": account.auth_id,
        "auth_token": account.auth_token,
        "browser": "/usr/bin/chromium",
        // Where pictures of every page are to be put, for the guide.
        "pictures": std::env::var("CONSOLE_PICTURES").ok(),
    });
    settings.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    settings
}

#[test]
fn a_person_sets_up_a_phone_by_keyboard_and_sees_why_it_fails() {
    let server = Server::start();
    let account = server.account("Northwind Traders");
    let asked = settings(&server, &account, &json!({ "parts": ["first", "devices", "without-script"] }));
    Browser::start(&asked).play(&server, &account);
}

#[test]
fn a_page_registers_without_its_password_reaching_the_http_side() {
    let server = Server::start_on_every_transport(&[]);
    let account = server.account("Northwind Traders");
    let _id = server.api(&account).credential("browser_phone", "Correct!Horse7");
    let phone = json!({ "username": "browser_phone", "password": "Correct!Horse7" });
    let websocket = format!("ws://{}/", server.sip(Transport::Ws));
    let asked = settings(&server, &account, &json!({ "parts": ["try-it"], "phone": phone, "websocket": websocket }));
    Browser::start(&asked).play(&server, &account);
    let log = server.stderr();
    assert!(!log.contains("Correct!Horse7") && !log.contains("Wrong!Horse77"), "{log}");
}

/// With a media proxy, what is said into the page comes back: Debian's rtpengine, and a microphone that beeps.
#[test]
fn a_page_calls_the_echo_and_hears_itself() {
    let proxy = Rtpengine::start();
    let server = Server::start_on_every_transport(&["--rtpengine", &proxy.address()]);
    let account = server.account("Northwind Traders");
    let _id = server.api(&account).credential("browser_phone", "Correct!Horse7");
    let phone = json!({ "username": "browser_phone", "password": "Correct!Horse7" });
    let websocket = format!("ws://{}/", server.sip(Transport::Ws));
    let more = json!({ "parts": ["echo"], "talks": true, "phone": phone, "websocket": websocket });
    Browser::start(&settings(&server, &account, &more)).play(&server, &account);
}

/// A tenant with something on every page.
fn furnished(server: &Server, account: &Account) -> Vec<(String, String)> {
    let api = server.api(account);
    let post = |path: &str, body: &Value| {
        let answer = api.send("POST", &api.path(path), body.to_string().as_bytes());
        assert!(answer.status < 300, "{path}: {}", answer.shown());
        answer.json()
    };
    let mut first = String::new();
    for (name, description) in [
        ("front_desk", "Reception, ground floor"),
        ("warehouse", "Cordless, loading bay 2"),
        ("sales_anna", "Anna’s softphone"),
        ("sales_ben", "Ben’s desk phone"),
        ("voice_agent", "LiveKit, support line"),
        ("meeting_room", ""),
    ] {
        let id = api.credential(name, "Correct!Horse7");
        let _ = api.send(
            "PUT",
            &api.path(&format!("credentials/{id}")),
            json!({ "description": description }).to_string().as_bytes(),
        );
        if first.is_empty() {
            first = id;
        }
    }
    let sip = server.sip(Transport::Udp);
    let phone =
        |name: &str, password: &str| HandmadePhone::new(Transport::Udp, sip, &account.sip_domain, name, password);
    for (name, password, agent, status) in [
        ("front_desk", "Correct!Horse7", "Yealink SIP-T46S 66.85.0.5", 200),
        ("sales_anna", "Correct!Horse7", "LinphoneAndroid/5.2.5", 200),
        ("voice_agent", "Correct!Horse7", "LiveKit", 200),
        ("warehouse", "Wrong!Horse77", "Gigaset N510/42.250", 401),
        ("Sales_Ben", "Correct!Horse7", "Grandstream GXP2170 1.0.11", 401),
        ("1001", "1001", "friendly-scanner", 401),
    ] {
        assert_eq!(phone(name, password).with_user_agent(agent).register(600).status, status, "{name}");
    }
    // One of them for so long that it is not looked at any more.
    for number in 0..25 {
        let mut guess = phone("meeting_room", &format!("Guess!{number:08}")).with_user_agent("friendly-scanner");
        assert_eq!(guess.register(600).status, 401);
    }
    let hop = post("origination-uris", &json!({ "uri": "sip:gateway.example.net:5060" }));
    let trunk = post("trunks", &json!({ "name": "Carrier one" }));
    let network = post("ip-acl", &json!({ "ip_address": "192.0.2.0/28", "description": "Their gateways" }));
    let trunk = trunk["trunk_id"].as_str().expect("an id").to_owned();
    let (hop, network) = (hop["id"].as_str().expect("an id"), network["id"].as_str().expect("an id"));
    let attachments = json!({ "credentials": [first], "primary_uri": hop, "ip_acls": [network] });
    let attached =
        api.send("PUT", &api.path(&format!("trunks/{trunk}/attachments")), attachments.to_string().as_bytes());
    assert_eq!(attached.status, 200, "{}", attached.shown());
    let devices = format!("credentials/{first}/devices");
    let device = post(&devices, &json!({ "label": "Ann’s mobile" }));
    let (device, secret) = (device["id"].as_str().expect("an id").to_owned(), device["password"].clone());
    post(&devices, &json!({ "label": "Reception", "mac": "80:5e:c0:12:ab:cd", "format": "yealink" }));
    let mut mobile = phone("front_desk", secret.as_str().expect("a password")).with_user_agent("LinphoneiOS/5.2.5");
    assert_eq!(mobile.register(600).status, 200);
    post(&format!("credentials/{first}/provisioning-links"), &json!({ "label": "Ben’s laptop", "format": "microsip" }));
    let base = format!("/console/{}", account.auth_id);
    let credential = format!("{base}/credentials/{first}");
    let token = api.send("GET", &api.path("tokens"), b"").json();
    let token = token["objects"][0]["id"].as_str().expect("an id").to_owned();
    [
        ("overview", String::new()),
        ("credentials", "/credentials".into()),
        ("credentials-none", "/credentials?q=nobody".into()),
        ("credential-new", "/credentials/new".into()),
        ("attempts", "/attempts".into()),
        ("phones", "/phones".into()),
        ("trunks", "/trunks".into()),
        ("trunk", format!("/trunks/{trunk}")),
        ("trunk-delete", format!("/trunks/{trunk}/delete")),
        ("trunk-recipe", format!("/trunks/{trunk}/recipes/asterisk")),
        ("next-hop", format!("/trunks/next-hops/{hop}")),
        ("next-hop-delete", format!("/trunks/next-hops/{hop}/delete")),
        ("network", format!("/trunks/networks/{network}")),
        ("network-delete", format!("/trunks/networks/{network}/delete")),
        ("numbers", "/numbers".into()),
        ("calls", "/calls".into()),
        ("bans", "/bans".into()),
        ("audit-log", "/audit-log".into()),
        ("tokens", "/tokens".into()),
        ("token-revoke", format!("/tokens/{token}/revoke")),
        ("settings", "/settings".into()),
        ("try-it", "/try-it".into()),
    ]
    .into_iter()
    .map(|(name, path)| (name.to_owned(), format!("{base}{path}")))
    .chain([
        ("credential".to_owned(), credential.clone()),
        ("credential-rotate".to_owned(), format!("{credential}/rotate")),
        ("credential-disable".to_owned(), format!("{credential}/disable")),
        ("credential-delete".to_owned(), format!("{credential}/delete")),
        ("devices".to_owned(), format!("{credential}/devices")),
        ("device-revoke".to_owned(), format!("{credential}/devices/{device}/revoke")),
        ("device-rotate".to_owned(), format!("{credential}/devices/{device}/rotate")),
        ("desk-phones".to_owned(), format!("{base}/desk-phones")),
        ("desk-phones-replace".to_owned(), format!("{base}/desk-phones/replace")),
    ])
    .collect()
}

#[test]
fn every_page_is_accessible_valid_and_small() {
    let server = Server::start_with(&["--admin-api", "--sip-listen", "ws:127.0.0.1:0"]);
    let account = server.account("Northwind Traders");
    let pages = furnished(&server, &account);
    let credential = pages.iter().find(|(name, _)| name == "credential").expect("a credential").1.clone();
    let made = binary::sipwarden_on(&server.data_dir(), &["operator-token", "create", "--label", "console", "--json"]);
    let made: Value = serde_json::from_str(&made).expect("JSON");
    let operator_pages = [
        ("operator-accounts", "/console/operator".to_owned()),
        ("operator-disable", format!("/console/operator/accounts/{}/disable", account.auth_id)),
        ("operator-realms", "/console/operator/realms".to_owned()),
        ("operator-nodes", "/console/operator/nodes".to_owned()),
        ("operator-bans", "/console/operator/bans".to_owned()),
        ("operator-audit-log", "/console/operator/audit-log".to_owned()),
    ];
    let more = json!({
        "parts": ["pages", "posted", "operator"],
        "pages": pages,
        "credential": credential,
        "operator_pages": operator_pages,
        "operator_token": made["bearer_token"].as_str().expect("a token"),
    });
    Browser::start(&settings(&server, &account, &more)).play(&server, &account);
}
