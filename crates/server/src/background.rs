//! What a server does by the clock.

use directory::Directory;
use domain::BanId;
use event_log::EventLog;
use provisioning::Provisioning;
use sip_edge::Bans;
use std::sync::Arc;
use std::time::Duration;
use storage::Storage;
use tokio::time::interval;

/// How often events are collected from the lanes.
const COLLECT_INTERVAL: Duration = Duration::from_millis(100);
/// How often answers that nobody may repeat any more are forgotten.
const FORGET_INTERVAL: Duration = Duration::from_secs(3_600);
/// How old the stored last use of a token may be.
const TOKEN_USE_INTERVAL: Duration = Duration::from_secs(30);

/// How soon a ban is stored: what a crash loses.
const BAN_INTERVAL: Duration = Duration::from_secs(1);

/// How old the stored last use of an algorithm may be: what a crash loses.
const ALGORITHM_USE_INTERVAL: Duration = Duration::from_secs(2);
/// How old the stored last use of a credential may be: what a crash loses.
const CREDENTIAL_USE_INTERVAL: Duration = Duration::from_secs(5);

/// Takes events out of the lanes until dropped.
pub(crate) async fn collect_events(events: Arc<EventLog>) {
    let mut ticks = interval(COLLECT_INTERVAL);
    loop {
        ticks.tick().await;
        events.collect();
    }
}

/// Forgets remembered answers that are too old to be repeated, until dropped.
pub(crate) async fn forget_answers(provisioning: Arc<Provisioning>) {
    let mut ticks = interval(FORGET_INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = provisioning.forget_answers().await {
            tracing::warn!(%error, "old remembered answers could not be forgotten; trying again later");
        }
    }
}

/// Forgets passwords before the present ones, devices and links whose time is over, until dropped.
pub(crate) async fn forget_previous_passwords(provisioning: Arc<Provisioning>) {
    let mut ticks = interval(FORGET_INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = provisioning.forget_previous_passwords().await {
            tracing::warn!(%error, "previous passwords could not be forgotten; trying again later");
        }
        if let Err(error) = provisioning.forget_links().await {
            tracing::warn!(%error, "expired provisioning links could not be forgotten; trying again later");
        }
    }
}

/// Stores when tokens were last used, until dropped.
pub(crate) async fn save_token_uses(provisioning: Arc<Provisioning>) {
    let mut ticks = interval(TOKEN_USE_INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = provisioning.flush_token_uses().await {
            tracing::warn!(%error, "when tokens were last used could not be stored; trying again later");
        }
    }
}

/// Stores bans as they begin, until dropped.
pub(crate) async fn save_bans(bans: Bans, storage: Arc<dyn Storage>) {
    let mut ticks = interval(BAN_INTERVAL);
    loop {
        ticks.tick().await;
        flush_bans(&bans, &*storage).await;
    }
}

/// Stores the bans that began since the last time.
pub(crate) async fn flush_bans(bans: &Bans, storage: &dyn Storage) {
    for ended in bans.take_ended() {
        forget_ban(storage, ended).await;
    }
    let began = Arc::new(bans.take_unsaved());
    let Some(last) = began.iter().map(|ban| ban.began_at).max() else { return };
    if let Err(error) = storage.save_bans(Arc::clone(&began), last).await {
        tracing::warn!(%error, "bans could not be stored; trying again");
        bans.give_back(Arc::unwrap_or_clone(began));
        return;
    }
    // One that was lifted meanwhile must not come back with a restart.
    for ban in began.iter().filter(|ban| !bans.is_listed(ban.id)) {
        forget_ban(storage, ban.id).await;
    }
}

/// One that cannot be forgotten now comes back with a restart, until its end.
async fn forget_ban(storage: &dyn Storage, ban: BanId) {
    if let Err(error) = storage.forget_ban(ban).await {
        tracing::warn!(%error, %ban, "a ban that is over could not be forgotten");
    }
}

/// Stores which algorithms credentials are used with, until dropped.
pub(crate) async fn save_algorithm_uses(directory: Arc<Directory>, storage: Arc<dyn Storage>) {
    let mut ticks = interval(ALGORITHM_USE_INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = directory.flush_algorithm_uses(&*storage).await {
            tracing::warn!(%error, "which algorithms phones use could not be stored; trying again");
        }
    }
}

/// Stores when credentials were last used, until dropped.
pub(crate) async fn save_credential_uses(directory: Arc<Directory>, storage: Arc<dyn Storage>) {
    let mut ticks = interval(CREDENTIAL_USE_INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = directory.flush_credential_uses(&*storage).await {
            tracing::warn!(%error, "when credentials were last used could not be stored; trying again");
        }
    }
}
