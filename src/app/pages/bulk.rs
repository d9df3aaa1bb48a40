//! Choosing connections, doing one thing to all of them, and the report of it. The check boxes belong to a form that is posted: it
//! works without WebAssembly, which adds the choice of all, the counting, and what is told in place.

use crate::app::browser;
use crate::app::components::{ActionButton, Confirm, Notice, Ready, Tone, WhenLoaded};
use crate::app::rpc::connections::{BulkConnections, get_bulk_report};
use crate::app::rpc::load;
use crate::app::words;
use crate::domain::bulk::{BulkAction, BulkOutcome, BulkReport, BulkRow};
use leptos::ev;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_router::components::A;
use leptos_router::hooks::{use_location, use_query_map};
use std::collections::BTreeSet;

/// Which connections are chosen.
#[derive(Clone, Copy)]
pub struct Choice {
    /// Those on the page.
    all: Signal<Vec<String>>,
    chosen: RwSignal<BTreeSet<String>>,
}

impl Choice {
    /// None of `all` yet.
    pub fn new(all: Signal<Vec<String>>) -> Self {
        Self { all, chosen: RwSignal::default() }
    }

    /// Whether this one is.
    pub fn has(self, id: &str) -> bool {
        self.chosen.read().contains(id)
    }

    /// Chooses it, or not.
    pub fn set(self, id: String, chosen: bool) {
        self.chosen.update(|all| {
            all.remove(&id);
            all.extend(chosen.then_some(id));
        });
    }

    /// Chooses nothing.
    pub fn clear(self) {
        self.chosen.set(BTreeSet::new());
    }

    /// What is not on the page any more is not chosen either.
    pub fn forget_gone(self) {
        let (Some(all), Some(chosen)) = (self.all.try_get_untracked(), self.chosen.try_get_untracked()) else { return };
        if chosen.iter().any(|id| !all.contains(id)) {
            self.chosen.update(|chosen| chosen.retain(|id| all.contains(id)));
        }
    }

    fn count(self) -> usize {
        self.chosen.read().len()
    }

    fn is_all(self) -> bool {
        self.count() > 0 && self.count() == self.all.read().len()
    }

    fn set_all(self, chosen: bool) {
        let all = if chosen { self.all.get_untracked().into_iter().collect() } else { BTreeSet::new() };
        self.chosen.set(all);
    }
}

/// Id of the question before deleting.
const QUESTION: &str = "bulk-delete";

