//! Bans across restarts.

use crate::SqliteStorage;
use crate::rows;
use domain::{Ban, BanId, Timestamp};
use rusqlite::params;
use std::sync::Arc;
use storage::{BanStore, Pending, StorageError};

impl BanStore for SqliteStorage {
    fn save_bans(&self, began: Arc<Vec<Ban>>, ended_before: Timestamp) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.writer.run(move |transaction| {
            let sql = "DELETE FROM bans WHERE ends_at < ?1";
            transaction.connection.prepare_cached(sql)?.execute([ended_before.as_micros()])?;
            let mut insert = transaction.connection.prepare_cached(
                "INSERT INTO bans (id, kind, account_id, realm_id, credential, generation, username, network, failures,
                                   began_at, ends_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
            )?;
            for ban in began.iter() {
                insert.execute(params![
                    ban.id.as_bytes(),
                    ban.kind.as_str(),
                    ban.account.map(|account| account.0),
                    ban.realm.map(|realm| realm.0),
                    ban.credential.map(|credential| *credential.as_bytes()),
                    ban.generation,
                    ban.username,
                    ban.network.map(|network| network.to_string()),
                    ban.failures,
                    ban.began_at.as_micros(),
                    ban.ends_at.as_micros(),
                ])?;
            }
            Ok(())
        }))
    }

    fn forget_ban(&self, id: BanId) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.writer.run(move |transaction| {
            transaction.connection.prepare_cached("DELETE FROM bans WHERE id = ?1")?.execute([id.as_bytes()])?;
            Ok(())
        }))
    }

    fn load_bans(&self, now: Timestamp, each: &mut dyn FnMut(Ban)) -> Result<(), StorageError> {
        let mut read = || {
            let connection = self.readers.open()?;
            let sql = format!("SELECT {} FROM bans WHERE ends_at > ?1 ORDER BY id", rows::BAN);
            let mut statement = connection.prepare(&sql)?;
            for ban in statement.query_map([now.as_micros()], rows::ban)? {
                each(ban?);
            }
            Ok::<(), crate::failure::Failure>(())
        };
        read().map_err(StorageError::from)
    }
}
