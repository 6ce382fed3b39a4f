//! `sipwarden trunk …`, `acl …` and `origination-uri …`: over HTTP, with an account's own token.

mod fields;
mod recipe;

use crate::api_client::ApiClient;
use crate::cli::ServerAccess;
use crate::failure::Failure;
use crate::operator_commands::table::{Column, table};
use crate::operator_commands::{print, segment};
use crate::trunk_cli::{AclCommand, Attachments, OriginationUriCommand, TrunkCommand};
use serde_json::{Map, Value, json};
use std::io::BufRead as _;
use zeroize::Zeroizing;

/// Most objects of one page.
const PAGE_SIZE: usize = 1000;
const TRUNK_COLUMNS: [Column; 6] = [
    ("ID", "trunk_id"),
    ("NAME", "name"),
    ("DOMAIN", "trunk_domain"),
    ("STATUS", "trunk_status"),
    ("DIRECTION", "trunk_direction"),
    ("TRANSPORT", "transport"),
];
const ACL_COLUMNS: [Column; 4] =
    [("ID", "id"), ("ADDRESS", "ip_address"), ("ENABLED", "enabled"), ("DESCRIPTION", "description")];
const URI_COLUMNS: [Column; 6] = [
    ("ID", "id"),
    ("URI", "uri"),
    ("PRIORITY", "priority"),
    ("WEIGHT", "weight"),
    ("ENABLED", "enabled"),
    ("DESCRIPTION", "description"),
];
/// Lists of a trunk's attachments.
const LISTS: [&str; 3] = ["credentials", "ip_acls", "origination_uris"];

pub(crate) async fn trunk(command: TrunkCommand) -> Result<(), Failure> {
    match command {
        TrunkCommand::Create { name, fields, access } => {
            let body = fields::body(&fields, [("name", name)])?;
            show(&access, ("POST", "trunks", Some(body)), &TRUNK_COLUMNS).await
        }
        TrunkCommand::List { access } => list(&access, "trunks", &TRUNK_COLUMNS).await,
        TrunkCommand::Show { trunk_id, product: Some(product), credential, access } => {
            recipe::show(product, (&trunk_id, credential.as_deref()), &access).await
        }
        TrunkCommand::Show { trunk_id, product: None, access, .. } => {
            let mut trunk = ask(&access, "GET", (&trunk_path(&trunk_id), None)).await?;
            let attachments = ask(&access, "GET", (&format!("{}/attachments", trunk_path(&trunk_id)), None)).await?;
            let registrations = registrations(&access, &attachments).await?;
            if let (Some(trunk), Value::Object(attachments)) = (trunk.as_object_mut(), attachments) {
                trunk.extend(attachments);
                trunk.insert("registrations".into(), registrations.into());
            }
            print(access.json, &trunk, || described(&trunk))
        }
        TrunkCommand::Update { trunk_id, fields, access } => {
            let body = fields::body(&fields, [])?;
            show(&access, ("PUT", &trunk_path(&trunk_id), Some(body)), &TRUNK_COLUMNS).await
        }
        TrunkCommand::Delete { trunk_id, access } => delete(&access, &trunk_path(&trunk_id)).await,
        TrunkCommand::Attach { trunk_id, attachments, access } => {
            attach(&access, &trunk_id, |present| attached(present, &attachments)).await
        }
        TrunkCommand::Detach { trunk_id, attachments, access } => {
            attach(&access, &trunk_id, |present| detached(present, &attachments)).await
        }
        TrunkCommand::Rules { trunk_id, fields, access } => {
            let path = format!("{}/rules", trunk_path(&trunk_id));
            let (method, body) = match fields.as_slice() {
                [] => ("GET", None),
                fields => ("PUT", Some(fields::body(fields, [])?)),
            };
            let rules = ask(&access, method, (&path, body)).await?;
            print(access.json, &rules, || described(&rules))
        }
    }
}

