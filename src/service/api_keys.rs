//! API keys: shown once, stored as a hash, limited as their permissions say.

use super::actor::key_rights;
use super::{About, Actor, Reach, Reader, Result, Services, Writer, text, workspaces};
use crate::domain::api_key::ApiKey;
use crate::domain::id::ApiKeyId;
use crate::domain::{Code, Error, FieldError, Timestamp};
use crate::store;
use crate::store::api_keys::PresentedKey;
use crate::vault::{Secret, token};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Body of `POST /api-keys`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewApiKey {
    /// What people call it.
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub name: Option<String>,
    /// When it stops.
    pub expires_at: Option<Timestamp>,
    /// `{scope, workspaceIds, credentials: {read}, approvals}`
    #[schema(value_type = Option<crate::domain::api_key::Permissions>)]
    pub permissions: Option<Value>,
}

/// Makes a key. Its rights must be a subset of the maker's.
pub async fn create(services: &Services, actor: &Actor, input: NewApiKey) -> Result<(ApiKey, Secret)> {
    let writer = actor.writer()?;
    let name = text("name", input.name.as_deref().unwrap_or_default(), 200)?;
    let now = services.now();
    if input.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::field("expiresAt", "expiresAt must lie in the future"));
    }
    let permissions = input.permissions.unwrap_or_else(|| serde_json::json!({ "scope": "org" }));
    check_permissions(services, &writer, &permissions).await?;
    let (reach, credentials) = key_rights(&permissions);
    if !within(&reach, writer.reach()) || (credentials && actor.secret_reader().is_err()) {
        return Err(Error::new(Code::Forbidden, "A key cannot make a key with more rights than its own"));
    }
    let plain = token::generate(token::API_KEY, services.entropy.as_ref());
    let key = ApiKey {
        id: ApiKeyId::from_bits(services.new_id_bits()),
        org_id: services.org.clone(),
        name,
        key_prefix: plain.expose().chars().take(8).collect(),
        permissions,
        last_used_at: None,
        expires_at: input.expires_at,
        created_at: now,
    };
    let mut tx = services.store.begin_write().await?;
    store::api_keys::insert(&mut tx, &key, &token::hash(plain.expose()), reach.only()).await?;
    services.record(&mut tx, "api_key.created", writer.name(), About::default(), serde_json::json!({ "apiKeyId": key.id, "name": key.name })).await?;
    tx.commit().await?;
    Ok((key, plain))
}

async fn check_permissions(services: &Services, reader: &Reader, permissions: &Value) -> Result<()> {
    let wrong = |path: &str, message: &str| Error::fields(vec![FieldError { path: path.to_owned(), code: "INVALID".to_owned(), message: message.to_owned() }]);
    let object = permissions.as_object().ok_or_else(|| wrong("permissions", "permissions must be an object"))?;
    if let Some(stray) = object.keys().find(|key| !["scope", "workspaceIds", "credentials", "approvals"].contains(&key.as_str())) {
        return Err(wrong(&format!("permissions.{stray}"), &format!("{stray} is not a permission; there are scope, workspaceIds, credentials")));
    }
    if let Some(credentials) = object.get("credentials") {
        let fine = credentials.as_object().is_some_and(|map| map.iter().all(|(key, value)| key == "read" && value.is_boolean()));
        if !fine {
            return Err(wrong("permissions.credentials", "credentials must be {\"read\": true} or {\"read\": false}"));
        }
    }
    match object.get("scope").map(Value::as_str) {
        None | Some(Some("org")) => {
            if object.contains_key("workspaceIds") {
                return Err(wrong("permissions.workspaceIds", "workspaceIds goes with scope \"workspace\""));
            }
        }
        Some(Some("workspace")) => {
            let ids = object.get("workspaceIds").and_then(Value::as_array).filter(|ids| !ids.is_empty());
            let ids = ids.ok_or_else(|| wrong("permissions.workspaceIds", "name at least one workspace"))?;
            let mut conn = services.store.conn().await?;
            for id in ids {
                let id = id.as_str().ok_or_else(|| wrong("permissions.workspaceIds", "workspaceIds must be ids"))?;
                let found = workspaces::visible(services, reader, &mut conn, id).await?;
                if found.id.as_str() != id {
                    return Err(wrong("permissions.workspaceIds", "name workspaces by id here, not by slug: slugs can change"));
                }
            }
        }
        Some(_) => return Err(wrong("permissions.scope", "scope must be \"org\" or \"workspace\"")),
    }
    Ok(())
}

fn within(inner: &Reach, outer: &Reach) -> bool {
    match (inner, outer) {
        (_, Reach::Organization) => true,
        (Reach::Organization, Reach::Workspaces(_)) => false,
        (Reach::Workspaces(inner), Reach::Workspaces(outer)) => inner.iter().all(|id| outer.contains(id)),
    }
}

/// The keys that the asker may manage: those whose rights are a subset of its own.
pub async fn list(services: &Services, reader: &Reader) -> Result<Vec<ApiKey>> {
    let keys = store::api_keys::list(&mut *services.store.conn().await?, &services.org).await?;
    Ok(keys.into_iter().filter(|key| within(&key_rights(&key.permissions).0, reader.reach())).collect())
}

/// Ends a key at once.
pub async fn delete(services: &Services, writer: &Writer, id: &str) -> Result<ApiKeyId> {
    let key = list(services, writer).await?.into_iter().find(|key| key.id.as_str() == id);
    let key = key.ok_or_else(|| Error::new(Code::NotFound, format!("There is no API key {id:?}")))?;
    let mut tx = services.store.begin_write().await?;
    store::api_keys::delete(&mut tx, id).await?;
    store::idempotency_keys::delete_of(&mut tx, &Actor::name_of_key(&key.id)).await?;
    services.record(&mut tx, "api_key.deleted", writer.name(), About::default(), serde_json::json!({ "apiKeyId": key.id, "name": key.name })).await?;
    tx.commit().await?;
    Ok(key.id)
}

/// Whose key it is. Looked up every time, so that a deleted or expired key stops at once on every node.
pub async fn authenticate(services: &Services, key: &str) -> Result<Actor> {
    let hash = hash_of(key)?;
    let found = store::api_keys::find_by_hash(&mut *services.store.conn().await?, &hash).await?;
    admit(services, found)
}

/// What a key is found by; refuses what cannot be one.
pub(super) fn hash_of(key: &str) -> Result<String> {
    if token::is_well_formed(token::API_KEY, key) { Ok(token::hash(key)) } else { Err(not_valid()) }
}

/// Lets the holder of a key in, if there is such a key and its time is not over, and notes that it was used.
pub(super) fn admit(services: &Services, found: Option<PresentedKey>) -> Result<Actor> {
    let found = found.ok_or_else(not_valid)?;
    let now = services.now();
    if found.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::new(Code::Unauthorized, "The API key has expired").suggest("Make a new one"));
    }
    let minute = now.to_minute();
    if found.last_used_at.is_none_or(|at| at < minute) {
        let services = services.clone();
        let id = found.id.clone();
        services.tasks.clone().spawn(async move {
            if let Ok(mut conn) = services.store.conn().await {
                let _ = store::api_keys::touch(&mut conn, &id, minute).await;
            }
        });
    }
    let (reach, credentials) = key_rights(&found.permissions);
    Ok(Actor::Key { id: found.id, reach, credentials })
}

fn not_valid() -> Error {
    Error::new(Code::Unauthorized, "The API key is not valid")
        .suggest("Send `Authorization: Bearer wvz_…` with a key from the dashboard or `keyloom api-key create`")
}
