//! `/end-users`: users of the customer's product, registered with their first connection or connect token.

use crate::app::components::{EmptyState, LoadError, Loading, Moment, PageHead, Pager, counted};
use crate::app::rpc::end_users::list_end_users;
use crate::app::rpc::workspaces::{WorkspaceName, workspace_names};
use crate::app::rpc::{PageOf, load};
use crate::domain::end_user::EndUser;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;

page! {
    /// `/end-users?workspace=&cursor=`
    EndUsers => EndUsersPage
}

#[component]
fn EndUsersPage() -> impl IntoView {
    let query = use_query_map();
    let wanted = Memo::new(move |_| {
        let query = query.read();
        (query.get("workspace"), query.get("cursor"))
    });
    let users = load(move || wanted.get(), |(workspace, cursor)| list_end_users(workspace, cursor));
    let workspaces = load(|| (), |()| workspace_names());
    let list = move || {
        Suspend::new(async move {
            match (users.await, workspaces.await) {
                (Ok(page), _) if page.items.is_empty() => view! {
                    <EmptyState title="No end users here yet"><p>"An end user is registered when a connection or a connect token is first made for them (endUserId)."</p></EmptyState>
                }
                .into_any(),
                (Ok(page), workspaces) => view! { <Rows page workspaces=workspaces.unwrap_or_default()/> }.into_any(),
                (Err(error), _) => view! { <LoadError error retry=move |()| users.refetch()/> }.into_any(),
            }
        })
    };
    view! {
        <PageHead title="End users"/>
        <Transition fallback=Loading>{list}</Transition>
    }
}

#[component]
fn Rows(page: PageOf<EndUser>, workspaces: Vec<WorkspaceName>) -> impl IntoView {
    let count = counted(page.total, page.total_is_minimum, "end user", "end users");
    let next = page.next_cursor;
    let rows: Vec<_> = page
        .items
        .into_iter()
        .map(|user| {
            let workspace = workspaces
                .iter()
                .find(|workspace| workspace.id == user.workspace_id.as_str())
                .map_or_else(|| user.workspace_id.to_string(), |workspace| workspace.name.clone());
            let contact: Vec<String> = [user.display_name, user.email].into_iter().flatten().collect();
            view! {
                <tr class="relative hover:bg-base-200">
                    <td>
                        <A href=format!("/end-users/{}", user.id) attr:class="row-link font-semibold break-all">{user.external_id}</A>
                        <p class="text-sm break-words text-base-content/75">{contact.join(" · ")}</p>
                        <p class="text-sm break-words text-base-content/75 sm:hidden">{workspace.clone()}</p>
                    </td>
                    <td class="hidden sm:table-cell">{workspace}</td>
                    <td class="text-right tabular-nums">{user.connection_count}</td>
                    <td class="hidden md:table-cell"><Moment at=Some(user.created_at)/></td>
                </tr>
            }
        })
        .collect();
    view! {
        <p class="mb-2 text-sm text-base-content/75" role="status">{count}", newest first. Open one to make a connect link for them."</p>
        <div class="overflow-hidden rounded-box border border-base-300 bg-base-100">
            <table class="table">
                <caption class="sr-only">"End users"</caption>
                <thead><tr>
                    <th scope="col">"External ID"</th>
                    <th scope="col" class="hidden sm:table-cell">"Workspace"</th>
                    <th scope="col" class="text-right">"Connections"</th>
                    <th scope="col" class="hidden md:table-cell">"Registered (UTC)"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager path="/end-users" next/>
    }
}
