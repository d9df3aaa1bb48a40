//! Turns submitted values into a credential, or into errors that name the field and the remedy.

use crate::catalog::{Field, FieldType, Method};
use crate::domain::{Error, FieldError};
use crate::oauth::sign::check_key;
use crate::vault::{Credential, Secret};
use std::collections::BTreeMap;
use url::Url;

/// What a form gave: secrets apart from what may be shown.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// Secret inputs.
    pub credential: Credential,
    /// The rest.
    pub props: BTreeMap<String, String>,
}

/// Longest value of a field: enough for a PEM key or a service account.
const LONGEST: usize = 16 * 1024;

/// Why a value is not taken. The API says it in English ([`Wrong::sentence`]), the hosted page in the language of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// There is none.
    Required,
    /// It is longer than anything that fits.
    TooLong,
    /// It has control characters or line breaks.
    NotOneLine,
    /// It is not a number.
    NotANumber,
    /// It is neither true nor false.
    NotABoolean,
    /// It is none of these.
    NotAnOption(Vec<String>),
    /// It is neither a host nor an https URL.
    NotAHost,
    /// It is a host outside of these.
    HostOutside(Vec<String>),
    /// It does not have the form that the catalogue describes, in the catalogue's own words if it has some.
    Form(Option<String>),
    /// The service does not accept it.
    Refused,
    /// There is no such field; there are these.
    NoSuchField(Vec<String>),
}

impl Wrong {
    /// For machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Required => "REQUIRED",
            Self::TooLong => "TOO_LONG",
            Self::NoSuchField(_) => "UNKNOWN",
            Self::Refused => "REJECTED",
            _ => "INVALID",
        }
    }

    /// For people who read the API's answers. `label` is what the field is called.
    pub fn sentence(&self, label: &str) -> String {
        match self {
            Self::Required => format!("{label} is required"),
            Self::TooLong => format!("{label} is too long"),
            Self::NotOneLine => format!("{label} must not contain control characters or line breaks"),
            Self::NotANumber => format!("{label} must be a number"),
            Self::NotABoolean => format!("{label} must be true or false"),
            Self::NotAnOption(known) => format!("{label} must be one of {}", known.join(", ")),
            Self::NotAHost => format!("{label} must be a host name or an https URL"),
            Self::HostOutside(suffixes) => format!("{label} must be an address ending in {}", suffixes.join(" or ")),
            Self::Form(Some(own)) => own.clone(),
            Self::Form(None) => format!("{label} does not have the expected form"),
            Self::Refused => format!("{label} was not accepted"),
            Self::NoSuchField(known) if known.is_empty() => format!("{label} is not a field here"),
            Self::NoSuchField(known) => format!("{label} is not a field here; there are {}", known.join(", ")),
        }
    }
}

/// Checks `values` against the fields of `method`. `path_of` tells what a client calls a field (`props.base_url`).
pub fn check(method: &Method, values: &BTreeMap<String, String>, path_of: impl Fn(&str) -> String) -> Result<Checked, Error> {
    judge(method, values).map_err(|wrong| {
        let label_of = |key: &str| method.fields.iter().find(|field| field.key == key).map_or_else(|| key.to_owned(), |field| field.label.clone());
        let error = |(key, wrong): (String, Wrong)| FieldError { path: path_of(&key), code: wrong.code().to_owned(), message: wrong.sentence(&label_of(&key)) };
        Error::fields(wrong.into_iter().map(error).collect())
    })
}

/// The same, for whoever has words of their own: the keys of the fields that are wrong, and why.
pub fn judge(method: &Method, values: &BTreeMap<String, String>) -> Result<Checked, Vec<(String, Wrong)>> {
    let mut errors = Vec::new();
    let mut checked = Checked::default();
    for (name, value) in values {
        // Which of several accounts is meant can be said beforehand: it has to be one of those that the consent turns out to cover.
        if let Some(choose) = method.choose.as_ref().filter(|choose| choose.props().any(|prop| prop == name)) {
            match value.trim() {
                "" => {}
                value if choose.fits(name, value) => {
                    checked.props.insert(name.clone(), value.to_owned());
                }
                _ => errors.push((name.clone(), Wrong::Form(None))),
            }
            continue;
        }
        if !method.fields.iter().any(|field| field.key == *name) {
            errors.push((name.clone(), Wrong::NoSuchField(method.fields.iter().map(|field| field.key.clone()).collect())));
        }
    }
    for field in &method.fields {
        match check_field(field, values.get(&field.key).map(String::as_str)) {
            Ok(Some(value)) if field.kind == FieldType::Secret || is_login(&field.key) => {
                checked.credential.values.insert(field.key.clone(), Secret::new(value));
            }
            Ok(Some(value)) => {
                checked.props.insert(field.key.clone(), value);
            }
            Ok(None) => {}
            Err(wrong) => errors.push((field.key.clone(), wrong)),
        }
    }
    if errors.is_empty() {
        errors.extend(unfit_key(method, &checked));
    }
    if errors.is_empty() { Ok(checked) } else { Err(errors) }
}

/// A key that cannot sign is told while somebody is there who can paste the right one.
fn unfit_key(method: &Method, checked: &Checked) -> Option<(String, Wrong)> {
    method.jwt.as_ref()?;
    let mut values = checked.props.clone();
    values.extend(checked.credential.values.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())));
    method.add_parts(&mut values);
    let (key, error) = check_key(method, &values).err()?;
    let label = method.fields.iter().find(|field| field.key == key).map_or(key.as_str(), |field| field.label.as_str());
    let message = format!("{label} {error}");
    Some((key, Wrong::Form(Some(message))))
}

