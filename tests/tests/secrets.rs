//! No password, token, HA1 or master key leaves the process: not into the database, its log, the program's own log at
//! its most talkative, the announcement, metrics, traces, or any answer.

use acceptance::collector::Manner;
use acceptance::needles::{Needles, from_base64, from_hexadecimal};
use acceptance::sip::digest::parameters;
use acceptance::sip::{HandmadePhone, RawSip, Response, Transport};
use acceptance::{Account, Answer, Api, Collector, ConsoleSession, RawHttp, Server, binary};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const USERNAME: &str = "talkative_phone";
const FIRST: &str = "Needle1!in-the-haystack";
const SECOND: &str = "Nädel2!im-Heuhaufen\"\\";
const WRONG: &str = "Wrong-Needle3!guessed";
const REFUSED: &str = "Refused-Needle4!never-set";
const WRONG_TOKEN: &str = "WrongToken5WrongToken5WrongToken5WrongToken5";
const LIMIT: Duration = Duration::from_secs(30);

/// What was done to the server, and what must not be found afterwards.
struct Haystack {
    server: Server,
    needles: Needles,
    /// What SIP itself says to the one it concerns, and nobody else may.
    sip_needles: Needles,
    /// What was answered over HTTP, and over SIP.
    answers: Vec<Answer>,
    responses: Vec<Response>,
    /// What operators' tools were told.
    pages: Vec<String>,
    collector: Collector,
}

impl Haystack {
    fn keep(&mut self, answer: Answer) -> Answer {
        self.answers.push(answer.clone());
        answer
    }

    fn hide_token(&mut self, token: &str) {
        self.needles.add("an API token", token.as_bytes());
        let octets = from_hexadecimal(token).or_else(|| from_base64(token)).filter(|octets| octets.len() >= 16);
        self.needles.add("the octets of an API token", &octets.expect("a token of hexadecimal digits or in base64"));
    }

    fn hide_master_keys(&mut self) {
        let file = fs::read_to_string(self.server.data_dir().join("master.key")).expect("a key file");
        let keys: Vec<_> = file.lines().filter_map(|line| line.strip_prefix("key ")?.split(' ').nth(1)).collect();
        assert!(!keys.is_empty(), "no key is found in the key file");
        for key in keys {
            let octets = from_base64(key).filter(|octets| octets.len() == 32).expect("a key of 32 octets");
            self.needles.add("a master key", &octets);
        }
    }

    /// Everything on disk but the key file, and everything said; `names` are what must be found, so that it is known
    /// that the search looks where things are.
    fn search(&self, expected: &[(&str, &str)]) {
        let mut found = Vec::new();
        let mut places: Vec<(String, Vec<u8>)> = files(&self.server.data_dir())
            .into_iter()
            .filter(|path| path.file_name().is_none_or(|name| name != "master.key"))
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).expect("a file")))
            .collect();
        places.push(("standard error".into(), self.server.stderr().into_bytes()));
        let told = self.pages.iter().map(|page| ("metrics", page.clone().into_bytes()));
        let sent =
            self.collector.received().into_iter().map(|sent| ("traces", [sent.head.as_bytes(), &sent.body].concat()));
        for (place, octets) in told.chain(sent) {
            let mut names = Needles::default();
            names.add("a username", USERNAME.as_bytes());
            found.extend(names.found_in(&octets).into_iter().map(|found| format!("{place}: {found}")));
            places.push((place.to_owned(), octets));
        }
        for answer in &self.answers {
            places.push((format!("an answer {}", answer.status), answer.shown().into_bytes()));
        }
        for (place, octets) in &places {
            let here = [self.needles.found_in(octets), self.sip_needles.found_in(octets)].concat();
            found.extend(here.into_iter().map(|found| format!("{place}: {found}")));
        }
        for response in &self.responses {
            let here = self.needles.found_in(response.text.as_bytes());
            found.extend(here.into_iter().map(|found| format!("{found} of {}", response.text)));
        }
        assert!(found.is_empty(), "{found:#?}");
        for (place, text) in expected {
            let mut known = Needles::default();
            known.add(text, text.as_bytes());
            let there = places.iter().any(|(name, octets)| name == place && !known.found_in(octets).is_empty());
            assert!(there, "{text} should stand in {place}: is the search looking at the right thing?");
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a data directory").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.is_file()).collect()
}

