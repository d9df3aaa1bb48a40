//! One call of the API: what it does, what it takes and answers, which errors it can bring, and how it looks.

use super::schema::{self, Side};
use super::text::{blocks, inline};
use crate::api::openapi::{BASE, schema_name};
use crate::domain::Code;
use leptos::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// One method of one path.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'a> {
    /// `post`
    pub method: &'a str,
    /// `/connections/{id}`
    pub path: &'a str,
    /// What the document says of it.
    pub raw: &'a Value,
}

impl<'a> Operation<'a> {
    /// Its name, and where it is on the page.
    pub fn id(self) -> &'a str {
        self.raw["operationId"].as_str().unwrap_or_default()
    }

    /// What it does, in three words.
    pub fn summary(self) -> &'a str {
        self.raw["summary"].as_str().unwrap_or_default()
    }

    /// Under which heading it stands.
    pub fn tag(self) -> &'a str {
        self.raw["tags"][0].as_str().unwrap_or_default()
    }

    fn body(self) -> &'a Value {
        &self.raw["requestBody"]["content"]["application/json"]
    }

    /// The name of its body's schema, and the members that this operation needs besides.
    fn body_schema(self) -> Option<(&'a str, Vec<&'a str>)> {
        let schema = &self.body()["schema"];
        let parts = schema["allOf"].as_array().map_or_else(|| vec![schema], |parts| parts.iter().collect());
        let further = parts.iter().flat_map(|part| part["required"].as_array().into_iter().flatten()).filter_map(Value::as_str).collect();
        Some((parts.iter().find_map(|part| schema_name(part))?, further))
    }
}

/// A badge with the method.
pub fn verb(method: &str) -> AnyView {
    view! { <span class=format!("api-verb api-{method}")>{method.to_uppercase()}</span> }.into_any()
}

/// The whole of it.
pub fn section(operation: Operation<'_>, document: &Value, origin: &str) -> AnyView {
    let id = operation.id();
    view! {
        <section class="api-operation" id=id.to_owned()>
            <div>
                <h3><a href=format!("#{id}")>{operation.summary().to_owned()}</a></h3>
                <p class="api-route">{verb(operation.method)}<code>{operation.path.to_owned()}</code></p>
                {blocks(operation.raw["description"].as_str().unwrap_or_default())}
                {is_open(operation.raw).then(|| view! { <p>"Needs no API key."</p> })}
                {parameters(operation, document)}
                {body(operation, document)}
                {answers(operation)}
                {errors(operation)}
            </div>
            {examples(operation, document, origin)}
        </section>
    }
    .into_any()
}

/// Whether it is for everybody.
fn is_open(raw: &Value) -> bool {
    raw["security"].as_array().is_some_and(|ways| ways.iter().all(|way| way.as_object().is_none_or(serde_json::Map::is_empty)))
}

/// A parameter, wherever it is described.
fn resolved<'a>(parameter: &'a Value, document: &'a Value) -> &'a Value {
    let name = parameter["$ref"].as_str().and_then(|path| path.strip_prefix("#/components/parameters/"));
    name.map_or(parameter, |name| &document["components"]["parameters"][name])
}

fn parameters(operation: Operation<'_>, document: &Value) -> Option<AnyView> {
    let parameters = operation.raw["parameters"].as_array().filter(|parameters| !parameters.is_empty())?;
    let rows: Vec<_> = parameters
        .iter()
        .map(|parameter| resolved(parameter, document))
        .map(|parameter| {
            let note = match (parameter["in"].as_str(), parameter["required"] == true) {
                (Some("path"), _) => Some("path"),
                (Some("header"), _) => Some("header"),
                (_, required) => required.then_some("required"),
            };
            let about = parameter["description"].as_str().unwrap_or_default();
            schema::field(parameter["name"].as_str().unwrap_or_default(), &parameter["schema"], note, about)
        })
        .collect();
    Some(view! { <h4>"Parameters"</h4> <dl class="api-fields">{rows}</dl> }.into_any())
}

