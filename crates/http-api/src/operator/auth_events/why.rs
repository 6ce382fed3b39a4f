//! `GET /admin/v1/why?limit&cursor`, and `?account&credential_id&username&source&call_id&reason&from&to`

use super::account_query::{AccountFilter, AccountQuery};
use super::list::OperatorAuthEvent;
use crate::answer;
use crate::api::Shared;
use crate::auth_events::{AuthEventListMeta, EventFilters, EventsPage, EventsQuery, filters};
use crate::link;
use crate::operator::access::Access;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use provisioning::ExplainedEvent;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of explanations, newest first.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorExplanationList<'v> {
    meta: AuthEventListMeta,
    objects: Vec<OperatorExplanation<'v>>,
}

/// An event in words.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorExplanation<'v> {
    /// Who did what, and why it was answered so.
    sentence: &'v str,
    /// What mends it; null where nothing is broken.
    mend: Option<&'v str>,
    /// The event.
    event: OperatorAuthEvent<'v>,
}

/// Explain authentication events
///
/// The last attempts to authenticate, of all accounts or of one, in sentences, newest first, each with what mends it.
#[utoipa::path(
    get,
    path = "/admin/v1/why",
    operation_id = "operator-explain-auth-events",
    params(EventsPage, AccountFilter, EventFilters),
    responses((status = 200, description = "A page of explanations, newest first", body = OperatorExplanationList))
)]
pub(crate) async fn why(
    State(shared): State<Arc<Shared>>,
    Access(operator): Access,
    AccountQuery(account): AccountQuery,
    EventsQuery(request): EventsQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let of = account.as_ref().map(|account| format!("&account={account}")).unwrap_or_default();
    let page = shared.provisioning.why_for_operator(&operator, account, request.clone()).await?;
    let limit = request.limit;
    let next =
        page.next_cursor.as_ref().map(|cursor| format!("limit={limit}&cursor={cursor}{of}{}", filters(&request)));
    let meta = AuthEventListMeta { limit, next_cursor: page.next_cursor.clone() };
    let objects = page.events.iter().map(OperatorExplanation::from).collect();
    answer::json(StatusCode::OK, &OperatorExplanationList { meta, objects })
        .map(|response| link::with_next(response, &uri, next))
}

impl<'v> From<&'v ExplainedEvent> for OperatorExplanation<'v> {
    fn from(explained: &'v ExplainedEvent) -> Self {
        Self {
            sentence: &explained.explanation.sentence,
            mend: explained.explanation.mend.as_deref(),
            event: OperatorAuthEvent::from(&explained.event),
        }
    }
}
