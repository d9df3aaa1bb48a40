//! `/connections/{id}`: everything about one connection but its secrets.

use super::connection_actions::{Actions, Outcomes};
use super::reveal::Reveal;
use super::snippets::Snippets;
use crate::app::components::{Copyable, HealthBadge, LoadError, Loading, Moment, PageHead, Session};
use crate::app::rpc::connections::get_connection;
use crate::app::rpc::integrations::get_integration;
use crate::app::rpc::workspaces::list_workspaces;
use crate::app::words;
use crate::domain::connection::{Connection, Health, Outlook};
use crate::domain::event::Event;
use crate::domain::workspace::Workspace;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;

page! {
    /// `/connections/{id}`
    ConnectionDetail => ConnectionDetailPage
}

#[component]
fn ConnectionDetailPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    // Raised by whatever changes the connection.
    let changes = RwSignal::new(0_u32);
    Outcomes::provide(changes);
    let found = Resource::new(
        move || (id.get(), changes.get()),
        |(id, _)| async move {
            let (connection, outlook, events) = get_connection(id).await?;
            // An integration that is gone from the catalogue does not hide its connections.
            let integration = get_integration(connection.integration_name.clone()).await.ok();
            let workspaces = list_workspaces().await.unwrap_or_default();
            Ok::<_, crate::app::rpc::RpcError>((connection, outlook, events, integration, workspaces))
        },
    );
    let Session(me) = expect_context();
    let page = move || {
        Suspend::new(async move {
            match (found.await, me.await) {
                (Ok((connection, outlook, events, integration, workspaces)), Ok(me)) => {
                    let service = integration.as_ref().map_or_else(|| connection.integration_name.clone(), |known| known.integration.display_name.clone());
                    let logo = integration.as_ref().and_then(|known| known.logo.clone());
                    let logo = (logo, service.clone());
                    view! {
                        <PageHead title=connection.display_name.clone() back=("/connections", "Connections") logo/>
                        <div class="grid grid-cols-[minmax(0,1fr)] items-start gap-6 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
                            <div class="grid grid-cols-[minmax(0,1fr)] gap-6">
                                <State connection=connection.clone() service=service.clone() outlook=outlook.clone()/>
                                <Actions connection=connection.clone() integration=integration.clone() may_write=me.may_write changes/>
                                <Facts connection=connection.clone() outlook service workspaces/>
                                <Reveal connection=connection.clone() may_write=me.may_write/>
                                <Snippets connection public_url=me.public_url/>
                            </div>
                            <Timeline events/>
                        </div>
                    }
                    .into_any()
                }
                (Err(error), _) | (_, Err(error)) => {
                    view! { <PageHead title="Connection" back=("/connections", "Connections")/> <LoadError error retry=move |()| found.refetch()/> }.into_any()
                }
            }
        })
    };
    view! { <Transition fallback=Loading>{page}</Transition> }
}

/// How it is doing and what to do about it.
#[component]
fn State(connection: Connection, service: String, outlook: Outlook) -> impl IntoView {
    let class = match connection.health {
        Health::Ok => "grid gap-2 rounded-box border border-base-300 bg-base-100 p-5",
        Health::Degraded | Health::Expiring => "grid gap-2 rounded-box border border-warning bg-base-100 p-5",
        Health::Expired | Health::Revoked | Health::Error => "grid gap-2 rounded-box border border-error bg-base-100 p-5",
    };
    let advice = words::advice(&connection, &service);
    let app = connection.error.as_ref().is_some_and(|error| words::is_about_the_app(&error.code));
    let app = app.then(|| view! { <p><A href=format!("/integrations/{}", connection.integration_name) attr:class="link">"Open the OAuth app"</A></p> });
    let next = outlook.next_try_at.map(|at| view! { <p class="text-sm text-base-content/75">"Tried again at "<Moment at=Some(at)/>" UTC or soon after"</p> });
    let error = connection.error.clone().map(|error| {
        let cause = words::cause(&error.code, &service);
        view! {
            <p class="font-medium">{cause}</p>
            <p class="break-words">{error.message}</p>
            <p class="text-sm text-base-content/75"><code>{error.code}</code>" since "<Moment at=Some(error.at)/>" UTC"</p>
        }
    });
    view! {
        <section class=class aria-labelledby="health">
            <div class="flex items-center gap-3"><h2 id="health" class="text-lg font-semibold">"Health"</h2><HealthBadge health=connection.health/></div>
            {error}
            {next}
            <p class="text-base-content/75"><span class="font-medium text-base-content">"What to do: "</span>{advice}</p>
            {app}
        </section>
    }
}