fn body(operation: Operation<'_>, document: &Value) -> Option<AnyView> {
    let (name, further) = operation.body_schema()?;
    let fields = schema::fields(&document["components"]["schemas"][name], &further, Side::Request)?;
    let may_be_absent = (operation.raw["requestBody"]["required"] != true).then_some(" May be left out.");
    Some(view! { <h4>"Body"</h4> <p>{schema::link(name)}"."{may_be_absent}</p> {fields} }.into_any())
}

/// The statuses of success.
fn successes(operation: Operation<'_>) -> impl Iterator<Item = (&String, &Value)> {
    operation.raw["responses"].as_object().into_iter().flatten().filter(|(status, _)| status.starts_with('2'))
}

fn answers(operation: Operation<'_>) -> AnyView {
    let rows: Vec<_> = successes(operation)
        .map(|(status, answer)| {
            let schema = &answer["content"]["application/json"]["schema"];
            let about = inline(answer["description"].as_str().unwrap_or_default());
            view! { <li><b>{status.clone()}</b>" "{about}" "{schema_name(schema).map(schema::link)}</li> }
        })
        .collect();
    view! { <h4>"Answer"</h4> <ul>{rows}</ul> }.into_any()
}

fn errors(operation: Operation<'_>) -> AnyView {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in operation.raw["x-error-codes"].as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(Code::parse) {
        by_status.entry(code.status()).or_default().push(code);
    }
    let rows: Vec<_> = by_status
        .into_iter()
        .map(|(status, codes)| {
            let codes: Vec<_> = codes.into_iter().map(|code| view! { " "<a href=format!("#{}", code.as_str())>{code.as_str()}</a> }).collect();
            view! { <li><b>{status}</b>{codes}</li> }
        })
        .collect();
    view! { <h4>"Errors"</h4> <ul class="api-codes">{rows}</ul> }.into_any()
}

fn examples(operation: Operation<'_>, document: &Value, origin: &str) -> AnyView {
    // Where there are two it is the second that tells of a thing just made.
    let answer = successes(operation).filter_map(|(status, answer)| Some((status.clone(), answer["content"]["application/json"].get("example")?))).last();
    let answer = answer.map(|(status, example)| {
        view! { <details><summary>"Answer, "{status}</summary><pre><code>{format!("{example:#}")}</code></pre></details> }
    });
    view! { <div class="api-example"><h4>"Example"</h4><pre><code>{curl(operation, document, origin)}</code></pre>{answer}</div> }.into_any()
}

/// The call on the command line.
fn curl(operation: Operation<'_>, document: &Value, origin: &str) -> String {
    let mut path = operation.path.to_owned();
    for parameter in operation.raw["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "path") {
        let name = parameter["name"].as_str().unwrap_or_default();
        let named = schema_name(&parameter["schema"]).and_then(|schema| document["components"]["schemas"][schema]["examples"][0].as_str());
        path = path.replace(&format!("{{{name}}}"), named.unwrap_or("acme"));
    }
    let body = operation.body().get("example").filter(|example| example.as_object().is_some_and(|members| !members.is_empty()));
    let mut words = vec![format!("curl {origin}{BASE}{path}")];
    // curl's own choice is GET, and POST where there is a body.
    let usual = if body.is_some() { "post" } else { "get" };
    if operation.method != usual {
        words.push(format!("-X {}", operation.method.to_uppercase()));
    }
    if !is_open(operation.raw) {
        words.push("-H \"Authorization: Bearer $KEYLOOM_API_KEY\"".to_owned());
    }
    if let Some(body) = body {
        words.push("-H \"Content-Type: application/json\"".to_owned());
        let text = format!("{body:#}").replace('\'', r"'\''");
        words.push(format!("-d '{text}'"));
    }
    words.join(" \\\n  ")
}
