//! The web console: pages for people over the use cases that the API calls, rendered here, without a JavaScript build
//! step.
//!
//! A request passes, in this order: where it comes from (a POST only from a page of ours, `session::origin`), its session
//! (`session`; else it is led to the sign-in page), the token behind the session, asked for again (`provisioning`), the
//! account in the path (403), the form with the session's own token (`form`), and a use case of `provisioning`. What goes
//! wrong on the way is a `Refusal`, which alone knows HTTP statuses.
//!
//! This crate decides nothing about accounts or credentials, keeps no password, and never lets text of others into a page
//! unescaped: every page is an askama template, and every answer carries a policy that runs no script but ours.

mod assets;
mod config;
mod form;
mod frame;
mod headers;
mod limits;
mod live;
mod moment;
mod pages;
mod qr_image;
mod reached;
mod refusal;
mod session;
mod visitor;

pub use config::{Config, NodeFacts, Nodes, PhoneServer};

use axum::Router;
use axum::middleware::from_fn;
use domain::{Clock, RandomSource};
use live::LiveRows;
use provisioning::Provisioning;
use session::{AttemptLimit, SessionTable};
use std::sync::Arc;

/// What handlers use.
pub(crate) struct Shared {
    pub provisioning: Arc<Provisioning>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn RandomSource>,
    pub sessions: SessionTable,
    pub attempts: AttemptLimit,
    pub live: LiveRows,
    pub config: Config,
}

/// The console's pages, to be served beside the API at `/`, `/sign-in`, `/sign-out` and below `/console`.
pub fn pages(
    provisioning: Arc<Provisioning>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn RandomSource>,
    config: Config,
) -> Router {
    let shared = Arc::new(Shared {
        provisioning,
        clock,
        random,
        sessions: SessionTable::default(),
        attempts: AttemptLimit::default(),
        live: LiveRows::default(),
        config,
    });
    pages::routes()
        .merge(assets::routes())
        .method_not_allowed_fallback(refusal::method_not_allowed)
        .layer(from_fn(headers::fix))
        .with_state(shared)
}
