//! `/workspaces`: who connections are kept apart by.

use crate::app::components::{
    Confirm, EmptyState, FormProblem, LoadError, Loading, Moment, Outcome, PageHead, Pager, SubmitButton, TextField, WritersOnly, counted, empty_after,
    failure, successes,
};
use crate::app::rpc::workspaces::{CreateWorkspace, DeleteWorkspace, list_workspaces};
use crate::app::rpc::{PageOf, load};
use crate::domain::workspace::Workspace;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;

page! {
    /// `/workspaces?cursor=`
    Workspaces => WorkspacesPage
}

#[component]
fn WorkspacesPage() -> impl IntoView {
    let create = ServerAction::<CreateWorkspace>::new();
    let delete = ServerAction::<DeleteWorkspace>::new();
    let (created, deleted) = (successes(create), successes(delete));
    empty_after(created, "workspace-name");
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let rows = load(move || (created.get(), deleted.get(), cursor.get()), |(.., cursor)| list_workspaces(cursor));
    let list = move || {
        Suspend::new(async move {
            match rows.await {
                Ok(page) if page.items.is_empty() => view! {
                    <EmptyState title="No workspaces yet"><p>"A workspace is a customer of yours, or a team: its connections are encrypted under a key of its own, and API keys can be limited to it. Create one below."</p></EmptyState>
                }
                .into_any(),
                Ok(page) => view! { <Rows page delete/> }.into_any(),
                Err(error) => view! { <LoadError error retry=move |()| rows.refetch()/> }.into_any(),
            }
        })
    };
    view! {
        <PageHead title="Workspaces"/>
        <Outcome id="delete-problem" error=failure(delete) done=deleted text="Workspace deleted."/>
        <Transition fallback=Loading>{list}</Transition>
        <WritersOnly><Create create/></WritersOnly>
    }
}

#[component]
fn Rows(page: PageOf<Workspace>, delete: ServerAction<DeleteWorkspace>) -> impl IntoView {
    let count = counted(page.total, page.total_is_minimum, "workspace", "workspaces");
    let next = page.next_cursor;
    let rows: Vec<_> = page
        .items
        .into_iter()
        .map(|workspace| {
            let settings = format!("/workspaces/{}", workspace.id);
            let connections = format!("/connections?workspace={}", workspace.id);
            let for_delete = StoredValue::new(workspace.clone());
            let (slug, same_slug) = (workspace.slug.clone(), workspace.slug.clone());
            view! {
                <tr>
                    <td>
                        <p class="font-semibold break-words">{workspace.name}</p>
                        <p class="text-sm break-all text-base-content/75">{workspace.slug}</p>
                        <p class="mt-1 flex gap-4 text-sm">
                            <A href=settings attr:class="link">"Settings"<span class="sr-only">" of "{slug}</span></A>
                            <A href=connections attr:class="link">"Connections"<span class="sr-only">" of "{same_slug}</span></A>
                        </p>
                    </td>
                    <td class="hidden font-mono text-sm break-all md:table-cell">{String::from(workspace.id)}</td>
                    <td class="hidden sm:table-cell"><Moment at=Some(workspace.created_at)/></td>
                    <td class="text-right"><WritersOnly><Delete workspace=for_delete.get_value() delete/></WritersOnly></td>
                </tr>
            }
        })
        .collect();
    view! {
        <p class="mb-2 text-sm text-base-content/75" role="status">{count}", newest first."</p>
        <div class="overflow-hidden rounded-box border border-base-300 bg-base-100">
            <table class="table">
                <caption class="sr-only">"Workspaces"</caption>
                <thead><tr>
                    <th scope="col">"Name and slug"</th>
                    <th scope="col" class="hidden md:table-cell">"ID"</th>
                    <th scope="col" class="hidden sm:table-cell">"Created (UTC)"</th>
                    <th scope="col"><span class="sr-only">"Actions"</span></th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager path="/workspaces" next/>
    }
}

#[component]
fn Delete(workspace: Workspace, delete: ServerAction<DeleteWorkspace>) -> impl IntoView {
    let id = String::from(workspace.id);
    view! {
        <Confirm id=format!("delete-{id}") button="Delete…" subject=workspace.name.clone() title=format!("Delete {}?", workspace.name)>
            <p>"A workspace that still has connections is not deleted: delete those first. This cannot be undone."</p>
            <ActionForm action=delete attr:class="grid gap-3">
                <input type="hidden" name="id" value=id/>
                <SubmitButton label="Delete workspace" pending=delete.pending() destructive=true/>
            </ActionForm>
        </Confirm>
    }
}

#[component]
fn Create(create: ServerAction<CreateWorkspace>) -> impl IntoView {
    let failure = failure(create);
    let error_at = move |path: &'static str| Signal::derive(move || failure.get().and_then(|error| error.field(path)));
    view! {
        <section class="mt-6 rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="create">
            <h2 id="create" class="mb-3 text-lg font-semibold">"Create workspace"</h2>
            <ActionForm action=create attr:class="grid max-w-md gap-4">
                <FormProblem id="workspace-problem" error=failure/>
                <TextField id="workspace-name" name="name" label="Name" required=true help="Shown to end users on the hosted page, as the one who asks." error=error_at("name")/>
                <TextField id="workspace-slug" name="slug" label="Slug" required=true maxlength=63 placeholder="acme".to_owned() help="Lower-case letters, digits and hyphens. Taken wherever the ID is." error=error_at("slug")/>
                <div><SubmitButton label="Create workspace" pending=create.pending()/></div>
            </ActionForm>
        </section>
    }
}
