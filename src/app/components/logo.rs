//! Logos of services.

use leptos::prelude::*;

/// The logo of a service on white, as logos expect it, or the first letter of its name. The name itself stands beside it.
#[component]
pub fn Logo(
    /// Path of the picture.
    src: Option<String>,
    /// The service.
    name: String,
) -> impl IntoView {
    const BOX: &str = "grid size-9 shrink-0 place-items-center rounded-field border border-base-300 bg-white text-sm font-bold text-[#1b1b23]";
    match src {
        Some(src) => view! { <span class=BOX><img src=src alt="" width="20" height="20" loading="lazy" decoding="async"/></span> }.into_any(),
        None => view! { <span class=BOX aria-hidden="true">{name.chars().next().unwrap_or('?').to_uppercase().to_string()}</span> }.into_any(),
    }
}
