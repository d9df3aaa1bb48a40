//! `/integrations`: the catalogue. `/connections/new`: the same, to choose from.

use crate::app::components::{CatalogList, LoadError, Loading, PageHead};
use crate::app::rpc::integrations::list_integrations;
use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

/// `/integrations?q=&category=`
#[derive(Debug)]
pub struct Integrations;

#[lazy_route]
impl LazyRoute for Integrations {
    fn data() -> Self {
        Self
    }

    fn view(_page: Self) -> AnyView {
        view! { <IntegrationsPage/> }.into_any()
    }
}

#[component]
fn IntegrationsPage() -> impl IntoView {
    view! {
        <PageHead title="Integrations"/>
        <p class="-mt-4 mb-6 text-base-content/75">"What accounts can be connected to. Open one to set up its OAuth app or to see what it asks for."</p>
        <Cards page="/integrations" leads_to="/integrations"/>
    }
}

/// `/connections/new?q=&category=`
#[derive(Debug)]
pub struct PickIntegration;

#[lazy_route]
impl LazyRoute for PickIntegration {
    fn data() -> Self {
        Self
    }

    fn view(_page: Self) -> AnyView {
        view! { <PickIntegrationPage/> }.into_any()
    }
}

#[component]
fn PickIntegrationPage() -> impl IntoView {
    view! {
        <PageHead title="Create connection" back=("/connections", "Connections")/>
        <p class="-mt-4 mb-6 text-base-content/75">"Which service?"</p>
        <Cards page="/connections/new" leads_to="/connections/new"/>
    }
}

#[component]
fn Cards(page: &'static str, leads_to: &'static str) -> impl IntoView {
    let cards = Resource::new(|| (), |()| list_integrations());
    let list = move || {
        Suspend::new(async move {
            match cards.await {
                Ok(cards) => view! { <CatalogList cards page leads_to/> }.into_any(),
                Err(error) => view! { <LoadError error retry=move |()| cards.refetch()/> }.into_any(),
            }
        })
    };
    view! { <Transition fallback=Loading>{list}</Transition> }
}
