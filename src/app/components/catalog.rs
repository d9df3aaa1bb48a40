//! The catalogue as cards, narrowed by a search and a category that are both in the page's address.

use super::Logo;
use crate::app::browser;
use crate::app::rpc::integrations::IntegrationCard;
use crate::app::words;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::{A, Form};
use leptos_router::hooks::{use_navigate, use_query_map};

/// `developer-tools` → `Developer tools`
fn category_name(category: &str) -> String {
    let words = category.replace('-', " ");
    match words.as_str() {
        "ai" | "crm" | "hr" => words.to_uppercase(),
        _ => words.chars().enumerate().map(|(index, c)| if index == 0 { c.to_ascii_uppercase() } else { c }).collect(),
    }
}

fn fits(card: &IntegrationCard, q: &str, category: &str) -> bool {
    (category.is_empty() || card.categories.iter().any(|own| own == category))
        && (q.is_empty() || card.name.contains(q) || card.display_name.to_lowercase().contains(q) || card.description.to_lowercase().contains(q))
}

/// Search and cards.
#[component]
pub fn CatalogList(
    /// All of them.
    cards: Vec<IntegrationCard>,
    /// The page itself, which the search form goes to.
    page: &'static str,
    /// Where a card leads: this, a slash, its name.
    leads_to: &'static str,
) -> impl IntoView {
    let query = use_query_map();
    let q = Memo::new(move |_| query.read().get("q").unwrap_or_default());
    let category = Memo::new(move |_| query.read().get("category").unwrap_or_default());
    let mut categories: Vec<String> = cards.iter().flat_map(|card| card.categories.iter().cloned()).collect();
    categories.sort();
    categories.dedup();
    let current = category.get_untracked();
    let options: Vec<_> = categories
        .into_iter()
        .map(|category| view! { <option selected=category == current value=category.clone()>{category_name(&category)}</option> })
        .collect();
    let navigate = use_navigate();
    let search = move |event| {
        let mut params = query.get_untracked();
        params.replace("q", event_target_value(&event));
        navigate(&format!("{page}{}", params.to_query_string()), NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
    };
    let total = cards.len();
    let cards = StoredValue::new(cards);
    let found = Memo::new(move |_| {
        let (q, category) = (q.get().trim().to_lowercase(), category.get());
        cards.with_value(|cards| cards.iter().filter(|card| fits(card, &q, &category)).map(|card| card.name.clone()).collect::<Vec<_>>())
    });
    let count = move || match found.read().len() {
        0 => format!("Nothing among {total} fits. Try a shorter word."),
        1 => "1 integration".to_owned(),
        some => format!("{some} integrations"),
    };
    let card = move |name: String| {
        let card = cards.with_value(|cards| cards.iter().find(|card| card.name == name).cloned());
        card.map(|card| view! { <Card card leads_to/> })
    };
    view! {
        <Form method="GET" action=page attr:class="mb-4 grid gap-3 sm:flex sm:items-end" attr:role="search">
            <label class="grid gap-1.5 text-sm font-semibold sm:w-80">"Search"
                <input class="input w-full font-normal" type="search" name="q" value=q.get_untracked() placeholder="Name or purpose" autocomplete="off" on:input=search/>
            </label>
            <label class="grid gap-1.5 text-sm font-semibold sm:w-56">"Category"
                <select class="select w-full font-normal" name="category" on:change=|event| browser::submit_form_of(&event)>
                    <option value="">"All"</option>
                    {options}
                </select>
            </label>
            <button class="btn" type="submit">"Search"</button>
        </Form>
        <p class="mb-3 text-sm text-base-content/75" role="status">{count}</p>
        <ul class="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
            <For each=move || found.get() key=String::clone children=card/>
        </ul>
    }
}

#[component]
fn Card(card: IntegrationCard, leads_to: &'static str) -> impl IntoView {
    let kinds: Vec<&str> = {
        let mut kinds: Vec<&str> = card.kinds.iter().map(|kind| words::kind_of_wire(kind)).collect();
        kinds.dedup();
        kinds
    };
    let app = card.has_oauth_app.then(|| view! { <span class="badge badge-sm badge-soft badge-success">"OAuth app set up"</span> });
    let ends = card.secret_ends.then(|| view! { <span class="badge badge-sm badge-soft badge-warning">"Client secret ends"</span> });
    view! {
        <li class="relative flex gap-3 rounded-box border border-base-300 bg-base-100 p-4 hover:border-base-content/40">
            <Logo src=card.logo name=card.display_name.clone()/>
            <div class="grid min-w-0 content-start gap-1">
                <A href=format!("{leads_to}/{}", card.name) attr:class="row-link font-semibold">{card.display_name}</A>
                <p class="text-sm text-base-content/75">{card.description}</p>
                <p class="flex flex-wrap gap-x-2 gap-y-1 text-xs text-base-content/75"><span>{kinds.join(", ")}</span>{app}{ends}</p>
            </div>
        </li>
    }
}
