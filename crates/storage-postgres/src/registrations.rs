//! Contact bindings across restarts, and the numbers of starts.

use crate::PostgresStorage;
use crate::changed::Touched;
use crate::failure::{Failure, Refused};
use crate::rows;
use crate::sql::{self, parameters};
use domain::{AccountId, BindingId, ContactBinding, CredentialId, RealmId, Timestamp};
use sqlx::PgConnection;
use storage::{BootNumber, Boots, Conflict, Pending, Refresh, RegistrationChange, Registrations, StorageError};

/// Stores a binding where its credential and account admit it: see [`RegistrationChange::Put`].
const PUT: &str = "INSERT INTO registrations (credential, binding, generation, contact, instance, reg_id, path,
     q_thousandths, call_id, cseq, user_agent, transport, source, local, registered_at, expires_at, node)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17 WHERE EXISTS
     (SELECT 1 FROM credentials c JOIN accounts a ON a.id = c.account_id
      LEFT JOIN accounts above ON above.id = a.parent_account
      WHERE c.id = $1 AND c.enabled = 1 AND a.enabled = 1
      AND (c.generation = $3 OR c.previous_generation = $3 AND c.overlap_until IS NOT NULL
      OR $3 >= 1073741824 AND EXISTS
         (SELECT 1 FROM devices d WHERE d.credential = $1 AND d.secret = $3 AND d.revoked_at IS NULL))
      AND coalesce(above.enabled, 1) = 1)
     ON CONFLICT (credential, binding) DO UPDATE SET generation = excluded.generation, contact = excluded.contact,
     instance = excluded.instance, reg_id = excluded.reg_id, path = excluded.path,
     q_thousandths = excluded.q_thousandths, call_id = excluded.call_id, cseq = excluded.cseq,
     user_agent = excluded.user_agent, transport = excluded.transport, source = excluded.source,
     local = excluded.local, registered_at = excluded.registered_at, expires_at = excluded.expires_at,
     node = excluded.node";

/// Most starts that are ever asked for at once.
const MAX_BOOTS: u32 = 1024;
/// Bindings that are read at once.
const CHUNK: u32 = 4096;

impl Registrations for PostgresStorage {
    fn load(&self, now: Timestamp, each: &mut dyn FnMut(ContactBinding)) -> Result<(), StorageError> {
        self.database.write_blocking(move |connection| {
            Box::pin(async move {
                let sql = "DELETE FROM registrations WHERE expires_at <= $1";
                sql::execute(connection, sql, parameters![now.as_micros()]).await?;
                Ok(())
            })
        })?;
        let node = self.database.node.clone();
        self.database.read_blocking(
            move |connection, send| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {} FROM registrations WHERE (credential, binding) > ($1, $2) AND node = $4
                         ORDER BY credential, binding LIMIT $3",
                        rows::BINDING
                    );
                    // The empty octet string comes before all others.
                    let mut after = (Vec::new(), 0);
                    loop {
                        let from = parameters![after.0, after.1, CHUNK, *node];
                        let found = sql::all(connection, sql.clone(), from, rows::binding).await?;
                        let Some(last) = found.last() else { return Ok(()) };
                        after = (last.credential.as_bytes().to_vec(), last.id.0);
                        // Whoever asked may have gone.
                        let _ = send.send(found);
                    }
                })
            },
            each,
        )
    }

    fn save(&self, batch: Vec<RegistrationChange>) -> Pending<'_, Result<(), StorageError>> {
        let node = self.database.node.clone();
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                let mut refreshes = Vec::new();
                for change in &batch {
                    if let RegistrationChange::Refresh(one) = change {
                        refreshes.push(*one);
                        continue;
                    }
                    refresh(connection, std::mem::take(&mut refreshes), &node).await?;
                    match change {
                        RegistrationChange::Put(binding) => put(connection, binding, &node).await?,
                        RegistrationChange::Remove { credential, id } => {
                            let sql = "DELETE FROM registrations WHERE credential = $1 AND binding = $2";
                            sql::execute(connection, sql, parameters![credential.as_bytes(), id.0]).await?;
                        }
                        RegistrationChange::Refresh(_) => {}
                    }
                }
                refresh(connection, refreshes, &node).await?;
                Ok(())
            })
        }))
    }
}