fn phone(server: &Server, account: &Account, transport: Transport, password: &str) -> HandmadePhone {
    HandmadePhone::new(transport, server.sip(transport), &account.sip_domain, USERNAME, password)
}

#[test]
fn no_secret_is_written_or_said_anywhere() {
    let collector = Collector::start(Manner::Obliging);
    let options = ["--log", "trace", "--metrics-listen", "127.0.0.1:0", "--otlp-endpoint", &collector.url()];
    let server = Server::start_with(&options);
    let account = server.account("secrets");
    let mut haystack = Haystack {
        server,
        needles: Needles::default(),
        sip_needles: Needles::default(),
        answers: Vec::new(),
        responses: Vec::new(),
        pages: Vec::new(),
        collector,
    };
    haystack.hide_master_keys();
    haystack.hide_token(&account.auth_token);
    for password in [FIRST, SECOND, WRONG, REFUSED] {
        haystack.needles.add_password(&account.realm, USERNAME, password);
    }
    haystack.needles.add("a wrong token", WRONG_TOKEN.as_bytes());
    let api = haystack.server.api(&account);
    let created = haystack.keep(api.create(USERNAME, FIRST)).expect(201);
    let id = created["id"].as_str().expect("an id");
    call(&mut haystack, &account, (FIRST, SECOND));
    let body = json!({"password": SECOND, "description": "changed once"}).to_string();
    haystack.keep(api.send("PUT", &api.path(&format!("credentials/{id}")), body.as_bytes())).expect(200);
    call(&mut haystack, &account, (SECOND, FIRST));
    use_devices(&mut haystack, &account, (&api, id));
    provoke_errors(&mut haystack, &api, id);
    provoke_accounts(&mut haystack);
    haystack.pages.push(haystack.server.metrics_page());
    // Beside the database, so that it is searched with everything else there.
    let backup = haystack.server.data_dir().join("backup.db");
    let _said = binary::sipwarden_on(&haystack.server.data_dir(), &["backup", backup.to_str().expect("a UTF-8 path")]);
    let log = haystack.server.stderr();
    assert!(log.contains(" DEBUG "), "the server was not at its most talkative");
    // The names are no secrets and stand in all of these; the log is the one of a running server.
    let (database, write_ahead_log) = ("sipwarden.db", "sipwarden.db-wal");
    haystack.search(&[(write_ahead_log, USERNAME), ("standard error", USERNAME), ("listening.json", "127.0.0.1")]);
    haystack.server.kill_dash_nine();
    haystack.search(&[(write_ahead_log, USERNAME), ("standard error", USERNAME)]);
    haystack.server.start_again();
    assert!(haystack.server.stop().is_some_and(|status| status.success()));
    haystack.search(&[
        (database, USERNAME),
        (database, created["account_id"].as_str().expect("a text")),
        ("backup.db", USERNAME),
        ("metrics", "wrong_password"),
        ("traces", "storage commit"),
    ]);
}

/// Registers with the right password and the wrong ones, under every policy and over both transports. What was sent and
/// challenged must not be found either: a nonce or an answer in a log is an answer that somebody can use.
fn call(haystack: &mut Haystack, account: &Account, (right, wrong): (&str, &str)) {
    for policy in ["compatible", "sha256", "rfc8760"] {
        account.set_policy(&haystack.server.data_dir(), policy);
        for transport in Transport::ALL {
            for (password, status) in [(right, 200), (wrong, 401), (WRONG, 401)] {
                let mut phone = phone(&haystack.server, account, transport, password);
                for challenge in phone.challenges("") {
                    haystack.sip_needles.add("a nonce", challenge.nonce.as_bytes());
                    phone.hold(challenge);
                    let request = phone.reusing_request(&format!("Contact: {}\r\nExpires: 60\r\n", phone.contact()));
                    hide_answer(haystack, &request);
                    let response = phone.peer.exchange(&request);
                    assert_eq!(response.status, status, "{policy} {transport:?}");
                    haystack.responses.push(response);
                    // The same octets with another branch: a replay, refused for its own reason.
                    let replayed = request.replace("branch=z9hG4bK", "branch=z9hG4bKreplayed");
                    let response = phone.peer.exchange(&replayed);
                    assert_eq!(response.status, 401);
                    haystack.responses.push(response);
                }
            }
        }
    }
    account.set_policy(&haystack.server.data_dir(), "compatible");
    for transport in Transport::ALL {
        send_broken_authorizations(haystack, account, transport, right);
    }
}

