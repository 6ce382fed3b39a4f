//! Tells a new follower everything that is true.

use crate::credentials;
use crate::rows;
use crate::sql::{self, Row, parameters};
use crate::trunks::{ip_acls, numbers, origination_uris, trunk_rows};
use crate::webhooks;
use domain::{RealmId, Revision};
use sqlx::PgConnection;
use std::collections::HashMap;
use storage::{Fact, Follower, SettingName};

/// Facts per call, and rows per statement: enough to make both cheap, few enough to need little memory.
const CHUNK: u32 = 1024;

/// Tells all facts in an order in which what is referred to comes first, as of `revision`, which the connection's
/// transaction sees.
pub(crate) async fn tell(
    connection: &mut PgConnection,
    revision: Revision,
    follower: &dyn Follower,
) -> sql::Result<()> {
    let mut teller = Teller { connection, follower, revision, calls: 0 };
    teller.settings().await?;
    teller.table((rows::REALM, "realms"), |row| rows::realm(row).map(Fact::Realm)).await?;
    // A sub-account's number is above that of its account.
    teller.table((rows::ACCOUNT, "accounts"), |row| rows::account(row).map(Fact::Account)).await?;
    teller.hosts().await?;
    teller.table((rows::API_TOKEN, "api_tokens"), |row| rows::api_token(row).map(Fact::ApiToken)).await?;
    teller
        .table((rows::OPERATOR_TOKEN, "operator_tokens"), |row| rows::operator_token(row).map(Fact::OperatorToken))
        .await?;
    if follower.begins_with_credentials() {
        teller.credentials().await?;
    }
    teller.table((ip_acls::COLUMNS, "ip_acls"), |row| ip_acls::read(row).map(Fact::IpAcl)).await?;
    teller
        .table((origination_uris::COLUMNS, "origination_uris"), |row| {
            origination_uris::read(row).map(Fact::OriginationUri)
        })
        .await?;
    let trunks = trunk_rows::select(teller.connection, "true ORDER BY no", parameters![]).await?;
    let trunks: Vec<Fact> = trunks.into_iter().map(|trunk| Fact::Trunk(Box::new(trunk))).collect();
    teller.say(&trunks);
    teller.table((numbers::COLUMNS, "numbers"), |row| numbers::read(row).map(Fact::Number)).await?;
    teller
        .table((webhooks::COLUMNS, "webhooks"), |row| {
            webhooks::read(row).map(|webhook| Fact::Webhook(Box::new(webhook)))
        })
        .await?;
    if teller.calls == 0 {
        // An empty database is told by a call without facts, so that the follower learns the revision.
        follower.apply(revision, &[]);
    }
    Ok(())
}

struct Teller<'t> {
    connection: &'t mut PgConnection,
    follower: &'t dyn Follower,
    revision: Revision,
    calls: usize,
}

impl Teller<'_> {
    async fn settings(&mut self) -> sql::Result<()> {
        let found = sql::all(self.connection, "SELECT name, value FROM settings", parameters![], |row| {
            Ok((row.get::<String>(0)?, row.get::<Box<str>>(1)?))
        });
        let mut values: HashMap<String, Box<str>> = found.await?.into_iter().collect();
        let present = |name: SettingName| Some(Fact::Setting { name, value: values.remove(name.as_str())? });
        let facts: Vec<Fact> = SettingName::ALL.into_iter().filter_map(present).collect();
        self.say(&facts);
        Ok(())
    }

    async fn hosts(&mut self) -> sql::Result<()> {
        let sql = "SELECT host, realm_id FROM hosts WHERE host > $1 ORDER BY host LIMIT $2";
        let mut after = String::new();
        loop {
            let found = sql::all(self.connection, sql, parameters![after, CHUNK], |row| {
                Ok((row.get(0)?, Fact::Host { host: rows::host(row, 0)?, realm: RealmId(row.get(1)?) }))
            });
            let (names, facts): (Vec<String>, Vec<Fact>) = found.await?.into_iter().unzip();
            let Some(last) = names.into_iter().next_back() else { return Ok(()) };
            after = last;
            self.say(&facts);
        }
    }

    async fn credentials(&mut self) -> sql::Result<()> {
        let mut after = 0;
        loop {
            let wanted = "no > $1 ORDER BY no LIMIT $2";
            let found = credentials::select_numbered(self.connection, wanted, parameters![after, CHUNK]).await?;
            let Some((last, _)) = found.last() else { return Ok(()) };
            after = i64::try_from(last.0).unwrap_or(i64::MAX);
            let facts: Vec<Fact> = found.into_iter().map(|(_, credential)| Fact::Credential(credential)).collect();
            self.say(&facts);
        }
    }

    /// A whole table in order of creation.
    async fn table(
        &mut self,
        (columns, table): (&str, &str),
        mut read: impl FnMut(&Row<'_>) -> sql::Result<Fact>,
    ) -> sql::Result<()> {
        let place = match table {
            "realms" | "accounts" => "id",
            "webhooks" => "account_id",
            _ => "no",
        };
        // The place stands behind, where each chunk finds its last.
        let sql = format!("SELECT {columns}, {place} FROM {table} WHERE {place} > $1 ORDER BY {place} LIMIT $2");
        let at = columns.split(", ").count();
        let mut after = 0;
        loop {
            let found = sql::all(self.connection, sql.clone(), parameters![after, CHUNK], |row| {
                Ok((row.get::<i64>(at)?, read(row)?))
            });
            let (places, facts): (Vec<i64>, Vec<Fact>) = found.await?.into_iter().unzip();
            let Some(last) = places.last() else { return Ok(()) };
            after = *last;
            self.say(&facts);
        }
    }

    fn say(&mut self, facts: &[Fact]) {
        if !facts.is_empty() {
            self.follower.apply(self.revision, facts);
            self.calls += 1;
        }
    }
}
