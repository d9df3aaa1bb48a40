//! The words of the hosted pages, one file per language. `{asker}`, `{user}`, `{service}`, `{account}` are filled in, and
//! `{field}` and `{endings}` where a field is wrong.

mod de;
mod en;
mod es;
mod fr;
mod ja;
mod pt;

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
    /// Title of an end user's own page.
    pub your_connections: &'static str,
    /// That page without services.
    pub nothing_to_connect: &'static str,
    /// Button beside a connection.
    pub reconnect: &'static str,
    /// Button beside a connection.
    pub test: &'static str,
    /// Button beside a connection.
    pub disconnect: &'static str,
    /// Button below connections.
    pub another_account: &'static str,
    /// Beside a broken connection.
    pub not_working: &'static str,
    /// Question to a person whose way here is not known.
    pub started: &'static str,
    /// The same, for an end user.
    pub started_for: &'static str,
    /// What to answer.
    pub started_help: &'static str,
    /// Question on an end user's own page.
    pub is_it_you: &'static str,
    /// What to answer.
    pub is_it_you_help: &'static str,
    /// Button of a question.
    pub yes: &'static str,
    /// Button of a question.
    pub no: &'static str,
    /// A page that may not lead here did.
    pub foreign: &'static str,
    /// What to do then.
    pub foreign_help: &'static str,
    /// The question was answered with no.
    pub not_started: &'static str,
    /// What to do then.
    pub not_started_help: &'static str,
    /// The application has to confirm.
    pub confirming: &'static str,
    /// What that means.
    pub confirming_help: &'static str,
    /// Which of several accounts.
    pub which: &'static str,
    /// Why that is asked.
    pub which_help: &'static str,
    /// Nothing was chosen, or something that is not on offer.
    pub which_first: &'static str,
    /// What was chosen before is not on offer any more.
    pub which_gone: &'static str,
    /// Beside a field: there is no value.
    pub required: &'static str,
    /// Beside a field.
    pub too_long: &'static str,
    /// Beside a field.
    pub one_line: &'static str,
    /// Beside a field.
    pub number: &'static str,
    /// Beside a field: neither a host nor an https URL.
    pub host: &'static str,
    /// Beside a field: a host outside of those that are allowed.
    pub ending: &'static str,
    /// Beside a field: another form than the one that is described.
    pub unfit: &'static str,
    /// Beside a field: the service does not accept what is in it.
    pub refused: &'static str,
    /// The service was not allowed, or did not allow.
    pub not_granted: &'static str,
    /// The service does not accept what was typed.
    pub rejected: &'static str,
    /// The service does not answer, or has a problem.
    pub unreachable: &'static str,
    /// The application has to change something.
    pub not_set_up: &'static str,
    /// What the service sent back could not be used.
    pub not_completed: &'static str,
    /// Anything else.
    pub trouble: &'static str,
    /// What to do then.
    pub trouble_help: &'static str,
    /// After the end of a session.
    pub start_again: &'static str,
    /// A test went well.
    pub works: &'static str,
    /// A test told nothing.
    pub unsure: &'static str,
}

#[cfg(test)]
impl Texts {
    /// Every text, in order.
    fn all(&self) -> Vec<&'static str> {
        vec![
            self.code,
            self.connect,
            self.asks,
            self.asks_for,
            self.will_allow,
            self.continue_to,
            self.save,
            self.cancel,
            self.connected,
            self.connected_as,
            self.can_close,
            self.go_back,
            self.different,
            self.failed,
            self.try_again,
            self.details,
            self.expired,
            self.expired_help,
            self.elsewhere,
            self.elsewhere_help,
            self.cancelled,
            self.account_changed,
            self.kept_safe,
            self.optional,
            self.check_fields,
            self.bad_link,
            self.bad_link_help,
            self.other_browser,
            self.other_browser_help,
            self.used,
            self.used_help,
            self.one_more_click,
            self.show,
            self.how,
            self.where_to_find,
            self.your_connections,
            self.nothing_to_connect,
            self.reconnect,
            self.test,
            self.disconnect,
            self.another_account,
            self.not_working,
            self.started,
            self.started_for,
            self.started_help,
            self.is_it_you,
            self.is_it_you_help,
            self.yes,
            self.no,
            self.foreign,
            self.foreign_help,
            self.not_started,
            self.not_started_help,
            self.confirming,
            self.confirming_help,
            self.which,
            self.which_help,
            self.which_first,
            self.which_gone,
            self.required,
            self.too_long,
            self.one_line,
            self.number,
            self.host,
            self.ending,
            self.unfit,
            self.refused,
            self.not_granted,
            self.rejected,
            self.unreachable,
            self.not_set_up,
            self.not_completed,
            self.trouble,
            self.trouble_help,
            self.start_again,
            self.works,
            self.unsure,
        ]
    }
}

