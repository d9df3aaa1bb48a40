//! `/webhooks/{id}`: one webhook and what it was sent.

use super::webhooks::{EnabledBadge, EventsField, NewSecret, told_of};
use crate::app::components::{
    ActionButton, Confirm, EmptyState, FormProblem, LoadError, Loading, Moment, Notice, Outcome, PageHead, Pager, SubmitButton, TextField, Tone, WritersOnly,
    counted, failure, successes,
};
use crate::app::rpc::webhooks::{DeleteWebhook, EnableWebhook, ReplayWebhookDelivery, RotateWebhookSecret, TestWebhook, UpdateWebhook, get_webhook};
use crate::app::rpc::{PageOf, load};
use crate::domain::webhook::{DeliveryStatus, Webhook, WebhookDelivery};
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

page! {
    /// `/webhooks/{id}?cursor=`
    WebhookDetail => WebhookDetailPage
}

/// What can be done on this page.
#[derive(Clone, Copy)]
struct Actions {
    test: ServerAction<TestWebhook>,
    rotate: ServerAction<RotateWebhookSecret>,
    enable: ServerAction<EnableWebhook>,
    update: ServerAction<UpdateWebhook>,
    replay: ServerAction<ReplayWebhookDelivery>,
    delete: ServerAction<DeleteWebhook>,
}

#[component]
fn WebhookDetailPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let actions = Actions {
        test: ServerAction::new(),
        rotate: ServerAction::new(),
        enable: ServerAction::new(),
        update: ServerAction::new(),
        replay: ServerAction::new(),
        delete: ServerAction::new(),
    };
    let (tested, rotated, enabled, replayed) = (successes(actions.test), successes(actions.rotate), successes(actions.enable), successes(actions.replay));
    let updated = successes(actions.update);
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let changes = move || (tested.get(), rotated.get(), enabled.get(), replayed.get(), updated.get());
    let found = load(move || (id.get(), cursor.get(), changes()), |(id, cursor, _)| get_webhook(id, cursor));
    let page = move || {
        Suspend::new(async move {
            match found.await {
                Ok((webhook, deliveries)) => {
                    let for_buttons = StoredValue::new(webhook.clone());
                    view! {
                        <State webhook=webhook.clone()/>
                        <WritersOnly><Buttons webhook=for_buttons.get_value() actions/><Edit webhook=for_buttons.get_value() update=actions.update/></WritersOnly>
                        <Deliveries webhook deliveries actions/>
                    }
                    .into_any()
                }
                Err(error) => view! { <LoadError error retry=move |()| found.refetch()/> }.into_any(),
            }
        })
    };
    let said = move || {
        let delivery = actions.test.value().get()?.ok()?;
        let delivered = delivery.status == DeliveryStatus::Delivered;
        let text = if delivered {
            "The test message was delivered.".to_owned()
        } else {
            delivery.error.unwrap_or_else(|| "The test message was not delivered.".to_owned())
        };
        let tone = if delivered { Tone::Good } else { Tone::Warning };
        Some(view! { <Notice tone><p>{text}</p></Notice> })
    };
    let saved = move || {
        let is_so = query.read().get("saved").is_some() && failure(actions.update).read().is_none();
        is_so.then(|| view! { <Notice tone=Tone::Good><p>"Saved."</p></Notice> })
    };
    let secret = move || actions.rotate.value().get()?.ok();
    view! {
        <PageHead title="Webhook" back=("/webhooks", "Webhooks")/>
        <div class="mb-4 grid gap-3 empty:hidden">
            <FormProblem id="test-problem" error=failure(actions.test)/>
            <FormProblem id="rotate-problem" error=failure(actions.rotate)/>
            <FormProblem id="enable-problem" error=failure(actions.enable)/>
            <FormProblem id="delete-problem" error=failure(actions.delete)/>
        </div>
        <Outcome id="replay-problem" error=failure(actions.replay) done=replayed text="The message is sent again."/>
        <div role="status" class="mb-4 grid gap-3 empty:hidden">{saved}{said}{move || secret().map(|secret| view! { <NewSecret secret/> })}</div>
        <Transition fallback=Loading>{page}</Transition>
    }
}

