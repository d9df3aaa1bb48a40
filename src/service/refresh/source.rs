//! What a new access token is got with: a refresh token and the OAuth app it was given to, or what a person entered, with which it is
//! logged in again. Everything else about a refresh is the same for both.

use super::read;
use crate::catalog::{Definition, Login, Method, Values};
use crate::domain::{Code, Error};
use crate::oauth::authorize::Provider;
use crate::oauth::exchange::{self, Failure};
use crate::oauth::{login, token::Tokens};
use crate::service::bring_your_own::clients;
use crate::service::{Result, Services, connections, oauth_apps};
use crate::store::connections::StoredConnection;
use crate::store::oauth_apps::StoredApp;
use crate::vault::{Credential, Place, Secret};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// A connection's credential, and how to get its next access token.
pub(super) struct Ready {
    pub credential: Credential,
    pub source: Source,
}

/// How to get the next access token.
pub(super) enum Source {
    /// With the refresh token.
    Grant(Box<Grant>),
    /// With what was entered.
    Login(Box<Entered>),
}

/// An app, and the refresh token that was given to it.
pub(super) struct Grant {
    app: StoredApp,
    provider: Provider,
    refresh_token: Option<Secret>,
}

/// What a person entered.
pub(super) struct Entered {
    definition: Arc<Definition>,
    method: Method,
    values: Values,
}

/// Why there are no new tokens.
pub(super) enum Trouble {
    /// The provider says no, or nothing.
    Provider(Failure),
    /// It could not be asked.
    Unready(Error),
    /// It is none of the provider's.
    Ours(Error),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Provider(failure)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

type Asked = std::result::Result<Tokens, Trouble>;

/// Brings together what a refresh of `connection` takes.
pub(super) async fn ready(services: &Services, connection: &StoredConnection) -> Result<Ready> {
    let definition = services.catalog.get(&connection.integration_name);
    if !connection.kind.is_oauth() {
        let credential = services.open_credential(&mut *services.store.conn().await?, connection).await?;
        let method = definition.as_ref().and_then(|definition| definition.method(&connection.auth_method_key)).cloned();
        let (Some(definition), Some(method)) = (definition, method) else {
            return Err(Error::new(Code::RefreshFailed, "The method that this connection was made with is gone").suggest("Connect the account again"));
        };
        let mut values = connections::template_values(&connection.props, &credential);
        method.add_parts(&mut values);
        return Ok(Ready { credential, source: Source::Login(Box::new(Entered { definition, method, values })) });
    }
    let (app, credential) = {
        let mut conn = services.store.conn().await?;
        let app = oauth_apps::of_connection(&mut conn, connection).await?;
        (app, services.open_credential(&mut conn, connection).await?)
    };
    let service = definition.map_or(connection.integration_name.clone(), |definition| definition.display_name.clone());
    let (Some(app), Some(tokens)) = (app, &credential.tokens) else {
        return Err(Error::new(Code::RefreshFailed, format!("The OAuth app that this {service} connection was made with has been deleted"))
            .suggest("Register the app again and reconnect"));
    };
    // A secret that is kept elsewhere and cannot be read now is no reason of the caller's.
    let unusable = |error: Error| if error.code == Code::NoOAuthApp { Error { code: Code::RefreshFailed, ..error } } else { error };
    let provider = oauth_apps::provider(services, &app, &connection.props).await.map_err(unusable)?;
    let refresh_token = tokens.refresh_token.clone();
    Ok(Ready { credential, source: Source::Grant(Box::new(Grant { app, provider, refresh_token })) })
}

impl Source {
    /// What people call the service.
    pub fn service(&self) -> &str {
        match self {
            Self::Grant(grant) => &grant.provider.definition.display_name,
            Self::Login(entered) => &entered.definition.display_name,
        }
    }

    /// The OAuth app that is in it.
    pub fn app(&self) -> Option<&StoredApp> {
        match self {
            Self::Grant(grant) => Some(&grant.app),
            Self::Login(_) => None,
        }
    }

    /// Where the provider is asked.
    pub fn url(&self) -> Option<Url> {
        match self {
            Self::Grant(grant) => grant.provider.refresh_url().ok(),
            Self::Login(entered) => login::address(&entered.definition, entered.login()?, &entered.values).ok(),
        }
    }

