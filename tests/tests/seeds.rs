//! The seed documents, taken at their word: every curl is run by curl, every JSON sample compared, and the `OpenAPI`
//! fragment agrees.

use acceptance::bounded::run;
use acceptance::seed_document::fenced_blocks;
use acceptance::{Account, Answer, Server, data};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

const CREATE: &str = "seeds/create-credential.md";
const OBJECT: &str = "seeds/credential-object.md";

/// The object's keys as the seeds' tables list them.
const KEYS: [&str; 8] = ["account_id", "created_at", "enabled", "id", "password", "realm", "updated_at", "username"];

#[test]
fn every_curl_creates_the_credential_object() {
    let server = Server::start();
    let account = server.account("seeds");
    let document = read(CREATE);
    let curls = fenced_blocks(&document, "bash");
    assert_eq!(curls.len(), 2, "the seed has two curls");
    let samples = object_samples();
    let conflict = conflict_sample();
    for curl in curls {
        let first = run_curl(&server, &account, &curl);
        let object = first.expect(201);
        expect_credential(&object, &account);
        for sample in &samples {
            expect_same_shape(&object, sample);
        }
        let sent: Value = serde_json::from_str(data_of(&curl)).expect("the curl's JSON");
        assert_eq!(object["username"], sent["username"]);
        assert!(!String::from_utf8_lossy(&first.body).contains(sent["password"].as_str().expect("a password")));

        let again = run_curl(&server, &account, &curl);
        assert_eq!(again.expect(409), conflict);
    }
}

#[test]
fn the_samples_are_three_and_agree_with_the_openapi_fragment() {
    assert_eq!(object_samples().len(), 2);
    let conflict = conflict_sample();
    assert_eq!(keys(&conflict).into_iter().collect::<Vec<_>>(), ["code", "error"]);
    for sample in object_samples() {
        assert_eq!(keys(&sample), KEYS.map(str::to_owned).into());
    }
    let yaml = fenced_blocks(&read(CREATE), "yaml");
    let fragment = yaml.first().expect("the OpenAPI fragment");
    let (request, response) = fragment.split_once("\n      responses:\n").expect("request and responses");
    assert_eq!(required(request.split_once("requestBody:").expect("a body").1), ["password", "username"]);
    assert_eq!(required(response), KEYS);
}

#[test]
fn the_openapi_fragments_own_request_is_accepted_and_answered_with_its_keys() {
    let server = Server::start();
    let account = server.account("openapi");
    let yaml = fenced_blocks(&read(CREATE), "yaml");
    let required = required(yaml[0].split_once("responses:").expect("responses").1);
    let object = server.api(&account).create("myuser", "securepassword123").expect(201);
    expect_credential(&object, &account);
    assert_eq!(keys(&object).into_iter().collect::<Vec<_>>(), required);
}

/// The copies in this repository are what was published, octet for octet.
#[test]
fn the_documents_are_unchanged() {
    for (name, expected) in [
        (CREATE, "e6045e2dc3f8030014ad80ebadbfcd281b898eb78d2665629a4b17a81ffadec7"),
        (OBJECT, "5bdba590ee36462d57139f5bdd2ff5014b81f27d73405ff0667be443d8661ee4"),
    ] {
        let hash = Sha256::digest(fs::read(data(name)).expect("a seed document"));
        let shown: String = hash.iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(shown, expected, "{name} was changed");
    }
}

fn read(name: &str) -> String {
    fs::read_to_string(data(name)).expect("a seed document")
}

fn samples() -> Vec<Value> {
    let blocks = [CREATE, OBJECT].into_iter().flat_map(|name| fenced_blocks(&read(name), "json"));
    let parsed: Vec<Value> = blocks.map(|block| serde_json::from_str(&block).expect("a JSON sample")).collect();
    assert_eq!(parsed.len(), 3, "the seeds have three JSON samples");
    parsed
}

fn object_samples() -> Vec<Value> {
    samples().into_iter().filter(|sample| sample.get("error").is_none()).collect()
}

