//! Reading a connection's credential, by somebody who gives their password once more.

use crate::app::browser;
use crate::app::components::{CopyButton, FormProblem, PasswordField, SubmitButton, failure};
use crate::app::rpc::connections::RevealConnection;
use crate::domain::connection::Connection;
use leptos::form::ActionForm;
use leptos::prelude::*;

/// The form, and what it brought. The values are in this page's memory only, and gone with it.
#[component]
pub fn Reveal(
    /// The connection.
    connection: Connection,
    /// Whether the person may read credentials.
    may_write: bool,
) -> impl IntoView {
    if !may_write {
        return ().into_any();
    }
    let reveal = ServerAction::<RevealConnection>::new();
    let failure = failure(reveal);
    let password_error = Signal::derive(move || failure.get().and_then(|error| error.field("password")));
    let id = StoredValue::new(String::from(connection.id));
    // What is pressed goes away with what it was pressed for: the focus goes on with what comes instead.
    let hide = move |_| {
        reveal.clear();
        browser::focus("reveal-password");
    };
    let shown = move || match reveal.value().get() {
        Some(Ok(values)) => {
            browser::focus("revealed");
            let values: Vec<_> = values
                .into_iter()
                .map(|(name, value)| {
                    view! {
                        <dt class="text-sm font-medium text-base-content/75">{name}</dt>
                        <dd class="grid min-w-0 gap-2">
                            <code class="max-h-48 overflow-auto rounded-field bg-base-200 px-2 py-1 text-sm break-all whitespace-pre-wrap select-all" tabindex="0">{value.clone()}</code>
                            <span><CopyButton text=value what="value"/></span>
                        </dd>
                    }
                })
                .collect();
            view! {
                <div id="revealed" class="grid gap-4 outline-none" role="group" aria-labelledby="credential" tabindex="-1">
                    <dl class="grid gap-3">{values}</dl>
                    <div><button type="button" class="btn btn-sm" on:click=hide>"Hide"</button></div>
                </div>
            }
            .into_any()
        }
        _ => view! {
            <ActionForm action=reveal attr:class="grid max-w-md gap-3">
                <FormProblem id="reveal-problem" error=failure/>
                <input type="hidden" name="id" value=id.get_value()/>
                <PasswordField id="reveal-password" name="password" label="Your password" autocomplete="current-password" error=password_error/>
                <div><SubmitButton label="Show credential" pending=reveal.pending() shown_once=true/></div>
            </ActionForm>
        }
        .into_any(),
    };
    view! {
        <section class="rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="credential">
            <h2 id="credential" class="mb-1 text-lg font-semibold">"Credential"</h2>
            <p class="mb-3 text-sm text-base-content/75">"Shown after your password, here only. Every look is recorded."</p>
            <noscript><p class="mb-3 font-medium">"This form needs JavaScript: a credential is never written into a page."</p></noscript>
            {shown}
        </section>
    }
    .into_any()
}
