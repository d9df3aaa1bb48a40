//! The way to a provider: which app, which endpoints, and the authorization URL.

use super::discovery::{Discovery, DiscoveryError, Metadata};
use super::http::Http;
use crate::catalog::{ClientAuth, Definition, Method, OAuth2, Pkce, Template, TemplateError, Values};
use crate::domain::Timestamp;
use crate::domain::oauth_app::TokenAuthMethod;
use crate::vault::Secret;
use std::sync::Arc;
use url::Url;

/// An OAuth app ready for use: definition, endpoints, credentials. Holds the client secret.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The integration.
    pub definition: Arc<Definition>,
    /// Key of its OAuth method.
    pub method_key: String,
    /// RFC 6749 `client_id`.
    pub client_id: String,
    /// RFC 6749 `client_secret`; none for public clients.
    pub client_secret: Option<Secret>,
    /// How the app authenticates, where the server said so when it registered.
    pub token_auth: Option<TokenAuthMethod>,
    /// Scopes of the app, instead of the definition's.
    pub app_scopes: Option<Vec<String>>,
    /// Values for templates: the app's configuration and the connection's fields.
    pub values: Values,
    /// From discovery, where the definition names an issuer.
    pub metadata: Option<Arc<Metadata>>,
}

/// Why the way to a provider is closed.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The definition has no OAuth method of that key.
    #[error("the integration has no such OAuth method")]
    NoMethod,
    /// A template lacks a value.
    #[error("the OAuth app is not complete: {0}")]
    Template(#[from] TemplateError),
    /// An endpoint is not a URL.
    #[error("the {0} is not a URL")]
    BadUrl(&'static str),
    /// Discovery failed.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
}

/// What goes into an authorization request (RFC 6749 §4.1.1, RFC 7636).
#[derive(Debug)]
pub struct AuthorizeParams<'a> {
    /// Single use, bound to the browser.
    pub state: &'a str,
    /// Where to come back to.
    pub redirect_uri: &'a str,
    /// SHA-256 of the verifier, unless PKCE is off.
    pub code_challenge: &'a str,
    /// OpenID Connect: comes back in the id token.
    pub nonce: &'a str,
    /// What to ask for.
    pub scopes: &'a [String],
}

impl Provider {
    /// Completes a provider: runs discovery where the definition asks for it.
    pub async fn discover(mut self, discovery: &Discovery, http: &Http, now: Timestamp) -> Result<Self, ProviderError> {
        if let Some(issuer) = self.oauth2()?.issuer.clone() {
            let issuer = issuer.render_issuer(&self.values)?;
            let metadata = discovery.metadata(http, &issuer, now).await?;
            if let Some(userinfo) = &metadata.userinfo_endpoint {
                self.values.insert("userinfo".to_owned(), userinfo.clone());
            }
            self.metadata = Some(metadata);
        }
        Ok(self)
    }

    /// Its OAuth section.
    pub fn oauth2(&self) -> Result<&OAuth2, ProviderError> {
        self.method().and_then(|method| method.oauth2.as_ref()).ok_or(ProviderError::NoMethod)
    }

    /// Its method.
    pub fn method(&self) -> Option<&Method> {
        self.definition.method(&self.method_key)
    }

    /// Where the token request goes.
    pub fn token_url(&self) -> Result<Url, ProviderError> {
        let discovered = self.metadata.as_ref().map(|metadata| metadata.token_endpoint.as_str());
        self.endpoint("token endpoint", self.oauth2()?.token_url.as_ref(), discovered)
    }

    /// Where a refresh goes.
    pub fn refresh_url(&self) -> Result<Url, ProviderError> {
        match &self.oauth2()?.refresh_url {
            Some(url) => self.endpoint("refresh endpoint", Some(url), None),
            None => self.token_url(),
        }
    }

