//! The last part of `/settings`: what `keyloom doctor` says of this installation.

use crate::app::components::{LoadError, Loading, Session};
use crate::app::rpc::load;
use crate::app::rpc::system::check_installation;
use crate::domain::finding::{Finding, Verdict};
use leptos::prelude::*;

/// Findings, for those who could do something about them.
#[component]
pub fn Checks() -> impl IntoView {
    let Session(me) = expect_context();
    let findings = load(|| (), move |()| async move { if me.await?.may_write { check_installation().await.map(Some) } else { Ok(None) } });
    let shown = move || {
        Suspend::new(async move {
            match findings.await {
                Ok(None) => ().into_any(),
                Ok(Some(found)) => view! { <Section found again=move |()| findings.refetch()/> }.into_any(),
                Err(error) => view! { <LoadError error retry=move |()| findings.refetch()/> }.into_any(),
            }
        })
    };
    view! { <Transition fallback=Loading>{shown}</Transition> }
}

#[component]
fn Section(found: Vec<Finding>, #[prop(into)] again: Callback<()>) -> impl IntoView {
    let wrong = found.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
    let summary = match wrong {
        0 => "Nothing to mend.".to_owned(),
        1 => "1 thing to mend.".to_owned(),
        some => format!("{some} things to mend."),
    };
    let rows: Vec<_> = found
        .into_iter()
        .map(|finding| {
            let (class, word) = match finding.verdict {
                Verdict::Fine => ("badge badge-soft badge-success", "OK"),
                Verdict::Note => ("badge badge-soft badge-warning", "Note"),
                Verdict::Wrong => ("badge badge-soft badge-error", "Mend"),
            };
            view! {
                <div class="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-1 py-3 sm:grid-cols-[9rem_4rem_minmax(0,1fr)]">
                    <dt class="font-semibold first-letter:uppercase">{finding.what}</dt>
                    <dd><span class=class>{word}</span></dd>
                    <dd class="wrap-anywhere text-base-content/75 max-sm:col-span-2">{finding.text}</dd>
                </div>
            }
        })
        .collect();
    view! {
        <section class="rounded-box border border-base-300 bg-base-100 p-5" aria-labelledby="checks">
            <div class="mb-1 flex flex-wrap items-center justify-between gap-3">
                <h2 id="checks" class="text-lg font-semibold">"This installation"</h2>
                // Without WebAssembly the page itself is loaded again.
                <a class="btn btn-sm" href="/settings#checks" rel="external" on:click=move |event| { event.prevent_default(); again.run(()); }>"Check again"</a>
            </div>
            <p class="text-sm text-base-content/75" role="status">{summary}" The same as "<code>"keyloom doctor"</code>" on the command line."</p>
            <dl class="divide-y divide-base-300">{rows}</dl>
        </section>
    }
}
