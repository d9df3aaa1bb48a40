//! What callers see of a session.

use super::KEEP_SECONDS;
use crate::domain::connect_session::{PublishedSession, SessionStatus, SessionView};
use crate::domain::{Code, Error};
use crate::service::{Actor, Reader, Result, Services};
use crate::store::connect_sessions::StoredSession;
use crate::store::{self, Conn};
use crate::vault::token;
use std::time::Duration;

/// A session that `reader` may see.
pub async fn session(services: &Services, reader: &Reader, id: &str) -> Result<SessionView> {
    let mut conn = services.store.conn().await?;
    let stored = store::connect_sessions::find(&mut conn, id).await?.filter(|session| reader.reach().includes(session.owner.workspace()));
    let stored = stored.ok_or_else(|| Error::new(Code::NotFound, format!("There is no connect session {id:?}")))?;
    view(services, &mut conn, stored).await
}

/// As [`session`], waiting up to `seconds` while nothing more is to be told. That a confirmation is awaited is told once: the one who
/// waits is the one to give it.
pub async fn wait(services: &Services, reader: &Reader, id: &str, seconds: u64) -> Result<SessionView> {
    let first = session(services, reader, id).await?;
    let mut waiter = services.signals.waiter(&first.id);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(seconds);
    let mut view = session(services, reader, id).await?;
    let is_news = |status: SessionStatus| status.is_settled() || (status == SessionStatus::AwaitingConfirmation && first.status != status);
    while !is_news(view.status) && tokio::time::Instant::now() < deadline {
        let _ = tokio::time::timeout_at(deadline, waiter.changed()).await;
        view = session(services, reader, id).await?;
    }
    Ok(view)
}

/// The session that a page of the dashboard started, by the page's own handle, waiting up to `seconds`. An error says why none was
/// started.
pub async fn session_by_client_ref(services: &Services, actor: &Actor, client_ref: &str, seconds: u64) -> Result<Option<SessionView>> {
    let reader = actor.reader()?;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(seconds);
    loop {
        let stored = {
            let mut conn = services.store.conn().await?;
            if let Some(why) = store::authorize_refusals::find(&mut conn, client_ref, &actor.name()).await? {
                return Err(Error::new(Code::Validation, why));
            }
            store::connect_sessions::find_by_client_ref(&mut conn, client_ref).await?
        };
        match stored.filter(|session| session.created_by == actor.name()) {
            Some(stored) => {
                let left = deadline.saturating_duration_since(tokio::time::Instant::now()).as_secs();
                return wait(services, &reader, stored.id.as_str(), left).await.map(Some);
            }
            // The popup's own request is still on its way.
            None if tokio::time::Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(200)).await,
            None => return Ok(None),
        }
    }
}

/// The session that a connect token opens: what the published clients poll. No API key.
pub async fn poll(services: &Services, token: Option<&str>, origin: Option<&str>) -> Result<SessionView> {
    let token = token.filter(|token| !token.is_empty()).ok_or_else(|| Error::new(Code::MissingToken, "token is required"))?;
    let unknown = || Error::new(Code::InvalidToken, "The connect token is not valid");
    if !token::is_well_formed(token::CONNECT, token) {
        return Err(unknown());
    }
    let mut conn = services.store.conn().await?;
    let stored = store::connect_sessions::find_by_token(&mut conn, &token::hash(token)).await?.ok_or_else(unknown)?;
    let allowed = origin.is_none_or(|origin| {
        stored.allowed_origins.is_empty() || stored.allowed_origins.iter().any(|allowed| allowed == origin) || origin == services.public_url.origin()
    });
    if !allowed {
        return Err(Error::new(Code::Forbidden, "This origin is not among the token's allowedOrigins"));
    }
    let ended = stored.finished_at.map_or(stored.expires_at, |at| at.max(stored.expires_at));
    if services.now().seconds_since(ended) > KEEP_SECONDS {
        return Err(unknown());
    }
    view(services, &mut conn, stored).await
}

pub(super) async fn view(services: &Services, conn: &mut Conn, stored: StoredSession) -> Result<SessionView> {
    let now = services.now();
    let status = stored.status_at(now);
    let connection = match (&stored.connection_id, status) {
        (Some(id), SessionStatus::Completed) => store::connections::find(conn, id.as_str()).await?.map(|connection| connection.view(now)),
        _ => None,
    };
    let (error_code, error) = match status {
        SessionStatus::Expired if stored.status == SessionStatus::AwaitingConfirmation => {
            (Some("not_confirmed".to_owned()), Some("The application did not confirm in time who connected".to_owned()))
        }
        SessionStatus::Expired => (Some("expired".to_owned()), Some("The session ended before anything was connected".to_owned())),
        SessionStatus::Failed | SessionStatus::Cancelled => (stored.error_code.clone(), stored.error_message.clone()),
        _ => (None, None),
    };
    let app = match &stored.oauth_app_id {
        Some(id) => store::oauth_apps::find(conn, id.as_str()).await?,
        None => None,
    };
    let oauth_app_mode = app.map(|app| if app.workspace_id.is_none() { "weavz_managed" } else { "custom" }.to_owned());
    let auth_method_key = connection.as_ref().map(|connection| connection.auth_method_key.clone()).or(stored.auth_method_key);
    let connection_id = stored.connection_id.clone().filter(|_| status == SessionStatus::Completed || stored.is_reconnect);
    Ok(SessionView {
        session: PublishedSession {
            id: stored.id.clone(),
            status: status.published().to_owned(),
            connection_id: connection_id.clone(),
            error: error.clone(),
            integration_name: stored.integration_name.clone(),
            external_id: stored.external_id.clone(),
            expires_at: stored.expires_at,
        },
        id: stored.id,
        status,
        connection,
        connection_id,
        error,
        error_code,
        integration_name: stored.integration_name,
        external_id: stored.external_id,
        auth_method_key,
        workspace_integration_id: stored.workspace_integration_id,
        oauth_app_mode,
        oauth_app_id: stored.oauth_app_id,
        account_changed: stored.account_changed,
        expires_at: stored.expires_at,
        created_at: stored.created_at,
    })
}