pub(crate) async fn acl(command: AclCommand) -> Result<(), Failure> {
    let path = |id: &str| format!("ip-acl/{}", segment(id));
    match command {
        AclCommand::Create { ip_address, fields, access } => {
            let body = fields::body(&fields, [("ip_address", ip_address)])?;
            show(&access, ("POST", "ip-acl", Some(body)), &ACL_COLUMNS).await
        }
        AclCommand::List { access } => list(&access, "trunks/ip-acl", &ACL_COLUMNS).await,
        AclCommand::Update { id, fields, access } => {
            let body = fields::body(&fields, [])?;
            show(&access, ("PUT", &path(&id), Some(body)), &ACL_COLUMNS).await
        }
        AclCommand::Delete { id, access } => delete(&access, &path(&id)).await,
    }
}

pub(crate) async fn origination_uri(command: OriginationUriCommand) -> Result<(), Failure> {
    let path = |id: &str| format!("origination-uris/{}", segment(id));
    match command {
        OriginationUriCommand::Create { uri, fields, access } => {
            let body = fields::body(&fields, [("uri", uri)])?;
            show(&access, ("POST", "origination-uris", Some(body)), &URI_COLUMNS).await
        }
        OriginationUriCommand::Show { id, access } => {
            let mut uri = ask(&access, "GET", (&path(&id), None)).await?;
            let secret = upstream_secret(&access, &id).await?;
            if let Some(uri) = uri.as_object_mut() {
                uri.insert("secret".into(), secret);
            }
            print(access.json, &uri, || described(&uri))
        }
        OriginationUriCommand::List { access } => list(&access, "trunks/origination-uris", &URI_COLUMNS).await,
        OriginationUriCommand::Update { id, fields, access } => {
            let body = fields::body(&fields, [])?;
            show(&access, ("PUT", &path(&id), Some(body)), &URI_COLUMNS).await
        }
        OriginationUriCommand::Delete { id, access } => delete(&access, &path(&id)).await,
        OriginationUriCommand::Secret { id, username, register, expires, access } => {
            let password = first_line()?;
            let mut body = json!({ "username": username, "password": &**password, "register": register });
            if let (Some(body), Some(seconds)) = (body.as_object_mut(), expires) {
                body.insert("expires_seconds".into(), seconds.into());
            }
            let secret = ask(&access, "PUT", (&format!("{}/secret", path(&id)), Some(body))).await?;
            print(access.json, &secret, || described(&secret))
        }
        OriginationUriCommand::ForgetSecret { id, access } => delete(&access, &format!("{}/secret", path(&id))).await,
    }
}

/// The first line of standard input, without its end.
fn first_line() -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().read_line(&mut line);
    if read.is_err() || line.trim_end_matches(['\r', '\n']).is_empty() {
        return Err(Failure::Refused("no password came on standard input; pipe it in, as in `secret … < FILE`".into()));
    }
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

async fn attach(
    access: &ServerAccess,
    trunk_id: &str,
    change: impl FnOnce(&Value) -> Map<String, Value>,
) -> Result<(), Failure> {
    let path = format!("{}/attachments", trunk_path(trunk_id));
    let present = ask(access, "GET", (&path, None)).await?;
    let changed = ask(access, "PUT", (&path, Some(Value::Object(change(&present))))).await?;
    print(access.json, &changed, || described(&changed))
}

fn attached(present: &Value, more: &Attachments) -> Map<String, Value> {
    let mut changed = Map::new();
    for (field, ids) in LISTS.into_iter().zip([&more.credential, &more.ip_acl, &more.origination_uri]) {
        let mut list = present.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
        list.extend(ids.iter().map(|id| json!(id)));
        changed.insert(field.into(), list.into());
    }
    for (field, id) in [("primary_uri", &more.primary_uri), ("fallback_uri", &more.fallback_uri)] {
        changed.extend(id.as_ref().map(|id| (field.to_owned(), json!(id))));
    }
    changed
}

fn detached(present: &Value, less: &Attachments) -> Map<String, Value> {
    let mut changed = Map::new();
    for (field, ids) in LISTS.into_iter().zip([&less.credential, &less.ip_acl, &less.origination_uri]) {
        let mut list = present.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
        list.retain(|known| !ids.iter().any(|id| known.as_str() == Some(id)));
        changed.insert(field.into(), list.into());
    }
    for (field, id) in [("primary_uri", &less.primary_uri), ("fallback_uri", &less.fallback_uri)] {
        let is_meant = id.is_some() && present.get(field).and_then(Value::as_str) == id.as_deref();
        changed.extend(is_meant.then(|| (field.to_owned(), json!(""))));
    }
    changed
}

