//! Looks for credentials.

use crate::failure::Failure;
use crate::rows::{self, find};
use rusqlite::{Connection, named_params};
use storage::{CredentialOrder, CredentialPage, CredentialSearch, SortDirection};

/// Whether a credential is one of those. `lower` knows ASCII only, as is said of the search.
const MATCHES: &str = "account_id = :account AND realm_id = (SELECT realm_id FROM accounts WHERE id = :account)
    AND (:enabled IS NULL OR enabled = :enabled)
    AND (:text = '' OR instr(lower(username), :text) > 0 OR instr(lower(description), :text) > 0)";

/// The same where nothing narrows and the order is that of creation: the index alone answers it, wherever the page is.
const ALL_OF_ACCOUNT: &str = "account_id = :account AND :enabled IS NULL AND :text = ''";

/// Reads a page and how many match, of one moment.
pub(crate) fn read(connection: &mut Connection, search: &CredentialSearch) -> Result<CredentialPage, Failure> {
    let transaction = connection.transaction()?;
    let total = total(&transaction, search)?;
    let order = order(search);
    let is_plain = is_unfiltered(search) && search.order == CredentialOrder::Created;
    let wanted = if is_plain { ALL_OF_ACCOUNT } else { MATCHES };
    // Sorting and skipping look at one column; only the rows of the page are fetched whole.
    let sql = format!(
        "SELECT {} FROM credentials WHERE no IN (SELECT no FROM credentials WHERE {wanted} ORDER BY {order}
         LIMIT :limit OFFSET :offset) ORDER BY {order}",
        rows::CREDENTIAL
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let parameters = named_params! {
        ":account": search.account.0,
        ":enabled": search.enabled,
        ":text": search.text.to_ascii_lowercase(),
        ":limit": search.page.limit,
        ":offset": i64::try_from(search.page.offset).unwrap_or(i64::MAX),
    };
    let found =
        statement.query_map(parameters, |row| rows::credential(&transaction, row))?.collect::<rusqlite::Result<_>>()?;
    Ok(CredentialPage { credentials: found, total, next: None })
}

/// Without a filter the account knows its number.
fn total(connection: &Connection, search: &CredentialSearch) -> Result<u64, Failure> {
    let account = search.account.0;
    let total: Option<i64> = if is_unfiltered(search) {
        find(connection, "SELECT credential_count FROM accounts WHERE id = ?1", &account, |row| row.get(0))?
    } else {
        let sql = format!("SELECT count(*) FROM credentials WHERE {MATCHES}");
        let mut statement = connection.prepare_cached(&sql)?;
        let text = search.text.to_ascii_lowercase();
        let parameters = named_params! { ":account": account, ":enabled": search.enabled, ":text": text };
        Some(statement.query_row(parameters, |row| row.get(0))?)
    };
    Ok(total.unwrap_or(0).cast_unsigned())
}

fn is_unfiltered(search: &CredentialSearch) -> bool {
    search.text.is_empty() && search.enabled.is_none()
}

const fn order(search: &CredentialSearch) -> &'static str {
    match (search.order, search.direction) {
        (CredentialOrder::Created, SortDirection::Ascending) => "no",
        (CredentialOrder::Created, SortDirection::Descending) => "no DESC",
        (CredentialOrder::Username, SortDirection::Ascending) => "username",
        (CredentialOrder::Username, SortDirection::Descending) => "username DESC",
        (CredentialOrder::Updated, SortDirection::Ascending) => "updated_at, no",
        (CredentialOrder::Updated, SortDirection::Descending) => "updated_at DESC, no",
        (CredentialOrder::PasswordChanged, SortDirection::Ascending) => "password_changed_at, no",
        (CredentialOrder::PasswordChanged, SortDirection::Descending) => "password_changed_at DESC, no",
    }
}
