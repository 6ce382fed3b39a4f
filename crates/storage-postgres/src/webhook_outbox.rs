//! What webhooks are still to be told.

use crate::PostgresStorage;
use crate::rows;
use crate::sql::{self, parameters};
use sqlx::PgConnection;
use std::sync::Arc;
use storage::{Pending, StorageError, WebhookDelivery, WebhookDeliveryChange, WebhookOutbox};

impl WebhookOutbox for PostgresStorage {
    fn save_webhook_deliveries(
        &self,
        changes: Arc<Vec<WebhookDeliveryChange>>,
    ) -> Pending<'_, Result<(), StorageError>> {
        let node = self.database.node.clone();
        Box::pin(self.database.write(move |connection| {
            Box::pin(async move {
                for change in changes.iter() {
                    match change {
                        WebhookDeliveryChange::Put(delivery) => put(connection, delivery, &node).await?,
                        WebhookDeliveryChange::Remove(id) => {
                            let sql = "DELETE FROM webhook_outbox WHERE id = $1";
                            sql::execute(connection, sql, parameters![id]).await?;
                        }
                    }
                }
                Ok(())
            })
        }))
    }

    fn load_webhook_deliveries(&self, limit: u32, each: &mut dyn FnMut(WebhookDelivery)) -> Result<(), StorageError> {
        let node = self.database.node.clone();
        self.database.read_blocking(
            move |connection, send| {
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {} FROM webhook_outbox WHERE node = $2 ORDER BY id LIMIT $1",
                        rows::WEBHOOK_DELIVERY
                    );
                    // Whoever asked may have gone.
                    let _ =
                        send.send(sql::all(connection, sql, parameters![limit, *node], rows::webhook_delivery).await?);
                    Ok(())
                })
            },
            each,
        )
    }
}

/// Keeps a message, unless it is kept already or its account is gone.
async fn put(connection: &mut PgConnection, delivery: &WebhookDelivery, node: &str) -> sql::Result<()> {
    let sql = "INSERT INTO webhook_outbox (id, account_id, url, body, at, method, event, node)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8
         WHERE EXISTS (SELECT 1 FROM accounts WHERE id = $2) ON CONFLICT DO NOTHING";
    let values = parameters![
        delivery.id,
        delivery.account.0,
        delivery.url,
        delivery.body,
        delivery.at.as_micros(),
        delivery.method.as_str(),
        delivery.event,
        node,
    ];
    sql::execute(connection, sql, values).await?;
    Ok(())
}
