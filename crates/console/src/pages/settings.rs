//! What an account decides about itself, and what was decided for it.

use crate::Shared;
use crate::config::PhoneServer;
use crate::form::Posted;
use crate::frame::{Frame, Layout, Section, page, see_other};
use crate::refusal::Refusal;
use crate::visitor::Visit;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use domain::{EventRetention, PasswordScore};
use provisioning::{AccountView, SettingsUpdate};
use std::sync::Arc;
use storage::{Page, SubAccountFilter};

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    domain: String,
    realm: String,
    hosts: Vec<String>,
    servers: Vec<PhoneServer>,
    retention_days: u16,
    most_days: u16,
    minimum_score: u8,
    most_calls: u32,
    never_banned: String,
    sub_accounts: Vec<(String, String)>,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/console/{auth_id}/settings", get(show).post(update))
}

async fn show(State(shared): State<Arc<Shared>>, visit: Visit) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_read()?;
    let settings = shared.provisioning.settings(&account).await?;
    let hosts = shared.provisioning.hosts(&account).await?;
    let page_of_all = Page { limit: 1000, offset: 0 };
    let (sub_accounts, _) = shared.provisioning.sub_accounts(&account, SubAccountFilter::All, page_of_all).await?;
    let named = |view: AccountView| (view.account.auth_id.to_string(), view.account.name.into());
    page(&SettingsPage {
        sub_accounts: sub_accounts.into_iter().map(named).collect(),
        frame: visit.frame("Settings", Section::Settings),
        domain: visit.scope.sip_domain().to_string(),
        realm: visit.scope.realm_name().to_string(),
        hosts: hosts.iter().map(ToString::to_string).collect(),
        servers: shared.config.phone_servers.clone(),
        retention_days: settings.event_retention.days(),
        most_days: EventRetention::MAX_DAYS,
        minimum_score: settings.minimum_password_score.get(),
        most_calls: shared.provisioning.concurrency(&account).most,
        never_banned: settings.never_banned.as_slice().iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    })
}

async fn update(
    State(shared): State<Arc<Shared>>,
    Posted { visit, fields }: Posted<Visit>,
) -> Result<Response, Refusal> {
    let account = visit.scope.clone().account_write()?;
    let wrong = |text: &str| Refusal::Wrong(text.to_owned());
    let days = fields.text("retention_days").parse().ok().and_then(EventRetention::of_days);
    let days = days.ok_or_else(|| wrong("attempts are kept for 1 to 3650 whole days"))?;
    let score = fields.text("minimum_score").parse().ok().and_then(PasswordScore::new);
    let score = score.ok_or_else(|| wrong("the least strength of a password is 0 to 4"))?;
    let networks = crate::pages::networks::parse(fields.text("never_banned"))?;
    let update = SettingsUpdate {
        event_retention: Some(days),
        minimum_password_score: Some(score),
        never_banned: Some(networks),
    };
    shared.provisioning.update_settings(&account, visit.context(), update).await?;
    see_other(&format!("{}/settings?done=updated", visit.base()))
}
