//! The workspace switcher: one workspace in all lists that know workspaces. It is in the address (`workspace=`), so that it can be
//! linked to; the navigation takes it along.

use super::{QueryForm, Ready, WhenLoaded};
use crate::app::browser;
use crate::app::rpc::workspaces::{WorkspaceName, workspace_names};
use crate::app::rpc::{Loaded, RpcResult, load};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};

/// Pages whose list is narrowed to the workspace in their address.
const SCOPED: [&str; 3] = ["/connections", "/end-users", "/events"];

/// What the workspaces are called, and which one is chosen, for whatever is below the layout.
#[derive(Clone, Copy)]
pub struct Workspaces {
    names: Loaded<RpcResult<Vec<WorkspaceName>>>,
    /// Id or slug; empty: all.
    chosen: Memo<String>,
}

impl Workspaces {
    /// Loads the names, once for the frame and its pages.
    pub fn provide() -> Self {
        let path = use_location().pathname;
        let query = use_query_map();
        // Pages of one thing have no workspace in their address: what was chosen before holds on.
        let chosen = Memo::new(move |before: Option<&String>| {
            let said = query.read().get("workspace");
            match (said, before) {
                (Some(said), _) => said,
                (None, Some(before)) if !SCOPED.contains(&path.read().as_str()) => before.clone(),
                (None, _) => String::new(),
            }
        });
        let workspaces = Self { names: load(|| (), |()| workspace_names()), chosen };
        provide_context(workspaces);
        workspaces
    }

    /// Which is chosen: id or slug; empty: all.
    pub fn chosen(self) -> Memo<String> {
        self.chosen
    }

    /// `path`, with the workspace where that page knows it.
    pub fn scoped(self, path: &str) -> String {
        let chosen = self.chosen.get();
        if chosen.is_empty() || !SCOPED.contains(&path) { path.to_owned() } else { format!("{path}?workspace={chosen}") }
    }
}

/// The menu. It leads to the same list, or from elsewhere to connections. Before WebAssembly has taken over, or without it, a button
/// appears beside it as soon as another workspace is chosen; what is chosen in that time, and not sent, is gone to afterwards.
#[component]
pub fn WorkspaceSwitcher(
    /// Id of the menu, unique on the page.
    id: &'static str,
) -> impl IntoView {
    let workspaces = expect_context::<Workspaces>();
    let ready = expect_context::<Ready>();
    let path = use_location().pathname;
    let action = move || {
        let path = path.get();
        if SCOPED.contains(&path.as_str()) { path } else { "/connections".to_owned() }
    };
    let menu = move || {
        async move {
            let names = workspaces.names.await.unwrap_or_default();
            if names.is_empty() {
                return ().into_any();
            }
            let chosen = workspaces.chosen;
            Effect::new(move |before: Option<()>| {
                chosen.track();
                match before {
                    None => browser::submit_changed(id),
                    // Gone back, or elsewhere by a link: a menu that was used shows what was last chosen in it.
                    Some(()) => browser::reset_form_of(id),
                }
            });
            let nothing = move || chosen.with(String::is_empty);
            let options: Vec<_> = names
                .into_iter()
                .map(|known| {
                    let (own_id, slug) = (known.id.clone(), known.slug);
                    let selected = move || chosen.with(|chosen| *chosen == own_id || *chosen == slug);
                    view! { <option value=known.id selected=selected>{known.name}</option> }.into_any()
                })
                .collect();
            view! {
                <QueryForm action attr:class="goes-to grid gap-1 pb-3">
                    <label class="px-3 text-xs font-semibold text-base-content/75" for=id>"Workspace"</label>
                    <span class="flex gap-2">
                        <select class="select select-sm w-full min-w-0" id=id name="workspace" autocomplete="off" on:change=|event| browser::submit_form_of(&event)>
                            <option value="" selected=nothing>"All workspaces"</option>
                            {options}
                        </select>
                        {move || (!ready.get()).then(|| view! { <button class="btn btn-sm">"Switch"</button> }.into_any())}
                    </span>
                </QueryForm>
            }
            .into_any()
        }
    };
    view! { <WhenLoaded view=menu/> }
}
