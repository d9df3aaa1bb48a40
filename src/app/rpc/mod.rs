//! Server functions: the dashboard's private API, under `/rpc`. Thin: who asks, which service, what to show. Each finds out for
//! itself who asks; none returns a secret, since what a resource loads is written into the page.

pub mod api_keys;
pub mod bring_your_own;
pub mod connections;
pub mod end_users;
pub mod integrations;
pub mod members;
pub mod search;
pub mod system;
mod text;
pub mod webhooks;
pub mod workspaces;

use crate::domain::{Code, Error, FieldError};
use leptos::prelude::*;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
pub use text::{Answer, Loaded, Text, load, read};

/// Why a server function gave nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RpcError {
    /// The service said no.
    Failed(Error),
    /// The request or the answer got lost.
    Transport(String),
}

impl RpcError {
    /// A sentence for a person.
    pub fn message(&self) -> String {
        match self {
            Self::Failed(error) => error.message.clone(),
            Self::Transport(_) => "The server could not be reached. Check your connection and try again.".to_owned(),
        }
    }

    /// What is wrong with the field at `path`, if anything.
    pub fn field(&self, path: &str) -> Option<String> {
        self.fields().iter().find(|field| field.path == path).map(|field| field.message.clone())
    }

    /// All wrong fields.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Failed(error) => &error.fields,
            Self::Transport(_) => &[],
        }
    }

    /// Whether signing in again is what helps.
    pub fn is_signed_out(&self) -> bool {
        matches!(self, Self::Failed(error) if error.code == Code::Unauthorized)
    }
}

impl std::fmt::Display for RpcError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for RpcError {}

impl From<Error> for RpcError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl FromServerFnError for RpcError {
    type Encoder = Text;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::Transport(error.to_string())
    }
}

/// What an address tells once, and no further page should.
pub const PASSING: [&str; 8] = ["saved", "created", "deleted", "connectionId", "sessionId", "report", "__path", "__err"];

/// What server functions return.
pub type RpcResult<T> = Result<T, RpcError>;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageOf<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are.
    pub total: i64,
    /// True when there are more than `total`.
    pub total_is_minimum: bool,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
}

#[cfg(feature = "ssr")]
impl<T> From<crate::service::connections::Listed<T>> for PageOf<T> {
    fn from(listed: crate::service::connections::Listed<T>) -> Self {
        Self { items: listed.items, total: listed.total, total_is_minimum: listed.total_is_minimum, next_cursor: listed.next_cursor }
    }
}

/// Who is signed in, for the page's frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// E-mail address.
    pub email: String,
    /// `owner`, `admin`, `viewer`.
    pub role: String,
    /// Whether they may change anything.
    pub may_write: bool,
    /// Public URL, for snippets.
    pub public_url: String,
    /// Why no token is renewed, if none is.
    pub held: Option<HeldNotice>,
}

/// Why no token is renewed, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldNotice {
    /// Why.
    pub reason: String,
    /// What to do.
    pub remedy: String,
    /// Whether it is let go on in the dashboard, not by a setting.
    pub by_restore: bool,
}

/// Who is signed in.
#[server(output = Answer)]
pub async fn who_am_i() -> RpcResult<Me> {
    let (services, actor) = server::context().await?;
    match &actor {
        crate::service::Actor::Admin { email, role, .. } => Ok(Me {
            email: email.clone(),
            role: role.as_str().to_owned(),
            may_write: actor.writer().is_ok(),
            public_url: services.public_url.origin().to_owned(),
            held: services.hold.why().map(|held| HeldNotice {
                reason: held.sentence(),
                remedy: held.remedy().to_owned(),
                by_restore: matches!(held, crate::service::refresh::Held::Restored(_)),
            }),
        }),
        _ => Err(Error::new(Code::Unauthorized, "Sign in again").into()),
    }
}

/// Lets the tokens of a restored database be renewed.
#[server(output = Answer)]
pub async fn release_hold() -> RpcResult<()> {
    let (services, actor) = server::context().await?;
    let writer = actor.writer().map_err(server::failed)?;
    crate::service::refresh::hold::let_go_on(&services, &writer).await.map_err(server::failed)
}

#[cfg(feature = "ssr")]
pub use server::generated_external_id;

/// What the bodies of server functions share.
#[cfg(feature = "ssr")]
pub(crate) mod server {
    use super::{Code, Error, RpcError};
    use crate::server::state::AppState;
    use crate::service::{Actor, Services};
    use axum::http::StatusCode;
    use leptos::prelude::{expect_context, use_context};

    /// The services and who asks. Every server function begins with it.
    pub(crate) async fn context() -> Result<(Services, Actor), RpcError> {
        let state = expect_context::<AppState>();
        let parts = use_context::<http::request::Parts>();
        match parts.as_ref().and_then(crate::server::security::actor) {
            Some(actor) => Ok((state.services, actor)),
            None => Err(failed(Error::new(Code::Unauthorized, "Your session has ended. Sign in again"))),
        }
    }

    /// The secret of the sign-in that asks: which one of several it is.
    pub(crate) fn cookie(services: &Services) -> Result<String, RpcError> {
        use crate::server::cookies;
        let parts = use_context::<http::request::Parts>();
        let cookie = parts.and_then(|parts| cookies::read(&parts.headers, &services.public_url, cookies::LOGIN));
        cookie.ok_or_else(|| failed(Error::new(Code::Unauthorized, "Your session has ended. Sign in again")))
    }

    /// An error, with the status that goes with it. Not where a form was posted without WebAssembly: that is answered with a
    /// redirect back to the form, and our status would take the redirect's place.
    pub(crate) fn failed(error: Error) -> RpcError {
        let posted_by_browser = use_context::<http::request::Parts>().is_some_and(|parts| {
            let accepts = parts.headers.get(http::header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
            parts.method == http::Method::POST && accepts.contains("text/html")
        });
        if let (false, Some(response), Ok(status)) =
            (posted_by_browser, use_context::<leptos_axum::ResponseOptions>(), StatusCode::from_u16(error.code.status()))
        {
            response.set_status(status);
        }
        RpcError::Failed(error)
    }

    /// Short, readable, unique enough to be somebody's own id: `conn-9f2c4e81a0`.
    pub fn generated_external_id(services: &Services) -> String {
        format!("conn-{:010x}", services.new_id_bits() & 0xff_ffff_ffff)
    }

    /// Where the logo of a service is.
    pub(crate) fn logo_path(definition: &crate::catalog::Definition) -> Option<String> {
        definition.icon.as_ref().map(|icon| format!("/logos/{icon}.svg"))
    }

    /// Empty inputs mean nothing.
    pub(crate) fn given(text: Option<String>) -> Option<String> {
        text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}
