//! An account with a trunk, a phone and gateways that tests play by hand.

use crate::sip::dialog::{Dialog, Draft, Outgoing};
use crate::sip::party::{Party, SipText};
use crate::sip::{Challenge, Credentials, Transport};
use crate::{Account, Api, Server, binary, bounded};
use serde_json::{Value, json};
use std::time::Duration;

/// The username of the phone.
pub const USERNAME: &str = "desk";
/// Its password.
pub const PASSWORD: &str = "Correct!Horse7";
/// The number of the trunk.
pub const NUMBER: &str = "+4930123456";
const RECORD_LIMIT: Duration = Duration::from_secs(10);

/// A server, an account, a credential on a trunk with a number; next hops are the test's.
#[derive(Debug)]
pub struct Trunked {
    /// The server.
    pub server: Server,
    /// The account.
    pub account: Account,
    /// Its API.
    pub api: Api,
    /// The credential's id.
    pub credential: String,
    /// The trunk's id.
    pub trunk: String,
}

impl Trunked {
    /// A trunk for Germany, with one number, that allows many calls; served with these options.
    #[must_use]
    pub fn start(extra: &[&str]) -> Self {
        let server = Server::start_with(extra);
        let account = server.account("trunked");
        let limits = ["account", "set-limits", &account.auth_id, "--concurrent-calls", "10000", "--cps", "10000"];
        let _printed = binary::sipwarden_on(&server.data_dir(), &limits);
        let api = server.api(&account);
        let credential = api.credential(USERNAME, PASSWORD);
        let body = json!({"name": "hand", "concurrent_calls_limit": 10_000, "cps_limit": 10_000,
            "credential_uuid": credential});
        let trunk = send(&api, "POST", "trunks", &body).expect(201);
        let trunk = trunk["trunk_id"].as_str().expect("an id").to_owned();
        let trunked = Self { server, account, api, credential, trunk };
        trunked.rules(&json!({"home_country_code": "49"}));
        trunked.number(NUMBER);
        trunked
    }

    /// Allocates a number and assigns it to the trunk.
    pub fn number(&self, number: &str) {
        let arguments = ["number", "allocate", number, &self.account.auth_id];
        let _printed = binary::sipwarden_on(&self.server.data_dir(), &arguments);
        let path = format!("numbers/{number}/assign");
        send(&self.api, "POST", &path, &json!({"trunk_group_id": self.trunk})).expect(200);
    }

    /// Changes the trunk.
    pub fn change(&self, change: &Value) {
        send(&self.api, "PUT", &format!("trunks/{}", self.trunk), change).expect(200);
    }

    /// Changes the trunk's rules.
    pub fn rules(&self, change: &Value) {
        send(&self.api, "PUT", &format!("trunks/{}/rules", self.trunk), change).expect(200);
    }

    /// Changes what the trunk is attached to.
    pub fn attach(&self, change: &Value) {
        send(&self.api, "PUT", &format!("trunks/{}/attachments", self.trunk), change).expect(200);
    }

