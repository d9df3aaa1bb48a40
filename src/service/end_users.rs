//! End users and their portal tokens.

use super::connections::{Listed, cut, one_more};
use super::logos::{self, Theme};
use super::{About, Actor, Reader, Result, Services, Writer, connections, metadata, nullable, optional_text, text, workspace_integrations, workspaces};
use crate::domain::connection::Connection;
use crate::domain::end_user::EndUser;
use crate::domain::id::EndUserId;
use crate::domain::workspace::Workspace;
use crate::domain::{Code, Error, Timestamp};
use crate::store::end_users::PortalToken;
use crate::store::{self, Conn, Page};
use crate::vault::{Secret, token};
use serde::Deserialize;
use utoipa::ToSchema;

/// Body of `POST /end-users`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewEndUser {
    /// Workspace, id or slug.
    pub workspace_id: Option<String>,
    /// The customer's identifier.
    #[schema(value_type = String, min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub external_id: Option<String>,
    /// Shown on the hosted page.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub display_name: Option<String>,
    /// For invitations.
    #[schema(format = Email, max_length = 320)]
    pub email: Option<String>,
    /// The customer's data.
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Body of `PATCH /end-users/{id}`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndUserPatch {
    /// New name; null clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub display_name: Option<Option<String>>,
    /// New address; null clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = Email, max_length = 320)]
    pub email: Option<Option<String>>,
    /// New data, replacing the old.
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Body of `POST /end-users/{id}/connect-token`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPortalToken {
    /// Open straight on this integration.
    pub integration_name: Option<String>,
    /// Open straight on this workspace integration.
    #[schema(value_type = Option<crate::domain::id::WorkspaceIntegrationId>)]
    pub workspace_integration_id: Option<String>,
    /// Seconds, 300 to 2592000.
    #[schema(minimum = 300, maximum = 2_592_000, default = 3600)]
    pub expires_in: Option<i64>,
    /// End the tokens handed out before.
    pub revoke_others: Option<bool>,
}

/// Body of `POST /end-users/{id}/invite`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Invitation {
    /// Where to send the link; kept as the end user's address.
    #[schema(value_type = String, format = Email, max_length = 320)]
    pub email: Option<String>,
    /// Open straight on this integration.
    pub integration_name: Option<String>,
    /// Open straight on this workspace integration.
    #[schema(value_type = Option<crate::domain::id::WorkspaceIntegrationId>)]
    pub workspace_integration_id: Option<String>,
    /// Seconds, 300 to 2592000.
    #[schema(minimum = 300, maximum = 2_592_000)]
    pub expires_in: Option<i64>,
    /// End the tokens handed out before.
    pub revoke_others: Option<bool>,
}

