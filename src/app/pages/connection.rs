//! `/connections/{id}`: everything about one connection but its secrets.

use super::connection_actions::{Actions, Outcomes};
use super::reveal::Reveal;
use super::snippets::Snippets;
use crate::app::components::{Copyable, HealthBadge, LoadError, Loading, Moment, Notice, PageHead, Session, Tone, follow_changes};
use crate::app::rpc::connections::get_connection;
use crate::app::rpc::integrations::{IntegrationDetail, get_integration};
use crate::app::rpc::workspaces::get_workspace;
use crate::app::rpc::{Me, RpcError, load};
use crate::app::words;
use crate::domain::connection::{Connection, Health, Outlook};
use crate::domain::event::Event;
use crate::domain::{Code, Timestamp};
use leptos::prelude::*;
use leptos::task::spawn_local;
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
    let found = load(
        move || id.get(),
        |id| async move {
            let (connection, outlook, events, at) = get_connection(id).await?;
            // An integration that is gone from the catalogue does not hide its connections.
            let integration = get_integration(connection.integration_name.clone()).await.ok();
            let workspace = match &connection.workspace_id {
                Some(id) => get_workspace(id.as_str().to_owned()).await.ok().map(|workspace| workspace.name),
                None => None,
            };
            Ok::<_, RpcError>((Now { connection, outlook, events, at }, integration, workspace))
        },
    );
    let Session(me) = expect_context();
    let page = move || {
        Suspend::new(async move {
            match (found.await, me.await) {
                (Ok((now, integration, workspace)), Ok(me)) => view! { <Whole now integration workspace me changes/> }.into_any(),
                (Err(error), _) | (_, Err(error)) => {
                    view! { <PageHead title="Connection" back=("/connections", "Connections")/> <LoadError error retry=move |()| found.refetch()/> }.into_any()
                }
            }
        })
    };
    view! { <Transition fallback=Loading>{page}</Transition> }
}

/// A connection as it was at a moment.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Now {
    connection: Connection,
    outlook: Outlook,
    events: Vec<Event>,
    at: Timestamp,
}

/// The page. What tells of the connection follows it; what one types into or chooses from stays as it is.
#[component]
fn Whole(now: Now, integration: Option<IntegrationDetail>, workspace: Option<String>, me: Me, changes: RwSignal<u32>) -> impl IntoView {
    let id = String::from(now.connection.id.clone());
    let at = RwSignal::new(now.at);
    let connection = RwSignal::new(now.connection.clone());
    let outlook = RwSignal::new(now.outlook);
    let events = RwSignal::new(now.events);
    let deleted = RwSignal::new(false);
    let look = {
        let id = id.clone();
        Callback::new(move |()| {
            let id = id.clone();
            spawn_local(async move {
                match get_connection(id).await {
                    Ok((found, expected, happened, when)) => {
                        // Only what is new is drawn anew.
                        if at.try_set(when).is_none() && connection.get_untracked() != found {
                            connection.set(found);
                        }
                        if outlook.try_get_untracked().is_some_and(|outlook| outlook != expected) {
                            outlook.set(expected);
                        }
                        if events.try_get_untracked().is_some_and(|events| events != happened) {
                            events.set(happened);
                        }
                    }
                    Err(RpcError::Failed(error)) if error.code == Code::ConnectionNotFound => drop(deleted.try_set(true)),
                    // Asked for again the next time.
                    Err(_) => {}
                }
            });
        })
    };
    follow_changes(Some(id), at, look);
    Effect::new(move |before: Option<u32>| {
        let now = changes.get();
        if before.is_some_and(|before| before != now) {
            look.run(());
        }
        now
    });
    let service = integration.as_ref().map_or_else(|| now.connection.integration_name.clone(), |known| known.integration.display_name.clone());
    let logo = (integration.as_ref().and_then(|known| known.logo.clone()), service.clone());
    let state_of = service.clone();
    let title = Memo::new(move |_| connection.read().display_name.clone());
    let head = move || view! { <PageHead title=title.get() back=("/connections", "Connections") logo=logo.clone()/> };
    let gone = move || {
        deleted.get().then(|| {
            view! {
                <div class="mb-4"><Notice tone=Tone::Warning>
                    <p>"This connection has just been deleted."</p>
                    <A href="/connections" attr:class="btn btn-sm">"Go to connections"</A>
                </Notice></div>
            }
        })
    };
    let health = Memo::new(move |_| connection.read().health);
    let fixed = now.connection;
    view! {
        {head}
        <div role="status">{gone}<p class="sr-only">{move || words::health(health.get())}</p></div>
        <div class="grid grid-cols-[minmax(0,1fr)] items-start gap-6 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <div class="grid grid-cols-[minmax(0,1fr)] gap-6">
                {move || view! { <State connection=connection.get() service=state_of.clone() outlook=outlook.get()/> }}
                <Actions connection=fixed.clone() integration=integration.clone() may_write=me.may_write changes/>
                <Facts connection outlook service workspace/>
                <Reveal connection=fixed.clone() may_write=me.may_write/>
                <Snippets connection=fixed public_url=me.public_url/>
            </div>
            {move || view! { <Timeline events=events.get()/> }}
        </div>
    }
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
    let todo = (connection.health != Health::Ok).then(|| view! { <span class="font-medium text-base-content">"What to do: "</span> });
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
            <p class="text-base-content/75">{todo}{advice}</p>
            {app}
        </section>
    }
}

