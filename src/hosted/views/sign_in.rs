//! `/login` and `/setup`.

use super::document;
use crate::domain::Error;
use crate::service::logos::Theme;
use axum::http::StatusCode;
use axum::response::Response;
use leptos::prelude::*;

/// The forms of `/login` and `/setup`.
#[derive(Debug, Clone, Default)]
pub struct SignInForm {
    /// As typed.
    pub email: String,
    /// Where to go afterwards.
    pub next: Option<String>,
    /// Set-up token.
    pub token: Option<String>,
    /// Whether a colleague was invited, instead of the first admin setting up.
    pub invited: bool,
    /// What was wrong.
    pub error: Option<Error>,
}

/// `/login`
pub fn sign_in(form: &SignInForm, status: StatusCode) -> Response {
    let error = form.error.clone().map(|error| view! { <div class="problem" role="alert"><p>{error.message}</p></div> });
    let body = view! {
        <span class="brand" aria-hidden="true">"K"</span>
        <h1>"Sign in to Keyloom"</h1>
        {error}
        <form method="post" action="/login">
            {form.next.clone().map(|next| view! { <input type="hidden" name="next" value=next/> })}
            <div class="field"><label for="email">"E-mail"</label><input id="email" name="email" type="email" autocomplete="username" required value=form.email.clone()/></div>
            <div class="field"><label for="password">"Password"</label>
                <span class="secret"><input id="password" name="password" type="password" autocomplete="current-password" required/><button type="button" class="link" data-show="password" aria-pressed="false" hidden>"Show"</button></span>
            </div>
            <button class="primary">"Sign in"</button>
        </form>
    };
    document("en", "Sign in · Keyloom", Theme::default(), status, body)
}

/// `/setup`
pub fn setup(form: &SignInForm, status: StatusCode) -> Response {
    let (heading, intro, button) = if form.invited {
        ("Join Keyloom", "Choose a password to sign in with. This link works once.", "Join")
    } else {
        ("Set up Keyloom", "Make yourself the first admin. This link works once.", "Create admin")
    };
    let title = if form.invited { "Join · Keyloom" } else { "Set up · Keyloom" };
    let Some(token) = form.token.clone() else {
        let what = if form.invited {
            "This link has been used, replaced or is over. Sign in, or ask an owner for a new one."
        } else {
            "Open the set-up link that the server printed when it started. A restart prints a new one."
        };
        let message = form.error.clone().map_or_else(|| what.to_owned(), |error| error.message);
        return document(
            "en",
            title,
            Theme::default(),
            status,
            view! { <span class="brand" aria-hidden="true">"K"</span> <h1>{heading}</h1> <p>{message}</p> {form.invited.then(|| view! { <p><a href="/login">"Sign in"</a></p> })} },
        );
    };
    let of = |name: &str| form.error.as_ref().and_then(|error| error.fields.iter().find(|field| field.path == name)).map(|field| field.message.clone());
    let (email_error, password_error, again_error) = (of("email"), of("password"), of("password_again"));
    let line = |id: &'static str, error: Option<String>| error.map(|error| view! { <p class="error" id=id>{error}</p> });
    let general =
        form.error.clone().filter(|error| error.fields.is_empty()).map(|error| view! { <div class="problem" role="alert"><p>{error.message}</p></div> });
    let body = view! {
        <span class="brand" aria-hidden="true">"K"</span>
        <h1>{heading}</h1>
        <p>{intro}</p>
        {general}
        <form method="post" action="/setup">
            <input type="hidden" name="token" value=token/>
            <div class="field"><label for="email">"E-mail"</label>
                <input id="email" name="email" type="email" autocomplete="username" required readonly=form.invited value=form.email.clone() aria-describedby="email-error" aria-invalid=email_error.is_some().then_some("true")/>
                {line("email-error", email_error)}
            </div>
            <div class="field"><label for="password">"Password"</label>
                <input id="password" name="password" type="password" autocomplete="new-password" required minlength=crate::service::login::PASSWORD_MIN.to_string() aria-describedby="password-help password-error" aria-invalid=password_error.is_some().then_some("true")/>
                {line("password-error", password_error)}
                <p class="small" id="password-help">"At least 10 characters."</p>
            </div>
            <div class="field"><label for="again">"Password again"</label>
                <input id="again" name="password_again" type="password" autocomplete="new-password" required aria-describedby="again-error" aria-invalid=again_error.is_some().then_some("true")/>
                {line("again-error", again_error)}
            </div>
            <button class="primary">{button}</button>
        </form>
    };
    document("en", title, Theme::default(), status, body)
}
