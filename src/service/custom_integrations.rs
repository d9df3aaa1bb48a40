//! Integrations that the organisation defines for itself over the API: the TOML format's keys as JSON, judged by the same rules.
//!
//! They are data of a customer, and credentials go where data says. So the operator's OAuth apps are never used with them
//! (`oauth_apps::provider`), and whoever changes one that is in use needs the right to read credentials.

use super::{About, Actor, Result, Services, Writer};
use crate::catalog::Definition;
use crate::domain::integration::Integration;
use crate::domain::{Code, Error, FieldError};
use crate::store::connections::Filter;
use crate::store::custom_integrations::{self as rows, StoredDefinition};
use crate::store::{self, Conn, StoreError};

/// Largest definition.
const LARGEST: usize = 256 * 1024;

/// A definition as it was sent: to be kept as it is, and as it is understood.
#[derive(Debug, Clone)]
pub struct Given {
    /// As sent.
    pub text: String,
    /// As understood, not judged yet.
    pub definition: Definition,
}

/// Adds an integration.
pub async fn create(services: &Services, writer: &Writer, name: &str, given: Given) -> Result<Integration> {
    writer.organization()?;
    let row = judge(name, given)?;
    let mut tx = services.store.begin_write().await?;
    insert(services, &mut tx, writer, &row).await?;
    tx.commit().await?;
    reload(services).await?;
    super::integrations::get(services, name)
}

/// Adds what has been judged. [`reload`] once it is committed.
pub(super) async fn insert(services: &Services, conn: &mut Conn, writer: &Writer, row: &StoredDefinition) -> Result<()> {
    if services.catalog.is_built_in(&row.name) {
        return Err(exists(&row.name));
    }
    match rows::insert(conn, row, services.now()).await {
        Err(StoreError::Duplicate) => return Err(exists(&row.name)),
        other => other?,
    }
    record(services, conn, "integration.created", writer, &row.name).await
}

/// There is one of that name.
pub(super) fn exists(name: &str) -> Error {
    Error::new(Code::Duplicate, format!("There is an integration {name:?} already")).suggest("Choose another name, or change a custom one with PUT")
}

/// Replaces an integration.
pub async fn update(services: &Services, actor: &Actor, name: &str, given: Given) -> Result<Integration> {
    let writer = actor.writer()?;
    let mut tx = services.store.begin_write().await?;
    must_exist(&mut tx, name).await?;
    writer.organization()?;
    let row = judge(name, given)?;
    let is_used = connection_count(services, &mut tx, name).await? > 0 || !store::oauth_apps::list(&mut tx, None, Some(name)).await?.is_empty();
    if is_used && actor.secret_reader().is_err() {
        return Err(Error::new(Code::Forbidden, format!("{name} has connections or OAuth apps, and a definition says where their credentials are sent"))
            .suggest("Use a key with permissions {\"credentials\": {\"read\": true}}"));
    }
    rows::update(&mut tx, &row, services.now()).await?;
    record(services, &mut tx, "integration.updated", &writer, name).await?;
    tx.commit().await?;
    reload(services).await?;
    super::integrations::get(services, name)
}

/// Removes an integration with its OAuth apps and its places in workspaces: with another definition of the same name their secrets
/// would go elsewhere. Connections stop it.
pub async fn delete(services: &Services, writer: &Writer, name: &str) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    must_exist(&mut tx, name).await?;
    writer.organization()?;
    let held = connection_count(services, &mut tx, name).await?;
    if held > 0 {
        return Err(Error::new(Code::NotEmpty, format!("Integration {name} still has connections")).with("connections", held).suggest("Delete them first"));
    }
    for app in store::oauth_apps::list(&mut tx, None, Some(name)).await? {
        store::oauth_apps::delete(&mut tx, &app.id).await?;
    }
    store::workspace_integrations::delete_of(&mut tx, name).await?;
    rows::delete(&mut tx, name).await?;
    record(services, &mut tx, "integration.deleted", writer, name).await?;
    tx.commit().await?;
    reload(services).await
}

/// Brings this node's catalogue up to what is stored. When nothing has changed it reads one number.
pub async fn reload(services: &Services) -> Result<()> {
    let mut conn = services.store.conn().await?;
    let version = rows::version(&mut conn).await?;
    if version <= services.catalog.version() {
        return Ok(());
    }
    let mut definitions = Vec::new();
    for row in rows::list(&mut conn).await? {
        if services.catalog.is_built_in(&row.name) {
            tracing::warn!(integration = row.name, "a custom integration has the name of a built-in one, and is used instead of it");
        }
        match read(&row) {
            Ok(definition) => definitions.push(definition),
            // Written by another version of Keyloom: one bad definition must not take the others with it.
            Err(why) => tracing::error!(integration = row.name, why, "a custom integration cannot be used"),
        }
    }
    services.catalog.replace(version, definitions);
    Ok(())
}

fn read(row: &StoredDefinition) -> std::result::Result<Definition, String> {
    let definition: Definition = serde_json::from_str(&row.definition).map_err(|error| error.to_string())?;
    definition.checked().map_err(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// What is to be stored, if it is fit to be used.
pub(super) fn judge(name: &str, given: Given) -> Result<StoredDefinition> {
    if given.definition.name != name {
        return Err(Error::field("name", format!("name must be left out or equal the one in the path, {name:?}")));
    }
    if given.text.len() > LARGEST {
        return Err(Error::new(Code::PayloadTooLarge, format!("A definition must be at most {} kB", LARGEST / 1024)));
    }
    given.definition.checked().map_err(|found| {
        let field = |finding: crate::catalog::Finding| FieldError { message: finding.to_string(), path: finding.key, code: "INVALID".to_owned() };
        Error::fields(found.into_iter().map(field).collect())
    })?;
    Ok(StoredDefinition { name: name.to_owned(), definition: given.text })
}

async fn must_exist(conn: &mut Conn, name: &str) -> Result<()> {
    if rows::exists(conn, name).await? {
        return Ok(());
    }
    Err(Error::new(Code::IntegrationNotFound, format!("There is no custom integration {name:?}")).suggest("Built-in ones cannot be changed; add one with POST"))
}

async fn connection_count(services: &Services, conn: &mut Conn, name: &str) -> Result<i64> {
    let filter = Filter { integration_name: Some(name.to_owned()), ..Filter::default() };
    Ok(store::connections::count(conn, &filter, store::connections::COUNT_LIMIT, services.now()).await?)
}

async fn record(services: &Services, conn: &mut Conn, kind: &str, writer: &Writer, name: &str) -> Result<()> {
    services.record(conn, kind, writer.name(), About::default(), serde_json::json!({ "integrationName": name })).await
}
