//! `sipwarden credential …`, over HTTP.

mod details;
mod hashes;
mod output;
pub(crate) mod password;
mod report;
mod rotation;

use crate::api_client::ApiClient;
use crate::cli::{CredentialCommand, Demands, NewPassword, ServerAccess};
use crate::failure::Failure;
use crate::operator_cli::ReportOptions;
use crate::operator_commands::algorithms::AlgorithmReport;
use crate::operator_commands::{PAGE, print};
pub(crate) use output::host_of;
pub(crate) use output::print_new;
use output::{print_credential, print_list, print_one_line, print_requirements};
use serde_json::{Map, Value, json};

pub(crate) async fn run(command: CredentialCommand) -> Result<(), Failure> {
    match command {
        CredentialCommand::Create { username, password, if_not_exists, access } => {
            create(&username, &password, (if_not_exists, &access)).await
        }
        CredentialCommand::List { limit, offset, access } => {
            let path = format!("trunks/credentials?limit={limit}&offset={offset}");
            let list = client(&access).call("GET", &path, None).await?.expect(200)?;
            print_list(&list, access.json)
        }
        CredentialCommand::Show { credential, access } => {
            let found = find(&client(&access), &credential).await?;
            print_credential(&found, access.json)
        }
        CredentialCommand::Update { credential, password, access, .. } if password.hashes_stdin => {
            replace_hashes(&credential, &access).await
        }
        CredentialCommand::Update { credential, password, description, access } => {
            let mut change = Map::new();
            if password.is_given() {
                change.insert("password".into(), Value::String(password::obtain(&password)?.to_string()));
            }
            change.extend(description.map(|text| ("description".to_owned(), Value::String(text))));
            if change.is_empty() {
                return Err(Failure::Refused(
                    "nothing to change; give --password-stdin, --generate, --hashes-stdin or --description".into(),
                ));
            }
            let shown = password.generate.then(|| change.get("password").cloned()).flatten();
            update(&credential, Value::Object(change), (shown, &access)).await
        }
        CredentialCommand::Rotate { credential, overlap, password_stdin, access } => {
            rotation::rotate(&credential, (overlap, password_stdin), &access).await
        }
        CredentialCommand::Rotation { credential, access } => rotation::show(&credential, &access).await,
        CredentialCommand::EndOverlap { credential, access } => rotation::end(&credential, &access).await,
        CredentialCommand::Details { credential, changes, access } => details::run(&credential, changes, &access).await,
        CredentialCommand::Report { options, access } => report::run(&options, &access).await,
        CredentialCommand::Disable { credential, access } => {
            update(&credential, json!({ "enabled": false }), (None, &access)).await
        }
        CredentialCommand::Enable { credential, access } => {
            update(&credential, json!({ "enabled": true }), (None, &access)).await
        }
        CredentialCommand::Require { credential, demands, access } => {
            let client = client(&access);
            let path = format!("{}/requirements", path_of(&find(&client, &credential).await?)?);
            let change = demands.into_change();
            let (method, body) = if change.is_empty() { ("GET", None) } else { ("PUT", Some(Value::Object(change))) };
            let demands = client.call(method, &path, body).await?.expect(200)?;
            print_requirements(&demands, access.json)
        }
        CredentialCommand::Algorithms { options, access } => algorithms(&options, &access).await,
        CredentialCommand::Import(options) => crate::import::run(*options).await,
        CredentialCommand::Export { format, access } => {
            client(&access).copy(&format!("credentials/export?format={format}")).await
        }
        CredentialCommand::Delete { credential, access } => {
            let client = client(&access);
            let found = find(&client, &credential).await?;
            client.call("DELETE", &path_of(&found)?, None).await?.expect(204)?;
            print_one_line(
                &json!({ "deleted": found.get("id") }),
                "Deleted; it registers nobody any more.",
                access.json,
            )
        }
    }
}

