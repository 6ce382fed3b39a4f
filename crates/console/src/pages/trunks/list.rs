//! The trunks of an account, and what they can be attached to.

use super::ALL;
use crate::Shared;
use crate::frame::{Frame, Layout, Section, page};
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use domain::{IpAcl, OriginationUri, Trunk, TrunkDirection, TrunkTransport};
use provisioning::LiveCallsRequest;
use std::sync::Arc;
use storage::Page;

#[derive(Template)]
#[template(path = "trunks.html")]
struct TrunksPage {
    frame: Frame,
    trunks: Vec<TrunkRow>,
    next_hops: Vec<OriginationUri>,
    networks: Vec<IpAcl>,
    directions: Vec<&'static str>,
    transports: Vec<&'static str>,
}

struct TrunkRow {
    id: String,
    name: String,
    host: String,
    direction: &'static str,
    is_active: bool,
    credentials: usize,
    next_hops: usize,
    networks: usize,
    calls: u64,
    most_calls: u32,
    per_second: u32,
}

pub(super) async fn list(State(shared): State<Arc<Shared>>, visit: Visit) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_read()?;
    let provisioning = &shared.provisioning;
    let trunks = provisioning.trunks(&account, ALL).await?.objects;
    let row = |trunk: Trunk| {
        let one = Page { limit: 1, offset: 0 };
        let request = LiveCallsRequest { page: one, trunk: Some(trunk.id), credential: None };
        TrunkRow {
            id: trunk.id.to_string(),
            calls: provisioning.live_calls(&account, request).0.total,
            name: trunk.name.into(),
            host: trunk.host.to_string(),
            direction: trunk.direction.as_str(),
            is_active: trunk.status.is_active(),
            credentials: trunk.attachments.credentials.len(),
            next_hops: trunk.attachments.uris().count(),
            networks: trunk.attachments.ip_acls.len(),
            most_calls: trunk.limits.concurrent_calls,
            per_second: trunk.limits.calls_per_second,
        }
    };
    page(&TrunksPage {
        frame: visit.frame("Trunks", Section::Trunks),
        trunks: trunks.into_iter().map(row).collect(),
        next_hops: provisioning.origination_uris(&account, ALL).await?.objects,
        networks: provisioning.ip_acls(&account, ALL).await?.objects,
        directions: TrunkDirection::ALL.iter().map(|direction| direction.as_str()).collect(),
        transports: TrunkTransport::ALL.iter().map(|transport| transport.as_str()).collect(),
    })
}
