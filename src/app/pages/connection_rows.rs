//! The rows of `/connections`. They follow what happens elsewhere: each row is changed where it is, so that focus, scroll and what is
//! chosen stay.

use super::bulk::{BulkBar, Choice};
use crate::app::components::{EmptyState, HealthBadge, Logo, Moment, Pager, WritersOnly, counted, follow_changes, successes};
use crate::app::rpc::connections::{ATTENTION, BulkConnections, ConnectionFilter, ConnectionPage, ConnectionRow, list_connections};
use crate::app::words;
use crate::domain::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;

/// A row that outlives the loads of its list.
#[derive(Clone)]
struct Kept {
    id: String,
    row: ArcRwSignal<ConnectionRow>,
}

/// What is shown now.
#[derive(Clone, Copy)]
struct List {
    rows: RwSignal<Vec<Kept>>,
    /// How many there are, and whether there are more.
    total: RwSignal<(i64, bool)>,
    next: RwSignal<Option<String>>,
    at: RwSignal<Timestamp>,
    /// How many need attention.
    alarming: RwSignal<i64>,
    /// What changed last, for readers.
    news: RwSignal<String>,
}

impl List {
    fn new(page: ConnectionPage) -> Self {
        let keep = |row: ConnectionRow| Kept { id: row.id.clone(), row: ArcRwSignal::new(row) };
        Self {
            total: RwSignal::new((page.total, page.total_is_minimum)),
            next: RwSignal::new(page.next_cursor),
            at: RwSignal::new(page.at),
            alarming: RwSignal::new(page.alarming),
            rows: RwSignal::new(page.items.into_iter().map(keep).collect()),
            news: RwSignal::default(),
        }
    }

    /// Shows what is new. What is as before is left alone.
    fn take(self, page: ConnectionPage) {
        // Nobody looks any more.
        let Some(before) = self.rows.try_get_untracked() else { return };
        let (mut new, mut changed) = (0_usize, 0_usize);
        let mut rows = Vec::with_capacity(page.items.len());
        for row in page.items {
            if let Some(kept) = before.iter().find(|kept| kept.id == row.id) {
                if *kept.row.read_untracked() != row {
                    changed += 1;
                    kept.row.set(row);
                }
                rows.push(kept.clone());
            } else {
                new += 1;
                rows.push(Kept { id: row.id.clone(), row: ArcRwSignal::new(row) });
            }
        }
        // On a full page each new row pushes one to the next page.
        let gone = (before.len() + new).saturating_sub(rows.len());
        let gone = if page.next_cursor.is_some() { gone.saturating_sub(new) } else { gone };
        if before.len() != rows.len() || before.iter().zip(&rows).any(|(one, other)| one.id != other.id) {
            self.rows.set(rows);
        }
        self.at.set(page.at);
        if self.alarming.get_untracked() != page.alarming {
            self.alarming.set(page.alarming);
        }
        if self.next.get_untracked() != page.next_cursor {
            self.next.set(page.next_cursor);
        }
        if self.total.get_untracked() != (page.total, page.total_is_minimum) {
            self.total.set((page.total, page.total_is_minimum));
        }
        let parts = [(new, "new"), (changed, "changed"), (gone, "gone")].into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, word)| format!("{count} {word}")).collect();
        if !parts.is_empty() {
            self.news.set(format!("The list has changed: {}.", parts.join(", ")));
        }
    }
}

