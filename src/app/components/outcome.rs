//! What became of an action that has no form of its own to speak from.

use super::{FormProblem, Notice, Tone};
use crate::app::browser;
use crate::app::rpc::RpcError;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// How often `action` has succeeded. Lists load again when it grows; a failure leaves them, and what was typed, alone.
pub fn successes<S>(action: ServerAction<S>) -> Memo<u32>
where
    S: ServerFn<Error = RpcError> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    let value = action.value();
    Memo::new(move |before: Option<&u32>| before.copied().unwrap_or_default() + u32::from(matches!(value.read().as_ref(), Some(Ok(_)))))
}

/// Why `action` failed last, if it did.
pub fn failure<S>(action: ServerAction<S>) -> Signal<Option<RpcError>>
where
    S: ServerFn<Error = RpcError> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    let value = action.value();
    Signal::derive(move || value.read().as_ref().and_then(|result| result.as_ref().err().cloned()))
}

/// Empties the form that this input is in, each time that what it makes was made.
pub fn empty_after(done: Memo<u32>, input: &'static str) {
    Effect::new(move |before: Option<u32>| {
        let now = done.get();
        if before.is_some_and(|before| before != now) {
            browser::reset_form_of(input);
        }
        now
    });
}

/// Says that something was deleted, or why not.
#[component]
pub fn Outcome(
    /// Id of the problem, unique on the page.
    id: &'static str,
    /// Why it failed.
    error: Signal<Option<RpcError>>,
    /// How often it succeeded.
    done: Memo<u32>,
    /// Said on success: `Key deleted.`
    text: &'static str,
) -> impl IntoView {
    let good = move || (done.get() > 0 && error.read().is_none()).then(|| view! { <Notice tone=Tone::Good><p>{text}</p></Notice> });
    view! {
        <div class="mb-4 grid gap-3 empty:hidden"><FormProblem id error/></div>
        <div class="mb-4 empty:hidden" role="status">{good}</div>
    }
}
