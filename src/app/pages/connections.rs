//! `/connections`: which connections there are, and which of them are broken.

use crate::app::browser;
use crate::app::components::{EmptyState, HealthBadge, Icon, LoadError, Loading, Logo, Moment, Notice, PageHead, Shape, Tone, WritersOnly};
use crate::app::rpc::PageOf;
use crate::app::rpc::connections::{ConnectionFilter, list_connections};
use crate::app::rpc::integrations::{IntegrationName, integration_names};
use crate::app::rpc::workspaces::list_workspaces;
use crate::app::words;
use crate::domain::connection::{Connection, Health};
use crate::domain::workspace::Workspace;
use leptos::prelude::*;
use leptos_router::components::{A, Form};
use leptos_router::hooks::use_query_map;

/// `/connections?q=&integration=&health=&cursor=`, and `created=` or `deleted=` after one of those.
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
    let rows = Resource::new(move || filter.get(), list_connections);
    let names = Resource::new(|| (), |()| integration_names());
    let workspaces = Resource::new(|| (), |()| list_workspaces());
    let list = move || {
        Suspend::new(async move {
            match (rows.await, names.await, workspaces.await) {
                (Ok(page), Ok(names), workspaces) => {
                    let filter = filter.get_untracked();
                    view! { <Outcome connections=page.items.clone()/> <Rows page names workspaces=workspaces.unwrap_or_default() filter/> }.into_any()
                }
                (Err(error), ..) | (_, Err(error), _) => {
                    let retry = move || {
                        rows.refetch();
                        names.refetch();
                    };
                    view! { <LoadError error retry=move |()| retry()/> }.into_any()
                }
            }
        })
    };
    view! {
        <PageHead title="Connections">
            <WritersOnly><A href="/connections/new" attr:class="btn btn-primary"><Icon shape=Shape::Plus/>"Create connection"</A></WritersOnly>
        </PageHead>
        <Transition fallback=Loading>{move || Suspend::new(async move { view! { <Filters names=names.await.unwrap_or_default() now=filter.get_untracked()/> } })}</Transition>
        <Transition fallback=Loading>{list}</Transition>
    }
}

#[component]
fn Filters(names: Vec<IntegrationName>, now: ConnectionFilter) -> impl IntoView {
    let integration = now.integration.unwrap_or_default();
    let health = now.health.unwrap_or_default();
    let integrations: Vec<_> =
        names.into_iter().map(|known| view! { <option selected=known.name == integration value=known.name.clone()>{known.display_name}</option> }).collect();
    let healths: Vec<_> =
        Health::ALL.iter().map(|known| view! { <option selected=known.as_str() == health value=known.as_str()>{words::health(*known)}</option> }).collect();
    view! {
        <Form method="GET" action="/connections" attr:class="mb-4 grid grid-cols-2 gap-3 md:flex md:items-end" attr:role="search">
            <label class="col-span-2 grid gap-1.5 text-sm font-semibold md:w-72">"Search"
                <input class="input w-full font-normal" type="search" name="q" value=now.q.unwrap_or_default() placeholder="Name, external ID or account" autocomplete="off"/>
            </label>
            <label class="grid gap-1.5 text-sm font-semibold md:w-48">"Integration"
                <select class="select w-full font-normal" name="integration" on:change=|event| browser::submit_form_of(&event)><option value="">"All"</option>{integrations}</select>
            </label>
            <label class="grid gap-1.5 text-sm font-semibold md:w-40">"Health"
                <select class="select w-full font-normal" name="health" on:change=|event| browser::submit_form_of(&event)><option value="">"All"</option>{healths}</select>
            </label>
            <button class="btn max-md:col-span-2" type="submit"><Icon shape=Shape::Lens/>"Search"</button>
        </Form>
    }
}

/// What just happened, as the address tells.
#[component]
fn Outcome(connections: Vec<Connection>) -> impl IntoView {
    let query = use_query_map();
    let said = move || {
        let query = query.read();
        if let Some(word) = query.get("deleted") {
            let tone = if word == "failed" { Tone::Warning } else { Tone::Good };
            return words::revocation(&word).map(|text| view! { <Notice tone><p>{text}</p></Notice> }.into_any());
        }
        let id = query.get("created").or_else(|| query.get("connectionId"))?;
        let new = connections.iter().find(|connection| connection.id.as_str() == id)?;
        let text = match &new.account {
            Some(account) => format!("{}: connected as {}", new.display_name, account.label),
            None => format!("{} is connected", new.display_name),
        };
        let external_id = new.external_id.clone();
        Some(view! { <Notice tone=Tone::Good><p>{text}" · External ID "<code class="break-all">{external_id}</code></p></Notice> }.into_any())
    };
    view! { <div role="status" class="mb-4 empty:hidden">{said}</div> }
}

