//! Makes, changes and deletes trunks.

use super::{TrunkInPath, description};
use crate::Shared;
use crate::form::{Fields, Posted};
use crate::frame::{Frame, Layout, Section, page, see_other};
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::{
    CallLimits, InboundDestination, SipUri, TrunkDirection, TrunkStatus, TrunkTransport, Username, UsernameRule,
};
use provisioning::{Answered, CallLimitsPatch, LiveCallsRequest, NewTrunk, TrunkName, TrunkPatch};
use std::sync::Arc;
use storage::Page;

#[derive(Template)]
#[template(path = "trunk_delete.html")]
struct DeletePage {
    frame: Frame,
    id: String,
    name: String,
    calls: u64,
    numbers: usize,
}

pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let new = NewTrunk {
        name: name(&fields)?,
        patch: TrunkPatch {
            direction: TrunkDirection::from_name(fields.text("direction")),
            transport: TrunkTransport::from_name(fields.text("transport")),
            ..TrunkPatch::default()
        },
    };
    match shared.provisioning.create_trunk(&account, visit.context(), new, None).await? {
        Answered::Fresh(trunk) => see_other(&format!("{}/trunks/{}?done=created", visit.base(), trunk.id)),
        Answered::Replayed(_) => see_other(&format!("{}/trunks?done=created", visit.base())),
    }
}

fn name(fields: &Fields) -> Result<TrunkName, Refusal> {
    TrunkName::parse(fields.text("name")).map_err(|error| Refusal::Wrong(format!("the name {error}")))
}

pub(super) async fn edit(
    State(shared): State<Arc<Shared>>,
    TrunkInPath(id): TrunkInPath,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let patch = TrunkPatch {
        name: Some(name(&fields)?),
        status: Some(if fields.is_ticked("active") { TrunkStatus::Active } else { TrunkStatus::Inactive }),
        direction: TrunkDirection::from_name(fields.text("direction")),
        transport: TrunkTransport::from_name(fields.text("transport")),
        secure: Some(fields.is_ticked("secure")),
        limits: CallLimitsPatch {
            concurrent_calls: Some(number(&fields, "concurrent_calls", CallLimits::MOST_CONCURRENT_CALLS)?),
            calls_per_second: Some(number(&fields, "calls_per_second", CallLimits::MOST_CALLS_PER_SECOND)?),
        },
        inbound_destination: Some(destination(fields.text("inbound_destination"))?),
        description: Some(description(&fields)?),
        ..TrunkPatch::default()
    };
    shared.provisioning.update_trunk(&account, visit.context(), (id, patch)).await?;
    see_other(&format!("{}/trunks/{id}?done=updated", visit.base()))
}

pub(super) fn number(fields: &Fields, name: &'static str, most: u32) -> Result<u32, Refusal> {
    let found = fields.text(name).parse().ok().filter(|number| *number <= most);
    found.ok_or_else(|| {
        Refusal::Wrong(format!("the field {} must be a whole number up to {most}", name.replace('_', " ")))
    })
}

fn destination(text: &str) -> Result<Option<InboundDestination>, Refusal> {
    let wrong = |error: String| Refusal::Wrong(format!("where inbound calls go {error}"));
    if text.is_empty() {
        return Ok(None);
    }
    if text.contains(':') {
        return SipUri::parse(text)
            .map(|uri| Some(InboundDestination::Uri(uri)))
            .map_err(|error| wrong(error.to_string()));
    }
    let username = Username::parse(text, UsernameRule::Extended).map_err(|error| wrong(error.to_string()))?;
    Ok(Some(InboundDestination::Username(username)))
}

pub(super) async fn confirm_delete(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    TrunkInPath(id): TrunkInPath,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let trunk = shared.provisioning.trunk(&account, id).await?;
    let request = LiveCallsRequest { page: Page { limit: 1, offset: 0 }, trunk: Some(id), credential: None };
    page(&DeletePage {
        frame: visit.frame(&format!("Delete {}", trunk.name), Section::Trunks),
        id: id.to_string(),
        name: trunk.name.into(),
        calls: shared.provisioning.live_calls(&account, request).0.total,
        numbers: shared.provisioning.numbers_of_trunk(&account, id).await?.len(),
    })
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    TrunkInPath(id): TrunkInPath,
    Posted { visit, .. }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    shared.provisioning.delete_trunk(&account, visit.context(), id).await?;
    see_other(&format!("{}/trunks?done=deleted", visit.base()))
}
