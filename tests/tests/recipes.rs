//! `sipwarden trunk show --for PRODUCT`: the other side's configuration, and that what it says leads into the server.

use acceptance::bounded::Finished;
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Api, Server, binary};
use serde_json::{Value, json};
use std::process::Command;

const PASSWORD: &str = "correct horse 1";
const NUMBERS: [&str; 2] = ["+4930123456", "+4930123457"];
const PRODUCTS: [&str; 6] = ["livekit", "vapi", "elevenlabs", "pipecat", "asterisk", "freeswitch"];

struct Shell {
    server: Server,
    account: Account,
}

impl Shell {
    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let mut command: Command = binary::command();
        command
            .args(arguments)
            .env("SIPWARDEN_URL", format!("http://{}", self.server.http()))
            .env("SIPWARDEN_AUTH_ID", &self.account.auth_id)
            .env("SIPWARDEN_AUTH_TOKEN", &self.account.auth_token);
        command.output().expect("a binary that can be started")
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]), "{arguments:?}");
        String::from_utf8(output.stderr).expect("text")
    }

    fn recipe(&self, trunk: &str, product: &str) -> String {
        self.ok(&["trunk", "show", trunk, "--for", product])
    }
}

fn send(api: &Api, method: &str, path: &str, body: &Value, status: u16) -> Value {
    api.send(method, &api.path(path), body.to_string().as_bytes()).expect(status)
}

fn id(object: &Value, key: &str) -> String {
    object[key].as_str().expect("an id").to_owned()
}

#[test]
fn every_product_gets_its_configuration() {
    let server = Server::start_on_every_transport(&[]);
    let account = server.account("recipes");
    let api = server.api(&account);
    let shell = Shell { server, account };
    let (first, second) = (api.credential("agent_01", PASSWORD), api.credential("agent_02", PASSWORD));
    let trunk = send(&api, "POST", "trunks", &json!({"name": "Voice \"agents\""}), 201);
    let (trunk, domain) = (id(&trunk, "trunk_id"), id(&trunk, "trunk_domain"));
    for product in PRODUCTS {
        if product != "pipecat" {
            let said = shell.refused(&["trunk", "show", &trunk, "--for", product]);
            assert!(said.contains("sipwarden trunk attach"), "{said}");
        }
    }
    assert_eq!(
        serde_json::from_str::<Value>(&shell.recipe(&trunk, "pipecat")).expect("JSON").as_object().map(|o| o.len()),
        Some(2)
    );

    let hop = id(&send(&api, "POST", "origination-uris", &json!({"uri": "sip:gw.example.com"}), 201), "id");
    let secret = json!({"username": "to-them", "password": "never shown again"});
    send(&api, "PUT", &format!("origination-uris/{hop}/secret"), &secret, 200);
    let attachments = json!({"credentials": [first]});
    send(&api, "PUT", &format!("trunks/{trunk}/attachments"), &attachments, 200);
    for number in NUMBERS {
        let _printed =
            binary::sipwarden_on(&shell.server.data_dir(), &["number", "allocate", number, &shell.account.auth_id]);
        shell.ok(&["number", "assign", number, &trunk]);
        shell.ok(&["number", "target", number, "--origination-uri", &hop]);
    }
    for (transport, place) in [("udp", Transport::Udp), ("tcp", Transport::Tcp), ("tls", Transport::Tls)] {
        send(&api, "PUT", &format!("trunks/{trunk}"), &json!({"transport": transport}), 200);
        let port = shell.server.sip(place).port();
        for product in PRODUCTS {
            let printed = shell.recipe(&trunk, product);
            assert!(!printed.contains("{{") && !printed.contains("never shown again"), "{printed}");
            assert!(printed.contains(&domain) && printed.contains(&port.to_string()), "{product}: {printed}");
            assert_eq!(printed.contains("agent_01"), product != "pipecat", "{printed}");
            assert_eq!(NUMBERS.iter().all(|number| printed.contains(number)), product != "pipecat", "{printed}");
        }
        let livekit: Value = serde_json::from_str(&shell.recipe(&trunk, "livekit")).expect("JSON");
        let outbound = &livekit["CreateSIPOutboundTrunk"]["trunk"];
        assert_eq!(outbound["address"], format!("{domain}:{port}"));
        assert_eq!(outbound["transport"], format!("SIP_TRANSPORT_{}", transport.to_uppercase()));
        assert_eq!((&outbound["numbers"], &outbound["name"]), (&json!(NUMBERS), &json!("Voice \"agents\"")));
        assert_eq!(livekit["CreateSIPInboundTrunk"]["trunk"]["auth_username"], "to-them");
        let asterisk = shell.recipe(&trunk, "asterisk");
        let proxy = format!("outbound_proxy=sip:127.0.0.1:{port}\\;transport={transport}\\;lr");
        assert!(asterisk.lines().any(|line| line == proxy), "{asterisk}");
        // Asterisk and FreeSWITCH register with the trunk's host.
        let mut phone = HandmadePhone::new(place, shell.server.sip(place), &domain, "agent_01", PASSWORD);
        assert_eq!(phone.register(600).status, 200, "{transport}");
    }

    let other = ["trunk", "show", &trunk, "--for", "vapi", "--credential", "agent_02"];
    assert!(shell.refused(&other).contains("sipwarden trunk attach"));
    let both = json!({"credentials": [first, second]});
    send(&api, "PUT", &format!("trunks/{trunk}/attachments"), &both, 200);
    let vapi: Value = serde_json::from_str(&shell.ok(&other)).expect("JSON");
    let plan = &vapi["POST https://api.vapi.ai/credential"]["outboundAuthenticationPlan"];
    assert_eq!(plan["authUsername"], "agent_02");
}

#[test]
fn a_trunk_for_tls_only_wants_a_server_that_speaks_it() {
    let server = Server::start();
    let account = server.account("recipes");
    let api = server.api(&account);
    let shell = Shell { server, account };
    let trunk = id(&send(&api, "POST", "trunks", &json!({"name": "t", "secure": true}), 201), "trunk_id");
    let said = shell.refused(&["trunk", "show", &trunk, "--for", "pipecat"]);
    assert!(said.contains("does not listen on tls"), "{said}");
    let finished: Finished = binary::sipwarden(&["trunk", "show", "x", "--for", "nothing"]);
    assert_eq!(finished.code(), Some(2), "{}", finished.stderr);
}
