//! What ends by itself, told once: sessions that ran out, connections whose access ends. Any node may look; a conditional statement
//! decides who tells.

use super::{About, Result, Services};
use crate::domain::Timestamp;
use crate::domain::id::{ConnectionId, SessionId, WorkspaceId};
use crate::store::connections::Ending;
use crate::store::{self};

/// How long a session stays open after its end before that is told: somebody may be on the way back from a provider.
const GRACE_SECONDS: i64 = 60;
/// Most of a kind at a time.
const BATCH: i64 = 200;

/// Tells of everything that has ended since the last look.
pub async fn tell(services: &Services) -> Result<()> {
    let now = services.now();
    loop {
        let sessions = store::connect_sessions::run_out(&mut *services.store.conn().await?, now.plus_seconds(-GRACE_SECONDS), BATCH).await?;
        for id in &sessions {
            tell_of_session(services, id, now.plus_seconds(-GRACE_SECONDS)).await?;
        }
        if sessions.is_empty() {
            break;
        }
    }
    // First what is over: it is not told as near as well.
    for ending in [Ending::Over, Ending::Near] {
        loop {
            let connections = store::connections::ending(&mut *services.store.conn().await?, ending, now, BATCH).await?;
            for (id, expires_at) in &connections {
                tell_of_connection(services, id, ending, *expires_at).await?;
            }
            if connections.is_empty() {
                break;
            }
        }
    }
    Ok(())
}

async fn tell_of_session(services: &Services, id: &SessionId, before: Timestamp) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    if store::connect_sessions::expire(&mut tx, id, before).await? {
        let session = store::connect_sessions::find(&mut tx, id.as_str()).await?;
        let workspace = session.as_ref().and_then(|session| session.owner.workspace()).map(WorkspaceId::as_str);
        let data = serde_json::json!({ "sessionId": id });
        services.record(&mut tx, "connect.session.expired", "system", About { connection: None, workspace }, data).await?;
    }
    services.commit(tx).await?;
    services.signals.notify(id);
    Ok(())
}

async fn tell_of_connection(services: &Services, id: &ConnectionId, ending: Ending, expires_at: Timestamp) -> Result<()> {
    let kind = match ending {
        Ending::Near => "connection.expiring",
        Ending::Over => "connection.expired",
    };
    let mut tx = services.store.begin_write().await?;
    if store::connections::set_ending(&mut tx, id, ending, expires_at).await?
        && let Some(connection) = store::connections::find(&mut tx, id.as_str()).await?
    {
        let data = serde_json::json!({ "expiresAt": expires_at });
        services.record(&mut tx, kind, "system", About::from(&connection), data).await?;
    }
    services.commit(tx).await
}