#[component]
fn Facts(connection: Connection, outlook: Outlook, service: String, workspaces: Vec<Workspace>) -> impl IntoView {
    let owner = words::owner(&connection, &workspaces);
    let forecast = words::forecast(&connection, &outlook);
    let account = connection.account.map(|account| {
        let more: Vec<String> = [account.email, account.tenant, Some(account.id)].into_iter().flatten().filter(|part| *part != account.label).collect();
        view! { <Fact name="Account"><span class="font-medium">{account.label}</span>" "<span class="text-base-content/75">{more.join(" · ")}</span></Fact> }
    });
    let scopes = connection.kind.is_oauth().then(|| {
        let granted: Vec<_> =
            connection.granted_scopes.iter().map(|scope| view! { <li><code class="badge badge-sm h-auto break-all">{scope.clone()}</code></li> }).collect();
        let wanted = &outlook.wanted_scopes;
        let is_told = !connection.granted_scopes.is_empty() && !wanted.is_empty();
        let without = |these: &[String], others: &[String]| -> Vec<String> { these.iter().filter(|scope| is_told && !others.contains(scope)).cloned().collect() };
        let missing = without(wanted, &connection.granted_scopes);
        let missing = (!missing.is_empty()).then(|| {
            view! { <p class="mt-1 text-sm break-words text-base-content/75">{format!("Asked for, but not granted: {}. Reconnect it to ask again.", missing.join(", "))}</p> }
        });
        let extra = without(&connection.granted_scopes, wanted);
        let extra = (!extra.is_empty()).then(|| {
            view! { <p class="mt-1 text-sm break-words text-base-content/75">{format!("Granted without being asked for: {}.", extra.join(", "))}</p> }
        });
        view! {
            <Fact name="Scopes granted">
                {if granted.is_empty() { "The service did not say".into_any() } else { view! { <ul class="flex flex-wrap gap-1.5">{granted}</ul> }.into_any() }}
                {missing}
                {extra}
            </Fact>
        }
    });
    let kind = words::kind(connection.kind);
    view! {
        <section class="rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="facts">
            <h2 id="facts" class="mb-3 text-lg font-semibold">"Details"</h2>
            <dl class="grid gap-x-6 gap-y-3 sm:grid-cols-[9rem_minmax(0,1fr)]">
                {account}
                <Fact name="Integration"><A href=format!("/integrations/{}", connection.integration_name) attr:class="link">{service}</A>" · "{kind}</Fact>
                <Fact name="Belongs to">{owner}</Fact>
                <Fact name="External ID"><Copyable text=connection.external_id what="external ID"/></Fact>
                <Fact name="ID"><Copyable text=String::from(connection.id) what="ID"/></Fact>
                {scopes}
                <Fact name="Expires"><Moment at=connection.expires_at/><p class="text-sm text-base-content/75">{forecast}</p></Fact>
                <Fact name="Last renewed"><Moment at=connection.last_refreshed_at/></Fact>
                <Fact name="Last used"><Moment at=connection.last_used_at/></Fact>
                <Fact name="Created"><Moment at=Some(connection.created_at)/></Fact>
            </dl>
        </section>
    }
}

#[component]
fn Fact(name: &'static str, children: Children) -> impl IntoView {
    view! {
        <dt class="text-sm font-medium text-base-content/75 max-sm:-mb-2">{name}</dt>
        <dd class="min-w-0 break-words">{children()}</dd>
    }
}

#[component]
fn Timeline(events: Vec<Event>) -> impl IntoView {
    let items: Vec<_> = events
        .into_iter()
        .map(|event| {
            view! {
                <li class="grid grid-cols-[minmax(0,1fr)] gap-0.5 border-l-2 border-base-300 py-1 pl-4">
                    <span class="wrap-anywhere">{words::event(&event)}</span>
                    <span class="text-sm wrap-anywhere text-base-content/75"><Moment at=Some(event.at)/>" · "{words::actor(&event.actor)}</span>
                </li>
            }
        })
        .collect();
    let nothing = items.is_empty().then(|| view! { <p class="text-base-content/75">"Nothing has happened yet."</p> });
    view! {
        <section class="rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="timeline">
            <h2 id="timeline" class="mb-3 text-lg font-semibold">"Timeline"</h2>
            {nothing}
            <ol class="grid grid-cols-[minmax(0,1fr)] gap-2">{items}</ol>
        </section>
    }
}
