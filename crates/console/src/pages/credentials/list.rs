//! The credentials of an account, found and sorted.

use crate::Shared;
use crate::frame::{Frame, Layout, Section, page};
use crate::moment::Moment;
use crate::pages::list_query::{ListQuery, Pager};
use crate::refusal::Refusal;
use crate::visitor::{IsPart, Visit};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use provisioning::CredentialsWanted;
use std::collections::HashMap;
use std::sync::Arc;
use storage::{CredentialOrder, SortDirection};

#[derive(Template)]
#[template(path = "credentials.html")]
struct ListPage {
    frame: Frame,
    list: List,
}

#[derive(Template)]
#[template(path = "credentials_list.html")]
struct ListPart {
    list: List,
}

/// The table, also by itself for whoever types a filter.
struct List {
    base: String,
    text: String,
    state: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    pager: Pager,
    is_filtered: bool,
    may_write: bool,
}

struct Column {
    name: &'static str,
    href: String,
    /// As `aria-sort` says it; empty where the list is not sorted by it.
    sorted: &'static str,
}

struct Row {
    href: String,
    username: String,
    description: String,
    is_enabled: bool,
    phones: u64,
    created_at: Moment,
    updated_at: Moment,
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    IsPart(is_part): IsPart,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Refusal> {
    let query = ListQuery::new(query);
    let list = read(&shared, &visit, &query).await?;
    if is_part {
        page(&ListPart { list })
    } else {
        page(&ListPage { frame: visit.frame("Credentials", Section::Credentials), list })
    }
}

async fn read(shared: &Shared, visit: &Visit, query: &ListQuery) -> Result<List, Refusal> {
    let (order, direction) = sorting(query);
    let wanted = CredentialsWanted {
        text: query.text("q").into(),
        enabled: match query.text("state") {
            "enabled" => Some(true),
            "disabled" => Some(false),
            _ => None,
        },
        order,
        direction,
        page: query.page(),
    };
    let found = shared.provisioning.find_credentials(&visit.scope, wanted).await?;
    let ids = found.credentials.iter().map(|credential| credential.id);
    let online = &*shared.config.registrations;
    let phones = shared.provisioning.phones_online(&visit.scope, online, ids).await;
    let base = format!("{}/credentials", visit.base());
    let pager = query.pager(&base, found.credentials.len(), found.total);
    let row = |credential: provisioning::CredentialView| Row {
        href: format!("{base}/{}", credential.id),
        phones: phones.get(&credential.id).copied().unwrap_or(0),
        username: credential.username.into(),
        description: credential.description.into(),
        is_enabled: credential.enabled,
        created_at: credential.created_at.into(),
        updated_at: credential.updated_at.into(),
    };
    let rows = found.credentials.into_iter().map(row).collect();
    Ok(List {
        columns: columns(&base, query, (order, direction)),
        text: query.text("q").to_owned(),
        state: query.text("state").to_owned(),
        is_filtered: !query.text("q").is_empty() || !query.text("state").is_empty(),
        may_write: visit.scope.may_write_credentials(),
        base,
        rows,
        pager,
    })
}

fn sorting(query: &ListQuery) -> (CredentialOrder, SortDirection) {
    let (name, direction) = match query.text("sort").strip_prefix('-') {
        Some(name) => (name, SortDirection::Descending),
        None => (query.text("sort"), SortDirection::Ascending),
    };
    match name {
        "username" => (CredentialOrder::Username, direction),
        "updated" => (CredentialOrder::Updated, direction),
        "created" => (CredentialOrder::Created, direction),
        // The newest is what somebody who comes back looks for.
        _ => (CredentialOrder::Created, SortDirection::Descending),
    }
}

fn columns(base: &str, query: &ListQuery, (order, direction): (CredentialOrder, SortDirection)) -> Vec<Column> {
    let column = |(name, key, of): (&'static str, &str, CredentialOrder)| {
        let is_sorted = of == order;
        let (sorted, next) = match (is_sorted, direction) {
            (true, SortDirection::Ascending) => ("ascending", format!("-{key}")),
            (true, SortDirection::Descending) => ("descending", key.to_owned()),
            (false, _) => ("", key.to_owned()),
        };
        Column { name, href: format!("{base}?{}", query.with("sort", &next)), sorted }
    };
    [
        ("Username", "username", CredentialOrder::Username),
        ("Created", "created", CredentialOrder::Created),
        ("Changed", "updated", CredentialOrder::Updated),
    ]
    .map(column)
    .into()
}
