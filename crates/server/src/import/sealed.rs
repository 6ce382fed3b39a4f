//! Reads what `sipwarden account export` wrote: JSON Lines whose hashes are sealed with a master key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{AuthId, CredentialId, DigestAlgorithm, RealmName, Sealed, Username, UsernameRule};
use import_sources::{BadRow, Field, Read, Row, SourceError, Take};
use keyring::{Ha1Context, Keyring};
use serde::Deserialize;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use zeroize::Zeroizing;

/// Most octets of a line: far above what a credential can have.
const MAX_LINE_OCTETS: u64 = 64 << 10;

/// A line.
#[derive(Deserialize)]
struct Line {
    auth_id: String,
    id: String,
    username: String,
    realm: String,
    enabled: bool,
    description: String,
    sealed_ha1_md5: Option<String>,
    sealed_ha1_sha256: Option<String>,
    sealed_ha1_sha512_256: Option<String>,
}

/// Reads one sealed credential a line and opens it.
pub(super) fn read(input: impl std::io::Read, keyring: &Keyring, take: &mut Take<'_>) -> Result<(), SourceError> {
    let mut reader = BufReader::new(input);
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        if std::io::Read::take(&mut reader, MAX_LINE_OCTETS).read_until(b'\n', &mut text)? == 0 {
            break;
        }
        let read = match serde_json::from_slice::<Line>(&text) {
            Ok(line) => row(number, &line, keyring),
            Err(_) => {
                let problem = "is no line of `sipwarden account export`".to_owned();
                Read::Bad(BadRow { number, username: None, problem })
            }
        };
        if take(read).is_break() {
            break;
        }
    }
    Ok(())
}

fn row(number: u64, line: &Line, keyring: &Keyring) -> Read {
    match cells(line, keyring) {
        Ok(cells) => Read::Row(Row { number, cells }),
        Err(problem) => Read::Bad(BadRow { number, username: Some(line.username.clone()), problem }),
    }
}

fn cells(line: &Line, keyring: &Keyring) -> Result<Vec<(Field, Zeroizing<String>)>, String> {
    let account = AuthId::parse(&line.auth_id).map_err(|_| "has no right auth_id".to_owned())?;
    let credential = CredentialId::parse(&line.id).ok_or("has no right id")?;
    let realm = RealmName::parse(&line.realm).map_err(|error| format!("realm {error}"))?;
    let username =
        Username::parse(&line.username, UsernameRule::Extended).map_err(|error| format!("username {error}"))?;
    let plain = |field, text: &str| (field, Zeroizing::new(text.to_owned()));
    let mut cells = vec![
        plain(Field::Username, &line.username),
        plain(Field::Realm, &line.realm),
        plain(Field::Enabled, if line.enabled { "true" } else { "false" }),
        plain(Field::Description, &line.description),
    ];
    for (field, algorithm, sealed) in [
        (Field::Ha1Md5, DigestAlgorithm::Md5, &line.sealed_ha1_md5),
        (Field::Ha1Sha256, DigestAlgorithm::Sha256, &line.sealed_ha1_sha256),
        (Field::Ha1Sha512_256, DigestAlgorithm::Sha512_256, &line.sealed_ha1_sha512_256),
    ] {
        let Some(sealed) = sealed else { continue };
        let octets = STANDARD.decode(sealed).map_err(|_| format!("sealed_{} is not base64", field.as_str()))?;
        let context =
            Ha1Context { account: &account, credential, algorithm, realm: &realm, username: &username, device: None };
        let opened = keyring
            .open_ha1(&context, &Sealed::from_bytes(octets.into()))
            .map_err(|error| format!("has secrets that do not open with that key: {error}"))?;
        cells.push((field, hexadecimal(opened.as_bytes())));
    }
    cells.retain(|(_, text)| !text.is_empty());
    Ok(cells)
}

fn hexadecimal(octets: &[u8]) -> Zeroizing<String> {
    // Room at once: what a growing text leaves behind is not wiped.
    let mut digits = Zeroizing::new(String::with_capacity(octets.len() * 2));
    for octet in octets {
        // Writing to a String does not fail.
        let _ = write!(digits, "{octet:02x}");
    }
    digits
}
