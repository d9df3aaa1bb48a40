//! `/docs/api` and `/docs/api/schemas`: the API's reference for people, drawn from the very document that `/api/v1/openapi.json`
//! serves. Plain HTML, for everybody, without a line of script; its looks are `style/reference.css`.
//!
//! `page.rs` is the order of both, `operation.rs` one call, `schema.rs` what fields and types are called, `text.rs` the little Markdown
//! that descriptions use.

mod operation;
mod page;
mod schema;
mod text;

use crate::server::assets::short_hash;
use crate::server::security::HOSTED_POLICY;
use crate::server::state::AppState;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, OnceLock};
use tower_http::compression::CompressionLayer;

/// A page as it goes out.
struct Page {
    html: Bytes,
    /// Weak, since what is sent may be compressed.
    tag: Option<HeaderValue>,
}

impl Page {
    fn new(html: String) -> Self {
        let tag = HeaderValue::try_from(format!("W/\"{}\"", short_hash(&Sha256::digest(&html)))).ok();
        Self { html: html.into(), tag }
    }
}

/// The pages, and nothing that acts on cookies.
pub fn router() -> Router<AppState> {
    // Drawn when they are first asked for: they cannot change while the server runs.
    let operations: Arc<OnceLock<Page>> = Arc::default();
    let schemas: Arc<OnceLock<Page>> = Arc::default();
    let show_operations = move |State(state): State<AppState>, headers: HeaderMap| async move {
        answer(operations.get_or_init(|| Page::new(page::operations(state.services.public_url.origin()))), &headers)
    };
    let show_schemas = move |headers: HeaderMap| async move { answer(schemas.get_or_init(|| Page::new(page::schemas())), &headers) };
    Router::new().route("/docs/api", get(show_operations)).route(schema::PATH, get(show_schemas)).layer(CompressionLayer::new())
}

fn answer(page: &Page, request: &HeaderMap) -> Response {
    let is_known = page.tag.is_some() && request.get(header::IF_NONE_MATCH) == page.tag.as_ref();
    let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { Html(page.html.clone()).into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(HOSTED_POLICY));
    // Kept, but asked about each time: a new version of the server has other content, and a stylesheet at another path.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
    if let Some(tag) = &page.tag {
        headers.insert(header::ETAG, tag.clone());
    }
    response
}
