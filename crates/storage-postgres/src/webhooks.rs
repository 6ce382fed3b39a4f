//! Webhooks and their secrets.

use crate::PostgresStorage;
use crate::account_changes;
use crate::changed::Touched;
use crate::failure::Refused;
use crate::rows::{self, parsed};
use crate::sql::{self, Row, parameters};
use domain::{AccountId, PreviousWebhookSecret, Revision, Sealed, Webhook, WebhookEvents, WebhookSecret, WebhookUrl};
use sqlx::PgConnection;
use storage::{Conflict, Pending, ResealedWebhookSecret, StorageError, Webhooks};

/// The columns [`read`] reads.
pub(crate) const COLUMNS: &str = "account_id, url, events, enabled, secret, previous_secret, previous_until, \
     created_at, updated_at, revision";

impl Webhooks for PostgresStorage {
    fn webhook(&self, account: AccountId) -> Pending<'_, Result<Option<Webhook>, StorageError>> {
        Box::pin(self.database.read(move |connection| Box::pin(of_account(connection, account))))
    }

    fn webhooks(&self, after: Option<AccountId>, limit: u32) -> Pending<'_, Result<Vec<Webhook>, StorageError>> {
        Box::pin(self.database.read(move |connection| {
            Box::pin(async move {
                let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE account_id > $1 ORDER BY account_id LIMIT $2");
                let window = parameters![after.map_or(0, |account| account.0), limit];
                sql::all(connection, sql, window, read).await
            })
        }))
    }
}

pub(crate) fn read(row: &Row<'_>) -> sql::Result<Webhook> {
    let url = rows::some_parsed(row, 1, WebhookUrl::parse_any)?;
    let previous = match rows::sealed(row, 5)? {
        Some(sealed) => Some(PreviousWebhookSecret { sealed, until: rows::moment(row, 6)? }),
        None => None,
    };
    Ok(Webhook {
        account: AccountId(row.get(0)?),
        url,
        events: parsed(row, 2, |text| WebhookEvents::from_stored(text).ok_or("no event has that name"))?,
        enabled: row.get(3)?,
        secret: WebhookSecret { current: Sealed::from_bytes(rows::octets(row, 4)?), previous },
        created_at: rows::moment(row, 7)?,
        updated_at: rows::moment(row, 8)?,
        revision: rows::revision(row, 9)?,
    })
}

/// Creates or replaces a webhook, if it is still as it was read.
pub(crate) async fn put(connection: &mut PgConnection, new: &Webhook, revision: Revision) -> Result<Touched, Refused> {
    if !account_changes::exists(connection, new.account).await? {
        return Err(Conflict::NotFound.into());
    }
    let stored = of_account(connection, new.account).await?;
    if stored.as_ref().map_or(Revision(0), |stored| stored.revision) != new.revision {
        return Err(Conflict::Superseded.into());
    }
    let created_at = stored.map_or(new.created_at, |stored| stored.created_at);
    let previous = new.secret.previous.as_ref();
    let sql = format!(
        "INSERT INTO webhooks ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (account_id) DO UPDATE SET url = excluded.url, events = excluded.events,
         enabled = excluded.enabled, secret = excluded.secret, previous_secret = excluded.previous_secret,
         previous_until = excluded.previous_until, updated_at = excluded.updated_at, revision = excluded.revision"
    );
    let values = parameters![
        new.account.0,
        new.url.as_ref().map(WebhookUrl::as_str),
        new.events.to_stored(),
        new.enabled,
        new.secret.current.as_bytes(),
        previous.map(|previous| previous.sealed.as_bytes()),
        previous.map(|previous| previous.until.as_micros()),
        created_at.as_micros(),
        new.updated_at.as_micros(),
        revision.0.cast_signed(),
    ];
    sql::execute(connection, sql, values).await?;
    Ok(Touched::Webhook(new.account))
}

/// Deletes the account's webhook.
pub(crate) async fn delete(connection: &mut PgConnection, account: AccountId) -> Result<Touched, Refused> {
    match sql::execute(connection, "DELETE FROM webhooks WHERE account_id = $1", parameters![account.0]).await? {
        0 => Err(Conflict::NotFound.into()),
        _ => Ok(Touched::Webhook(account)),
    }
}

/// Replaces the seals of those that are still as they were read.
pub(crate) async fn reseal(
    connection: &mut PgConnection,
    resealed: &[ResealedWebhookSecret],
    revision: Revision,
    touched: &mut Vec<Touched>,
) -> Result<(), Refused> {
    let sql = "UPDATE webhooks SET secret = $3, previous_secret = $4, previous_until = $5, revision = $6
         WHERE account_id = $1 AND revision = $2";
    for new in resealed {
        let previous = new.secret.previous.as_ref();
        let values = parameters![
            new.account.0,
            new.revision.0.cast_signed(),
            new.secret.current.as_bytes(),
            previous.map(|previous| previous.sealed.as_bytes()),
            previous.map(|previous| previous.until.as_micros()),
            revision.0.cast_signed(),
        ];
        if sql::execute(connection, sql, values).await? > 0 {
            touched.push(Touched::Webhook(new.account));
        }
    }
    Ok(())
}

async fn of_account(connection: &mut PgConnection, account: AccountId) -> sql::Result<Option<Webhook>> {
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE account_id = $1");
    sql::find(connection, sql, parameters![account.0], read).await
}
