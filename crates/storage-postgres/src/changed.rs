//! What each revision touched: by name, not by value. Whoever follows looks at what is there now.

use crate::rows;
use crate::sql::{self, Row, parameters};
use domain::{
    AccountId, BindingId, CredentialId, E164, HostName, IpAclId, OriginationUriId, RealmId, Revision, TokenId, TrunkId,
    Username,
};
use sqlx::PgConnection;
use storage::SettingName;

/// A thing that a commit created, changed or deleted, with what must be known of it when it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Touched {
    Realm(RealmId),
    Account(AccountId),
    /// Its registrations were ended with the change, whatever it is by now.
    StoppedAccount(AccountId),
    Host(HostName),
    ApiToken(AccountId, TokenId),
    OperatorToken(TokenId),
    Credential {
        id: CredentialId,
        realm: RealmId,
        username: Username,
    },
    /// Its registrations were ended with the change, whatever it is by now.
    StoppedCredential {
        id: CredentialId,
        realm: RealmId,
        username: Username,
    },
    Registrations {
        credential: CredentialId,
        realm: RealmId,
        username: Username,
        binding: Option<BindingId>,
    },
    IpAcl(AccountId, IpAclId),
    OriginationUri(AccountId, OriginationUriId),
    Trunk(AccountId, TrunkId),
    Number(E164),
    Webhook(AccountId),
    Setting(SettingName),
}

const REALM: &str = "realm";
const ACCOUNT: &str = "account";
const STOPPED_ACCOUNT: &str = "stopped_account";
const HOST: &str = "host";
const API_TOKEN: &str = "api_token";
const OPERATOR_TOKEN: &str = "operator_token";
const CREDENTIAL: &str = "credential";
const STOPPED_CREDENTIAL: &str = "stopped_credential";
const REGISTRATIONS: &str = "registrations";
const IP_ACL: &str = "ip_acl";
const ORIGINATION_URI: &str = "origination_uri";
const TRUNK: &str = "trunk";
const NUMBER: &str = "number";
const WEBHOOK: &str = "webhook";
const SETTING: &str = "setting";

/// A row without its revision.
#[derive(Default)]
struct Columns<'t> {
    kind: &'static str,
    id: Option<&'t [u8]>,
    number: Option<i64>,
    name: Option<&'t str>,
    binding: Option<i64>,
}

/// Writes what was touched, in its order.
pub(crate) async fn write(connection: &mut PgConnection, touched: &[(Revision, Touched)]) -> sql::Result<()> {
    if touched.is_empty() {
        return Ok(());
    }
    let revisions: Vec<i64> = touched.iter().map(|(revision, _)| revision.0.cast_signed()).collect();
    let columns: Vec<Columns<'_>> = touched.iter().map(|(_, touched)| touched.columns()).collect();
    let kinds: Vec<&str> = columns.iter().map(|columns| columns.kind).collect();
    let ids: Vec<Option<&[u8]>> = columns.iter().map(|columns| columns.id).collect();
    let numbers: Vec<Option<i64>> = columns.iter().map(|columns| columns.number).collect();
    let names: Vec<Option<&str>> = columns.iter().map(|columns| columns.name).collect();
    let bindings: Vec<Option<i64>> = columns.iter().map(|columns| columns.binding).collect();
    let sql = "INSERT INTO changed (revision, kind, id, number, name, binding)
         SELECT * FROM unnest ($1::bigint[], $2::text[], $3::bytea[], $4::bigint[], $5::text[], $6::bigint[])";
    sql::execute(connection, sql, parameters![revisions, kinds, ids, numbers, names, bindings]).await?;
    Ok(())
}

/// What was touched after that revision. Kinds that a newer version of this program knows are not for this one.
pub(crate) async fn read(connection: &mut PgConnection, after: Revision) -> sql::Result<Vec<Touched>> {
    let sql = "SELECT kind, id, number, name, binding FROM changed WHERE revision > $1 ORDER BY revision, no";
    let found = sql::all(connection, sql, parameters![after.0.cast_signed()], touched).await?;
    Ok(found.into_iter().flatten().collect())
}