#[component]
fn State(webhook: Webhook) -> impl IntoView {
    let told = told_of(&webhook);
    let reason = webhook.disabled_reason.clone().map(|reason| view! { <p class="font-medium">{reason}"."</p> });
    let rotation = webhook
        .previous_secret_expires_at
        .map(|at| view! { <p class="text-sm text-base-content/75">"The secret before the present one signs too until "<Moment at=Some(at)/>" UTC."</p> });
    view! {
        <section class="mb-4 grid gap-2 rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="url">
            <div class="flex flex-wrap items-center gap-3"><h2 id="url" class="text-lg font-semibold wrap-anywhere">{webhook.url}</h2><EnabledBadge enabled=webhook.enabled/></div>
            {reason}
            <p class="text-sm wrap-anywhere text-base-content/75">"Told of: "{told}</p>
            {rotation}
        </section>
    }
}

#[component]
fn Buttons(webhook: Webhook, actions: Actions) -> impl IntoView {
    let id = StoredValue::new(String::from(webhook.id));
    let (enable_label, enable) = if webhook.enabled { ("Disable", "false") } else { ("Enable", "true") };
    let hidden = move || view! { <input type="hidden" name="id" value=id.get_value()/> };
    view! {
        <div class="mb-6 flex flex-wrap gap-2">
            <ActionForm action=actions.test>{hidden()}<ActionButton class="btn btn-sm" pending=actions.test.pending()>"Send test"</ActionButton></ActionForm>
            <ActionForm action=actions.enable>
                {hidden()}<input type="hidden" name="enabled" value=enable/>
                <ActionButton class="btn btn-sm" pending=actions.enable.pending()>{enable_label}</ActionButton>
            </ActionForm>
            <Confirm id="rotate".to_owned() button="Rotate secret…" class="" subject=webhook.url.clone() title="Rotate the signing secret?">
                <p>"Messages are signed with a new secret, and for 24 hours with the present one too."</p>
                <noscript><p class="font-medium">"This needs JavaScript: the new secret is shown once, and never written into a page. Without it, use POST /api/v1/webhooks/{id}/rotate-secret."</p></noscript>
                <ActionForm action=actions.rotate attr:class="grid gap-3">
                    {hidden()}<SubmitButton label="Rotate secret" pending=actions.rotate.pending() shown_once=true/>
                </ActionForm>
            </Confirm>
            <Confirm id="delete".to_owned() button="Delete…" subject=webhook.url.clone() title="Delete this webhook?">
                <p>"Nothing more is sent to it, and its deliveries are forgotten."</p>
                <ActionForm action=actions.delete attr:class="grid gap-3">
                    {hidden()}<SubmitButton label="Delete webhook" pending=actions.delete.pending() destructive=true/>
                </ActionForm>
            </Confirm>
        </div>
    }
}

#[component]
fn Edit(webhook: Webhook, update: ServerAction<UpdateWebhook>) -> impl IntoView {
    let failure = failure(update);
    let url_error = Signal::derive(move || failure.get().and_then(|error| error.field("url")));
    // A refused form stays open, whether or not WebAssembly was there to keep it so.
    let open = failure.get_untracked().is_some();
    view! {
        <details class="mb-6 rounded-box border border-base-300 bg-base-100 px-5 py-3" open=open>
            <summary class="w-fit py-1 font-medium">"Change URL and events"</summary>
            <ActionForm action=update attr:class="mt-3 mb-2 grid max-w-2xl gap-4">
                <FormProblem id="update-problem" error=failure/>
                <input type="hidden" name="id" value=String::from(webhook.id)/>
                <TextField id="webhook-url" name="url" label="URL" required=true maxlength=2000 value=webhook.url help="Where messages are posted to. What is under way already goes to the new one too." error=url_error/>
                <EventsField chosen=webhook.events/>
                <div><SubmitButton label="Save" pending=update.pending()/></div>
            </ActionForm>
        </details>
    }
}