fn conflict_sample() -> Value {
    samples().into_iter().find(|sample| sample.get("error").is_some()).expect("the sample of an error")
}

/// Runs a seed's curl with nothing but its placeholders replaced; what curl shall print besides the body is told to it
/// by its configuration file.
fn run_curl(server: &Server, account: &Account, curl: &str) -> Answer {
    const SEPARATOR: &str = "\n--status--";
    let script = curl
        .replace("https://api.vobiz.ai", &format!("http://{}", server.http()))
        .replace("{auth_id}", &account.auth_id)
        .replace("YOUR_AUTH_ID", &account.auth_id)
        .replace("YOUR_AUTH_TOKEN", &account.auth_token);
    assert!(!script.contains("YOUR_") && !script.contains("vobiz.ai"), "a placeholder is left: {script}");
    let configuration =
        "silent\nshow-error\nnoproxy = \"*\"\nmax-time = 30\nwrite-out = \"\\n--status--%{http_code}\"\n";
    fs::write(server.scratch().join(".curlrc"), configuration).expect("a configuration file");
    let finished = run(
        Command::new("bash").arg("-c").arg(&script).env("HOME", server.scratch()).env("CURL_HOME", server.scratch()),
        Duration::from_secs(60),
    );
    assert_eq!(finished.code(), Some(0), "{script}\n{}{}", finished.stdout, finished.stderr);
    let (body, status) = finished.stdout.split_once(SEPARATOR).expect("a body and a status");
    Answer { status: status.trim().parse().expect("a status"), headers: Vec::new(), body: body.as_bytes().to_vec() }
}

fn data_of(curl: &str) -> &str {
    let (_, rest) = curl.split_once("-d '").expect("the curl's data");
    rest.split_once('\'').expect("the data's end").0
}

fn expect_credential(object: &Value, account: &Account) {
    assert_eq!(keys(object), KEYS.map(str::to_owned).into(), "{object}");
    assert!(is_uuid(text(object, "id")), "{object}");
    assert_eq!(text(object, "account_id"), account.auth_id);
    assert_eq!(text(object, "password"), "<redacted>");
    assert_eq!(text(object, "realm"), account.realm);
    assert_eq!(text(object, "realm"), format!("{}.sip.localhost", account.auth_id));
    assert_eq!(object["enabled"], true);
    for time in ["created_at", "updated_at"] {
        assert!(is_timestamp(text(object, time)), "{object}");
    }
    assert_eq!(object["created_at"], object["updated_at"]);
}

fn expect_same_shape(object: &Value, sample: &Value) {
    assert_eq!(keys(object), keys(sample));
    for (key, value) in sample.as_object().expect("an object") {
        let same = std::mem::discriminant(value) == std::mem::discriminant(&object[key]);
        assert!(same, "{key} is of another type than in the sample: {object}");
    }
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().expect("an object").keys().cloned().collect()
}

fn text<'v>(object: &'v Value, key: &str) -> &'v str {
    object[key].as_str().unwrap_or_else(|| panic!("{key} is no text: {object}"))
}

/// The first `required:` list of a YAML text, sorted.
fn required(yaml: &str) -> Vec<&str> {
    let lines = yaml.lines().map(str::trim).skip_while(|line| *line != "required:").skip(1);
    let mut names: Vec<&str> = lines.map_while(|line| line.strip_prefix("- ")).collect();
    names.sort_unstable();
    names
}

fn is_uuid(text: &str) -> bool {
    matches_pattern(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

fn is_timestamp(text: &str) -> bool {
    matches_pattern(text, "dddd-dd-ddTdd:dd:dd.ddddddZ")
}

/// `d` stands for a digit, `x` for a lower-case hexadecimal digit, anything else for itself.
fn matches_pattern(text: &str, pattern: &str) -> bool {
    let matches = |(octet, wanted): (u8, u8)| match wanted {
        b'd' => octet.is_ascii_digit(),
        b'x' => matches!(octet, b'0'..=b'9' | b'a'..=b'f'),
        other => octet == other,
    };
    text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(matches)
}
