//! An exported credential as a line.

use super::export::Format;
use crate::moment::Moment;
use domain::{RealmName, csv_cell};
use provisioning::{ExportedCredential, KnownHa1s};
use serde::Serialize;
use std::fmt::Write;

/// The first line of CSV.
pub(super) const HEADING: &str =
    "id,username,realm,enabled,description,hashes,password_score,password_changed_at,created_at,updated_at\r\n";

/// What is exported, by the names that an import knows.
#[derive(Serialize)]
pub(super) struct Exported<'c> {
    id: String,
    username: &'c str,
    realm: &'c str,
    enabled: bool,
    description: &'c str,
    /// The algorithms it has a hash of.
    hashes: Vec<&'static str>,
    password_score: Option<u8>,
    password_changed_at: Moment,
    created_at: Moment,
    updated_at: Moment,
}

impl<'c> Exported<'c> {
    pub(super) fn new(credential: &'c ExportedCredential, realm: &'c RealmName) -> Self {
        Self {
            id: credential.id.to_string(),
            username: &credential.username,
            realm: realm.as_str(),
            enabled: credential.enabled,
            description: &credential.description,
            hashes: names(credential.hashes),
            password_score: credential.password_score.map(domain::PasswordScore::get),
            password_changed_at: credential.password_changed_at.into(),
            created_at: credential.created_at.into(),
            updated_at: credential.updated_at.into(),
        }
    }

    pub(super) fn add_line(&self, format: Format, lines: &mut String) {
        match format {
            Format::Csv => self.add_cells(lines),
            Format::JsonLines => {
                // Texts, numbers and lists of texts always print.
                lines.push_str(&serde_json::to_string(self).unwrap_or_default());
                lines.push('\n');
            }
        }
    }

    fn add_cells(&self, lines: &mut String) {
        let score = self.password_score.map(|score| score.to_string()).unwrap_or_default();
        // Writing to a String does not fail.
        let _ = write!(
            lines,
            "{},{},{},{},{},{},{score},{},{},{}\r\n",
            self.id,
            csv_cell(self.username),
            csv_cell(self.realm),
            self.enabled,
            csv_cell(self.description),
            self.hashes.join(" "),
            self.password_changed_at.as_str(),
            self.created_at.as_str(),
            self.updated_at.as_str(),
        );
    }
}

fn names(hashes: KnownHa1s) -> Vec<&'static str> {
    let KnownHa1s { md5, sha256, sha512_256 } = hashes;
    let named = [(md5, "MD5"), (sha256, "SHA-256"), (sha512_256, "SHA-512-256")];
    named.into_iter().filter(|(known, _)| *known).map(|(_, name)| name).collect()
}
