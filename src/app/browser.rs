//! What only a browser can do: windows, focus, clipboard, waiting for news. The one file that touches web-sys and gloo-net.
//!
//! Everything here is called from event handlers and effects, which the server never runs; there each function does nothing.

#[cfg(feature = "hydrate")]
pub use real::*;
#[cfg(not(feature = "hydrate"))]
pub use stand_in::*;

use crate::domain::connect_session::SessionView;

/// Name of the window that providers' pages open in. Forms name it as their target, `public/connect.js` closes it.
pub const POPUP: &str = "keyloom-authorize";

/// What a long poll brought.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// The session, as it stands.
    Session(Box<SessionView>),
    /// Nothing yet: ask again at once.
    NothingYet,
    /// The server could not be reached: ask again later.
    Unreachable,
    /// The popup's own request was refused, for this reason.
    Refused(String),
    /// Asking again is of no use: signed out.
    SignedOut,
}

/// Whether connections have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// They have, perhaps.
    Yes,
    /// They have not.
    No,
    /// The server could not be reached: ask again later.
    Unreachable,
    /// Asking again is of no use: signed out.
    SignedOut,
}

#[cfg(feature = "hydrate")]
mod real {
    use super::{Changed, News, POPUP};
    use crate::domain::connect_session::SessionView;
    use leptos::prelude::request_animation_frame;
    use std::cell::RefCell;
    use wasm_bindgen::JsCast as _;
    use wasm_bindgen_futures::JsFuture;
    use web_sys::js_sys::Promise;
    use web_sys::{Document, Element, Event, HtmlDialogElement, HtmlElement, HtmlFormElement, HtmlInputElement, Window};

    thread_local! {
        static WINDOW: RefCell<Option<Window>> = const { RefCell::new(None) };
    }

    fn window() -> Option<Window> {
        web_sys::window()
    }

    fn document() -> Option<Document> {
        window()?.document()
    }

    fn find<T: wasm_bindgen::JsCast>(id: &str) -> Option<T> {
        document()?.get_element_by_id(id)?.dyn_into().ok()
    }

