//! Contact bindings across restarts, and the numbers of starts.

use crate::SqliteStorage;
use crate::failure::Failure;
use crate::rows;
use crate::transaction::Refused;
use domain::{AccountId, BindingId, ContactBinding, CredentialId, RealmId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use storage::{BootNumber, Boots, Conflict, Fact, Pending, Refresh, RegistrationChange, Registrations, StorageError};

/// Stores a binding where its credential and account admit it.
const PUT: &str =
    "INSERT OR REPLACE INTO registrations (credential, binding, generation, contact, instance, reg_id, path,
     q_thousandths, call_id, cseq, user_agent, transport, source, local, registered_at, expires_at)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16 WHERE EXISTS
     (SELECT 1 FROM credentials c JOIN accounts a ON a.id = c.account_id
      LEFT JOIN accounts above ON above.id = a.parent_account
      WHERE c.id = ?1 AND c.enabled = 1 AND a.enabled = 1
      AND (c.generation = ?3 OR c.previous_generation = ?3 AND c.overlap_until IS NOT NULL
      OR ?3 >= 1073741824 AND EXISTS
         (SELECT 1 FROM devices d WHERE d.credential = ?1 AND d.secret = ?3 AND d.revoked_at IS NULL))
      AND coalesce(above.enabled, 1) = 1)";

/// Renews a binding: a fifth of the work, because what admitted it was checked when it was stored, and a revocation would
/// have removed it.
const REFRESH: &str = "UPDATE registrations SET cseq = ?3, expires_at = ?4 WHERE credential = ?1 AND binding = ?2";

/// Most starts that are ever asked for at once.
const MAX_BOOTS: u32 = 1024;

impl Registrations for SqliteStorage {
    fn load(&self, now: Timestamp, each: &mut dyn FnMut(ContactBinding)) -> Result<(), StorageError> {
        self.writer.run_blocking(move |transaction| {
            let mut forget =
                transaction.connection.prepare_cached("DELETE FROM registrations WHERE expires_at <= ?1")?;
            forget.execute([now.as_micros()])?;
            Ok(())
        })?;
        read_all(&self.readers.open()?, each).map_err(StorageError::from)
    }

    fn save(&self, batch: Vec<RegistrationChange>) -> Pending<'_, Result<(), StorageError>> {
        let mut batch = batch;
        // Neighbours in the table one after the other: their pages are in the processor's cache then.
        batch.sort_by_key(credential_of);
        Box::pin(self.writer.run(move |transaction| {
            batch.iter().try_for_each(|change| match change {
                RegistrationChange::Put(binding) => put(transaction.connection, binding),
                RegistrationChange::Refresh(refreshed) => refresh(transaction.connection, refreshed),
                RegistrationChange::Remove { credential, id } => {
                    transaction
                        .connection
                        .prepare_cached("DELETE FROM registrations WHERE credential = ?1 AND binding = ?2")?
                        .execute(params![credential.as_bytes(), id.0])?;
                    Ok(())
                }
            })
        }))
    }
}

impl Boots for SqliteStorage {
    fn begin_boot(&self, node: &str, now: Timestamp) -> Pending<'_, Result<BootNumber, StorageError>> {
        let node: Box<str> = node.into();
        Box::pin(self.writer.run(move |transaction| {
            transaction
                .connection
                .prepare_cached("INSERT INTO boots (node, started_at) VALUES (?1, ?2)")?
                .execute(params![node, now.as_micros()])?;
            let number = u32::try_from(transaction.connection.last_insert_rowid());
            number.map(BootNumber).map_err(|_| Failure::damaged("the numbers of starts are used up"))
        }))
    }

    fn boots_since(&self, since: Timestamp) -> Pending<'_, Result<Vec<BootNumber>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = "SELECT number FROM boots WHERE started_at >= ?1 ORDER BY number DESC LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let numbers =
                statement.query_map(params![since.as_micros(), MAX_BOOTS], |row| row.get(0).map(BootNumber))?;
            Ok(numbers.collect::<rusqlite::Result<_>>()?)
        }))
    }
}

/// Ends one registration of a credential, or all, if the account owns the credential.
pub(crate) fn end(
    connection: &Connection,
    (account, credential): (AccountId, CredentialId),
    binding: Option<BindingId>,
) -> Result<Fact, Refused> {
    let sql = "SELECT realm_id, username FROM credentials WHERE id = ?1 AND account_id = ?2";
    let (realm, username) = connection
        .prepare_cached(sql)?
        .query_row(params![credential.as_bytes(), account.0], |row| Ok((RealmId(row.get(0)?), rows::username(row, 1)?)))
        .optional()?
        .ok_or(Conflict::NotFound)?;
    connection
        .prepare_cached("DELETE FROM registrations WHERE credential = ?1 AND binding = coalesce(?2, binding)")?
        .execute(params![credential.as_bytes(), binding.map(|binding| binding.0)])?;
    Ok(Fact::RegistrationsEnded { credential, realm, username, binding })
}

/// Writes the binding, unless its credential or account refuses it: see [`RegistrationChange::Put`].
fn put(connection: &Connection, binding: &ContactBinding) -> Result<(), Failure> {
    connection.prepare_cached(PUT)?.execute(params![
        binding.credential.as_bytes(),
        binding.id.0,
        binding.generation,
        binding.contact,
        binding.instance,
        binding.reg_id,
        binding.path,
        binding.q_thousandths,
        binding.call_id,
        binding.cseq,
        binding.user_agent,
        binding.transport.as_str(),
        binding.source.to_string(),
        binding.local.to_string(),
        binding.registered_at.as_micros(),
        binding.expires_at.as_micros(),
    ])?;
    Ok(())
}

/// Renews the binding if it is there.
fn refresh(connection: &Connection, refresh: &Refresh) -> Result<(), Failure> {
    let Refresh { credential, id, cseq, expires_at } = refresh;
    connection.prepare_cached(REFRESH)?.execute(params![credential.as_bytes(), id.0, cseq, expires_at.as_micros()])?;
    Ok(())
}

fn credential_of(change: &RegistrationChange) -> CredentialId {
    match change {
        RegistrationChange::Put(binding) => binding.credential,
        RegistrationChange::Refresh(Refresh { credential, .. }) | RegistrationChange::Remove { credential, .. } => {
            *credential
        }
    }
}

fn read_all(connection: &Connection, each: &mut dyn FnMut(ContactBinding)) -> Result<(), Failure> {
    let mut statement = connection.prepare(&format!("SELECT {} FROM registrations", rows::BINDING))?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        each(rows::binding(row)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{migrate, open};
    use rusqlite::StatementStatus;
    use testkit::samples;

    /// It runs for every refresh that is saved, and preparing it takes longer than the rest of it.
    #[test]
    fn the_statements_that_store_a_binding_are_prepared_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        open::configure(&connection).unwrap();
        migrate::migrate(&mut connection, 0).unwrap();
        for number in 0..10 {
            let credential = CredentialId::from_bytes([u8::try_from(number).unwrap(); 16]);
            put(&connection, &samples::binding(credential, number, 1, Timestamp::from_seconds(1))).unwrap();
            let (id, expires_at) = (BindingId(number), Timestamp::from_seconds(2));
            refresh(&connection, &Refresh { credential, id, cseq: 2, expires_at }).unwrap();
        }
        for statement in [PUT, REFRESH] {
            let prepared_again = connection.prepare_cached(statement).unwrap().get_status(StatementStatus::RePrepare);
            assert_eq!(prepared_again, 0);
        }
    }
}
