//! The two pages in their order: what holds everywhere, the operations by tag, the errors; and the schemas.

use super::operation::{Operation, section, verb};
use super::schema::{self, Side};
use super::text::{blocks, inline};
use crate::api::openapi::{BASE, document, schema_name};
use crate::domain::Code;
use crate::server::assets::package_path;
use leptos::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;

/// Methods in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// `/docs/api` as text.
pub fn operations(origin: &str) -> String {
    let document = document();
    drawn(|| {
        let sections: Vec<_> = tags(document)
            .map(|(tag, about)| {
                let operations: Vec<_> = of_tag(document, tag).into_iter().map(|operation| section(operation, document, origin)).collect();
                view! { <section><h2 id=tag_anchor(tag)>{tag.to_owned()}</h2><p>{inline(about)}</p>{operations}</section> }
            })
            .collect();
        let main = view! { {introduction(document, origin)} <Menu contents=contents(document)/> {sections} {errors()} };
        whole("API reference", contents(document), main.into_any())
    })
}

/// `/docs/api/schemas` as text.
pub fn schemas() -> String {
    let document = document();
    drawn(|| {
        let written = written(document);
        let side = |name: &str| if written.contains(name) { Side::Request } else { Side::Answer };
        let all: Vec<_> = names(document).map(|(name, schema)| schema::definition(name, schema, side(name))).collect();
        let about = view! {
            <p>"What the "<a href="/docs/api">"operations of the API"</a>" take and answer, by name."</p>
            <Menu contents=schema_contents(document)/>
            {all}
        };
        whole("API schemas", schema_contents(document), about.into_any())
    })
}

/// A view as text. Leptos marks where text ends, for a hydration that does not come.
fn drawn(view: impl FnOnce() -> AnyView) -> String {
    format!("<!DOCTYPE html>{}", Owner::new().with(|| view().to_html()).replace("<!>", ""))
}

fn whole(title: &'static str, contents: AnyView, main: AnyView) -> AnyView {
    view! {
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="robots" content="noindex"/>
                <meta name="color-scheme" content="light dark"/>
                <title>{format!("{title} · Keyloom")}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=format!("/{}/keyloom.css", package_path())/>
            </head>
            <body class="api-page">
                <a class="api-skip" href="#main">"Skip to content"</a>
                <header class="api-head">
                    <p class="api-brand"><span aria-hidden="true">"K"</span>"Keyloom"</p>
                    <a class="api-menu-link" href="#contents">"Contents"</a>
                    <nav aria-label="API">{contents}</nav>
                </header>
                <main id="main" tabindex="-1"><h1>{title}</h1>{main}</main>
            </body>
        </html>
    }
    .into_any()
}

/// The contents where there is no room for them beside the page.
#[component]
fn Menu(contents: AnyView) -> impl IntoView {
    view! { <details class="api-menu" id="contents"><summary>"Contents"</summary><nav aria-label="API, small screens">{contents}</nav></details> }
}

/// The operations of a tag.
fn of_tag<'a>(document: &'a Value, tag: &str) -> Vec<Operation<'a>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| METHODS.into_iter().filter_map(move |method| Some(Operation { method, path, raw: item.get(method)? })))
        .filter(|operation| operation.tag() == tag)
        .collect()
}

/// The tags with what the document says of them, in its order.
fn tags(document: &Value) -> impl Iterator<Item = (&str, &str)> {
    document["tags"].as_array().into_iter().flatten().map(|tag| (tag["name"].as_str().unwrap_or_default(), tag["description"].as_str().unwrap_or_default()))
}

/// Where a tag begins.
fn tag_anchor(tag: &str) -> String {
    format!("tag-{}", tag.to_lowercase().replace(' ', "-"))
}

fn contents(document: &Value) -> AnyView {
    let groups: Vec<_> = tags(document)
        .map(|(tag, _)| {
            let links: Vec<_> = of_tag(document, tag)
                .into_iter()
                .map(|operation| view! { <li><a href=format!("#{}", operation.id())>{verb(operation.method)}{operation.summary().to_owned()}</a></li> })
                .collect();
            view! { <li><a href=format!("#{}", tag_anchor(tag))>{tag.to_owned()}</a><ul>{links}</ul></li> }
        })
        .collect();
    view! { <ul>{groups}<li><a href="#errors">"Errors"</a></li><li><a href=schema::PATH>"Schemas"</a></li></ul> }.into_any()
}

/// The schemas in order of name.
fn names(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document["components"]["schemas"].as_object().into_iter().flatten()
}

fn schema_contents(document: &Value) -> AnyView {
    let links: Vec<_> = names(document).map(|(name, _)| view! { <li><a href=format!("#{name}")>{name.clone()}</a></li> }).collect();
    view! { <ul><li><a href="/docs/api">"Operations"</a></li><li><a href="#main">"Schemas"</a><ul>{links}</ul></li></ul> }.into_any()
}

fn introduction(document: &Value, origin: &str) -> AnyView {
    let address = format!("{BASE}/openapi.json");
    view! {
        {blocks(document["info"]["description"].as_str().unwrap_or_default())}
        <p>
            "Paths are below "<code>{format!("{origin}{BASE}")}</code>". Applications sign in with an API key: "
            <code>"Authorization: Bearer wvz_…"</code>". The same as an OpenAPI 3.1 document: "<a href=address.clone()>{address.clone()}</a>"."
        </p>
    }
    .into_any()
}

fn errors() -> AnyView {
    let rows: Vec<_> = Code::ALL
        .iter()
        .map(|code| view! { <tr id=code.as_str()><td><code>{breakable(code.as_str())}</code></td><td>{code.status()}</td><td>{inline(code.meaning())}</td></tr> })
        .collect();
    view! {
        <section>
            <h2 id="errors">"Errors"</h2>
            <p>"Every refusal has the form "{schema::link("Error")}", with one of these codes."</p>
            <div class="api-table">
                <table>
                    <caption>"Error codes"</caption>
                    <thead><tr><th scope="col">"Code"</th><th scope="col">"Status"</th><th scope="col">"Meaning"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// A long name that may be broken where its words end.
fn breakable(name: &'static str) -> Vec<AnyView> {
    name.split_inclusive('_').map(|word| view! { {word}<wbr/> }.into_any()).collect()
}

/// Schemas that callers write.
fn written(document: &Value) -> BTreeSet<&str> {
    let items = document["paths"].as_object().into_iter().flatten();
    let mut next: Vec<&Value> = items.flat_map(|(_, item)| item.as_object().into_iter().flatten()).map(|(_, raw)| &raw["requestBody"]).collect();
    let mut found = BTreeSet::new();
    while let Some(value) = next.pop() {
        if let Some(name) = schema_name(value).filter(|name| found.insert(*name)) {
            next.push(&document["components"]["schemas"][name]);
        }
        next.extend(value.as_array().into_iter().flatten());
        next.extend(value.as_object().into_iter().flatten().map(|(_, member)| member));
    }
    found
}