/// A portal token, shown once.
#[derive(Debug, Clone)]
pub struct IssuedToken {
    /// `eut_…`
    pub token: Secret,
    /// Where to send the end user.
    pub connect_url: Secret,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Registers an end user.
pub async fn create(services: &Services, writer: &Writer, input: NewEndUser) -> Result<EndUser> {
    let workspace = workspaces::given_or_only(services, writer, input.workspace_id.as_deref())
        .await?
        .ok_or_else(|| Error::new(Code::WorkspaceRequired, "workspaceId is required").suggest("Name the workspace by id or slug"))?;
    let mut user = blank(services, &workspace, text("externalId", input.external_id.as_deref().unwrap_or_default(), 255)?);
    apply(&mut user, EndUserPatch { display_name: input.display_name.map(Some), email: input.email.map(Some), metadata: input.metadata })?;
    let mut tx = services.store.begin_write().await?;
    match store::end_users::insert(&mut tx, &user).await {
        Ok(()) => {}
        Err(store::StoreError::Duplicate) => {
            let existing = store::end_users::find_in(&mut tx, &workspace.id, &user.external_id).await?.ok_or_else(Error::internal)?;
            return Err(Error::new(Code::Duplicate, format!("There is an end user {:?} in this workspace already", user.external_id))
                .with("existingId", existing.id.as_str()));
        }
        Err(other) => return Err(other.into()),
    }
    record(services, &mut tx, "end_user.created", writer.name(), &user).await?;
    tx.commit().await?;
    Ok(user)
}

fn blank(services: &Services, workspace: &Workspace, external_id: String) -> EndUser {
    let now = services.now();
    EndUser {
        id: EndUserId::from_bits(services.new_id_bits()),
        workspace_id: workspace.id.clone(),
        external_id,
        display_name: None,
        email: None,
        metadata: serde_json::Map::new(),
        connection_count: 0,
        kind: "external".to_owned(),
        created_at: now,
        updated_at: now,
    }
}

fn apply(user: &mut EndUser, patch: EndUserPatch) -> Result<()> {
    if let Some(name) = patch.display_name {
        user.display_name = optional_text("displayName", name.as_deref(), 200)?;
    }
    if let Some(email) = patch.email {
        let email = optional_text("email", email.as_deref(), 320)?;
        let plausible = |email: &String| {
            let one_address = !email.contains(|c: char| c.is_whitespace() || "<>()[]\\,;:\"".contains(c));
            one_address && email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
        };
        if !email.as_ref().is_none_or(plausible) {
            return Err(Error::field("email", "email is not an e-mail address"));
        }
        user.email = email;
    }
    if patch.metadata.is_some() {
        user.metadata = metadata("metadata", patch.metadata)?;
    }
    Ok(())
}

async fn record(services: &Services, conn: &mut Conn, kind: &str, actor: &str, user: &EndUser) -> Result<()> {
    let about = About { connection: None, workspace: Some(user.workspace_id.as_str()) };
    services.record(conn, kind, actor, about, serde_json::json!({ "endUserId": user.id, "externalId": user.external_id })).await
}

/// The end user that a request names within a workspace; registered if that is wanted and they are unknown.
pub(super) async fn named(services: &Services, workspace: &Workspace, id: &str, register: bool) -> Result<EndUser> {
    let id = text("endUserId", id, 255)?;
    let mut conn = services.store.conn().await?;
    if let Some(user) = store::end_users::find_in(&mut conn, &workspace.id, &id).await? {
        return Ok(user);
    }
    let unknown = || {
        Error::new(Code::EndUserNotFound, format!("There is no end user {id:?} in workspace {}", workspace.slug))
            .suggest("POST /api/v1/end-users registers one")
    };
    if !register {
        return Err(unknown());
    }
    let user = blank(services, workspace, id.clone());
    match store::end_users::insert(&mut conn, &user).await {
        Ok(()) => Ok(user),
        // Registered by an equal request a moment ago.
        Err(store::StoreError::Duplicate) => store::end_users::find_in(&mut conn, &workspace.id, &id).await?.ok_or_else(unknown),
        Err(other) => Err(other.into()),
    }
}

/// An end user that `reader` may see.
pub async fn visible(conn: &mut Conn, reader: &Reader, id: &str) -> Result<EndUser> {
    store::end_users::find(conn, id)
        .await?
        .filter(|user| reader.reach().includes(Some(&user.workspace_id)))
        .ok_or_else(|| Error::new(Code::EndUserNotFound, format!("There is no end user {id:?}")))
}

/// One end user and their connections.
pub async fn get(services: &Services, reader: &Reader, id: &str) -> Result<(EndUser, Vec<Connection>)> {
    let mut conn = services.store.conn().await?;
    let user = visible(&mut conn, reader, id).await?;
    let connections = connections::of_end_user(services, &mut conn, &user.workspace_id, user.id.as_str()).await?;
    let now = services.now();
    Ok((user, connections.iter().map(|connection| connection.view(now)).collect()))
}

/// A page of end users, newest first.
pub async fn list(services: &Services, reader: &Reader, workspace_id: Option<&str>, page: &Page) -> Result<Listed<EndUser>> {
    let mut conn = services.store.conn().await?;
    let only = match workspace_id {
        Some(id) => Some(vec![workspaces::visible(services, reader, &mut conn, id).await?.id.into()]),
        None => reader.reach().limit(),
    };
    let (mut items, total) = store::end_users::list(&mut conn, only.as_deref(), &one_more(page)).await?;
    let next_cursor = cut(&mut items, page, |user| user.id.as_str());
    Ok(Listed { items, total, total_is_minimum: false, next_cursor })
}

/// The first few whose external id begins with `q`, in order.
pub async fn search(services: &Services, reader: &Reader, q: &str, limit: i64) -> Result<Vec<EndUser>> {
    let mut conn = services.store.conn().await?;
    Ok(store::end_users::starting_with(&mut conn, reader.reach().limit().as_deref(), q, limit).await?)
}

/// Changes an end user.
pub async fn update(services: &Services, writer: &Writer, id: &str, patch: EndUserPatch) -> Result<EndUser> {
    let mut tx = services.store.begin_write().await?;
    let mut user = visible(&mut tx, writer, id).await?;
    apply(&mut user, patch)?;
    user.updated_at = services.now();
    store::end_users::update(&mut tx, &user).await?;
    record(services, &mut tx, "end_user.updated", writer.name(), &user).await?;
    tx.commit().await?;
    Ok(user)
}

/// Deletes an end user with their connections, each as its own delete would. Tells how many there were.
pub async fn delete(services: &Services, writer: &Writer, id: &str) -> Result<(EndUserId, usize)> {
    let (user, held) = get(services, writer, id).await?;
    let mut deleted = 0;
    let mut held = held;
    while !held.is_empty() {
        for connection in &held {
            connections::delete(services, writer, connection.id.as_str()).await?;
            deleted += 1;
        }
        held = get(services, writer, id).await?.1;
    }
    let mut tx = services.store.begin_write().await?;
    store::end_users::delete(&mut tx, &user.id).await?;
    record(services, &mut tx, "end_user.deleted", writer.name(), &user).await?;
    tx.commit().await?;
    Ok((user.id, deleted))
}

/// Makes a portal token.
pub async fn issue_token(services: &Services, writer: &Writer, id: &str, input: NewPortalToken) -> Result<IssuedToken> {
    issue(services, writer, id, input, false).await
}

async fn issue(services: &Services, writer: &Writer, id: &str, input: NewPortalToken, invited: bool) -> Result<IssuedToken> {
    let expires_in = input.expires_in.unwrap_or(3600);
    if !(300..=2_592_000).contains(&expires_in) {
        return Err(Error::field("expiresIn", "expiresIn must be between 300 and 2592000 seconds"));
    }
    if let Some(name) = &input.integration_name {
        connections::find_integration(services, Some(name))?;
    }
    let mut tx = services.store.begin_write().await?;
    let user = visible(&mut tx, writer, id).await?;
    let integration_name = match &input.workspace_integration_id {
        Some(wi) => {
            let workspace = workspaces::visible(services, writer, &mut tx, user.workspace_id.as_str()).await?;
            let wi = workspace_integrations::in_workspace(&mut tx, &workspace, wi).await?;
            if input.integration_name.as_ref().is_some_and(|name| *name != wi.integration_name) {
                return Err(Error::field("integrationName", "integrationName and workspaceIntegrationId name different integrations"));
            }
            Some(wi.integration_name)
        }
        None => input.integration_name,
    };
    if input.revoke_others == Some(true) {
        store::end_users::revoke_tokens(&mut tx, &user.id).await?;
    }
    let plain = token::generate(token::PORTAL, services.entropy.as_ref());
    let now = services.now();
    let expires_at = now.plus_seconds(expires_in);
    let stored = PortalToken {
        end_user_id: user.id.as_str().to_owned(),
        integration_name,
        workspace_integration_id: input.workspace_integration_id,
        invited: i64::from(invited),
        created_at: now.0,
        expires_at: expires_at.0,
    };
    store::end_users::insert_token(&mut tx, &token::hash(plain.expose()), &stored).await?;
    record(services, &mut tx, "end_user.token_issued", writer.name(), &user).await?;
    tx.commit().await?;
    let connect_url = Secret::new(services.public_url.join(&format!("/connect/portal?token={}", plain.expose())));
    Ok(IssuedToken { token: plain, connect_url, expires_at })
}

/// Makes a portal token and sends it by e-mail where mail is set up. Tells whether it was sent; the caller has the link either way.
pub async fn invite(services: &Services, writer: &Writer, id: &str, input: Invitation) -> Result<(IssuedToken, bool)> {
    let email = input.email.ok_or_else(|| Error::required("email"))?;
    let user = update(services, writer, id, EndUserPatch { email: Some(Some(email)), ..EndUserPatch::default() }).await?;
    let token = NewPortalToken {
        integration_name: input.integration_name,
        workspace_integration_id: input.workspace_integration_id,
        expires_in: input.expires_in,
        revoke_others: input.revoke_others,
    };
    let issued = issue(services, writer, id, token, true).await?;
    let workspace = workspaces::get(services, writer, user.workspace_id.as_str()).await?;
    let sent = match (&services.mail, &user.email) {
        (Some(mail), Some(to)) => {
            let subject = format!("{} invites you to connect your accounts", workspace.name);
            let text = format!(
                "{} asks you to connect your accounts.\n\nOpen this link in your browser; it is for you alone and ends at {} (UTC):\n\n{}\n",
                workspace.name,
                issued.expires_at.minute(),
                issued.connect_url.expose()
            );
            mail.send(user.display_name.as_deref(), to, &subject, text)
                .await
                .inspect_err(|error| tracing::warn!(%error, "an invitation could not be sent"))
                .is_ok()
        }
        _ => false,
    };
    Ok((issued, sent))
}

/// An end user who came with a portal token.
#[derive(Debug, Clone)]
pub struct PortalVisit {
    /// Who.
    pub user: EndUser,
    /// Who asks them here.
    pub workspace: Workspace,
    /// Path of their logo.
    pub logo: Option<String>,
    /// Limited to one integration.
    pub integration_name: Option<String>,
    /// Limited to one workspace integration.
    pub workspace_integration_id: Option<String>,
    /// Whether they came by an invitation.
    pub invited: bool,
    /// When the token was made.
    pub issued_at: Timestamp,
    /// When the token ends.
    pub expires_at: Timestamp,
}

impl PortalVisit {
    /// How its pages look.
    pub fn theme(&self) -> Theme<'_> {
        Theme { accent: self.workspace.accent.as_deref(), logo: self.logo.as_deref() }
    }

