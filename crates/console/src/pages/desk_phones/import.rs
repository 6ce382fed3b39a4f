//! Makes a desk phone of each line of a CSV. Lines that cannot be are named, and the others are carried out.

use super::show::{DeskPhonesPage, Imported, desk_phones_page};
use crate::Shared;
use crate::form::Posted;
use crate::frame::page_of_status;
use crate::pages::credentials;
use crate::pages::devices::desk_phone;
use crate::reached::Reached;
use crate::refusal::{Refusal, capitalised};
use crate::visitor::Visit;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use provisioning::{CredentialsWrite, NewDeskPhone, ProvisioningError};
use std::sync::Arc;

/// The line that names the columns, which a file may begin with.
const COLUMNS: &str = "username,mac,format,label";

pub(super) async fn import(
    State(shared): State<Arc<Shared>>,
    reached: Reached,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let (mut created, mut faults, mut refused) = (0, Vec::new(), Vec::new());
    for (number, line) in (1..).zip(fields.raw("rows").lines()).filter(|(_, line)| is_row(line)) {
        match import_line((&shared, &visit, &scope), line).await? {
            Ok(()) => created += 1,
            Err(fault) => {
                faults.push((number, fault));
                refused.push(line);
            }
        }
    }
    let page = DeskPhonesPage {
        rows: refused.join("\n"),
        imported: Some(Imported { created, faults }),
        ..desk_phones_page(&shared, (&visit, &scope), &reached).await?
    };
    let status = if refused.is_empty() { StatusCode::CREATED } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_of_status(status, &page)
}

fn is_row(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#') && !line.eq_ignore_ascii_case(COLUMNS)
}

/// What is wrong with the line, or that it is carried out; what is wrong with the server ends the import.
async fn import_line(
    (shared, visit, scope): (&Shared, &Visit, &CredentialsWrite),
    line: &str,
) -> Result<Result<(), String>, Refusal> {
    let (username, new) = match read(line) {
        Ok(read) => read,
        Err(fault) => return Ok(Err(fault)),
    };
    let id = match credentials::of_username(shared, visit, username).await {
        Ok(id) => id,
        Err(Refusal::Wrong(fault)) => return Ok(Err(capitalised(&fault))),
        Err(refusal) => return Err(refusal),
    };
    match shared.provisioning.create_desk_phone(scope, visit.context(), (id, new), None).await {
        Ok(_) => Ok(Ok(())),
        Err(
            error @ (ProvisioningError::TooManyDevices
            | ProvisioningError::MacTaken
            | ProvisioningError::CredentialNotFound),
        ) => Ok(Err(capitalised(&error.to_string()))),
        Err(error) => Err(error.into()),
    }
}

fn read(line: &str) -> Result<(&str, NewDeskPhone), String> {
    let mut cells = line.splitn(4, ',').map(str::trim);
    let (Some(username), Some(mac), Some(format), Some(label)) =
        (cells.next(), cells.next(), cells.next(), cells.next())
    else {
        return Err(format!("A line has {COLUMNS}."));
    };
    Ok((username, desk_phone((label, mac, format))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let (username, new) = read("office, 80:5E:C0:12:AB:CD ,yealink,Reception, ground floor").unwrap();
        assert_eq!((username, new.label.as_str()), ("office", "Reception, ground floor"));
        assert_eq!(new.phone.mac.to_string(), "805ec012abcd");
        for (line, fault) in [
            ("office,805ec012abcd,yealink", "A line has"),
            ("office,805ec012abc,yealink,a", "The hardware address"),
            ("office,805ec012abcd,linphone,a", "The format must be"),
            ("office,805ec012abcd,snom,", "The label must have"),
        ] {
            assert!(read(line).is_err_and(|found| found.starts_with(fault)), "{line}");
        }
        let rows = ["", " # a remark", "Username,MAC,format,label", "a,b,c,d"].map(is_row);
        assert_eq!(rows, [false, false, false, true]);
    }
}
