//! Secrets of OAuth apps: sealed here, or read from where they are kept.

use super::not_with_custom;
use crate::domain::Error;
use crate::domain::id::{OAuthAppId, WorkspaceId};
use crate::service::secret_refs::{self, SecretRef};
use crate::service::{Result, Services, Writer};
use crate::store::oauth_apps::StoredApp;
use crate::store::{self, Conn};
use crate::vault::{Place, Secret};

const FIELD: &str = "clientSecret";
const NOT_THE_SERVERS: &str = "a secret of the server's is never used with a custom integration, whose addresses are not the operator's";

/// A client secret as it was given.
pub(super) enum Given {
    Itself(Secret),
    Elsewhere(SecretRef),
}

/// A reference is only taken of who may act for the whole organisation, and only if there is a secret at its end.
pub(super) async fn check(services: &Services, writer: &Writer, integration: &str, secret: Option<Secret>) -> Result<Option<Given>> {
    let Some(secret) = secret else { return Ok(None) };
    let text = secret.expose();
    if text.chars().any(char::is_control) {
        return Err(Error::field(FIELD, "clientSecret must not contain control characters"));
    }
    match SecretRef::parse(text.trim()) {
        None if text.trim().is_empty() => Ok(None),
        None => Ok(Some(Given::Itself(Secret::new(text.trim())))),
        Some(Err(wrong)) => Err(Error::field(FIELD, wrong)),
        Some(Ok(reference)) => {
            writer.organization()?;
            if services.catalog.is_custom(integration) {
                return Err(Error::field(FIELD, NOT_THE_SERVERS));
            }
            services.secret_refs.read(&reference).await.map_err(|error| Error::field(FIELD, error.to_string()).suggest(error.remedy()))?;
            Ok(Some(Given::Elsewhere(reference)))
        }
    }
}

/// A secret for a service whose addresses are not the operator's: never one of the server's.
pub(in crate::service) fn check_own(secret: Option<Secret>) -> Result<Option<Secret>> {
    let Some(secret) = secret else { return Ok(None) };
    let text = secret.expose();
    if text.chars().any(char::is_control) {
        return Err(Error::field(FIELD, "clientSecret must not contain control characters"));
    }
    match SecretRef::parse(text.trim()) {
        None if text.trim().is_empty() => Ok(None),
        None => Ok(Some(Secret::new(text.trim()))),
        Some(_) => Err(Error::field(FIELD, NOT_THE_SERVERS)),
    }
}

/// Gives the app a secret in place of the one it had.
pub(super) async fn put(services: &Services, conn: &mut Conn, app: &mut StoredApp, given: Given) -> Result<()> {
    (app.client_secret, app.client_secret_ref) = match given {
        Given::Itself(secret) => (seal(services, conn, &app.id, app.workspace_id.as_ref(), Some(secret)).await?, None),
        Given::Elsewhere(reference) => (None, Some(reference.to_string())),
    };
    Ok(())
}

/// An end needs something that ends.
pub(super) fn check_expiry(app: &StoredApp) -> Result<()> {
    if app.client_secret_expires_at.is_some() && !app.has_secret() {
        return Err(Error::field("clientSecretExpiresAt", "there is no client secret that could end"));
    }
    Ok(())
}

/// The secret of an app, from here or from where it is kept.
pub(super) async fn open(services: &Services, app: &StoredApp, service: &str) -> Result<Option<Secret>> {
    if let Some(text) = &app.client_secret_ref {
        if services.catalog.is_custom(&app.integration_name) {
            return Err(not_with_custom());
        }
        let reference = SecretRef::parse(text).and_then(std::result::Result::ok).ok_or_else(Error::internal)?;
        return services.secret_refs.read(&reference).await.map(Some).map_err(|error| secret_refs::unusable(service, &error));
    }
    let Some(sealed) = &app.client_secret else { return Ok(None) };
    let owner = services.key_owner(app.workspace_id.as_ref());
    let place = Place { table: "oauth_apps", column: "client_secret", row: app.id.as_str() };
    let plain = services.unseal(&mut *services.store.conn().await?, owner, place, sealed).await?;
    Ok(Some(Secret::new(String::from_utf8_lossy(&plain))))
}

/// Why the secrets that are kept elsewhere cannot be read, by app.
pub async fn unreadable(services: &Services) -> Result<Vec<(String, String)>> {
    let apps = store::oauth_apps::list(&mut *services.store.conn().await?, None, None).await?;
    let mut unreadable = Vec::new();
    for app in apps.into_iter().filter(|app| app.client_secret_ref.is_some()) {
        if let Err(error) = open(services, &app, &app.integration_name).await {
            unreadable.push((app.integration_name, error.message));
        }
    }
    Ok(unreadable)
}

/// Seals a secret.
pub(in crate::service) async fn seal(
    services: &Services,
    conn: &mut Conn,
    id: &OAuthAppId,
    workspace: Option<&WorkspaceId>,
    secret: Option<Secret>,
) -> Result<Option<String>> {
    let Some(secret) = secret else { return Ok(None) };
    let owner = services.key_owner(workspace);
    services.ensure_key(conn, owner).await?;
    let place = Place { table: "oauth_apps", column: "client_secret", row: id.as_str() };
    Ok(Some(services.vault.seal(owner, place, secret.expose().as_bytes(), services.entropy.as_ref())?))
}
