//! Links from what creates an object to what shows, changes and deletes it, so that programs find the way by themselves.

use super::NEEDS_IDENTITY;
use serde_json::{Map, Value, json};

/// What creates, the placeholder that names what was created, and where the answer says it.
const CREATIONS: [(&str, &str, &str); 8] = [
    ("create-credential", "credential_id", "$response.body#/id"),
    ("create-credential-from-hashes", "credential_id", "$response.body#/id"),
    ("create-device", "device_id", "$response.body#/id"),
    ("create-trunk", "trunk_id", "$response.body#/trunk_id"),
    ("create-ip-acl", "ip_acl_id", "$response.body#/id"),
    ("create-origination-uri", "origination_uri_id", "$response.body#/id"),
    ("create-token", "token_id", "$response.body#/id"),
    ("create-sub-account", "sub_auth_id", "$response.body#/auth_credentials/auth_id"),
];

/// Adds the links to the answers that create.
pub(super) fn add_to(document: &mut Value) {
    for (creation, placeholder, value) in CREATIONS {
        let links = links(document, placeholder, value);
        let operations = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
        let mut operations = operations.filter_map(|(_, item)| item.get_mut("post"));
        let creating = operations.find(|operation| operation.get("operationId").is_some_and(|id| id == creation));
        if let Some(created) = creating.and_then(|operation| operation.pointer_mut("/responses/201")) {
            super::set(created, "links", Value::Object(links));
        }
    }
}

fn links(document: &Value, placeholder: &str, value: &str) -> Map<String, Value> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    // The same placeholder stands in the operator's paths, where the account's token does not reach.
    let named =
        paths.filter(|(path, _)| path.starts_with(NEEDS_IDENTITY) && path.contains(&format!("{{{placeholder}}}")));
    let operations = named.filter_map(|(_, item)| item.as_object()).flat_map(|item| item.values());
    let link = |operation: &Value| {
        let id = operation.get("operationId")?.as_str()?;
        let mut parameters = json!({"auth_id": "$request.path.auth_id", placeholder: value});
        if let Some(parameters) = parameters.as_object_mut().filter(|_| placeholder == "device_id") {
            parameters.insert("credential_id".into(), json!("$request.path.credential_id"));
        }
        Some((id.to_owned(), json!({"operationId": id, "parameters": parameters})))
    };
    operations.filter_map(link).collect()
}
