//! The little Markdown that descriptions use: paragraphs, lists, code between backticks.

use leptos::prelude::*;

/// One line.
pub fn inline(text: &str) -> Vec<AnyView> {
    let piece = |(index, part): (usize, &str)| {
        let part = part.to_owned();
        if index % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
    };
    text.split('`').enumerate().filter(|(_, part)| !part.is_empty()).map(piece).collect()
}

/// Several paragraphs and lists.
pub fn blocks(text: &str) -> Vec<AnyView> {
    let block = |text: &str| {
        let items: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("- ")).map(|item| view! { <li>{inline(item)}</li> }).collect();
        if items.is_empty() { view! { <p>{inline(&text.replace('\n', " "))}</p> }.into_any() } else { view! { <ul>{items}</ul> }.into_any() }
    };
    text.split("\n\n").filter(|text| !text.trim().is_empty()).map(block).collect()
}