#[component]
fn Rows(page: PageOf<Connection>, names: Vec<IntegrationName>, workspaces: Vec<Workspace>, filter: ConnectionFilter) -> impl IntoView {
    let narrowed = [&filter.q, &filter.integration, &filter.workspace, &filter.end_user, &filter.health]
        .iter()
        .any(|part| part.as_deref().is_some_and(|part| !part.is_empty()));
    let on_later_page = filter.cursor.as_deref().is_some_and(|cursor| !cursor.is_empty());
    if page.items.is_empty() {
        return if narrowed || on_later_page {
            view! { <EmptyState title="No connection fits"><p>"Search matches the beginning of a name, an external ID or an account."</p><A href="/connections" attr:class="btn">"Show all"</A></EmptyState> }.into_any()
        } else {
            view! {
                <EmptyState title="No connections yet">
                    <p>"A connection holds what your application needs to call a service for somebody: tokens that Keyloom keeps alive, or a key. Create one here, or let your users connect on the hosted page (POST /api/v1/connect/token)."</p>
                    <WritersOnly><A href="/connections/new" attr:class="btn btn-primary">"Create the first connection"</A></WritersOnly>
                </EmptyState>
            }
            .into_any()
        };
    }
    let mut params = use_query_map().get_untracked();
    for name in ["created", "deleted", "connectionId", "sessionId", "cursor"] {
        params.remove(name);
    }
    let first = format!("/connections{}", params.to_query_string());
    let next = page.next_cursor.map(|cursor| {
        params.replace("cursor", cursor);
        format!("/connections{}", params.to_query_string())
    });
    let more = if page.total_is_minimum { "+" } else { "" };
    let count = if page.total == 1 { "1 connection".to_owned() } else { format!("{}{more} connections", page.total) };
    let rows: Vec<_> = page
        .items
        .into_iter()
        .map(|connection| {
            let name = names.iter().find(|known| known.name == connection.integration_name).cloned();
            let owner = words::owner(&connection, &workspaces);
            view! { <Row connection name owner/> }
        })
        .collect();
    view! {
        <p class="mb-2 text-sm text-base-content/75" role="status">{count}", newest first. Times are UTC."</p>
        <div class="overflow-hidden rounded-box border border-base-300 bg-base-100">
            <table class="table">
                <caption class="sr-only">"Connections"</caption>
                <thead class="max-md:sr-only">
                    <tr>
                        <th scope="col">"Connection"</th>
                        <th scope="col" class="hidden md:table-cell">"Account"</th>
                        <th scope="col" class="hidden lg:table-cell">"Belongs to"</th>
                        <th scope="col">"Health"</th>
                        <th scope="col" class="hidden md:table-cell">"Last used"</th>
                        <th scope="col" class="hidden xl:table-cell">"Expires"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <nav class="mt-4 flex gap-2" aria-label="Pages">
            {on_later_page.then(|| view! { <A href=first attr:class="btn btn-sm">"First page"</A> })}
            {next.map(|href| view! { <A href=href attr:class="btn btn-sm" attr:rel="next">"Next page →"</A> })}
        </nav>
    }
    .into_any()
}

/// One connection. On a phone the first cell tells what the hidden ones would.
#[component]
fn Row(connection: Connection, name: Option<IntegrationName>, owner: String) -> impl IntoView {
    let (title, logo) = name.map_or_else(|| (connection.integration_name.clone(), None), |name| (name.display_name, name.logo));
    let account = connection.account.as_ref().map(|account| account.label.clone());
    let tenant = connection.account.as_ref().and_then(|account| account.tenant.clone()).filter(|tenant| Some(tenant) != account.as_ref());
    let used = connection.last_used_at.map(|at| format!("used {}", at.minute()));
    let small: Vec<String> = [account.clone(), Some(owner.clone()), used].into_iter().flatten().collect();
    view! {
        <tr class="relative hover:bg-base-200">
            <td class="w-full md:min-w-60">
                <div class="flex items-start gap-3">
                    <Logo src=logo name=title.clone()/>
                    <div class="grid min-w-0 gap-0.5">
                        <A href=format!("/connections/{}", connection.id) attr:class="row-link font-semibold wrap-anywhere">{connection.display_name}</A>
                        <p class="text-sm wrap-anywhere text-base-content/75">{title}" · "{words::kind(connection.kind)}</p>
                        <p class="font-mono text-xs wrap-anywhere text-base-content/75">{connection.external_id}</p>
                        <p class="text-sm wrap-anywhere text-base-content/75 md:hidden">{small.join(" · ")}</p>
                    </div>
                </div>
            </td>
            <td class="hidden max-w-40 md:table-cell">
                <span class="block truncate">{account.unwrap_or_else(|| "–".to_owned())}</span>
                {tenant.map(|tenant| view! { <span class="block truncate text-sm text-base-content/75">{tenant}</span> })}
            </td>
            <td class="hidden max-w-40 truncate lg:table-cell">{owner}</td>
            <td class="align-middle max-md:align-top"><HealthBadge health=connection.health/></td>
            <td class="hidden md:table-cell"><Moment at=connection.last_used_at/></td>
            <td class="hidden xl:table-cell"><Moment at=connection.expires_at/></td>
        </tr>
    }
}
