//! Health and time.

use crate::app::words;
use crate::domain::Timestamp;
use crate::domain::connection::Health;
use leptos::prelude::*;

/// How a connection is doing. The word carries it; the colour only helps to find it.
#[component]
pub fn HealthBadge(
    /// How it is doing.
    health: Health,
) -> impl IntoView {
    let class = match health {
        Health::Ok => "badge badge-soft badge-success",
        Health::Degraded | Health::Expiring => "badge badge-soft badge-warning",
        Health::Expired | Health::Revoked | Health::Error => "badge badge-soft badge-error",
    };
    view! { <span class=class>{words::health(health)}</span> }
}

/// A point in time, to the minute, or a dash.
#[component]
pub fn Moment(
    /// When.
    at: Option<Timestamp>,
) -> impl IntoView {
    match at {
        Some(at) => view! { <time class="whitespace-nowrap tabular-nums" datetime=at.rfc3339() title="UTC">{at.minute()}</time> }.into_any(),
        None => view! { <span aria-label="never">"–"</span> }.into_any(),
    }
}
