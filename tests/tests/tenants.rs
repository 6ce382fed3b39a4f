//! Who gets at what: every operation of the served document, asked by every kind of identity, about every kind of object.
//!
//! The operations are read from the document, so that a new one cannot be forgotten: one with a placeholder this file
//! does not know fails until it is told here.

use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Answer, Api, Server, binary};
use serde_json::{Value, json};
use std::cell::Cell;

const PASSWORD: &str = "correct horse";
/// Nobody calls here, so no account has one.
const NO_CALL: &str = "aabbccdd-1234-7678-90ab-cdef12345678";
const NO_REGISTRATION: &str = "AZankXyoizfJpYXWDksExEVcTOxbuPYKO1YieBA5KI_c4xIAZf8TFac";

/// Who asks, with which identity.
struct Identity {
    name: &'static str,
    standing: Standing,
    headers: Vec<(&'static str, String)>,
    /// The account whose own path the request is about, in `World::tenants`.
    target: usize,
    /// The tenants of which the answer may tell.
    may_see: Vec<usize>,
}

/// What the identity is worth on the path it asks at.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Standing {
    /// Proves no account.
    Nobody,
    /// Proves another account, which has no authority here.
    Stranger,
    /// May do everything.
    All,
    /// May read everything.
    ReadOnly,
    /// May read and change credentials.
    CredentialsOnly,
}

/// Which object the path names.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Named {
    Own,
    AnotherAccounts,
    NonExisting,
    NotAnId,
}

/// An account with something of everything in it.
struct Tenant {
    account: Account,
    /// Texts that nobody else may be told.
    needles: Vec<String>,
    username: String,
    credential: String,
    token: String,
    trunk: String,
    ip_acl: String,
    origination_uri: String,
    /// As it stands in a path.
    number: String,
    sub_account: Option<String>,
}

struct World {
    server: Server,
    /// Main account, its sub-accounts (a sibling, a disabled one), and a stranger.
    tenants: Vec<Tenant>,
    counter: Cell<u32>,
}

const MAIN: usize = 0;
const SUB: usize = 1;
const SIBLING: usize = 2;
const DISABLED: usize = 3;
const STRANGER: usize = 4;

struct Operation {
    path: String,
    method: String,
    success: u16,
    body: Option<Value>,
}