/// What does not change stands in elements that stay: the focus may be on them.
#[component]
fn Facts(connection: RwSignal<Connection>, outlook: RwSignal<Outlook>, service: String, workspace: Option<String>) -> impl IntoView {
    let first = connection.get_untracked();
    let owner = words::owner(&first, workspace.as_deref());
    let forecast = move || words::forecast(&connection.read(), &outlook.read());
    let account = move || {
        connection.read().account.clone().map(|account| {
            let more: Vec<String> = [account.email, account.tenant, Some(account.id)].into_iter().flatten().filter(|part| *part != account.label).collect();
            view! { <Fact name="Account"><span class="font-medium">{account.label}</span>" "<span class="text-base-content/75">{more.join(" · ")}</span></Fact> }
        })
    };
    let scopes = move || {
        let granted = connection.read().granted_scopes.clone();
        let wanted = outlook.read().wanted_scopes.clone();
        let is_told = !granted.is_empty() && !wanted.is_empty();
        let without =
            |these: &[String], others: &[String]| -> Vec<String> { these.iter().filter(|scope| is_told && !others.contains(scope)).cloned().collect() };
        let missing = without(&wanted, &granted);
        let missing = (!missing.is_empty()).then(|| {
            view! { <p class="mt-1 text-sm break-words text-base-content/75">{format!("Asked for, but not granted: {}. Reconnect it to ask again.", missing.join(", "))}</p> }
        });
        let extra = without(&granted, &wanted);
        let extra = (!extra.is_empty()).then(|| {
            view! { <p class="mt-1 text-sm break-words text-base-content/75">{format!("Granted without being asked for: {}.", extra.join(", "))}</p> }
        });
        let granted: Vec<_> = granted.into_iter().map(|scope| view! { <li><code class="badge badge-sm h-auto break-all">{scope}</code></li> }).collect();
        let granted =
            if granted.is_empty() { "The service did not say".into_any() } else { view! { <ul class="flex flex-wrap gap-1.5">{granted}</ul> }.into_any() };
        view! { {granted} {missing} {extra} }
    };
    let scopes = first.kind.is_oauth().then(|| view! { <Fact name="Scopes granted">{scopes}</Fact> });
    let kind = words::kind(first.kind);
    view! {
        <section class="rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="facts">
            <h2 id="facts" class="mb-3 text-lg font-semibold">"Details"</h2>
            <dl class="grid gap-x-6 gap-y-3 sm:grid-cols-[9rem_minmax(0,1fr)]">
                {account}
                <Fact name="Integration"><A href=format!("/integrations/{}", first.integration_name) attr:class="link">{service}</A>" · "{kind}</Fact>
                <Fact name="Belongs to">{owner}</Fact>
                <Fact name="External ID"><Copyable text=first.external_id what="external ID"/></Fact>
                <Fact name="ID"><Copyable text=String::from(first.id) what="ID"/></Fact>
                {scopes}
                <Fact name="Expires">{move || view! { <Moment at=connection.read().expires_at/> }}<p class="text-sm text-base-content/75">{forecast}</p></Fact>
                <Fact name="Last renewed">{move || view! { <Moment at=connection.read().last_refreshed_at/> }}</Fact>
                <Fact name="Last used">{move || view! { <Moment at=connection.read().last_used_at/> }}</Fact>
                <Fact name="Created"><Moment at=Some(first.created_at)/></Fact>
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
