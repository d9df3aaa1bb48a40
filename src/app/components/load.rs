//! The states of a list besides being full: loading, empty, failed; and short messages.

use crate::app::rpc::RpcError;
use leptos::prelude::*;
use std::pin::Pin;

/// While something loads: the count and a few rows, where they will be, so that the page does not jump. In a section, which is a
/// box already, the rows alone.
#[component]
pub fn Loading() -> impl IntoView {
    const ROW: &str = "flex items-center gap-3 px-3 py-4 in-[section]:px-0";
    let row = || {
        view! {
            <div class=ROW>
                <span class="skeleton size-9 shrink-0"></span>
                <span class="grid grow gap-2"><span class="skeleton h-4 w-2/5"></span><span class="skeleton h-3 w-1/4"></span></span>
            </div>
        }
    };
    view! {
        <div role="status">
            <span class="sr-only">"Loading…"</span>
            <div class="skeleton mb-2.5 h-4.5 w-56 in-[section]:hidden"></div>
            <div class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100 in-[section]:border-0">{row()} {row()} {row()} {row()}</div>
        </div>
    }
}

/// While the search above a list loads: its inputs, where they will be.
#[component]
pub fn LoadingSearch() -> impl IntoView {
    view! {
        <div class="mb-4 grid grid-cols-2 gap-x-3 gap-y-9.5 pt-6.5 max-md:pb-0 md:flex" aria-hidden="true">
            <div class="skeleton col-span-2 h-10 md:w-72"></div>
            <div class="skeleton h-10 md:w-48"></div>
            <div class="skeleton h-10 md:w-40"></div>
            <div class="skeleton col-span-2 h-10 max-md:-mt-6.5 md:w-28"></div>
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
            <div class="grid min-w-0 justify-items-start gap-3 wrap-anywhere">
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
        Tone::Plain => "alert border border-base-300 bg-base-100",
        Tone::Warning => "alert alert-soft alert-warning",
        Tone::Bad => "alert alert-soft alert-error",
    };
    view! { <div class=class><div class="grid min-w-0 grid-cols-[minmax(0,1fr)] justify-items-start gap-2 wrap-anywhere">{children()}</div></div> }
}
