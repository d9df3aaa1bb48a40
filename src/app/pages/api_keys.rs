//! `/api-keys`: what applications sign in with.

use crate::app::components::{
    Confirm, Copyable, EmptyState, FormProblem, LoadError, Loading, Moment, Notice, Outcome, PageHead, SubmitButton, TextField, Tone, WorkspaceField,
    WritersOnly, empty_after, failure, successes,
};
use crate::app::rpc::api_keys::{CreateApiKey, DeleteApiKey, list_api_keys};
use crate::app::rpc::load;
use crate::app::rpc::workspaces::{WorkspaceName, workspace_names};
use crate::domain::api_key::ApiKey;
use leptos::form::ActionForm;
use leptos::prelude::*;

page! {
    /// `/api-keys`
    ApiKeys => ApiKeysPage
}

#[component]
fn ApiKeysPage() -> impl IntoView {
    let create = ServerAction::<CreateApiKey>::new();
    let delete = ServerAction::<DeleteApiKey>::new();
    let (created, deleted) = (successes(create), successes(delete));
    empty_after(created, "key-name");
    let keys = load(move || (created.get(), deleted.get()), |_| list_api_keys());
    let workspaces = load(|| (), |()| workspace_names());
    let list = move || {
        Suspend::new(async move {
            match (keys.await, workspaces.await) {
                (Ok(keys), _) if keys.is_empty() => {
                    view! { <EmptyState title="No API keys yet"><p>"Your backend signs in with an API key. Create one below."</p></EmptyState> }.into_any()
                }
                (Ok(keys), workspaces) => view! { <Rows keys workspaces=workspaces.unwrap_or_default() delete/> }.into_any(),
                (Err(error), _) => view! { <LoadError error retry=move |()| keys.refetch()/> }.into_any(),
            }
        })
    };
    let form = move || {
        Suspend::new(async move {
            view! { <Create create workspaces=workspaces.await.unwrap_or_default()/> }
        })
    };
    view! {
        <PageHead title="API keys"><a class="btn" href="/docs/api" rel="external">"API reference"</a></PageHead>
        <Outcome id="delete-problem" error=failure(delete) done=deleted text="Key deleted. It has stopped working."/>
        <div role="status" class="mb-4 empty:hidden"><NewKey create/></div>
        <Transition fallback=Loading>{list}</Transition>
        <WritersOnly><Suspense>{form}</Suspense></WritersOnly>
    }
}

/// The key that was just made. It is in this page's memory only, and gone with it.
#[component]
fn NewKey(create: ServerAction<CreateApiKey>) -> impl IntoView {
    let shown = move || {
        let (key, plain) = create.value().get()?.ok()?;
        Some(view! {
            <Notice tone=Tone::Good>
                <p class="font-semibold">{format!("The key \"{}\". Copy it now: it is not shown again.", key.name)}</p>
                <p class="text-base-content"><Copyable text=plain what="API key"/></p>
            </Notice>
        })
    };
    view! { {shown} }
}

/// What a key may do, in words.
fn rights(key: &ApiKey, workspaces: &[WorkspaceName]) -> String {
    let ids: Vec<&str> =
        key.permissions.get("workspaceIds").and_then(serde_json::Value::as_array).into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    let names: Vec<String> =
        ids.iter().map(|id| workspaces.iter().find(|known| known.id == *id).map_or_else(|| (*id).to_owned(), |known| known.name.clone())).collect();
    let reach = if names.is_empty() { "Everything".to_owned() } else { names.join(", ") };
    let reads = key.permissions.pointer("/credentials/read").and_then(serde_json::Value::as_bool) == Some(true);
    if reads { format!("{reach} · reads credentials") } else { reach }
}

#[component]
fn Rows(keys: Vec<ApiKey>, workspaces: Vec<WorkspaceName>, delete: ServerAction<DeleteApiKey>) -> impl IntoView {
    let rows: Vec<_> = keys
        .into_iter()
        .map(|key| {
            let rights = rights(&key, &workspaces);
            let for_delete = StoredValue::new(key.clone());
            view! {
                <tr>
                    <td>
                        <p class="font-semibold break-words">{key.name}</p>
                        <p class="font-mono text-sm text-base-content/75">{key.key_prefix}"…"</p>
                        <p class="text-sm break-words text-base-content/75 sm:hidden">{rights.clone()}</p>
                    </td>
                    <td class="hidden sm:table-cell">{rights}</td>
                    <td class="hidden md:table-cell"><Moment at=key.last_used_at/></td>
                    <td class="hidden lg:table-cell"><Moment at=Some(key.created_at)/></td>
                    <td class="text-right"><WritersOnly><Delete key=for_delete.get_value() delete/></WritersOnly></td>
                </tr>
            }
        })
        .collect();
    view! {
        <div class="overflow-hidden rounded-box border border-base-300 bg-base-100">
            <table class="table">
                <caption class="sr-only">"API keys"</caption>
                <thead><tr>
                    <th scope="col">"Name"</th>
                    <th scope="col" class="hidden sm:table-cell">"May see"</th>
                    <th scope="col" class="hidden md:table-cell">"Last used (UTC)"</th>
                    <th scope="col" class="hidden lg:table-cell">"Created (UTC)"</th>
                    <th scope="col"><span class="sr-only">"Actions"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Delete(key: ApiKey, delete: ServerAction<DeleteApiKey>) -> impl IntoView {
    let id = String::from(key.id);
    view! {
        <Confirm id=format!("delete-{id}") button="Delete…" subject=key.name.clone() title=format!("Delete the key {}?", key.name)>
            <p>"Whatever signs in with it stops working at once."</p>
            <ActionForm action=delete attr:class="grid gap-3">
                <input type="hidden" name="id" value=id/>
                <SubmitButton label="Delete key" pending=delete.pending() destructive=true/>
            </ActionForm>
        </Confirm>
    }
}

#[component]
fn Create(create: ServerAction<CreateApiKey>, workspaces: Vec<WorkspaceName>) -> impl IntoView {
    let failure = failure(create);
    let error_at = move |path: &'static str| Signal::derive(move || failure.get().and_then(|error| error.field(path)));
    view! {
        <section class="mt-6 rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="create">
            <h2 id="create" class="mb-3 text-lg font-semibold">"Create API key"</h2>
            <noscript><p class="mb-3 font-medium">"This form needs JavaScript: the new key is shown once, and never written into a page. On the server, use: keyloom api-key create --name NAME"</p></noscript>
            <ActionForm action=create attr:class="grid max-w-md gap-4">
                <FormProblem id="key-problem" error=failure/>
                <TextField id="key-name" name="name" label="Name" required=true placeholder="Production backend".to_owned() help="What it is used by." error=error_at("name")/>
                <WorkspaceField id="key-workspace" name="workspace" nothing="All: the whole organisation" help="A limited key sees nothing outside its workspace." workspaces error=error_at("permissions")/>
                <label class="flex items-start gap-3 text-sm">
                    <input class="checkbox" type="checkbox" name="credentials_read" value="true"/>
                    <span><span class="block font-semibold">"May read credentials"</span><span class="text-base-content/75">"Hands out tokens and keys in the clear. Every read is recorded."</span></span>
                </label>
                <div><SubmitButton label="Create API key" pending=create.pending() shown_once=true/></div>
            </ActionForm>
        </section>
    }
}
