//! What webhooks are still to be told.

use crate::SqliteStorage;
use crate::failure::Failure;
use crate::rows;
use rusqlite::{Connection, params};
use std::sync::Arc;
use storage::{Pending, StorageError, WebhookDelivery, WebhookDeliveryChange, WebhookOutbox};

impl WebhookOutbox for SqliteStorage {
    fn save_webhook_deliveries(
        &self,
        changes: Arc<Vec<WebhookDeliveryChange>>,
    ) -> Pending<'_, Result<(), StorageError>> {
        Box::pin(self.writer.run(move |transaction| {
            changes.iter().try_for_each(|change| match change {
                WebhookDeliveryChange::Put(delivery) => put(transaction.connection, delivery),
                WebhookDeliveryChange::Remove(id) => {
                    let sql = "DELETE FROM webhook_outbox WHERE id = ?1";
                    transaction.connection.prepare_cached(sql)?.execute([id])?;
                    Ok(())
                }
            })
        }))
    }

    fn load_webhook_deliveries(&self, limit: u32, each: &mut dyn FnMut(WebhookDelivery)) -> Result<(), StorageError> {
        read(&self.readers.open()?, limit, each).map_err(StorageError::from)
    }
}

/// Keeps a message, unless it is kept already or its account is gone.
fn put(connection: &Connection, delivery: &WebhookDelivery) -> Result<(), Failure> {
    let sql =
        "INSERT INTO webhook_outbox (id, account_id, url, body, at, method, event) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
         WHERE EXISTS (SELECT 1 FROM accounts WHERE id = ?2) ON CONFLICT DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![
        delivery.id,
        delivery.account.0,
        delivery.url,
        delivery.body,
        delivery.at.as_micros(),
        delivery.method.as_str(),
        delivery.event,
    ])?;
    Ok(())
}

fn read(connection: &Connection, limit: u32, each: &mut dyn FnMut(WebhookDelivery)) -> Result<(), Failure> {
    let sql = format!("SELECT {} FROM webhook_outbox ORDER BY id LIMIT ?1", rows::WEBHOOK_DELIVERY);
    let mut statement = connection.prepare(&sql)?;
    let mut found = statement.query([limit])?;
    while let Some(row) = found.next()? {
        each(rows::webhook_delivery(row)?);
    }
    Ok(())
}
