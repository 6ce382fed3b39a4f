//! `sipwarden quickstart`: everything once, over real sockets, with throw-away data; then it serves on.

mod places;
mod report;

use crate::api_client::ApiClient;
use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::serve::Server;
use crate::serve_options::ServeOptions;
use crate::signals::StopSignals;
use crate::telemetry;
use domain::AuthReason;
use places::Places;
use provisioning::{AccountName, InstallationOperator, NewAccountRequest};
use report::Report;
use serde_json::json;
use sip_digest::HashAlgorithm;
use sip_user_agent::{Account, CallEnd, CallPlan, Exchange, Heard, Outcome, UaTransport, UserAgent};
use std::time::{Duration, Instant};

/// The credential that is created.
const USERNAME: &str = "alice";
/// Its password: shown on purpose, since everything here is thrown away.
const PASSWORD: &str = "SecurePassword123!";
/// A User-Agent that is not known to do SHA-256.
const MD5_USER_AGENT: &str = concat!("quickstart/", env!("CARGO_PKG_VERSION"));
/// One that is.
const SHA256_USER_AGENT: &str = concat!("sipwarden-user-agent/", env!("CARGO_PKG_VERSION"));

/// What a registration step is about to try.
struct Attempt {
    title: &'static str,
    password: &'static str,
    user_agent: &'static str,
    hash: HashAlgorithm,
    expected: AuthReason,
}

/// Runs every step, and with `exit` stops after the last.
pub(crate) async fn run(exit: bool) -> Result<(), Failure> {
    telemetry::start(telemetry::parse_filter("warn")?, telemetry::LogFormat::Text);
    let mut report = Report::new();
    report.title("sipwarden quickstart: throw-away data, real sockets");
    let directory = tempfile::Builder::new()
        .prefix("sipwarden-quickstart-")
        .tempdir()
        .map_err(|error| Failure::DataDirectory { path: std::env::temp_dir(), error })?;
    let begun = Instant::now();
    let places = Places::free()?;
    let options = ServeOptions {
        data_dir: Some(directory.path().to_owned()),
        http_listen: vec![places.http.to_string()],
        sip_listen: vec![format!("udp:{}", places.sip), format!("tcp:{}", places.sip)],
        ..ServeOptions::default()
    };
    let server = Server::start(Configuration::settle(options)?).await?;
    report.step(
        "Serve",
        begun.elapsed(),
        &[
            format!("HTTP http://{}   SIP {}", places.http, server.listening.sip.join(" ")),
            format!("data in {}, deleted at the end", directory.path().display()),
        ],
    );
    let tenant = steps(&server, &places, &mut report).await?;
    report.closing(&places, &tenant, USERNAME, PASSWORD);
    if !exit {
        report.title("Serving on; Ctrl-C stops and deletes everything.");
        StopSignals::catch()?.asked_to_stop().await;
    }
    server.stop().await;
    match report.failures() {
        0 => Ok(()),
        failures => Err(Failure::Quickstart(failures)),
    }
}

/// Who the steps act for.
pub(crate) struct Tenant {
    pub(crate) auth_id: String,
    pub(crate) auth_token: String,
    pub(crate) realm: String,
    pub(crate) sip_domain: String,
}

async fn steps(server: &Server, places: &Places, report: &mut Report) -> Result<Tenant, Failure> {
    let tenant = create_account(server, report).await?;
    let api = ApiClient::new(&format!("http://{}", places.http), &tenant.auth_id, &tenant.auth_token);
    let body = json!({ "username": USERNAME, "password": PASSWORD });
    let created = api.call("POST", "credentials", Some(body)).await?;
    report.http("Create a credential over HTTP", &created, 201);
    let id = created.body.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
    for attempt in [
        Attempt {
            title: "Register over UDP with MD5",
            password: PASSWORD,
            user_agent: MD5_USER_AGENT,
            hash: HashAlgorithm::Md5,
            expected: AuthReason::Ok,
        },
        Attempt {
            title: "Register over UDP with SHA-256",
            password: PASSWORD,
            user_agent: SHA256_USER_AGENT,
            hash: HashAlgorithm::Sha256,
            expected: AuthReason::Ok,
        },
        Attempt {
            title: "A wrong password is refused",
            password: "not-the-password",
            user_agent: MD5_USER_AGENT,
            hash: HashAlgorithm::Md5,
            expected: AuthReason::WrongPassword,
        },
    ] {
        register(server, (places, &tenant), &attempt, report).await;
    }
    let disabled = api.call("PUT", &format!("credentials/{id}"), Some(json!({ "enabled": false }))).await?;
    report.http("Disable the credential over HTTP", &disabled, 200);
    let refused = Attempt {
        title: "The disabled credential is refused",
        password: PASSWORD,
        user_agent: MD5_USER_AGENT,
        hash: HashAlgorithm::Md5,
        expected: AuthReason::CredentialDisabled,
    };
    register(server, (places, &tenant), &refused, report).await;
    let enabled = api.call("PUT", &format!("credentials/{id}"), Some(json!({ "enabled": true }))).await?;
    report.http("Enable it again", &enabled, 200);
    call_echo(server, (places, &tenant), report).await;
    Ok(tenant)
}

