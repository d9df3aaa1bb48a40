//! Where in a definition's file the key of a finding is: `auth.api-key.identity` → the line of its `[auth.identity]`.
//!
//! Read from the text itself, because deserialised values remember no positions. Good enough to jump to: of two candidates the
//! first that has most of the key in common is taken, and line 1 when nothing has.

/// The line (from 1) that `key` speaks of.
pub fn line_of(text: &str, key: &str) -> usize {
    // `auth.oauth2: api.base_url` is about the second.
    let wanted: Vec<&str> = key.rsplit(": ").next().unwrap_or(key).split('.').collect();
    let mut best = (0, 1);
    for (line, path) in paths(text) {
        let common = path.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        if common > best.0 {
            best = (common, line);
        }
    }
    best.1
}

/// Every header and key with its line. Members of arrays of tables go by their `key` or `name`, as findings call them.
fn paths(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut table: Vec<String> = Vec::new();
    let mut method = String::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if let Some(header) = line.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")) {
            let name = named(text, index);
            table = header.split('.').map(str::to_owned).collect();
            if header == "auth" {
                method.clone_from(&name);
            } else {
                within(&mut table, &method);
            }
            table.push(name);
            found.push((index + 1, table.clone()));
        } else if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            table = header.split('.').map(str::to_owned).collect();
            within(&mut table, &method);
            found.push((index + 1, table.clone()));
        } else if let Some((key, _)) = line.split_once('=').filter(|(key, _)| is_key(key.trim_end())) {
            let mut path = table.clone();
            path.push(key.trim_end().trim_matches('"').to_owned());
            found.push((index + 1, path));
        }
    }
    found
}

/// `auth.identity` under the method `api-key` is `auth.api-key.identity`.
fn within(table: &mut Vec<String>, method: &str) {
    if table.first().is_some_and(|first| first == "auth") {
        table.insert(1, method.to_owned());
    }
}

/// What the table that starts at line `index` calls itself.
fn named(text: &str, index: usize) -> String {
    text.lines()
        .skip(index + 1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| matches!(key.trim(), "key" | "name"))
        .map(|(_, value)| value.trim().trim_matches(['"', '\'']).to_owned())
        .unwrap_or_default()
}

/// A bare or quoted key at the start of a line; indented ones belong to a value that began above.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.trim_matches('"').bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::line_of;

    const FILE: &str = r#"name = "acme"
categories = [
    "x = y",
]

[api]
base_url = "https://api.acme.example"

[[auth]]
key = "oauth2"
type = "OAUTH2"

[auth.oauth2]
authorize_url = "https://acme.example/a"

[[auth.oauth2.token_capture]]
name = "site"
pattern = "("

[[auth]]
key = "api-key"
type = "SECRET_TEXT"

[[auth.fields]]
key = "secretText"

[auth.placement.headers]
Authorization = "Bearer {{secretText}}"

[auth.identity]
url = "/me"
"#;

    #[test]
    fn a_key_leads_to_its_line() {
        for (key, line) in [
            ("name", 1),
            ("categories", 2),
            ("api.base_url", 7),
            ("auth.oauth2", 9),
            ("auth.oauth2: api.base_url", 7),
            ("auth.oauth2.oauth2.authorize_url", 14),
            ("auth.oauth2.oauth2.token_url", 13),
            ("auth.oauth2.oauth2.token_capture.site", 16),
            ("auth.api-key", 20),
            ("auth.api-key.fields.secretText", 24),
            ("auth.api-key.placement.headers.Authorization", 28),
            ("auth.api-key.identity", 30),
            ("nowhere", 1),
        ] {
            assert_eq!(line_of(FILE, key), line, "{key}");
        }
    }
}