impl Boots for PostgresStorage {
    fn begin_boot(&self, node: &str, now: Timestamp) -> Pending<'_, Result<BootNumber, StorageError>> {
        let node: Box<str> = node.into();
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                let sql = "INSERT INTO boots (node, started_at) VALUES ($1, $2) RETURNING number";
                let number: i64 =
                    sql::one(connection, sql, parameters![node, now.as_micros()], |row| row.get(0)).await?;
                let number = u32::try_from(number).map(BootNumber);
                number.map_err(|_| Failure::damaged("the numbers of starts are used up"))
            })
        }))
    }

    fn boots_since(&self, since: Timestamp) -> Pending<'_, Result<Vec<BootNumber>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = "SELECT number FROM boots WHERE started_at >= $1 ORDER BY number DESC LIMIT $2";
                let window = parameters![since.as_micros(), MAX_BOOTS];
                sql::all(connection, sql, window, |row| row.get(0).map(BootNumber)).await
            })
        }))
    }
}

/// Ends one registration of a credential, or all, if the account owns the credential.
pub(crate) async fn end(
    connection: &mut PgConnection,
    (account, credential): (AccountId, CredentialId),
    binding: Option<BindingId>,
) -> Result<Touched, Refused> {
    let sql = "SELECT realm_id, username FROM credentials WHERE id = $1 AND account_id = $2";
    let found = sql::find(connection, sql, parameters![credential.as_bytes(), account.0], |row| {
        Ok((RealmId(row.get(0)?), rows::username(row, 1)?))
    });
    let (realm, username) = found.await?.ok_or(Conflict::NotFound)?;
    let sql = "DELETE FROM registrations WHERE credential = $1 AND binding = coalesce($2, binding)";
    sql::execute(connection, sql, parameters![credential.as_bytes(), binding.map(|binding| binding.0)]).await?;
    Ok(Touched::Registrations { credential, realm, username, binding })
}

/// Renews those that are there, with one statement; of several of one binding the last counts.
async fn refresh(connection: &mut PgConnection, mut refreshes: Vec<Refresh>, node: &str) -> sql::Result<()> {
    if refreshes.is_empty() {
        return Ok(());
    }
    refreshes.reverse();
    // Stable, so that of equal ones the last of before comes first, and stays.
    refreshes.sort_by_key(|one| (one.credential, one.id));
    refreshes.dedup_by_key(|one| (one.credential, one.id));
    let values = parameters![
        refreshes.iter().map(|one| one.credential.as_bytes().as_slice()).collect::<Vec<_>>(),
        refreshes.iter().map(|one| one.id.0).collect::<Vec<_>>(),
        refreshes.iter().map(|one| i64::from(one.cseq)).collect::<Vec<_>>(),
        refreshes.iter().map(|one| one.expires_at.as_micros()).collect::<Vec<_>>(),
        node,
    ];
    let sql = "UPDATE registrations r SET cseq = new.cseq, expires_at = new.expires_at, node = $5
         FROM unnest ($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[]) AS new (credential, binding, cseq, expires_at)
         WHERE r.credential = new.credential AND r.binding = new.binding";
    sql::execute(connection, sql, values).await?;
    Ok(())
}

/// Writes the binding, unless its credential or account refuses it.
async fn put(connection: &mut PgConnection, binding: &ContactBinding, node: &str) -> sql::Result<()> {
    let values = parameters![
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
        node,
    ];
    sql::execute(connection, PUT, values).await?;
    Ok(())
}
