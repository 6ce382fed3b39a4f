//! Looks for credentials.

use crate::credentials;
use crate::rows;
use crate::sql::{self, parameters};
use sqlx::PgConnection;
use storage::{CredentialOrder, CredentialPage, CredentialSearch, SortDirection};

/// Whether a credential is one of those. Texts are compared octet by octet, so `lower` knows ASCII only, as is said of the
/// search.
const MATCHES: &str = "account_id = $1 AND ($2::bigint IS NULL OR enabled = $2)
    AND ($3 = '' OR strpos(lower(username), $3) > 0 OR strpos(lower(description), $3) > 0)";

/// Reads a page and how many match, of one moment.
pub(crate) async fn read(connection: &mut PgConnection, search: CredentialSearch) -> sql::Result<CredentialPage> {
    let total = total(connection, &search).await?;
    let order = order(&search);
    // Sorting and skipping look at few columns; only the rows of the page are fetched whole.
    let wanted = format!(
        "no IN (SELECT no FROM credentials WHERE {MATCHES} ORDER BY {order} LIMIT $4 OFFSET $5) ORDER BY {order}"
    );
    let values = parameters![
        search.account.0,
        search.enabled,
        search.text.to_ascii_lowercase(),
        search.page.limit,
        rows::offset(search.page),
    ];
    let credentials = credentials::select(connection, &wanted, values).await?;
    Ok(CredentialPage { credentials, total, next: None })
}

/// Without a filter the account knows its number.
async fn total(connection: &mut PgConnection, search: &CredentialSearch) -> sql::Result<u64> {
    let account = search.account.0;
    if search.text.is_empty() && search.enabled.is_none() {
        let sql = "SELECT credential_count FROM accounts WHERE id = $1";
        return Ok(sql::find(connection, sql, parameters![account], |row| row.get(0)).await?.unwrap_or(0));
    }
    let sql = format!("SELECT count(*) FROM credentials WHERE {MATCHES}");
    let values = parameters![account, search.enabled, search.text.to_ascii_lowercase()];
    sql::one(connection, sql, values, |row| row.get(0)).await
}

const fn order(search: &CredentialSearch) -> &'static str {
    match (search.order, search.direction) {
        (CredentialOrder::Created, SortDirection::Ascending) => "no",
        (CredentialOrder::Created, SortDirection::Descending) => "no DESC",
        (CredentialOrder::Username, SortDirection::Ascending) => "username, no",
        (CredentialOrder::Username, SortDirection::Descending) => "username DESC, no",
        (CredentialOrder::Updated, SortDirection::Ascending) => "updated_at, no",
        (CredentialOrder::Updated, SortDirection::Descending) => "updated_at DESC, no",
        (CredentialOrder::PasswordChanged, SortDirection::Ascending) => "password_changed_at, no",
        (CredentialOrder::PasswordChanged, SortDirection::Descending) => "password_changed_at DESC, no",
    }
}