/// The list.
#[component]
pub fn Rows(
    /// What was loaded with the page.
    page: ConnectionPage,
    /// What it is narrowed to.
    filter: ConnectionFilter,
    /// Whether the person may change things.
    may_write: bool,
    /// What is done to those that are chosen.
    bulk: ServerAction<BulkConnections>,
) -> impl IntoView {
    let narrowed = [&filter.q, &filter.integration, &filter.workspace, &filter.end_user, &filter.health, &filter.cursor];
    let is_narrowed = narrowed.iter().any(|part| part.as_deref().is_some_and(|part| !part.is_empty()));
    let only_alarming = filter.health.as_deref() == Some(ATTENTION);
    let workspace = filter.workspace.clone().filter(|id| !id.is_empty());
    let to_alarming = format!("/connections?health={ATTENTION}{}", workspace.map(|id| format!("&workspace={id}")).unwrap_or_default());
    let list = List::new(page);
    let choice = Choice::new(Signal::derive(move || list.rows.read().iter().map(|kept| kept.id.clone()).collect()));
    let look = Callback::new(move |()| {
        let filter = filter.clone();
        spawn_local(async move {
            // What could not be loaded is asked for again the next time.
            if let Ok(page) = list_connections(filter).await {
                list.take(page);
                choice.forget_gone();
            }
        });
    });
    follow_changes(None, list.at, look);
    let done = successes(bulk);
    Effect::new(move |before: Option<u32>| {
        let now = done.get();
        if before.is_some_and(|before| before != now) {
            choice.clear();
            look.run(());
        }
        now
    });
    let is_empty = Memo::new(move |_| list.rows.read().is_empty());
    view! {
        <p class="sr-only" role="status">{move || list.news.get()}</p>
        {move || (!only_alarming).then(|| alarm(list.alarming.get(), &to_alarming))}
        {move || if is_empty.get() { nothing(only_alarming, is_narrowed) } else { view! { <Table list choice may_write bulk/> }.into_any() }}
        <Pager path="/connections" next=list.next/>
    }
}

/// Why there is no row.
fn nothing(only_alarming: bool, is_narrowed: bool) -> AnyView {
    if only_alarming {
        view! { <EmptyState title="Nothing needs attention"><p>"No connection here is broken, about to end or short of scopes."</p><a href="/connections" class="btn" rel="external">"Show all"</a></EmptyState> }.into_any()
    } else if is_narrowed {
        view! { <EmptyState title="No connection fits"><p>"Search matches the beginning of a name, an external ID or an account."</p><a href="/connections" class="btn" rel="external">"Show all"</a></EmptyState> }.into_any()
    } else {
        view! {
            <EmptyState title="No connections yet">
                <p>"A connection holds what your application needs to call a service for somebody: tokens that Keyloom keeps alive, or a key. Create one here, or let your users connect on the hosted page (POST /api/v1/connect/token)."</p>
                <WritersOnly><A href="/connections/new" attr:class="btn btn-primary">"Create the first connection"</A></WritersOnly>
            </EmptyState>
        }
        .into_any()
    }
}

/// Says how many need attention, and leads to them: what is broken is not to be looked for among what works.
fn alarm(count: i64, href: &str) -> AnyView {
    let text = match count {
        0 => return ().into_any(),
        1 => "1 connection needs attention".to_owned(),
        100.. => "More than 99 connections need attention".to_owned(),
        count => format!("{count} connections need attention"),
    };
    let href = href.to_owned();
    // A load of the page: the menus above the list are only drawn with it.
    view! {
        <p class="mb-4 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-box border border-warning bg-base-100 px-4 py-2.5">
            <span class="size-2.5 shrink-0 rounded-full bg-warning" aria-hidden="true"></span>
            <span class="font-medium">{text}</span>
            <a href=href class="link" rel="external">"Show only these"</a>
        </p>
    }
    .into_any()
}

#[component]
fn Table(list: List, choice: Choice, may_write: bool, bulk: ServerAction<BulkConnections>) -> impl IntoView {
    let count = move || {
        let (total, is_minimum) = list.total.get();
        counted(total, is_minimum, "connection", "connections")
    };
    view! {
        <p class="mb-2 text-sm text-base-content/75" role="status">{count}", newest first. Times are UTC."</p>
        <div class="overflow-hidden rounded-box border border-base-300 bg-base-100">
            {may_write.then(|| view! { <BulkBar choice bulk/> })}
            <table class="table">
                <caption class="sr-only">"Connections"</caption>
                <thead class="max-md:sr-only">
                    <tr>
                        {may_write.then(|| view! { <th scope="col" class="w-0"><span class="sr-only">"Chosen"</span></th> }.into_any())}
                        <th scope="col">"Connection"</th>
                        <th scope="col" class="hidden md:table-cell">"Account"</th>
                        <th scope="col" class="hidden xl:table-cell">"Belongs to"</th>
                        <th scope="col">"Health"</th>
                        <th scope="col" class="hidden md:table-cell">"Last used"</th>
                        <th scope="col" class="hidden xl:table-cell">"Expires"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || list.rows.get() key=|kept| kept.id.clone() children=move |kept| view! { <Row kept choice=may_write.then_some(choice)/> }/>
                </tbody>
            </table>
        </div>
    }
}

