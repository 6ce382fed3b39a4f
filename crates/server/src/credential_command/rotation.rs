//! `sipwarden credential rotate`, `rotation` and `end-overlap`.

use super::output::{plain, print, print_one_line};
use super::{client, find, password, path_of};
use crate::cli::ServerAccess;
use crate::failure::Failure;
use crate::operator_commands::table::{Column, table};
use crate::phones::harmless;
use serde_json::{Map, Value, json};

const COLUMNS: [Column; 5] = [
    ("CONTACT", "contact"),
    ("SOURCE", "source"),
    ("TRANSPORT", "transport"),
    ("USER-AGENT", "user_agent"),
    ("REGISTERED", "registered_at"),
];

pub(super) async fn rotate(
    credential: &str,
    (overlap, password_stdin): (u32, bool),
    access: &ServerAccess,
) -> Result<(), Failure> {
    let client = client(access);
    let found = find(&client, credential).await?;
    let mut request = Map::from_iter([("overlap_seconds".to_owned(), json!(overlap))]);
    if password_stdin {
        request.insert("password".into(), Value::String(password::read_line()?.to_string()));
    }
    let path = format!("{}/rotate", path_of(&found)?);
    let mut rotation = client.call("POST", &path, Some(Value::Object(request))).await?.expect(200)?;
    let generated = rotation.as_object_mut().and_then(|object| object.remove("password"));
    if access.json {
        let mut value = json!({ "credential": found, "rotation": rotation });
        if let (Some(object), Some(password)) = (value.as_object_mut(), generated) {
            object.insert("generated_password".into(), password);
        }
        return print(&format!("{value}\n"));
    }
    let mut text = match generated.as_ref().and_then(Value::as_str) {
        Some(password) => format!("New password, shown this once: {password}\n"),
        None => "The new password works.\n".to_owned(),
    };
    text += &described(&rotation);
    print(&text)
}

pub(super) async fn show(credential: &str, access: &ServerAccess) -> Result<(), Failure> {
    let client = client(access);
    let path = format!("{}/rotation", path_of(&find(&client, credential).await?)?);
    let rotation = client.call("GET", &path, None).await?.expect(200)?;
    if access.json { print(&format!("{rotation}\n")) } else { print(&described(&rotation)) }
}

pub(super) async fn end(credential: &str, access: &ServerAccess) -> Result<(), Failure> {
    let client = client(access);
    let found = find(&client, credential).await?;
    client.call("DELETE", &format!("{}/rotate", path_of(&found)?), None).await?.expect(204)?;
    let ended = json!({ "overlap_ended": found.get("id") });
    print_one_line(&ended, "Ended; only the present password works.", access.json)
}

/// Which passwords work, and who still uses the old one.
fn described(rotation: &Value) -> String {
    let devices = &rotation["devices"];
    let Some(until) = rotation["overlap_until"].as_str() else {
        return "The old password registers nobody any more.\n".to_owned();
    };
    let mut text = format!(
        "The old password works until {until}; `sipwarden credential end-overlap` ends it before.\n\
         Devices on the new password: {}, on the old one: {}\n",
        plain(&devices["on_current"]),
        plain(&devices["on_previous"])
    );
    if let Some(previous) = devices["previous"].as_array().filter(|previous| !previous.is_empty()) {
        text += &table(&COLUMNS, &previous.iter().map(harmless).collect::<Vec<_>>());
    }
    text
}