    /// Opens the popup, empty and centred over this window, so that the form that is being submitted lands in it. Must be called
    /// in the click itself. False where the browser blocks it.
    pub fn open_popup(width: u16, height: u16) -> bool {
        let Some(window) = window() else { return false };
        let number = |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|value| value.as_f64()).unwrap_or_default();
        let left = number(window.screen_x()) + (number(window.outer_width()) - f64::from(width)) / 2.0;
        let top = number(window.screen_y()) + (number(window.outer_height()) - f64::from(height)) / 2.0;
        let features = format!("popup,width={width},height={height},left={},top={}", left.max(0.0), top.max(0.0));
        let popup = window.open_with_url_and_target_and_features("", POPUP, &features).ok().flatten();
        if let Some(popup) = &popup {
            let _ = popup.focus();
        }
        let opened = popup.is_some();
        WINDOW.with(|slot| *slot.borrow_mut() = popup);
        opened
    }

    /// Closes the popup, if it is still ours to close.
    pub fn close_popup() {
        if let Some(popup) = WINDOW.with(|slot| slot.borrow_mut().take()) {
            let _ = popup.close();
        }
    }

    /// 32 hexadecimal digits that nobody can guess.
    pub fn random_handle() -> String {
        let mut bytes = [0_u8; 16];
        if let Some(crypto) = window().and_then(|window| window.crypto().ok()) {
            let _ = crypto.get_random_values_with_u8_array(&mut bytes);
        }
        format!("{:032x}", u128::from_be_bytes(bytes))
    }

    /// What the server answered, read as every other answer.
    async fn read<T: serde::de::DeserializeOwned>(response: gloo_net::http::Response) -> Option<T> {
        crate::app::rpc::read(&response.text().await.ok()?).ok()
    }

    /// An error of the API, as far as a person is told.
    #[derive(serde::Deserialize)]
    struct Refusal {
        error: String,
    }

    /// Asks how it goes in the popup; the server answers when there is news, or after 25 seconds.
    pub async fn authorize_news(client_ref: &str) -> News {
        let Ok(response) = gloo_net::http::Request::get(&format!("/dashboard/authorize/{client_ref}")).send().await else { return News::Unreachable };
        match response.status() {
            200 => match read::<Option<SessionView>>(response).await {
                Some(Some(session)) => News::Session(Box::new(session)),
                Some(None) => News::NothingYet,
                None => News::Unreachable,
            },
            401 => News::SignedOut,
            400..500 => read::<Refusal>(response).await.map_or(News::Unreachable, |refusal| News::Refused(refusal.error)),
            _ => News::Unreachable,
        }
    }

    /// Whether nobody can see this page.
    pub fn is_hidden() -> bool {
        document().is_some_and(|document| document.hidden())
    }

    /// Asks whether connections, or the one with this id, have changed since then (Unix ms, by the server's clock).
    pub async fn changed(since: i64, connection: Option<&str>) -> Changed {
        let connection = connection.map(|id| format!("&connection={id}")).unwrap_or_default();
        let Ok(response) = gloo_net::http::Request::get(&format!("/dashboard/changes?since={since}{connection}")).send().await else {
            return Changed::Unreachable;
        };
        match response.status() {
            200 => match read::<bool>(response).await {
                Some(true) => Changed::Yes,
                Some(false) => Changed::No,
                None => Changed::Unreachable,
            },
            401 => Changed::SignedOut,
            _ => Changed::Unreachable,
        }
    }

    /// Moves the focus to the first element with this selector, or, from one of them, to the one `step` further. False where there
    /// is none.
    pub fn step_focus(selector: &str, step: i32) -> bool {
        let Some(document) = document() else { return false };
        let Ok(all) = document.query_selector_all(selector) else { return false };
        let all: Vec<HtmlElement> = (0..all.length()).filter_map(|index| all.item(index)?.dyn_into().ok()).collect();
        let now = document.active_element().and_then(|active| all.iter().position(|element| *AsRef::<Element>::as_ref(element) == active));
        let next = match now {
            Some(now) => i32::try_from(now).unwrap_or_default() + step,
            None => 0,
        };
        let next = usize::try_from(next).ok().and_then(|next| all.get(next));
        next.is_some_and(|element| element.focus().is_ok())
    }

    /// Waits.
    pub async fn sleep(milliseconds: i32) {
        let promise = Promise::new(&mut |resolve, _| {
            if let Some(window) = window() {
                let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
            }
        });
        let _ = JsFuture::from(promise).await;
    }

    /// Puts text on the clipboard. False where the browser does not allow it.
    pub async fn copy(text: &str) -> bool {
        match window() {
            Some(window) if window.is_secure_context() => JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok(),
            _ => false,
        }
    }

    /// Moves the focus to the element with this id, once the page shows it.
    pub fn focus(id: &str) {
        let id = id.to_owned();
        request_animation_frame(move || {
            if let Some(element) = find::<HtmlElement>(&id) {
                let _ = element.focus();
            }
        });
    }

    /// Opens a dialog over everything else. False where there is none with this id.
    pub fn show_modal(id: &str) -> bool {
        find::<HtmlDialogElement>(id).is_some_and(|dialog| dialog.show_modal().is_ok())
    }

    /// Closes a dialog. False where it was not open as a modal one.
    pub fn close_modal(id: &str) -> bool {
        find::<HtmlDialogElement>(id).is_some_and(|dialog| {
            let was_open = dialog.open();
            dialog.close();
            was_open
        })
    }

    /// Whether a dialog is open.
    pub fn is_open(id: &str) -> bool {
        find::<HtmlDialogElement>(id).is_some_and(|dialog| dialog.open())
    }

    /// Whether an element is as this selector says.
    pub fn matches(id: &str, selector: &str) -> bool {
        find::<Element>(id).is_some_and(|element| element.matches(selector).unwrap_or_default())
    }

    /// Scrolls a list, which is positioned, no further than it takes to show one of its items.
    pub fn keep_in_view(list: &str, item: &str) {
        if let (Some(list), Some(item)) = (find::<HtmlElement>(list), find::<HtmlElement>(item)) {
            let (top, bottom) = (item.offset_top(), item.offset_top() + item.offset_height());
            if top < list.scroll_top() {
                list.set_scroll_top(top);
            } else if bottom > list.scroll_top() + list.client_height() {
                list.set_scroll_top(bottom - list.client_height());
            }
        }
    }

    /// Sets the value of an input.
    pub fn set_value(id: &str, value: &str) {
        if let Some(input) = find::<HtmlInputElement>(id) {
            input.set_value(value);
        }
    }

    /// Sets an attribute of an element.
    pub fn set_attribute(id: &str, name: &str, value: &str) {
        if let Some(element) = find::<Element>(id) {
            let _ = element.set_attribute(name, value);
        }
    }

    /// Removes an attribute of an element.
    pub fn remove_attribute(id: &str, name: &str) {
        if let Some(element) = find::<Element>(id) {
            let _ = element.remove_attribute(name);
        }
    }

    /// Submits a form as its button would.
    pub fn submit(id: &str) {
        if let Some(form) = find::<HtmlFormElement>(id) {
            let _ = form.request_submit();
        }
    }

    /// Submits the form that the event's target is in.
    pub fn submit_form_of(event: &Event) {
        let form = event.target().and_then(|target| target.dyn_into::<Element>().ok()).and_then(|element| element.closest("form").ok().flatten());
        if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            let _ = form.request_submit();
        }
    }

    /// The address that a form which only asks leads to, with what is entered in it.
    pub fn address_of_form(event: &web_sys::SubmitEvent) -> Option<String> {
        let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
        let entered = web_sys::FormData::new_with_form(&form).ok()?;
        let query = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&entered).ok()?;
        Some(format!("{}?{}", form.get_attribute("action")?, String::from(query.to_string())))
    }

    /// Submits the form of a menu in which something else is chosen than the page came with: chosen before anybody listened.
    pub fn submit_changed(id: &str) {
        let Some(document) = document() else { return };
        let other = document.query_selector(&format!("#{id} option:checked:not([selected])")).ok().flatten();
        if let Some(form) = other.and_then(|option| option.closest("form").ok().flatten()).and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            let _ = form.request_submit();
        }
    }

    /// Makes the form of a menu show what the page says now.
    pub fn reset_form_of(id: &'static str) {
        request_animation_frame(move || {
            let form = find::<Element>(id).and_then(|element| element.closest("form").ok().flatten());
            if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
                form.reset();
            }
        });
    }

    /// The value of the button that submits a form.
    pub fn submitter_value(event: &web_sys::SubmitEvent) -> Option<String> {
        event.submitter()?.get_attribute("value")
    }

    /// Whether the browser finds fault with the input that the event comes from.
    pub fn is_faulty(event: &Event) -> bool {
        event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()).is_some_and(|input| !input.value().is_empty() && !input.check_validity())
    }
}

