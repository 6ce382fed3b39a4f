//! Takes over credentials of another system, many at once, each with an outcome of its own.
//!
//! Nothing is remembered between requests: a row that is there already with the same secret is done. So an import that
//! broke off is continued by sending it again.

mod decide;
mod row;

pub use row::{ImportRow, ImportedSecret, RowFault, RowOutcome};

use crate::{CredentialsWrite, Provisioning, ProvisioningError, RequestContext};
use decide::{Decided, Deciding};
use domain::{CredentialId, Revision, Username};
use storage::{ChangeSet, StorageError};

/// What becomes of a row whose username is taken by the account with another secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// It is a fault of the row.
    #[default]
    Fail,
    /// What is there stays.
    Skip,
    /// What is there gives way, at once as with a new password.
    Replace,
}

/// Whether anything is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportMode {
    /// Nothing is; the outcomes are those that a commit would have now.
    DryRun,
    /// Rows without a fault are.
    Commit,
}

/// Rows to take over.
#[derive(Debug)]
pub struct ImportRequest {
    /// At most a thousand, so that an answer is not long in coming.
    pub rows: Vec<ImportRow>,
    /// What becomes of those that are there with another secret.
    pub on_conflict: OnConflict,
    /// Whether anything is stored.
    pub mode: ImportMode,
}

impl Provisioning {
    /// Takes rows over; answers one outcome for each, in their order. Once this answers, phones of those that were taken
    /// can register on every node.
    ///
    /// # Errors
    /// [`ProvisioningError::AccessEnded`], or the storage failed: rows may have been taken over then, and sending all of
    /// them again is safe.
    pub async fn import_credentials(
        &self,
        scope: &CredentialsWrite,
        context: RequestContext,
        request: ImportRequest,
    ) -> Result<Vec<RowOutcome>, ProvisioningError> {
        let ImportRequest { rows, on_conflict, mode } = request;
        let sealing = self.sealing().await;
        let usernames: Vec<Username> = rows.iter().map(|row| row.username.clone()).collect();
        let known = self.storage().credentials_by_usernames(scope.realm(), usernames).await?;
        let known = known.into_iter().map(|credential| (credential.username.clone(), credential)).collect();
        let ids: Vec<CredentialId> = rows.iter().map(|_| self.draw_credential_id()).collect();
        let deciding = Deciding { sealing: sealing.clone(), scope: scope.clone(), known, on_conflict };
        // Hashing and judging a thousand passwords takes a good part of a second.
        let decided = tokio::task::spawn_blocking(move || deciding.decide(rows, ids));
        let decided = decided.await.map_err(|_| StorageError::Unknown("deciding on rows panicked".into()))?;
        if mode == ImportMode::DryRun {
            return Ok(decided.into_iter().map(Decided::forecast).collect());
        }
        let (mut outcomes, mut places, mut sets) = (Vec::with_capacity(decided.len()), Vec::new(), Vec::new());
        for (place, decided) in decided.into_iter().enumerate() {
            let (outcome, set) = self.planned(scope, &context, decided);
            outcomes.push(outcome);
            if let Some(set) = set {
                places.push(place);
                sets.push(set);
            }
        }
        let committed = self.commit_all_sealed_as(scope.asker(), &sealing, sets).await;
        drop(sealing);
        self.settle(&mut outcomes, places.into_iter().zip(committed)).await?;
        Ok(outcomes)
    }

    /// What becomes of a row if its change is stored, and that change.
    fn planned(
        &self,
        scope: &CredentialsWrite,
        context: &RequestContext,
        decided: Decided,
    ) -> (RowOutcome, Option<ChangeSet>) {
        match decided {
            Decided::Already(outcome) => (outcome, None),
            Decided::Create(draft) => {
                let outcome = RowOutcome::Created(Some(draft.id));
                (outcome, Some(self.credential_to_create(scope, context, draft).0))
            }
            Decided::Replace(current, patch) => {
                let outcome = RowOutcome::Replaced(current.id);
                (outcome, Some(self.credential_to_update(scope, context, (*current, &patch)).0))
            }
        }
    }

    /// Corrects the outcomes of changes that were not stored, and waits until those that were are true wherever phones
    /// are answered.
    async fn settle(
        &self,
        outcomes: &mut [RowOutcome],
        committed: impl Iterator<Item = (usize, Result<Revision, ProvisioningError>)>,
    ) -> Result<(), ProvisioningError> {
        let mut latest = None;
        for (place, committed) in committed {
            match committed {
                Ok(revision) => latest = latest.max(Some(revision)),
                // Somebody took the name, changed or deleted it since it was looked up.
                Err(
                    ProvisioningError::UsernameTaken
                    | ProvisioningError::Contended
                    | ProvisioningError::CredentialNotFound,
                ) => {
                    if let Some(outcome) = outcomes.get_mut(place) {
                        *outcome = RowOutcome::Failed(RowFault::ChangedMeanwhile);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let revision = match latest {
            Some(revision) => revision,
            // What is there already may have come by a request that is still under way.
            None => self.sealed_changes_so_far().await,
        };
        self.applied_everywhere(revision).await
    }
}
