//! `sipwarden credential details`.

use super::output::{plain, print};
use super::{client, find, path_of};
use crate::cli::{DetailsChanges, ServerAccess};
use crate::failure::Failure;
use crate::phones::harmless;
use serde_json::{Map, Value};

pub(super) async fn run(credential: &str, changes: DetailsChanges, access: &ServerAccess) -> Result<(), Failure> {
    let client = client(access);
    let path = format!("{}/details", path_of(&find(&client, credential).await?)?);
    let change = changes.into_change();
    let (method, body) = if change.is_empty() { ("GET", None) } else { ("PUT", Some(Value::Object(change))) };
    let details = client.call(method, &path, body).await?.expect(200)?;
    if access.json { print(&format!("{details}\n")) } else { print(&described(&details)) }
}

impl DetailsChanges {
    fn into_change(self) -> Map<String, Value> {
        let expires_at = if self.never_expires { Some(Value::Null) } else { self.expires_at.map(Value::String) };
        let fields = [("expires_at", expires_at), ("description", self.description.map(Value::String))];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

fn described(details: &Value) -> String {
    let or = |value: &Value, otherwise: &str| value.as_str().unwrap_or(otherwise).to_owned();
    let last = harmless(of(details, "last_used"));
    let last_used = if last.is_null() {
        "never, as far as is known".to_owned()
    } else {
        format!(
            "{} from {} over {}, {} with {}, {}",
            plain(of(&last, "at")),
            plain(of(&last, "source")),
            plain(of(&last, "transport")),
            plain(of(&last, "method")),
            plain(of(&last, "algorithm")),
            or(of(&last, "user_agent"), "no User-Agent")
        )
    };
    let age =
        format!("{} ({} days ago)", plain(of(details, "password_changed_at")), plain(of(details, "password_age_days")));
    let lines = [
        ("description", plain(of(details, "description"))),
        ("password set", age),
        ("generation", plain(of(details, "generation"))),
        ("old one until", or(of(details, "overlap_until"), "works no more")),
        ("expires", or(of(details, "expires_at"), "never")),
        ("last used", last_used),
    ];
    lines.map(|(label, value)| format!("  {label:<14} {value}\n")).concat()
}

/// A field of an answer; null where there is none.
fn of<'v>(object: &'v Value, field: &str) -> &'v Value {
    object.get(field).unwrap_or(&Value::Null)
}
