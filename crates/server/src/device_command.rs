//! `sipwarden device …`, over HTTP.

use crate::api_client::ApiClient;
use crate::cli::ServerAccess;
use crate::credential_command::{find, path_of, print_new};
use crate::device_cli::DeviceCommand;
use crate::failure::Failure;
use crate::operator_commands::table::{Column, table};
use crate::operator_commands::{print, text};
use crate::phones::harmless;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::Path;

const COLUMNS: [Column; 7] = [
    ("ID", "id"),
    ("LABEL", "label"),
    ("KIND", "kind"),
    ("MAC", "mac"),
    ("CREATED", "created_at"),
    ("LAST USED", "last_used_at"),
    ("FROM", "last_used_from"),
];

pub(crate) async fn run(command: DeviceCommand) -> Result<(), Failure> {
    match command {
        DeviceCommand::Create { credential, label, mac, format, access } => match mac.zip(format) {
            Some((mac, format)) => {
                let (client, path) = devices_of(&credential, &access).await?;
                let body = json!({ "label": label, "mac": mac, "format": format });
                let created = client.call("POST", &path, Some(body)).await?.expect(201)?;
                show(access.json, &[created])
            }
            None => create(&credential, &label, &access).await,
        },
        DeviceCommand::ImportMacs { file, access } => import(&file, &access).await,
        DeviceCommand::List { credential, access } => {
            let (client, path) = devices_of(&credential, &access).await?;
            show(access.json, &listed(&client, &path).await?)
        }
        DeviceCommand::Rename { credential, device, label, access } => {
            let (client, path) = devices_of(&credential, &access).await?;
            let path = one(&client, &path, &device).await?;
            let renamed = client.call("PUT", &path, Some(json!({ "label": label }))).await?.expect(200)?;
            show(access.json, &[renamed])
        }
        DeviceCommand::Rotate { credential, device, access } => {
            let client = client(&access);
            let found = find(&client, &credential).await?;
            let path = one(&client, &format!("{}/devices", path_of(&found)?), &device).await?;
            let rotated = client.call("POST", &format!("{path}/rotate"), None).await?.expect(201)?;
            if rotated.get("password").is_some() {
                show_new(&client, (found, rotated), &access).await
            } else {
                show(access.json, &[rotated])
            }
        }
        DeviceCommand::Revoke { credential, device, access } => {
            let (client, path) = devices_of(&credential, &access).await?;
            let path = one(&client, &path, &device).await?;
            client.call("DELETE", &path, None).await?.expect(204)?;
            let revoked = json!({ "revoked": path.rsplit('/').next() });
            print(access.json, &revoked, || {
                "Revoked; it lets nobody in any more, and its registrations have ended.\n".into()
            })
        }
    }
}

async fn create(credential: &str, label: &str, access: &ServerAccess) -> Result<(), Failure> {
    let client = client(access);
    let found = find(&client, credential).await?;
    let path = format!("{}/devices", path_of(&found)?);
    let created = client.call("POST", &path, Some(json!({ "label": label }))).await?.expect(201)?;
    show_new(&client, (found, created), access).await
}

async fn show_new(
    client: &ApiClient,
    (found, mut created): (Value, Value),
    access: &ServerAccess,
) -> Result<(), Failure> {
    let password = created.as_object_mut().and_then(|object| object.remove("password"));
    let settings = client.call("GET", "phone-settings", None).await?.expect(200)?;
    if access.json {
        let all = json!({
            "device": created, "credential": found, "phone_settings": settings, "generated_password": password,
        });
        return print(true, &all, String::new);
    }
    // As for a new credential, under whose username the device authenticates.
    let mut shown = found;
    if let Some(object) = shown.as_object_mut() {
        object.insert("id".into(), json!(format!("the device {}", text(&created, "id"))));
    }
    print_new(&shown, (&settings, &access.url), (password.as_ref().and_then(Value::as_str), false))
}