fn hide_answer(haystack: &mut Haystack, request: &str) {
    let value = request.lines().find_map(|line| line.strip_prefix("Authorization: ")).expect("an Authorization");
    let response = parameters(value).into_iter().find(|(name, _)| name == "response").expect("a response").1;
    haystack.sip_needles.add("a digest response", response.as_bytes());
}

/// Requests whose Authorization is refused before, in and after its grammar.
fn send_broken_authorizations(haystack: &mut Haystack, account: &Account, transport: Transport, password: &str) {
    let mut phone = phone(&haystack.server, account, transport, password);
    phone.challenge("");
    let request = phone.reusing_request("");
    hide_answer(haystack, &request);
    let server = haystack.server.sip(transport);
    for (from, to) in [
        ("Authorization: Digest", "Authorization: Basic"),
        ("Authorization: Digest ", "Authorization: Digest nonce=\"twice\", "),
        ("qop=auth", "qop=auth-int"),
        ("algorithm=", "algorithm=X-"),
        ("uri=\"", "uri=\"sip:elsewhere@"),
        ("realm=\"", "realm=\"not-"),
        ("nc=0000", "nc=zzzz"),
        ("response=\"", "response=\"not hexadecimal "),
        ("response=\"", "response="),
        ("Max-Forwards: 70", "Max-Forwards: many"),
        ("CSeq: ", "CSeq: x"),
    ] {
        let broken = request.replacen(from, to, 1).replacen("branch=z9hG4bK", "branch=z9hG4bKb", 1);
        assert_ne!(broken, request, "{from}");
        let mut peer = RawSip::connect(transport, server);
        let response = peer.try_exchange(&broken);
        assert!(response.as_ref().is_none_or(|response| response.status >= 400), "{from}");
        haystack.responses.extend(response);
    }
}

/// Devices, links and desk phones: everything that is shown once, or to its phone alone, is to be found nowhere else.
fn use_devices(haystack: &mut Haystack, account: &Account, (api, id): (&Api, &str)) {
    let (http, devices) = (haystack.server.http(), api.path(&format!("credentials/{id}/devices")));
    let text = |answer: &Answer| String::from_utf8_lossy(&answer.body).into_owned();
    let between = |text: &str, before: &str, after: &str| {
        let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {text}")).1;
        rest.split_once(after).expect("its end").0.to_owned()
    };
    let send = |method: &str, path: &str, body: &serde_json::Value| {
        api.send(method, &api.path(path), body.to_string().as_bytes()).expect(201)
    };
    let mut passwords = vec![
        send("POST", &format!("credentials/{id}/devices"), &json!({ "label": "typed" }))["password"]
            .as_str()
            .expect("a password")
            .to_owned(),
    ];
    let links = format!("credentials/{id}/provisioning-links");
    let path_of = |made: &serde_json::Value| {
        let url = made["url"].as_str().expect("a URL");
        url.strip_prefix(&format!("http://{http}")).expect("a path of the server").to_owned()
    };
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let mut paths = Vec::new();
    for (body, delivery) in [
        (json!({ "label": "by hand" }), "delivery=page"),
        (json!({ "label": "opened", "format": "snom" }), "delivery=fetch"),
        (json!({ "label": "fetched", "format": "snom", "spent_by": "get" }), ""),
    ] {
        let path = path_of(&send("POST", &links, &body));
        let looked = api.send_as("GET", &path, &[], b"");
        let spent = if delivery.is_empty() { looked } else { api.send_as("POST", &path, &[form], delivery.as_bytes()) };
        assert_eq!(spent.status, 200, "{}", spent.shown());
        paths.push(path);
        if delivery == "delivery=page" {
            passwords.push(between(&text(&spent), "<dt>Password</dt><dd>", "</dd>"));
            continue;
        }
        let mut fetched = spent;
        if delivery == "delivery=fetch" {
            let path = between(&text(&fetched), &format!("<pre>http://{http}"), "</pre>");
            fetched = api.send_as("GET", &path, &[], b"");
            paths.push(path);
        }
        passwords.push(between(&text(&fetched), "<user_pass idx=\"1\" perm=\"\">", "</user_pass>"));
    }
    send(
        "POST",
        &format!("credentials/{id}/devices"),
        &json!({ "label": "a", "mac": "805ec012abcd", "format": "yealink" }),
    );
    let folder = path_of(&api.send("GET", &api.path("provisioning-path"), b"").expect(200));
    let configuration = api.send_as("GET", &format!("{folder}805ec012abcd.cfg"), &[], b"");
    passwords.push(between(&text(&configuration), "account.1.password = ", "\n"));
    paths.push(folder.trim_end_matches('/').to_owned());
    for password in &passwords {
        haystack.needles.add_password(&account.realm, USERNAME, password);
        assert_eq!(phone(&haystack.server, account, Transport::Udp, password).register(60).status, 200);
    }
    for path in paths {
        let token = path.rsplit('/').next().expect("a token");
        haystack.needles.add("the token of a link or a folder", token.as_bytes());
        // Spent, misspelt, and where there is nothing.
        for path in [path.clone(), format!("{path}/"), format!("{path}/x"), format!("{path}?x=1"), format!("/{path}")] {
            haystack.keep(api.send_as("GET", &path, &[], b""));
        }
    }
    let session = ConsoleSession::new(&haystack.server, account);
    let (_, name) = session.cookie.split_once('=').expect("a cookie");
    haystack.needles.add("the name of a session", name.as_bytes());
    let form_token = session.form_token();
    haystack.needles.add("the token of a session's forms", form_token.as_bytes());
    let made = session.submit(&format!("/credentials/{id}/links"), &[("label", "from a page")]);
    let link = between(&text(&made), "id=\"link\" class=\"big\">", "<");
    haystack.needles.add("the token of a link", link.rsplit('/').next().expect("a token").as_bytes());
    let mut page = session.get(&format!("{}/credentials/{id}/devices", session.base));
    // Whose session it is finds it in its own forms.
    page.body = text(&page).replace(&form_token, "").into_bytes();
    haystack.keep(page);
    haystack.keep(api.send("GET", &devices, b"")).expect(200);
    haystack.keep(api.send("GET", &api.path(&links), b"")).expect(200);
}

