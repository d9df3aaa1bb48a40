//! Clients that register themselves (RFC 7591), and what becomes of them: a secret ends, a server forgets. Then the client registers anew,
//! once; only one that has been accepted since may do so again. Grants belong to a client, so those of the old one end with it.

use super::{about, found};
use crate::domain::discovery::Discovery;
use crate::domain::oauth_app::{ClientRegistration, TokenAuthMethod};
use crate::domain::{Code, Error, Timestamp};
use crate::oauth::app_check;
use crate::oauth::authorize::Provider;
use crate::oauth::exchange::Failure;
use crate::oauth::registration::{self, NewClient, RegistrationError};
use crate::service::{Result, Services, oauth_apps};
use crate::store::oauth_apps::StoredApp;
use crate::store::{self, Conn};
use crate::vault::Secret;
use base64::Engine as _;
use std::time::Duration;
use url::Url;

/// How long a consent page has to say that it does not know the client, before people are sent there all the same.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client, not stored yet.
pub(super) struct Client {
    id: String,
    /// None for public clients.
    pub(super) secret: Option<Secret>,
    registration: Option<ClientRegistration>,
}

impl Client {
    /// One that somebody registered there.
    pub(super) fn by_hand(id: String, secret: Option<Secret>) -> Self {
        Self { id, secret, registration: None }
    }

    /// Puts it into `app`, secrets sealed.
    pub(super) async fn put_into(self, services: &Services, conn: &mut Conn, app: &mut StoredApp) -> Result<()> {
        let workspace = app.workspace_id.as_ref();
        app.client_secret = oauth_apps::seal_secret(services, conn, &app.id, workspace, self.secret).await?;
        app.client_id = self.id;
        app.registration = self.registration;
        Ok(())
    }
}

/// Registers a client at the server that was found: a public one if it takes those, else as it can.
pub(super) async fn register(services: &Services, found: &Discovery, callback: &str) -> Result<Client> {
    let by_hand = |error: Error| error.suggest("Register a client there with our callback URL, and give its clientId, and clientSecret if it has one");
    let Some(endpoint) = found.registration_endpoint.as_deref().and_then(|endpoint| Url::parse(endpoint).ok()) else {
        let mut error = Error::required("clientId");
        let message = format!("{} does not register clients by itself: clientId is required", found.issuer);
        error.fields.iter_mut().for_each(|field| field.message.clone_from(&message));
        return Err(by_hand(Error { message, ..error }));
    };
    let origin = services.public_url.origin();
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let name = format!("Keyloom ({host})");
    let mut last = None;
    for auth_method in offered(found) {
        let client = NewClient { name: &name, home: origin.starts_with("https://").then_some(origin), redirect_uri: callback, auth_method, renews: true };
        match registration::register(&services.http, &endpoint, client).await {
            Ok(registered) => {
                let facts = ClientRegistration {
                    token_endpoint_auth_method: registered.auth_method,
                    registered_at: services.now(),
                    client_secret_expires_at: registered.secret_expires_at.map(|at| Timestamp(at.saturating_mul(1000))),
                };
                return Ok(Client { id: registered.client_id, secret: registered.client_secret, registration: Some(facts) });
            }
            // Another way to authenticate may suit it better.
            Err(error @ RegistrationError::Refused { .. }) => last = Some(error),
            Err(error) => {
                last = Some(error);
                break;
            }
        }
    }
    let error = last.unwrap_or_else(|| RegistrationError::Malformed("there is no way to authenticate".to_owned()));
    let code = if matches!(&error, RegistrationError::Http(crate::oauth::http::HttpError::Blocked(_))) { Code::EgressBlocked } else { Code::Provider };
    Err(by_hand(Error::new(code, format!("{} did not register us: {error}", found.issuer))))
}

/// The ways to authenticate that server and we have in common, the best first. None needs PKCE.
fn offered(found: &Discovery) -> impl Iterator<Item = TokenAuthMethod> + '_ {
    let has = |method: TokenAuthMethod| found.auth_methods.iter().any(|offered| offered == method.as_str());
    TokenAuthMethod::ALL.iter().copied().filter(move |method| has(*method) && (*method != TokenAuthMethod::None || found.pkce))
}

