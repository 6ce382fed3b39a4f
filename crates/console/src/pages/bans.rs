//! Bans of the account's credentials, and lifting them.

use crate::Shared;
use crate::form::Posted;
use crate::frame::{Frame, Layout, Section, page, see_other};
use crate::limits::ROWS;
use crate::moment::{Moment, span};
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use domain::{Ban, BanId, BanKind, Timestamp};
use provisioning::ProvisioningError;
use std::sync::Arc;
use storage::Page;

#[derive(Template)]
#[template(path = "bans.html")]
struct BansPage {
    frame: Frame,
    bans: Vec<BanRow>,
    total: u64,
    may_lift: bool,
}

/// A ban in words.
pub(crate) struct BanRow {
    pub id: String,
    pub what: String,
    pub credential: Option<String>,
    pub failures: u32,
    pub began_at: Moment,
    pub ends_in: String,
}

impl BanRow {
    pub fn new(ban: &Ban, (base, now): (&str, Timestamp)) -> Self {
        let name = ban.username.as_deref().unwrap_or("any username");
        let network = ban.network.map(|network| network.to_string()).unwrap_or_else(|| "any address".into());
        Self {
            id: ban.id.to_string(),
            what: match ban.kind {
                BanKind::Pair => format!("{name} from {network}"),
                BanKind::Source => format!("everything from {network}"),
                BanKind::Username => format!("{name} from new addresses"),
            },
            credential: ban.credential.map(|id| format!("{base}/credentials/{id}")),
            failures: ban.failures,
            began_at: ban.began_at.into(),
            ends_in: span(ban.ends_at.as_unix_seconds().saturating_sub(now.as_unix_seconds())),
        }
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/console/{auth_id}/bans", get(list)).route("/console/{auth_id}/bans/{ban_id}/lift", post(lift))
}

async fn list(State(shared): State<Arc<Shared>>, visit: Visit) -> Result<Response, Refusal> {
    let (found, now) = shared.provisioning.bans(&visit.scope, Page { limit: ROWS, offset: 0 });
    let base = visit.base();
    page(&BansPage {
        frame: visit.frame("Bans", Section::Bans),
        bans: found.bans.iter().map(|ban| BanRow::new(ban, (&base, now))).collect(),
        total: found.total,
        may_lift: visit.scope.may_write_credentials(),
    })
}

async fn lift(
    State(shared): State<Arc<Shared>>,
    Path((_, id)): Path<(String, String)>,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let scope = visit.scope.clone().credentials_write()?;
    let id = BanId::parse(&id).ok_or(ProvisioningError::BanNotFound)?;
    shared.provisioning.lift_ban(&scope, visit.context(), id).await?;
    see_other(&format!("{}/bans?done=ban-lifted", visit.base()))
}
