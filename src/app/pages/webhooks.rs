//! `/webhooks`: where the customer's systems are told what happens.

use crate::app::components::{
    Copyable, EmptyState, FormProblem, LoadError, Loading, Moment, Notice, PageHead, Pager, SubmitButton, TextField, Tone, WorkspaceField, WritersOnly,
    counted, empty_after, failure, successes,
};
use crate::app::rpc::webhooks::{CreateWebhook, list_webhooks};
use crate::app::rpc::workspaces::{WorkspaceName, workspace_names};
use crate::app::rpc::{PageOf, load};
use crate::domain::webhook::{Webhook, WebhookEvent};
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;

page! {
    /// `/webhooks?cursor=`
    Webhooks => WebhooksPage
}

#[component]
fn WebhooksPage() -> impl IntoView {
    let create = ServerAction::<CreateWebhook>::new();
    let created = successes(create);
    empty_after(created, "webhook-url");
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let webhooks = load(move || (created.get(), cursor.get()), |(_, cursor)| list_webhooks(cursor));
    let workspaces = load(|| (), |()| workspace_names());
    let list = move || {
        Suspend::new(async move {
            match (webhooks.await, workspaces.await) {
                (Ok(page), _) if page.items.is_empty() => view! {
                    <EmptyState title="No webhooks yet"><p>"A webhook tells your own server what happens: a connection was made, broke, works again. Create one below."</p></EmptyState>
                }
                .into_any(),
                (Ok(page), workspaces) => view! { <Rows page workspaces=workspaces.unwrap_or_default()/> }.into_any(),
                (Err(error), _) => view! { <LoadError error retry=move |()| webhooks.refetch()/> }.into_any(),
            }
        })
    };
    let form = move || {
        Suspend::new(async move {
            view! { <Create create workspaces=workspaces.await.unwrap_or_default()/> }
        })
    };
    let secret = move || create.value().get()?.ok().map(|(_, secret)| secret);
    view! {
        <PageHead title="Webhooks"/>
        <div role="status" class="mb-4 empty:hidden">{move || secret().map(|secret| view! { <NewSecret secret/> })}</div>
        <Transition fallback=Loading>{list}</Transition>
        <WritersOnly><Suspense>{form}</Suspense></WritersOnly>
    }
}

/// A secret that was just made. It is in this page's memory only, and gone with it.
#[component]
pub fn NewSecret(
    /// In the clear.
    secret: String,
) -> impl IntoView {
    view! {
        <Notice tone=Tone::Good>
            <p class="font-semibold">"The signing secret. Copy it now: it is not shown again."</p>
            <p class="text-base-content"><Copyable text=secret what="signing secret"/></p>
        </Notice>
    }
}

/// Whether it is sent anything.
#[component]
pub fn EnabledBadge(
    /// Whether it is.
    enabled: bool,
) -> impl IntoView {
    let (class, word) = if enabled { ("badge badge-soft badge-success", "Enabled") } else { ("badge badge-soft badge-error", "Disabled") };
    view! { <span class=class>{word}</span> }
}

/// What it is told of, in words.
pub fn told_of(webhook: &Webhook) -> String {
    match &webhook.events {
        None => "Everything".to_owned(),
        Some(events) => events.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(", "),
    }
}

#[component]
fn Rows(page: PageOf<Webhook>, workspaces: Vec<WorkspaceName>) -> impl IntoView {
    let count = counted(page.total, page.total_is_minimum, "webhook", "webhooks");
    let next = page.next_cursor;
    let rows: Vec<_> = page
        .items
        .into_iter()
        .map(|webhook| {
            let workspace = webhook.workspace_id.as_ref().map_or_else(
                || "All".to_owned(),
                |id| workspaces.iter().find(|known| known.id == id.as_str()).map_or_else(|| id.to_string(), |known| known.name.clone()),
            );
            let events = told_of(&webhook);
            view! {
                <tr class="relative hover:bg-base-200">
                    <td class="w-full">
                        <A href=format!("/webhooks/{}", webhook.id) attr:class="row-link font-semibold wrap-anywhere">{webhook.url}</A>
                        <p class="text-sm wrap-anywhere text-base-content/75">{events}</p>
                    </td>
                    <td class="hidden sm:table-cell">{workspace}</td>
                    <td><EnabledBadge enabled=webhook.enabled/></td>
                    <td class="hidden lg:table-cell"><Moment at=Some(webhook.created_at)/></td>
                </tr>
            }
        })
        .collect();
    view! {
        <p class="mb-2 text-sm text-base-content/75" role="status">{count}", newest first."</p>
        <div class="overflow-hidden rounded-box border border-base-300 bg-base-100">
            <table class="table">
                <caption class="sr-only">"Webhooks"</caption>
                <thead><tr>
                    <th scope="col">"Webhook"</th>
                    <th scope="col" class="hidden sm:table-cell">"Workspace"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="hidden lg:table-cell">"Created (UTC)"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager path="/webhooks" next/>
    }
}

#[component]
fn Create(create: ServerAction<CreateWebhook>, workspaces: Vec<WorkspaceName>) -> impl IntoView {
    let failure = failure(create);
    let error_at = move |path: &'static str| Signal::derive(move || failure.get().and_then(|error| error.field(path)));
    view! {
        <section class="mt-6 rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="create">
            <h2 id="create" class="mb-3 text-lg font-semibold">"Create webhook"</h2>
            <noscript><p class="mb-3 font-medium">"This form needs JavaScript: the signing secret is shown once, and never written into a page. Without it, use POST /api/v1/webhooks."</p></noscript>
            <ActionForm action=create attr:class="grid max-w-2xl gap-4">
                <FormProblem id="webhook-problem" error=failure/>
                <TextField id="webhook-url" name="url" label="URL" required=true maxlength=2000 placeholder="https://app.example.com/hooks/keyloom".to_owned() help="Where messages are posted to." error=error_at("url")/>
                <WorkspaceField id="webhook-workspace" name="workspace" nothing="All: the whole organisation" help="Only what happens in that workspace is told." workspaces error=error_at("workspaceId")/>
                <EventsField chosen=None/>
                <div><SubmitButton label="Create webhook" pending=create.pending() shown_once=true/></div>
            </ActionForm>
        </section>
    }
}

/// What a webhook is told of.
#[component]
pub fn EventsField(
    /// What it is told of now; none: everything.
    chosen: Option<Vec<WebhookEvent>>,
) -> impl IntoView {
    let chosen = chosen.unwrap_or_default();
    let events: Vec<_> = WebhookEvent::ALL
        .iter()
        .map(|event| {
            view! {
                <label class="flex items-start gap-2 text-sm">
                    <input class="checkbox checkbox-sm" type="checkbox" name="events[]" value=event.as_str() checked=chosen.contains(event)/>
                    <code class="wrap-anywhere">{event.as_str()}</code>
                </label>
            }
        })
        .collect();
    view! {
        <fieldset class="grid gap-2">
            <legend class="mb-1.5 text-sm font-semibold">"Events"<span class="font-normal text-base-content/75">" (none chosen: all)"</span></legend>
            <div class="grid gap-2 sm:grid-cols-2">{events}</div>
        </fieldset>
    }
}
