#![doc = include_str!("../README.md")]
#![recursion_limit = "256"]

// The only place where the two sides part. Shared: the vocabulary and the pages. Server: everything else.
pub mod app;
pub mod domain;

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod catalog;
#[cfg(feature = "ssr")]
pub mod cli;
#[cfg(feature = "ssr")]
pub mod config;
#[cfg(feature = "ssr")]
pub mod hosted;
#[cfg(feature = "ssr")]
pub mod jobs;
#[cfg(feature = "ssr")]
pub mod oauth;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod vault;

/// Where the browser's copy of the dashboard begins.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    // Waits for the code of the page that was asked for, where that is not in the first file.
    leptos::mount::hydrate_lazy(app::App);
}

/// Room for the splitter. It lays the data of all pieces out anew, each piece aligned, within what the linker made of all data; where that
/// is too narrow by a byte, all data stays in the first piece. No piece refers to this, so none has it.
#[cfg(feature = "split")]
#[used]
static ROOM: [u8; 16 * 1024] = [0; 16 * 1024];
