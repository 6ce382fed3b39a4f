//! The account's telephone numbers, and the trunks they belong to.

use crate::Shared;
use crate::form::Posted;
use crate::frame::{Frame, Layout, Section, page, see_other};
use crate::moment::Moment;
use crate::pages::list_query::{ListQuery, Pager};
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use domain::{E164, Number, NumberTarget, TrunkId};
use provisioning::ProvisioningError;
use std::collections::HashMap;
use std::sync::Arc;
use storage::Page;

#[derive(Template)]
#[template(path = "numbers.html")]
struct NumbersPage {
    frame: Frame,
    numbers: Vec<NumberRow>,
    trunks: Vec<(String, String)>,
    pager: Pager,
}

struct NumberRow {
    e164: String,
    trunk: String,
    target: String,
    created_at: Moment,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/console/{auth_id}/numbers", get(list))
        .route("/console/{auth_id}/numbers/{e164}/assign", post(assign))
}

async fn list(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let query = ListQuery::new(query);
    let account = visit.scope.clone().account_read()?;
    let found = shared.provisioning.numbers(&account, query.page()).await?;
    let trunks = shared.provisioning.trunks(&account, Page { limit: 1000, offset: 0 }).await?.objects;
    let row = |number: &Number| NumberRow {
        e164: number.e164.as_str().to_owned(),
        trunk: number.trunk.map(|trunk| trunk.to_string()).unwrap_or_default(),
        target: match &number.target {
            NumberTarget::Trunk => "where its trunk says".to_owned(),
            NumberTarget::Username(username) => format!("the phones of {username}"),
            NumberTarget::OriginationUri(_) => "a next hop".to_owned(),
        },
        created_at: number.created_at.into(),
    };
    page(&NumbersPage {
        frame: visit.frame("Numbers", Section::Numbers),
        pager: query.pager(&format!("{}/numbers", visit.base()), found.objects.len(), found.total),
        numbers: found.objects.iter().map(row).collect(),
        trunks: trunks.into_iter().map(|trunk| (trunk.id.to_string(), trunk.name.into())).collect(),
    })
}

/// To a trunk, or to none.
async fn assign(
    State(shared): State<Arc<Shared>>,
    Path((_, e164)): Path<(String, String)>,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let e164 = E164::parse(&e164).map_err(|_| ProvisioningError::NumberNotFound)?;
    match fields.text("trunk") {
        "" => shared.provisioning.unassign_number(&account, visit.context(), e164).await?,
        trunk => {
            let trunk = TrunkId::parse(trunk).ok_or(ProvisioningError::TrunkNotFound)?;
            shared.provisioning.assign_number(&account, visit.context(), (e164, trunk)).await?
        }
    };
    see_other(&format!("{}/numbers?done=updated", visit.base()))
}
