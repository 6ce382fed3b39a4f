//! From what was touched to what is true now.
//!
//! What is gone comes first, what refers before what it refers to: a name that somebody else has by now (an auth id, a
//! host, a username) is taken away from the one before it is given to the other. Then comes what is there, in the order of
//! reference. It is one call of the follower, so nobody answers by half of it.

use crate::changed::Touched;
use crate::credentials;
use crate::rows;
use crate::sql::{self, Row, parameters};
use crate::trunks::{ip_acls, numbers, origination_uris, trunk_rows};
use crate::webhooks;
use domain::{AccountId, CredentialId, E164, HostName, IpAclId, OriginationUriId, RealmId, TokenId, TrunkId, Username};
use sqlx::PgConnection;
use sqlx::postgres::PgArguments;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use storage::{Fact, SettingName};

/// What followers are told of some revisions.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// What was stopped in between, as it was then, although it is not stopped any more: it ended registrations.
    pub stopped: Vec<Fact>,
    /// What became true.
    pub facts: Vec<Fact>,
}

/// The things that were touched, each once.
#[derive(Default)]
struct Things {
    realms: BTreeSet<i64>,
    accounts: BTreeSet<i64>,
    stopped_accounts: HashSet<AccountId>,
    hosts: HashSet<HostName>,
    api_tokens: HashMap<TokenId, AccountId>,
    operator_tokens: HashSet<TokenId>,
    credentials: HashMap<CredentialId, (RealmId, Username)>,
    stopped_credentials: HashSet<CredentialId>,
    registrations: Vec<Fact>,
    ip_acls: HashMap<IpAclId, AccountId>,
    origination_uris: HashMap<OriginationUriId, AccountId>,
    trunks: HashMap<TrunkId, AccountId>,
    numbers: HashSet<E164>,
    webhooks: BTreeSet<i64>,
    settings: BTreeMap<&'static str, SettingName>,
}

/// Reads what is true of the things that were touched, all of one moment.
pub(crate) async fn news(connection: &mut PgConnection, touched: Vec<Touched>) -> sql::Result<News> {
    let mut things = Things::default();
    touched.into_iter().for_each(|touched| things.add(touched));
    let mut told = Telling { connection, gone: Vec::new(), present: Vec::new() };
    told.settings(&things).await?;
    told.realms_and_accounts(&things).await?;
    told.hosts_and_tokens(&things).await?;
    told.credentials(&things).await?;
    told.trunks(&things).await?;
    told.webhooks(&things).await?;
    let Telling { mut gone, present, .. } = told;
    gone.sort_by_key(rank);
    let stopped = present.iter().filter_map(|fact| things.stopped(fact)).collect();
    Ok(News { stopped, facts: things.registrations.into_iter().chain(gone).chain(present).collect() })
}

/// The place of what is gone among its like: what refers comes before what it refers to.
const fn rank(gone: &Fact) -> (u8, i64) {
    match gone {
        Fact::NumberReleased(_) => (0, 0),
        Fact::WebhookDeleted(_) => (1, 0),
        Fact::TrunkDeleted { .. } => (2, 0),
        Fact::CredentialDeleted { .. } => (3, 0),
        Fact::ApiTokenRevoked { .. } | Fact::OperatorTokenRevoked(_) => (4, 0),
        Fact::OriginationUriDeleted { .. } | Fact::IpAclDeleted { .. } => (5, 0),
        Fact::HostRemoved(_) => (6, 0),
        // A sub-account's number is above that of its account.
        Fact::AccountDeleted(id) => (7, -id.0),
        _ => (8, 0),
    }
}

impl Things {
    fn add(&mut self, touched: Touched) {
        match touched {
            Touched::Realm(id) => _ = self.realms.insert(id.0),
            Touched::Account(id) => _ = self.accounts.insert(id.0),
            Touched::StoppedAccount(id) => {
                self.accounts.insert(id.0);
                self.stopped_accounts.insert(id);
            }
            Touched::Host(host) => _ = self.hosts.insert(host),
            Touched::ApiToken(account, id) => _ = self.api_tokens.insert(id, account),
            Touched::OperatorToken(id) => _ = self.operator_tokens.insert(id),
            Touched::Credential { id, realm, username } => _ = self.credentials.insert(id, (realm, username)),
            Touched::StoppedCredential { id, realm, username } => {
                self.credentials.insert(id, (realm, username));
                self.stopped_credentials.insert(id);
            }
            Touched::Registrations { credential, realm, username, binding } => {
                self.registrations.push(Fact::RegistrationsEnded { credential, realm, username, binding });
            }
            Touched::IpAcl(account, id) => _ = self.ip_acls.insert(id, account),
            Touched::OriginationUri(account, id) => _ = self.origination_uris.insert(id, account),
            Touched::Trunk(account, id) => _ = self.trunks.insert(id, account),
            Touched::Number(e164) => _ = self.numbers.insert(e164),
            Touched::Webhook(account) => _ = self.webhooks.insert(account.0),
            Touched::Setting(name) => _ = self.settings.insert(name.as_str(), name),
        }
    }

