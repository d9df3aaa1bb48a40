//! `/end-users/{id}`: one user of the customer's product, what they have connected, and a link to connect more.

use crate::app::components::{
    Copyable, EmptyState, Field, FormProblem, HealthBadge, LoadError, Loading, Moment, Notice, PageHead, Session, SubmitButton, Tone, failure,
};
use crate::app::rpc::end_users::{MakeConnectLink, get_end_user};
use crate::app::rpc::integrations::{IntegrationName, integration_names};
use crate::app::rpc::load;
use crate::domain::connection::Connection;
use crate::domain::end_user::EndUser;
use leptos::ev::SubmitEvent;
use leptos::form::FromFormData as _;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;

page! {
    /// `/end-users/{id}`
    EndUserDetail => EndUserPage
}

#[component]
fn EndUserPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let found = load(move || id.get(), get_end_user);
    let names = load(|| (), |()| integration_names());
    let Session(me) = expect_context();
    let page = move || {
        Suspend::new(async move {
            match (found.await, me.await) {
                (Ok((user, workspace, connections)), Ok(me)) => {
                    let names = names.await.unwrap_or_default();
                    let link = me.may_write.then(|| view! { <ConnectLink id=String::from(user.id.clone()) names/> });
                    view! {
                        <PageHead title=user.external_id.clone() back=("/end-users", "End users")/>
                        <div class="grid max-w-3xl grid-cols-[minmax(0,1fr)] gap-6">
                            <Facts user workspace/>
                            {link}
                            <Connections connections/>
                        </div>
                    }
                    .into_any()
                }
                (Err(error), _) | (_, Err(error)) => {
                    view! { <PageHead title="End user" back=("/end-users", "End users")/> <LoadError error retry=move |()| found.refetch()/> }.into_any()
                }
            }
        })
    };
    view! { <Transition fallback=Loading>{page}</Transition> }
}

#[component]
fn Facts(user: EndUser, workspace: String) -> impl IntoView {
    let contact: Vec<String> = [user.display_name, user.email].into_iter().flatten().collect();
    let contact = (!contact.is_empty()).then(|| view! { <p class="wrap-anywhere">{contact.join(" · ")}</p> });
    view! {
        <section class="grid gap-2 rounded-box border border-base-300 bg-base-100 p-5" aria-label="About">
            {contact}
            <p class="text-base-content/75">"Workspace "<A href=format!("/end-users?workspace={}", user.workspace_id) attr:class="link">{workspace}</A>" · registered "<Moment at=Some(user.created_at)/>" UTC"</p>
            <p><Copyable text=String::from(user.id) what="ID"/></p>
        </section>
    }
}

/// The form for a link. Its answer is shown in place; without WebAssembly on a page of its own. It gets into no address either way.
#[component]
fn ConnectLink(id: String, names: Vec<IntegrationName>) -> impl IntoView {
    let make = ServerAction::<MakeConnectLink>::new();
    let failure = failure(make);
    let nothing = Signal::derive(|| None::<String>);
    let submit = move |event: SubmitEvent| {
        if let Ok(wanted) = MakeConnectLink::from_event(&event) {
            event.prevent_default();
            make.dispatch(wanted);
        }
    };
    let options: Vec<_> = names.into_iter().map(|known| view! { <option value=known.name>{known.display_name}</option> }).collect();
    let made = move || {
        make.value().get()?.ok().map(|(link, until)| {
            view! {
                <Notice tone=Tone::Good>
                    <p class="font-semibold">"The link. Copy it now: it is not shown again."</p>
                    <p class="text-base-content"><Copyable text=link what="connect link"/></p>
                    <p class="text-sm">"Until "{until.minute()}" UTC. Whoever has it connects accounts for this end user."</p>
                </Notice>
            }
        })
    };
    view! {
        <section class="grid gap-3 rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="link">
            <h2 id="link" class="text-lg font-semibold">"Connect link"</h2>
            <p class="text-sm text-base-content/75">"Leads this end user to the hosted page, to connect an account of theirs. Send it to them only."</p>
            <form method="post" action="/dashboard/connect-link" class="grid gap-4 sm:grid-cols-[minmax(0,1fr)_12rem_auto] sm:items-end" on:submit=submit>
                <div class="empty:hidden sm:col-span-3"><FormProblem id="link-problem" error=failure/></div>
                <input type="hidden" name="user" value=id/>
                <Field id="link-integration".to_owned() label="Service".to_owned() error=nothing>
                    <select class="select w-full" id="link-integration" name="integration"><option value="">"Their own page: they choose"</option>{options}</select>
                </Field>
                <Field id="link-life".to_owned() label="Valid for".to_owned() error=nothing>
                    <select class="select w-full" id="link-life" name="expires_in">
                        <option value="3600">"1 hour"</option>
                        <option value="86400" selected=true>"1 day"</option>
                        <option value="604800">"7 days"</option>
                    </select>
                </Field>
                <div><SubmitButton label="Make link" pending=make.pending()/></div>
            </form>
            <div role="status" class="empty:hidden">{made}</div>
        </section>
    }
}

#[component]
fn Connections(connections: Vec<Connection>) -> impl IntoView {
    if connections.is_empty() {
        return view! { <EmptyState title="Nothing connected yet"><p>"What they connect is listed here."</p></EmptyState> }.into_any();
    }
    let rows: Vec<_> = connections
        .into_iter()
        .map(|connection| {
            view! {
                <li class="flex flex-wrap items-center justify-between gap-3 border-t border-base-300 py-3 first:border-0">
                    <span class="grid min-w-0">
                        <A href=format!("/connections/{}", connection.id) attr:class="link font-semibold wrap-anywhere">{connection.display_name}</A>
                        <span class="text-sm wrap-anywhere text-base-content/75">{connection.account.map(|account| account.label)}</span>
                    </span>
                    <HealthBadge health=connection.health/>
                </li>
            }
        })
        .collect();
    view! {
        <section class="rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="connections">
            <h2 id="connections" class="mb-2 text-lg font-semibold">"Connections"</h2>
            <ul>{rows}</ul>
        </section>
    }
    .into_any()
}
