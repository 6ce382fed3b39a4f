//! Opens a link for an app that can only GET.

use super::LinkToken;
use super::look::GoodLink;
use crate::{Provisioning, ProvisioningError, RequestContext, limits};
use domain::{AuditAction, LinkStage, Timestamp};
use storage::{Change, ChangeSet};

/// A link that the next GET spends.
#[derive(Debug)]
pub struct LinkOpened {
    /// Its token from now on.
    pub token: LinkToken,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Provisioning {
    /// Gives an offered link another token, by which a GET spends it within [`limits::OPENED_LINK_SECONDS`]. The token it
    /// was opened with is worth nothing any more.
    ///
    /// # Errors
    /// [`ProvisioningError::ProvisioningLinkNotFound`], also for whoever comes second; or the storage failed.
    pub async fn open_link(&self, token: &LinkToken, context: RequestContext) -> Result<LinkOpened, ProvisioningError> {
        let GoodLink { link, scope } = self.good_link(token, LinkStage::Offered).await?;
        let (now, opened) = (self.parts.clock.now(), LinkToken::draw(&*self.parts.random));
        let expires_at = now.plus_seconds(i64::from(limits::OPENED_LINK_SECONDS));
        let change = Change::OpenProvisioningLink {
            id: link.id,
            token: token.hash(),
            at: now,
            opened: opened.hash(),
            expires_at,
        };
        let detail = serde_json::json!({ "link": link.id.to_string() }).to_string();
        let deed = (AuditAction::ProvisioningLinkOpened, link.credential.to_string(), detail);
        let audit = scope.audit(&context, now, deed);
        let committed = self.commit_as(scope.asker(), ChangeSet { changes: vec![change], audit }).await;
        committed.map_err(|error| error.if_not_found(ProvisioningError::ProvisioningLinkNotFound))?;
        Ok(LinkOpened { token: opened, expires_at })
    }
}