impl Operation {
    /// The placeholder of the object that the path names, if it names one beside the account.
    fn placeholder(&self) -> Option<&str> {
        let mut names = self.path.rsplit('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        names.find(|name| *name != "auth_id" && !self.is_the_operators())
    }

    /// Not served here at all, whoever asks: the operator API is off unless asked for.
    fn is_the_operators(&self) -> bool {
        self.path.starts_with("/admin/")
    }

    fn is_about_an_account(&self) -> bool {
        self.path.contains("{auth_id}")
    }

    fn needs_identity(&self) -> bool {
        self.path.starts_with("/api/v1/")
    }

    fn is_about_credentials(&self) -> bool {
        self.path.ends_with("credentials")
            || self.path.contains("{credential_id}")
            || ["/bans", "/credentials/", "/provisioning-path", "/reports/credentials"]
                .iter()
                .any(|part| self.path.contains(part))
            || ["phone-settings", "algorithm-report", "registrations", "auth-events", "why"]
                .iter()
                .any(|end| self.path.ends_with(end))
    }

    fn is_about_sub_accounts(&self) -> bool {
        self.path.contains("/sub-accounts")
    }
}

/// The rule: authentication, then the account in the path, then the token's scope, then the object.
fn expected(world: &World, operation: &Operation, identity: &Identity, named: Named) -> u16 {
    let reads = operation.method == "get";
    match identity.standing {
        _ if operation.is_the_operators() => return 404,
        _ if !operation.needs_identity() => return operation.success,
        Standing::Nobody => return 401,
        _ if !operation.is_about_an_account() => return operation.success,
        Standing::Stranger => return 403,
        // Where desk phones fetch their passwords: whoever knows it may, so it is not for everybody who reads.
        Standing::ReadOnly if !reads || operation.path.ends_with("/provisioning-path") => return 403,
        Standing::CredentialsOnly if !operation.is_about_credentials() => return 403,
        Standing::All | Standing::ReadOnly | Standing::CredentialsOnly => {}
    }
    if matches!(operation.placeholder(), Some("call_id" | "ban_id"))
        || (operation.placeholder().is_some() && named != Named::Own)
    {
        return 404;
    }
    // There is one level: a sub-account has none and gets none.
    if operation.is_about_sub_accounts() && world.tenants[identity.target].sub_account.is_none() {
        return match (operation.placeholder(), reads) {
            (Some(_), _) => 404,
            (None, true) => operation.success,
            (None, false) => 409,
        };
    }
    operation.success
}

#[test]
fn nobody_gets_in_where_they_do_not_belong() {
    let world = World::new();
    let identities = identities(&world);
    let mut asked = 0;
    for operation in operations(&world) {
        for identity in &identities {
            let kinds: &[Named] = if operation.placeholder().is_some() {
                &[Named::Own, Named::AnotherAccounts, Named::NonExisting, Named::NotAnId]
            } else {
                &[Named::Own]
            };
            for named in kinds {
                let answer = world.ask(&operation, identity, *named);
                let case = format!("{} {} as {} about {named:?}", operation.method, operation.path, identity.name);
                assert_eq!(answer.status, expected(&world, &operation, identity, *named), "{case}: {}", answer.shown());
                world.expect_no_leak(&answer, identity, &case);
                asked += 1;
            }
        }
    }
    assert!(asked > 300, "only {asked} requests: were the document's operations read?");
}

/// A new device or link of the account's credential, in place of those that were there: there is an end to them.
fn only_one(api: &Api, owner: &Tenant, collection: &str) -> String {
    let path = api.path(&format!("credentials/{}/{collection}", owner.credential));
    let listed = api.send("GET", &path, b"");
    // A disabled account has none, and whoever asks for it is refused whatever is named.
    if listed.status != 200 {
        return NO_CALL.into();
    }
    for object in listed.json()["objects"].as_array().expect("a list") {
        let id = object["id"].as_str().expect("an id");
        let _gone_perhaps = api.send("DELETE", &format!("{path}/{id}"), b"");
    }
    let made = api.send("POST", &path, br#"{"label":"fresh"}"#).expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

impl World {
    fn new() -> Self {
        let server = Server::start();
        let main = server.account("name_of_main");
        let stranger = server.account("name_of_stranger");
        let api = server.api(&main);
        let sub = |name: &str| sub_account(&api, &main, name);
        let (own, sibling, disabled) = (sub("name_of_sub"), sub("name_of_sibling"), sub("name_of_disabled"));
        let tenants = [
            (main.clone(), Some(own.auth_id.clone()), "main"),
            (own, None, "sub"),
            (sibling, None, "sibling"),
            (disabled.clone(), None, "disabled"),
            (stranger.clone(), Some(sub_account(&server.api(&stranger), &stranger, "name_of_far").auth_id), "stranger"),
        ];
        let tenants = tenants.map(|(account, sub, name)| Tenant::furnished(&server, account, sub, name));
        let path = format!("/api/v1/accounts/{}/sub-accounts/{}", main.auth_id, disabled.auth_id);
        api.send("PUT", &path, br#"{"enabled":false}"#).expect(200);
        Self { server, tenants: tenants.into(), counter: Cell::new(0) }
    }

    fn ask(&self, operation: &Operation, identity: &Identity, named: Named) -> Answer {
        let target = &self.tenants[identity.target];
        let mut path = operation.path.replace("{auth_id}", &target.account.auth_id);
        if let Some(placeholder) = operation.placeholder() {
            let id = self.id(placeholder, identity, (named, operation.method == "delete"));
            path = path.replace(&format!("{{{placeholder}}}"), &id);
            // An object of a credential's: the credential is the account's own.
            path = path.replace("{credential_id}", &target.credential);
        }
        if path.ends_with("/call-webhook") || path.contains("/call-webhook/") {
            // Whatever comes of it: a disabled account has none, and whoever asks for it is refused before.
            let body = br#"{"url":"https://hooks.example.com/"}"#;
            let _there_now = self.owner_api(target).send("PUT", &self.owner_api(target).path("call-webhook"), body);
        }
        if operation.is_the_operators() {
            path = path.replace(['{', '}'], "");
        }
        assert!(!path.contains('{'), "tell this test what to put into {path}");
        let body = operation.body.clone().map(|body| self.fitting(target, body).to_string()).unwrap_or_default();
        let mut headers: Vec<(&str, &str)> =
            identity.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if operation.body.is_some() {
            headers.push(("Content-Type", "application/json"));
        }
        let is_of_rows = path.ends_with("/credentials/import");
        let body = if is_of_rows { json!({"username": "imported", "password": PASSWORD}).to_string() } else { body };
        if is_of_rows {
            headers.push(("Content-Type", "application/x-ndjson"));
        }
        self.server.api(&target.account).send_as(&operation.method.to_uppercase(), &path, &headers, body.as_bytes())
    }

    /// An id of that kind; a fresh object where it may be deleted.
    fn id(&self, placeholder: &str, identity: &Identity, (named, consumed): (Named, bool)) -> String {
        let target = &self.tenants[identity.target];
        let other = &self.tenants[if identity.target == STRANGER { MAIN } else { STRANGER }];
        let may_succeed = identity.standing != Standing::Nobody && identity.standing != Standing::Stranger;
        match (named, placeholder) {
            // Nobody is banned here.
            (_, "ban_id") => NO_CALL.into(),
            (Named::Own, _) if consumed && may_succeed => self.fresh(placeholder, target),
            (Named::Own, "credential_id") => target.credential.clone(),
            (Named::AnotherAccounts, "credential_id") => other.credential.clone(),
            (Named::Own, "trunk_id") => target.trunk.clone(),
            (Named::AnotherAccounts, "trunk_id") => other.trunk.clone(),
            (Named::Own, "ip_acl_id") => target.ip_acl.clone(),
            (Named::AnotherAccounts, "ip_acl_id") => other.ip_acl.clone(),
            (Named::Own, "origination_uri_id") => target.origination_uri.clone(),
            (Named::AnotherAccounts, "origination_uri_id") => other.origination_uri.clone(),
            (Named::Own, "e164") => target.number.clone(),
            (Named::AnotherAccounts, "e164") => other.number.clone(),
            (Named::NonExisting, "e164") => "%2B999999999".into(),
            (Named::Own, "token_id") => target.token.clone(),
            (Named::AnotherAccounts, "token_id") => other.token.clone(),
            // A sub-account has none of its own; it gets its parent's.
            (Named::Own, "sub_auth_id") => {
                target.sub_account.clone().unwrap_or_else(|| self.tenants[SUB].account.auth_id.clone())
            }
            (Named::AnotherAccounts, "sub_auth_id") => other.sub_account.clone().expect("a main account"),
            (Named::NonExisting, "credential_id" | "token_id" | "trunk_id" | "ip_acl_id" | "origination_uri_id") => {
                "aabbccdd-1234-7678-90ab-cdef12345678".into()
            }
            // Ended already, or somebody else's.
            (Named::Own, "registration_id" | "device_id" | "link_id") => self.fresh(placeholder, target),
            (Named::AnotherAccounts, "registration_id" | "device_id" | "link_id") => self.fresh(placeholder, other),
            (Named::NonExisting, "registration_id") => NO_REGISTRATION.into(),
            (Named::NonExisting, "device_id" | "link_id") => NO_CALL.into(),
            (Named::NotAnId, "registration_id" | "device_id" | "link_id") => "not-an-id".into(),
            (Named::NonExisting, "sub_auth_id") => "SA_NOBODY00".into(),
            (_, "call_id") => NO_CALL.into(),
            (
                Named::NotAnId,
                "credential_id" | "token_id" | "sub_auth_id" | "trunk_id" | "ip_acl_id" | "origination_uri_id" | "e164",
            ) => "not-an-id".into(),
            (_, unknown) => panic!("tell this test how to make a {{{unknown}}}"),
        }
    }

    fn fresh(&self, placeholder: &str, owner: &Tenant) -> String {
        let (api, number) = (self.owner_api(owner), self.next());
        match placeholder {
            "credential_id" => api.credential(&format!("fresh_{number}"), PASSWORD),
            "token_id" => token(&api, "fresh", "all", None).0,
            "call_id" => NO_CALL.into(),
            "registration_id" => self.registered(&api, owner),
            "device_id" => only_one(&api, owner, "devices"),
            "link_id" => only_one(&api, owner, "provisioning-links"),
            "trunk_id" => trunk(&api, "fresh"),
            "ip_acl_id" => ip_acl(&api, "fresh"),
            "origination_uri_id" => origination_uri(&api, "fresh"),
            // What is deleted is its assignment, which may be gone already.
            "e164" => owner.number.clone(),
            "sub_auth_id" if owner.sub_account.is_some() => sub_account(&api, &owner.account, "fresh").auth_id,
            "sub_auth_id" => self.tenants[SIBLING].account.auth_id.clone(),
            unknown => panic!("tell this test how to make a {{{unknown}}}"),
        }
    }

    /// The id of the registration of a phone that has just registered with the account's credential.
    fn registered(&self, api: &Api, owner: &Tenant) -> String {
        let Account { sip_domain, .. } = &owner.account;
        // Other operations have set another password and demands since.
        let _whatever = api.send("DELETE", &api.path(&format!("credentials/{}/requirements", owner.credential)), b"");
        let renewed = json!({"password": PASSWORD, "enabled": true}).to_string();
        let _whatever = api.send("PUT", &api.path(&format!("credentials/{}", owner.credential)), renewed.as_bytes());
        let server = self.server.sip(Transport::Udp);
        let mut phone = HandmadePhone::new(Transport::Udp, server, sip_domain, &owner.username, PASSWORD);
        if phone.register(600).status == 401 {
            // A disabled account's phone: who asks for that account is refused whatever is named.
            return NO_REGISTRATION.into();
        }
        let path = api.path(&format!("credentials/{}/registrations", owner.credential));
        let listed = api.send("GET", &path, b"").expect(200);
        listed["objects"][0]["id"].as_str().expect("an id").to_owned()
    }

    fn owner_api(&self, owner: &Tenant) -> Api {
        self.server.api(&owner.account)
    }

    fn next(&self) -> u32 {
        self.counter.set(self.counter.get() + 1);
        self.counter.get()
    }

    /// Usernames are taken once, and a number is assigned to a trunk that is there.
    fn fitting(&self, target: &Tenant, mut body: Value) -> Value {
        if body.get("trunk_group_id").is_some() {
            body["trunk_group_id"] = json!(target.trunk);
        }
        if body.get("username").is_some() {
            body["username"] = json!(format!("made_{}", self.next()));
        }
        // What would stand in the way of those who ask later: an overlap, an end, passwords that are too weak.
        for (name, harmless) in [("overlap_seconds", json!(0)), ("expires_at", json!(null))] {
            if body.get(name).is_some() && body.get("label").is_none() {
                body[name] = harmless;
            }
        }
        if body.get("minimum_password_score").is_some() {
            body["minimum_password_score"] = json!(0);
        }
        body
    }

    /// No answer tells of a tenant that the asker has nothing to do with, and none is a failure of the server.
    fn expect_no_leak(&self, answer: &Answer, identity: &Identity, case: &str) {
        assert!(answer.status < 500, "{case}: {}", answer.shown());
        let told = answer.shown();
        for (number, tenant) in self.tenants.iter().enumerate() {
            if !identity.may_see.contains(&number) {
                for needle in &tenant.needles {
                    assert!(!told.contains(needle.as_str()), "{case} tells {needle}: {told}");
                }
            }
        }
    }
}

impl Tenant {
    fn furnished(server: &Server, account: Account, sub_account: Option<String>, name: &str) -> Self {
        let api = &server.api(&account);
        let username = format!("user_of_{name}");
        let credential = api.credential(&username, PASSWORD);
        let (token, secret) = token(api, &format!("label_of_{name}"), "read_only", None);
        let number = format!("+4930{}", name.bytes().map(u32::from).sum::<u32>());
        let allocate = ["number", "allocate", &number, &account.auth_id];
        let _printed = binary::sipwarden_on(&server.data_dir(), &allocate);
        let (trunk, ip_acl) = (trunk(api, &format!("trunk_of_{name}")), ip_acl(api, &format!("acl_of_{name}")));
        let origination_uri = origination_uri(api, &format!("hop_of_{name}"));
        let needles = vec![
            format!("trunk_of_{name}"),
            format!("acl_of_{name}"),
            format!("hop_of_{name}"),
            number.clone(),
            trunk.clone(),
            ip_acl.clone(),
            origination_uri.clone(),
            account.auth_id.clone(),
            account.auth_token.clone(),
            account.sip_domain.clone(),
            format!("name_of_{name}"),
            format!("label_of_{name}"),
            username.clone(),
            credential.clone(),
            token.clone(),
            secret,
        ];
        let number = number.replace('+', "%2B");
        Self { account, needles, username, credential, token, trunk, ip_acl, origination_uri, number, sub_account }
    }
}

fn identities(world: &World) -> Vec<Identity> {
    let main = &world.tenants[MAIN].account;
    let api = world.server.api(main);
    let family = || vec![MAIN, SUB, SIBLING, DISABLED];
    let proves = |id: &str, secret: &str| vec![("X-Auth-ID", id.to_owned()), ("X-Auth-Token", secret.to_owned())];
    let own = |tenant: usize| proves(&world.tenants[tenant].account.auth_id, &world.tenants[tenant].account.auth_token);
    let with_token = |secret: &str| proves(&main.auth_id, secret);
    let nobody = |name, headers| Identity { name, standing: Standing::Nobody, headers, target: MAIN, may_see: vec![] };
    let stranger = |name, asker: usize, target| {
        let may_see = if asker == MAIN { family() } else { vec![asker] };
        Identity { name, standing: Standing::Stranger, headers: own(asker), target, may_see }
    };
    let member = |name, standing, headers, target| Identity { name, standing, headers, target, may_see: family() };
    let mut all = vec![
        nobody("no identity", vec![]),
        nobody("a wrong token", with_token(&"0".repeat(64))),
        nobody("an unknown id", proves("MA_NOBODY00", &main.auth_token)),
        nobody("a revoked token", with_token(&revoked_token(&api))),
        nobody("an expired token", with_token(&expired_token(&api))),
        Identity { target: DISABLED, ..nobody("a disabled account", own(DISABLED)) },
        stranger("another account", STRANGER, MAIN),
        stranger("the main account on a stranger's path", MAIN, STRANGER),
        stranger("a sibling", SIBLING, SUB),
        stranger("a sub-account on its parent's path", SUB, MAIN),
        member("the account itself", Standing::All, own(MAIN), MAIN),
        member("the parent", Standing::All, own(MAIN), SUB),
        Identity { may_see: vec![SUB], ..member("the sub-account itself", Standing::All, own(SUB), SUB) },
    ];
    for (name, scope, standing) in [
        ("a read_only token", "read_only", Standing::ReadOnly),
        ("a credentials_only token", "credentials_only", Standing::CredentialsOnly),
    ] {
        all.push(member(name, standing, with_token(&token(&api, name, scope, None).1), MAIN));
    }
    all
}

fn revoked_token(api: &Api) -> String {
    let (id, secret) = token(api, "revoked", "all", None);
    assert_eq!(api.send("DELETE", &api.path(&format!("tokens/{id}")), b"").status, 204);
    secret
}

/// A token whose end came: asked with until it is refused.
#[expect(
    clippy::disallowed_methods,
    reason = "the server judged here reads the wall clock; so must who sets an end to a token"
)]
fn expired_token(api: &Api) -> String {
    let end = std::time::SystemTime::now() + std::time::Duration::from_secs(2);
    let seconds = end.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let (_, secret) = token(api, "expired", "all", Some(&timestamp(seconds)));
    let deadline = end + std::time::Duration::from_secs(30);
    let (path, id) = (api.path("tokens"), api.path("").split('/').nth(4).expect("an auth id").to_owned());
    let headers = [("X-Auth-ID", id.as_str()), ("X-Auth-Token", secret.as_str())];
    while api.send_as("GET", &path, &headers, b"").status != 401 {
        assert!(std::time::SystemTime::now() < deadline, "a token outlived its end by half a minute");
    }
    secret
}

/// Seconds of Unix time in RFC 3339, by the civil calendar.
fn timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (mut year, mut day) = (1970, days);
    let length = |year: u64| {
        if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) { 366 } else { 365 }
    };
    while day >= length(year) {
        day -= length(year);
        year += 1;
    }
    let months = [31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while day >= months[month] {
        day -= months[month];
        month += 1;
    }
    format!("{year:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", month + 1, day + 1, rest / 3600, rest / 60 % 60, rest % 60)
}

fn token(api: &Api, label: &str, scope: &str, expires_at: Option<&str>) -> (String, String) {
    let mut body = json!({"label": label, "scope": scope});
    if let Some(expires_at) = expires_at {
        body["expires_at"] = json!(expires_at);
    }
    let created = api.send("POST", &api.path("tokens"), body.to_string().as_bytes()).expect(201);
    let text = |key: &str| created[key].as_str().expect("a text").to_owned();
    (text("id"), text("auth_token"))
}

fn created(api: &Api, path: &str, body: &Value) -> Value {
    api.send("POST", &api.path(path), body.to_string().as_bytes()).expect(201)
}

fn trunk(api: &Api, name: &str) -> String {
    created(api, "trunks", &json!({"name": name}))["trunk_id"].as_str().expect("an id").to_owned()
}

fn ip_acl(api: &Api, name: &str) -> String {
    let body = json!({"ip_address": "192.0.2.1", "description": name});
    created(api, "ip-acl", &body)["id"].as_str().expect("an id").to_owned()
}

/// One with a secret.
fn origination_uri(api: &Api, name: &str) -> String {
    let body = json!({"uri": "sip:gw.example.com", "description": name});
    let id = created(api, "origination-uris", &body)["id"].as_str().expect("an id").to_owned();
    let secret = json!({"username": name, "password": "carrier secret"});
    let path = api.path(&format!("origination-uris/{id}/secret"));
    api.send("PUT", &path, secret.to_string().as_bytes()).expect(200);
    id
}

fn sub_account(api: &Api, parent: &Account, name: &str) -> Account {
    let path = format!("/api/v1/accounts/{}/sub-accounts/", parent.auth_id);
    let created = api.send("POST", &path, json!({"name": name}).to_string().as_bytes()).expect(201);
    let text = |key: &str| created["auth_credentials"][key].as_str().expect("a text").to_owned();
    let (auth_id, auth_token) = (text("auth_id"), text("auth_token"));
    let label = auth_id.to_lowercase().replace('_', "-");
    let (realm, sip_domain) = (format!("{auth_id}.sip.localhost"), format!("{label}.sip.localhost"));
    Account { auth_id, auth_token, realm, sip_domain }
}

fn operations(world: &World) -> Vec<Operation> {
    let document = world.owner_api(&world.tenants[MAIN]).send_as("GET", "/openapi.json", &[], b"").expect(200);
    let mut operations = Vec::new();
    // A stream goes on for as long as somebody reads it: `auth_events.rs` asks who may.
    let is_stream = |path: &str| path.ends_with("/stream");
    for (path, item) in document["paths"].as_object().expect("paths").iter().filter(|(path, _)| !is_stream(path)) {
        for (method, described) in item.as_object().expect("operations") {
            let success =
                described["responses"].as_object().expect("responses").keys().find(|status| status.starts_with('2'));
            let success = success.and_then(|status| status.parse().ok()).expect("a success");
            let schema = described.pointer("/requestBody/content/application~1json/schema");
            let body = schema.map(|schema| example(&document, schema));
            operations.push(Operation { path: path.clone(), method: method.clone(), success, body });
        }
    }
    // What changes or deletes comes last, so that what is shown is there.
    operations
        .sort_by_key(|operation| ["get", "post", "put", "delete"].iter().position(|known| *known == operation.method));
    operations
}

/// The example that the document gives for a body's properties.
fn example(document: &Value, schema: &Value) -> Value {
    let reference = schema["$ref"].as_str().expect("a reference").trim_start_matches('#');
    let schema = document.pointer(reference).expect("a schema");
    if let Some(whole) = schema.get("example").filter(|whole| whole.is_object()) {
        return whole.clone();
    }
    let properties = schema["properties"].as_object().expect("properties");
    let examples =
        properties.iter().filter_map(|(name, property)| Some((name.clone(), property.get("example")?.clone())));
    Value::Object(examples.collect())
}
