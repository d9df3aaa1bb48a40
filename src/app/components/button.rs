//! Buttons that send forms. They wait while their form is on its way.

use super::Ready;
use leptos::prelude::*;

/// Keeps a button from sending its form once more while that is on its way. `disabled` would do so too, but take the focus away from
/// whoever pressed it.
fn not_twice(pending: Signal<bool>) -> impl Fn(leptos::ev::MouseEvent) + Copy {
    move |event| {
        if pending.get_untracked() {
            event.prevent_default();
        }
    }
}

/// A button beside others, each of which sends a form of its own. It waits while the form is on its way.
#[component]
pub fn ActionButton(
    /// How it looks.
    #[prop(default = "btn")]
    class: &'static str,
    /// Whether the form is on its way.
    #[prop(into)]
    pending: Signal<bool>,
    /// What it does.
    children: Children,
) -> impl IntoView {
    view! {
        <button type="submit" class=format!("{class} {WAITING}") aria-disabled=move || pending.get().then_some("true") on:click=not_twice(pending)>{children()}</button>
    }
}

const WAITING: &str = "aria-disabled:cursor-default";

/// The button that sends a form. It waits while the form is on its way.
#[component]
pub fn SubmitButton(
    /// What it does.
    #[prop(into)]
    label: String,
    /// Whether the form is on its way.
    #[prop(into)]
    pending: Signal<bool>,
    /// Whether what it does cannot be undone.
    #[prop(optional)]
    destructive: bool,
    /// Whether the answer is shown once, by WebAssembly: until that has taken over, a click would lose it.
    #[prop(optional)]
    shown_once: bool,
) -> impl IntoView {
    let ready = shown_once.then(expect_context::<Ready>);
    let early = move || ready.is_some_and(|ready| !ready.get());
    let class = if destructive { "btn btn-error" } else { "btn btn-primary" };
    view! {
        <button type="submit" class=format!("{class} {WAITING}") disabled=early aria-disabled=move || pending.get().then_some("true") on:click=not_twice(pending)>
            {move || pending.get().then(|| view! { <span class="loading loading-spinner loading-sm" aria-hidden="true"></span> })}
            {label}
        </button>
    }
}
