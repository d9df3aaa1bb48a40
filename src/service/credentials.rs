//! Handing out credentials in the clear: refreshed first when due, recorded before they are answered.

use super::refresh::{When, fresh, freshen};
use super::{Result, SecretReader, Services, connections, read_log};
use crate::catalog::{PASSWORD, SECRET_TEXT, USERNAME};
use crate::domain::connection::{Connection, ConnectionType};
use crate::domain::{Error, Timestamp};
use crate::store;
use crate::vault::Secret;
use std::collections::BTreeMap;

/// A credential in the clear. Not `Serialize`: the one answer that carries it says so itself (`api::connections`).
#[derive(Debug, Clone)]
pub enum Plain {
    /// SECRET_TEXT.
    SecretText {
        /// The key.
        secret_text: Secret,
        /// Further fields.
        props: BTreeMap<String, Secret>,
    },
    /// BASIC_AUTH.
    BasicAuth {
        /// User name.
        username: Secret,
        /// Password.
        password: Secret,
        /// Further fields.
        props: BTreeMap<String, Secret>,
    },
    /// CUSTOM_AUTH.
    CustomAuth {
        /// All fields.
        props: BTreeMap<String, Secret>,
    },
    /// OAUTH2 and PLATFORM_OAUTH2. Never the refresh token.
    OAuth2 {
        /// Which of the two.
        kind: ConnectionType,
        /// For the API.
        access_token: Secret,
        /// Goes before it.
        token_type: String,
        /// When it ends.
        expires_at: Option<Timestamp>,
        /// What was granted.
        scopes: Vec<String>,
        /// Captured values (`instanceUrl`).
        props: BTreeMap<String, Secret>,
    },
}

impl Plain {
    /// Its values with what a person calls them, the main ones first.
    pub fn shown(self) -> Vec<(String, Secret)> {
        let (mut shown, props) = match self {
            Self::SecretText { secret_text, props } => (vec![("Secret".to_owned(), secret_text)], props),
            Self::BasicAuth { username, password, props } => (vec![("User name".to_owned(), username), ("Password".to_owned(), password)], props),
            Self::CustomAuth { props } => (Vec::new(), props),
            Self::OAuth2 { access_token, props, .. } => (vec![("Access token".to_owned(), access_token)], props),
        };
        shown.extend(props);
        shown
    }
}

/// Reads a connection's credential.
pub async fn read(services: &Services, reader: &SecretReader, id: &str) -> Result<(Plain, Connection)> {
    let seen = {
        let mut conn = services.store.conn().await?;
        connections::visible_to_secret_reader(&mut conn, reader, id).await?
    };
    let (connection, credential) = if seen.kind.is_oauth() {
        freshen(services, seen, When::NearExpiry).await?
    } else {
        // What was entered, as it was entered. The contract has no place for the token that a login gets with it: actions use that one.
        let credential = services.open_credential(&mut *services.store.conn().await?, &seen).await?;
        (seen, credential)
    };
    // First on record, then in the answer: if the record cannot be written there is no answer.
    let minute = services.now().to_minute();
    read_log::record(services, reader.name(), &connection, minute).await?;

    let mut props: BTreeMap<String, Secret> = connection.props.iter().map(|(name, value)| (name.clone(), Secret::new(value.as_str()))).collect();
    let mut values = credential.values;
    let mut take = |name: &str| values.remove(name).unwrap_or_else(|| Secret::new(""));
    let plain = match connection.kind {
        ConnectionType::SecretText => {
            let secret_text = take(SECRET_TEXT);
            props.extend(values);
            Plain::SecretText { secret_text, props }
        }
        ConnectionType::BasicAuth => {
            let (username, password) = (take(USERNAME), take(PASSWORD));
            props.extend(values);
            Plain::BasicAuth { username, password, props }
        }
        ConnectionType::CustomAuth => {
            props.extend(values);
            Plain::CustomAuth { props }
        }
        kind @ (ConnectionType::OAuth2 | ConnectionType::PlatformOAuth2) => {
            let tokens = credential.tokens.ok_or_else(Error::internal)?;
            Plain::OAuth2 {
                kind,
                access_token: tokens.access_token,
                token_type: tokens.token_type,
                expires_at: connection.expires_at,
                scopes: connection.granted_scopes.clone(),
                props,
            }
        }
    };
    let view = store::connections::StoredConnection { last_used_at: Some(minute), ..connection }.view(services.now());
    Ok((plain, view))
}

/// Renews a connection's access token now.
pub async fn refresh_now(services: &Services, writer: &super::Writer, id: &str) -> Result<Connection> {
    let connection = {
        let mut conn = services.store.conn().await?;
        connections::visible(&mut conn, writer, id).await?
    };
    if !connection.kind.is_oauth() && !connection.renewable {
        return Err(Error::new(crate::domain::Code::NotOAuth2, "Only connections with an access token can be refreshed"));
    }
    if !connection.renewable {
        return Err(Error::new(crate::domain::Code::RefreshFailed, "This connection has no refresh token").suggest("Connect the account again when it expires"));
    }
    let (connection, _) = fresh(services, &connection.id, When::Now).await?;
    Ok(connection.view(services.now()))
}
