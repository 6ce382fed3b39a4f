//! The audit log as it is read: a chain in which every record vouches for all before it.

use crate::{Pending, StorageError};
use domain::{AccountId, AuditEvent, Revision, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;

/// What a record's hash is: SHA-256 over the hash of the record before it and over its own fields.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AuditHash(pub [u8; 32]);

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditHash({self})")
    }
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its place, from 1 and without gaps.
    pub number: u64,
    /// The revision of the commit that made it.
    pub revision: Revision,
    /// When the change was decided.
    pub at: Timestamp,
    /// The account it concerns, if one.
    pub account: Option<AccountId>,
    /// Who did it: an auth id, `operator`, `operator:` and a token's label, or `server`.
    pub actor: Box<str>,
    /// The address the request came from, empty for local ones.
    pub source: Box<str>,
    /// The request's identifier, as in `X-Request-ID`.
    pub request_id: Box<str>,
    /// What was done. A later version may know more actions than this one.
    pub action: Box<str>,
    /// What it was done to.
    pub subject: Box<str>,
    /// What changed, as a JSON object without secrets.
    pub detail: Box<str>,
    /// What storage has as its hash; `None` is damage.
    pub hash: Option<AuditHash>,
}

impl AuditRecord {
    /// The record that an event becomes at that place of the log, with its hash.
    #[must_use]
    pub fn chained(
        event: &AuditEvent,
        (number, revision, account): (u64, Revision, Option<AccountId>),
        previous: &AuditHash,
    ) -> Self {
        let record = Self {
            number,
            revision,
            at: event.at,
            account,
            actor: event.actor.clone(),
            source: event.source.clone(),
            request_id: event.request_id.clone(),
            action: event.action.as_str().into(),
            subject: event.subject.clone(),
            detail: event.detail.clone(),
            hash: None,
        };
        let hash = record.hash_after(previous);
        Self { hash: Some(hash), ..record }
    }

    /// The hash it must have behind a record of that hash; the first record is behind 32 zero octets.
    ///
    /// The format is settled: whatever changes it breaks every log there is. Integers are eight octets, most significant
    /// first; a text follows its length; an absent account is the integer -1.
    #[must_use]
    pub fn hash_after(&self, previous: &AuditHash) -> AuditHash {
        let mut hasher = Sha256::new();
        hasher.update(previous.0);
        hasher.update(self.number.to_be_bytes());
        hasher.update(self.revision.0.to_be_bytes());
        hasher.update(self.at.as_micros().to_be_bytes());
        hasher.update(self.account.map_or(-1, |account| account.0).to_be_bytes());
        for text in [&self.actor, &self.source, &self.request_id, &self.action, &self.subject, &self.detail] {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
        AuditHash(hasher.finalize().into())
    }
}

/// Why a log is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    /// The record's content, or its hash, or that of the record before it, is not what it was.
    #[error("record {0} of the audit log is not as it was written")]
    Changed(u64),
    /// Records before this one are missing.
    #[error("records {first} to {last} of the audit log are missing")]
    Missing {
        /// The first that is not there.
        first: u64,
        /// The last that is not there.
        last: u64,
    },
    /// Records at the end are missing: a later commit was made than the last record tells of.
    #[error("the audit log ends with record {0}, but a later change was made")]
    CutOff(u64),
}

/// A log being checked, record by record from the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuditChain {
    /// How many records were found as they were written.
    pub records: u64,
    /// The hash of the last of them. Whoever notes it elsewhere can tell later whether the log was written anew.
    pub head: AuditHash,
    revision: Revision,
}

impl AuditChain {
    /// Checks the next record.
    ///
    /// # Errors
    /// [`AuditFault`]; nothing behind it can be trusted.
    pub fn check(&mut self, record: &AuditRecord) -> Result<(), AuditFault> {
        let expected = self.records + 1;
        if record.number > expected {
            return Err(AuditFault::Missing { first: expected, last: record.number - 1 });
        }
        let hash = record.hash_after(&self.head);
        if record.number != expected || record.hash != Some(hash) || record.revision <= self.revision {
            return Err(AuditFault::Changed(record.number));
        }
        *self = Self { records: expected, head: hash, revision: record.revision };
        Ok(())
    }

