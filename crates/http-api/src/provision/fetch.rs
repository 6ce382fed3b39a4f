//! `GET /provision/fetch/{token}`: makes the device and answers its configuration, once, for apps that can only GET.

use super::answer;
use super::origin::{Admitted, Origin};
use super::phone::{Reach, configured};
use crate::api::Shared;
use crate::authenticated::LinkTokenInPath;
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use domain::{LinkStage, PhoneFormat};
use std::sync::Arc;

pub(super) async fn fetch(
    State(shared): State<Arc<Shared>>,
    // HEAD leads here as well, and would spend the link for an answer without a body.
    method: Method,
    _admitted: Admitted,
    LinkTokenInPath(token): LinkTokenInPath,
    Context(context): Context,
    origin: Origin,
) -> Result<Response, Problem> {
    if method != Method::GET {
        return Err(Problem::MethodNotAllowed);
    }
    let _served = Reach::of(&shared.config.sip_services, None, (&origin, ""))?;
    let spent = shared.provisioning.spend_link((&token, LinkStage::Opened), context).await?;
    let reach = Reach::of(&shared.config.sip_services, None, (&origin, spent.domain.as_str()))?;
    Ok(answer::file(&configured(&spent, spent.format.unwrap_or(PhoneFormat::Linphone), &reach)))
}