/// The form: what can be done to those that are chosen.
#[component]
pub fn BulkBar(
    /// Which are.
    choice: Choice,
    /// Does it.
    bulk: ServerAction<BulkConnections>,
) -> impl IntoView {
    let ready = expect_context::<Ready>();
    let search = use_location().search;
    // Without WebAssembly nothing is counted, and the server says if nothing was chosen.
    let nothing = move || ready.get() && choice.count() == 0;
    let waits = Signal::derive(move || bulk.pending().get() || nothing());
    let is_some = move || choice.count() > 0 && !choice.is_all();
    let count = move || match choice.count() {
        0 => String::new(),
        1 => "1 chosen".to_owned(),
        some => format!("{some} chosen"),
    };
    let what = move || match choice.count() {
        0 => "The connections that are chosen, with their credentials.".to_owned(),
        1 => "1 connection, with its credentials.".to_owned(),
        some => format!("{some} connections, with their credentials."),
    };
    let close = |_| {
        browser::close_modal(QUESTION);
    };
    // Not an `ActionForm`: that would bring the reader of any form into what this page loads first.
    let submit = move |event: ev::SubmitEvent| {
        if let Some(action) = browser::submitter_value(&event) {
            event.prevent_default();
            if waits.get_untracked() {
                return;
            }
            let ids = choice.chosen.get_untracked().into_iter().collect();
            bulk.dispatch(BulkConnections { ids, action, back: search.get_untracked() });
        }
    };
    view! {
        <form
            id="bulk" method="post" action=BulkConnections::url() on:submit=submit aria-label="Chosen connections"
            class="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-base-300 px-3 py-2"
        >
            <input type="hidden" name="back" value=move || search.get()/>
            <label class="flex items-center gap-3 py-1 text-sm" hidden=move || !ready.get()>
                <input
                    class="checkbox checkbox-sm" type="checkbox" autocomplete="off" prop:checked=move || choice.is_all()
                    prop:indeterminate=is_some on:change=move |event| choice.set_all(event_target_checked(&event))
                />
                "All on this page"
            </label>
            <span class="text-sm text-base-content/75 empty:hidden" role="status">{count}</span>
            <span class="flex flex-wrap gap-2 sm:ml-auto">
                // They keep the focus until the report takes it: none of them is `disabled` while its form is on its way.
                <ActionButton class="btn btn-sm" pending=waits attr:name="action" attr:value="test">"Test"<span class="sr-only">" those chosen"</span></ActionButton>
                <ActionButton class="btn btn-sm" pending=waits attr:name="action" attr:value="refresh">"Refresh"<span class="sr-only">" those chosen"</span></ActionButton>
                <fieldset class="contents" disabled=nothing>
                    <Confirm id=QUESTION.to_owned() button="Delete…" subject="those chosen" title="Delete the chosen connections?">
                        <p>{what}</p>
                        <p>"Tokens are destroyed, and where the service allows it the access is withdrawn there too. Code that resolves them will get an error. This cannot be undone."</p>
                        <button class="btn btn-error" name="action" value="delete" on:click=close>"Delete them"</button>
                    </Confirm>
                </fieldset>
            </span>
        </form>
    }
}

/// What became of those that were chosen, where the address names a report.
#[component]
pub fn Report() -> impl IntoView {
    let query = use_query_map();
    let id = Memo::new(move |_| query.read().get("report").filter(|id| !id.is_empty()));
    let report = load(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => get_bulk_report(id).await,
                None => Ok(None),
            }
        },
    );
    let told = move || async move { report.await.ok().flatten().map(|report| view! { <Told report/> }).into_any() };
    view! { <WhenLoaded view=told/> }
}

#[component]
fn Told(report: BulkReport) -> impl IntoView {
    Effect::new(move |_| browser::focus("report"));
    let has = |outcome| report.rows.iter().any(|row| row.outcome == outcome);
    let tone = match (has(BulkOutcome::Failed), has(BulkOutcome::Unclear)) {
        (true, _) => Tone::Bad,
        (_, true) => Tone::Warning,
        _ => Tone::Good,
    };
    let action = report.action;
    let summary = words::bulk(&report);
    let rows: Vec<_> = report.rows.into_iter().map(|row| view! { <ToldRow action row/> }).collect();
    view! {
        <section id="report" tabindex="-1" class="mb-4 rounded-box" aria-label="What became of them">
            <Notice tone>
                <p class="font-semibold">{summary}</p>
                <details open=tone != Tone::Good>
                    <summary class="w-fit py-1">"Each of them"</summary>
                    <ul class="mt-1 grid gap-1.5 text-base-content">{rows}</ul>
                </details>
            </Notice>
        </section>
    }
}

#[component]
fn ToldRow(action: BulkAction, row: BulkRow) -> impl IntoView {
    let deleted = action == BulkAction::Delete && row.outcome == BulkOutcome::Done;
    let message = if deleted { words::revocation(row.message.split(':').next().unwrap_or_default()).map_or(row.message, str::to_owned) } else { row.message };
    let name = if deleted {
        view! { <strong class="wrap-anywhere">{row.name}</strong> }.into_any()
    } else {
        view! { <A href=format!("/connections/{}", row.id) attr:class="link font-semibold wrap-anywhere">{row.name}</A> }.into_any()
    };
    view! { <li class="wrap-anywhere">{name}": "{message}</li> }
}
