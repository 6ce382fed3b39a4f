//! One row of an import as it is sent.

use super::hashes::{check_realm, hashes};
use crate::field_problems::FieldProblems;
use crate::json_object::{JsonFault, JsonObject, Shape};
use crate::problem::Problem;
use domain::{Password, RealmName, Username, UsernameRule};
use provisioning::{Description, ImportRow, ImportedSecret};

const SHAPE: Shape = Shape {
    accepted: &["username", "password", "ha1_md5", "ha1_sha256", "ha1_sha512_256", "realm", "enabled", "description"],
    refused: &[],
    hint: "only username, password, ha1_md5, ha1_sha256, ha1_sha512_256, realm, enabled and description are accepted",
};

/// A row, and what it calls itself as far as that can be read.
pub(super) struct ReadRow {
    pub(super) username: Option<String>,
    pub(super) row: Result<ImportRow, FieldProblems>,
}

/// Reads a row for an account whose realm is that.
pub(super) fn read(line: &[u8], realm: &RealmName, rule: UsernameRule) -> ReadRow {
    let mut object = match JsonObject::read(line, &SHAPE) {
        Ok(object) => object,
        Err(problem) => return ReadRow { username: None, row: Err(faults(problem)) },
    };
    let username = object.required_text("username");
    let shown = username.as_ref().map(|text| text.to_string());
    let username = username.and_then(|text| object.valid("username", parsed_username(&text, rule)));
    let secret = secret(&mut object);
    check_realm(&mut object, realm);
    let enabled = if object.has("enabled") { object.flag("enabled") } else { Some(true) };
    let description = object.text("description");
    let description = object.valid("description", Description::parse(description.as_deref().map_or("", |text| text)));
    let row = username
        .zip(secret)
        .zip(enabled.zip(description))
        .map(|((username, secret), (enabled, description))| ImportRow { username, secret, enabled, description });
    ReadRow { username: shown, row: object.finish(row).map_err(faults) }
}

/// Where the wider rule would take the name, it is the operator who can help.
fn parsed_username(text: &str, rule: UsernameRule) -> Result<Username, String> {
    Username::parse(text, rule).map_err(|error| {
        if rule == UsernameRule::Strict && Username::parse(text, UsernameRule::Extended).is_ok() {
            format!("{error}; with `serve --usernames extended` also '-', '.' and '+'")
        } else {
            error.to_string()
        }
    })
}

/// A password that the rules for new ones refuse is left to its hashes, if it comes with some.
fn secret(object: &mut JsonObject) -> Option<ImportedSecret> {
    let password = object.text("password");
    let hashes = hashes(object)?;
    match password.map(|mut text| Password::parse(std::mem::take(&mut *text))) {
        Some(Ok(password)) => Some(ImportedSecret::Password(password, hashes)),
        Some(Err(_)) | None if !hashes.is_empty() => Some(ImportedSecret::Hashes(hashes)),
        Some(Err(error)) => {
            object.note("password", format!("{error}; or give its hash as ha1_md5, which has no such rule"));
            None
        }
        None => {
            object.note("password", "is required, or one of ha1_md5, ha1_sha256 and ha1_sha512_256");
            None
        }
    }
}

fn faults(problem: Problem) -> FieldProblems {
    match problem {
        Problem::Fields(problems) => problems,
        Problem::Json(JsonFault::Syntax { column, .. }) => {
            FieldProblems::of("row", format!("is not valid JSON at column {column}"))
        }
        Problem::Json(JsonFault::NotUtf8) => FieldProblems::of("row", "is not UTF-8"),
        _ => FieldProblems::of("row", "is not a JSON object"),
    }
}