/// Creates a desk phone for each line. Lines that cannot be are named, and the others are carried out all the same.
async fn import(file: &Path, access: &ServerAccess) -> Result<(), Failure> {
    let unreadable = |error| Failure::Refused(format!("{} cannot be read: {error}", file.display()));
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
        text
    } else {
        std::fs::read_to_string(file).map_err(unreadable)?
    };
    let client = client(access);
    let (mut created, mut faults) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| is_row(line)) {
        match import_line(&client, line).await {
            Ok(device) => created.push(device),
            // Without an answer the next line has none either.
            Err(failure @ Failure::NoAnswer { .. }) => return Err(failure),
            Err(failure) => faults.push(json!({ "line": number, "error": failure.to_string() })),
        }
    }
    let result = json!({ "created": created.len(), "faults": faults });
    print(access.json, &result, || {
        let said = faults
            .iter()
            .map(|fault| format!("line {}: {}\n", fault.get("line").unwrap_or(&Value::Null), text_of(fault)));
        format!("{}{} desk phones created, {} lines refused.\n", said.collect::<String>(), created.len(), faults.len())
    })?;
    if faults.is_empty() { Ok(()) } else { Err(Failure::Refused("correct those lines and import them alone".into())) }
}

fn is_row(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#') && !line.eq_ignore_ascii_case("username,mac,format,label")
}

async fn import_line(client: &ApiClient, line: &str) -> Result<Value, Failure> {
    let mut cells = line.splitn(4, ',').map(str::trim);
    let (Some(username), Some(mac), Some(format), Some(label)) =
        (cells.next(), cells.next(), cells.next(), cells.next())
    else {
        return Err(Failure::Refused("a line has username,mac,format,label".into()));
    };
    let path = format!("{}/devices", path_of(&find(client, username).await?)?);
    let body = json!({ "label": label, "mac": mac, "format": format });
    client.call("POST", &path, Some(body)).await?.expect(201)
}

fn text_of(fault: &Value) -> &str {
    fault.get("error").and_then(Value::as_str).unwrap_or_default()
}

fn show(as_json: bool, devices: &[Value]) -> Result<(), Failure> {
    print(as_json, &json!({ "devices": devices }), || match devices {
        [] => "It has no devices; create one with `sipwarden device create CREDENTIAL LABEL`.\n".into(),
        devices => table(&COLUMNS, &devices.iter().map(|device| harmless(&flat(device))).collect::<Vec<_>>()),
    })
}

/// With the last use beside the rest.
fn flat(device: &Value) -> Value {
    let mut flat = device.clone();
    if let Some(object) = flat.as_object_mut() {
        for (name, of) in [("last_used_at", "/last_used/at"), ("last_used_from", "/last_used/source")] {
            object.insert(name.to_owned(), device.pointer(of).cloned().unwrap_or(Value::Null));
        }
    }
    flat
}

async fn listed(client: &ApiClient, path: &str) -> Result<Vec<Value>, Failure> {
    let mut answer = client.call("GET", path, None).await?.expect(200)?;
    match answer.get_mut("objects").map(Value::take) {
        Some(Value::Array(devices)) => Ok(devices),
        _ => Err(Failure::Refused("the answer is not of this API".into())),
    }
}

/// The path of the device of that id, or of the only one of that label.
async fn one(client: &ApiClient, path: &str, device: &str) -> Result<String, Failure> {
    let devices = listed(client, path).await?;
    let is_it = |found: &&Value| found["id"] == device || found["label"] == device;
    let mut found = devices.iter().filter(is_it).filter_map(|found| found["id"].as_str());
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(format!("{path}/{id}")),
        (Some(_), Some(_)) => Err(Failure::Refused(format!("several devices are called {device:?}; give the id"))),
        (None, _) => Err(Failure::Refused(format!(
            "there is no device {device:?}; `sipwarden device list CREDENTIAL` shows all"
        ))),
    }
}

async fn devices_of(credential: &str, access: &ServerAccess) -> Result<(ApiClient, String), Failure> {
    let client = client(access);
    let path = format!("{}/devices", path_of(&find(&client, credential).await?)?);
    Ok((client, path))
}

fn client(access: &ServerAccess) -> ApiClient {
    ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone())
}