async fn create_account(server: &Server, report: &mut Report) -> Result<Tenant, Failure> {
    let begun = Instant::now();
    let name = AccountName::parse("Quickstart").map_err(|error| Failure::Refused(error.to_string()))?;
    let request = NewAccountRequest::named(name);
    // The data directory was made by this very process, for itself.
    let operator = InstallationOperator::admitted_by_file_permissions();
    let created = server.node.provisioning.create_account(&operator, request).await?;
    let tenant = Tenant {
        auth_id: created.account.account.auth_id.to_string(),
        auth_token: created.auth_token.to_string(),
        realm: created.account.realm.name.to_string(),
        sip_domain: created.account.account.sip_domain.to_string(),
    };
    report.step(
        "Create an account",
        begun.elapsed(),
        &[format!("{}   realm {}", tenant.auth_id, tenant.realm), format!("SIP domain {}", tenant.sip_domain)],
    );
    Ok(tenant)
}

/// Calls the account's echo with a user agent of our own; its tone has to come back.
async fn call_echo(server: &Server, (places, tenant): (&Places, &Tenant), report: &mut Report) {
    let title = "Call the echo over UDP";
    let account = account(places, tenant, (PASSWORD, SHA256_USER_AGENT, HashAlgorithm::Sha256));
    let plan = CallPlan {
        to: format!("sip:echo@{}", tenant.sip_domain),
        talk: Duration::from_secs(1),
        ring: Duration::from_secs(10),
    };
    let mut entropy = [0; 32];
    server.node.random.fill(&mut entropy);
    let called = match UserAgent::open(account, entropy).await {
        Ok(mut user_agent) => user_agent.call(&plan).await,
        Err(error) => Err(error),
    };
    match called {
        Ok(call) => {
            let heard = call.media.map(|media| media.heard);
            let as_expected = call.end == CallEnd::HungUp && heard == Some(Heard::Tone);
            report.call(title, &call, as_expected);
        }
        Err(error) => report.broken(title, &error.to_string()),
    }
}

fn account(places: &Places, tenant: &Tenant, (password, user_agent, hash): (&str, &str, HashAlgorithm)) -> Account {
    Account {
        server: places.sip,
        transport: UaTransport::Udp,
        domain: tenant.sip_domain.clone(),
        username: USERNAME.to_owned(),
        password: password.to_owned().into(),
        user_agent: user_agent.to_owned(),
        hashes: vec![hash],
    }
}

/// Registers with a user agent of our own, and compares what the server noted with what it should have.
async fn register(server: &Server, (places, tenant): (&Places, &Tenant), attempt: &Attempt, report: &mut Report) {
    let account = account(places, tenant, (attempt.password, attempt.user_agent, attempt.hash));
    let mut entropy = [0; 32];
    server.node.random.fill(&mut entropy);
    let exchange = match UserAgent::open(account, entropy).await {
        Ok(mut user_agent) => user_agent.register(3600).await,
        Err(error) => return report.broken(attempt.title, &error.to_string()),
    };
    server.events.collect();
    let noted = server.events.recent(1, |event| &*event.username == USERNAME).first().map(|event| event.reason);
    let as_expected = noted == Some(attempt.expected) && is_consistent(&exchange, attempt);
    report.exchange(attempt.title, &exchange, noted, as_expected);
}

fn is_consistent(exchange: &Exchange, attempt: &Attempt) -> bool {
    match (&exchange.outcome, attempt.expected) {
        (Outcome::Success(_), AuthReason::Ok) => {
            exchange.algorithm == Some(attempt.hash) && exchange.server_proved_itself == Some(true)
        }
        (Outcome::Refused { status: 401, .. }, expected) => expected != AuthReason::Ok,
        _ => false,
    }
}
