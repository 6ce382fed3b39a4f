//! Bans across restarts.

use crate::PostgresStorage;
use crate::rows;
use crate::sql::{self, parameters};
use domain::{Ban, BanId, CredentialId, Timestamp};
use sqlx::PgConnection;
use std::sync::Arc;
use storage::{BanStore, Pending, StorageError};

impl BanStore for PostgresStorage {
    fn save_bans(&self, began: Arc<Vec<Ban>>, ended_before: Timestamp) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                let sql = "DELETE FROM bans WHERE ends_at < $1";
                sql::execute(connection, sql, parameters![ended_before.as_micros()]).await?;
                for ban in began.iter() {
                    put(connection, ban).await?;
                }
                Ok(())
            })
        }))
    }

    fn forget_ban(&self, id: BanId) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                sql::execute(connection, "DELETE FROM bans WHERE id = $1", parameters![id.as_bytes()]).await?;
                Ok(())
            })
        }))
    }

    fn load_bans(&self, now: Timestamp, each: &mut dyn FnMut(Ban)) -> Result<(), StorageError> {
        self.database.read_blocking(
            move |connection, send| {
                Box::pin(async move {
                    let sql = format!("SELECT {} FROM bans WHERE ends_at > $1 ORDER BY id", rows::BAN);
                    // Whoever asked may have gone.
                    let _ = send.send(sql::all(connection, sql, parameters![now.as_micros()], rows::ban).await?);
                    Ok(())
                })
            },
            each,
        )
    }
}

async fn put(connection: &mut PgConnection, ban: &Ban) -> sql::Result<()> {
    let sql = "INSERT INTO bans (id, kind, account_id, realm_id, credential, generation, username, network, failures,
                                 began_at, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
    let values = parameters![
        ban.id.as_bytes(),
        ban.kind.as_str(),
        ban.account.map(|account| account.0),
        ban.realm.map(|realm| realm.0),
        ban.credential.as_ref().map(CredentialId::as_bytes),
        ban.generation,
        ban.username,
        ban.network.map(|network| network.to_string()),
        ban.failures,
        ban.began_at.as_micros(),
        ban.ends_at.as_micros(),
    ];
    sql::execute(connection, sql, values).await?;
    Ok(())
}