/// User names are not secret but are half of a credential: they are kept with the password.
fn is_login(key: &str) -> bool {
    key == crate::catalog::USERNAME
}

/// One value, normalised; `None` where it is optional and absent.
pub fn check_field(field: &Field, value: Option<&str>) -> Result<Option<String>, Wrong> {
    let value = value.map(str::trim).filter(|value| !value.is_empty()).or(field.default.as_deref());
    let Some(value) = value else {
        if field.kind == FieldType::Boolean {
            return Ok(Some("false".to_owned()));
        }
        return if field.required { Err(Wrong::Required) } else { Ok(None) };
    };
    if value.len() > LONGEST {
        return Err(Wrong::TooLong);
    }
    let multi_line = field.kind == FieldType::Secret && (value.contains("-----BEGIN") || (value.starts_with('{') && !field.parts.is_empty()));
    if value.chars().any(|c| c.is_control() && !(multi_line && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(Wrong::NotOneLine);
    }
    let value = match field.kind {
        FieldType::Text | FieldType::Secret => value.to_owned(),
        FieldType::Number => {
            value.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or(Wrong::NotANumber)?;
            value.to_owned()
        }
        FieldType::Boolean => match value {
            "true" | "on" | "1" => "true".to_owned(),
            "false" | "off" | "0" => "false".to_owned(),
            _ => return Err(Wrong::NotABoolean),
        },
        FieldType::Select => {
            if !field.options.iter().any(|option| option.value == value) {
                return Err(Wrong::NotAnOption(field.options.iter().map(|option| option.value.clone()).collect()));
            }
            value.to_owned()
        }
        FieldType::Host => host(field, value)?.0,
        FieldType::Url => host(field, value)?.1,
    };
    if let Some(pattern) = &field.pattern {
        // The catalogue was checked when it was loaded, so the pattern compiles.
        let fits = regex_lite::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(&value));
        if !fits {
            return Err(Wrong::Form(field.pattern_error.clone()));
        }
    }
    if field.parts_of(&value).is_none() {
        return Err(Wrong::Form(Some(field.parts_wanted())));
    }
    Ok(Some(value))
}

/// Host and origin of what a person typed: a bare host or any URL on it. The host must end in one of the field's suffixes.
fn host(field: &Field, value: &str) -> Result<(String, String), Wrong> {
    let text = if value.contains("://") { value.to_owned() } else { format!("https://{value}") };
    let url = Url::parse(&text).map_err(|_| Wrong::NotAHost)?;
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let loopback = host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1";
    let scheme_fits = url.scheme() == "https" || (url.scheme() == "http" && loopback && field.host_suffixes.is_empty());
    if host.is_empty() || !scheme_fits || !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::NotAHost);
    }
    let suffixes = &field.host_suffixes;
    if !suffixes.is_empty() {
        let inside = suffixes.iter().any(|suffix| host.strip_suffix(suffix.as_str()).is_some_and(|rest| !rest.is_empty() && !rest.ends_with('.')));
        if !inside || url.port().is_some() {
            return Err(Wrong::HostOutside(suffixes.clone()));
        }
    }
    let host_and_port = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
    Ok((host_and_port.clone(), format!("{}://{host_and_port}", url.scheme())))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn field(kind: &str, extra: &str) -> Field {
        toml::from_str(&format!("key = \"k\"\nlabel = \"Base URL\"\ntype = \"{kind}\"\n{extra}")).unwrap()
    }

    #[test]
    fn a_base_url_is_accepted_in_the_forms_people_paste() {
        let url = field("url", "host_suffixes = [\".freshsales.io\", \".myfreshworks.com\"]");
        for good in ["https://acme.freshsales.io", "acme.freshsales.io", "https://Acme.Freshsales.io/crm/x?y#z", " acme.freshsales.io/ "] {
            assert_eq!(check_field(&url, Some(good)).unwrap().unwrap(), "https://acme.freshsales.io", "{good}");
        }
        for bad in [
            "https://evil.com",
            "freshsales.io",
            "https://acme.freshsales.io.evil.com",
            "https://evil.com/#.freshsales.io",
            "https://x@acme.freshsales.io",
            "http://acme.freshsales.io",
            "https://acme.freshsales.io:444",
            "evil.com?.freshsales.io",
            "https://evil.com\\.freshsales.io",
            "",
            "https://",
        ] {
            assert!(check_field(&url, Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_are_checked_by_type() {
        assert_eq!(check_field(&field("boolean", ""), None).unwrap().unwrap(), "false");
        assert!(check_field(&field("number", ""), Some("1e999")).is_err());
        let select = field("select", "options = [{ value = \"eu\", label = \"Europe\" }]");
        assert_eq!(check_field(&select, Some("us")).unwrap_err().sentence("Region"), "Region must be one of eu");
        assert!(check_field(&field("secret", ""), Some("a\r\nb")).is_err());
        assert!(check_field(&field("secret", ""), Some("-----BEGIN KEY-----\nabc\n-----END KEY-----")).is_ok());
        let pattern = field("text", "pattern = \"[a-z]+\"\npattern_error = \"Only letters\"");
        assert_eq!(check_field(&pattern, Some("a1")).unwrap_err().sentence("k"), "Only letters");
        assert_eq!(check_field(&field("text", "required = false"), Some("  ")).unwrap(), None);
    }
}
