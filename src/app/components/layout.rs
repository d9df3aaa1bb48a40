//! The frame around every page: navigation, who is signed in, the main part.

use super::palette::DIALOG as PALETTE;
use super::{Icon, Logo, Notice, Palette, SearchLink, Shape, Tone, WhenLoaded, WorkspaceSwitcher, Workspaces};
use crate::app::browser;
use crate::app::rpc::{Loaded, Me, RpcResult, load, who_am_i};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::{A, Outlet};
use leptos_router::hooks::use_location;

/// Who is signed in, for whatever is below the layout.
#[derive(Clone, Copy)]
pub struct Session(pub Loaded<RpcResult<Me>>);

/// Whether WebAssembly has taken over: what needs it is hidden until then.
#[derive(Clone, Copy)]
pub struct Ready(ReadSignal<bool>);

impl Ready {
    /// Whether it has.
    pub fn get(self) -> bool {
        self.0.get()
    }
}

/// Places in the navigation.
pub const PLACES: [(&str, &str, Shape); 8] = [
    ("/connections", "Connections", Shape::Plug),
    ("/integrations", "Integrations", Shape::Grid),
    ("/end-users", "End users", Shape::People),
    ("/workspaces", "Workspaces", Shape::Building),
    ("/api-keys", "API keys", Shape::Key),
    ("/webhooks", "Webhooks", Shape::Bell),
    ("/events", "Events", Shape::Clock),
    ("/settings", "Settings", Shape::Sliders),
];

/// The frame around every page.
#[component]
pub fn Layout() -> impl IntoView {
    let me = load(|| (), |()| who_am_i());
    provide_context(Session(me));
    Workspaces::provide();
    let (ready, set_ready) = signal(false);
    provide_context(Ready(ready));
    Effect::new(move |_| set_ready.set(true));
    // Going to another page does not reload: tell readers by moving the focus, and put away what was open. The menu of small
    // screens may also lead to the same list, narrowed otherwise.
    let place = use_location();
    Effect::new(move |before: Option<(String, String)>| {
        let now = (place.pathname.get(), place.search.get());
        if let Some(before) = before.filter(|before| *before != now) {
            let is_elsewhere = before.0 != now.0;
            if is_elsewhere || browser::matches("menu", "[open]:focus-within") {
                browser::remove_attribute("menu", "open");
                browser::focus("main");
            }
            if is_elsewhere {
                browser::close_modal(PALETTE);
            }
        }
        now
    });
    let skip = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        browser::focus("main");
    };
    view! {
        <a class="btn btn-primary sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-50" href="#main" on:click=skip>"Skip to content"</a>
        <div class="min-h-dvh bg-base-200 text-base-content lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
            <header class="border-base-300 bg-base-100 max-lg:sticky max-lg:top-0 max-lg:z-20 max-lg:border-b lg:border-r">
                <SearchLink class="btn-ghost absolute top-3 right-28 lg:hidden"/>
                <details id="menu" class="group lg:hidden">
                    <summary class="flex h-14 list-none items-center justify-between px-4 [&::-webkit-details-marker]:hidden">
                        <Brand/>
                        <span class="btn btn-ghost btn-sm"><Icon shape=Shape::Menu/>"Menu"</span>
                    </summary>
                    <div class="border-t border-base-300 p-3"><WorkspaceSwitcher id="switch-workspace-small"/><Places label="Main, small screens"/><Account me/></div>
                </details>
                <div class="sticky top-0 hidden h-dvh flex-col p-3 lg:flex">
                    <div class="px-2 pt-2 pb-4"><Brand/></div>
                    <SearchLink class="mb-4 w-full justify-start font-normal"/>
                    <WorkspaceSwitcher id="switch-workspace"/>
                    <Places label="Main"/>
                    <div class="mt-auto"><Account me/></div>
                </div>
            </header>
            <main id="main" tabindex="-1" class="mx-auto w-full max-w-7xl px-4 py-6 outline-none sm:px-7 sm:py-8">
                <HeldBanner me/>
                <Outlet/>
            </main>
        </div>
        <Palette/>
    }
}

