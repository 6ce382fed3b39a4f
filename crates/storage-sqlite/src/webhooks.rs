//! Webhooks and their secrets.

use crate::SqliteStorage;
use crate::account_changes;
use crate::failure::Failure;
use crate::rows::{self, find, parsed};
use crate::transaction::Refused;
use domain::{AccountId, PreviousWebhookSecret, Revision, Sealed, Webhook, WebhookEvents, WebhookSecret, WebhookUrl};
use rusqlite::{Connection, OptionalExtension, Row, params};
use storage::{Conflict, Fact, Pending, ResealedWebhookSecret, StorageError, Webhooks};

/// The columns [`read`] reads.
pub(crate) const COLUMNS: &str = "account_id, url, events, enabled, secret, previous_secret, previous_until, \
     created_at, updated_at, revision";

impl Webhooks for SqliteStorage {
    fn webhook(&self, account: AccountId) -> Pending<'_, Result<Option<Webhook>, StorageError>> {
        Box::pin(self.read(move |connection| of_account(connection, account)))
    }

    fn webhooks(&self, after: Option<AccountId>, limit: u32) -> Pending<'_, Result<Vec<Webhook>, StorageError>> {
        Box::pin(self.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE account_id > ?1 ORDER BY account_id LIMIT ?2");
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(params![after.map_or(0, |account| account.0), limit], read)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        }))
    }
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Webhook> {
    let url = match row.get_ref(1)?.as_str_or_null()? {
        Some(_) => Some(parsed(row, 1, WebhookUrl::parse_any)?),
        None => None,
    };
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
pub(crate) fn put(connection: &Connection, new: &Webhook, revision: Revision) -> Result<Fact, Refused> {
    if !account_changes::exists(connection, new.account)? {
        return Err(Conflict::NotFound.into());
    }
    let stored = of_account(connection, new.account)?;
    if stored.as_ref().map_or(Revision(0), |stored| stored.revision) != new.revision {
        return Err(Conflict::Superseded.into());
    }
    let created_at = stored.map_or(new.created_at, |stored| stored.created_at);
    let webhook = Webhook { created_at, revision, ..new.clone() };
    let previous = webhook.secret.previous.as_ref();
    let sql = format!("INSERT OR REPLACE INTO webhooks ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    connection.prepare_cached(&sql)?.execute(params![
        webhook.account.0,
        webhook.url.as_ref().map(WebhookUrl::as_str),
        webhook.events.to_stored(),
        webhook.enabled,
        webhook.secret.current.as_bytes(),
        previous.map(|previous| previous.sealed.as_bytes()),
        previous.map(|previous| previous.until.as_micros()),
        webhook.created_at.as_micros(),
        webhook.updated_at.as_micros(),
        webhook.revision.0.cast_signed(),
    ])?;
    Ok(Fact::Webhook(Box::new(webhook)))
}

/// Deletes the account's webhook.
pub(crate) fn delete(connection: &Connection, account: AccountId) -> Result<Fact, Refused> {
    match connection.prepare_cached("DELETE FROM webhooks WHERE account_id = ?1")?.execute([account.0])? {
        0 => Err(Conflict::NotFound.into()),
        _ => Ok(Fact::WebhookDeleted(account)),
    }
}

/// Replaces the seals of those that are still as they were read.
pub(crate) fn reseal(
    connection: &Connection,
    resealed: &[ResealedWebhookSecret],
    revision: Revision,
    facts: &mut Vec<Fact>,
) -> Result<(), Refused> {
    let sql = format!(
        "UPDATE webhooks SET secret = ?3, previous_secret = ?4, previous_until = ?5, revision = ?6
         WHERE account_id = ?1 AND revision = ?2 RETURNING {COLUMNS}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    for new in resealed {
        let previous = new.secret.previous.as_ref();
        let parameters = params![
            new.account.0,
            new.revision.0.cast_signed(),
            new.secret.current.as_bytes(),
            previous.map(|previous| previous.sealed.as_bytes()),
            previous.map(|previous| previous.until.as_micros()),
            revision.0.cast_signed()
        ];
        let changed = statement.query_row(parameters, read).optional()?;
        facts.extend(changed.map(|webhook| Fact::Webhook(Box::new(webhook))));
    }
    Ok(())
}

fn of_account(connection: &Connection, account: AccountId) -> Result<Option<Webhook>, Failure> {
    find(connection, &format!("SELECT {COLUMNS} FROM webhooks WHERE account_id = ?1"), &account.0, read)
}