    /// What was stopped and goes on, as it was when it was stopped.
    fn stopped(&self, present: &Fact) -> Option<Fact> {
        match present {
            Fact::Account(account) if account.enabled && self.stopped_accounts.contains(&account.id) => {
                Some(Fact::Account(domain::Account { enabled: false, ..account.clone() }))
            }
            Fact::Credential(credential) if credential.enabled && self.stopped_credentials.contains(&credential.id) => {
                Some(Fact::Credential(domain::Credential { enabled: false, ..credential.clone() }))
            }
            _ => None,
        }
    }
}

/// What was found so far.
struct Telling<'c> {
    connection: &'c mut PgConnection,
    gone: Vec<Fact>,
    present: Vec<Fact>,
}

impl Telling<'_> {
    async fn settings(&mut self, things: &Things) -> sql::Result<()> {
        if things.settings.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = things.settings.keys().copied().collect();
        let sql = "SELECT name, value FROM settings WHERE name = ANY ($1)";
        let found = sql::all(self.connection, sql, parameters![names], |row| {
            Ok((row.get::<String>(0)?, row.get::<Box<str>>(1)?))
        });
        let mut values: HashMap<String, Box<str>> = found.await?.into_iter().collect();
        for name in things.settings.values().copied() {
            match values.remove(name.as_str()) {
                Some(value) => self.present.push(Fact::Setting { name, value }),
                None => self.gone.push(Fact::SettingCleared(name)),
            }
        }
        Ok(())
    }

    async fn realms_and_accounts(&mut self, things: &Things) -> sql::Result<()> {
        let realms: Vec<i64> = things.realms.iter().copied().collect();
        let sql = (rows::REALM, "realms", "id", "id");
        // Realms stay known for ever.
        self.present_of(sql, parameters![realms], realms.is_empty(), |row| {
            rows::realm(row).map(|realm| (realm.id, Fact::Realm(realm)))
        })
        .await?;
        let accounts: Vec<i64> = things.accounts.iter().copied().collect();
        let sql = (rows::ACCOUNT, "accounts", "id", "id");
        let found = self
            .present_of(sql, parameters![accounts], accounts.is_empty(), |row| {
                rows::account(row).map(|account| (account.id, Fact::Account(account)))
            })
            .await?;
        let gone = accounts.into_iter().map(AccountId).filter(|id| !found.contains(id));
        self.gone.extend(gone.map(Fact::AccountDeleted));
        Ok(())
    }

    async fn hosts_and_tokens(&mut self, things: &Things) -> sql::Result<()> {
        let hosts: Vec<&str> = things.hosts.iter().map(HostName::as_str).collect();
        let sql = ("host, realm_id", "hosts", "host", "host");
        let found = self
            .present_of(sql, parameters![hosts], hosts.is_empty(), |row| {
                let (host, realm) = (rows::host(row, 0)?, RealmId(row.get(1)?));
                Ok((host.clone(), Fact::Host { host, realm }))
            })
            .await?;
        let gone = things.hosts.iter().filter(|host| !found.contains(*host));
        self.gone.extend(gone.cloned().map(Fact::HostRemoved));

        let ids: Vec<&[u8]> = things.api_tokens.keys().map(|id| id.as_bytes().as_slice()).collect();
        let sql = (rows::API_TOKEN, "api_tokens", "id", "no");
        let found = self
            .present_of(sql, parameters![ids], ids.is_empty(), |row| {
                rows::api_token(row).map(|token| (token.id, Fact::ApiToken(token)))
            })
            .await?;
        let gone = things.api_tokens.iter().filter(|(id, _)| !found.contains(*id));
        self.gone.extend(gone.map(|(id, account)| Fact::ApiTokenRevoked { account: *account, id: *id }));

        let ids: Vec<&[u8]> = things.operator_tokens.iter().map(|id| id.as_bytes().as_slice()).collect();
        let sql = (rows::OPERATOR_TOKEN, "operator_tokens", "id", "no");
        let found = self
            .present_of(sql, parameters![ids], ids.is_empty(), |row| {
                rows::operator_token(row).map(|token| (token.id, Fact::OperatorToken(token)))
            })
            .await?;
        let gone = things.operator_tokens.iter().filter(|id| !found.contains(*id));
        self.gone.extend(gone.copied().map(Fact::OperatorTokenRevoked));
        Ok(())
    }

    async fn credentials(&mut self, things: &Things) -> sql::Result<()> {
        if things.credentials.is_empty() {
            return Ok(());
        }
        let ids: Vec<&[u8]> = things.credentials.keys().map(|id| id.as_bytes().as_slice()).collect();
        let present = credentials::select(self.connection, "id = ANY ($1) ORDER BY no", parameters![ids]).await?;
        let found: HashSet<CredentialId> = present.iter().map(|credential| credential.id).collect();
        self.present.extend(present.into_iter().map(Fact::Credential));
        let gone = things.credentials.iter().filter(|(id, _)| !found.contains(*id));
        self.gone.extend(gone.map(|(id, (realm, username))| Fact::CredentialDeleted {
            id: *id,
            realm: *realm,
            username: username.clone(),
        }));
        Ok(())
    }

    async fn trunks(&mut self, things: &Things) -> sql::Result<()> {
        let ids: Vec<&[u8]> = things.ip_acls.keys().map(|id| id.as_bytes().as_slice()).collect();
        let sql = (ip_acls::COLUMNS, "ip_acls", "id", "no");
        let found = self
            .present_of(sql, parameters![ids], ids.is_empty(), |row| {
                ip_acls::read(row).map(|entry| (entry.id, Fact::IpAcl(entry)))
            })
            .await?;
        let gone = things.ip_acls.iter().filter(|(id, _)| !found.contains(*id));
        self.gone.extend(gone.map(|(id, account)| Fact::IpAclDeleted { id: *id, account: *account }));

        let ids: Vec<&[u8]> = things.origination_uris.keys().map(|id| id.as_bytes().as_slice()).collect();
        let sql = (origination_uris::COLUMNS, "origination_uris", "id", "no");
        let found = self
            .present_of(sql, parameters![ids], ids.is_empty(), |row| {
                origination_uris::read(row).map(|uri| (uri.id, Fact::OriginationUri(uri)))
            })
            .await?;
        let gone = things.origination_uris.iter().filter(|(id, _)| !found.contains(*id));
        self.gone.extend(gone.map(|(id, account)| Fact::OriginationUriDeleted { id: *id, account: *account }));

        if !things.trunks.is_empty() {
            let ids: Vec<&[u8]> = things.trunks.keys().map(|id| id.as_bytes().as_slice()).collect();
            let present = trunk_rows::select(self.connection, "id = ANY ($1) ORDER BY no", parameters![ids]).await?;
            let found: HashSet<TrunkId> = present.iter().map(|trunk| trunk.id).collect();
            self.present.extend(present.into_iter().map(|trunk| Fact::Trunk(Box::new(trunk))));
            let gone = things.trunks.iter().filter(|(id, _)| !found.contains(*id));
            self.gone.extend(gone.map(|(id, account)| Fact::TrunkDeleted { id: *id, account: *account }));
        }
        self.numbers(things).await
    }

    async fn numbers(&mut self, things: &Things) -> sql::Result<()> {
        let names: Vec<&str> = things.numbers.iter().map(E164::as_str).collect();
        let sql = (numbers::COLUMNS, "numbers", "e164", "no");
        let found = self
            .present_of(sql, parameters![names], names.is_empty(), |row| {
                numbers::read(row).map(|number| (number.e164.clone(), Fact::Number(number)))
            })
            .await?;
        let gone = things.numbers.iter().filter(|e164| !found.contains(*e164));
        self.gone.extend(gone.cloned().map(Fact::NumberReleased));
        Ok(())
    }

    async fn webhooks(&mut self, things: &Things) -> sql::Result<()> {
        let accounts: Vec<i64> = things.webhooks.iter().copied().collect();
        let sql = (webhooks::COLUMNS, "webhooks", "account_id", "account_id");
        let found = self
            .present_of(sql, parameters![accounts], accounts.is_empty(), |row| {
                webhooks::read(row).map(|webhook| (webhook.account, Fact::Webhook(Box::new(webhook))))
            })
            .await?;
        let gone = accounts.into_iter().map(AccountId).filter(|id| !found.contains(id));
        self.gone.extend(gone.map(Fact::WebhookDeleted));
        Ok(())
    }

    /// Tells what is there of what was asked for, and gives back its names.
    async fn present_of<K: Eq + Hash>(
        &mut self,
        (columns, table, key, order): (&str, &str, &str, &str),
        keys: PgArguments,
        nothing_asked: bool,
        read: impl FnMut(&Row<'_>) -> sql::Result<(K, Fact)>,
    ) -> sql::Result<HashSet<K>> {
        if nothing_asked {
            return Ok(HashSet::new());
        }
        let sql = format!("SELECT {columns} FROM {table} WHERE {key} = ANY ($1) ORDER BY {order}");
        let found = sql::all(self.connection, sql, keys, read).await?;
        let (names, facts): (HashSet<K>, Vec<Fact>) = found.into_iter().unzip();
        self.present.extend(facts);
        Ok(names)
    }
}