/// Errors of every kind, all of which had a secret in their request.
fn provoke_errors(haystack: &mut Haystack, api: &Api, id: &str) {
    let (create, one) = (api.path("credentials"), api.path(&format!("credentials/{id}")));
    let long = "x".repeat(70_000);
    for body in [
        format!("{{\"username\":\"{USERNAME}\",\"password\":\"{REFUSED}\"}}"),
        format!("{{\"username\":\"new_phone\",\"password\":\"{REFUSED}\""),
        format!("{{\"username\":\"new_phone\",\"password\":\"{REFUSED}"),
        format!("{{\"username\":\"new_phone\",\"password\":{REFUSED}}}"),
        format!("{{\"username\":\"new_phone\",\"password\":[\"{REFUSED}\"]}}"),
        format!("{{\"username\":\"new_phone\",\"password\":{{\"{REFUSED}\":1}}}}"),
        format!("{{\"username\":\"new_phone\",\"password\":\"{REFUSED}\",\"password\":\"{REFUSED}\"}}"),
        format!("{{\"username\":\"new_phone\",\"password\":\"{REFUSED}\\u0001\"}}"),
        format!("{{\"username\":\"new_phone\",\"password\":\"{REFUSED}\\ud800\"}}"),
        format!("{{\"username\":\"new_phone\",\"password\":\"{REFUSED}{}\"}}", &long[..200]),
        format!("{{\"username\":\"new_phone\",\"password\":\"{REFUSED}{long}\"}}"),
        format!("{{\"username\":\"no dash-es\",\"password\":\"{REFUSED}\"}}"),
        format!("{{\"username\":7,\"password\":\"{REFUSED}\"}}"),
        format!("\"{REFUSED}\""),
        format!("[\"{REFUSED}\"]"),
        format!("username=new_phone&password={REFUSED}"),
        format!("{REFUSED}\u{feff}"),
    ] {
        for (method, path) in [("POST", &create), ("PUT", &one)] {
            let answer = haystack.keep(api.send(method, path, body.as_bytes()));
            assert!((400..500).contains(&answer.status) && answer.status != 404, "{method} {body}: {}", answer.shown());
            answer.expect_error(answer.status);
        }
    }
    let good = json!({"username": "new_phone", "password": REFUSED}).to_string();
    let json_type = ("Content-Type", "application/json");
    for (status, answer) in [
        (415, api.send_with("POST", &create, &[("Content-Type", "text/plain")], good.as_bytes())),
        (
            401,
            api.send_as(
                "POST",
                &create,
                &[("X-Auth-ID", &api_id(&create)), ("X-Auth-Token", WRONG_TOKEN), json_type],
                good.as_bytes(),
            ),
        ),
        (401, api.send_as("POST", &create, &[("Authorization", WRONG_TOKEN), json_type], good.as_bytes())),
        (403, api.send("POST", "/api/v1/Account/MA_SOMEBODY/credentials", good.as_bytes())),
        (
            404,
            api.send(
                "PUT",
                &api.path("credentials/00000000-0000-4000-8000-000000000000"),
                format!("{{\"password\":\"{REFUSED}\"}}").as_bytes(),
            ),
        ),
        (404, api.send("POST", "/api/v1/nowhere", good.as_bytes())),
        (405, api.send("PATCH", &one, good.as_bytes())),
    ] {
        haystack.keep(answer).expect_error(status);
    }
    broken_http(haystack, &good);
}

