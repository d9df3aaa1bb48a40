//! Icons: 24 units square, drawn with lines, in the colour of the text. They stand beside words and are hidden from readers.

use leptos::prelude::*;

/// Which icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Connections.
    Plug,
    /// Integrations.
    Grid,
    /// End users.
    People,
    /// Workspaces.
    Building,
    /// API keys.
    Key,
    /// Settings.
    Sliders,
    /// Events.
    Clock,
    /// Webhooks.
    Bell,
    /// The menu of small screens.
    Menu,
    /// Search.
    Lens,
    /// Create.
    Plus,
    /// Leave this site.
    Out,
}

impl Shape {
    fn path(self) -> &'static str {
        match self {
            Self::Plug => "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
            Self::Grid => "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM17 14v6M14 17h6",
            Self::People => "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.2a6.5 6.5 0 0 1 3.5 5.8",
            Self::Building => "M5 21V4h9v17M14 9h5v12M3 21h18M8.5 8h2M8.5 12h2M8.5 16h2",
            Self::Key => "M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM11 12.500l8-8M16 7.500l2.500 2.500",
            Self::Sliders => "M4 7h9M17 7h3M15 4.500v5M4 17h3M11 17h9M9 14.500v5",
            Self::Clock => "M12 20.500a8.500 8.500 0 1 0 0-17 8.500 8.500 0 0 0 0 17zM12 7.500V12l3 2",
            Self::Bell => "M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15zM10 21h4M12 5V3",
            Self::Menu => "M4 7h16M4 12h16M4 17h16",
            Self::Lens => "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16.500 16.500 21 21",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Out => "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
        }
    }
}

/// An icon.
#[component]
pub fn Icon(
    /// Which one.
    shape: Shape,
) -> impl IntoView {
    view! {
        <svg class="size-5 shrink-0" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d=shape.path()></path>
        </svg>
    }
}
