//! Asking before something is lost.

use crate::app::browser;
use leptos::prelude::*;

/// A button that opens a question. The question is a `<dialog>` that is also a popover: with WebAssembly it opens as a modal
/// dialog, without it the browser opens it by itself.
#[component]
pub fn Confirm(
    /// Id of the dialog, unique on the page.
    id: String,
    /// On the button: `Delete…`
    button: &'static str,
    /// Said to readers after the button's text: what it is about.
    #[prop(into)]
    subject: String,
    /// The question.
    #[prop(into)]
    title: String,
    /// What follows from it, and the form that does it.
    children: Children,
) -> impl IntoView {
    let title_id = format!("{id}-title");
    let open = {
        let id = id.clone();
        move |event: leptos::ev::MouseEvent| {
            if browser::show_modal(&id) {
                event.prevent_default();
            }
        }
    };
    let close = {
        let id = id.clone();
        move |event: leptos::ev::MouseEvent| {
            if browser::close_modal(&id) {
                event.prevent_default();
            }
        }
    };
    // What comes of it is said on the page.
    let sent = {
        let id = id.clone();
        move |_| {
            browser::close_modal(&id);
        }
    };
    let (target, own_target, labelled_by) = (id.clone(), id.clone(), title_id.clone());
    view! {
        <button type="button" class="btn btn-sm btn-soft btn-error" popovertarget=target on:click=open>{button}<span class="sr-only">" "{subject}</span></button>
        <dialog
            id=id
            popover="auto"
            aria-labelledby=labelled_by
            class="m-auto w-[min(30rem,calc(100vw-2rem))] rounded-box border border-base-300 bg-base-100 p-6 text-left text-base font-normal whitespace-normal text-base-content shadow-xl backdrop:bg-black/50"
        >
            <h2 id=title_id class="text-lg font-semibold">{title}</h2>
            <div class="mt-3 grid gap-4 text-sm" on:submit=sent>
                {children()}
                <button type="button" class="btn btn-ghost justify-self-end" popovertarget=own_target popovertargetaction="hide" on:click=close>"Cancel"</button>
            </div>
        </dialog>
    }
}
