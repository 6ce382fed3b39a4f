//! The `OpenAPI` 3.1 document: what the operations say of themselves, and what holds for all of them.
//!
//! Handlers describe their own bodies and answers. What follows from a path or a method (its parameters, the identity it
//! needs, the errors every such request may get) is added here once, so that no operation can forget it.

mod links;
mod shared_parts;

use crate::answer::APPLICATION_JSON;
use crate::api::{Shared, described_routes};
use crate::routes::Routes;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use domain::UsernameRule;
use serde_json::{Map, Value, json};
use shared_parts::Facts;
use std::sync::Arc;
use utoipa::openapi::{Info, OpenApiBuilder};

/// Every path below this needs an account's identity.
const NEEDS_IDENTITY: &str = "/api/v1/";
/// Every path below this needs the operator.
const NEEDS_OPERATOR: &str = "/admin/v1/";
/// Where the username's pattern stands.
const USERNAME_PATTERNS: [&str; 2] = [
    "/components/schemas/NewCredential/properties/username/pattern",
    "/components/schemas/NewCredentialFromHashes/properties/username/pattern",
];

/// The document that a server with that rule for usernames serves at `/openapi.json`, indented and ending in a newline.
#[must_use]
pub fn openapi_document(username_rule: UsernameRule) -> String {
    printed(&document(&described_routes(), username_rule))
}

pub(crate) fn routes(document: &Value) -> Router<Arc<Shared>> {
    let body = Bytes::from(printed(document));
    Router::new().route("/openapi.json", get(async move || ([(CONTENT_TYPE, APPLICATION_JSON)], body)))
}

pub(crate) fn document(routes: &Routes, username_rule: UsernameRule) -> Value {
    let info = Info::new("sipwarden", env!("CARGO_PKG_VERSION"));
    let described = OpenApiBuilder::new()
        .info(info)
        .paths(routes.paths.clone())
        .components(Some(routes.components.clone()))
        .build();
    // It consists of maps with text keys, which always print.
    let mut document = serde_json::to_value(&described).unwrap_or_default();
    shared_parts::add_to(&mut document);
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, item) in paths {
            complete_path(path, item);
        }
    }
    links::add_to(&mut document);
    if username_rule == UsernameRule::Extended {
        for place in USERNAME_PATTERNS {
            if let Some(pattern) = document.pointer_mut(place) {
                *pattern = json!("^[A-Za-z0-9_.+-]+$");
            }
        }
    }
    document
}

fn complete_path(path: &str, item: &mut Value) {
    let Some(operations) = item.as_object_mut() else { return };
    for (method, operation) in operations {
        if let Some(operation) = operation.as_object_mut() {
            complete(path, method, operation);
        }
    }
}

/// Placeholders of objects that have resources of their own below them, or are no `…_id`.
const OBJECTS: [&str; 5] = ["{credential_id}", "{trunk_id}", "{ip_acl_id}", "{origination_uri_id}", "{e164}"];

/// What a POST does without creating anything: it takes no key to be repeated with.
const ACTIONS: [&str; 4] = ["/assign", "/import", "/rotate-secret", "/test"];

