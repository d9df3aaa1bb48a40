//! Logos of workspaces: kept here and served from here, so that the hosted page tells nobody else who looks at it.

use super::workspaces::{record, visible};
use super::{Reader, Result, Services, Writer};
use crate::domain::workspace::Workspace;
use crate::domain::{Code, Error};
use crate::store::{self, workspace_logos};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Largest picture, in bytes: everything a hosted page loads should stay small.
pub const LARGEST: usize = 32 * 1024;

/// Where logos are served.
pub const PATH: &str = "/connect/logo/";

/// What a picture is, by its first bytes, whatever it is called: how its name ends, and its media type. No SVG: it can do more than be
/// looked at.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some("jpg")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("webp")
    } else {
        None
    }
}

/// Gives a workspace a logo.
pub async fn set(services: &Services, writer: &Writer, id: &str, bytes: &[u8]) -> Result<Workspace> {
    if bytes.is_empty() {
        return Err(Error::field("logo", "Choose a picture"));
    }
    if bytes.len() > LARGEST {
        return Err(Error::field("logo", format!("The picture has {} kB; at most {} kB are taken", bytes.len().div_ceil(1024), LARGEST / 1024)));
    }
    let kind = kind_of(bytes).ok_or_else(|| Error::field("logo", "The picture is neither PNG, JPEG nor WebP"))?;
    let hash = Sha256::digest(bytes).iter().take(8).fold(0_u64, |hash, byte| (hash << 8) | u64::from(*byte));
    let file = format!("{hash:016x}.{kind}");
    let mut tx = services.store.begin_write().await?;
    let mut workspace = visible(services, writer, &mut tx, id).await?;
    workspace_logos::replace(&mut tx, &workspace.id, &file, &STANDARD.encode(bytes)).await?;
    workspace.logo_url = Some(services.public_url.join(&format!("{PATH}{}/{file}", workspace.id)));
    workspace.updated_at = services.now();
    store::workspaces::update(&mut tx, &workspace).await?;
    record(services, &mut tx, "workspace.updated", writer, &workspace).await?;
    services.commit(tx).await?;
    Ok(workspace)
}

/// A logo that is served here: its media type and the picture.
pub async fn find(services: &Services, workspace: &str, file: &str) -> Result<(&'static str, Vec<u8>)> {
    let none = || Error::new(Code::NotFound, "There is no such logo");
    let body = workspace_logos::find(&mut *services.store.conn().await?, workspace, file).await?.ok_or_else(none)?;
    let bytes = STANDARD.decode(body).map_err(|_| Error::internal())?;
    let media = match kind_of(&bytes) {
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        Some(_) => "image/webp",
        None => return Err(none()),
    };
    Ok((media, bytes))
}

/// The path of a workspace's logo, if it is served here. One that is elsewhere is for the customer's own use: asking for it would tell
/// others who looks at our pages.
pub fn own_path(services: &Services, workspace: &Workspace) -> Option<String> {
    let path = workspace.logo_url.as_deref()?.strip_prefix(services.public_url.origin())?;
    path.starts_with(PATH).then(|| path.to_owned())
}

/// How a workspace's pages look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Theme<'a> {
    /// Accent colour, `#rrggbb`.
    pub accent: Option<&'a str>,
    /// Path of the logo.
    pub logo: Option<&'a str>,
}

/// The same for a page of the dashboard.
pub async fn path_of(services: &Services, reader: &Reader, id: &str) -> Result<Option<String>> {
    let workspace = super::workspaces::get(services, reader, id).await?;
    Ok(own_path(services, &workspace))
}
