//! Workspaces.

use super::connections::{Listed, cut, one_more};
use super::{About, Reader, Result, Services, Writer, connections, logos, nullable, origin, text};
use crate::domain::id::WorkspaceId;
use crate::domain::workspace::Workspace;
use crate::domain::{Code, Error};
use crate::store::connections::Filter;
use crate::store::{self, Conn, Page};
use serde::Deserialize;
use utoipa::ToSchema;

/// Body of `POST /workspaces`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWorkspace {
    /// Shown to end users as the one who asks.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub name: Option<String>,
    /// Taken wherever the id is.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    pub slug: Option<String>,
    /// Origins that the hosted page may signal to.
    pub allowed_origins: Option<Vec<String>>,
    /// Exact redirect URIs.
    pub redirect_uris: Option<Vec<String>>,
    /// Logo of the hosted page; null clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = "uri", max_length = 2000)]
    pub logo_url: Option<Option<String>>,
    /// Accent colour; null clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9a-fA-F]{6}$")]
    pub accent: Option<Option<String>>,
    /// Language of the hosted page; null clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, pattern = "^(en|de|fr|es|pt|ja)$")]
    pub language: Option<Option<String>>,
}

/// Languages that the hosted page speaks.
pub const LANGUAGES: [&str; 6] = ["en", "de", "fr", "es", "pt", "ja"];

/// Creates a workspace and its data key.
pub async fn create(services: &Services, writer: &Writer, input: NewWorkspace) -> Result<Workspace> {
    writer.organization()?;
    let now = services.now();
    let slug = check_slug(input.slug.as_deref().unwrap_or_default())?;
    let mut workspace = Workspace {
        id: WorkspaceId::from_bits(services.new_id_bits()),
        org_id: services.org.clone(),
        name: text("name", input.name.as_deref().unwrap_or_default(), 200)?,
        slug,
        allowed_origins: Vec::new(),
        redirect_uris: Vec::new(),
        logo_url: None,
        accent: None,
        language: None,
        created_at: now,
        updated_at: now,
    };
    apply(&mut workspace, NewWorkspace { name: None, slug: None, ..input })?;
    let mut tx = services.store.begin_write().await?;
    store::workspaces::insert(&mut tx, &workspace).await.map_err(|error| slug_exists(error, &workspace.slug))?;
    services.ensure_key(&mut tx, workspace.id.as_str()).await?;
    record(services, &mut tx, "workspace.created", writer, &workspace).await?;
    tx.commit().await?;
    Ok(workspace)
}

/// Changes a workspace.
pub async fn update(services: &Services, writer: &Writer, id: &str, patch: NewWorkspace) -> Result<Workspace> {
    let mut tx = services.store.begin_write().await?;
    let mut workspace = visible(services, writer, &mut tx, id).await?;
    apply(&mut workspace, patch)?;
    workspace.updated_at = services.now();
    if logos::own_path(services, &workspace).is_none() {
        store::workspace_logos::delete(&mut tx, &workspace.id).await?;
    }
    store::workspaces::update(&mut tx, &workspace).await.map_err(|error| slug_exists(error, &workspace.slug))?;
    record(services, &mut tx, "workspace.updated", writer, &workspace).await?;
    tx.commit().await?;
    Ok(workspace)
}

fn apply(workspace: &mut Workspace, input: NewWorkspace) -> Result<()> {
    if let Some(name) = &input.name {
        workspace.name = text("name", name, 200)?;
    }
    if let Some(slug) = &input.slug {
        workspace.slug = check_slug(slug)?;
    }
    if let Some(origins) = &input.allowed_origins {
        workspace.allowed_origins = origins.iter().map(|text| origin::origin("allowedOrigins", text)).collect::<Result<_>>()?;
    }
    if let Some(uris) = &input.redirect_uris {
        workspace.redirect_uris = uris.iter().map(|text| origin::redirect_uri("redirectUris", text, None)).collect::<Result<_>>()?;
    }
    if let Some(logo) = &input.logo_url {
        // As it is, it was made here, or judged before.
        if *logo != workspace.logo_url {
            workspace.logo_url = logo.as_deref().map(|logo| origin::redirect_uri("logoUrl", logo, None)).transpose()?;
        }
    }
    if let Some(accent) = &input.accent {
        let is_hex = |accent: &str| accent.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if !accent.as_deref().is_none_or(is_hex) {
            return Err(Error::field("accent", "accent must be a colour such as #3355ff"));
        }
        workspace.accent = accent.as_ref().map(|accent| accent.to_ascii_lowercase());
    }
    if let Some(language) = &input.language {
        if language.as_deref().is_some_and(|language| !LANGUAGES.contains(&language)) {
            return Err(Error::field("language", format!("language must be one of {}", LANGUAGES.join(", "))));
        }
        workspace.language.clone_from(language);
    }
    Ok(())
}

