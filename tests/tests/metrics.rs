//! The operator's metrics: what a scrape says is what happened, under documented names, and nothing of anybody.

use acceptance::bounded::{run, wait_for};
use acceptance::exposition::Format;
use acceptance::sip::{HandmadePhone, Transport};
use acceptance::{Account, Answer, Exposition, RawHttp, Server, binary};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
const USERNAME: &str = "counted_phone";
const PASSWORD: &str = "correct horse battery";
const METRICS: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];

fn phone(server: &Server, account: &Account, transport: Transport, password: &str) -> HandmadePhone {
    HandmadePhone::new(transport, server.sip(transport), &account.sip_domain, USERNAME, password)
}

fn get(address: SocketAddr, request_line: &str, headers: &str) -> Answer {
    let mut connection = RawHttp::connect(address);
    let sent = format!("{request_line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{headers}\r\n");
    connection.send(sent.as_bytes());
    connection.read_answer(LIMIT).expect("an answer")
}

fn grown(pairs: &[(&str, f64)]) -> BTreeMap<String, f64> {
    pairs.iter().map(|(series, by)| ((*series).to_owned(), *by)).collect()
}

fn is(server: &Server, gauge: &str, expected: f64) -> Option<()> {
    ((server.scrape().value(gauge, &[]) - expected).abs() < f64::EPSILON).then_some(())
}

/// Whether that many connections over TCP are open.
fn connections(server: &Server, count: f64) -> Option<()> {
    let open = server.scrape().value("sipwarden_sip_connections", &[("transport", "tcp")]);
    ((open - count).abs() < f64::EPSILON).then_some(())
}

#[test]
fn a_scrape_says_what_phones_did() {
    let server = Server::start_with(&METRICS);
    let account = server.account("counted");
    let _id = server.api(&account).credential(USERNAME, PASSWORD);
    let before = server.scrape();
    for (gauge, value) in [
        ("sipwarden_ready", 1.0),
        ("sipwarden_accounts", 1.0),
        ("sipwarden_credentials", 1.0),
        ("sipwarden_registrations", 0.0),
    ] {
        assert!((before.value(gauge, &[]) - value).abs() < f64::EPSILON, "{gauge}");
    }
    assert_eq!(connections(&server, 0.0), Some(()));
    // Over TCP nothing is ever sent twice, so that every number is certain.
    let mut right = phone(&server, &account, Transport::Tcp, PASSWORD);
    assert_eq!(right.register(600).status, 200);
    let mut wrong = phone(&server, &account, Transport::Tcp, "something else");
    assert_eq!(wrong.register(600).status, 401);
    let after = server.scrape();
    assert_eq!(
        after.growth_since(&before, "sipwarden_sip_"),
        grown(&[
            ("sipwarden_sip_connections tcp", 2.0),
            ("sipwarden_sip_connections_opened_total tcp", 2.0),
            ("sipwarden_sip_requests_total REGISTER tcp", 4.0),
            ("sipwarden_sip_responses_total 200", 1.0),
            ("sipwarden_sip_responses_total 401", 3.0),
        ])
    );
    assert_eq!(
        after.growth_since(&before, "sipwarden_authentication_"),
        grown(&[
            ("sipwarden_authentication_attempts_total challenge", 2.0),
            ("sipwarden_authentication_attempts_total ok", 1.0),
            ("sipwarden_authentication_attempts_total wrong_password", 1.0),
        ])
    );
    assert_eq!(is(&server, "sipwarden_registrations", 1.0), Some(()));
    assert_eq!(connections(&server, 2.0), Some(()));
    wait_for("a stored registration", LIMIT, || is(&server, "sipwarden_registration_backlog", 0.0));
    drop((right, wrong));
    wait_for("closed connections", LIMIT, || connections(&server, 0.0));
    let before = server.scrape();
    assert_eq!(phone(&server, &account, Transport::Udp, PASSWORD).register(600).status, 200);
    let grown = server.scrape().growth_since(&before, "sipwarden_sip_requests_total");
    // A datagram that waits long is sent again.
    assert!(grown.len() == 1 && grown["sipwarden_sip_requests_total REGISTER udp"] >= 2.0, "{grown:?}");
}

