//! `GET /api/v1/Account/{auth_id}/why?limit&cursor`, and `?credential_id&username&source&call_id&reason&from&to`

use super::list::AuthEventListMeta;
use super::list_query::{EventFilters, EventsPage, EventsQuery, filters};
use super::object::AuthEventObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::Authenticated;
use crate::link;
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
pub(crate) struct ExplanationList<'v> {
    meta: AuthEventListMeta,
    objects: Vec<ExplanationObject<'v>>,
}

/// An event in words.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Explanation)]
pub(crate) struct ExplanationObject<'v> {
    /// Who did what, and why it was answered so.
    #[schema(example = "alice (Yealink SIP-T46S 66.85.0.5) at 10.0.0.7 sent its username with a domain")]
    pub sentence: &'v str,
    /// What mends it; null where nothing is broken.
    #[schema(example = "enter alice alone as the username and authentication name; the domain has a field of its own")]
    pub mend: Option<&'v str>,
    /// The event.
    pub event: AuthEventObject<'v>,
}

/// Explain authentication events
///
/// The account's last attempts to authenticate in sentences, newest first, each with what mends it: of a username, a
/// source, a Call-ID or a credential, or all. Sentences are for people; programs read `event`.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/why",
    operation_id = "explain-auth-events",
    params(EventsPage, EventFilters),
    responses((status = 200, description = "A page of explanations, newest first", body = ExplanationList))
)]
pub(crate) async fn why(
    State(shared): State<Arc<Shared>>,
    Authenticated(scope): Authenticated,
    EventsQuery(request): EventsQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let page = shared.provisioning.why(&scope, request.clone()).await?;
    let limit = request.limit;
    let next = page.next_cursor.as_ref().map(|cursor| format!("limit={limit}&cursor={cursor}{}", filters(&request)));
    let meta = AuthEventListMeta { limit, next_cursor: page.next_cursor.clone() };
    let objects = page.events.iter().map(ExplanationObject::from).collect();
    answer::json(StatusCode::OK, &ExplanationList { meta, objects })
        .map(|response| link::with_next(response, &uri, next))
}

impl<'v> From<&'v ExplainedEvent> for ExplanationObject<'v> {
    fn from(explained: &'v ExplainedEvent) -> Self {
        Self {
            sentence: &explained.explanation.sentence,
            mend: explained.explanation.mend.as_deref(),
            event: AuthEventObject::from(&explained.event),
        }
    }
}
