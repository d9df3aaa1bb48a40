//! Testing, refreshing or deleting several connections at once: each as if it were alone, a few at a time.

use super::{LARGEST_BATCH, delete, test, visible};
use crate::domain::bulk::{BulkAction, BulkOutcome, BulkReport, BulkRow};
use crate::domain::id::ConnectionId;
use crate::domain::{Code, Error, FieldError};
use crate::service::{Reader, Result, Services, Writer, credentials};
use crate::store;
use futures::StreamExt as _;
use std::collections::BTreeSet;

/// How many are under way at a time.
const AT_A_TIME: usize = 8;
/// How long a report is kept, in seconds.
const KEEP_SECONDS: i64 = 3600;

/// Does it to each of `ids`. What goes wrong with one is in its row, and does not touch the others; a failure of ours is one of them.
pub async fn bulk(services: &Services, writer: &Writer, action: BulkAction, ids: &[String]) -> Result<BulkReport> {
    let mut seen = BTreeSet::new();
    let ids: Vec<&String> = ids.iter().filter(|id| seen.insert(id.as_str())).collect();
    if ids.is_empty() || ids.len() > LARGEST_BATCH {
        let message = if ids.is_empty() { "Choose at least one connection".to_owned() } else { format!("Choose at most {LARGEST_BATCH} connections") };
        return Err(Error::fields(vec![FieldError { path: "ids".to_owned(), code: "OUT_OF_RANGE".to_owned(), message }]));
    }
    // In a task of its own: what was begun is finished, and told in the log, even if nobody waits any more.
    let (task, writer, ids) = (services.clone(), writer.clone(), ids.into_iter().cloned().collect::<Vec<_>>());
    let work = services.tasks.spawn(async move {
        let each = ids.into_iter().map(|id| one(task.clone(), writer.clone(), action, id));
        futures::stream::iter(each).buffered(AT_A_TIME).collect().await
    });
    Ok(BulkReport { action, rows: work.await.map_err(|_| Error::internal())? })
}

async fn one(services: Services, writer: Writer, action: BulkAction, id: String) -> BulkRow {
    let name = match name_of(&services, &writer, &id).await {
        Ok(name) => name,
        Err(error) => return BulkRow { name: id.clone(), id: ConnectionId::known(id), outcome: BulkOutcome::Failed, message: error.message },
    };
    let done = match action {
        BulkAction::Test => test(&services, &writer, &id).await.map(|(report, _)| {
            let outcome = match report.ok {
                Some(true) => BulkOutcome::Done,
                Some(false) => BulkOutcome::Failed,
                None => BulkOutcome::Unclear,
            };
            (outcome, report.message)
        }),
        BulkAction::Refresh => match credentials::refresh_now(&services, &writer, &id).await {
            Ok(_) => Ok((BulkOutcome::Done, "The access token has been renewed".to_owned())),
            // A key has nothing to renew: that is not a fault of it.
            Err(error) if error.code == Code::NotOAuth2 => Ok((BulkOutcome::Unclear, error.message)),
            Err(error) => Err(error),
        },
        BulkAction::Delete => delete(&services, &writer, &id).await.map(|(_, report)| (BulkOutcome::Done, report.result)),
    };
    let (outcome, message) = done.unwrap_or_else(|error| (BulkOutcome::Failed, error.message));
    BulkRow { id: ConnectionId::known(id), name, outcome, message }
}

async fn name_of(services: &Services, reader: &Reader, id: &str) -> Result<String> {
    Ok(visible(&mut *services.store.conn().await?, reader, id).await?.display_name)
}

/// Keeps a report for whoever asked, so that a page can tell them after a redirect; its id.
pub async fn keep_report(services: &Services, writer: &Writer, report: &BulkReport) -> Result<String> {
    let id = format!("{:032x}", services.new_id_bits());
    let expires_at = services.now().plus_seconds(KEEP_SECONDS);
    store::bulk_reports::insert(&mut *services.store.conn().await?, &id, writer.name(), report, expires_at).await?;
    Ok(id)
}

/// The reader's own report with this id, while it is kept.
pub async fn report(services: &Services, reader: &Reader, id: &str) -> Result<Option<BulkReport>> {
    Ok(store::bulk_reports::find(&mut *services.store.conn().await?, id, reader.name(), services.now()).await?)
}
