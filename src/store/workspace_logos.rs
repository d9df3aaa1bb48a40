//! Logos of workspaces.

use super::{Conn, Result};
use crate::domain::id::WorkspaceId;

/// Gives a workspace a logo, in place of the one before.
pub async fn replace(conn: &mut Conn, workspace: &WorkspaceId, file: &str, body: &str) -> Result<()> {
    let statement = "INSERT INTO workspace_logos (workspace_id, file, body) VALUES ($1, $2, $3) ON CONFLICT (workspace_id) DO UPDATE SET file = $2, body = $3";
    sqlx::query(statement).bind(workspace.as_str().to_owned()).bind(file.to_owned()).bind(body.to_owned()).execute(conn).await?;
    Ok(())
}

/// The picture with this name, Base64.
pub async fn find(conn: &mut Conn, workspace: &str, file: &str) -> Result<Option<String>> {
    let found = sqlx::query_scalar("SELECT body FROM workspace_logos WHERE workspace_id = $1 AND file = $2");
    Ok(found.bind(workspace.to_owned()).bind(file.to_owned()).fetch_optional(conn).await?)
}

/// Takes it away.
pub async fn delete(conn: &mut Conn, workspace: &WorkspaceId) -> Result<()> {
    sqlx::query("DELETE FROM workspace_logos WHERE workspace_id = $1").bind(workspace.as_str().to_owned()).execute(conn).await?;
    Ok(())
}