/// Two lines for date and time where the window is not wide: all columns have to fit, whatever stands in them.
const MOMENT: &str = "max-2xl:min-w-28 max-2xl:[&_time]:whitespace-normal";

/// One connection. On a phone the first cell tells what the hidden ones would.
#[component]
fn Row(kept: Kept, choice: Option<Choice>) -> impl IntoView {
    // Name, service and logo stand in elements that stay, whatever changes: the focus may be on them.
    let row = RwSignal::from(kept.row);
    let id = StoredValue::new(kept.id);
    let first = row.get_untracked();
    let owner = first.owner.clone();
    let is_chosen = move || choice.is_some_and(|choice| id.with_value(|id| choice.has(id)));
    let small = move || {
        let row = row.read();
        let used = row.last_used_at.map(|at| format!("used {}", at.minute()));
        [row.account.clone(), Some(row.owner.clone()), used].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    };
    // On a phone the health stands below the name, which needs the width.
    let (layout, health_class) = match choice {
        Some(_) => ("max-md:grid max-md:grid-cols-[auto_minmax(0,1fr)]", "align-middle max-md:col-start-2 max-md:ml-12 max-md:border-0 max-md:pt-0"),
        None => ("max-md:grid", "align-middle max-md:ml-12 max-md:border-0 max-md:pt-0"),
    };
    let choose = choice.map(|choice| {
        view! {
            <td class="relative z-10 w-0 pr-0 align-top max-md:border-0">
                <label class="-m-2 grid p-2 max-md:mr-0 max-md:pr-0">
                    <input
                        class="checkbox checkbox-sm mt-1.5" type="checkbox" form="bulk" name="ids[]" value=id.get_value() autocomplete="off"
                        prop:checked=is_chosen on:change=move |event| choice.set(id.get_value(), event_target_checked(&event))
                    />
                    <span class="sr-only">"Choose "{move || row.read().display_name.clone()}</span>
                </label>
            </td>
        }
        .into_any()
    });
    view! {
        <tr class=move || format!("relative max-md:border-base-300 max-md:not-last:border-b {layout} {}", if is_chosen() { "bg-primary/10" } else { "hover:bg-base-200" })>
            {choose}
            <td class="w-full max-md:border-0 max-md:pb-1 md:min-w-48">
                <div class="flex items-start gap-3">
                    <Logo src=first.logo name=first.service.clone()/>
                    <div class="grid min-w-0 gap-0.5">
                        <A href=format!("/connections/{}", first.id) attr:class="row-link font-semibold wrap-anywhere">{move || row.read().display_name.clone()}</A>
                        <p class="text-sm wrap-anywhere text-base-content/75">{first.service}" · "{words::kind(first.kind)}</p>
                        <p class="font-mono text-xs wrap-anywhere text-base-content/75">{first.external_id}</p>
                        <p class="text-sm wrap-anywhere text-base-content/75 md:hidden">{small}</p>
                    </div>
                </div>
            </td>
            <td class="hidden max-w-32 md:table-cell 2xl:max-w-48">
                <span class="block truncate" title=move || row.read().account.clone()>{move || row.read().account.clone().unwrap_or_else(|| "–".to_owned())}</span>
                {move || row.read().tenant.clone().map(|tenant| view! { <span class="block truncate text-sm text-base-content/75">{tenant}</span> }.into_any())}
            </td>
            <td class="hidden max-w-32 truncate xl:table-cell 2xl:max-w-48" title=first.owner>{owner}</td>
            <td class=health_class>{move || view! { <HealthBadge health=row.read().health/> }}</td>
            <td class=format!("hidden md:table-cell {MOMENT}")>{move || view! { <Moment at=row.read().last_used_at/> }}</td>
            <td class=format!("hidden xl:table-cell {MOMENT}")>{move || view! { <Moment at=row.read().expires_at/> }}</td>
        </tr>
    }
}