fn check_slug(slug: &str) -> Result<String> {
    if slug.is_empty() {
        return Err(Error::required("slug"));
    }
    let inner = slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if slug.len() > 63 || !inner || slug.starts_with('-') || slug.ends_with('-') {
        return Err(Error::field("slug", "slug must be 1 to 63 of a-z, 0-9 and -, and neither start nor end with -"));
    }
    Ok(slug.to_owned())
}

fn slug_exists(error: store::StoreError, slug: &str) -> Error {
    match error {
        store::StoreError::Duplicate => Error::new(Code::SlugExists, format!("There is a workspace with slug {slug:?} already")),
        other => other.into(),
    }
}

pub(super) async fn record(services: &Services, conn: &mut Conn, kind: &str, writer: &Writer, workspace: &Workspace) -> Result<()> {
    let about = About { connection: None, workspace: Some(workspace.id.as_str()) };
    services.record(conn, kind, writer.name(), about, serde_json::json!({ "slug": workspace.slug })).await
}

/// A workspace that `reader` may see, by id or slug.
pub async fn visible(services: &Services, reader: &Reader, conn: &mut Conn, id: &str) -> Result<Workspace> {
    store::workspaces::find(conn, &services.org, id)
        .await?
        .filter(|workspace| reader.reach().includes(Some(&workspace.id)))
        .ok_or_else(|| Error::new(Code::NotFound, format!("There is no workspace {id:?}")))
}

/// One workspace.
pub async fn get(services: &Services, reader: &Reader, id: &str) -> Result<Workspace> {
    let mut conn = services.store.conn().await?;
    visible(services, reader, &mut conn, id).await
}

/// The workspace that a request names; else the only one that a limited key has; else none. A key limited to several must say.
pub async fn given_or_only(services: &Services, reader: &Reader, given: Option<&str>) -> Result<Option<Workspace>> {
    let mut conn = services.store.conn().await?;
    match (given, reader.reach()) {
        (Some(id), _) => visible(services, reader, &mut conn, id).await.map(Some),
        (None, super::Reach::Organization) => Ok(None),
        (None, super::Reach::Workspaces(ids)) => match ids.as_slice() {
            [only] => visible(services, reader, &mut conn, only.as_str()).await.map(Some),
            _ => Err(Error::new(Code::WorkspaceRequired, "This key is limited to several workspaces: say which in workspaceId")
                .with("workspaceIds", ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>())),
        },
    }
}

/// What workspaces are called, newest first, at most `limit`.
pub async fn names(services: &Services, reader: &Reader, limit: i64) -> Result<Vec<store::workspaces::Name>> {
    Ok(store::workspaces::names(&mut *services.store.conn().await?, reader.reach().limit().as_deref(), limit).await?)
}

/// A page of workspaces, newest first.
pub async fn list(services: &Services, reader: &Reader, page: &Page) -> Result<Listed<Workspace>> {
    let mut conn = services.store.conn().await?;
    let (mut items, total) = store::workspaces::list(&mut conn, &services.org, reader.reach().limit().as_deref(), &one_more(page)).await?;
    let next_cursor = cut(&mut items, page, |workspace| workspace.id.as_str());
    Ok(Listed { items, total, total_is_minimum: false, next_cursor })
}

/// Deletes a workspace. Its connections stop it, unless `force` removes them first, each as its own delete would.
pub async fn delete(services: &Services, writer: &Writer, id: &str, force: bool) -> Result<WorkspaceId> {
    let workspace = get(services, writer, id).await?;
    writer.organization()?;
    let filter = Filter { workspaces: Some(vec![workspace.id.as_str().to_owned()]), ..Filter::default() };
    loop {
        let page = Page { limit: 100, offset: 0, before: None };
        let held = store::connections::list(&mut *services.store.conn().await?, &filter, &page, services.now()).await?;
        if held.is_empty() {
            break;
        }
        if !force {
            return Err(
                Error::new(Code::NotEmpty, format!("Workspace {} still has connections", workspace.slug)).suggest("Delete them first, or use ?force=true")
            );
        }
        for connection in held {
            connections::delete(services, writer, connection.id.as_str()).await?;
        }
    }
    let mut tx = services.store.begin_write().await?;
    store::workspaces::delete(&mut tx, &workspace.id).await?;
    // With its key gone, copies of its ciphertexts (backups aside) are noise.
    store::data_keys::delete(&mut tx, workspace.id.as_str()).await?;
    record(services, &mut tx, "workspace.deleted", writer, &workspace).await?;
    tx.commit().await?;
    services.vault.forget(workspace.id.as_str());
    Ok(workspace.id)
}
