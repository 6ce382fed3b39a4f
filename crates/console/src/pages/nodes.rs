//! The nodes that serve the installation, for whoever runs it.

use crate::Shared;
use crate::config::NodeFacts;
use crate::frame::{Frame, Layout, page};
use crate::moment::{Moment, span};
use crate::refusal::Refusal;
use crate::visitor::{IsPart, OperatorVisit};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "operator_nodes.html")]
struct NodesPage {
    frame: Frame,
    nodes: Vec<NodeRow>,
}

#[derive(Template)]
#[template(path = "operator_nodes_list.html")]
struct NodesPart {
    nodes: Vec<NodeRow>,
}

struct NodeRow {
    facts: NodeFacts,
    is_asked: bool,
    started_at: Moment,
    up: String,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/console/operator/nodes", get(list))
}

async fn list(
    State(shared): State<Arc<Shared>>,
    visit: OperatorVisit,
    IsPart(is_part): IsPart,
) -> Result<Response, Refusal> {
    let now = shared.clock.now().as_unix_seconds();
    let row = |(place, facts): (usize, NodeFacts)| NodeRow {
        is_asked: place == 0,
        started_at: facts.started_at.into(),
        up: span(now.saturating_sub(facts.started_at.as_unix_seconds())),
        facts,
    };
    let nodes = shared.config.nodes.nodes().into_iter().enumerate().map(row).collect();
    if is_part { page(&NodesPart { nodes }) } else { page(&NodesPage { frame: visit.frame("Nodes"), nodes }) }
}
