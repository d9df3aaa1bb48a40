//! `/integrations`: the catalogue. `/connections/new`: the same, to choose from.

use crate::app::components::{CatalogList, LoadError, Loading, PageHead, WritersOnly};
use crate::app::rpc::integrations::{list_integrations, recent_integrations};
use crate::app::rpc::load;
use leptos::prelude::*;
use leptos_router::components::A;

page! {
    /// `/integrations?q=&category=`
    Integrations => IntegrationsPage
}

#[component]
fn IntegrationsPage() -> impl IntoView {
    view! {
        <PageHead title="Integrations"/>
        <p class="-mt-4 mb-3 text-base-content/75">"What accounts can be connected to. Open one to set up its OAuth app or to see what it asks for."</p>
        <p class="mb-6 min-h-8"><WritersOnly><A href="/integrations/bring-your-own" attr:class="btn btn-sm">"Bring your own service"</A></WritersOnly></p>
        <Cards page="/integrations" leads_to="/integrations" with_recent=false/>
    }
}

page! {
    /// `/connections/new?q=&category=`
    PickIntegration => PickIntegrationPage
}

#[component]
fn PickIntegrationPage() -> impl IntoView {
    view! {
        <PageHead title="Create connection" back=("/connections", "Connections")/>
        <p class="-mt-4 mb-6 text-base-content/75">"Which service?"</p>
        <Cards page="/connections/new" leads_to="/connections/new" with_recent=true/>
    }
}

#[component]
fn Cards(page: &'static str, leads_to: &'static str, with_recent: bool) -> impl IntoView {
    let cards = load(|| (), |()| list_integrations());
    let recent = load(|| (), move |()| async move { if with_recent { recent_integrations().await.unwrap_or_default() } else { Vec::new() } });
    let list = move || {
        Suspend::new(async move {
            match cards.await {
                Ok(cards) => view! { <CatalogList cards page leads_to recent=recent.await/> }.into_any(),
                Err(error) => view! { <LoadError error retry=move |()| cards.refetch()/> }.into_any(),
            }
        })
    };
    view! { <Transition fallback=Loading>{list}</Transition> }
}
