//! The command palette: Ctrl-K or ⌘K, a few letters, Enter. By the pattern of the ARIA guide: a combobox whose list is below it;
//! the focus stays in the input, and `aria-activedescendant` says which entry Enter goes to. Without WebAssembly, its button is a
//! link to `/search`, which finds the same.

use super::{Icon, Logo, PLACES, Session, Shape, WhenLoaded};
use crate::app::browser;
use crate::app::rpc::search::{Hit, HitKind, places, search_all};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

/// Id of the palette.
pub(super) const DIALOG: &str = "palette";
const LIST: &str = "palette-list";
const INPUT: &str = "palette-input";
/// How long typing has to pause before the server is asked.
const PAUSE_MS: i32 = 150;

fn option_id(index: usize) -> String {
    format!("palette-option-{index}")
}

/// The button that opens the palette.
#[component]
pub fn SearchLink(
    /// Classes besides the button's own.
    class: &'static str,
) -> impl IntoView {
    let open = move |event: ev::MouseEvent| {
        if browser::show_modal(DIALOG) {
            event.prevent_default();
        }
    };
    view! {
        <a class=format!("btn btn-sm {class}") href="/search" aria-keyshortcuts="Control+K Meta+K" aria-haspopup="dialog" on:click=open>
            <Icon shape=Shape::Lens/>"Search"<kbd class="ml-auto hidden rounded-field border border-base-300 px-1.5 text-xs lg:inline" aria-hidden="true">"Ctrl K"</kbd>
        </a>
    }
}

/// What stands before a hit: the service's logo, or what kind of thing it is.
#[component]
pub fn HitIcon(
    /// The hit.
    hit: Hit,
) -> impl IntoView {
    let shape = match hit.kind {
        HitKind::Connection | HitKind::Integration => return view! { <Logo src=hit.logo name=hit.title/> }.into_any(),
        HitKind::Page => PLACES.iter().find(|(_, name, _)| *name == hit.title).map_or(Shape::Grid, |(.., shape)| *shape),
        HitKind::Create => Shape::Plus,
        HitKind::EndUser => Shape::People,
    };
    view! { <span class="grid size-9 shrink-0 place-items-center rounded-field border border-base-300"><Icon shape/></span> }.into_any()
}

/// What is typed, and what was found by it.
#[derive(Clone, Copy)]
struct Finding {
    typed: RwSignal<String>,
    hits: RwSignal<Vec<Hit>>,
    /// Index of the entry that Enter goes to.
    active: RwSignal<usize>,
    /// For screen readers, and below the list.
    said: RwSignal<String>,
}

/// The palette, closed until it is asked for. Once a page.
#[component]
pub fn Palette() -> impl IntoView {
    let navigate = use_navigate();
    let finding = Finding { typed: RwSignal::default(), hits: RwSignal::default(), active: RwSignal::new(0), said: RwSignal::default() };
    let Finding { typed, hits, active, said } = finding;
    let was_opened = RwSignal::new(false);
    Effect::new(move |_| {
        // Newer browsers close it by a click beside it, too.
        browser::set_attribute(DIALOG, "closedby", "any");
        let keys = window_event_listener(ev::keydown, move |event| {
            if (event.ctrl_key() || event.meta_key()) && !event.alt_key() && !event.shift_key() && event.key().eq_ignore_ascii_case("k") {
                event.prevent_default();
                if browser::is_open(DIALOG) {
                    browser::close_modal(DIALOG);
                } else {
                    browser::show_modal(DIALOG);
                }
            }
        });
        on_cleanup(move || keys.remove());
    });
    let closed = move |_| {
        browser::set_value(INPUT, "");
        typed.set(String::new());
    };
    let go = Callback::new(move |index: usize| {
        if let Some(href) = hits.read_untracked().get(index).map(|hit| hit.href.clone()) {
            browser::close_modal(DIALOG);
            navigate(&href, NavigateOptions::default());
        }
    });
    let key = move |event: ev::KeyboardEvent| {
        let count = hits.read_untracked().len();
        let now = active.get_untracked();
        let next = match event.key().as_str() {
            "ArrowDown" if count > 0 => (now + 1) % count,
            "ArrowUp" if count > 0 => (now + count - 1) % count,
            "Enter" => {
                event.prevent_default();
                return go.run(now);
            }
            _ => return,
        };
        event.prevent_default();
        active.set(next);
        browser::keep_in_view(LIST, &option_id(next));
    };
    let nothing = move || hits.read().is_empty();
    view! {
        <dialog
            id=DIALOG aria-label="Search" on:close=closed
            class="mx-auto mt-[12dvh] w-[min(38rem,calc(100vw-2rem))] rounded-box border border-base-300 bg-base-100 p-0 text-base-content shadow-xl backdrop:bg-black/50"
        >
            <div class="border-b border-base-300 p-3">
                <label class="sr-only" for=INPUT>"Search everything"</label>
                <input
                    id=INPUT class="input w-full" type="text" role="combobox" autocomplete="off" autocapitalize="none" spellcheck="false" autofocus=true
                    placeholder="Search or go to…" aria-autocomplete="list" aria-controls=LIST aria-expanded=move || (!nothing()).to_string()
                    aria-activedescendant=move || (!nothing()).then(|| option_id(active.get()))
                    on:focus=move |_| was_opened.set(true) on:input=move |event| typed.set(event_target_value(&event)) on:keydown=key
                />
            </div>
            // Typing is not lost while the code that searches is on its way.
            <ul id=LIST role="listbox" aria-label="Found" class="relative max-h-[50dvh] overflow-y-auto p-2" hidden=nothing>
                {move || was_opened.get().then(|| view! { <WhenLoaded view=move || find(finding, go)/> })}
            </ul>
            <p role="status" class="border-t border-base-300 px-4 py-2 text-sm text-base-content/75">{said}</p>
        </dialog>
    }
}