    /// Asks the provider, and makes sure of a refusal before it is believed.
    pub async fn ask(&mut self, services: &Services, connection: &StoredConnection) -> Asked {
        match self {
            Self::Grant(grant) => grant.ask(services, connection).await,
            Self::Login(entered) => entered.ask(services).await,
        }
    }

    /// The props that go with new tokens, where the answer has any.
    pub fn props(&self, tokens: &Tokens) -> BTreeMap<String, String> {
        match self {
            Self::Grant(_) => BTreeMap::new(),
            // Checked when it was asked.
            Self::Login(entered) => entered.login().and_then(|login| login::captured(login, &tokens.raw).ok()).unwrap_or_default(),
        }
    }

    /// The provider has given new tokens.
    pub async fn accepted(&self, services: &Services) {
        if let Self::Grant(grant) = self {
            clients::accepted(services, &grant.app).await;
        }
    }
}

impl Entered {
    fn login(&self) -> Option<&Login> {
        self.method.login.as_ref()
    }

    async fn ask(&self, services: &Services) -> Asked {
        let tokens = login::log_in(&services.http, &self.definition, &self.method, &self.values, &services.moment()).await?;
        if let Some(login) = self.login() {
            login::captured(login, &tokens.raw)?;
        }
        Ok(tokens)
    }
}

impl Grant {
    async fn ask(&mut self, services: &Services, connection: &StoredConnection) -> Asked {
        let Some(refresh_token) = self.refresh_token.clone() else {
            return Err(Error::new(Code::RefreshFailed, format!("{} gave no refresh token", self.provider.definition.display_name)).into());
        };
        let answer = ask(services, connection, &self.provider, &refresh_token).await;
        if let Err(failure) = &answer
            && let Some(renewed) = clients::after_refusal(services, &self.app, failure).await?
        {
            // Few servers let the new client use what the old one was given; this one says itself what it does.
            self.provider = match oauth_apps::provider(services, &renewed, &connection.props).await {
                Ok(provider) => provider,
                Err(error) => return Err(Trouble::Unready(error)),
            };
            self.app = renewed;
            return Ok(ask(services, connection, &self.provider, &refresh_token).await?);
        }
        Ok(answer?)
    }
}

async fn ask(services: &Services, connection: &StoredConnection, provider: &Provider, refresh_token: &Secret) -> std::result::Result<Tokens, Failure> {
    let mut answer = exchange::refresh(&services.http, provider, refresh_token).await;
    if matches!(answer, Err(Failure::Transport(_))) {
        // Providers with a grace window answer a repetition with the same tokens; at the others nothing is lost by asking.
        answer = exchange::refresh(&services.http, provider, refresh_token).await;
    }
    if matches!(answer, Err(Failure::GrantDead(_)))
        && let Some(previous) = previous_token(services, connection, provider).await.filter(|previous| previous != refresh_token)
    {
        // The provider may never have heard that it gave us the present one; it says so itself that it still takes the one before.
        if let Ok(tokens) = exchange::refresh(&services.http, provider, &previous).await {
            return Ok(tokens);
        }
    }
    answer
}

/// The refresh token before the present one, where the integration's definition says that it still may be used.
async fn previous_token(services: &Services, connection: &StoredConnection, provider: &Provider) -> Option<Secret> {
    let grace = provider.oauth2().ok()?.refresh_grace_seconds?;
    let rotated_at = connection.last_refreshed_at?;
    if services.now().seconds_since(rotated_at) > grace {
        return None;
    }
    // Somebody may have written meanwhile who does not take the lock: a reconnect.
    let current = read(services, &connection.id).await.ok()?;
    if current.version != connection.version {
        return None;
    }
    let place = Place { table: "connections", column: "previous_secret", row: connection.id.as_str() };
    let mut conn = services.store.conn().await.ok()?;
    let plain = services.unseal(&mut conn, services.key_owner(connection.owner.workspace()), place, current.previous_secret.as_deref()?).await.ok()?;
    Credential::from_bytes(&plain)?.tokens?.refresh_token
}
