//! `/dev/hosted`: what hosted pages are made of, in its states. In debug builds only.

use super::views::{document, logo};
use crate::service::logos::Theme;
use axum::http::StatusCode;
use axum::response::Response;
use leptos::prelude::*;

/// The page.
pub async fn page() -> Response {
    let body = view! {
        <span class="brand" aria-hidden="true">"K"</span>
        <h1>"Of the hosted page"</h1>
        <p>"Text, and "<a href="#top">"a link"</a>". "<span class="small">"A side note."</span></p>
        {logo("GitLab", Some("gitlab"))}" "{logo("Nameless", None)}" "<span class="check" aria-hidden="true">"✓"</span>
        <div class="problem"><p>"What went wrong, in plain words."</p><details><summary>"Details"</summary><p><code>"access_denied"</code></p></details></div>
        <p class="notice">"Worth knowing."</p>
        <p class="news">"It worked."</p>
        <form method="get" action="/dev/hosted">
            <p class="locked"><span>"Given by the application"</span><span>"AC0123"</span></p>
            <div class="field">
                <label for="text">"Text "<span class="small">"(optional)"</span></label>
                <input id="text" name="text" type="text" aria-describedby="text-help"/>
                <p class="small" id="text-help">"Under Settings, Keys."</p>
            </div>
            <div class="field">
                <label for="wrong">"Text that is wrong"</label>
                <input id="wrong" name="wrong" type="text" value="wrong" aria-describedby="wrong-error" aria-invalid="true"/>
                <p class="error" id="wrong-error">"Say what would be right."</p>
            </div>
            <div class="field"><label for="choice">"Choice"</label><select id="choice" name="choice"><option>"Europe"</option><option>"United States"</option></select></div>
            <div class="field">
                <label for="secret">"Secret"</label>
                <span class="secret"><input id="secret" name="secret" type="password" autocomplete="off"/><button type="button" class="link" data-show="secret" aria-pressed="false" hidden>"Show"</button></span>
            </div>
            <div class="choices" role="radiogroup" aria-label="Accounts">
                <label class="choice"><input type="radio" name="account" value="a" checked/><span><span class="account">"Northwind"</span><span class="small">"https://northwind.example"</span></span></label>
                <label class="choice"><input type="radio" name="account" value="b"/><span><span class="account">"Southwind"</span></span></label>
            </div>
            <details class="scopes"><summary>"Permissions"</summary><ul><li><code>"repo"</code></li></ul></details>
            <button class="primary">"The one button"</button>
            <button class="secondary" type="button">"Another"</button>
        </form>
        <details class="method" name="method" open=true><summary>"A way to connect"</summary><p>"Its form."</p></details>
        <details class="method" name="method"><summary>"Another way"</summary><p>"Its form."</p></details>
        <ul class="services">
            <li><span class="service">{logo("GitLab", Some("gitlab"))}<strong>"GitLab"</strong></span>
                <ul class="accounts"><li><span class="account">"somebody"</span><div class="actions"><form method="get" action="/dev/hosted"><button class="link">"Test"</button></form></div></li></ul>
            </li>
        </ul>
        <form method="get" action="/dev/hosted"><button class="link">"The way out"</button></form>
    };
    document("en", "Components of the hosted page", Theme { accent: Some("#0f766e"), logo: None }, StatusCode::OK, body)
}
