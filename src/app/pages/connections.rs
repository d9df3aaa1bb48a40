//! `/connections`: which connections there are, and which of them are broken.

use super::bulk::Report;
use super::connection_rows::Rows;
use crate::app::browser;
use crate::app::components::{
    FormProblem, Icon, LoadError, Loading, LoadingSearch, Notice, PageHead, QueryForm, Session, Shape, Tone, WhenLoaded, WritersOnly, failure,
};
use crate::app::rpc::connections::{ATTENTION, BulkConnections, ConnectionFilter, ConnectionRow, list_connections};
use crate::app::rpc::integrations::{IntegrationName, integration_names};
use crate::app::rpc::load;
use crate::app::words;
use crate::domain::connection::Health;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;

/// Id of the search's first input.
const SEARCH: &str = "search-connections";

/// `/connections?q=&integration=&workspace=&health=&cursor=`, and `created=`, `deleted=` or `report=` after one of those.
#[component]
pub fn Connections() -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        let query = query.read();
        ConnectionFilter {
            q: query.get("q"),
            integration: query.get("integration"),
            workspace: query.get("workspace"),
            end_user: query.get("endUser"),
            health: query.get("health"),
            cursor: query.get("cursor"),
        }
    });
    let rows = load(move || filter.get(), list_connections);
    let names = load(|| (), |()| integration_names());
    // A menu that was used shows what was chosen in it, until its form is told that the address says something else now.
    Effect::new(move |before: Option<()>| {
        filter.track();
        if before.is_some() {
            browser::reset_form_of(SEARCH);
        }
    });
    let bulk = ServerAction::<BulkConnections>::new();
    let Session(me) = expect_context();
    let filters = move || {
        let now = filter.get();
        async move { view! { <Filters names=names.await.unwrap_or_default() now/> }.into_any() }
    };
    let list = move || async move {
        let may_write = me.await.is_ok_and(|me| me.may_write);
        match rows.await {
            Ok(page) => {
                let filter = filter.get_untracked();
                view! { <Outcome rows=page.items.clone()/> <Rows page filter may_write bulk/> }.into_any()
            }
            Err(error) => view! { <LoadError error retry=move |()| rows.refetch()/> }.into_any(),
        }
    };
    view! {
        <PageHead title="Connections">
            <WritersOnly><A href="/connections/new" attr:class="btn btn-primary"><Icon shape=Shape::Plus/>"Create connection"</A></WritersOnly>
        </PageHead>
        <div class="mb-4 empty:hidden"><FormProblem id="bulk-problem" error=failure(bulk)/></div>
        <Report/>
        <WhenLoaded view=filters fallback=LoadingSearch/>
        <WhenLoaded view=list fallback=Loading/>
    }
}

#[component]
fn Filters(names: Vec<IntegrationName>, now: ConnectionFilter) -> impl IntoView {
    // The workspace is chosen in the frame: a search stays in it.
    let workspace = now.workspace.filter(|id| !id.is_empty()).map(|id| view! { <input type="hidden" name="workspace" value=id/> }.into_any());
    let integration = now.integration.unwrap_or_default();
    let health = now.health.unwrap_or_default();
    let integrations: Vec<_> = names
        .into_iter()
        .map(|known| view! { <option selected=known.name == integration value=known.name.clone()>{known.display_name}</option> }.into_any())
        .collect();
    let healths: Vec<_> = Health::ALL
        .iter()
        .map(|known| view! { <option selected=known.as_str() == health value=known.as_str()>{words::health(*known)}</option> }.into_any())
        .collect();
    let attention = view! { <option selected=health == ATTENTION value=ATTENTION>"Needs attention"</option> };
    view! {
        <QueryForm action="/connections" attr:class="mb-4 grid grid-cols-2 gap-3 md:flex md:items-end" attr:role="search">
            {workspace}
            <label class="col-span-2 grid gap-1.5 text-sm font-semibold md:w-72">"Search"
                <input class="input w-full font-normal" id=SEARCH type="search" name="q" value=now.q.unwrap_or_default() placeholder="Name, external ID or account" autocomplete="off"/>
            </label>
            <label class="grid gap-1.5 text-sm font-semibold md:w-48">"Integration"
                <select class="select w-full font-normal" name="integration" on:change=|event| browser::submit_form_of(&event)><option value="">"All"</option>{integrations}</select>
            </label>
            <label class="grid gap-1.5 text-sm font-semibold md:w-40">"Health"
                <select class="select w-full font-normal" name="health" on:change=|event| browser::submit_form_of(&event)><option value="">"All"</option>{attention}{healths}</select>
            </label>
            <button class="btn max-md:col-span-2" type="submit"><Icon shape=Shape::Lens/>"Search"</button>
        </QueryForm>
    }
}

/// What just happened, as the address tells.
#[component]
fn Outcome(rows: Vec<ConnectionRow>) -> impl IntoView {
    let query = use_query_map();
    view! { <div role="status" class="mb-4 empty:hidden">{move || said(&query.read(), &rows)}</div> }
}

fn said(query: &ParamsMap, rows: &[ConnectionRow]) -> Option<AnyView> {
    if let Some(word) = query.get("deleted") {
        let tone = if word == "failed" { Tone::Warning } else { Tone::Good };
        return words::revocation(&word).map(|text| view! { <Notice tone><p>{text}</p></Notice> }.into_any());
    }
    let id = query.get("created").or_else(|| query.get("connectionId"))?;
    let new = rows.iter().find(|row| row.id == id)?;
    let text = match &new.account {
        Some(account) => format!("{}: connected as {account}", new.display_name),
        None => format!("{} is connected", new.display_name),
    };
    let external_id = new.external_id.clone();
    Some(view! { <Notice tone=Tone::Good><p>{text}" · External ID "<code class="break-all">{external_id}</code></p></Notice> }.into_any())
}
