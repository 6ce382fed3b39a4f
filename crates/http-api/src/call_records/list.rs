//! `GET /api/v1/Account/{auth_id}/cdrs?limit&cursor`, and `?from&to&trunk_id&credential_id&direction&answered`

use super::list_query::{RecordFilters, RecordsPageParameters, RecordsPageQuery};
use super::object::CallRecordObject;
use crate::answer;
use crate::api::Shared;
use crate::authenticated::AccountReader;
use crate::link;
use crate::moment::Moment;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use provisioning::CallRecordsRequest;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A page of records, newest first.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallRecordList<'c> {
    meta: CallRecordListMeta,
    objects: Vec<CallRecordObject<'c>>,
}

/// Which page this is. How many match in all is not counted: that would cost as much as reading them.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CallRecordListMeta {
    /// Most objects on this page.
    #[schema(minimum = 1, maximum = 1000, example = 20)]
    limit: u32,
    /// Where the next page begins; null where there is none.
    #[schema(format = "uuid")]
    next_cursor: Option<String>,
}

/// List call records
///
/// One for each call that was let in and is over, newest first; kept for as long as the server's operator decides.
#[utoipa::path(
    get,
    path = "/api/v1/Account/{auth_id}/cdrs",
    operation_id = "list-call-records",
    params(RecordsPageParameters, RecordFilters),
    responses((status = 200, description = "A page of records, newest first", body = CallRecordList))
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    AccountReader(scope): AccountReader,
    RecordsPageQuery(request): RecordsPageQuery,
    uri: Uri,
) -> Result<Response, Problem> {
    let page = shared.provisioning.call_records(&scope, request).await?;
    let next_cursor = page.next.map(|next| next.to_string());
    let limit = request.limit;
    let next = next_cursor.as_ref().map(|cursor| format!("limit={limit}&cursor={cursor}{}", filters(&request)));
    let meta = CallRecordListMeta { limit, next_cursor };
    let objects = page.records.iter().map(CallRecordObject::from).collect();
    answer::json(StatusCode::OK, &CallRecordList { meta, objects })
        .map(|response| link::with_next(response, &uri, next))
}

/// The filters as a query, for the next page: they hold nothing that would have to be encoded.
fn filters(request: &CallRecordsRequest) -> String {
    let moment = |moment| Moment::from(moment).as_str().to_owned();
    [
        ("from", request.from.map(moment)),
        ("to", request.to.map(moment)),
        ("trunk_id", request.trunk.map(|id| id.to_string())),
        ("credential_id", request.credential.map(|id| id.to_string())),
        ("direction", request.direction.map(|direction| direction.as_str().to_owned())),
        ("answered", request.answered.map(|answered| answered.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| format!("&{name}={value}")))
    .collect()
}
