//! Forms of the dashboard that are no server functions: one whose answer is a secret that must not get into an address, and one that
//! sends a file.

use super::security::actor;
use super::state::AppState;
use crate::app::rpc::generated_external_id;
use crate::hosted::views;
use crate::service::{Actor, connect, end_users, logos, workspaces};
use axum::Form;
use axum::extract::{Multipart, Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

/// What the form for a connect link sends.
#[derive(Debug, Deserialize)]
pub struct LinkForm {
    /// `eu_…`
    user: String,
    /// Integration; empty: the end user chooses.
    #[serde(default)]
    integration: String,
    /// Seconds.
    expires_in: i64,
}

/// `POST /dashboard/connect-link`: the page with the link, where WebAssembly does not show it in place.
pub async fn connect_link(State(state): State<AppState>, parts: http::request::Parts, Form(form): Form<LinkForm>) -> Response {
    let Some(actor) = actor(&parts) else { return Redirect::to("/login").into_response() };
    let made = async {
        let (services, writer) = (&state.services, actor.writer()?);
        let (user, _) = end_users::get(services, &writer, &form.user).await?;
        let integration = Some(form.integration).filter(|name| !name.is_empty());
        let link = connect::link_for(services, &writer, user.id.as_str(), integration, generated_external_id(services), form.expires_in).await?;
        Ok((user, link))
    };
    match made.await {
        Ok((user, link)) => views::connect_link(&user.external_id, user.id.as_str(), &link),
        Err(error) => views::refusal(&error),
    }
}

/// `POST /dashboard/workspaces/{id}/logo`: a picture, or without one the wish to have none.
pub async fn workspace_logo(State(state): State<AppState>, Path(id): Path<String>, parts: http::request::Parts, form: Multipart) -> Response {
    let Some(actor) = actor(&parts) else { return Redirect::to("/login").into_response() };
    match store_logo(&state, &actor, &id, form).await {
        Ok(()) => Redirect::to(&format!("/workspaces/{id}?saved=1")).into_response(),
        Err(error) => views::refusal(&error),
    }
}

async fn store_logo(state: &AppState, actor: &Actor, id: &str, mut form: Multipart) -> crate::service::Result<()> {
    use crate::domain::Error;
    let writer = actor.writer()?;
    let unreadable = |_| Error::field("logo", "The picture did not arrive whole. At most 256 kB are taken at all");
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("logo") => {
                let bytes = field.bytes().await.map_err(unreadable)?;
                return logos::set(&state.services, &writer, id, &bytes).await.map(drop);
            }
            Some("remove") => {
                let patch = workspaces::NewWorkspace { logo_url: Some(None), ..workspaces::NewWorkspace::default() };
                return workspaces::update(&state.services, &writer, id, patch).await.map(drop);
            }
            _ => {}
        }
    }
    Err(Error::field("logo", "Choose a picture"))
}