#[test]
fn a_scrape_says_what_clients_and_storage_did() {
    let server = Server::start_with(&METRICS);
    let account = server.account("counted");
    let api = server.api(&account);
    let before = server.scrape();
    let id = api.credential(USERNAME, PASSWORD);
    api.create(USERNAME, PASSWORD).expect_error(409);
    let one = api.path(&format!("credentials/{id}"));
    api.send("GET", &one, b"").expect(200);
    api.send("GET", &format!("{one}/"), b"").expect(200);
    api.send("PATCH", &one, b"{}").expect_error(405);
    api.send("BREW", &one, b"").expect_error(405);
    api.send("GET", &format!("/{USERNAME}/{id}"), b"").expect_error(404);
    api.send_as("GET", &one, &[], b"").expect_error(401);
    let after = server.scrape();
    let (all, each) =
        ("/api/v1/Account/{auth_id}/credentials", "/api/v1/Account/{auth_id}/credentials/{credential_id}");
    // The labels stand in the order of their names: method, route, status.
    let expected: BTreeMap<_, _> = [
        (format!("POST {all} 201"), 1.0),
        (format!("POST {all} 409"), 1.0),
        (format!("GET {each} 200"), 2.0),
        (format!("PATCH {each} 405"), 1.0),
        (format!("other {each} 405"), 1.0),
        ("GET none 404".to_owned(), 1.0),
        (format!("GET {each} 401"), 1.0),
    ]
    .into_iter()
    .map(|(labels, count)| (format!("sipwarden_http_requests_total {labels}"), count))
    .collect();
    assert_eq!(after.growth_since(&before, "sipwarden_http_requests_total"), expected);
    let count = |route: &str| after.value("sipwarden_http_request_duration_seconds_count", &[("route", route)]);
    assert!((count(each) - 5.0).abs() < f64::EPSILON && (count(all) - 2.0).abs() < f64::EPSILON);
    assert_eq!(
        after.growth_since(&before, "sipwarden_storage_commits_total"),
        grown(
            &[("sipwarden_storage_commits_total committed", 1.0), ("sipwarden_storage_commits_total conflict", 1.0),]
        )
    );
    let transactions = after.growth_since(&before, "sipwarden_storage_transactions_total");
    assert_eq!(transactions, grown(&[("sipwarden_storage_transactions_total", 2.0)]));
    let growth = |name: &str| after.value(name, &[]) - before.value(name, &[]);
    assert!((growth("sipwarden_storage_commit_duration_seconds_count") - 1.0).abs() < f64::EPSILON);
    assert!((growth("sipwarden_storage_transaction_sets_sum") - 2.0).abs() < f64::EPSILON);
    assert!(growth("sipwarden_storage_commit_duration_seconds_sum") > 0.0);
    // Who asked for what is nobody's label.
    for value in after.label_values() {
        for hidden in [&account.auth_id, USERNAME, &id, &account.realm, &account.sip_domain] {
            assert!(!value.contains(hidden), "{value}");
        }
    }
}

/// Name, type and labels as the table of `docs/operations.md` has them.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let text = fs::read_to_string(root.join("docs/operations.md")).expect("docs/operations.md");
    let rows = text.lines().filter(|line| line.starts_with("| `sipwarden_") || line.starts_with("| `process_"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, meaning] = cells[..] else { panic!("four cells: {row}") };
        assert!(!meaning.is_empty(), "{row}");
        let labels = labels.split(", ").map(|label| label.trim_matches('`').to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        (name.trim_matches('`').to_owned(), (kind.to_owned(), labels))
    })
    .collect()
}

#[test]
fn the_documentation_lists_what_is_served_and_nothing_else() {
    // Nobody is there, which is told as well.
    let server = Server::start_with(&[&METRICS[..], &["--rtpengine", "127.0.0.1:9"]].concat());
    // Being asked whether it is ready has given every metric a series.
    let served: BTreeMap<_, _> = server
        .scrape()
        .families
        .into_iter()
        .map(|(name, family)| {
            let labels = family.label_names().into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
            (name, (family.kind, labels))
        })
        .collect();
    assert!(served.len() > 15, "{served:?}");
    assert_eq!(documented(), served, "docs/operations.md (left) and a live server (right) differ");
}

#[test]
fn the_process_tells_about_itself() {
    let server = Server::start_with(&METRICS);
    let scraped = server.scrape();
    let value = |name: &str| scraped.value(name, &[]);
    let version = binary::sipwarden(&["--version"]).stdout;
    let version = version.trim().rsplit(' ').next().expect("a version");
    assert!((scraped.value("sipwarden_build_info", &[("version", version)]) - 1.0).abs() < f64::EPSILON);
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_open_fds") > 5.0 && value("process_open_fds") < value("process_max_fds"));
    let now = std::time::UNIX_EPOCH.elapsed().expect("a clock after 1970").as_secs_f64();
    let age = now - value("process_start_time_seconds");
    assert!((-1.0..600.0).contains(&age), "{age}");
}

#[test]
fn the_listener_speaks_both_formats_and_answers_errors_as_the_api_does() {
    let server = Server::start_with(&METRICS);
    let open = get(server.metrics(), "GET /metrics", "Accept: application/openmetrics-text; version=1.0.0\r\n");
    assert_eq!(open.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let page = std::str::from_utf8(&open.body).expect("a text");
    let open = Exposition::parse(page, Format::OpenMetrics);
    assert_eq!(open.families.keys().collect::<Vec<_>>(), server.scrape().families.keys().collect::<Vec<_>>());
    for (line, status) in [("GET /", 404), ("GET /readyz", 404), ("POST /metrics", 405), ("GET /%zz", 400)] {
        get(server.metrics(), line, "").expect_error(status);
    }
    // Tenants do not reach it, and the operator's listener is nobody's API.
    get(server.http(), "GET /metrics", "").expect_error(404);
}

#[test]
fn nothing_is_served_unless_asked_for() {
    let server = Server::start();
    let announced = fs::read_to_string(server.data_dir().join("listening.json")).expect("an announcement");
    assert!(!announced.contains("metrics"), "{announced}");
    assert!(!server.stderr().contains("/metrics"), "{}", server.stderr());
}

#[test]
fn an_address_that_cannot_be_had_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    for (value, mentions) in [(address.as_str(), address.as_str()), ("9464", "--metrics-listen")] {
        let mut command = binary::command();
        command.arg("serve").arg("--data-dir").arg(folder.path().join("data"));
        command.args(["--http-listen", "127.0.0.1:0", "--sip-listen", "udp:127.0.0.1:0", "--metrics-listen", value]);
        let ended = run(&mut command, LIMIT);
        assert_eq!(ended.code(), Some(1), "{ended:?}");
        let last = ended.stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with("sipwarden: ") && last.contains(mentions), "{ended:?}");
    }
}
