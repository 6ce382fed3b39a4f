//! What is disabled or deleted stops ringing at once; calls that are up go on, unless somebody asks to end them.

use crate::calls::Calls;
use domain::{CallEndReason, CredentialId, Revision};
use storage::{Fact, Follower};

impl Follower for Calls {
    /// What is disabled by then has no call: those of before a restart are taken up afterwards.
    fn begins_with_credentials(&self) -> bool {
        false
    }

    fn apply(&self, _revision: Revision, facts: &[Fact]) {
        self.upstream.note(facts);
        for fact in facts {
            match fact {
                Fact::Credential(credential) if !credential.enabled => self.stop_ringing(credential.id),
                Fact::CredentialDeleted { id, .. } => self.stop_ringing(*id),
                Fact::Account(account) if !account.enabled => {
                    self.end_where(CallEndReason::Revoked, |entry| {
                        entry.details.account == account.id && entry.details.answered_at.is_none()
                    });
                }
                Fact::AccountDeleted(id) => {
                    self.end_where(CallEndReason::Revoked, |entry| entry.details.account == *id);
                }
                _ => {}
            }
        }
    }
}

impl Calls {
    fn stop_ringing(&self, credential: CredentialId) {
        self.end_where(CallEndReason::Revoked, |entry| {
            entry.details.answered_at.is_none() && entry.concerns(credential)
        });
    }
}
