//! One file a page. The list of connections is what people open the dashboard for, so its code comes with the frame; that of every
//! other page is loaded when it is first gone to (`cargo leptos build --release --split`).

mod api_keys;
mod connection;
mod connection_actions;
mod connection_new;
mod connections;
mod end_users;
mod integration;
mod integrations;
mod oauth_app;
mod snippets;
mod workspaces;

pub use api_keys::ApiKeys;
pub use connection::ConnectionDetail;
pub use connection_new::NewConnection;
pub use connections::Connections;
pub use end_users::EndUsers;
pub use integration::IntegrationPage;
pub use integrations::{Integrations, PickIntegration};
pub use workspaces::Workspaces;

use leptos::prelude::*;
use leptos_meta::Title;

/// A path that there is nothing at. The server answers such paths itself; this is for links inside the dashboard.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found"/>
        <main class="grid min-h-dvh place-content-center gap-3 bg-base-200 p-6 text-center">
            <h1 class="text-2xl font-semibold">"There is nothing here"</h1>
            <p><a class="link" href="/connections">"Go to connections"</a></p>
        </main>
    }
}
