//! The operator API over HTTP: `/admin/v1` with an operator token, and only where the operator serves it.

use acceptance::{Account, Answer, Api, Server, binary};
use serde_json::{Value, json};

/// Requests with a bearer token, or without any.
struct Operator {
    api: Api,
    token: String,
}

impl Operator {
    fn new(server: &Server, account: &Account) -> (Self, String) {
        let made = ["operator-token", "create", "--label", "test", "--json"];
        let made: Value =
            serde_json::from_str(&binary::sipwarden_on(&server.data_dir(), &made)).expect("a token as JSON");
        let token = made["bearer_token"].as_str().expect("a token").to_owned();
        let id = made["token"]["id"].as_str().expect("an id").to_owned();
        (Self { api: server.api(account), token }, id)
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let authorization = format!("Bearer {}", self.token);
        let mut headers = vec![("Authorization", authorization.as_str())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        if !body.is_empty() {
            headers.push(("Content-Type", "application/json"));
        }
        self.api.send_as(method, &format!("/admin/v1/{path}"), &headers, body.as_bytes())
    }

    fn get(&self, path: &str) -> Value {
        self.send("GET", path, &Value::Null).expect(200)
    }

    /// An answer without a body.
    fn done(&self, method: &str, path: &str, body: &Value) {
        let answer = self.send(method, path, body);
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{method} {path}: {}", answer.shown());
    }
}

fn admin_server() -> (Server, Account) {
    let server = Server::start_with(&["--admin-api"]);
    let account = server.account("tenant");
    (server, account)
}

#[test]
fn it_is_off_unless_it_is_asked_for() {
    let server = Server::start();
    let account = server.account("tenant");
    let (operator, _) = Operator::new(&server, &account);
    let unknown = operator.api.send_as("GET", "/no/such/path", &[], b"").expect_error(404);
    for path in ["accounts", "", "accounts/MA_X", "backup"] {
        for method in ["GET", "POST", "DELETE"] {
            assert_eq!(operator.send(method, path, &Value::Null).expect_error(404), unknown, "{method} {path}");
        }
    }
}

#[test]
fn only_an_operator_token_gets_in() {
    let (server, account) = admin_server();
    let (operator, id) = Operator::new(&server, &account);
    let tenant = format!("Bearer {}", account.auth_token);
    let refused: [&[(&str, &str)]; 5] = [
        &[],
        &[("X-Auth-ID", &account.auth_id), ("X-Auth-Token", &account.auth_token)],
        &[("Authorization", &tenant)],
        &[("Authorization", "Bearer ")],
        &[("Authorization", &format!("Basic {}", operator.token))],
    ];
    for headers in refused {
        for (method, path) in [("GET", "accounts"), ("POST", "backup"), ("POST", "keys/rotate"), ("GET", "settings")] {
            let answer = operator.api.send_as(method, &format!("/admin/v1/{path}"), headers, b"");
            answer.expect_error(401);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{}", answer.shown());
        }
    }
    let listed = operator.get("operator-tokens");
    assert_eq!((&listed["meta"]["total"], &listed["objects"][0]["id"]), (&json!(1), &json!(id)));
    assert!(!listed.to_string().contains(&operator.token), "a token is shown once");
    assert!(listed["objects"][0]["last_used_at"].is_string(), "{listed}");
    // An operator token is nobody's key to a tenant's path.
    let authorization = format!("Bearer {}", operator.token);
    let path = operator.api.path("trunks/credentials");
    operator.api.send_as("GET", &path, &[("Authorization", &authorization)], b"").expect_error(401);
    operator.done("DELETE", &format!("operator-tokens/{id}"), &Value::Null);
    operator.send("GET", "accounts", &Value::Null).expect_error(401);
}

#[test]
fn accounts_hosts_and_tokens() {
    let (server, tenant) = admin_server();
    let (operator, _) = Operator::new(&server, &tenant);
    let made = operator.send("POST", "accounts", &json!({"name": "Acme", "auth_id": "MA_ACME0001"})).expect(201);
    let keys: Vec<_> = made.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["auth_id", "auth_token", "realm", "sip_domain"]);
    operator.send("POST", "accounts", &json!({"name": "Acme", "auth_id": "MA_ACME0001"})).expect_error(409);
    operator.send("POST", "accounts", &json!({"name": "Acme", "nmae": 1})).expect_field_error("nmae");
    operator.send("POST", "accounts", &json!({"name": "", "realm": ""})).expect_field_error("realm");
    let page = operator.send("GET", "accounts?limit=1", &Value::Null);
    assert_eq!(page.expect(200)["meta"], json!({"limit": 1, "offset": 0, "total": 2}));
    assert_eq!(page.header("link"), Some("</admin/v1/accounts?limit=1&offset=1>; rel=\"next\""));
    let shown = operator.get("accounts/MA_ACME0001");
    assert_eq!((&shown["name"], &shown["enabled"], &shown["email"]), (&json!("Acme"), &json!(true), &Value::Null));
    let changed = json!({"name": "Acme GmbH", "email": "ops@acme.example", "description": "pilot"});
    let updated = operator.send("PUT", "accounts/MA_ACME0001", &changed).expect(200);
    assert_eq!((&updated["name"], &updated["email"]), (&json!("Acme GmbH"), &json!("ops@acme.example")));
    operator.send("PUT", "accounts/MA_ACME0001", &json!({"realm": "x"})).expect_field_error("realm");
    operator.send("GET", "accounts/MA_NOBODY00", &Value::Null).expect_error(404);

