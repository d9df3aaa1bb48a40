//! Copying text. Without JavaScript the text is there to be selected, and the button is not.

use super::Ready;
use crate::app::browser;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// A button that copies `text`.
#[component]
pub fn CopyButton(
    /// What it copies.
    text: String,
    /// What that is, for readers: `callback URL`.
    what: &'static str,
) -> impl IntoView {
    let ready = expect_context::<Ready>();
    let said = RwSignal::new("Copy");
    let click = move |_| {
        let text = text.clone();
        spawn_local(async move {
            said.set(if browser::copy(&text).await { "Copied" } else { "Press Ctrl+C" });
            browser::sleep(2000).await;
            said.try_set("Copy");
        });
    };
    view! {
        <button type="button" class="btn btn-sm" hidden=move || !ready.get() on:click=click>
            <span aria-live="polite">{said}</span>
            <span class="sr-only">" "{what}</span>
        </button>
    }
}

/// Text that is meant to be copied, with its button.
#[component]
pub fn Copyable(
    /// The text.
    text: String,
    /// What that is, for readers: `callback URL`.
    what: &'static str,
) -> impl IntoView {
    view! {
        <span class="inline-flex max-w-full flex-wrap items-center gap-2">
            <code class="rounded-field bg-base-200 px-2 py-1 text-sm break-all select-all">{text.clone()}</code>
            <CopyButton text=text what=what/>
        </span>
    }
}
