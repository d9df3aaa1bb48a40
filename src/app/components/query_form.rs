//! Forms that ask a page for something.

use crate::app::browser;
use leptos::ev;
use leptos::prelude::*;
use leptos::text_prop::TextProp;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

/// A form whose input goes into the address of a page, which is then gone to without a reload. The router's own `Form` also posts, and
/// that is much code.
#[component]
pub fn QueryForm(
    /// Path of the page.
    #[prop(into)]
    action: TextProp,
    /// What can be entered.
    children: Children,
) -> impl IntoView {
    let navigate = use_navigate();
    let go = move |event: ev::SubmitEvent| {
        if let Some(address) = browser::address_of_form(&event) {
            event.prevent_default();
            navigate(&address, NavigateOptions::default());
        }
    };
    view! { <form method="get" action=move || action.get() on:submit=go>{children()}</form> }
}