/// Adds what follows from an operation's path and method.
fn complete(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let needs_identity = path.starts_with(NEEDS_IDENTITY);
    let needs_operator = path.starts_with(NEEDS_OPERATOR);
    let repeatable = method == "post" && !needs_operator && !ACTIONS.iter().any(|action| path.ends_with(action));
    let has_body = operation.contains_key("requestBody");
    if let Some(body) = operation.get_mut("requestBody") {
        body["required"] = json!(true);
    }
    if needs_identity {
        operation.insert("security".into(), json!([{"AuthID": [], "AuthToken": []}]));
    }
    if needs_operator {
        operation.insert("security".into(), json!([{"OperatorToken": []}]));
    }
    let in_path = shared_parts::path_parameters(path);
    let parameters = in_path.chain(shared_parts::repeating_parameters(repeatable)).map(reference_to("parameters"));
    let own = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(own) = own.as_array_mut() {
        own.extend(parameters);
    }
    let facts = Facts {
        needs_identity,
        needs_operator,
        has_body,
        names_an_object: OBJECTS.iter().any(|placeholder| path.contains(placeholder))
            || path.contains("_id}") && (needs_operator || path.ends_with("_id}")),
        creates: repeatable,
        has_pages: takes(operation, "limit") || takes(operation, "page"),
    };
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, response) in responses.iter_mut() {
        let named = shared_parts::headers(facts, status);
        let headers = named.map(|(name, component)| (name.to_owned(), reference_to("headers")(component)));
        set(response, "headers", Value::Object(headers.collect()));
    }
    let answered = shared_parts::errors(facts);
    for (status, component) in answered {
        responses.entry(status).or_insert_with(|| reference_to("responses")(component));
    }
}

/// Sets a member of an object.
fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// Whether the operation itself describes a parameter of that name.
fn takes(operation: &Map<String, Value>, name: &str) -> bool {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    parameters.filter_map(|parameter| parameter.get("name")).any(|given| given == name)
}

fn reference_to(section: &'static str) -> impl Fn(&str) -> Value {
    move |name| json!({"$ref": format!("#/components/{section}/{name}")})
}

fn printed(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_component_is_used() {
        let document = document(&described_routes(), UsernameRule::Strict);
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in &found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        for section in ["schemas", "responses", "parameters", "headers"] {
            for name in document["components"][section].as_object().unwrap().keys() {
                let reference = format!("#/components/{section}/{name}");
                assert!(found.contains(&reference), "{reference} is not used");
            }
        }
    }

    #[test]
    fn every_object_schema_is_closed_or_says_that_it_is_open() {
        let document = document(&described_routes(), UsernameRule::Strict);
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            if schema["type"] == "object" {
                assert!(schema.get("additionalProperties").is_some(), "{name}");
            }
        }
    }

    #[test]
    fn every_operation_has_an_id_a_tag_a_summary_and_its_errors() {
        let document = document(&described_routes(), UsernameRule::Strict);
        let mut ids = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["tags"][0].is_string() && operation["summary"].is_string(), "{method} {path}");
                ids.push(operation["operationId"].as_str().unwrap().to_owned());
                let statuses = operation["responses"].as_object().unwrap();
                for status in ["400", "500", "503"] {
                    assert!(statuses.contains_key(status), "{method} {path} {status}");
                }
                assert!(statuses.keys().any(|status| status.starts_with('2')), "{method} {path}");
            }
        }
        let number = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), number, "two operations have the same id");
    }

    #[test]
    fn what_is_created_links_to_what_can_be_done_with_it() {
        let document = document(&described_routes(), UsernameRule::Strict);
        let paths = document["paths"].as_object().unwrap();
        for (path, item) in paths.iter().filter(|(path, _)| path.starts_with(NEEDS_IDENTITY)) {
            let creates =
                !ACTIONS.iter().chain(&["/rotate", "/provisioning-links"]).any(|action| path.ends_with(action));
            let Some(operation) = item.get("post").filter(|_| creates) else { continue };
            let links = operation["responses"]["201"]["links"].as_object().unwrap_or_else(|| panic!("{operation}"));
            assert!(links.keys().any(|id| id.starts_with("show-")), "{links:?}");
            assert!(!links.keys().any(|id| id.starts_with("operator-")), "{links:?}");
        }
    }

    #[test]
    fn the_username_pattern_follows_the_rule() {
        for place in USERNAME_PATTERNS {
            let pattern = |rule| document(&described_routes(), rule).pointer(place).cloned();
            assert_eq!(pattern(UsernameRule::Strict), Some(json!("^[A-Za-z0-9_]+$")), "{place}");
            assert_eq!(pattern(UsernameRule::Extended), Some(json!("^[A-Za-z0-9_.+-]+$")), "{place}");
        }
    }
}