    /// Checks that no commit was made behind the last record.
    ///
    /// # Errors
    /// [`AuditFault::CutOff`].
    pub fn check_end(&self, committed: Revision) -> Result<(), AuditFault> {
        if committed == self.revision { Ok(()) } else { Err(AuditFault::CutOff(self.records)) }
    }
}

/// Which records are asked for; what is absent does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only those that concern this account.
    pub account: Option<AccountId>,
    /// Only those of this action.
    pub action: Option<Box<str>>,
    /// Only those about this subject.
    pub subject: Option<Box<str>>,
    /// Only those of this actor.
    pub actor: Option<Box<str>>,
    /// Decided at this moment or later.
    pub from: Option<Timestamp>,
    /// Decided before this moment.
    pub to: Option<Timestamp>,
}

/// Reads the audit log; it is written with each commit, by the adapter.
pub trait AuditLog: Send + Sync {
    /// At most `limit` records that match, newest first: those before the record of that number.
    ///
    /// # Errors
    /// [`StorageError`].
    fn audit_records(
        &self,
        filter: AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Pending<'_, Result<Vec<AuditRecord>, StorageError>>;

    /// At most `limit` records after the one of that number, oldest first, and the revision of the last commit, both as
    /// of one moment.
    ///
    /// # Errors
    /// [`StorageError`].
    fn audit_chain(&self, after: u64, limit: u32) -> Pending<'_, Result<(Vec<AuditRecord>, Revision), StorageError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u64) -> AuditRecord {
        AuditRecord {
            number,
            revision: Revision(number),
            at: Timestamp::from_seconds(1_700_000_000),
            account: (number != 1).then_some(AccountId(7)),
            actor: "operator".into(),
            source: "".into(),
            request_id: "r".into(),
            action: "setting.changed".into(),
            subject: "base_domain".into(),
            detail: "{}".into(),
            hash: None,
        }
    }

    fn log(records: u64) -> Vec<AuditRecord> {
        let mut head = AuditHash::default();
        (1..=records)
            .map(|number| {
                head = record(number).hash_after(&head);
                AuditRecord { hash: Some(head), ..record(number) }
            })
            .collect()
    }

    fn check(log: &[AuditRecord]) -> Result<AuditChain, AuditFault> {
        let mut chain = AuditChain::default();
        log.iter().try_for_each(|record| chain.check(record))?;
        chain.check_end(Revision(5)).map(|()| chain)
    }

    /// Made by this format on its first day. If it differs, every log there is has become worthless.
    #[test]
    fn the_format_is_settled() {
        let hash = record(1).hash_after(&AuditHash::default()).to_string();
        assert_eq!(hash, "f074292ad27b5d6fd6d3f6adcf0547100715874ed457b089296997699a8df738");
    }

    #[test]
    fn a_log_as_it_was_written_is_sound() {
        let log = log(5);
        let chain = check(&log).unwrap();
        assert_eq!((chain.records, Some(chain.head)), (5, log[4].hash));
    }

    #[test]
    fn every_change_of_any_record_is_found_and_named() {
        let changes: [fn(&mut AuditRecord); 9] = [
            |record| record.revision = Revision(record.revision.0 + 100),
            |record| record.at = Timestamp::from_seconds(1),
            |record| record.account = Some(AccountId(8)),
            |record| record.actor = "somebody".into(),
            |record| (record.actor, record.source) = ("operato".into(), "r".into()),
            |record| record.request_id = "".into(),
            |record| record.detail = "{\"a\":1}".into(),
            |record| record.hash = None,
            |record| record.hash = Some(AuditHash([7; 32])),
        ];
        for place in 0..5 {
            for change in changes {
                let mut log = log(5);
                change(&mut log[place]);
                assert_eq!(check(&log), Err(AuditFault::Changed(place as u64 + 1)));
            }
        }
    }

    #[test]
    fn records_that_are_gone_are_found_and_named() {
        for place in 0..4 {
            let mut log = log(5);
            log.remove(place);
            let gone = place as u64 + 1;
            assert_eq!(check(&log), Err(AuditFault::Missing { first: gone, last: gone }));
        }
        assert_eq!(check(&log(4)), Err(AuditFault::CutOff(4)));
        let mut swapped = log(5);
        swapped.swap(1, 2);
        assert!(check(&swapped).is_err());
    }
}
