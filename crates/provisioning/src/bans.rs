//! Bans: those that hold, and lifting them.

use crate::asker::By;
use crate::{AccountScope, CredentialsWrite, InstallationOperator, Provisioning, ProvisioningError, RequestContext};
use domain::{AuditAction, AuthId, Ban, BanId, Timestamp};
use std::sync::Arc;
use storage::{BanPage, BansOf, ChangeSet, LiveBans, Page};

/// No signalling plane, so no bans.
#[derive(Debug)]
struct NoBans;

impl Provisioning {
    /// Tells where bans are. Before that, none holds; a second telling is ignored.
    pub fn know_bans(&self, bans: Arc<dyn LiveBans>) {
        // Wiring does it once, before anybody asks.
        let _ = self.bans.set(bans);
    }

    fn live_bans(&self) -> &dyn LiveBans {
        self.bans.get().map_or(&NoBans, |bans| &**bans)
    }

    /// The bans of the account's credentials, oldest first, and the moment that is told of.
    #[must_use]
    pub fn bans(&self, scope: &AccountScope, page: Page) -> (BanPage, Timestamp) {
        (self.live_bans().bans(BansOf::Account(scope.account()), page), self.parts.clock.now())
    }

    /// All bans, those of sources and of names that nobody has among them, each with the auth id of its account.
    #[must_use]
    pub fn all_bans(&self, _operator: &InstallationOperator, page: Page) -> (BanPage, Timestamp) {
        (self.live_bans().bans(BansOf::Everybody, page), self.parts.clock.now())
    }

    /// The auth id of a ban's account.
    #[must_use]
    pub fn auth_id_of_ban(&self, ban: &Ban) -> Option<AuthId> {
        self.parts.operators.auth_id(ban.account?)
    }

    /// Ends a ban of one of the account's credentials.
    ///
    /// # Errors
    /// [`ProvisioningError::BanNotFound`] also for one that has ended by now, or the storage failed.
    pub async fn lift_ban(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        id: BanId,
    ) -> Result<(), ProvisioningError> {
        let by = By { asker: scope.asker(), context: &context };
        self.lift(by, (BansOf::Account(scope.account()), id)).await
    }

    /// Ends any ban.
    ///
    /// # Errors
    /// Those of [`lift_ban`](Self::lift_ban).
    pub async fn lift_any_ban(&self, operator: &InstallationOperator, id: BanId) -> Result<(), ProvisioningError> {
        self.lift(operator.by(), (BansOf::Everybody, id)).await
    }

    /// Written down first, then gone from storage, then gone: whoever is told so meets no ban, whatever happens next.
    async fn lift(&self, by: By<'_>, (of, id): (BansOf, BanId)) -> Result<(), ProvisioningError> {
        let ban = self.live_bans().ban(of, id).ok_or(ProvisioningError::BanNotFound)?;
        let detail = serde_json::json!({
            "kind": ban.kind.as_str(),
            "credential": ban.credential.map(|id| id.to_string()),
            "source": ban.network.map(|network| network.to_string()),
        });
        let deed = (AuditAction::BanLifted, id.to_string(), detail.to_string());
        let audit = by.audit(self.parts.clock.now(), ban.account, deed);
        self.commit_as(by.asker, ChangeSet { changes: Vec::new(), audit }).await?;
        self.live_bans().lift(id);
        Ok(self.storage().forget_ban(id).await?)
    }
}

impl LiveBans for NoBans {
    fn bans(&self, _of: BansOf, _page: Page) -> BanPage {
        BanPage::default()
    }

    fn ban(&self, _of: BansOf, _id: BanId) -> Option<Ban> {
        None
    }

    fn lift(&self, _id: BanId) -> bool {
        false
    }
}
