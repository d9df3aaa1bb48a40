//! Writing a connection, however it came about: new, or in place of one with the same external id.

use crate::catalog::{Definition, Method, Values};
use crate::domain::connection::{Account, ConnectionType};
use crate::domain::id::{ConnectionId, OAuthAppId};
use crate::domain::{Code, Error, Timestamp};
use crate::service::{About, Result, Services, oauth_apps};
use crate::store::connections::{Owner, Schedule, StoredConnection};
use crate::store::{self, Conn};
use crate::vault::Credential;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A connection about to be stored.
pub(in crate::service) struct Draft {
    pub definition: Arc<Definition>,
    pub method_key: String,
    pub external_id: String,
    pub display_name: String,
    pub kind: ConnectionType,
    pub owner: Owner,
    pub oauth_app_id: Option<OAuthAppId>,
    pub credential: Credential,
    pub props: BTreeMap<String, String>,
    pub wanted_scopes: Vec<String>,
    pub granted_scopes: Vec<String>,
    pub expires_at: Option<Timestamp>,
    pub account: Option<Account>,
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

impl Draft {
    /// Values for templates.
    pub fn values(&self) -> Values {
        template_values(&self.props, &self.credential)
    }

    /// Whether `old` is about another account: somebody else's, or another one of those that a consent covers.
    pub fn is_other_account(&self, old: &StoredConnection) -> bool {
        let other_person = matches!((&old.account, &self.account), (Some(old), Some(new)) if old.id != new.id);
        let prop = self.definition.method(&self.method_key).and_then(|method| method.choose.as_ref()).map(|choose| choose.prop.as_str());
        let other_choice = prop.is_some_and(|prop| matches!((old.props.get(prop), self.props.get(prop)), (Some(old), Some(new)) if old != new));
        other_person || other_choice
    }
}

/// Values for templates: what may be shown, and the secrets. Never log them.
pub(in crate::service) fn template_values(props: &BTreeMap<String, String>, credential: &Credential) -> Values {
    let mut values: Values = props.clone();
    values.extend(credential.values.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())));
    if let Some(tokens) = &credential.tokens {
        values.insert(crate::catalog::ACCESS_TOKEN.to_owned(), tokens.access_token.expose().to_owned());
    }
    values
}

/// Values for templates of a stored connection, with what its OAuth app and discovery add. Never log them.
pub(in crate::service) async fn values_of(services: &Services, method: &Method, connection: &StoredConnection, credential: &Credential) -> Result<Values> {
    let mut values = template_values(&connection.props, credential);
    if method.oauth2.as_ref().is_some_and(|oauth2| oauth2.issuer.is_some() || !oauth2.app_fields.is_empty())
        && let Some(app) = { oauth_apps::of_connection(&mut *services.store.conn().await?, connection).await? }
    {
        let provider = oauth_apps::provider(services, &app, &connection.props).await?;
        values.extend(provider.values);
    }
    Ok(values)
}

/// What may be overwritten.
pub(in crate::service) enum Replace {
    /// Nothing: an equal identity is a duplicate.
    Never,
    /// The one with the same identity.
    Same,
    /// Exactly this one (reconnect); its identity stays as it is.
    This(ConnectionId),
}

/// What `save` did.
pub(in crate::service) struct Saved {
    pub connection: StoredConnection,
    pub is_new: bool,
    pub account_changed: bool,
}

/// Stores a draft in one transaction, as a new connection or over an old one, and notes it in the log.
pub(in crate::service) async fn save(services: &Services, id: ConnectionId, draft: Draft, replace: Replace, actor: &str) -> Result<Saved> {
    let mut tx = services.store.begin_write().await?;
    let saved = save_in(services, &mut tx, id, draft, replace, actor).await?;
    services.commit(tx).await?;
    Ok(saved)
}

