//! Requests that may be sent twice and must be carried out once.
//!
//! The answer is remembered in the same commit as the change, so there is never one without the other. What is stored
//! is sealed, since answers may show a secret that is shown once; of the client's key only a hash is kept.

use crate::asker::Asker;
use crate::sealing::Sealing;
use crate::{AccountWrite, Provisioning, ProvisioningError};
use domain::{AccountId, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;
use storage::{Change, ChangeSet, RememberedAnswer, StorageError};
use zeroize::Zeroizing;

/// How long an answer is remembered.
const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// What a client put into `Idempotency-Key`, as a hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyKey([u8; 32]);

/// Why a text is not an [`IdempotencyKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Idempotency-Key must have 1 to 255 visible ASCII characters")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// Most characters.
    pub const MAX_LENGTH: usize = 255;

    /// Parses a key: visible ASCII characters without spaces.
    ///
    /// # Errors
    /// [`IdempotencyKeyError`] unless the text has the form described there.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        let is_visible = text.bytes().all(|octet| octet.is_ascii_graphic());
        if is_visible && (1..=Self::MAX_LENGTH).contains(&text.len()) {
            Ok(Self(Sha256::digest(text.as_bytes()).into()))
        } else {
            Err(IdempotencyKeyError)
        }
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(..)")
    }
}

/// A request that its client may repeat.
#[derive(Debug, Clone, Copy)]
pub struct IdempotentRequest {
    /// The client's key.
    pub key: IdempotencyKey,
    /// SHA-256 over all that makes the request what it is: method, path and body.
    pub request_digest: [u8; 32],
}

/// A request that its client may repeat, and what is remembered of its answer.
pub struct Remembering<'a, T> {
    /// The request.
    pub request: IdempotentRequest,
    /// Turns the outcome into status and body. It runs before the commit, so it sees nothing that only storage can
    /// know (a new account's number): leave such things out and read them again when the answer is replayed.
    pub render: &'a (dyn Fn(&T) -> (u16, Vec<u8>) + Sync),
}

/// How a request that may be repeated was answered.
#[derive(Debug)]
pub enum Answered<T> {
    /// It was carried out now.
    Fresh(T),
    /// It had been carried out before; nothing was done.
    Replayed(ReplayedAnswer),
}

/// The answer of the first time.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplayedAnswer {
    /// Its HTTP status.
    pub status: u16,
    /// Its body, which may hold a secret.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for ReplayedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayedAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What [`Provisioning::recall`] found.
pub(crate) enum Recalled<'a, T> {
    Answer(ReplayedAnswer),
    Nothing(Unanswered<'a, T>),
}

/// A request that was looked for and has no remembered answer, so that work on it may begin.
pub(crate) struct Unanswered<'a, T> {
    asker: &'a Asker,
    sealing: Sealing,
    account: Option<AccountId>,
    remembering: &'a Remembering<'a, T>,
    replaces_before: Timestamp,
}

impl<T> Unanswered<'_, T> {
    pub(crate) fn sealing(&self) -> &Sealing {
        &self.sealing
    }
}

/// A stored answer that counts, or from when on a new one may take its place.
enum Found {
    Answer(ReplayedAnswer),
    Nothing { replaces_before: Timestamp },
}

