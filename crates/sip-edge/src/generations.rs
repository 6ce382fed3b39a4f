//! Which passwords of a credential an answer is compared with: the present one, and the one before it.
//!
//! Everybody is compared with two, so that the time it takes tells neither who has changed a password lately nor who
//! exists; whoever has none before is compared with a decoy.

use crate::edge::Edge;
use crate::subject::Subject;
use directory::{CredentialSnapshot, PreviousSnapshot};
use domain::{AuthReason, AuthRemark, Timestamp};
use sip_digest::{Afterwards, Candidate, HashAlgorithm};

/// The two to compare with. Those of a disabled or expired credential are computed too, and so is a password whose
/// overlap is over, so that the tenant can be told what was right about the answer.
pub(crate) fn candidates<'a, 'p>(
    subject: Option<Subject<'p>>,
    credential: Option<&'a CredentialSnapshot>,
    now: Timestamp,
) -> [Candidate<'a, Subject<'p>>; 2] {
    let Some((subject, credential)) = subject.zip(credential) else { return [Candidate::Decoy; 2] };
    let is_barred = barrier(credential, now).is_some();
    let present = credential.ha1.as_ref().map_or(Candidate::Decoy, |ha1| {
        if is_barred { Candidate::Revoked { subject, ha1 } } else { Candidate::Accepted { subject, ha1 } }
    });
    let previous = credential.previous.as_ref().and_then(|previous| Some((previous, previous.ha1.as_ref()?)));
    let previous = previous.map_or(Candidate::Decoy, |(previous, ha1)| {
        let subject = Subject { generation: previous.generation, ..subject };
        if is_barred || !overlaps(previous, now) {
            Candidate::Revoked { subject, ha1 }
        } else {
            Candidate::Accepted { subject, ha1 }
        }
    });
    [present, previous]
}

/// Whether a right answer may be refused all the same, for what the credential demands besides.
pub(crate) fn afterwards(credential: Option<&CredentialSnapshot>) -> Afterwards {
    match credential {
        Some(CredentialSnapshot { requirements: Some(_), .. }) => Afterwards::MayBeRefused,
        _ => Afterwards::Accepted,
    }
}

/// Why an answer was refused although it was right for a password of that credential.
pub(crate) fn revoked(credential: Option<&CredentialSnapshot>, now: Timestamp) -> AuthReason {
    credential.and_then(|credential| barrier(credential, now)).unwrap_or(AuthReason::OldPassword)
}

/// What is worth telling of an answer made with that generation of the password.
pub(crate) fn remark(credential: Option<&CredentialSnapshot>, generation: u32) -> Option<AuthRemark> {
    let is_previous = credential.is_some_and(|credential| credential.generation != generation);
    is_previous.then_some(AuthRemark::PreviousPassword)
}

impl Edge {
    /// Why a credential that was verified was no more what it was when its bindings were to be written.
    pub(crate) fn superseded(&self, subject: &Subject<'_>, now: Timestamp) -> AuthReason {
        let (realm, hash) = (subject.realm.id, HashAlgorithm::Sha256);
        let found = self.parts.directory.credential(realm, subject.username, hash);
        match found.filter(|credential| credential.id == subject.id) {
            Some(credential) => revoked(Some(&credential), now),
            None => AuthReason::CredentialDisabled,
        }
    }
}

/// What keeps any password of that credential from authenticating.
fn barrier(credential: &CredentialSnapshot, now: Timestamp) -> Option<AuthReason> {
    if !credential.enabled {
        Some(AuthReason::CredentialDisabled)
    } else if credential.expires_at.is_some_and(|end| end <= now) {
        Some(AuthReason::CredentialExpired)
    } else {
        None
    }
}

fn overlaps(previous: &PreviousSnapshot, now: Timestamp) -> bool {
    previous.overlap_until.is_some_and(|until| now < until)
}
