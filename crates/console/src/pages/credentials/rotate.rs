//! Gives a credential a new password, beside which the present one works for a while.

use super::{CredentialInPath, Strength};
use crate::Shared;
use crate::form::Posted;
use crate::frame::{Frame, Layout, Section, page, page_of_status, see_other};
use crate::moment::Moment;
use crate::refusal::{Refusal, capitalised};
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{GeneratedPassword, Password};
use provisioning::{Answered, NewRotation, ProvisioningError, Rotated, limits};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "credential_rotate.html")]
struct RotatePage {
    frame: Frame,
    id: String,
    username: String,
    phones: u64,
    overlap_seconds: u32,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "credential_rotated.html")]
struct RotatedPage {
    frame: Frame,
    id: String,
    username: String,
    password: Option<GeneratedPassword>,
    strength: Option<Strength>,
    overlap_until: Option<Moment>,
    on_previous: usize,
}

/// Unless another is chosen.
const A_DAY: u32 = 86_400;

pub(super) async fn form(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    CredentialInPath(id): CredentialInPath,
) -> Result<Response, Refusal> {
    visit.scope.clone().credentials_write()?;
    page(&rotate_page(&shared, &visit, id).await?)
}

async fn rotate_page(shared: &Shared, visit: &Visit, id: domain::CredentialId) -> Result<RotatePage, Refusal> {
    let view = shared.provisioning.credential(&visit.scope, id).await?;
    let phones = shared.provisioning.phones_online(&visit.scope, &*shared.config.registrations, [id]).await;
    Ok(RotatePage {
        frame: visit.frame(&format!("New password for {}", view.username), Section::Credentials),
        id: id.to_string(),
        username: view.username.into(),
        phones: phones.get(&id).copied().unwrap_or(0),
        overlap_seconds: A_DAY,
        error: None,
    })
}

pub(super) async fn rotate(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let overlap_seconds = fields.text("overlap_seconds").parse().unwrap_or(A_DAY).min(limits::MAX_OVERLAP_SECONDS);
    let refused = |problem: String| capitalised(&format!("the password {problem}"));
    let password = match fields.raw("password") {
        "" => Ok(None),
        typed => Password::parse(typed.to_owned()).map(Some).map_err(|error| refused(error.to_string())),
    };
    let rotated = match password {
        Err(error) => Err(error),
        Ok(password) => {
            let (online, new) = (&*shared.config.registrations, NewRotation { password, overlap_seconds });
            match shared.provisioning.rotate_credential(&scope, visit.context(), (online, id, new), None).await {
                Ok(Answered::Fresh(rotated)) => Ok(rotated),
                Ok(Answered::Replayed(_)) => return Err(Refusal::UnreadableForm),
                Err(ProvisioningError::WeakPassword(weak)) => Err(refused(weak.to_string())),
                Err(error @ ProvisioningError::OverlapUnderWay(_)) => Err(capitalised(&error.to_string())),
                Err(error) => return Err(error.into()),
            }
        }
    };
    let form = rotate_page(&shared, &visit, id).await?;
    match rotated {
        Ok(rotated) => page_of_status(StatusCode::CREATED, &rotated_page(&visit, form, rotated)),
        Err(error) => {
            let again = RotatePage { overlap_seconds, error: Some(error), ..form };
            page_of_status(StatusCode::UNPROCESSABLE_ENTITY, &again)
        }
    }
}

fn rotated_page(visit: &Visit, form: RotatePage, rotated: Rotated) -> RotatedPage {
    RotatedPage {
        frame: visit.frame("Password rotated", Section::Credentials),
        id: form.id,
        username: form.username,
        strength: rotated.password_score.map(Strength::from),
        password: rotated.password,
        overlap_until: rotated.rotation.overlap_until.map(Moment),
        on_previous: rotated.rotation.on_previous.len(),
    }
}

pub(super) async fn end_overlap(
    State(shared): State<Arc<Shared>>,
    CredentialInPath(id): CredentialInPath,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    shared.provisioning.end_overlap(&scope, visit.context(), id).await?;
    see_other(&format!("{}/credentials/{id}?done=overlap-ended", visit.base()))
}