/// What the server compiles instead.
#[cfg(not(feature = "hydrate"))]
#[expect(missing_docs, reason = "documented where they do something")]
mod stand_in {
    use super::{Changed, News};
    use leptos::web_sys::Event;

    pub fn open_popup(_width: u16, _height: u16) -> bool {
        false
    }
    pub fn close_popup() {}
    pub fn random_handle() -> String {
        String::new()
    }
    #[expect(clippy::unused_async, reason = "as in the browser")]
    pub async fn authorize_news(_client_ref: &str) -> News {
        News::SignedOut
    }
    pub fn is_hidden() -> bool {
        true
    }
    #[expect(clippy::unused_async, reason = "as in the browser")]
    pub async fn changed(_since: i64, _connection: Option<&str>) -> Changed {
        Changed::SignedOut
    }
    pub fn step_focus(_selector: &str, _step: i32) -> bool {
        false
    }
    #[expect(clippy::unused_async, reason = "as in the browser")]
    pub async fn sleep(_milliseconds: i32) {}
    #[expect(clippy::unused_async, reason = "as in the browser")]
    pub async fn copy(_text: &str) -> bool {
        false
    }
    pub fn focus(_id: &str) {}
    pub fn show_modal(_id: &str) -> bool {
        false
    }
    pub fn close_modal(_id: &str) -> bool {
        false
    }
    pub fn is_open(_id: &str) -> bool {
        false
    }
    pub fn matches(_id: &str, _selector: &str) -> bool {
        false
    }
    pub fn keep_in_view(_list: &str, _item: &str) {}
    pub fn set_value(_id: &str, _value: &str) {}
    pub fn set_attribute(_id: &str, _name: &str, _value: &str) {}
    pub fn remove_attribute(_id: &str, _name: &str) {}
    pub fn submit(_id: &str) {}
    pub fn submit_form_of(_event: &Event) {}
    pub fn address_of_form(_event: &leptos::ev::SubmitEvent) -> Option<String> {
        None
    }
    pub fn submit_changed(_id: &str) {}
    pub fn reset_form_of(_id: &'static str) {}
    pub fn submitter_value(_event: &leptos::ev::SubmitEvent) -> Option<String> {
        None
    }
    pub fn is_faulty(_event: &Event) -> bool {
        false
    }
}