    let hosts = operator.send("POST", "accounts/MA_ACME0001/hosts", &json!({"host": "pbx.acme.example"})).expect(201);
    assert!(hosts["hosts"].as_array().expect("a list").contains(&json!("pbx.acme.example")), "{hosts}");
    let of_another = format!("accounts/{}/hosts", tenant.auth_id);
    operator.send("POST", &of_another, &json!({"host": "pbx.acme.example"})).expect_error(409);
    operator.done("DELETE", "accounts/MA_ACME0001/hosts/pbx.acme.example", &Value::Null);
    operator.send("DELETE", "accounts/MA_ACME0001/hosts/pbx.acme.example", &Value::Null).expect_error(404);
    let own = format!("accounts/MA_ACME0001/hosts/{}", made["sip_domain"].as_str().expect("a domain"));
    operator.send("DELETE", &own, &Value::Null).expect_error(409);

    // The customer has lost the only token: the operator makes another, and may revoke the first.
    let first = operator.get("accounts/MA_ACME0001/tokens")["objects"][0]["id"].as_str().expect("an id").to_owned();
    let token = operator.send("POST", "accounts/MA_ACME0001/tokens", &json!({"label": "new"})).expect(201);
    operator.done("DELETE", &format!("accounts/MA_ACME0001/tokens/{first}"), &Value::Null);
    let customer = |token: &Value| {
        let headers = [("X-Auth-ID", "MA_ACME0001"), ("X-Auth-Token", token.as_str().expect("a token"))];
        operator.api.send_as("GET", "/api/v1/Account/MA_ACME0001/trunks/credentials", &headers, b"").status
    };
    assert_eq!((customer(&made["auth_token"]), customer(&token["auth_token"])), (401, 200));
    operator.send("PUT", "accounts/MA_ACME0001", &json!({"enabled": false})).expect(200);
    assert_eq!(customer(&token["auth_token"]), 401, "disabled before the answer");
    operator.done("DELETE", "accounts/MA_ACME0001", &Value::Null);
    operator.send("GET", "accounts/MA_ACME0001", &Value::Null).expect_error(404);
}

#[test]
fn realms_settings_and_the_document() {
    let (server, tenant) = admin_server();
    let (operator, _) = Operator::new(&server, &tenant);
    let realm = format!("realms/{}", tenant.realm.replace('_', "%5F"));
    operator.done("PUT", &realm, &json!({"challenge_policy": "sha256"}));
    operator.done("PUT", &realm, &json!({"auth_int": true}));
    let expected = json!([{"name": tenant.realm, "challenge_policy": "sha256", "auth_int": true, "without_qop": false,
        "md5_retired": false}]);
    assert_eq!(operator.get("realms")["objects"], expected);
    operator.send("PUT", &realm, &json!({"md5_retired": true})).expect_field_error("md5_retired");
    let retired = operator.send("POST", &format!("{realm}/retire-md5"), &Value::Null).expect(200);
    assert_eq!(retired, json!({"credentials": 0}));
    assert_eq!(operator.get("realms")["objects"][0]["md5_retired"], true);
    assert_eq!(operator.get(&format!("{realm}/algorithm-report"))["totals"]["credentials"], 0);
    operator.send("GET", "realms/no-such/algorithm-report", &Value::Null).expect_error(404);
    operator.send("PUT", &realm, &json!({"challenge_policy": "md4"})).expect_field_error("challenge_policy");
    operator.send("PUT", "realms/no-such", &json!({"challenge_policy": "sha256"})).expect_error(404);
    assert_eq!(operator.get("settings"), json!({"default_account": null}));
    operator.done("PUT", "settings/default_account", &json!({"auth_id": tenant.auth_id}));
    assert_eq!(operator.get("settings"), json!({"default_account": tenant.auth_id}));
    operator.send("PUT", "settings/default_account", &json!({"auth_id": "MA_NOBODY00"})).expect_error(404);
    operator.done("DELETE", "settings/default_account", &Value::Null);
    assert_eq!(operator.get("settings"), json!({"default_account": null}));
    let document = operator.api.send_as("GET", "/openapi.json", &[], b"").expect(200);
    for path in ["accounts", "backup", "keys/rotate", "operator-tokens/{token_id}", "realms/{realm}"] {
        assert!(document["paths"][format!("/admin/v1/{path}")].is_object(), "{path} is not described");
    }
    let backup = operator.send("POST", "backup", &Value::Null);
    assert_eq!((backup.status, backup.header("content-type")), (200, Some("application/vnd.sqlite3")));
    assert!(backup.body.starts_with(b"SQLite format 3\0"));
    let rotated = operator.send("POST", "keys/rotate", &Value::Null);
    assert_eq!((rotated.status, rotated.header("content-type")), (200, Some("application/x-ndjson")));
    let text = String::from_utf8(rotated.body).expect("text");
    let last: Value = serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["rotated"]["old_keys"], "dropped", "{text}");
}