impl Touched {
    fn columns(&self) -> Columns<'_> {
        let plain = |kind| Columns { kind, ..Columns::default() };
        let numbered = |kind, number: i64| Columns { number: Some(number), ..plain(kind) };
        let named = |kind, name| Columns { name: Some(name), ..plain(kind) };
        match self {
            Self::Realm(id) => numbered(REALM, id.0),
            Self::Account(id) => numbered(ACCOUNT, id.0),
            Self::StoppedAccount(id) => numbered(STOPPED_ACCOUNT, id.0),
            Self::Host(host) => named(HOST, host.as_str()),
            Self::ApiToken(account, id) => Columns { id: Some(id.as_bytes()), ..numbered(API_TOKEN, account.0) },
            Self::OperatorToken(id) => Columns { id: Some(id.as_bytes()), ..plain(OPERATOR_TOKEN) },
            Self::Credential { id, realm, username } => of_credential(CREDENTIAL, (id, *realm, username)),
            Self::StoppedCredential { id, realm, username } => {
                of_credential(STOPPED_CREDENTIAL, (id, *realm, username))
            }
            Self::Registrations { credential, realm, username, binding } => Columns {
                binding: binding.map(|binding| binding.0),
                ..of_credential(REGISTRATIONS, (credential, *realm, username))
            },
            Self::IpAcl(account, id) => Columns { id: Some(id.as_bytes()), ..numbered(IP_ACL, account.0) },
            Self::OriginationUri(account, id) => {
                Columns { id: Some(id.as_bytes()), ..numbered(ORIGINATION_URI, account.0) }
            }
            Self::Trunk(account, id) => Columns { id: Some(id.as_bytes()), ..numbered(TRUNK, account.0) },
            Self::Number(e164) => named(NUMBER, e164.as_str()),
            Self::Webhook(account) => numbered(WEBHOOK, account.0),
            Self::Setting(name) => named(SETTING, name.as_str()),
        }
    }
}

fn of_credential<'t>(
    kind: &'static str,
    (id, realm, username): (&'t CredentialId, RealmId, &'t Username),
) -> Columns<'t> {
    let (id, name) = (Some(id.as_bytes().as_slice()), Some(username.as_str()));
    Columns { kind, id, number: Some(realm.0), name, binding: None }
}

fn touched(row: &Row<'_>) -> sql::Result<Option<Touched>> {
    let account = || row.get(2).map(AccountId);
    let credential = || -> sql::Result<_> {
        Ok((CredentialId::from_bytes(row.get(1)?), RealmId(row.get(2)?), rows::username(row, 3)?))
    };
    let kind: String = row.get(0)?;
    Ok(Some(match kind.as_str() {
        REALM => Touched::Realm(RealmId(row.get(2)?)),
        ACCOUNT => Touched::Account(account()?),
        STOPPED_ACCOUNT => Touched::StoppedAccount(account()?),
        HOST => Touched::Host(rows::host(row, 3)?),
        API_TOKEN => Touched::ApiToken(account()?, rows::token_id(row, 1)?),
        OPERATOR_TOKEN => Touched::OperatorToken(rows::token_id(row, 1)?),
        CREDENTIAL => {
            let (id, realm, username) = credential()?;
            Touched::Credential { id, realm, username }
        }
        STOPPED_CREDENTIAL => {
            let (id, realm, username) = credential()?;
            Touched::StoppedCredential { id, realm, username }
        }
        REGISTRATIONS => {
            let (credential, realm, username) = credential()?;
            let binding = row.get::<Option<i64>>(4)?.map(BindingId);
            Touched::Registrations { credential, realm, username, binding }
        }
        IP_ACL => Touched::IpAcl(account()?, IpAclId::from_bytes(row.get(1)?)),
        ORIGINATION_URI => Touched::OriginationUri(account()?, OriginationUriId::from_bytes(row.get(1)?)),
        TRUNK => Touched::Trunk(account()?, TrunkId::from_bytes(row.get(1)?)),
        NUMBER => Touched::Number(rows::parsed(row, 3, E164::parse)?),
        WEBHOOK => Touched::Webhook(account()?),
        SETTING => {
            let name: String = row.get(3)?;
            let known = SettingName::ALL.into_iter().find(|known| known.as_str() == name);
            return Ok(known.map(Touched::Setting));
        }
        _ => return Ok(None),
    }))
}
