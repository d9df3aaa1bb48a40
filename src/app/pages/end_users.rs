//! `/end-users`: users of the customer's product, registered with their first connection or connect token.

use crate::app::components::{EmptyState, LoadError, Loading, Moment, PageHead};
use crate::app::rpc::workspaces::{list_end_users, list_workspaces};
use crate::domain::end_user::EndUser;
use crate::domain::workspace::Workspace;
use leptos::prelude::*;
use leptos_router::components::A;

page! {
    /// `/end-users`
    EndUsers => EndUsersPage
}

#[component]
fn EndUsersPage() -> impl IntoView {
    let users = Resource::new(|| (), |()| list_end_users(None));
    let workspaces = Resource::new(|| (), |()| list_workspaces());
    let list = move || {
        Suspend::new(async move {
            match (users.await, workspaces.await) {
                (Ok(users), _) if users.is_empty() => view! {
                    <EmptyState title="No end users yet"><p>"An end user is registered when a connection or a connect token is first made for them (endUserId)."</p></EmptyState>
                }
                .into_any(),
                (Ok(users), workspaces) => view! { <Rows users workspaces=workspaces.unwrap_or_default()/> }.into_any(),
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
fn Rows(users: Vec<EndUser>, workspaces: Vec<Workspace>) -> impl IntoView {
    let rows: Vec<_> = users
        .into_iter()
        .map(|user| {
            let workspace = workspaces
                .iter()
                .find(|workspace| workspace.id == user.workspace_id)
                .map_or_else(|| user.workspace_id.to_string(), |workspace| workspace.name.clone());
            let contact: Vec<String> = [user.display_name, user.email].into_iter().flatten().collect();
            view! {
                <tr>
                    <td>
                        <p class="font-semibold break-all">{user.external_id}</p>
                        <p class="text-sm break-words text-base-content/75">{contact.join(" · ")}</p>
                        <p class="text-sm break-words text-base-content/75 sm:hidden">{workspace.clone()}</p>
                    </td>
                    <td class="hidden sm:table-cell"><A href=format!("/connections?workspace={}", user.workspace_id) attr:class="link">{workspace}</A></td>
                    <td class="text-right tabular-nums">{user.connection_count}</td>
                    <td class="hidden md:table-cell"><Moment at=Some(user.created_at)/></td>
                </tr>
            }
        })
        .collect();
    view! {
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
    }
}
