//! Makes a provisioning link.

use super::LinkToken;
use crate::idempotency::Recalled;
use crate::{Answered, CredentialsWrite, Provisioning, ProvisioningError, Remembering, RequestContext, limits};
use domain::{AuditAction, CredentialId, DeviceLabel, LinkStage, PhoneFormat, ProvisioningLink, ProvisioningLinkId};
use storage::{Change, ChangeSet};

/// What is said of a new link.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// What the device is going to be called.
    pub label: DeviceLabel,
    /// What its configuration is written in, unless whoever spends the link says.
    pub format: Option<PhoneFormat>,
    /// What spends it; one that a GET spends has a format.
    pub stage: LinkStage,
    /// For how long it is good, at most [`limits::MAX_LINK_SECONDS`], or [`limits::MAX_OPENED_LINK_SECONDS`] for one
    /// that a GET spends.
    pub seconds: u32,
}

/// A link that was just made.
#[derive(Debug)]
pub struct LinkCreated {
    /// The link.
    pub link: ProvisioningLink,
    /// Its token: it cannot be shown again.
    pub token: LinkToken,
}

impl Provisioning {
    /// Makes a link. With `remembering`, the client may repeat its request: one link is made then.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`], [`ProvisioningError::TooManyProvisioningLinks`],
    /// [`ProvisioningError::KeyUsed`], or the storage failed.
    pub async fn create_link(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (credential, new): (CredentialId, NewLink),
        remembering: Option<&Remembering<'_, LinkCreated>>,
    ) -> Result<Answered<LinkCreated>, ProvisioningError> {
        match remembering {
            None => {
                let (set, created) = self.link_to_create(scope, &context, (credential, &new));
                self.commit_as(scope.asker(), set).await?;
                Ok(Answered::Fresh(created))
            }
            Some(remembering) => match self.recall(scope.asker(), Some(scope.account()), remembering).await? {
                Recalled::Answer(answer) => Ok(Answered::Replayed(answer)),
                Recalled::Nothing(unanswered) => {
                    let (set, created) = self.link_to_create(scope, &context, (credential, &new));
                    self.commit_remembered(unanswered, set, created).await
                }
            },
        }
    }

    fn link_to_create(
        &self,
        scope: &CredentialsWrite,
        context: &RequestContext,
        (credential, new): (CredentialId, &NewLink),
    ) -> (ChangeSet, LinkCreated) {
        let (now, token) = (self.parts.clock.now(), LinkToken::draw(&*self.parts.random));
        let mut random = [0; 10];
        self.parts.random.fill(&mut random);
        let most_seconds = match new.stage {
            LinkStage::Offered => limits::MAX_LINK_SECONDS,
            LinkStage::Opened => limits::MAX_OPENED_LINK_SECONDS,
        };
        let link = ProvisioningLink {
            id: ProvisioningLinkId::new(now, random),
            account: scope.account(),
            credential,
            label: new.label.clone(),
            format: new.format,
            stage: new.stage,
            token: token.hash(),
            created_at: now,
            expires_at: now.plus_seconds(i64::from(new.seconds.min(most_seconds))),
        };
        let detail = serde_json::json!({
            "link": link.id.to_string(),
            "label": link.label.as_str(),
            "format": link.format.map(PhoneFormat::as_str),
            "stage": link.stage.as_str(),
            "expires_at": link.expires_at.as_unix_seconds(),
        });
        let deed = (AuditAction::ProvisioningLinkCreated, credential.to_string(), detail.to_string());
        let audit = scope.audit(context, now, deed);
        let change = Change::CreateProvisioningLink { link: link.clone(), most: limits::MAX_PROVISIONING_LINKS };
        (ChangeSet { changes: vec![change], audit }, LinkCreated { link, token })
    }
}
