//! The catalogue as cards, narrowed by a search and a category that are both in the page's address.

use super::{Logo, QueryForm};
use crate::app::browser;
use crate::app::rpc::integrations::IntegrationCard;
use crate::app::words;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
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

/// How far what a card is called is from what is searched for.
fn distance(card: &IntegrationCard, q: &str) -> u8 {
    let name = card.display_name.to_lowercase();
    if name.starts_with(q) {
        0
    } else if name.contains(q) || card.name.contains(q) {
        1
    } else {
        2
    }
}

/// The links of the cards, in their order on the page.
const CARDS: &str = "#catalog .row-link";

/// Id of the search.
const SEARCH: &str = "catalog-search";

/// Search and cards.
#[component]
pub fn CatalogList(
    /// All of them.
    cards: Vec<IntegrationCard>,
    /// The page itself, which the search form goes to.
    page: &'static str,
    /// Where a card leads: this, a slash, its name.
    leads_to: &'static str,
    /// Names of those that were used last; shown first, while nothing is searched for.
    #[prop(optional)]
    recent: Vec<String>,
) -> impl IntoView {
    let query = use_query_map();
    let q = Memo::new(move |_| query.read().get("q").unwrap_or_default());
    let category = Memo::new(move |_| query.read().get("category").unwrap_or_default());
    let mut categories: Vec<String> = cards.iter().flat_map(|card| card.categories.iter().cloned()).collect();
    categories.sort();
    categories.dedup();
    let options: Vec<_> = categories
        .into_iter()
        .map(|known| {
            let value = known.clone();
            view! { <option selected=move || category.with(|category| *category == known) value=value.clone()>{category_name(&value)}</option> }
        })
        .collect();
    // Gone back, or here once more by a link: the form says what the address says. Whoever types knows better.
    Effect::new(move |before: Option<()>| {
        q.track();
        category.track();
        if before.is_some() && !browser::matches(SEARCH, ":focus") {
            browser::reset_form_of(SEARCH);
        }
    });
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
        cards.with_value(|cards| {
            let mut found: Vec<_> = cards.iter().filter(|card| fits(card, &q, &category)).collect();
            // Sorted by name already: what is called so comes before what only has to do with it.
            found.sort_by_key(|card| distance(card, &q));
            found.into_iter().map(|card| card.name.clone()).collect::<Vec<_>>()
        })
    });
    let is_searched = Memo::new(move |_| !q.read().trim().is_empty() || !category.read().is_empty());
    // Enter takes the first that is found; the arrows go from the search into the list, through it, and back.
    let go = use_navigate();
    let in_search = move |event: KeyboardEvent| match event.key().as_str() {
        "ArrowDown" if browser::step_focus(CARDS, 1) => event.prevent_default(),
        "Enter" if !q.get_untracked().trim().is_empty() => {
            if let Some(first) = found.get_untracked().first() {
                event.prevent_default();
                go(&format!("{leads_to}/{first}"), NavigateOptions::default());
            }
        }
        _ => {}
    };
    let in_list = move |event: KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowDown" | "ArrowRight" => 1,
            "ArrowUp" | "ArrowLeft" => -1,
            _ => return,
        };
        event.prevent_default();
        if !browser::step_focus(CARDS, step) && step < 0 {
            browser::focus(SEARCH);
        }
    };
    let count = move || match found.read().len() {
        0 => format!("Nothing among {total} fits. Try a shorter word."),
        1 => "1 integration".to_owned(),
        some => format!("{some} integrations"),
    };
    let card = move |name: String| {
        let card = cards.with_value(|cards| cards.iter().find(|card| card.name == name).cloned());
        card.map(|card| view! { <Card card leads_to/> })
    };
    let recent: Vec<_> = cards.with_value(|cards| recent.iter().filter_map(|name| cards.iter().find(|card| card.name == *name).cloned()).collect());
    let recent = move || {
        let recent = if is_searched.get() { Vec::new() } else { recent.clone() };
        let cards: Vec<_> = recent.into_iter().map(|card| view! { <Card card leads_to/> }).collect();
        (!cards.is_empty()).then(|| {
            view! {
                <h2 class="mb-2 text-sm font-semibold">"Recently used"</h2>
                <ul class="mb-6 grid gap-3 sm:grid-cols-2 xl:grid-cols-3">{cards}</ul>
                <h2 class="mb-2 text-sm font-semibold">"All"</h2>
            }
        })
    };
    view! {
        <QueryForm action=page attr:class="mb-4 grid gap-3 sm:flex sm:items-end" attr:role="search">
            <label class="grid gap-1.5 text-sm font-semibold sm:w-80">"Search"
                <input class="input w-full font-normal" id=SEARCH type="search" name="q" value=move || q.get() placeholder="Name or purpose" autocomplete="off" on:input=search on:keydown=in_search/>
            </label>
            <label class="grid gap-1.5 text-sm font-semibold sm:w-56">"Category"
                <select class="select w-full font-normal" name="category" on:change=|event| browser::submit_form_of(&event)>
                    <option value="">"All"</option>
                    {options}
                </select>
            </label>
            <button class="btn" type="submit">"Search"</button>
        </QueryForm>
        <p class="mb-3 text-sm text-base-content/75" role="status">{count}</p>
        <div id="catalog" on:keydown=in_list>
            {recent}
            <ul class="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
                <For each=move || found.get() key=String::clone children=card/>
            </ul>
        </div>
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
