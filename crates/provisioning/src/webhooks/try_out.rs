//! Sends an account's webhook a message to see whether it arrives.

use crate::{AccountWrite, Provisioning, ProvisioningError};
use storage::WebhookTest;

impl Provisioning {
    /// Sends `webhook.test` at once, whether the webhook is enabled or not.
    ///
    /// # Errors
    /// [`ProvisioningError::WebhookNotFound`], [`ProvisioningError::WebhookWithoutUrl`], or the storage failed. That it
    /// did not arrive is no error.
    pub async fn test_webhook(&self, account: &AccountWrite) -> Result<WebhookTest, ProvisioningError> {
        let found = self.storage().webhook(account.account()).await?;
        let url = found.ok_or(ProvisioningError::WebhookNotFound)?.url.ok_or(ProvisioningError::WebhookWithoutUrl)?;
        account.asker().check_still_admitted(self.parts.clock.now())?;
        Ok(self.webhook_deliveries().test(account.account(), url).await)
    }
}
