//! The states of a list besides being full: loading, empty, failed; and short messages.

use crate::app::rpc::RpcError;
use leptos::prelude::*;
use std::pin::Pin;

/// While something loads: as high as a few rows, so that the page does not jump.
#[component]
pub fn Loading() -> impl IntoView {
    view! {
        <div class="grid gap-3" role="status">
            <span class="sr-only">"Loading…"</span>
            <div class="skeleton h-12"></div>
            <div class="skeleton h-12"></div>
            <div class="skeleton h-12"></div>
            <div class="skeleton h-12"></div>
        </div>
    }
}

/// What needs data, drawn when that is there. Loaded again, the page keeps what it shows until then. In one form for everything that
/// waits: each other type of it would cost the browser a few kilobytes.
#[component]
pub fn WhenLoaded<V, F>(
    /// Waits, and draws.
    view: V,
    /// Stands there meanwhile.
    #[prop(optional, into)]
    fallback: ViewFnOnce,
) -> impl IntoView
where
    V: Fn() -> F + Send + 'static,
    F: Future<Output = AnyView> + Send + 'static,
{
    drawn_later(Box::new(move || Box::pin(view())), fallback)
}

type Later = Pin<Box<dyn Future<Output = AnyView> + Send>>;

fn drawn_later(view: Box<dyn Fn() -> Later + Send>, fallback: ViewFnOnce) -> AnyView {
    view! { <Transition fallback>{move || Suspend::new(view())}</Transition> }.into_any()
}

/// Nothing there: what that means and what to do.
#[component]
pub fn EmptyState(
    /// What is not there.
    title: &'static str,
    /// What to do, as text and links.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="rounded-box border border-dashed border-base-content/40 px-6 py-12 text-center">
            <h2 class="text-lg font-semibold">{title}</h2>
            <div class="mx-auto mt-2 grid max-w-prose justify-items-center gap-4 text-base-content/75">{children()}</div>
        </div>
    }
}

/// Something could not be loaded: why, and a way on.
#[component]
pub fn LoadError(
    /// Why.
    error: RpcError,
    /// Loads it again. Without WebAssembly the browser reloads the page.
    #[prop(into)]
    retry: Callback<()>,
) -> impl IntoView {
    let signed_out = error.is_signed_out();
    let way_on = if signed_out {
        view! { <a class="btn btn-sm" href="/login" rel="external">"Sign in again"</a> }.into_any()
    } else {
        let again = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            retry.run(());
        };
        view! { <a class="btn btn-sm" href="" rel="external" on:click=again>"Try again"</a> }.into_any()
    };
    view! {
        <div class="alert alert-soft alert-error items-start" role="alert">
            <div class="grid gap-3 justify-items-start">
                <p>{error.message()}</p>
                {way_on}
            </div>
        </div>
    }
}

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It worked.
    Good,
    /// Neither.
    Plain,
    /// Look at this.
    Warning,
    /// It did not work.
    Bad,
}

/// A short message.
#[component]
pub fn Notice(
    /// How it is meant.
    tone: Tone,
    /// What it says.
    children: Children,
) -> impl IntoView {
    let class = match tone {
        Tone::Good => "alert alert-soft alert-success",
        Tone::Plain => "alert",
        Tone::Warning => "alert alert-soft alert-warning",
        Tone::Bad => "alert alert-soft alert-error",
    };
    view! { <div class=class><div class="grid gap-2 justify-items-start">{children()}</div></div> }
}
