//! Schemas in words, and examples of what they describe.

use crate::html::Html;
use serde_json::{Map, Value, json};

const NULL: &Value = &Value::Null;

/// The schema in a media type, parameter or header.
pub(super) fn of(described: &Value) -> &Value {
    described.get("schema").unwrap_or(NULL)
}

/// What a reference refers to; anything else itself.
pub(super) fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let target = value.get("$ref").and_then(Value::as_str);
    let found = target.and_then(|target| document.pointer(target.trim_start_matches('#')));
    found.unwrap_or(value)
}

/// An example of what the schema describes.
pub(super) fn example(document: &Value, schema: &Value) -> Value {
    let schema = resolved(document, schema);
    if let Some(given) = schema.get("example").or_else(|| schema.get("default")) {
        return given.clone();
    }
    if let Some(first) = schema.get("enum").and_then(|values| values.get(0)) {
        return first.clone();
    }
    match kind(schema) {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            let filled = properties.map(|(name, property)| (name.clone(), example(document, property)));
            Value::Object(filled.collect::<Map<_, _>>())
        }
        Some("array") => json!([example(document, schema.get("items").unwrap_or(NULL))]),
        Some("string") => json!("text"),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(0)),
        Some("boolean") => json!(true),
        _ => Value::Null,
    }
}

/// A table of an object's properties, or the constraints of any other schema.
pub(super) fn table(html: &mut Html, schema: &Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        html.markup("<p>");
        constraints(html, schema);
        html.markup("</p>");
        return;
    };
    let required: Vec<&str> = strings(schema.get("required")).collect();
    html.markup("<table><thead><tr><th scope=col>Field<th scope=col>Type<th scope=col>Meaning</thead><tbody>");
    for (name, property) in properties {
        html.markup("<tr><th scope=row>").element("code", name);
        html.markup(if required.contains(&name.as_str()) { "<td>" } else { "<td>optional " });
        constraints(html, property);
        html.markup("<td>").prose(description(property));
    }
    html.markup("</tbody></table>");
}

/// Type and bounds in a few words, linked where they are described elsewhere.
pub(super) fn constraints(html: &mut Html, schema: &Value) {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.rsplit('/').next()) {
        html.open("a", &[("href", &format!("#schema-{name}"))]).text(name).close("a");
        return;
    }
    for (number, choice) in choices(schema).enumerate() {
        html.text(if number == 0 { "" } else { " or " });
        constraints(html, choice);
    }
    let kinds: Vec<&str> = strings(schema.get("type")).collect();
    html.text(kinds.join(" or "));
    if let Some(items) = schema.get("items") {
        html.text(" of ");
        constraints(html, items);
    }
    let bounds = [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minLength", "shortest"),
        ("maxLength", "longest"),
        ("minItems", "fewest"),
        ("maxItems", "most"),
        ("default", "default"),
        ("format", "format"),
    ];
    for (key, words) in bounds {
        if let Some(value) = schema.get(key) {
            html.text(format!(", {words} {}", plain(value)));
        }
    }
    for (number, value) in schema.get("enum").and_then(Value::as_array).into_iter().flatten().enumerate() {
        html.text(if number == 0 { ", one of " } else { ", " }).element("code", plain(value));
    }
    if let Some(pattern) = schema.get("pattern") {
        html.text(", matching ").element("code", plain(pattern));
    }
}

/// What a described thing says of itself.
pub(super) fn description(described: &Value) -> &str {
    described.get("description").and_then(Value::as_str).unwrap_or_default()
}

fn choices(schema: &Value) -> impl Iterator<Item = &Value> {
    ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten()
}

fn kind(schema: &Value) -> Option<&str> {
    strings(schema.get("type")).next()
}

/// A text, or each text of a list.
fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let one = value.and_then(Value::as_str);
    let many = value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
