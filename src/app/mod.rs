//! The dashboard: rendered on the server, alive in the browser. `pages/` one file a page, `components/` what pages share, `rpc/`
//! every server function, `words.rs` what things are called, `browser.rs` the only code that touches the browser's own interfaces.

pub mod browser;
pub mod components;
pub mod pages;
pub mod rpc;
pub mod words;

use components::Layout;
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use leptos_meta::MetaTags;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Redirect, Route, Router, Routes};
use leptos_router::path;
use leptos_router::{Lazy, SsrMode};

/// The document around the app. Only the server calls it.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let nonce = use_nonce();
    if let (Some(nonce), Some(response)) = (&nonce, use_context::<leptos_axum::ResponseOptions>())
        && let Ok(policy) = http::HeaderValue::try_from(crate::server::security::dashboard_policy(nonce))
    {
        response.insert_header(http::header::CONTENT_SECURITY_POLICY, policy);
    }
    let stylesheet = format!("/{}/keyloom.css", options.site_pkg_dir);
    view! {
        <!DOCTYPE html>
        <html lang="en" dir="ltr">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" id="leptos" href=stylesheet/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The dashboard. Every page is rendered whole before it is sent: it has to be complete without WebAssembly, and its status code
/// is only known when its data is.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| format!("{title} · Keyloom")/>
        <Router>
            <Routes fallback=pages::NotFound>
                <ParentRoute path=path!("") view=Layout>
                    <Route path=path!("/") view=|| view! { <Redirect path="/connections"/> }/>
                    <Route path=path!("/connections") view=pages::Connections ssr=SsrMode::Async/>
                    <Route path=path!("/connections/new") view={Lazy::<pages::PickIntegration>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/connections/new/:integration") view={Lazy::<pages::NewConnection>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/connections/:id") view={Lazy::<pages::ConnectionDetail>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/integrations") view={Lazy::<pages::Integrations>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/integrations/bring-your-own") view={Lazy::<pages::BringYourOwn>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/integrations/:name") view={Lazy::<pages::IntegrationPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/end-users") view={Lazy::<pages::EndUsers>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/end-users/:id") view={Lazy::<pages::EndUserDetail>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/workspaces") view={Lazy::<pages::Workspaces>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/workspaces/:id") view={Lazy::<pages::WorkspacePage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/settings") view={Lazy::<pages::Settings>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/search") view={Lazy::<pages::Search>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/dev/components") view={Lazy::<pages::DevComponents>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/api-keys") view={Lazy::<pages::ApiKeys>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/events") view={Lazy::<pages::Events>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/webhooks") view={Lazy::<pages::Webhooks>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/webhooks/:id") view={Lazy::<pages::WebhookDetail>::new()} ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