#[component]
fn Deliveries(webhook: Webhook, deliveries: PageOf<WebhookDelivery>, actions: Actions) -> impl IntoView {
    if deliveries.items.is_empty() {
        return view! { <EmptyState title="Nothing sent yet"><p>"Deliveries are shown here for 30 days. Send a test to see one."</p></EmptyState> }.into_any();
    }
    let count = counted(deliveries.total, deliveries.total_is_minimum, "delivery", "deliveries");
    let (path, next) = (format!("/webhooks/{}", webhook.id), deliveries.next_cursor);
    let rows: Vec<_> = deliveries.items.into_iter().map(|delivery| view! { <Delivery webhook=String::from(webhook.id.clone()) delivery actions/> }).collect();
    view! {
        <h2 class="mb-1 text-lg font-semibold">"Deliveries"</h2>
        <p class="mb-2 text-sm text-base-content/75">{count}", newest first. Times are UTC."</p>
        <div class="overflow-hidden rounded-box border border-base-300 bg-base-100">
            <table class="table">
                <caption class="sr-only">"Deliveries"</caption>
                <thead class="max-sm:sr-only"><tr>
                    <th scope="col">"Event"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="hidden md:table-cell">"Attempts"</th>
                    <th scope="col" class="hidden sm:table-cell">"When"</th>
                    <th scope="col"><span class="sr-only">"Actions"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager path next/>
    }
    .into_any()
}

#[component]
fn Delivery(webhook: String, delivery: WebhookDelivery, actions: Actions) -> impl IntoView {
    let (class, word) = match delivery.status {
        DeliveryStatus::Delivered => ("badge badge-soft badge-success", "Delivered"),
        DeliveryStatus::Pending => ("badge badge-soft badge-warning", "Pending"),
        DeliveryStatus::Failed => ("badge badge-soft badge-error", "Failed"),
    };
    let next = delivery.next_attempt_at.map(|at| view! { <p class="text-sm text-base-content/75">"Next attempt "<Moment at=Some(at)/></p> });
    let (webhook, id, subject) = (StoredValue::new(webhook), StoredValue::new(String::from(delivery.id)), StoredValue::new(delivery.event_type.clone()));
    view! {
        // On a phone the state and the button stand below, so that the text has the width.
        <tr class="max-sm:grid max-sm:grid-cols-[minmax(0,1fr)_auto] max-sm:items-center max-sm:border-base-300 max-sm:not-last:border-b">
            <td class="w-full max-sm:col-span-2 max-sm:border-0 max-sm:pb-0">
                <p class="font-semibold wrap-anywhere">{delivery.event_type}</p>
                <p class="font-mono text-xs wrap-anywhere text-base-content/75">{delivery.event_id.to_string()}</p>
                {delivery.error.map(|error| view! { <p class="text-sm wrap-anywhere">{error}</p> })}
                {next}
                <p class="text-sm text-base-content/75 sm:hidden"><Moment at=Some(delivery.created_at)/></p>
            </td>
            <td class="max-sm:border-0"><span class=class>{word}</span></td>
            <td class="hidden tabular-nums md:table-cell">{delivery.attempts}</td>
            <td class="hidden sm:table-cell"><Moment at=Some(delivery.created_at)/></td>
            <td class="text-right max-sm:border-0"><WritersOnly>
                <ActionForm action=actions.replay>
                    <input type="hidden" name="id" value=webhook.get_value()/>
                    <input type="hidden" name="delivery" value=id.get_value()/>
                    <button class="btn btn-sm" type="submit">"Replay"<span class="sr-only">" "{subject.get_value()}</span></button>
                </ActionForm>
            </WritersOnly></td>
        </tr>
    }
}