impl Provisioning {
    /// Looks for the answer to a request of that account (`None`: of the operator). To be asked before any work.
    ///
    /// # Errors
    /// [`ProvisioningError::KeyUsed`], or the storage failed.
    pub(crate) async fn recall<'a, T>(
        &self,
        asker: &'a Asker,
        account: Option<AccountId>,
        remembering: &'a Remembering<'a, T>,
    ) -> Result<Recalled<'a, T>, ProvisioningError> {
        // Held already for reading, so that the key of what is read is not dropped before it is opened.
        let sealing = self.sealing().await;
        match self.find(account, &remembering.request).await? {
            Found::Nothing { replaces_before } => {
                Ok(Recalled::Nothing(Unanswered { asker, sealing, account, remembering, replaces_before }))
            }
            Found::Answer(answer) => {
                drop(sealing);
                self.first_time_is_over().await?;
                // The answer may show a secret, and a body may have taken its time to arrive.
                asker.check_still_admitted(self.parts.clock.now())?;
                Ok(Recalled::Answer(answer))
            }
        }
    }

    /// What [`recall`](Self::recall) finds for a request that its client may or may not repeat: an answer, or what
    /// [`commit_created`](Self::commit_created) takes.
    pub(crate) async fn recall_creation<'a, T>(
        &self,
        account: &'a AccountWrite,
        remembering: Option<&'a Remembering<'a, T>>,
    ) -> Result<Result<Option<Unanswered<'a, T>>, ReplayedAnswer>, ProvisioningError> {
        let Some(remembering) = remembering else { return Ok(Ok(None)) };
        match self.recall(account.asker(), Some(account.account()), remembering).await? {
            Recalled::Answer(answer) => Ok(Err(answer)),
            Recalled::Nothing(unanswered) => Ok(Ok(Some(unanswered))),
        }
    }

    /// Commits a creation, with its answer where its client may repeat it.
    pub(crate) async fn commit_created<T>(
        &self,
        account: &AccountWrite,
        unanswered: Option<Unanswered<'_, T>>,
        (set, created): (ChangeSet, T),
    ) -> Result<Answered<T>, ProvisioningError> {
        let committed = match unanswered {
            Some(unanswered) => self.commit_remembered(unanswered, set, created).await,
            None => self.commit_as(account.asker(), set).await.map(|_| Answered::Fresh(created)),
        };
        committed.map_err(|error| error.if_not_found(ProvisioningError::AccountNotFound))
    }

    /// Commits a change together with its answer. If the same request came at the same time and was first, nothing is
    /// changed and its answer is given.
    ///
    /// # Errors
    /// [`ProvisioningError`], those of the change among them.
    pub(crate) async fn commit_remembered<T>(
        &self,
        unanswered: Unanswered<'_, T>,
        mut set: ChangeSet,
        outcome: T,
    ) -> Result<Answered<T>, ProvisioningError> {
        let Unanswered { asker, sealing, account, remembering, replaces_before } = unanswered;
        let answer = seal_answer(&sealing, account, remembering, &outcome, set.audit.at);
        // First, so that a repetition meets this conflict and not that of a name it has taken itself.
        set.changes.insert(0, Change::RememberAnswer { answer, replaces_before });
        let committed = self.commit_sealed_as(asker, &sealing, set).await;
        if matches!(committed, Err(ProvisioningError::KeyUsed)) {
            let found = self.find(account, &remembering.request).await?;
            drop(sealing);
            let Found::Answer(answer) = found else { return Err(ProvisioningError::Contended) };
            self.first_time_is_over().await?;
            return Ok(Answered::Replayed(answer));
        }
        drop(sealing);
        self.applied_everywhere(committed?).await?;
        Ok(Answered::Fresh(outcome))
    }

    /// Forgets answers that are too old to count. To be called now and then.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn forget_answers(&self) -> Result<(), StorageError> {
        self.storage().forget_answers(self.oldest_that_counts()).await
    }

    fn oldest_that_counts(&self) -> Timestamp {
        self.parts.clock.now().plus_seconds(-KEPT_SECONDS)
    }

    async fn find(&self, account: Option<AccountId>, request: &IdempotentRequest) -> Result<Found, ProvisioningError> {
        let oldest = self.oldest_that_counts();
        let stored = self.storage().remembered_answer(account, request.key.0).await?;
        let Some(stored) = stored.filter(|stored| stored.at >= oldest) else {
            return Ok(Found::Nothing { replaces_before: oldest });
        };
        let name = answer_name(account, &request.key.0);
        let Ok(plain) = self.parts.keyring.open_named(&name, &stored.sealed) else {
            // Its key is gone: as good as forgotten.
            let just_after = Timestamp::from_micros(stored.at.as_micros().saturating_add(1));
            return Ok(Found::Nothing { replaces_before: just_after });
        };
        match split_answer(&plain) {
            Some((digest, _)) if *digest != request.request_digest => Err(ProvisioningError::KeyUsed),
            Some((_, answer)) => Ok(Found::Answer(answer)),
            None => Err(StorageError::Damaged("a remembered answer has no status".into()).into()),
        }
    }

    /// Whoever gets the answer again may rely on it as on the first: the change is applied wherever phones are answered.
    async fn first_time_is_over(&self) -> Result<(), ProvisioningError> {
        let revision = self.sealed_changes_so_far().await;
        self.applied_everywhere(revision).await
    }
}

/// The name an answer is sealed under, so that it opens for no other account or key.
pub(crate) fn answer_name(account: Option<AccountId>, key: &[u8; 32]) -> String {
    use fmt::Write as _;
    let mut name = account.map_or_else(|| "answer:-:".into(), |account| format!("answer:{}:", account.0));
    for octet in key {
        // Writing to a String cannot fail.
        let _ = write!(name, "{octet:02x}");
    }
    name
}

/// Request digest (32 octets), status (2, big endian), body.
fn seal_answer<T>(
    sealing: &Sealing,
    account: Option<AccountId>,
    remembering: &Remembering<'_, T>,
    outcome: &T,
    at: Timestamp,
) -> RememberedAnswer {
    let IdempotentRequest { key: IdempotencyKey(key), request_digest } = remembering.request;
    let (status, body) = (remembering.render)(outcome);
    let body = Zeroizing::new(body);
    let mut plain = Zeroizing::new(Vec::with_capacity(request_digest.len() + 2 + body.len()));
    plain.extend_from_slice(&request_digest);
    plain.extend_from_slice(&status.to_be_bytes());
    plain.extend_from_slice(&body);
    RememberedAnswer { account, key, sealed: sealing.seal_named(&answer_name(account, &key), &plain), at }
}

fn split_answer(plain: &[u8]) -> Option<(&[u8; 32], ReplayedAnswer)> {
    let (digest, rest) = plain.split_first_chunk::<32>()?;
    let (status, body) = rest.split_first_chunk::<2>()?;
    Some((digest, ReplayedAnswer { status: u16::from_be_bytes(*status), body: Zeroizing::new(body.to_vec()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        for good in ["a", "9f86d081-884c-4d63", "~!@#", &"x".repeat(255)] {
            assert!(IdempotencyKey::parse(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "a b", "a\n", "ä", "\u{7f}", &"x".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(bad), Err(IdempotencyKeyError), "{bad:?}");
        }
        assert_eq!(format!("{:?}", IdempotencyKey::parse("secret").unwrap()), "IdempotencyKey(..)");
    }

    #[test]
    fn names_tell_accounts_and_the_operator_apart() {
        assert_eq!(answer_name(None, &[0xab; 32]), format!("answer:-:{}", "ab".repeat(32)));
        assert_eq!(answer_name(Some(AccountId(7)), &[1; 32]), format!("answer:7:{}", "01".repeat(32)));
    }
}
