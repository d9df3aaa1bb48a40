//! The statements that a piece of work runs, as sqlx logs them, and PostgreSQL's plans of them, as its `auto_explain` reports them.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Mutex, OnceLock};
use tracing::field::{Field, Visit};
use tracing::{Event, Instrument as _, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// What was seen.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// SQL texts, in order.
    pub statements: Vec<String>,
    /// Plans, where the server was told to report them: each with its statement before it.
    pub plans: Vec<String>,
}

static SEEN: Mutex<Option<HashMap<u64, Seen>>> = Mutex::new(None);

/// Runs `work`; what it ran on the database. Work that it spawns is not watched.
pub async fn watch<T>(work: impl Future<Output = T>) -> (T, Seen) {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let targets = Targets::new().with_target("sqlx", tracing::Level::TRACE).with_target(module_path!(), tracing::Level::TRACE);
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(targets).with(Watcher)).unwrap();
    });
    let span = tracing::info_span!("watched");
    let id = span.id().unwrap().into_u64();
    SEEN.lock().unwrap().get_or_insert_default().insert(id, Seen::default());
    let done = work.instrument(span).await;
    let seen = SEEN.lock().unwrap().as_mut().and_then(|all| all.remove(&id)).unwrap();
    (done, seen)
}

struct Watcher;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Watcher {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(watched) = context.event_scope(event).and_then(|mut scope| scope.find(|span| span.name() == "watched")) else { return };
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut seen = SEEN.lock().unwrap();
        let Some(seen) = seen.as_mut().and_then(|all| all.get_mut(&watched.id().into_u64())) else { return };
        match event.metadata().target() {
            // The text is in `summary` alone where that holds all of it.
            "sqlx::query" => seen.statements.push(if fields.statement.is_empty() { fields.summary } else { fields.statement }),
            "sqlx::postgres::notice" => seen.plans.push(fields.message),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Fields {
    summary: String,
    statement: String,
    message: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.trim().clone_into(&mut self.statement),
            "message" => value.clone_into(&mut self.message),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
