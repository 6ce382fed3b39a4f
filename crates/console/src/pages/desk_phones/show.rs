//! The folder that desk phones are told, and how they are told it.

use crate::Shared;
use crate::frame::{Frame, Layout, Section, page};
use crate::reached::Reached;
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use phone_provisioning::folder_of_desk_phones;
use provisioning::CredentialsWrite;
use std::sync::Arc;
use zeroize::Zeroizing;

#[derive(Template)]
#[template(path = "desk_phones.html")]
pub(super) struct DeskPhonesPage {
    pub frame: Frame,
    pub folder: Zeroizing<String>,
    pub problem: Option<&'static str>,
    pub imported: Option<Imported>,
    /// What stands in the form: lines that were refused, to be mended.
    pub rows: String,
}

/// What became of lines.
pub(super) struct Imported {
    pub created: usize,
    /// The number of each line that was refused, and why.
    pub faults: Vec<(usize, String)>,
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    reached: Reached,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    page(&desk_phones_page(&shared, (&visit, &scope), &reached).await?)
}

pub(super) async fn desk_phones_page(
    shared: &Shared,
    (visit, scope): (&Visit, &CredentialsWrite),
    reached: &Reached,
) -> Result<DeskPhonesPage, Refusal> {
    let secret = shared.provisioning.provisioning_path(scope).await?;
    Ok(DeskPhonesPage {
        frame: visit.frame("Desk phones", Section::DeskPhones),
        folder: Zeroizing::new(reached.url(&folder_of_desk_phones(scope.auth_id(), &secret))),
        problem: reached.problem_for_others(),
        imported: None,
        rows: String::new(),
    })
}
