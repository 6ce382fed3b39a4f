//! A token as requests are checked against it, and when it was used.

use domain::{ApiToken, ApiTokenHash, OperatorToken, Timestamp, TokenId, TokenScope};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use storage::TokenUse;

/// A token in memory. Its last use is noted without a lock.
pub(crate) struct KnownToken {
    pub(crate) id: TokenId,
    pub(crate) hash: ApiTokenHash,
    pub(crate) scope: TokenScope,
    pub(crate) label: Box<str>,
    expires_at: Option<Timestamp>,
    /// In microseconds; [`NEVER`] until it is used.
    last_used_at: AtomicI64,
    /// Whether it stands in the list of tokens whose last use storage does not have.
    is_listed: AtomicBool,
}

const NEVER: i64 = i64::MIN;

impl KnownToken {
    pub(crate) fn of_account(token: &ApiToken) -> Self {
        let ApiToken { id, hash, label, scope, expires_at, last_used_at, .. } = token.clone();
        Self {
            id,
            hash,
            scope,
            label,
            expires_at,
            last_used_at: micros(last_used_at),
            is_listed: AtomicBool::default(),
        }
    }

    pub(crate) fn of_operator(token: &OperatorToken) -> Self {
        let OperatorToken { id, hash, label, expires_at, last_used_at, .. } = token.clone();
        let scope = TokenScope::All;
        Self {
            id,
            hash,
            scope,
            label,
            expires_at,
            last_used_at: micros(last_used_at),
            is_listed: AtomicBool::default(),
        }
    }

    pub(crate) fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    pub(crate) fn used_at(&self, at: Timestamp) {
        self.last_used_at.fetch_max(at.as_micros(), Ordering::Relaxed);
    }

    pub(crate) fn last_used_at(&self) -> Option<Timestamp> {
        let micros = self.last_used_at.load(Ordering::Relaxed);
        (micros != NEVER).then(|| Timestamp::from_micros(micros))
    }
}

fn micros(at: Option<Timestamp>) -> AtomicI64 {
    AtomicI64::new(at.map_or(NEVER, Timestamp::as_micros))
}

/// The tokens whose last use storage does not have yet, each once.
#[derive(Default)]
pub(crate) struct TokenUses(Mutex<Vec<Arc<KnownToken>>>);

impl TokenUses {
    /// Notes a use. Only a token's first use since it was last taken waits for a lock.
    pub(crate) fn note(&self, token: &Arc<KnownToken>, at: Timestamp) {
        token.used_at(at);
        if !token.is_listed.swap(true, Ordering::AcqRel) {
            self.list().push(Arc::clone(token));
        }
    }

    /// Takes what is to be stored.
    pub(crate) fn take(&self) -> Vec<Arc<KnownToken>> {
        let taken = std::mem::take(&mut *self.list());
        for token in &taken {
            token.is_listed.store(false, Ordering::Release);
        }
        taken
    }

    /// Puts back what could not be stored.
    pub(crate) fn put_back(&self, tokens: Vec<Arc<KnownToken>>) {
        let again = tokens.into_iter().filter(|token| !token.is_listed.swap(true, Ordering::AcqRel));
        self.list().extend(again);
    }

    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Arc<KnownToken>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What storage is to keep of those tokens.
pub(crate) fn uses(tokens: &[Arc<KnownToken>]) -> Vec<TokenUse> {
    let token_use = |token: &Arc<KnownToken>| Some(TokenUse { token: token.id, at: token.last_used_at()? });
    tokens.iter().filter_map(token_use).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_taken_once_and_what_was_put_back_is_taken_again() {
        let token = OperatorToken {
            id: TokenId::from_bytes([1; 16]),
            hash: ApiTokenHash::from_bytes([2; 32]),
            label: "laptop".into(),
            created_at: Timestamp::from_seconds(1),
            expires_at: None,
            last_used_at: None,
        };
        let (token, list) = (Arc::new(KnownToken::of_operator(&token)), TokenUses::default());
        let taken_at =
            |taken: &[Arc<KnownToken>]| uses(taken).iter().map(|used| used.at.as_micros()).collect::<Vec<_>>();
        for at in [5, 9, 7] {
            list.note(&token, Timestamp::from_micros(at));
        }
        let taken = list.take();
        assert_eq!(taken_at(&taken), [9]);
        assert!(list.take().is_empty());
        // Storing failed; meanwhile it was used again, and is still listed once.
        list.note(&token, Timestamp::from_micros(11));
        list.put_back(taken);
        assert_eq!(taken_at(&list.take()), [11]);
        list.put_back(vec![Arc::clone(&token)]);
        assert_eq!(taken_at(&list.take()), [11]);
    }
}