async fn create(
    username: &str,
    new_password: &NewPassword,
    (if_not_exists, access): (bool, &ServerAccess),
) -> Result<(), Failure> {
    if !new_password.is_given() {
        return Err(Failure::Refused(
            "give the password with --password-stdin or its hashes with --hashes-stdin, or let one be made with \
             --generate"
                .into(),
        ));
    }
    let client = client(access);
    let mut body = Map::from_iter([("username".to_owned(), json!(username))]);
    let mut generated = None;
    let path = if new_password.hashes_stdin {
        body.extend(hashes::read_lines()?);
        "credentials/from-hashes"
    } else {
        let password = password::obtain(new_password)?;
        body.insert("password".into(), json!(&*password));
        generated = new_password.generate.then_some(password);
        "credentials"
    };
    let answer = client.call("POST", path, Some(Value::Object(body))).await?;
    if answer.status == 409 && if_not_exists {
        return print_credential(&find(&client, username).await?, access.json);
    }
    let created = answer.expect(201)?;
    let settings = client.call("GET", "phone-settings", None).await?.expect(200)?;
    print_new(&created, (&settings, &access.url), (generated.as_ref().map(|password| password.as_str()), access.json))
}

async fn update(
    credential: &str,
    change: Value,
    (generated, access): (Option<Value>, &ServerAccess),
) -> Result<(), Failure> {
    let client = client(access);
    let found = find(&client, credential).await?;
    let updated = client.call("PUT", &path_of(&found)?, Some(change)).await?.expect(200)?;
    match generated {
        Some(password) if access.json => {
            print_one_line(&json!({ "credential": updated, "generated_password": password }), "", true)
        }
        Some(password) => {
            print_credential(&updated, false)?;
            let shown = password.as_str().unwrap_or_default();
            print_one_line(&Value::Null, &format!("New password, shown this once: {shown}"), false)
        }
        None => print_credential(&updated, access.json),
    }
}

async fn replace_hashes(credential: &str, access: &ServerAccess) -> Result<(), Failure> {
    let client = client(access);
    let path = format!("{}/hashes", path_of(&find(&client, credential).await?)?);
    let updated = client.call("PUT", &path, Some(Value::Object(hashes::read_lines()?))).await?.expect(200)?;
    print_credential(&updated, access.json)
}

impl Demands {
    fn into_change(self) -> Map<String, Value> {
        let networks = (self.any_network || !self.networks.is_empty()).then_some(self.networks);
        let fields = [
            ("algorithm", self.algorithm.map(Value::String)),
            ("secure_transport", self.secure_transport.map(|state| Value::Bool(state.is_on()))),
            ("networks", networks.map(|networks| json!(networks))),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

async fn algorithms(options: &ReportOptions, access: &ServerAccess) -> Result<(), Failure> {
    let client = client(access);
    let mut report = AlgorithmReport::new();
    loop {
        let path = format!("algorithm-report?days={}&limit={PAGE}&offset={}", options.days, report.len());
        match report.add(client.call("GET", &path, None).await?.expect(200)?) {
            None => return Err(Failure::Refused("the answer is not of this API".into())),
            Some(count) if count < PAGE => break,
            Some(_) => {}
        }
    }
    print(access.json, &report.to_json(), || if options.csv { report.to_csv() } else { report.to_text() })
}

fn client(access: &ServerAccess) -> ApiClient {
    ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone())
}

/// The credential of that id or username.
pub(crate) async fn find(client: &ApiClient, credential: &str) -> Result<Value, Failure> {
    if credential.len() == 36 && credential.matches('-').count() == 4 {
        return client.call("GET", &format!("credentials/{credential}"), None).await?.expect(200);
    }
    let plain = credential.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"_-.+".contains(&octet));
    if plain && !credential.is_empty() {
        let path = format!("trunks/credentials?username={}", credential.replace('+', "%2B"));
        let list = client.call("GET", &path, None).await?.expect(200)?;
        if let Some(found) = list.pointer("/objects/0") {
            return Ok(found.clone());
        }
    }
    Err(Failure::Refused(format!("there is no credential {credential:?}; `sipwarden credential list` shows all")))
}

pub(crate) fn path_of(credential: &Value) -> Result<String, Failure> {
    let id = credential["id"].as_str();
    id.map(|id| format!("credentials/{id}")).ok_or_else(|| Failure::Refused("the answer is not of this API".into()))
}