    /// Makes an origination URI; its id.
    ///
    /// # Panics
    /// When it is not made.
    #[must_use]
    pub fn uri(&self, body: &Value) -> String {
        let made = send(&self.api, "POST", "origination-uris", body).expect(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    /// A gateway over UDP that is the trunk's only next hop.
    #[must_use]
    pub fn gateway(&self) -> Party {
        let gateway = Party::udp(self.server.sip(Transport::Udp));
        let id = self.uri(&json!({"uri": format!("sip:{}", gateway.local())}));
        self.attach(&json!({"origination_uris": [id]}));
        gateway
    }

    /// A phone's socket over that transport.
    #[must_use]
    pub fn phone(&self, transport: Transport) -> Party {
        match transport {
            Transport::Tcp => Party::tcp(self.server.sip(transport)),
            _ => Party::udp(self.server.sip(Transport::Udp)),
        }
    }

    /// What the phone sends to call that number or name.
    #[must_use]
    pub fn draft(&self, dialled: &str) -> Draft {
        let domain = &self.account.sip_domain;
        Draft::new(USERNAME, &format!("sip:{dialled}@{domain}"), domain)
    }

    /// Calls as the credential.
    pub fn call(&self, phone: &mut Party, draft: &Draft) -> Outgoing {
        phone.call(draft, &login(USERNAME))
    }

    /// Calls a number and has the gateway answer: both sides.
    pub fn answered(&self, phone: &mut Party, gateway: &mut Party, draft: &Draft) -> (Dialog, Dialog) {
        let outgoing = self.call(phone, draft);
        let invite = gateway.request("INVITE");
        let callee = gateway.accept_call(&invite, "gw", crate::sip::dialog::SDP);
        let caller = phone.expect_answered(&outgoing);
        gateway.request("ACK");
        (caller, callee)
    }

    /// Registers a phone under that name.
    pub fn register(&self, phone: &mut Party, username: &str) {
        self.register_at(phone, username, &phone.uri(username));
    }

    /// The same with any Contact.
    ///
    /// # Panics
    /// When it is not accepted.
    pub fn register_at(&self, phone: &mut Party, username: &str, contact: &str) {
        let (domain, id) = (&self.account.sip_domain, crate::sip::message::unique());
        let write = |phone: &Party, sequence: u32, headers: &str| {
            format!(
                "REGISTER sip:{domain} SIP/2.0\r\n{}Max-Forwards: 70\r\nFrom: <sip:{username}@{domain}>;tag={id}\r\n\
                 To: <sip:{username}@{domain}>\r\nCall-ID: r{id}\r\nCSeq: {sequence} REGISTER\r\n\
                 Contact: <{contact}>\r\n{headers}Content-Length: 0\r\n\r\n",
                phone.via(&format!("{id}-{sequence}"))
            )
        };
        let first = write(phone, 1, "");
        phone.send(&first);
        let of = |cseq: &'static str| move |m: &SipText| m.status().is_some() && m.header("cseq") == cseq;
        let challenged = phone.take("challenge", of("1 REGISTER"));
        let challenge = Challenge::parse(challenged.header("www-authenticate"));
        let uri = format!("sip:{domain}");
        let subject = crate::sip::digest::Subject { method: "REGISTER", uri: &uri, nonce_count: 1 };
        let answer = challenge.answer(&login(username), subject);
        let second = write(phone, 2, &format!("Authorization: {answer}\r\n"));
        phone.send(&second);
        let accepted = phone.take("answer to REGISTER", of("2 REGISTER"));
        assert_eq!(accepted.status(), Some(200), "{accepted:#?}");
    }

    /// Lets an address of this machine in without a password, and nobody with one.
    pub fn trust(&self, address: &str) {
        let entry = send(&self.api, "POST", "ip-acl", &json!({"ip_address": address})).expect(201);
        self.attach(&json!({"ip_acls": [entry["id"]], "credentials": []}));
    }

    /// The record of the call that the caller knows by that Call-ID.
    #[must_use]
    pub fn record(&self, caller_call_id: &str) -> Value {
        bounded::wait_for("a call record", RECORD_LIMIT, || {
            let page = self.api.send("GET", &self.api.path("cdrs?limit=100"), b"").expect(200);
            let records: Vec<Value> = page["objects"].as_array().expect("a list").clone();
            let mut own = records.into_iter().filter(|record| record["caller_call_id"] == caller_call_id);
            let found = own.next();
            assert!(own.next().is_none(), "one call, two records: {page}");
            found
        })
    }

    /// Expects of a call's record that these fields are so.
    ///
    /// # Panics
    /// When they are not.
    #[track_caller]
    pub fn expect_record(&self, caller_call_id: &str, expected: &Value) -> Value {
        let record = self.record(caller_call_id);
        for (field, value) in expected.as_object().expect("an object") {
            assert_eq!(&record[field], value, "{field} of {record:#}");
        }
        record
    }
}

/// The password of every phone here.
#[must_use]
pub fn login(username: &str) -> Credentials {
    Credentials { username: username.to_owned(), password: PASSWORD.to_owned() }
}

/// Sends a request below the account.
#[must_use]
pub fn send(api: &Api, method: &str, path: &str, body: &Value) -> crate::Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    api.send(method, &api.path(path), body.as_bytes())
}
