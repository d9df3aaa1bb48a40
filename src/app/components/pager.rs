//! From page to page of a list that goes by age.

use crate::app::rpc::PASSING;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;

/// Links to the first page and the next one. What the list is narrowed to stays; what the address told once does not.
#[component]
pub fn Pager(
    /// Path of the list.
    #[prop(into)]
    path: String,
    /// Where the next page starts, if there is one.
    #[prop(into)]
    next: Signal<Option<String>>,
) -> impl IntoView {
    let query = use_query_map();
    let kept = move || {
        let mut params = query.get();
        for name in PASSING {
            params.remove(name);
        }
        params
    };
    let path = StoredValue::new(path);
    let to = move |params: &ParamsMap| format!("{}{}", path.get_value(), params.to_query_string());
    let first = move || {
        let mut params = kept();
        params.remove("cursor").filter(|cursor| !cursor.is_empty()).map(|_| to(&params))
    };
    let next = move || {
        next.get().map(|cursor| {
            let mut params = kept();
            params.replace("cursor", cursor);
            to(&params)
        })
    };
    view! {
        <nav class="mt-4 flex gap-2 empty:hidden" aria-label="Pages">
            {move || first().map(|href| view! { <A href attr:class="btn btn-sm">"First page"</A> })}
            {move || next().map(|href| view! { <A href attr:class="btn btn-sm" attr:rel="next">"Next page →"</A> })}
        </nav>
    }
}

/// `1 event`, `1000+ events`.
pub fn counted(total: i64, is_minimum: bool, one: &str, many: &str) -> String {
    match (total, is_minimum) {
        (1, false) => format!("1 {one}"),
        (total, true) => format!("{total}+ {many}"),
        (total, false) => format!("{total} {many}"),
    }
}