/// What searches and draws what was found. Its code is loaded when the palette is first opened, where the bundle is in pieces.
#[cfg(feature = "split")]
#[lazy]
fn find(finding: Finding, go: Callback<usize>) -> AnyView {
    view! { <Entries finding go/> }.into_any()
}

#[cfg(not(feature = "split"))]
fn find(finding: Finding, go: Callback<usize>) -> std::future::Ready<AnyView> {
    std::future::ready(view! { <Entries finding go/> }.into_any())
}

#[component]
fn Entries(finding: Finding, go: Callback<usize>) -> impl IntoView {
    let Finding { typed, hits, active, said } = finding;
    let Session(me) = expect_context();
    // Only the last of several searches may show what it found.
    let round = RwSignal::new(0_u32);
    Effect::new(move |_| {
        let q = typed.get();
        let mine = round.get_untracked() + 1;
        round.set(mine);
        let is_last = move || round.try_get_untracked() == Some(mine);
        spawn_local(async move {
            let mut found = places(&q, me.await.is_ok_and(|me| me.may_write));
            if q.trim().is_empty() {
                if is_last() {
                    show(hits, active, said, found);
                }
                return;
            }
            browser::sleep(PAUSE_MS).await;
            if !is_last() {
                return;
            }
            let answer = search_all(q).await;
            if is_last() {
                let problem = answer.as_ref().err().map(ToString::to_string);
                found.extend(answer.unwrap_or_default());
                show(hits, active, said, found);
                if let Some(problem) = problem {
                    said.set(problem);
                }
            }
        });
    });
    move || hits.get().into_iter().enumerate().map(|(index, hit)| view! { <Entry index hit active go/> }).collect_view()
}

/// Shows what was found, with the first entry chosen.
fn show(hits: RwSignal<Vec<Hit>>, active: RwSignal<usize>, said: RwSignal<String>, found: Vec<Hit>) {
    said.set(match found.len() {
        0 => "Nothing found. Names, external IDs and accounts are searched by their beginning.".to_owned(),
        1 => "1 result".to_owned(),
        some => format!("{some} results"),
    });
    active.set(0);
    hits.set(found);
}

#[component]
fn Entry(index: usize, hit: Hit, active: RwSignal<usize>, go: Callback<usize>) -> impl IntoView {
    let detail = (!hit.detail.is_empty()).then(|| view! { <span class="block truncate text-sm text-base-content/75">{hit.detail.clone()}</span> });
    view! {
        // The focus stays in the input.
        <li
            id=option_id(index) role="option" aria-selected=move || (active.get() == index).to_string()
            class="flex cursor-pointer items-center gap-3 rounded-field px-2 py-1.5 hover:bg-base-200 aria-selected:bg-primary/10 aria-selected:outline-2 aria-selected:-outline-offset-2 aria-selected:outline-primary"
            on:mousedown=|event| event.prevent_default() on:click=move |_| go.run(index)
        >
            <HitIcon hit=hit.clone()/>
            <span class="min-w-0 flex-1"><span class="block truncate font-semibold">{hit.title}</span>{detail}</span>
            <span class="text-xs text-base-content/75">{hit.kind.word()}</span>
        </li>
    }
}
