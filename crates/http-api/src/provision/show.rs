//! `GET /provision/{token}`: what the link is, and a form. It spends nothing: a preview may look.

use super::origin::Admitted;
use super::{answer, page};
use crate::api::Shared;
use crate::authenticated::LinkTokenInPath;
use crate::problem::Problem;
use axum::extract::State;
use axum::response::Response;
use std::sync::Arc;

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    _admitted: Admitted,
    LinkTokenInPath(token): LinkTokenInPath,
) -> Result<Response, Problem> {
    let seen = shared.provisioning.look_at_link(&token).await?;
    let transports: Vec<_> = shared.config.sip_services.iter().map(|service| service.transport).collect();
    Ok(answer::page(page::offer(&seen, &transports)))
}
