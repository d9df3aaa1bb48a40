//! The words of the hosted pages, by language. `{asker}`, `{user}`, `{service}`, `{account}` are filled in.

/// Everything a hosted page can say.
pub struct Texts {
    /// Code for the `lang` attribute.
    pub code: &'static str,
    /// Title and heading.
    pub connect: &'static str,
    /// Who asks, for nobody in particular.
    pub asks: &'static str,
    /// Who asks, for whom.
    pub asks_for: &'static str,
    /// Above the list of scopes.
    pub will_allow: &'static str,
    /// The button that leads to the provider.
    pub continue_to: &'static str,
    /// The button of a form.
    pub save: &'static str,
    /// The way out.
    pub cancel: &'static str,
    /// Success without a known account.
    pub connected: &'static str,
    /// Success.
    pub connected_as: &'static str,
    /// After success in a window.
    pub can_close: &'static str,
    /// After success, the way back.
    pub go_back: &'static str,
    /// After success.
    pub different: &'static str,
    /// Failure.
    pub failed: &'static str,
    /// After failure.
    pub try_again: &'static str,
    /// Above code and request id.
    pub details: &'static str,
    /// The session is over.
    pub expired: &'static str,
    /// What to do then.
    pub expired_help: &'static str,
    /// Another browser was first.
    pub elsewhere: &'static str,
    /// What to do then.
    pub elsewhere_help: &'static str,
    /// The end user cancelled.
    pub cancelled: &'static str,
    /// Another account than before signed in.
    pub account_changed: &'static str,
    /// Where keys go.
    pub kept_safe: &'static str,
    /// Beside an input that may stay empty.
    pub optional: &'static str,
    /// Above several errors.
    pub check_fields: &'static str,
    /// The link is unknown.
    pub bad_link: &'static str,
    /// What to do then.
    pub bad_link_help: &'static str,
    /// A callback in a browser that did not start it.
    pub other_browser: &'static str,
    /// What to do then.
    pub other_browser_help: &'static str,
    /// A callback that was used before.
    pub used: &'static str,
    /// What to do then.
    pub used_help: &'static str,
    /// form_post without JavaScript.
    pub one_more_click: &'static str,
    /// Toggle of a hidden input.
    pub show: &'static str,
    /// Above the choice of a method.
    pub how: &'static str,
    /// Link beside an input.
    pub where_to_find: &'static str,
}

static ENGLISH: Texts = Texts {
    code: "en",
    connect: "Connect {service}",
    asks: "{asker} asks to connect your {service} account.",
    asks_for: "{asker} asks to connect a {service} account for {user}.",
    will_allow: "{asker} will be able to use these permissions",
    continue_to: "Continue to {service}",
    save: "Connect",
    cancel: "Cancel",
    connected: "{service} is connected",
    connected_as: "Connected as {account}",
    can_close: "You can close this window.",
    go_back: "Back to {asker}",
    different: "Use a different account",
    failed: "{service} was not connected",
    try_again: "Try again",
    details: "Details",
    expired: "This link has expired",
    expired_help: "Go back to {asker} and start again.",
    elsewhere: "Already open elsewhere",
    elsewhere_help: "This link was opened in another browser. Go on there, or ask {asker} for a new link.",
    cancelled: "You cancelled",
    account_changed: "This is a different account than before.",
    kept_safe: "Kept encrypted, and used only for {asker}.",
    optional: "optional",
    check_fields: "Please check what is marked below.",
    bad_link: "This link is not valid",
    bad_link_help: "It may be incomplete. Go back to where you found it and start again.",
    other_browser: "This belongs to another browser",
    other_browser_help: "You started in another browser or window. Go back there, or start again.",
    used: "This step is over",
    used_help: "The answer was used already or came too late. Go back to where you started and look there.",
    one_more_click: "One more click",
    show: "Show",
    how: "How do you want to connect?",
    where_to_find: "Where do I find this?",
};

/// The texts in `language`, English where we do not speak it.
pub fn texts(language: &str) -> &'static Texts {
    match language {
        _ if language.is_empty() => &ENGLISH,
        _ => &ENGLISH,
    }
}

/// The first language of an `Accept-Language` header that we speak.
pub fn negotiate(accept: Option<&str>) -> &'static str {
    let spoken = crate::service::workspaces::LANGUAGES;
    accept
        .into_iter()
        .flat_map(|header| header.split(','))
        .filter_map(|offer| offer.split(';').next()?.trim().split('-').next())
        .find_map(|code| spoken.iter().find(|known| known.eq_ignore_ascii_case(code)))
        .unwrap_or(&"en")
}
