//! A link for one end user, made by hand in the dashboard and sent to them by whatever way one likes.

use super::tokens::{NewSession, create_token};
use crate::domain::Timestamp;
use crate::service::end_users::{self, NewPortalToken};
use crate::service::{Result, Services, Writer};
use crate::vault::Secret;

/// A link, shown once.
#[derive(Debug, Clone)]
pub struct Link {
    /// Whoever has it connects accounts for that end user.
    pub url: Secret,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A link to connect `integration`; without one, to the end user's own page, where they choose.
pub async fn link_for(services: &Services, writer: &Writer, end_user: &str, integration: Option<String>, external_id: String, expires_in: i64) -> Result<Link> {
    let Some(integration) = integration else {
        let issued = end_users::issue_token(services, writer, end_user, NewPortalToken { expires_in: Some(expires_in), ..NewPortalToken::default() }).await?;
        return Ok(Link { url: issued.connect_url, expires_at: issued.expires_at });
    };
    let (user, _) = end_users::get(services, writer, end_user).await?;
    let session = NewSession {
        integration_name: Some(integration),
        external_id: Some(external_id),
        workspace_id: Some(user.workspace_id.into()),
        end_user_id: Some(user.external_id),
        expires_in: Some(expires_in),
        ..NewSession::default()
    };
    let issued = create_token(services, writer, session).await?;
    Ok(Link { url: issued.connect_url, expires_at: issued.expires_at })
}
