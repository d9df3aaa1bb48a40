//! The browser-safety policy: headers, cross-site requests, who may see the dashboard. A reviewer reads it here, whole.

use super::cookies;
use super::state::AppState;
use crate::domain::{Code, Error};
use crate::service::{Actor, login};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};

/// What pages ask by themselves.
pub const CHANGES: &str = "/dashboard/changes";

/// Paths that need no sign-in, with everything below them. Everything else that acts on cookies does.
const OPEN: [&str; 4] = ["/login", "/setup", "/connect", "/logout"];

fn set_default(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
}

/// On every answer of the server, whatever made it.
pub async fn common_headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    set_default(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not no-referrer: browsers would then send `Origin: null` with our own forms.
    set_default(&mut response, header::REFERRER_POLICY, "same-origin");
    set_default(&mut response, header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    set_default(&mut response, header::X_FRAME_OPTIONS, "DENY");
    set_default(&mut response, HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()");
    if state.services.public_url.is_secure() {
        set_default(&mut response, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    response
}

/// On pages that acted on cookies: nobody keeps them, and no other site may open windows onto the dashboard.
pub async fn page_headers(request: Request, next: Next) -> Response {
    // Connect pages live in popups, and so does the redirect that the dashboard's Authorize form is answered with: any COOP
    // there would cut them off from the page that opened them. `/connections` is not among them.
    let path = request.uri().path();
    let in_popup = path == "/connect" || path.starts_with("/connect/") || path == "/dashboard/authorize";
    let mut response = next.run(request).await;
    set_default(&mut response, header::CACHE_CONTROL, "no-store");
    if !in_popup {
        set_default(&mut response, HeaderName::from_static("cross-origin-opener-policy"), "same-origin-allow-popups");
    }
    response
}

/// tower-http's CSRF layer lets requests pass that say nothing of where they come from (curl). With our cookies that is not
/// enough: every browser we support says one or the other.
pub async fn require_provenance(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let headers = request.headers();
    let says = headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN);
    if safe || says || !headers.contains_key(header::COOKIE) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This request does not say where it comes from (no Origin header).").into_response()
}

/// Pages of the dashboard send strangers to the sign-in page. Server functions and handlers find out for themselves with
/// [`actor`]; this is for the pages' sake.
pub async fn require_login(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let is_open = OPEN.iter().any(|open| path == *open || path.strip_prefix(open).is_some_and(|rest| rest.starts_with('/')));
    if is_open {
        return next.run(request).await;
    }
    let actor = match cookies::read(request.headers(), &state.services.public_url, cookies::LOGIN) {
        Some(cookie) if path == CHANGES => login::who_without_use(&state.services, &cookie).await,
        Some(cookie) => login::who(&state.services, &cookie).await,
        None => Ok(None),
    };
    match actor {
        Ok(Some(actor)) => {
            request.extensions_mut().insert(actor);
            next.run(request).await
        }
        Ok(None) if path.starts_with("/rpc") || path.starts_with("/dashboard/authorize/") || path == CHANGES => {
            crate::api::error::ApiError(Error::new(Code::Unauthorized, "Your session has ended. Sign in again")).into_response()
        }
        Ok(None) => {
            let setup = login::needs_setup(&state.services).await.unwrap_or(false);
            let next_path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let query: String = url::form_urlencoded::byte_serialize(next_path.as_bytes()).collect();
            let target = if setup {
                "/setup".to_owned()
            } else if next_path == "/" {
                "/login".to_owned()
            } else {
                format!("/login?next={query}")
            };
            Redirect::to(&target).into_response()
        }
        Err(error) => crate::api::error::ApiError(error).into_response(),
    }
}

/// Who is signed in, as `require_login` found out.
pub fn actor(parts: &http::request::Parts) -> Option<Actor> {
    parts.extensions.get::<Actor>().cloned()
}

/// A page asked for under another name than the public URL's would set cookies for the wrong host and offer callback URLs that
/// no provider knows: send the browser to the right one. API and health are for machines and are left alone.
pub async fn redirect_foreign_host(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let for_machines = path.starts_with("/api/") || matches!(path, "/health" | "/healthz" | "/readyz" | "/metrics");
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let foreign = host.is_some_and(|host| !host.eq_ignore_ascii_case(state.services.public_url.host()));
    if foreign && !for_machines && matches!(*request.method(), Method::GET | Method::HEAD) {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return Redirect::to(&state.services.public_url.join(path)).into_response();
    }
    next.run(request).await
}

/// The policy of a dashboard page: our own files, the hydration script by its nonce, WebAssembly, nothing else.
pub fn dashboard_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         form-action 'self' https: http://localhost:* http://*.localhost:*; frame-ancestors 'none'; base-uri 'none'"
    )
}

/// The policy of a hosted page. No `form-action`: Chromium applies it to redirects too, and the form may end at any provider.
pub const HOSTED_POLICY: &str =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";
