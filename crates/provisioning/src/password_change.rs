//! What becomes of a credential's generations when it gets another password.

use crate::sealed_secret::SealedSecret;
use domain::{Credential, PreviousGeneration, Timestamp};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A new password, already turned into HA1s.
pub(crate) struct PasswordChange {
    pub(crate) secret: SealedSecret,
    /// Until when the present one works beside it; `None` if it ends at once.
    pub(crate) overlap_until: Option<Timestamp>,
    /// For how long the present one is kept once it works no more; 0 for not at all.
    pub(crate) kept_days: u32,
}

impl PasswordChange {
    /// Makes the present password the one before, and this the present one. What was before that is forgotten.
    pub(crate) fn give_to(&self, credential: &mut Credential, now: Timestamp) {
        let ha1s = std::mem::replace(&mut credential.ha1s, self.secret.ha1s.clone());
        let kept_until = self.overlap_until.unwrap_or(now).plus_seconds(i64::from(self.kept_days) * DAY);
        let previous = PreviousGeneration {
            generation: credential.generation,
            ha1s,
            overlap_until: self.overlap_until,
            kept_until,
        };
        credential.previous = (kept_until > now).then(|| Box::new(previous));
        credential.password_score = self.secret.score;
        credential.generation = credential.generation.saturating_add(1);
        credential.password_changed_at = now;
        credential.updated_at = now;
    }
}