fn api_id(path: &str) -> String {
    path.split('/').nth(4).expect("the auth id of a path").to_owned()
}

/// What is no HTTP, or ends too early, with secrets in it.
fn broken_http(haystack: &mut Haystack, body: &str) {
    for request in [
        format!("POST /api/v1/{REFUSED} HTTP/9.9\r\n\r\n{body}"),
        format!("{body}\r\n\r\n"),
        format!("POST /api/v1/Account/x/credentials HTTP/1.1\r\nHost: h\r\nX-Auth-Token : {WRONG_TOKEN}\r\n\r\n"),
        format!("POST /%zz HTTP/1.1\r\nHost: h\r\nX-Auth-Token: {WRONG_TOKEN}\r\nContent-Length: 1x\r\n\r\n{body}"),
    ] {
        let mut connection = RawHttp::connect(haystack.server.http());
        connection.send(request.as_bytes());
        let answer = connection.read_answer(LIMIT).expect("an answer");
        assert!(answer.status >= 400, "{}", answer.shown());
        haystack.keep(answer);
    }
}

/// Accounts made beside the running server and refused by it: their tokens are said once, by the command alone.
fn provoke_accounts(haystack: &mut Haystack) {
    for name in ["second", "third"] {
        let account = haystack.server.account(name);
        haystack.hide_token(&account.auth_token);
        haystack.needles.add_password(&account.realm, USERNAME, FIRST);
        let api = haystack.server.api(&account);
        haystack.keep(api.create(USERNAME, FIRST)).expect(201);
    }
}

#[test]
fn files_are_private_whatever_the_umask() {
    let mut server = Server::not_started();
    // Nothing in it is left to the umask: this one would give everything to everybody.
    let made = Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" account create --name open --data-dir \"$1\""])
        .arg(binary::path())
        .arg(server.data_dir())
        .output()
        .expect("a shell");
    assert!(made.status.success(), "{made:?}");
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o7777;
    assert_eq!(mode(&server.data_dir()), 0o700);
    let check = |expected: &[&str]| {
        let entries = fs::read_dir(server.data_dir()).expect("a data directory");
        let paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        for name in expected {
            assert!(paths.iter().any(|path| path.ends_with(name)), "no {name} in {paths:?}");
        }
        // Where the server listens is for every script of this user to read, and no secret.
        for path in paths.iter().filter(|path| !path.ends_with("listening.json")) {
            assert_eq!(mode(path), 0o600, "{}", path.display());
        }
    };
    check(&["master.key", "sipwarden.db"]);
    let data_dir = server.data_dir();
    server.start_again();
    let account = server.account("running");
    let _id = server.api(&account).credential(USERNAME, FIRST);
    let socket = data_dir.join("control.sock");
    assert!(fs::metadata(&socket).expect("a socket").file_type().is_socket());
    for name in ["master.key", "sipwarden.db", "sipwarden.db-wal", "sipwarden.db-shm", "control.sock"] {
        assert_eq!(mode(&data_dir.join(name)), 0o600, "{name}");
    }
}
