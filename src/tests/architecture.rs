//! Who may `use` whom: the picture of `docs/ARCHITECTURE.md`, checked.

use std::path::{Path, PathBuf};

/// Module, and what it must not name.
const RULES: [(&str, &[&str]); 9] = [
    (
        "domain",
        &[
            "crate::app",
            "crate::api",
            "crate::service",
            "crate::store",
            "crate::vault",
            "crate::oauth",
            "crate::catalog",
            "crate::server",
            "crate::hosted",
            "crate::jobs",
            "crate::cli",
            "crate::config",
            "axum",
            "sqlx",
            "leptos",
        ],
    ),
    ("vault", &["crate::app", "crate::api", "crate::service", "crate::store", "crate::oauth", "crate::hosted", "crate::jobs", "axum", "sqlx"]),
    ("catalog", &["crate::app", "crate::api", "crate::service", "crate::store", "crate::oauth", "crate::hosted", "crate::jobs", "axum", "sqlx"]),
    ("store", &["crate::app", "crate::api", "crate::service", "crate::oauth", "crate::catalog", "crate::hosted", "crate::jobs", "axum"]),
    ("oauth", &["crate::app", "crate::api", "crate::service", "crate::store", "crate::hosted", "crate::jobs", "axum", "sqlx"]),
    ("service", &["crate::app", "crate::api", "crate::hosted", "crate::jobs", "crate::cli", "axum", "sqlx", "leptos"]),
    ("api", &["crate::app", "crate::hosted", "crate::jobs", "crate::store::connections", "crate::store::Store", "sqlx", "leptos", "crate::oauth"]),
    ("hosted", &["crate::app", "crate::jobs", "crate::store::", "sqlx", "crate::oauth"]),
    ("app", &["crate::store::connections", "sqlx", "crate::oauth", "crate::api", "crate::hosted", "reqwest"]),
];

/// Words that only one module may use.
const ONLY: [(&str, &[&str]); 6] = [
    ("sqlx::", &["store"]),
    ("reqwest::", &["oauth/http.rs", "oauth/http/tests.rs"]),
    ("chacha20poly1305", &["vault"]),
    ("hmac", &["vault"]),
    ("ring::", &["vault"]),
    ("web_sys", &["app/browser.rs"]),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Code without comments.
fn code(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap().lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Whether `word` stands in `text` as a word of its own.
fn names(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
            && (word.ends_with(':') || !text[at + word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

#[test]
fn dependencies_point_one_way() {
    let mut wrong = Vec::new();
    for (module, forbidden) in RULES {
        for path in sources(&source_folder().join(module)) {
            let text = code(&path);
            for word in forbidden.iter().filter(|word| names(&text, word)) {
                wrong.push(format!("{} names {word}", path.strip_prefix(source_folder()).unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn some_things_are_known_in_one_place_only() {
    let mut wrong = Vec::new();
    for path in sources(&source_folder()) {
        let relative = path.strip_prefix(source_folder()).unwrap().display().to_string();
        if relative.starts_with("tests") {
            continue;
        }
        let text = code(&path);
        for (word, allowed) in ONLY {
            if names(&text, word) && !allowed.iter().any(|place| relative.starts_with(place)) {
                wrong.push(format!("{relative} names {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn code_knows_no_brand() {
    for folder in ["service", "oauth", "hosted", "api", "store", "vault", "server"] {
        for path in sources(&source_folder().join(folder)) {
            let text = code(&path).to_lowercase();
            for brand in ["\"slack\"", "\"github\"", "\"google\"", "\"notion\"", "\"salesforce\""] {
                assert!(!text.contains(brand), "{} names {brand}", path.display());
            }
        }
    }
}

/// Whatever is recorded is said in words where people read it.
#[test]
fn every_kind_of_event_has_words() {
    let literal = regex_lite::Regex::new(r#""([a-z_]+(?:\.[a-z_]+)+)""#).unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/service"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let lines = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//") && (line.contains("record(") || line.contains("note(") || line.contains("kind")));
                kinds.extend(lines.flat_map(|line| literal.captures_iter(line)).map(|found| found[1].to_owned()));
            }
        }
    }
    assert!(kinds.len() > 40, "{kinds:?}");
    for kind in kinds {
        let event = keyloom::domain::event::Event {
            id: keyloom::domain::id::EventId::known("evt_1"),
            kind: kind.clone(),
            actor: "system".to_owned(),
            connection_id: None,
            workspace_id: None,
            data: serde_json::json!({}),
            at: keyloom::domain::Timestamp(0),
        };
        assert_ne!(keyloom::app::words::event(&event), kind, "give it words in src/app/words.rs");
    }
}