/// On every page: why no token is renewed, while none is.
#[component]
fn HeldBanner(me: Loaded<RpcResult<Me>>) -> impl IntoView {
    let notice = move || async move {
        let Some(held) = me.await.ok().and_then(|me| me.held) else { return ().into_any() };
        view! {
            <div class="mb-6">
                <Notice tone=Tone::Warning>
                    <p class="font-semibold">{held.reason}"."</p>
                    <p>{held.remedy}"."</p>
                    {held.by_restore.then(|| view! { <A href="/settings" attr:class="link">"Open Settings"</A> })}
                </Notice>
            </div>
        }
        .into_any()
    };
    view! { <WhenLoaded view=notice/> }
}

#[component]
fn Brand() -> impl IntoView {
    view! {
        <span class="flex items-center gap-2.5 font-semibold">
            <span class="grid size-8 place-items-center rounded-lg bg-[#4338ca] font-bold text-white" aria-hidden="true">"K"</span>
            "Keyloom"
        </span>
    }
}

#[component]
fn Places(label: &'static str) -> impl IntoView {
    const LINK: &str = "flex items-center gap-3 rounded-field px-3 py-2 text-[0.9375rem] hover:bg-base-200 aria-[current=page]:bg-primary/10 aria-[current=page]:font-semibold aria-[current=page]:text-primary";
    let workspaces = expect_context::<Workspaces>();
    let links: Vec<_> = PLACES
        .iter()
        .map(|(href, name, shape)| view! { <li><A href=move || workspaces.scoped(href) attr:class=LINK><Icon shape=*shape/>{*name}</A></li> })
        .collect();
    view! { <nav aria-label=label><ul class="grid gap-0.5">{links}</ul></nav> }
}

#[component]
fn Account(me: Loaded<RpcResult<Me>>) -> impl IntoView {
    let who = move || async move {
        let Ok(me) = me.await else { return ().into_any() };
        let shown = me.email.clone();
        view! {
            <p class="truncate text-sm font-medium" title=me.email>{shown}</p>
            <p class="text-xs text-base-content/75 capitalize">{me.role}</p>
        }
        .into_any()
    };
    view! {
        <div class="mt-3 border-t border-base-300 px-3 pt-3">
            <WhenLoaded view=who/>
            <form method="post" action="/logout"><button class="btn btn-ghost btn-sm mt-2 -ml-3">"Sign out"</button></form>
        </div>
    }
}

/// Shown only to those who may change things. The server refuses the others anyway.
#[component]
pub fn WritersOnly(
    /// What they see.
    children: ChildrenFn,
) -> impl IntoView {
    let Session(me) = expect_context();
    let inner = StoredValue::new(children);
    let shown = move || async move { me.await.is_ok_and(|me| me.may_write).then(|| inner.with_value(|inner| inner())).into_any() };
    view! { <WhenLoaded view=shown/> }
}

/// Shown only to owners. The server refuses the others anyway.
#[component]
pub fn OwnersOnly(
    /// What they see.
    children: ChildrenFn,
) -> impl IntoView {
    let Session(me) = expect_context();
    let inner = StoredValue::new(children);
    let shown = move || async move { me.await.is_ok_and(|me| me.role == "owner").then(|| inner.with_value(|inner| inner())).into_any() };
    view! { <WhenLoaded view=shown/> }
}

/// Title and main actions of a page.
#[component]
pub fn PageHead(
    /// The title, on the page and in the browser's tab.
    #[prop(into)]
    title: String,
    /// The link back, where the page is below another.
    #[prop(optional)]
    back: Option<(&'static str, &'static str)>,
    /// Logo and name of the service that it is about.
    #[prop(optional)]
    logo: Option<(Option<String>, String)>,
    /// Actions.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let back = back.map(|(href, name)| view! { <p class="mb-1 text-sm"><A href=href attr:class="link inline-block py-1">"← "{name}</A></p> }.into_any());
    view! {
        <Title text=title.clone()/>
        {back}
        <div class="mb-6 flex flex-wrap items-center justify-between gap-3">
            <div class="flex min-w-0 items-center gap-3">
                {logo.map(|(src, name)| view! { <Logo src name/> })}
                <h1 class="min-w-0 text-2xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
            </div>
            {children.map(|children| view! { <div class="flex flex-wrap gap-2">{children()}</div> }.into_any())}
        </div>
    }
}
