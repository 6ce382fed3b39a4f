//! A page of the audit log as an answer.

use super::object::AuditObject;
use crate::answer;
use crate::link;
use crate::moment::Moment;
use crate::problem::Problem;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use provisioning::{AuditPage, AuditRequest};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of the audit log, newest first.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AuditList)]
pub(crate) struct AuditList<'r> {
    meta: AuditListMeta,
    objects: Vec<AuditObject<'r>>,
}

/// Which page this is.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AuditListMeta {
    /// Most objects on this page.
    #[schema(minimum = 1, maximum = 1000, example = 20)]
    limit: u32,
    /// Where the next page begins; null where there is none.
    #[schema(minimum = 1)]
    next_cursor: Option<u64>,
}

/// The answer, with a link to the next page, which has the same filters.
pub(crate) fn answered(
    page: &AuditPage,
    (account, request): (Option<String>, &AuditRequest),
    uri: &Uri,
) -> Result<Response, Problem> {
    let meta = AuditListMeta { limit: request.limit, next_cursor: page.next };
    let objects = page.records.iter().map(AuditObject::new).collect();
    let next = page.next.map(|next| format!("limit={}&cursor={next}{}", request.limit, filters(account, request)));
    answer::json(StatusCode::OK, &AuditList { meta, objects }).map(|response| link::with_next(response, uri, next))
}

fn filters(account: Option<String>, request: &AuditRequest) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let text = |text: &Option<Box<str>>| text.as_ref().map(ToString::to_string);
    let moment = |moment| Moment::from(moment).as_str().to_owned();
    let pairs = [
        ("account", account),
        ("action", text(&request.action)),
        ("subject", text(&request.subject)),
        ("actor", text(&request.actor)),
        ("from", request.from.map(moment)),
        ("to", request.to.map(moment)),
    ];
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    let encoded = query.finish();
    if encoded.is_empty() { encoded } else { format!("&{encoded}") }
}