    /// Where a token is revoked, if anywhere.
    pub fn revoke_url(&self) -> Result<Option<Url>, ProviderError> {
        let discovered = self.metadata.as_ref().and_then(|metadata| metadata.revocation_endpoint.as_deref());
        let named = self.oauth2()?.revoke_url.as_ref();
        if named.is_none() && discovered.is_none() {
            return Ok(None);
        }
        self.endpoint("revocation endpoint", named, discovered).map(Some)
    }

    /// The `iss` a callback must carry, and whether a missing one is an error (RFC 9207 §2.4).
    pub fn expected_issuer(&self) -> Option<(String, bool)> {
        if let Some(metadata) = &self.metadata {
            return Some((metadata.issuer.clone(), metadata.authorization_response_iss_parameter_supported));
        }
        let iss = self.oauth2().ok()?.iss.clone()?;
        Some((iss, true))
    }

    /// How the client authenticates: as it was registered, as the definition says, or for discovered servers as they can.
    pub fn client_auth(&self) -> ClientAuth {
        match self.token_auth {
            Some(TokenAuthMethod::Basic) => return ClientAuth::Basic,
            // Without a secret the body holds the id alone.
            Some(TokenAuthMethod::Post | TokenAuthMethod::None) => return ClientAuth::Body,
            None => {}
        }
        let named = self.oauth2().map(|oauth2| oauth2.client_auth).unwrap_or_default();
        let Some(metadata) = &self.metadata else { return named };
        match &metadata.token_endpoint_auth_methods_supported {
            // RFC 8414: absent means client_secret_basic.
            None => ClientAuth::Basic,
            Some(methods) if methods.iter().any(|method| method == "client_secret_basic") => ClientAuth::Basic,
            Some(_) => ClientAuth::Body,
        }
    }

    /// The scopes to ask for: the session's, else the app's, else the definition's.
    pub fn scopes(&self, of_session: Option<&[String]>) -> Vec<String> {
        let own = || self.oauth2().map(|oauth2| oauth2.scopes.clone()).unwrap_or_default();
        of_session.map(<[String]>::to_vec).or_else(|| self.app_scopes.clone()).unwrap_or_else(own)
    }

    /// The authorization URL.
    pub fn authorize_url(&self, params: &AuthorizeParams<'_>) -> Result<Url, ProviderError> {
        let oauth2 = self.oauth2()?;
        let discovered = self.metadata.as_ref().map(|metadata| metadata.authorization_endpoint.as_str());
        let mut url = self.endpoint("authorization endpoint", oauth2.authorize_url.as_ref(), discovered)?;
        {
            let mut query = url.query_pairs_mut();
            for (name, value) in [("response_type", "code"), ("client_id", &self.client_id), ("redirect_uri", params.redirect_uri), ("state", params.state)] {
                if let Some(name) = oauth2.authorize_name(name) {
                    query.append_pair(name, value);
                }
            }
            if !params.scopes.is_empty() {
                query.append_pair(&oauth2.scope_param, &params.scopes.join(&oauth2.scope_separator));
            }
            if oauth2.pkce == Pkce::S256 {
                query.append_pair("code_challenge", params.code_challenge);
                query.append_pair("code_challenge_method", "S256");
            }
            if params.scopes.iter().any(|scope| scope == "openid") {
                query.append_pair("nonce", params.nonce);
            }
            for (name, value) in &oauth2.authorize_params {
                query.append_pair(name, &value.render(&self.values)?);
            }
        }
        Ok(url)
    }

    fn endpoint(&self, name: &'static str, template: Option<&Template>, discovered: Option<&str>) -> Result<Url, ProviderError> {
        let text = match (template, discovered) {
            (Some(template), _) => template.render_url(&self.values)?,
            (None, Some(discovered)) => discovered.to_owned(),
            (None, None) => return Err(ProviderError::BadUrl(name)),
        };
        Url::parse(&text).map_err(|_| ProviderError::BadUrl(name))
    }
}
