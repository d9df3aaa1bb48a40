//! The event log's seals: a hash chain over what was written, made by a job and checked by `keyloom events verify`.
//!
//! Events are sealed when they are older than [`LAG_SECONDS`], longer than any transaction lasts, so that none with an earlier id can
//! still arrive. Several nodes may try; the first one's seal stands.

use super::{Result, Services};
use crate::domain::Error;
use crate::domain::event::Event;
use crate::store::event_seals::{self, Seal};
use crate::store::{self, Conn, StoreError};
use sha2::{Digest as _, Sha256};

/// How old an event is before it is sealed.
pub const LAG_SECONDS: i64 = 60;
/// Most events under one seal.
const BATCH: i64 = 5000;

/// Seals everything old enough. Tells how many events were sealed.
pub async fn seal(services: &Services) -> Result<i64> {
    let mut sealed = 0;
    loop {
        let mut tx = services.store.begin_write().await?;
        let last = event_seals::last(&mut tx).await?;
        let cutoff = services.now().plus_seconds(-LAG_SECONDS);
        let events = store::events::after(&mut tx, last.as_ref().map(|seal| seal.last_event.as_str()), None, Some(cutoff), BATCH).await?;
        let Some(newest) = events.last() else { return Ok(sealed) };
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let next = Seal {
            seq: last.as_ref().map_or(1, |seal| seal.seq + 1),
            last_event: newest.id.as_str().to_owned(),
            count,
            hash: chain(last.as_ref().map_or("", |seal| seal.hash.as_str()), &events),
        };
        match event_seals::insert(&mut tx, &next, services.now()).await {
            Ok(()) => tx.commit().await?,
            Err(StoreError::Duplicate) => return Ok(sealed),
            Err(other) => return Err(other.into()),
        }
        sealed += count;
    }
}

/// Each field with its length before it, so that no two different logs give the same bytes.
fn chain(previous: &str, events: &[Event]) -> String {
    use base64::Engine as _;
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    add(previous);
    for event in events {
        for part in [
            event.id.as_str(),
            &event.kind,
            &event.actor,
            event.workspace_id.as_deref().unwrap_or_default(),
            event.connection_id.as_deref().unwrap_or_default(),
        ] {
            add(part);
        }
        add(&event.data.to_string());
        add(&event.at.0.to_string());
    }
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// What checking found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Seals that hold.
    pub seals: i64,
    /// Events under them.
    pub events: i64,
    /// Younger events, not sealed yet.
    pub unsealed: i64,
    /// The first thing that is wrong, if any.
    pub wrong: Option<String>,
}

/// Checks the whole chain.
pub async fn verify(services: &Services) -> Result<Verified> {
    let mut conn = services.store.conn().await?;
    let mut found = Verified { seals: 0, events: 0, unsealed: 0, wrong: None };
    let mut previous: Option<Seal> = None;
    loop {
        let seq = previous.as_ref().map_or(0, |seal| seal.seq);
        let Some(seal) = event_seals::after(&mut conn, seq, 1).await?.into_iter().next() else { break };
        found.wrong = check(&mut conn, previous.as_ref(), &seal).await?;
        if found.wrong.is_some() {
            return Ok(found);
        }
        found.seals += 1;
        found.events += seal.count;
        previous = Some(seal);
    }
    found.unsealed = store::events::count_after(&mut conn, previous.as_ref().map(|seal| seal.last_event.as_str())).await?;
    Ok(found)
}

async fn check(conn: &mut Conn, previous: Option<&Seal>, seal: &Seal) -> Result<Option<String>, Error> {
    let seq = seal.seq;
    if seq != previous.map_or(1, |before| before.seq + 1) {
        return Ok(Some(format!("seal {seq} follows none: a seal is missing before it")));
    }
    let first = previous.map(|before| before.last_event.as_str());
    let events = store::events::after(conn, first, Some(&seal.last_event), None, seal.count + 1).await?;
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    if count != seal.count {
        return Ok(Some(format!("seal {seq} covers {} events, and there are {count}: entries up to {} were removed or added", seal.count, seal.last_event)));
    }
    if chain(previous.map_or("", |before| before.hash.as_str()), &events) != seal.hash {
        return Ok(Some(format!("seal {seq} does not fit its {count} events, the last of which is {}: entries were changed", seal.last_event)));
    }
    Ok(None)
}
