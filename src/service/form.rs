//! Turns submitted values into a credential, or into errors that name the field and the remedy.

use crate::catalog::{Field, FieldType, Method};
use crate::domain::{Error, FieldError};
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

/// Checks `values` against the fields of `method`. `path_of` tells what a client calls a field (`props.base_url`).
pub fn check(method: &Method, values: &BTreeMap<String, String>, path_of: impl Fn(&str) -> String) -> Result<Checked, Error> {
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
                _ => errors.push(FieldError { path: path_of(name), code: "INVALID".to_owned(), message: format!("{name} does not have the expected form") }),
            }
            continue;
        }
        if !method.fields.iter().any(|field| field.key == *name) {
            let known: Vec<_> = method.fields.iter().map(|field| field.key.as_str()).collect();
            let message =
                if known.is_empty() { format!("{name} is not a field here") } else { format!("{name} is not a field here; there are {}", known.join(", ")) };
            errors.push(FieldError { path: path_of(name), code: "UNKNOWN".to_owned(), message });
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
            Err((code, message)) => errors.push(FieldError { path: path_of(&field.key), code: code.to_owned(), message }),
        }
    }
    if errors.is_empty() { Ok(checked) } else { Err(Error::fields(errors)) }
}

/// User names are not secret but are half of a credential: they are kept with the password.
fn is_login(key: &str) -> bool {
    key == crate::catalog::USERNAME
}

/// One value, normalised; `None` where it is optional and absent.
pub fn check_field(field: &Field, value: Option<&str>) -> Result<Option<String>, (&'static str, String)> {
    let label = &field.label;
    let value = value.map(str::trim).filter(|value| !value.is_empty()).or(field.default.as_deref());
    let Some(value) = value else {
        if field.kind == FieldType::Boolean {
            return Ok(Some("false".to_owned()));
        }
        return if field.required { Err(("REQUIRED", format!("{label} is required"))) } else { Ok(None) };
    };
    if value.len() > LONGEST {
        return Err(("TOO_LONG", format!("{label} is too long")));
    }
    let multi_line = field.kind == FieldType::Secret && value.contains("-----BEGIN");
    if value.chars().any(|c| c.is_control() && !(multi_line && matches!(c, '\n' | '\r'))) {
        return Err(("INVALID", format!("{label} must not contain control characters or line breaks")));
    }
    let value = match field.kind {
        FieldType::Text | FieldType::Secret => value.to_owned(),
        FieldType::Number => {
            value.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or(("INVALID", format!("{label} must be a number")))?;
            value.to_owned()
        }
        FieldType::Boolean => match value {
            "true" | "on" | "1" => "true".to_owned(),
            "false" | "off" | "0" => "false".to_owned(),
            _ => return Err(("INVALID", format!("{label} must be true or false"))),
        },
        FieldType::Select => {
            if !field.options.iter().any(|option| option.value == value) {
                let known: Vec<_> = field.options.iter().map(|option| option.value.as_str()).collect();
                return Err(("INVALID", format!("{label} must be one of {}", known.join(", "))));
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
            return Err(("INVALID", field.pattern_error.clone().unwrap_or_else(|| format!("{label} does not have the expected form"))));
        }
    }
    Ok(Some(value))
}

/// Host and origin of what a person typed: a bare host or any URL on it. The host must end in one of the field's suffixes.
fn host(field: &Field, value: &str) -> Result<(String, String), (&'static str, String)> {
    let label = &field.label;
    let wrong = || ("INVALID", format!("{label} must be a host name or an https URL"));
    let text = if value.contains("://") { value.to_owned() } else { format!("https://{value}") };
    let url = Url::parse(&text).map_err(|_| wrong())?;
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let loopback = host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1";
    let scheme_fits = url.scheme() == "https" || (url.scheme() == "http" && loopback && field.host_suffixes.is_empty());
    if host.is_empty() || !scheme_fits || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong());
    }
    let suffixes = &field.host_suffixes;
    if !suffixes.is_empty() {
        let inside = suffixes.iter().any(|suffix| host.strip_suffix(suffix.as_str()).is_some_and(|rest| !rest.is_empty() && !rest.ends_with('.')));
        if !inside || url.port().is_some() {
            return Err(("INVALID", format!("{label} must be an address ending in {}", suffixes.join(" or "))));
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
        assert!(check_field(&select, Some("us")).unwrap_err().1.contains("eu"));
        assert!(check_field(&field("secret", ""), Some("a\r\nb")).is_err());
        assert!(check_field(&field("secret", ""), Some("-----BEGIN KEY-----\nabc\n-----END KEY-----")).is_ok());
        let pattern = field("text", "pattern = \"[a-z]+\"\npattern_error = \"Only letters\"");
        assert_eq!(check_field(&pattern, Some("a1")).unwrap_err().1, "Only letters");
        assert_eq!(check_field(&field("text", "required = false"), Some("  ")).unwrap(), None);
    }
}
