//! The OpenAPI document: committed as the code makes it, served as committed, and no narrower than the seed's fragment.
//! The reference for people, whose every command is run as it stands.

use acceptance::bounded::run;
use acceptance::seed_document::fenced_blocks;
use acceptance::{Account, Server, binary, data};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[test]
fn the_committed_document_is_what_the_code_makes_and_what_is_served() {
    let made = binary::sipwarden(&["openapi"]);
    assert_eq!(made.code(), Some(0), "{}", made.stderr);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let committed = fs::read_to_string(committed).unwrap_or_default();
    assert!(made.stdout == committed, "docs/openapi.json is stale: run `cargo run -- openapi > docs/openapi.json`");
    let server = Server::start();
    let answer = server.api(&server.account("reader")).send_as("GET", "/openapi.json", &[], b"");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert!(answer.body == committed.as_bytes(), "what is served differs from docs/openapi.json");
}

/// The fragment describes success as 200 with a schema and 201 without one; the seed's prose and its sample say 201 with
/// that object. So 201 is held against the schema that the fragment gives to success.
#[test]
fn everything_the_seeds_fragment_requires_is_allowed_by_ours() {
    let ours = served_document();
    let seed = fs::read_to_string(data("seeds/create-credential.md")).expect("the seed");
    let blocks = fenced_blocks(&seed, "yaml");
    // The block's first line names the operation; the fence's info string ends before it.
    let yaml = blocks.first().expect("the fragment");
    let theirs: Value = yaml_serde::from_str(yaml).expect("YAML");
    assert_eq!(members(&theirs["paths"]).count(), 1, "the fragment has one path");
    for (path, item) in members(&theirs["paths"]) {
        for (method, operation) in members(item) {
            let our_operation = &ours["paths"][path][method];
            assert!(our_operation.is_object(), "{method} {path} is missing");
            assert_eq!(our_operation["operationId"], operation["operationId"]);
            compare_parameters(&ours, our_operation, &theirs, operation);
            let body = |operation: &Value| operation["requestBody"]["content"]["application/json"]["schema"].clone();
            accepts(resolved(&ours, &body(our_operation)), &body(operation), &operation["requestBody"]);
            let success = &operation["responses"]["200"]["content"]["application/json"]["schema"];
            let created = &our_operation["responses"]["201"]["content"]["application/json"]["schema"];
            assert!(operation["responses"]["201"].is_object() && created.is_object());
            provides(&ours, resolved(&ours, created), success);
        }
    }
    for (name, scheme) in members(&theirs["components"]["securitySchemes"]) {
        for key in ["type", "in", "name"] {
            assert_eq!(ours["components"]["securitySchemes"][name][key], scheme[key], "{name}");
        }
    }
    let both = json!([{"AuthID": [], "AuthToken": []}]);
    assert_eq!((&theirs["security"], &ours["paths"]["/api/v1/auth/me"]["get"]["security"]), (&both, &both));
}

fn compare_parameters(ours: &Value, our_operation: &Value, theirs: &Value, operation: &Value) {
    let our_parameters: Vec<&Value> = list(&our_operation["parameters"]).map(|one| resolved(ours, one)).collect();
    for parameter in list(&operation["parameters"]).map(|one| resolved(theirs, one)) {
        let same = |ours: &&&Value| ours["name"] == parameter["name"] && ours["in"] == parameter["in"];
        let found = our_parameters.iter().find(same).unwrap_or_else(|| panic!("{parameter} is missing"));
        assert_eq!(found["schema"]["type"], parameter["schema"]["type"], "{parameter}");
    }
    for parameter in our_parameters {
        let named = list(&operation["parameters"]).any(|one| resolved(theirs, one)["name"] == parameter["name"]);
        assert!(named || parameter["required"] != true, "their clients do not send {parameter}");
    }
}

/// Our request schema takes what their clients send: every property of theirs with its type, and requires no more.
fn accepts(ours: &Value, theirs: &Value, body: &Value) {
    for (name, property) in members(&theirs["properties"]) {
        assert_eq!(ours["properties"][name]["type"], property["type"], "{name}");
    }
    for required in list(&ours["required"]) {
        assert!(list(&theirs["required"]).any(|theirs| theirs == required), "{required} is required by us only");
    }
    let example = &body["content"]["application/json"]["example"];
    for (name, _) in members(example) {
        assert!(ours["properties"][name].is_object(), "their example's {name}");
    }
}

/// Our answer has every property that theirs requires, with its type, requires it too, and has no other.
fn provides(document: &Value, ours: &Value, theirs: &Value) {
    for required in list(&theirs["required"]) {
        assert!(list(&ours["required"]).any(|ours| ours == required), "{required} is not required by us");
    }
    for (name, property) in members(&theirs["properties"]) {
        let our_property = resolved(document, &ours["properties"][name]);
        assert_eq!(our_property["type"], property["type"], "{name}");
    }
    for (name, _) in members(&ours["properties"]) {
        assert!(theirs["properties"][name].is_object(), "their clients refuse {name}");
    }
    assert_eq!(ours["additionalProperties"], false);
}