async fn list(access: &ServerAccess, path: &str, columns: &[Column]) -> Result<(), Failure> {
    let objects = objects(access, path).await?;
    print(access.json, &json!({ "objects": objects }), || match objects.as_slice() {
        [] => "There are none; the `create` command beside this one makes one.\n".into(),
        objects => table(columns, objects),
    })
}

/// All objects of a list, page by page.
async fn objects(access: &ServerAccess, path: &str) -> Result<Vec<Value>, Failure> {
    let mut objects: Vec<Value> = Vec::new();
    loop {
        let page = ask(access, "GET", (&format!("{path}?limit={PAGE_SIZE}&offset={}", objects.len()), None)).await?;
        let found = page.get("objects").and_then(Value::as_array).cloned().unwrap_or_default();
        let last = found.len() < PAGE_SIZE;
        objects.extend(found);
        if last {
            return Ok(objects);
        }
    }
}

async fn show(
    access: &ServerAccess,
    (method, path, body): (&str, &str, Option<Value>),
    columns: &[Column],
) -> Result<(), Failure> {
    let shown = ask(access, method, (path, body)).await?;
    print(access.json, &shown, || table(columns, std::slice::from_ref(&shown)))
}

async fn delete(access: &ServerAccess, path: &str) -> Result<(), Failure> {
    ask(access, "DELETE", (path, None)).await?;
    print(access.json, &json!({ "deleted": path }), || "It is gone.\n".into())
}

/// How a next hop's challenge is answered; null where it is not.
async fn upstream_secret(access: &ServerAccess, id: &str) -> Result<Value, Failure> {
    let path = format!("origination-uris/{}/secret", segment(id));
    let client = ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone());
    let answer = client.call("GET", &path, None).await?;
    if answer.status == 404 { Ok(Value::Null) } else { answer.accepted() }
}

/// How our registrations stand at the next hops of a trunk that want one, each with the URI's id.
async fn registrations(access: &ServerAccess, attachments: &Value) -> Result<Vec<Value>, Failure> {
    let of_trunk = ["primary_uri", "fallback_uri"].into_iter().filter_map(|field| attachments.get(field));
    let others = attachments.get("origination_uris").and_then(Value::as_array).into_iter().flatten();
    let mut registrations = Vec::new();
    for id in of_trunk.chain(others).filter_map(Value::as_str) {
        let secret = upstream_secret(access, id).await?;
        if let Some(registration) = secret.get("registration").and_then(Value::as_object) {
            let mut shown = Map::from_iter([("origination_uri".to_owned(), json!(id))]);
            shown.extend(registration.clone());
            registrations.push(Value::Object(shown));
        }
    }
    Ok(registrations)
}

async fn ask(access: &ServerAccess, method: &str, (path, body): (&str, Option<Value>)) -> Result<Value, Failure> {
    let client = ApiClient::new(&access.url, &access.auth_id, &access.auth_token).trusting(access.ca_file.clone());
    client.call(method, path, body).await?.accepted()
}

fn trunk_path(trunk_id: &str) -> String {
    format!("trunks/{}", segment(trunk_id))
}

/// One line a field; those of an object within follow with a deeper margin.
fn described(object: &Value) -> String {
    described_within(object, "  ")
}

fn described_within(object: &Value, margin: &str) -> String {
    let fields = object.as_object().into_iter().flatten();
    let line = |(name, value): (&String, &Value)| match value {
        Value::Object(_) => format!("{margin}{name}\n{}", described_within(value, &format!("{margin}  "))),
        Value::Array(list) if list.iter().any(Value::is_object) => list
            .iter()
            .map(|object| format!("{margin}{name}\n{}", described_within(object, &format!("{margin}  "))))
            .collect(),
        Value::Array(list) => {
            let texts = list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
            format!("{margin}{name:<26} {texts}\n")
        }
        Value::String(text) => format!("{margin}{name:<26} {text}\n"),
        other => format!("{margin}{name:<26} {other}\n"),
    };
    fields.map(line).collect()
}
