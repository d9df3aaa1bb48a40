//! `/events`: who did what, and what happened to connections.

use crate::app::browser;
use crate::app::components::{EmptyState, Icon, LoadError, Loading, LoadingSearch, Moment, PageHead, Pager, QueryForm, Shape, counted};
use crate::app::rpc::webhooks::{EventFilter, list_events};
use crate::app::rpc::workspaces::{WorkspaceName, workspace_names};
use crate::app::rpc::{PageOf, load};
use crate::app::words;
use crate::domain::event::Event;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;

page! {
    /// `/events`
    Events => EventsPage
}

/// Id of the search's first input.
const SEARCH: &str = "search-events";

/// `/events?type=&workspace=&connection=&cursor=`
#[component]
fn EventsPage() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        let query = query.read();
        EventFilter { kind: query.get("type"), workspace: query.get("workspace"), connection: query.get("connection"), cursor: query.get("cursor") }
    });
    let rows = load(move || filter.get(), list_events);
    let workspaces = load(|| (), |()| workspace_names());
    // As in the list of connections.
    Effect::new(move |before: Option<()>| {
        filter.track();
        if before.is_some() {
            browser::reset_form_of(SEARCH);
        }
    });
    let filters = move || {
        let now = filter.get();
        Suspend::new(async move {
            view! { <Filters workspaces=workspaces.await.unwrap_or_default() now/> }
        })
    };
    let list = move || {
        Suspend::new(async move {
            match (rows.await, workspaces.await) {
                (Ok(page), workspaces) => view! { <Rows page workspaces=workspaces.unwrap_or_default()/> }.into_any(),
                (Err(error), _) => view! { <LoadError error retry=move |()| rows.refetch()/> }.into_any(),
            }
        })
    };
    view! {
        <PageHead title="Events"/>
        <Transition fallback=LoadingSearch>{filters}</Transition>
        <Transition fallback=Loading>{list}</Transition>
    }
}

#[component]
fn Filters(workspaces: Vec<WorkspaceName>, now: EventFilter) -> impl IntoView {
    let workspace = now.workspace.unwrap_or_default();
    let workspaces: Vec<_> = workspaces
        .into_iter()
        .map(|known| {
            let id = known.id;
            view! { <option selected=id == workspace value=id.clone()>{known.name}</option> }
        })
        .collect();
    view! {
        <QueryForm action="/events" attr:class="mb-4 grid grid-cols-2 gap-3 md:flex md:items-end" attr:role="search">
            <label class="grid gap-1.5 text-sm font-semibold md:w-64">"Type"
                <input class="input w-full font-normal" id=SEARCH type="search" name="type" value=now.kind.unwrap_or_default() placeholder="connection.error" autocomplete="off" autocapitalize="none" spellcheck="false"/>
            </label>
            <label class="grid gap-1.5 text-sm font-semibold md:w-48">"Workspace"
                <select class="select w-full font-normal" name="workspace"><option value="">"All"</option>{workspaces}</select>
            </label>
            <label class="col-span-2 grid gap-1.5 text-sm font-semibold md:w-72">"Connection ID"
                <input class="input w-full font-normal" type="search" name="connection" value=now.connection.unwrap_or_default() placeholder="conn_…" autocomplete="off" autocapitalize="none" spellcheck="false"/>
            </label>
            <button class="btn max-md:col-span-2" type="submit"><Icon shape=Shape::Lens/>"Search"</button>
        </QueryForm>
    }
}

#[component]
fn Rows(page: PageOf<Event>, workspaces: Vec<WorkspaceName>) -> impl IntoView {
    if page.items.is_empty() {
        return view! { <EmptyState title="No event fits"><p>"A type is given whole: connection.error, credentials.read."</p><A href="/events" attr:class="btn">"Show all"</A></EmptyState> }
            .into_any();
    }
    let count = counted(page.total, page.total_is_minimum, "event", "events");
    let next = page.next_cursor;
    let rows: Vec<_> = page
        .items
        .into_iter()
        .map(|event| {
            let workspace = event.workspace_id.as_ref().map(|id| {
                let known = workspaces.iter().find(|workspace| workspace.id == *id);
                known.map_or_else(|| id.clone(), |workspace| workspace.name.clone())
            });
            let connection = event
                .connection_id
                .clone()
                .map(|id| view! { <A href=format!("/connections/{id}") attr:class="link font-mono text-xs break-all">{id.clone()}</A> });
            let sentence = words::event(&event);
            let kind = (sentence != event.kind).then(|| view! { <p class="font-mono text-xs wrap-anywhere text-base-content/75">{event.kind.clone()}</p> });
            view! {
                <tr class="[&>td]:align-top">
                    <td class="w-full">
                        <p class="font-semibold wrap-anywhere">{sentence}</p>
                        {kind}
                        {connection}
                        <p class="text-sm wrap-anywhere text-base-content/75 md:hidden">{words::actor(&event.actor)}<span class="sm:hidden">" · "<Moment at=Some(event.at)/></span></p>
                    </td>
                    <td class="hidden md:table-cell">{words::actor(&event.actor)}</td>
                    <td class="hidden lg:table-cell">{workspace.unwrap_or_else(|| "–".to_owned())}</td>
                    <td class="hidden sm:table-cell"><Moment at=Some(event.at)/></td>
                </tr>
            }
        })
        .collect();
    view! {
        <p class="mb-2 text-sm text-base-content/75" role="status">{count}", newest first. Times are UTC."</p>
        <div class="overflow-hidden rounded-box border border-base-300 bg-base-100">
            <table class="table">
                <caption class="sr-only">"Events"</caption>
                <thead><tr>
                    <th scope="col">"What"</th>
                    <th scope="col" class="hidden md:table-cell">"Who"</th>
                    <th scope="col" class="hidden lg:table-cell">"Workspace"</th>
                    <th scope="col" class="hidden sm:table-cell">"When"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager path="/events" next/>
    }
    .into_any()
}