#[test]
fn every_command_of_the_reference_works_as_it_stands() {
    let server = Server::start();
    let account = server.account("reader");
    let page = server.api(&account).send_as("GET", "/docs", &[], b"");
    let page = String::from_utf8(page.body).expect("UTF-8");
    let commands: Vec<String> = page.split("<pre>curl ").skip(1).map(command).collect();
    let operations = members(&served_document()["paths"]).flat_map(|(_, item)| members(item)).count();
    assert_eq!(commands.len(), operations, "every operation has one command");
    let (operators, tenants): (Vec<_>, Vec<_>) =
        commands.into_iter().partition(|command| command.contains("/admin/v1/"));
    for command in operators {
        assert!(command.contains("-H \"Authorization: Bearer $SIPWARDEN_OPERATOR_TOKEN\""), "{command}");
    }
    for command in tenants {
        let status = run_command(&server, &account, &command);
        // Nobody calls here or is banned, so there is nothing to show or to end.
        let is_nobody = ["$CALL_ID", "$BAN_ID"].iter().any(|name| command.contains(name));
        let expected = if is_nobody { "404" } else { "2" };
        assert!(status.starts_with(expected), "{status}: {command}");
    }
}

/// The text of a command in the page, from behind `curl `.
fn command(rest: &str) -> String {
    let escaped = rest.split("</pre>").next().expect("an end");
    let text = escaped.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    format!("curl {text}")
}

/// Runs a command beside objects that it may show, change or delete; what curl prints is told to it by its configuration.
fn run_command(server: &Server, account: &Account, command: &str) -> String {
    let (api, made) = (server.api(account), server.scratch().join(".curlrc"));
    // A stream goes on until whoever reads it has enough.
    let is_stream = command.contains("/stream\"");
    let seconds = if is_stream { 1 } else { 30 };
    let configuration = format!(
        "silent\nshow-error\nnoproxy = \"*\"\nmax-time = {seconds}\noutput = \"/dev/null\"\n\
         write-out = \"%{{http_code}}\"\n"
    );
    fs::write(made, configuration).expect("a configuration file");
    let number = command.len();
    let token = api.send("POST", &api.path("tokens"), br#"{"label":"of a command","scope":"all"}"#).expect(201);
    let subs = format!("/api/v1/accounts/{}/sub-accounts", account.auth_id);
    let sub = api.send("POST", &subs, br#"{"name":"of a command"}"#).expect(201);
    let credential =
        api.create(&format!("of_a_command_{number}_{}", text(&token, "id").replace('-', "_")), "correct horse");
    let made = |path: &str, body: &Value| api.send("POST", &api.path(path), body.to_string().as_bytes()).expect(201);
    let credential = text(&credential.expect(201), "id").to_owned();
    let device = made(&format!("credentials/{credential}/devices"), &json!({"label": "of a command"}));
    let link = made(&format!("credentials/{credential}/provisioning-links"), &json!({"label": "linked"}));
    let trunk = text(&made("trunks", &json!({"name": "of a command"})), "trunk_id").to_owned();
    let entry = made("ip-acl", &json!({"ip_address": "192.0.2.1"}));
    let uri = made("origination-uris", &json!({"uri": "sip:gateway.example.com"}));
    let secret = api.path(&format!("origination-uris/{}/secret", text(&uri, "id")));
    api.send("PUT", &secret, br#"{"username":"trunk","password":"of a carrier"}"#).expect(200);
    let webhook = api.send("PUT", &api.path("call-webhook"), br#"{"url":"https://hooks.example.com/calls"}"#);
    assert!([200, 201].contains(&webhook.status), "{}", webhook.shown());
    // A number is allocated once, and a trunk of an example is nobody's.
    let e164 = "+4930123456";
    let _allocated = binary::sipwarden(&[
        "number",
        "allocate",
        e164,
        &account.auth_id,
        "--data-dir",
        &server.data_dir().to_string_lossy(),
    ]);
    let command = command.replace("aabbccdd-1234-4678-90ab-cdef12345678", &trunk);
    let finished = run(
        Command::new("bash")
            .args(["-c", &command])
            .env("CURL_HOME", server.scratch())
            .env("HOME", server.scratch())
            .env("SIPWARDEN_URL", format!("http://{}", server.http()))
            .env("SIPWARDEN_AUTH_ID", &account.auth_id)
            .env("SIPWARDEN_AUTH_TOKEN", &account.auth_token)
            .env("CREDENTIAL_ID", &credential)
            .env("DEVICE_ID", text(&device, "id"))
            .env("LINK_ID", text(&link, "id"))
            .env("TRUNK_ID", &trunk)
            .env("IP_ACL_ID", text(&entry, "id"))
            .env("ORIGINATION_URI_ID", text(&uri, "id"))
            .env("E164", e164)
            .env("BAN_ID", "0197aabb-1234-7678-90ab-cdef12345678")
            .env("CALL_ID", "0197aabb-1234-7678-90ab-cdef12345678")
            .env("TOKEN_ID", text(&token, "id"))
            .env("SUB_AUTH_ID", text(&sub["sub_account"], "auth_id")),
        Duration::from_secs(60),
    );
    const TIMED_OUT: i32 = 28;
    let expected = if is_stream { TIMED_OUT } else { 0 };
    assert_eq!(finished.code(), Some(expected), "{command}\n{}", finished.stderr);
    finished.stdout
}

fn served_document() -> Value {
    serde_json::from_str(&binary::sipwarden(&["openapi"]).stdout).expect("JSON")
}

fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let target = value["$ref"].as_str().and_then(|target| document.pointer(target.trim_start_matches('#')));
    target.unwrap_or(value)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text<'v>(object: &'v Value, key: &str) -> &'v str {
    object[key].as_str().unwrap_or_else(|| panic!("{key} is no text: {object}"))
}
