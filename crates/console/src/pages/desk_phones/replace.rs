//! Replaces the folder that desk phones fetch from, after saying what that breaks.

use crate::Shared;
use crate::form::Posted;
use crate::frame::{Frame, Layout, Section, page, see_other};
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "desk_phones_replace.html")]
struct ReplacePage {
    frame: Frame,
}

pub(super) async fn confirm(visit: Visit) -> Result<Response, Refusal> {
    visit.scope.clone().credentials_write()?;
    page(&ReplacePage { frame: visit.frame("Replace the folder", Section::DeskPhones) })
}

pub(super) async fn replace(
    State(shared): State<Arc<Shared>>,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    shared.provisioning.replace_provisioning_path(&scope, visit.context()).await?;
    see_other(&format!("{}/desk-phones?done=path-replaced", visit.base()))
}