/// Looks whether people can be sent to the provider with this app. Where the client has ended, gives the app with a new one.
pub(in crate::service) async fn before_consent(services: &Services, app: &StoredApp, provider: &Provider) -> Result<Option<StoredApp>> {
    let Some(registration) = app.registration.as_ref().filter(|_| !app.is_on_trial) else { return Ok(None) };
    if registration.client_secret_expires_at.is_some_and(|at| at <= services.now()) {
        return anew(services, app, "its client secret has expired").await;
    }
    let mut random = [0_u8; 32];
    services.entropy.fill(&mut random);
    let probe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random);
    let redirect_uri = oauth_apps::callback_url(services, app);
    let looks = app_check::is_unknown_client(&services.http, provider, &redirect_uri, &probe);
    match tokio::time::timeout(PATIENCE, looks).await {
        Ok(true) => anew(services, app, "the authorization endpoint does not know the client any more").await,
        Ok(false) | Err(_) => Ok(None),
    }
}

/// What to do about a token request that failed: where the client is refused that registered itself, gives the app with a new one.
pub(in crate::service) async fn after_refusal(services: &Services, app: &StoredApp, failure: &Failure) -> Result<Option<StoredApp>> {
    if failure.is_about_the_app() { anew(services, app, &format!("the token endpoint refuses the client ({})", failure.code())).await } else { Ok(None) }
}

/// Registers the client of `app` anew, if it registered itself and has been accepted since it last did so. One of several callers does it;
/// to the others, what came of it is given if it is there already.
pub(in crate::service) async fn anew(services: &Services, app: &StoredApp, why: &str) -> Result<Option<StoredApp>> {
    if app.registration.is_none() {
        return Ok(None);
    }
    let (is_ours, current) = {
        let mut conn = services.store.conn().await?;
        let is_ours = store::oauth_apps::claim_registration(&mut conn, app).await?;
        (is_ours, store::oauth_apps::find(&mut conn, app.id.as_str()).await?)
    };
    if !is_ours {
        return Ok(current.filter(|current| current.client_id != app.client_id));
    }
    // Outlives the request: what the server gives exists nowhere else.
    let (task, app, why) = (services.clone(), app.clone(), why.to_owned());
    let handle = services.tasks.spawn(async move { replace(&task, app, &why).await });
    handle.await.map_err(|_| Error::internal())?
}

async fn replace(services: &Services, mut app: StoredApp, why: &str) -> Result<Option<StoredApp>> {
    let before = app.client_id.clone();
    let client = match again(services, &app).await {
        Ok(client) => client,
        Err(error) => {
            tracing::warn!(app = %app.id, %error, "a client could not be registered anew");
            let data = data(&app, why, Some(&error));
            let mut tx = services.store.begin_write().await?;
            services.record(&mut tx, "oauth_app.registration_failed", "system", about(&app), data).await?;
            services.commit(tx).await?;
            return Ok(None);
        }
    };
    let mut tx = services.store.begin_write().await?;
    client.put_into(services, &mut tx, &mut app).await?;
    app.updated_at = services.now();
    app.problem = None;
    app.is_on_trial = true;
    if !store::oauth_apps::replace_client(&mut tx, &app, &before).await? {
        // Somebody gave it another client by hand meanwhile, or deleted it.
        return Ok(None);
    }
    services.record(&mut tx, "oauth_app.registered_anew", "system", about(&app), data(&app, why, None)).await?;
    services.commit(tx).await?;
    Ok(Some(app))
}

fn data(app: &StoredApp, why: &str, error: Option<&Error>) -> serde_json::Value {
    let mut data = serde_json::json!({ "oauthAppId": app.id, "integrationName": app.integration_name, "reason": why });
    if let Some(error) = error {
        data["message"] = serde_json::Value::String(error.message.clone());
    }
    data
}

/// The same registration at the same server, as it describes itself now.
async fn again(services: &Services, app: &StoredApp) -> Result<Client> {
    let definition = crate::service::connections::find_integration(services, Some(&app.integration_name))?;
    let issuer = definition.oauth_method().and_then(|(_, oauth2)| oauth2.issuer.as_ref()).ok_or_else(|| Error::new(Code::Validation, "it has no issuer"))?;
    let found = found::look_at_issuer(services, issuer.source()).await?;
    register(services, &found, &oauth_apps::callback_url(services, app)).await
}

/// Notes that the provider accepted the client that registered anew. What the caller got from it comes first: a failure is only logged.
pub(in crate::service) async fn accepted(services: &Services, app: &StoredApp) {
    if !app.is_on_trial {
        return;
    }
    let noted = async { store::oauth_apps::end_trial(&mut *services.store.conn().await?, app).await };
    if let Err(error) = noted.await {
        tracing::warn!(app = %app.id, %error, "that a client was accepted could not be noted: should it be refused, it does not register anew");
    }
}
