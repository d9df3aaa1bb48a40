//! `/search?q=`: what the command palette finds, as a page that works without JavaScript.

use crate::app::components::{EmptyState, HitIcon, Icon, LoadError, Loading, PageHead, QueryForm, Session, Shape};
use crate::app::rpc::load;
use crate::app::rpc::search::{Hit, HitKind, places, search_all};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;

page! {
    /// `/search?q=`
    Search => SearchPage
}

#[component]
fn SearchPage() -> impl IntoView {
    let query = use_query_map();
    let q = Memo::new(move |_| query.read().get("q").unwrap_or_default());
    let found = load(move || q.get(), search_all);
    let Session(me) = expect_context();
    let list = move || {
        Suspend::new(async move {
            let may_write = me.await.is_ok_and(|me| me.may_write);
            match found.await {
                Ok(more) => {
                    let mut hits = places(&q.get_untracked(), may_write);
                    hits.extend(more);
                    view! { <Hits hits/> }.into_any()
                }
                Err(error) => view! { <LoadError error retry=move |()| found.refetch()/> }.into_any(),
            }
        })
    };
    view! {
        <PageHead title="Search"/>
        <QueryForm action="/search" attr:class="mb-6 flex flex-wrap items-end gap-3" attr:role="search">
            <label class="grid grow gap-1.5 text-sm font-semibold sm:max-w-md">"Search"
                <input class="input w-full font-normal" type="search" name="q" value=q.get_untracked() placeholder="Page, name, external ID or account" autocomplete="off"/>
            </label>
            <button class="btn" type="submit"><Icon shape=Shape::Lens/>"Search"</button>
        </QueryForm>
        <Transition fallback=Loading>{list}</Transition>
    }
}

#[component]
fn Hits(hits: Vec<Hit>) -> impl IntoView {
    if hits.is_empty() {
        return view! {
            <EmptyState title="Nothing found">
                <p>"Connections are searched by the beginning of their name, external ID or account, end users by the beginning of their external ID."</p>
            </EmptyState>
        }
        .into_any();
    }
    let count = if hits.len() == 1 { "1 result".to_owned() } else { format!("{} results", hits.len()) };
    let sections: Vec<_> = HitKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let rows: Vec<_> = hits.iter().filter(|hit| hit.kind == kind).cloned().map(|hit| view! { <Row hit/> }).collect();
            let (id, labelled_by) = (format!("found-{kind:?}"), format!("found-{kind:?}"));
            (!rows.is_empty()).then(|| {
                view! {
                    <section class="mb-6" aria-labelledby=labelled_by>
                        <h2 id=id class="mb-2 text-lg font-semibold">{kind.heading()}</h2>
                        <ul class="divide-y divide-base-300 overflow-hidden rounded-box border border-base-300 bg-base-100">{rows}</ul>
                    </section>
                }
            })
        })
        .collect();
    view! { <p class="mb-3 text-sm text-base-content/75" role="status">{count}</p> {sections} }.into_any()
}

#[component]
fn Row(hit: Hit) -> impl IntoView {
    view! {
        <li class="relative flex items-center gap-3 px-4 py-2.5 hover:bg-base-200">
            <HitIcon hit=hit.clone()/>
            <div class="min-w-0">
                <A href=hit.href attr:class="row-link font-semibold wrap-anywhere">{hit.title}</A>
                <p class="text-sm wrap-anywhere text-base-content/75 empty:hidden">{hit.detail}</p>
            </div>
        </li>
    }
}