    /// Them, as an actor.
    pub fn actor(&self) -> Actor {
        Actor::EndUser { id: self.user.id.clone(), workspace: self.workspace.id.clone() }
    }
}

/// Whose portal token has this hash. Looked up every time: it dies with the end user.
pub async fn portal(services: &Services, token_hash: &str) -> Result<PortalVisit> {
    let invalid = || Error::new(Code::InvalidToken, "This link is not valid any more. Ask for a new one where you found it");
    let mut conn = services.store.conn().await?;
    let stored = store::end_users::find_token(&mut conn, token_hash).await?.filter(|token| Timestamp(token.expires_at) > services.now()).ok_or_else(invalid)?;
    let user = store::end_users::find(&mut conn, &stored.end_user_id).await?.ok_or_else(invalid)?;
    let workspace = store::workspaces::find(&mut conn, &services.org, user.workspace_id.as_str()).await?.ok_or_else(invalid)?;
    Ok(PortalVisit {
        logo: logos::own_path(services, &workspace),
        user,
        workspace,
        integration_name: stored.integration_name,
        workspace_integration_id: stored.workspace_integration_id,
        invited: stored.invited != 0,
        issued_at: Timestamp(stored.created_at),
        expires_at: Timestamp(stored.expires_at),
    })
}

/// Whoever followed the link says that it is not for them: it is closed.
pub async fn disown_token(services: &Services, visit: &PortalVisit, token_hash: &str) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    store::end_users::revoke_token(&mut tx, token_hash).await?;
    record(services, &mut tx, "end_user.token_disowned", &visit.actor().name(), &visit.user).await?;
    tx.commit().await?;
    Ok(())
}
