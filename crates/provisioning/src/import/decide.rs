//! What is to become of each row, from what is there: no IO, so that a dry run decides the same.

use super::OnConflict;
use super::row::{ImportRow, ImportedSecret, RowFault, RowOutcome};
use crate::ExpiryUpdate;
use crate::create_credential::Draft;
use crate::given_hashes::hash_of;
use crate::sealed_secret::{SealedSecret, ha1_of};
use crate::sealing::Sealing;
use crate::update_credential::Patch;
use crate::{CallsAfter, CredentialsWrite, Description, RequirementsUpdate};
use domain::{Credential, CredentialId, DigestAlgorithm, Sealed, SealedHa1s, Username};
use keyring::Ha1Context;
use sip_digest::Ha1;
use std::collections::HashMap;

/// What rows are decided by.
pub(super) struct Deciding {
    pub(super) sealing: Sealing,
    pub(super) scope: CredentialsWrite,
    /// Those of the rows' usernames that the realm has.
    pub(super) known: HashMap<Username, Credential>,
    pub(super) on_conflict: OnConflict,
}

/// What is to become of a row.
pub(super) enum Decided {
    /// Nothing is to be stored.
    Already(RowOutcome),
    /// A new credential.
    Create(Draft),
    /// A change of the one there is.
    Replace(Box<Credential>, Patch),
}

impl Decided {
    /// What would become of the row if it were stored now.
    pub(super) fn forecast(self) -> RowOutcome {
        match self {
            Self::Already(outcome) => outcome,
            Self::Create(_) => RowOutcome::Created(None),
            Self::Replace(current, _) => RowOutcome::Replaced(current.id),
        }
    }
}

impl Deciding {
    /// Decides on all rows, each with the identifier it would get.
    pub(super) fn decide(mut self, rows: Vec<ImportRow>, ids: Vec<CredentialId>) -> Vec<Decided> {
        let mut seen = HashMap::with_capacity(rows.len());
        let decide = |(number, (row, id)): (usize, (ImportRow, CredentialId))| {
            if let Some(earlier) = seen.get(&row.username) {
                return Decided::Already(RowOutcome::Failed(RowFault::Repeated(*earlier)));
            }
            seen.insert(row.username.clone(), number);
            let known = self.known.remove(&row.username);
            self.decide_on(row, id, known).unwrap_or_else(|fault| Decided::Already(RowOutcome::Failed(fault)))
        };
        (1..).zip(rows.into_iter().zip(ids)).map(decide).collect()
    }

    fn decide_on(&self, row: ImportRow, id: CredentialId, known: Option<Credential>) -> Result<Decided, RowFault> {
        self.check_hashes(&row)?;
        let Some(current) = known else {
            let secret = self.seal(id, &row.username, row.secret)?;
            let (enabled, description) = (row.enabled, row.description.into_inner());
            return Ok(Decided::Create(Draft { id, username: row.username, secret, enabled, description }));
        };
        if current.account != self.scope.account() {
            return Err(RowFault::TakenInRealm);
        }
        let same_secret = self.is_of(&current, &row);
        let existed = Ok(Decided::Already(RowOutcome::Existed(current.id)));
        match self.on_conflict {
            OnConflict::Skip => existed,
            OnConflict::Fail if same_secret => existed,
            OnConflict::Fail => Err(RowFault::OtherSecret),
            OnConflict::Replace if same_secret && is_as(&current, row.enabled, &row.description) => existed,
            OnConflict::Replace => {
                let secret =
                    if same_secret { None } else { Some(self.seal(current.id, &current.username, row.secret)?) };
                let patch = Patch {
                    secret,
                    enabled: Some(row.enabled),
                    description: Some(row.description.into_inner()),
                    requirements: RequirementsUpdate::default(),
                    expiry: ExpiryUpdate::Keep,
                    calls: CallsAfter::Keep,
                };
                Ok(Decided::Replace(Box::new(current), patch))
            }
        }
    }

    /// A password beside its hashes vouches for them.
    fn check_hashes(&self, row: &ImportRow) -> Result<(), RowFault> {
        let ImportedSecret::Password(password, hashes) = &row.secret else { return Ok(()) };
        let fields = ["ha1_md5", "ha1_sha256", "ha1_sha512_256"];
        for (algorithm, field) in DigestAlgorithm::ALL.into_iter().zip(fields) {
            let given = hashes.get(algorithm);
            if given.is_some_and(|given| *given != ha1_of(&self.scope, (&row.username, password), algorithm)) {
                return Err(RowFault::HashOfAnotherPassword(field));
            }
        }
        Ok(())
    }

    fn seal(&self, id: CredentialId, username: &Username, secret: ImportedSecret) -> Result<SealedSecret, RowFault> {
        match secret {
            ImportedSecret::Password(password, _) => {
                SealedSecret::of_password(&self.sealing, &self.scope, (id, username, password))
                    .map_err(RowFault::WeakPassword)
            }
            // Hashes are refused for one reason only.
            ImportedSecret::Hashes(hashes) => {
                SealedSecret::of_hashes(&self.sealing, &self.scope, (id, username, &hashes))
                    .map_err(|_| RowFault::Md5Retired)
            }
        }
    }

    /// Whether the row says the credential's present password, as far as both tell: at least one hash of both is the
    /// same, and none differs.
    fn is_of(&self, current: &Credential, row: &ImportRow) -> bool {
        let mut compared = DigestAlgorithm::ALL.into_iter().filter_map(|algorithm| {
            let said = match &row.secret {
                ImportedSecret::Password(password, _) => ha1_of(&self.scope, (&row.username, password), algorithm),
                ImportedSecret::Hashes(hashes) => hashes.get(algorithm)?.clone(),
            };
            Some(said == self.open(current, algorithm)?)
        });
        compared.next().is_some_and(|first| first && compared.all(|same| same))
    }

    fn open(&self, credential: &Credential, algorithm: DigestAlgorithm) -> Option<Ha1> {
        let Credential { id, username, ha1s, .. } = credential;
        let (account, realm) = (self.scope.auth_id(), self.scope.realm_name());
        let context = Ha1Context { account, credential: *id, algorithm, realm, username, device: None };
        let opened = self.sealing.open_ha1(&context, sealed(ha1s, algorithm)?)?;
        Ha1::from_bytes(hash_of(algorithm), opened.as_bytes())
    }
}

fn sealed(ha1s: &SealedHa1s, algorithm: DigestAlgorithm) -> Option<&Sealed> {
    match algorithm {
        DigestAlgorithm::Md5 => ha1s.md5.as_ref(),
        DigestAlgorithm::Sha256 => ha1s.sha256.as_ref(),
        DigestAlgorithm::Sha512_256 => ha1s.sha512_256.as_ref(),
    }
}

fn is_as(current: &Credential, enabled: bool, description: &Description) -> bool {
    current.enabled == enabled && &*current.description == description.as_str()
}
