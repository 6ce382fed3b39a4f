//! `sipwarden realm …`

use super::algorithms::AlgorithmReport;
use super::table::{Column, table};
use super::{PAGE, all_objects, ask, print, segment};
use crate::cli::Installation;
use crate::failure::Failure;
use crate::operator_cli::{RealmCommand, RealmSettings, ReportOptions};
use crate::operator_client::{Ask, OperatorClient};
use serde_json::{Map, Value, json};
use std::io::Write as _;

const COLUMNS: [Column; 5] = [
    ("REALM", "name"),
    ("POLICY", "challenge_policy"),
    ("AUTH-INT", "auth_int"),
    ("WITHOUT QOP", "without_qop"),
    ("MD5 RETIRED", "md5_retired"),
];

pub(crate) async fn realm(command: RealmCommand) -> Result<(), Failure> {
    match command {
        RealmCommand::List { installation } => {
            let json = installation.json;
            let realms = all_objects(installation, "realms").await?;
            print(json, &json!({ "realms": realms }), || match realms.as_slice() {
                [] => "There are no realms; `sipwarden account create --name NAME` makes one with an account.\n".into(),
                realms => table(&COLUMNS, realms),
            })
        }
        RealmCommand::SetPolicy { realm, policy, installation } => {
            change(&realm, json!({ "challenge_policy": policy }), installation).await
        }
        RealmCommand::Set { realm, settings, installation } => {
            change(&realm, Value::Object(settings.into_body()), installation).await
        }
        RealmCommand::Algorithms { realm, options, installation } => algorithms(&realm, &options, installation).await,
        RealmCommand::RetireMd5 { realm, yes, installation } => retire_md5(&realm, yes, installation).await,
    }
}

async fn change(realm: &str, body: Value, installation: Installation) -> Result<(), Failure> {
    let json = installation.json;
    ask(installation, "PUT", (&format!("realms/{}", segment(realm)), Some(body))).await?;
    print(json, &json!({ "changed": true }), || "The realm's challenges offer that from now on.\n".into())
}

impl RealmSettings {
    fn into_body(self) -> Map<String, Value> {
        let policy = self.policy.map(|policy| ("challenge_policy".to_owned(), Value::String(policy)));
        let auth_int = self.auth_int.map(|state| ("auth_int".to_owned(), Value::Bool(state.is_on())));
        let without_qop = self.without_qop.map(|state| ("without_qop".to_owned(), Value::Bool(state.is_on())));
        [policy, auth_int, without_qop].into_iter().flatten().collect()
    }
}

async fn algorithms(realm: &str, options: &ReportOptions, installation: Installation) -> Result<(), Failure> {
    let json = installation.json;
    let mut client = OperatorClient::reach(installation).await?;
    let report = report_of(&mut client, realm, options.days).await;
    client.close().await;
    let report = report?;
    print(json, &report.to_json(), || if options.csv { report.to_csv() } else { report.to_text() })
}

async fn report_of(client: &mut OperatorClient, realm: &str, days: u16) -> Result<AlgorithmReport, Failure> {
    let mut report = AlgorithmReport::new();
    loop {
        let window = format!("days={days}&limit={PAGE}&offset={}", report.len());
        let path = format!("realms/{}/algorithm-report?{window}", segment(realm));
        let page = client.ask(Ask { method: "GET", path: &path, body: None }).await?;
        match report.add(page) {
            None => return Err(Failure::Refused("the answer is not of this API".into())),
            Some(count) if count < PAGE => return Ok(report),
            Some(_) => {}
        }
    }
}

/// Shows who would be left behind before anything is done, and does it only if told so.
async fn retire_md5(realm: &str, yes: bool, installation: Installation) -> Result<(), Failure> {
    let json = installation.json;
    let mut client = OperatorClient::reach(installation).await?;
    let outcome = retire_with(&mut client, realm, (yes, json)).await;
    client.close().await;
    outcome
}

async fn retire_with(client: &mut OperatorClient, realm: &str, (yes, json): (bool, bool)) -> Result<(), Failure> {
    let report = report_of(client, realm, ReportOptions::DEFAULT_DAYS).await?;
    if !json {
        std::io::stdout().write_all(report.to_text().as_bytes()).map_err(Failure::Output)?;
    }
    if !yes {
        return Err(Failure::Refused(
            "retiring MD5 shuts those out that use it and deletes what they would need to come back, until their \
             passwords are set anew; add --yes to do so"
                .into(),
        ));
    }
    let path = format!("realms/{}/retire-md5", segment(realm));
    let retired = client.ask(Ask { method: "POST", path: &path, body: None }).await?;
    let credentials = retired.get("credentials").and_then(Value::as_u64).unwrap_or(0);
    print(json, &json!({ "credentials": credentials, "report": report.to_json() }), || {
        format!("\nMD5 is retired: the realm offers SHA-256 only, and {credentials} HA1s under MD5 are deleted.\n")
    })
}
