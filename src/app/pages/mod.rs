//! One file a page. The list of connections is what people open the dashboard for, so its code comes with the frame. The code of
//! the other pages is loaded when they are first gone to, where the bundle was built in pieces
//! (`cargo leptos build --release --split --lib-features split`); otherwise it is all in one file.

/// A route whose page may be in a file of its own.
macro_rules! page {
    ($(#[$doc:meta])* $name:ident => $view:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        #[cfg(feature = "split")]
        #[leptos_router::lazy_route]
        impl leptos_router::LazyRoute for $name {
            fn data() -> Self {
                Self
            }

            fn view(_page: Self) -> AnyView {
                $view().into_any()
            }
        }

        #[cfg(not(feature = "split"))]
        impl leptos_router::LazyRoute for $name {
            fn data() -> Self {
                Self
            }

            async fn view(_page: Self) -> AnyView {
                $view().into_any()
            }
        }
    };
}

mod api_keys;
mod bring_your_own;
mod bulk;
mod connection;
mod connection_actions;
mod connection_new;
mod connection_rows;
mod connections;
mod dev_components;
mod end_user;
mod end_users;
mod events;
mod integration;
mod integrations;
mod oauth_app;
mod reveal;
mod search;
mod settings;
mod settings_checks;
mod snippets;
mod webhook;
mod webhooks;
mod workspace;
mod workspaces;

pub use api_keys::ApiKeys;
pub use bring_your_own::BringYourOwn;
pub use connection::ConnectionDetail;
pub use connection_new::NewConnection;
pub use connections::Connections;
pub use dev_components::DevComponents;
pub use end_user::EndUserDetail;
pub use end_users::EndUsers;
pub use events::Events;
pub use integration::IntegrationPage;
pub use integrations::{Integrations, PickIntegration};
pub use search::Search;
pub use settings::Settings;
pub use webhook::WebhookDetail;
pub use webhooks::Webhooks;
pub use workspace::WorkspacePage;
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
