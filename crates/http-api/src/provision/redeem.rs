//! `POST /provision/{token}`: makes the device, or opens the link for an app to fetch. Once.

use super::form::{Delivery, Form};
use super::origin::{Admitted, Origin};
use super::phone::{Reach, configured};
use super::{answer, page};
use crate::api::Shared;
use crate::authenticated::LinkTokenInPath;
use crate::body::FormBody;
use crate::problem::Problem;
use crate::request_context::Context;
use axum::extract::State;
use axum::response::Response;
use domain::LinkStage;
use phone_provisioning::path_of_link;
use provisioning::LinkToken;
use std::sync::Arc;

pub(super) async fn redeem(
    State(shared): State<Arc<Shared>>,
    _admitted: Admitted,
    LinkTokenInPath(token): LinkTokenInPath,
    Context(context): Context,
    origin: Origin,
    FormBody(body): FormBody,
) -> Result<Response, Problem> {
    let form = Form::read(&body)?;
    // Whatever cannot be answered must not spend the link.
    let seen = shared.provisioning.look_at_link(&token).await?;
    let format = form.format.or(seen.format);
    let services = &shared.config.sip_services;
    let reach = Reach::of(services, form.transport, (&origin, ""))?;
    match (form.delivery, format) {
        // What it is fetched as was said when the link was made: the app that fetches it cannot choose.
        (Delivery::Fetch, Some(_)) if seen.format.is_some() => {
            let opened = shared.provisioning.open_link(&token, context).await?;
            let url = format!("{}{}", origin.to_text(), path_of_link(LinkStage::Opened, opened.token.as_str()));
            Ok(answer::page(page::opened(&url)))
        }
        (Delivery::Fetch, _) | (Delivery::File, None) => Err(Problem::FormatNeeded),
        (Delivery::File, Some(format)) => {
            let (spent, reach) = spend(&shared, (&token, context), (reach, &form, &origin)).await?;
            Ok(answer::file(&configured(&spent, format, &reach)))
        }
        (Delivery::Page, format) => {
            let (spent, reach) = spend(&shared, (&token, context), (reach, &form, &origin)).await?;
            let configuration = format.map(|format| configured(&spent, format, &reach));
            Ok(answer::page(page::values(&spent, &reach, configuration.as_ref())))
        }
    }
}

async fn spend(
    shared: &Shared,
    (token, context): (&LinkToken, provisioning::RequestContext),
    (reach, form, origin): (Reach, &Form, &Origin),
) -> Result<(provisioning::LinkSpent, Reach), Problem> {
    let spent = shared.provisioning.spend_link((token, LinkStage::Offered), context).await?;
    // The account's own domain is the last resort for a host, and is known only now.
    let reach =
        Reach::of(&shared.config.sip_services, form.transport, (origin, spent.domain.as_str())).unwrap_or(reach);
    Ok((spent, reach))
}
