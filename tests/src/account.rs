//! Accounts, made by the command line as an operator makes them.

use crate::binary;
use serde_json::Value;
use std::path::Path;

/// What `sipwarden account create --json` prints.
#[derive(Clone, Debug)]
pub struct Account {
    /// The public identifier, for paths and `X-Auth-ID`.
    pub auth_id: String,
    /// The API token, shown only this once.
    pub auth_token: String,
    /// What its credentials' HA1s bind to.
    pub realm: String,
    /// Its legal SIP domain.
    pub sip_domain: String,
}

impl Account {
    /// Creates an account on a data directory, beside the running server if there is one.
    ///
    /// # Panics
    /// When the command fails or prints something else.
    #[must_use]
    pub fn create(data_dir: &Path, options: &[&str]) -> Self {
        let arguments = [&["account", "create", "--json"], options].concat();
        let printed = binary::sipwarden_on(data_dir, &arguments);
        let object: Value = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
        let mut keys: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["auth_id", "auth_token", "realm", "sip_domain"], "{printed}");
        let text = |key: &str| object[key].as_str().expect("a text").to_owned();
        Self {
            auth_id: text("auth_id"),
            auth_token: text("auth_token"),
            realm: text("realm"),
            sip_domain: text("sip_domain"),
        }
    }

    /// Lets this account's realm take answers without `qop`, as of RFC 2069.
    pub fn accept_answers_without_qop(&self, data_dir: &Path) {
        let _printed = binary::sipwarden_on(data_dir, &["realm", "set", &self.realm, "--without-qop", "on"]);
    }

    /// Sets what the challenges of this account's realm offer: `compatible`, `sha256` or `rfc8760`.
    pub fn set_policy(&self, data_dir: &Path, policy: &str) {
        let _printed = binary::sipwarden_on(data_dir, &["realm", "set-policy", &self.realm, policy]);
    }
}
