//! An account with phones and a trunk to a gateway, made over the documented API.

use crate::sip::Credentials;
use crate::soak::PASSWORD;
use crate::{Account, Api, Server, binary};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// How many calls a trunk takes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// At a time.
    pub concurrent: u32,
    /// In a second.
    pub per_second: u32,
}

impl Limits {
    /// More than any test comes near.
    pub const NONE: Self = Self { concurrent: 100_000, per_second: 10_000 };
}

/// Who may call, and over what.
#[derive(Clone, Debug)]
pub struct Line {
    /// Whose it is.
    pub account: Account,
    /// The phones.
    pub callers: Vec<Credentials>,
    /// The trunk's host, which the phones call.
    pub domain: String,
    /// The trunk's identifier.
    pub trunk: String,
}

impl Line {
    /// An account that may call without limits of its own, with so many phones (100 at most) and a trunk that takes the
    /// calls of all of them to that gateway.
    ///
    /// # Panics
    /// When the API refuses any of it.
    #[must_use]
    pub fn open(server: &Server, gateway: SocketAddr, callers: usize, limits: Limits) -> Self {
        let account = server.account("calls");
        let Limits { concurrent, per_second } = Limits::NONE;
        let [concurrent, per_second] = [concurrent, per_second].map(|limit| limit.to_string());
        let set = ["account", "set-limits", &account.auth_id, "--concurrent-calls", &concurrent, "--cps", &per_second];
        let _printed = binary::sipwarden_on(&server.data_dir(), &set);
        let api = server.api(&account);
        let names: Vec<String> = (0..callers).map(|number| format!("caller{number}")).collect();
        let credentials: Vec<String> = names.iter().map(|name| api.credential(name, PASSWORD)).collect();
        let uri = format!("sip:{gateway}");
        let uri = created(&api, "origination-uris", &json!({"sip_uri": uri, "name": "gateway", "transport": "udp"}));
        let trunk = json!({
            "name": "to the gateway",
            "trunk_direction": "outbound",
            "concurrent_calls_limit": limits.concurrent,
            "cps_limit": limits.per_second,
            "primary_uri_uuid": uri["id"],
        });
        let trunk = created(&api, "trunks", &trunk);
        let [id, domain] = ["trunk_id", "trunk_domain"].map(|key| trunk[key].as_str().expect("a text").to_owned());
        let attachments = json!({ "credentials": credentials }).to_string();
        let path = api.path(&format!("trunks/{id}/attachments"));
        let _attached = api.send("PUT", &path, attachments.as_bytes()).expect(200);
        let credentials = |username| Credentials { username, password: PASSWORD.to_owned() };
        Self { account, callers: names.into_iter().map(credentials).collect(), domain, trunk: id }
    }

    /// How many calls the account has up, as the API says.
    ///
    /// # Panics
    /// When it does not say.
    #[must_use]
    pub fn concurrent_calls(&self, server: &Server) -> u64 {
        let api = server.api(&self.account);
        let answer = api.send("GET", &api.path("concurrency"), b"").expect(200);
        answer["concurrent_calls"].as_u64().expect("a number")
    }
}

fn created(api: &Api, resource: &str, body: &Value) -> Value {
    api.send("POST", &api.path(resource), body.to_string().as_bytes()).expect(201)
}
