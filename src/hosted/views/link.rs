//! The link for an end user that somebody of the dashboard asked for, where WebAssembly cannot show it.

use super::document;
use crate::service::connect::Link;
use crate::service::logos::Theme;
use axum::http::StatusCode;
use axum::response::Response;
use leptos::prelude::*;

/// The answer to the form, and the only place where the link stands.
pub fn connect_link(user: &str, user_id: &str, link: &Link) -> Response {
    let title = format!("Connect link for {user}");
    let body = view! {
        <h1>{title.clone()}</h1>
        <p>"Copy it now: it is not shown again. Whoever has it connects accounts for this end user, so send it to nobody else."</p>
        <p><code id="link">{link.url.expose().to_owned()}</code></p>
        <p class="small">"Until "{link.expires_at.minute()}" UTC."</p>
        <p><a href=format!("/end-users/{user_id}")>"Back to the end user"</a></p>
    };
    document("en", &title, Theme::default(), StatusCode::OK, body)
}