/// As [`save`], inside the caller's transaction.
pub(in crate::service) async fn save_in(
    services: &Services,
    conn: &mut Conn,
    id: ConnectionId,
    draft: Draft,
    replacing: Replace,
    actor: &str,
) -> Result<Saved> {
    let existing = match &replacing {
        Replace::This(existing) => {
            let found = store::connections::find(conn, existing.as_str()).await?;
            Some(found.ok_or_else(|| Error::new(Code::ConnectionNotFound, "The connection to reconnect has been deleted"))?)
        }
        Replace::Never | Replace::Same => {
            store::connections::find_same(conn, &draft.definition.name, &draft.method_key, &draft.external_id, &draft.owner).await?
        }
    };
    if let (Some(existing), Replace::Never) = (&existing, &replacing) {
        return Err(duplicate(&existing.id, &draft));
    }
    services.ensure_key(conn, services.key_owner(draft.owner.workspace())).await?;
    let now = services.now();
    let has_refresh_token = draft.credential.tokens.as_ref().is_some_and(|tokens| tokens.refresh_token.is_some());
    let has_login = draft.definition.method(&draft.method_key).is_some_and(|method| method.login.is_some());
    let renewable = has_login || (has_refresh_token && draft.oauth_app_id.is_some());
    if let Some(old) = existing {
        return replace(services, conn, old, draft, renewable, actor).await;
    }
    let end_user_external_id = match draft.owner.end_user() {
        Some(end_user) => store::end_users::find(conn, end_user.as_str()).await?.map(|user| user.external_id),
        None => None,
    };
    let connection = StoredConnection {
        secret: services.seal_credential(&draft.owner, id.as_str(), "secret", &draft.credential)?,
        id,
        external_id: draft.external_id.clone(),
        display_name: draft.display_name.clone(),
        integration_name: draft.definition.name.clone(),
        auth_method_key: draft.method_key.clone(),
        kind: draft.kind,
        owner: draft.owner.clone(),
        end_user_external_id,
        oauth_app_id: draft.oauth_app_id.clone(),
        previous_secret: None,
        version: 1,
        props: draft.props.clone(),
        account: draft.account.clone(),
        wanted_scopes: draft.wanted_scopes.clone(),
        granted_scopes: draft.granted_scopes.clone(),
        expires_at: draft.expires_at,
        renewable,
        last_refreshed_at: None,
        last_used_at: None,
        error: None,
        refresh: Schedule::default(),
        metadata: draft.metadata.clone(),
        created_at: now,
        updated_at: now,
    };
    let connection = crate::service::refresh::scheduled(services, connection);
    match store::connections::insert(conn, &connection).await {
        Ok(()) => {}
        // Lost a race with an equal create, whose row can be seen by now.
        Err(store::StoreError::Duplicate) => {
            let winner = store::connections::find_same(conn, &draft.definition.name, &draft.method_key, &draft.external_id, &draft.owner).await?;
            let winner = winner.ok_or_else(Error::internal)?;
            return match replacing {
                Replace::Never => Err(duplicate(&winner.id, &draft)),
                Replace::Same | Replace::This(_) => replace(services, conn, winner, draft, renewable, actor).await,
            };
        }
        Err(other) => return Err(other.into()),
    }
    let data = serde_json::json!({ "type": connection.kind, "integrationName": connection.integration_name, "grantedScopes": connection.granted_scopes });
    services.record(conn, "connection.created", actor, About::from(&connection), data).await?;
    Ok(Saved { connection, is_new: true, account_changed: false })
}

/// Gives an existing connection the draft's credential.
pub(super) async fn replace(services: &Services, conn: &mut Conn, old: StoredConnection, draft: Draft, renewable: bool, actor: &str) -> Result<Saved> {
    let now = services.now();
    let account_changed = draft.is_other_account(&old);
    let before = old.account.clone().filter(|_| account_changed);
    let secret = services.seal_credential(&old.owner, old.id.as_str(), "secret", &draft.credential)?;
    let connection = StoredConnection {
        kind: draft.kind,
        oauth_app_id: draft.oauth_app_id,
        secret,
        previous_secret: None,
        version: old.version + 1,
        props: draft.props,
        account: draft.account,
        wanted_scopes: draft.wanted_scopes,
        granted_scopes: draft.granted_scopes,
        expires_at: draft.expires_at,
        renewable,
        last_refreshed_at: Some(now),
        error: None,
        updated_at: now,
        ..old
    };
    let connection = crate::service::refresh::scheduled(services, connection);
    if !store::connections::replace_credential(conn, &connection).await? {
        return Err(Error::new(Code::PreconditionFailed, "The connection changed at the same moment. Try again"));
    }
    let data = serde_json::json!({ "accountChanged": account_changed, "grantedScopes": connection.granted_scopes });
    services.record(conn, "connection.reconnected", actor, About::from(&connection), data).await?;
    if let (Some(before), Some(after)) = (before, &connection.account) {
        let who = |account: &Account| serde_json::json!({ "id": account.id, "label": account.label, "tenant": account.tenant });
        let data = serde_json::json!({ "before": who(&before), "after": who(after) });
        services.record(conn, "connection.account_changed", actor, About::from(&connection), data).await?;
    }
    Ok(Saved { connection, is_new: false, account_changed })
}

pub(super) fn duplicate(existing: &ConnectionId, draft: &Draft) -> Error {
    Error::new(Code::Duplicate, format!("{} is connected already in this scope with externalId {:?}", draft.definition.display_name, draft.external_id))
        .with("existingId", existing.as_str())
        .suggest("Use another externalId, or ?upsert=true to replace the credentials of the existing one")
}
