//! The page: contents, how to prove an account, every operation, every schema.

use super::{curl, schema};
use crate::html::Html;
use serde_json::{Map, Value};

const HEAD: &str = "<!doctype html><html lang=en><head><meta charset=utf-8>\
    <meta name=viewport content=\"width=device-width, initial-scale=1\"><title>sipwarden API</title>\
    <link rel=stylesheet href=\"/docs/style.css\"></head><body>\
    <a class=skip href=\"#main\">Skip to the operations</a>";
const INTRODUCTION: &str = "<p>This page is made from <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI 3.1). \
    Every request below <code>/api/v1</code> proves an account with two headers, <code>X-Auth-ID</code> and \
    <code>X-Auth-Token</code>; <code>sipwarden account create</code> prints both. The commands here take them from \
    the environment, like <code>sipwarden credential</code> does:</p>";

/// An operation and where it is served.
struct Operation<'d> {
    path: &'d str,
    method: &'d str,
    described: &'d Value,
}

impl<'d> Operation<'d> {
    fn text(&self, key: &str) -> &'d str {
        self.described.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn has_tag(&self, tag: &str) -> bool {
        self.described.pointer("/tags/0").and_then(Value::as_str) == Some(tag)
    }
}

/// The page of that document.
pub(super) fn rendered(document: &Value) -> String {
    let operations = operations(document);
    let mut html = Html::default();
    html.markup(HEAD);
    contents(&mut html, document, &operations);
    html.markup("<main id=\"main\" tabindex=-1><h1>sipwarden API</h1><p>");
    html.prose(document.pointer("/info/description").and_then(Value::as_str).unwrap_or_default());
    html.markup("</p>").markup(INTRODUCTION).element("pre", curl::SETUP);
    for (name, tag) in tags(document) {
        html.markup("<h2>").text(name).markup("</h2><p>").prose(schema::description(tag)).markup("</p>");
        for operation in operations.iter().filter(|operation| operation.has_tag(name)) {
            section(&mut html, document, operation);
        }
    }
    html.markup("<h2>Schemas</h2>");
    for (name, described) in schemas(document) {
        html.open("section", &[("id", &format!("schema-{name}"))]).element("h3", name);
        html.markup("<p>").prose(schema::description(described)).markup("</p>");
        schema::table(&mut html, described);
        html.close("section");
    }
    html.markup("</main></body></html>\n");
    html.finish()
}

fn contents(html: &mut Html, document: &Value, operations: &[Operation<'_>]) {
    html.markup("<nav aria-label=Contents>");
    for (name, _) in tags(document) {
        html.element("h2", name).markup("<ul>");
        for operation in operations.iter().filter(|operation| operation.has_tag(name)) {
            html.markup("<li>").open("a", &[("href", &format!("#{}", operation.text("operationId")))]);
            html.text(operation.text("summary")).close("a");
        }
        html.markup("</ul>");
    }
    html.markup("<h2>Schemas</h2><ul>");
    for (name, _) in schemas(document) {
        html.markup("<li>").open("a", &[("href", &format!("#schema-{name}"))]).text(name).close("a");
    }
    html.markup("</ul></nav>");
}

fn section(html: &mut Html, document: &Value, operation: &Operation<'_>) {
    html.open("section", &[("id", operation.text("operationId"))]).element("h3", operation.text("summary"));
    html.markup("<p class=route><b>").text(operation.method.to_uppercase()).markup("</b> ");
    html.element("code", operation.path).markup("</p>");
    if !operation.text("description").is_empty() {
        html.markup("<p>").prose(operation.text("description")).markup("</p>");
    }
    parameters(html, document, operation.described);
    if let Some(body) = operation.described.pointer("/requestBody/content/application~1json") {
        html.markup("<h4>Body</h4>");
        schema::table(html, schema::resolved(document, schema::of(body)));
    }
    html.markup("<h4>Command</h4>");
    html.element("pre", curl::command(document, (operation.path, operation.method), operation.described));
    html.markup("<h4>Answers</h4>");
    for (status, response) in members(operation.described.get("responses")) {
        answer(html, document, (status, schema::resolved(document, response)));
    }
    html.close("section");
}

fn parameters(html: &mut Html, document: &Value, operation: &Value) {
    let listed = operation.get("parameters").and_then(Value::as_array).filter(|list| !list.is_empty());
    let Some(listed) = listed else { return };
    html.markup("<h4>Parameters</h4><table><thead><tr><th scope=col>Name<th scope=col>In<th scope=col>Type");
    html.markup("<th scope=col>Meaning</thead><tbody>");
    for parameter in listed {
        let parameter = schema::resolved(document, parameter);
        let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        html.markup("<tr><th scope=row>").element("code", text("name")).markup("<td>").text(text("in"));
        html.markup(if parameter.get("required") == Some(&Value::Bool(true)) { "<td>" } else { "<td>optional " });
        schema::constraints(html, schema::of(parameter));
        html.markup("<td>").prose(schema::description(parameter));
    }
    html.markup("</tbody></table>");
}

fn answer(html: &mut Html, document: &Value, (status, response): (&str, &Value)) {
    html.markup("<details><summary><b>").text(status).markup("</b> ");
    html.prose(schema::description(response)).markup("</summary>");
    let headers = members(response.get("headers")).map(|(name, _)| name).collect::<Vec<_>>();
    html.markup("<p>Headers: ").element("code", headers.join(", "));
    if let Some(body) = response.pointer("/content/application~1json") {
        html.markup(". Body: ");
        schema::constraints(html, schema::of(body));
        html.markup("</p>");
        let example = body.get("example").cloned().unwrap_or_else(|| schema::example(document, schema::of(body)));
        html.element("pre", serde_json::to_string_pretty(&example).unwrap_or_default());
    } else {
        html.markup(". No body.</p>");
    }
    html.markup("</details>");
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = members(document.get("paths"));
    paths
        .flat_map(|(path, item)| {
            members(Some(item)).map(move |(method, described)| Operation { path, method, described })
        })
        .collect()
}

fn tags(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let listed = document.get("tags").and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(|tag| Some((tag.get("name")?.as_str()?, tag)))
}

fn schemas(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    members(document.pointer("/components/schemas"))
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.and_then(Value::as_object).into_iter().flat_map(Map::iter);
    members.map(|(name, value)| (name.as_str(), value))
}
