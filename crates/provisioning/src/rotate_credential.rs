//! Gives a credential a new password beside which the present one works for a while, so that phones can be changed one
//! by one.

use crate::asker::Deed;
use crate::idempotency::Recalled;
use crate::password_change::PasswordChange;
use crate::sealed_secret::SealedSecret;
use crate::sealing::Sealing;
use crate::{
    Answered, CredentialsWrite, Provisioning, ProvisioningError, Remembering, RequestContext, RotationView, limits,
};
use domain::{AuditAction, Credential, CredentialId, GeneratedPassword, Password, PasswordScore, Timestamp};
use storage::{Change, ChangeSet, LiveRegistrations, RegistrationsAfter};

/// What a rotation is to be like.
#[derive(Debug)]
pub struct NewRotation {
    /// The new password; one is made where none is given.
    pub password: Option<Password>,
    /// For how long the present one works beside it, at most [`limits::MAX_OVERLAP_SECONDS`]; 0 ends it at once, and
    /// the registrations made with it.
    pub overlap_seconds: u32,
}

/// What a rotation did.
#[derive(Debug)]
pub struct Rotated {
    /// The credential's passwords from now on, and who is registered with the one before.
    pub rotation: RotationView,
    /// The new password where it was made here: it cannot be shown again.
    pub password: Option<GeneratedPassword>,
    /// How hard the new password is to guess.
    pub password_score: Option<PasswordScore>,
}

/// The password of a rotation, as often as it takes to store it.
enum NewPassword {
    Given(Password),
    Generated(GeneratedPassword),
}

/// How often a change is decided anew when others change the same credential.
const ATTEMPTS: usize = 64;

impl Provisioning {
    /// Rotates the password of a credential. Once this answers, every node accepts the new one, and the one before as
    /// long as the overlap runs. With `remembering`, the client may repeat its request: nothing is rotated twice then,
    /// and the answer is the first one.
    ///
    /// # Errors
    /// [`ProvisioningError::CredentialNotFound`]; [`ProvisioningError::OverlapUnderWay`] while an earlier one runs;
    /// [`ProvisioningError::WeakPassword`];
    /// [`ProvisioningError::KeyUsed`], [`ProvisioningError::Contended`], or the storage failed.
    pub async fn rotate_credential(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        (online, id, new): (&dyn LiveRegistrations, CredentialId, NewRotation),
        remembering: Option<&Remembering<'_, Rotated>>,
    ) -> Result<Answered<Rotated>, ProvisioningError> {
        let password = match new.password {
            Some(given) => NewPassword::Given(given),
            None => NewPassword::Generated(GeneratedPassword::draw(&*self.parts.random)),
        };
        let overlap = i64::from(new.overlap_seconds.min(limits::MAX_OVERLAP_SECONDS));
        let request = Rotating { scope, context: &context, online, id, password, overlap };
        match remembering {
            None => self.rotate(&request).await.map(Answered::Fresh),
            Some(remembering) => match self.recall(scope.asker(), Some(scope.account()), remembering).await? {
                Recalled::Answer(answer) => Ok(Answered::Replayed(answer)),
                Recalled::Nothing(unanswered) => {
                    let (set, rotated) = self.rotation_to_commit(unanswered.sealing(), &request).await?;
                    self.commit_remembered(unanswered, set, rotated).await
                }
            },
        }
    }

    async fn rotate(&self, request: &Rotating<'_>) -> Result<Rotated, ProvisioningError> {
        let sealing = self.sealing().await;
        for _ in 0..ATTEMPTS {
            let (set, rotated) = self.rotation_to_commit(&sealing, request).await?;
            match self.commit_sealed_as(request.scope.asker(), &sealing, set).await {
                Ok(revision) => {
                    drop(sealing);
                    self.applied_everywhere(revision).await?;
                    return Ok(rotated);
                }
                Err(ProvisioningError::Contended) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ProvisioningError::Contended)
    }

    /// The change that a rotation is, made from what the credential is now, and what is to be told of it.
    async fn rotation_to_commit(
        &self,
        sealing: &Sealing,
        request: &Rotating<'_>,
    ) -> Result<(ChangeSet, Rotated), ProvisioningError> {
        let Rotating { scope, context, online, id, .. } = request;
        let mut credential = self.stored_credential(scope, *id).await?;
        let now = self.parts.clock.now();
        if let Some(until) = credential.overlapping(now).and_then(|previous| previous.overlap_until) {
            return Err(ProvisioningError::OverlapUnderWay(until));
        }
        let change = PasswordChange {
            secret: SealedSecret::of_password(sealing, scope, (*id, &credential.username, request.password.to_seal()))?,
            overlap_until: (request.overlap > 0).then(|| now.plus_seconds(request.overlap)),
            kept_days: self.parts.config.previous_password_days,
        };
        let change_score = change.secret.score;
        change.give_to(&mut credential, now);
        let rotation = self.rotation_of(scope, *online, (&credential, now)).await?;
        let audit = scope.audit(context, now, deed(&credential, change.overlap_until));
        let registrations =
            if request.overlap > 0 { RegistrationsAfter::Keep } else { RegistrationsAfter::RemoveOfEndedSecrets };
        let change = Change::UpdateCredential { credential, registrations };
        let (password, password_score) = (request.password.to_show(), change_score);
        Ok((ChangeSet { changes: vec![change], audit }, Rotated { rotation, password, password_score }))
    }
}

/// A rotation as it was asked for.
struct Rotating<'r> {
    scope: &'r CredentialsWrite,
    context: &'r RequestContext,
    online: &'r dyn LiveRegistrations,
    id: CredentialId,
    password: NewPassword,
    overlap: i64,
}

impl NewPassword {
    fn to_seal(&self) -> Password {
        match self {
            Self::Given(password) => password.again(),
            Self::Generated(password) => password.to_password(),
        }
    }

    fn to_show(&self) -> Option<GeneratedPassword> {
        match self {
            Self::Given(_) => None,
            Self::Generated(password) => Some(password.clone()),
        }
    }
}

fn deed(credential: &Credential, overlap_until: Option<Timestamp>) -> Deed {
    let detail = serde_json::json!({
        "generation": credential.generation,
        "overlap_until": overlap_until.map(Timestamp::as_unix_seconds),
    });
    (AuditAction::CredentialRotated, credential.id.to_string(), detail.to_string())
}