/// The texts in `language`, English where we do not speak it.
pub fn texts(language: &str) -> &'static Texts {
    match language {
        "de" => &de::TEXTS,
        "fr" => &fr::TEXTS,
        "es" => &es::TEXTS,
        "pt" => &pt::TEXTS,
        "ja" => &ja::TEXTS,
        _ => &en::TEXTS,
    }
}

/// The language of an `Accept-Language` header that is wanted most (RFC 9110, 12.5.4) of those that we speak; of equals the first.
pub fn negotiate(accept: Option<&str>) -> &'static str {
    let spoken = crate::service::workspaces::LANGUAGES;
    let mut best = (0.0, "en");
    for offer in accept.into_iter().flat_map(|header| header.split(',')) {
        let (range, parameter) = offer.split_once(';').unwrap_or((offer, ""));
        let code = range.trim().split('-').next().unwrap_or_default();
        let weight = match parameter.trim().strip_prefix("q=") {
            Some(weight) => weight.trim().parse::<f32>().unwrap_or_default(),
            None => 1.0,
        };
        if let Some(known) = spoken.iter().find(|known| known.eq_ignore_ascii_case(code)).filter(|_| weight > best.0) {
            best = (weight, known);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::workspaces::LANGUAGES;
    use std::collections::BTreeSet;

    /// What stands in braces.
    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest)).collect()
    }

    #[test]
    fn all_misses_no_field() {
        assert_eq!(size_of::<Texts>(), en::TEXTS.all().len() * size_of::<&str>());
    }

    #[test]
    fn every_language_is_spoken() {
        for language in LANGUAGES {
            assert_eq!(texts(language).code, language);
        }
        assert_eq!(texts("tlh").code, "en");
        assert_eq!(texts("").code, "en");
    }

    #[test]
    fn the_language_wanted_most_is_chosen() {
        for (accept, language) in [
            ("de", "de"),
            ("de-AT,en;q=0.8", "de"),
            ("en;q=0.1, JA;q=0.9", "ja"),
            ("nl, fr;q=0.5", "fr"),
            ("pt-BR, es", "pt"),
            ("es;q=0, de;q=0.001", "de"),
            ("es;q=0", "en"),
            ("*", "en"),
            ("fr;q=nonsense", "en"),
            ("", "en"),
        ] {
            assert_eq!(negotiate(Some(accept)), language, "{accept}");
        }
        assert_eq!(negotiate(None), "en");
    }

    #[test]
    fn no_text_is_left_in_english() {
        // Words that are the same in another language.
        let same = ["Test", "Details", "No", "optional", "Connect {service}"];
        for language in LANGUAGES.into_iter().filter(|language| *language != "en") {
            for (english, text) in en::TEXTS.all().into_iter().zip(texts(language).all()) {
                assert!(text != english || same.contains(&english), "{language}: {text:?}");
            }
        }
    }

    #[test]
    fn no_text_is_empty_and_placeholders_stay() {
        for language in LANGUAGES {
            for (english, text) in en::TEXTS.all().into_iter().zip(texts(language).all()) {
                assert!(!text.trim().is_empty(), "{language} lacks {english:?}");
                assert_eq!(placeholders(text), placeholders(english), "{language}: {text:?}");
                assert_eq!(text.matches(['{', '}']).count(), english.matches(['{', '}']).count(), "{language}: {text:?}");
            }
        }
    }
}
