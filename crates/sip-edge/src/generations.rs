//! Which secrets of a credential an answer is compared with: the present password, the one before it, and those of its
//! devices.
//!
//! Everybody is compared with as many, so that the time it takes tells neither who has changed a password lately, who has
//! devices, nor who exists; what somebody lacks is made up for with decoys. As many are two passwords and the most
//! devices that any credential here has had.

use crate::edge::Edge;
use crate::subject::Subject;
use directory::{CredentialSnapshot, DeviceSecrets, PreviousSnapshot};
use domain::{AuthReason, AuthRemark, Devices, Timestamp};
use sip_digest::{Afterwards, Candidate, HashAlgorithm, Verdict};
use std::sync::Arc;

/// Most secrets to compare with.
const MOST: usize = 2 + Devices::MOST;

/// What makes up for what somebody lacks.
pub(crate) struct Padding {
    pub(crate) most_devices: usize,
    /// Where somebody here has devices and this name has none.
    pub(crate) decoys: Option<Arc<DeviceSecrets>>,
}

/// What an answer is compared with.
pub(crate) struct Candidates<'a, 'p> {
    all: [Candidate<'a, Subject<'p>>; MOST],
    length: usize,
}

impl<'a, 'p> Candidates<'a, 'p> {
    /// Decoys alone, where the most devices of a credential are so many.
    pub(crate) fn decoys(most_devices: usize) -> Self {
        Self { all: [Candidate::Decoy; MOST], length: MOST.min(2 + most_devices) }
    }

    fn fill(
        &mut self,
        passwords: [Candidate<'a, Subject<'p>>; 2],
        others: impl Iterator<Item = Candidate<'a, Subject<'p>>>,
    ) {
        for (place, candidate) in self.all.iter_mut().take(self.length).zip(passwords.into_iter().chain(others)) {
            *place = candidate;
        }
    }

    pub(crate) fn as_slice(&self) -> &[Candidate<'a, Subject<'p>>] {
        self.all.get(..self.length).unwrap_or(&self.all)
    }
}

/// Those to compare with, the likeliest first. Those of a disabled or expired credential are computed too, and so is a password whose
/// overlap is over, so that the tenant can be told what was right about the answer.
pub(crate) fn candidates<'a, 'p>(
    subject: Option<Subject<'p>>,
    credential: Option<&'a CredentialSnapshot>,
    (padding, hash, now): (&'a Padding, HashAlgorithm, Timestamp),
) -> Candidates<'a, 'p> {
    let mut candidates = Candidates::decoys(padding.most_devices);
    let decoys = padding.decoys.as_deref().into_iter().flat_map(DeviceSecrets::iter);
    let decoys = decoys.filter_map(|device| Some(Candidate::DecoyOf { ha1: device.ha1(hash)? }));
    let Some((subject, credential)) = subject.zip(credential) else {
        candidates.fill([Candidate::Decoy; 2], decoys);
        return candidates;
    };
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
    let devices = credential.devices.as_deref().into_iter().flat_map(DeviceSecrets::iter);
    let devices = devices.map(|device| {
        let subject = Subject { generation: device.secret(), ..subject };
        match device.ha1(hash) {
            Some(ha1) if is_barred || !device.is_live() => Candidate::Revoked { subject, ha1 },
            Some(ha1) => Candidate::Accepted { subject, ha1 },
            None => Candidate::Decoy,
        }
    });
    candidates.fill([present, previous], devices.chain(decoys));
    candidates
}

/// Whether a right answer may be refused all the same, for what the credential demands besides.
pub(crate) fn afterwards(credential: Option<&CredentialSnapshot>) -> Afterwards {
    match credential {
        Some(CredentialSnapshot { requirements: Some(_), .. }) => Afterwards::MayBeRefused,
        _ => Afterwards::Accepted,
    }
}

/// Why an answer was refused although it was right for the secret of that number, and what else is to be told.
pub(crate) fn revoked(
    credential: Option<&CredentialSnapshot>,
    (secret, now): (u32, Timestamp),
) -> (AuthReason, Option<AuthRemark>) {
    match credential.and_then(|credential| barrier(credential, now)) {
        Some(reason) => (reason, None),
        None if Devices::is_secret_of_device(secret) => {
            (AuthReason::CredentialDisabled, Some(AuthRemark::RevokedDevice))
        }
        None => (AuthReason::OldPassword, None),
    }
}

/// The label of the device whose secret an answer was right for, empty if it was none's.
pub(crate) fn device<'c>(credential: Option<&'c CredentialSnapshot>, verdict: &Verdict<Subject<'_>>) -> &'c [u8] {
    let secret = match verdict {
        Verdict::Verified(identity) => identity.subject().generation,
        Verdict::Revoked(subject) => subject.generation,
        Verdict::Stale(_) | Verdict::Refused(_) => return b"",
    };
    let devices = credential.and_then(|credential| credential.devices.as_deref());
    devices.and_then(|devices| devices.of_secret(secret)).map_or(b"", |device| device.label().as_bytes())
}

/// Whether a use of that secret says anything that is not known yet.
pub(crate) fn use_is_news(credential: &CredentialSnapshot, secret: u32, now: Timestamp) -> bool {
    let device = credential.devices.as_deref().and_then(|devices| devices.of_secret(secret));
    device.map_or_else(|| credential.last_use.is_news(now), |device| device.use_is_news(now))
}

/// What is worth telling of an answer made with that generation of the password.
pub(crate) fn remark(credential: Option<&CredentialSnapshot>, generation: u32) -> Option<AuthRemark> {
    let previous = credential.and_then(|credential| credential.previous.as_ref());
    let is_previous = previous.is_some_and(|previous| previous.generation == generation);
    is_previous.then_some(AuthRemark::PreviousPassword)
}

impl Edge {
    /// Why a credential that was verified was no more what it was when its bindings were to be written.
    pub(crate) fn superseded(&self, subject: &Subject<'_>, now: Timestamp) -> AuthReason {
        let (realm, hash) = (subject.realm.id, HashAlgorithm::Sha256);
        let found = self.parts.directory.credential(realm, subject.username, hash);
        match found.filter(|credential| credential.id == subject.id) {
            Some(credential) => revoked(Some(&credential), (subject.generation, now)).0,
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
