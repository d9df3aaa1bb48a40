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
    /// How the button looks: in the colour of loss, unless nothing is lost.
    #[prop(default = "btn-soft btn-error")]
    class: &'static str,
    /// Said to readers after the button's text: what it is about.
    #[prop(into)]
    subject: String,
    /// The question.
    #[prop(into)]
    title: String,
    /// What follows from it, and the form that does it.
    children: Children,
) -> impl IntoView {
    let (title_id, body_id) = (format!("{id}-title"), format!("{id}-body"));
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
    let (target, own_target, labelled_by, described_by) = (id.clone(), id.clone(), title_id.clone(), body_id.clone());
    view! {
        <button type="button" class=format!("btn btn-sm {class}") popovertarget=target on:click=open>{button}<span class="sr-only">" "{subject}</span></button>
        <dialog
            id=id
            popover="auto"
            aria-labelledby=labelled_by
            aria-describedby=described_by
            class="m-auto w-[min(30rem,calc(100vw-2rem))] rounded-box border border-base-300 bg-base-100 p-6 text-left text-base font-normal whitespace-normal text-base-content shadow-xl backdrop:bg-black/50"
        >
            <h2 id=title_id class="text-lg font-semibold">{title}</h2>
            // The way back comes first, and so has the focus; it stands beside what cannot be undone, below the text.
            <div class="mt-3 flex flex-wrap justify-end gap-3 text-sm" on:submit=sent>
                <button type="button" class="btn order-1 max-sm:flex-auto" popovertarget=own_target popovertargetaction="hide" on:click=close>"Cancel"</button>
                <div id=body_id class="contents [&>:not(form,button)]:mb-1 [&>:not(form,button)]:basis-full [&>button]:order-2 [&>button]:max-sm:flex-auto [&>form]:order-2 [&>form]:max-sm:flex-auto">{children()}</div>
            </div>
        </dialog>
    }
}
