//! Files that must agree, and starts that must fail.

use crate::support::{Db, TestApp};
use keyloom::server::serve;
use std::process::Command;

#[test]
fn leptos_toml_agrees_with_cargo_toml() {
    let read = |file: &str| -> toml::Value { toml::from_str(&std::fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()).unwrap() };
    let (cargo, leptos) = (read("Cargo.toml"), read("Leptos.toml"));
    let of = |file: &toml::Value, key: &str| file["package"]["metadata"]["leptos"].get(key).cloned();
    for key in ["output-name", "site-root", "site-pkg-dir", "server-fn-prefix"] {
        assert_eq!(of(&cargo, key), of(&leptos, key), "{key}");
    }
    let environment = read(".cargo/config.toml");
    assert_eq!(environment["env"]["SERVER_FN_PREFIX"].as_str(), of(&cargo, "server-fn-prefix").as_ref().and_then(|value| value.as_str()));
    assert_eq!(environment["env"]["LEPTOS_OUTPUT_NAME"].as_str(), of(&cargo, "output-name").as_ref().and_then(|value| value.as_str()));
    assert_eq!(serve::leptos_options().unwrap().output_name.as_ref(), "keyloom");
}

#[test]
fn the_wasm_bindgen_of_the_scripts_is_that_of_the_lock_file() {
    let read = |file: &str| std::fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let locked = read("Cargo.lock").split("name = \"wasm-bindgen\"\nversion = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(read("scripts/env.sh").contains(&format!("WASM_BINDGEN_VERSION={locked} ")), "{locked}");
}

/// Runs the program in an empty folder with just these variables; its exit code and what it said.
fn keyloom(folder: &std::path::Path, arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_keyloom"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn bad_settings_stop_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    for (variables, says) in [
        (vec![("KEYLOOM_LISTENN", "x")], "unknown setting KEYLOOM_LISTENN"),
        (vec![("KEYLOOM_PUBLIC_URL", "http://example.com")], "Use https"),
        (vec![("KEYLOOM_DATABASE_URL", "postgres://localhost/x")], "the master key must be given"),
        (vec![("KEYLOOM_DATABASE_URL", "mysql://localhost/x")], "must start with postgres:// or sqlite:"),
        (vec![("KEYLOOM_ENCRYPTION_KEY", "c2hvcnQ=")], "must be exactly 32 bytes"),
        (vec![("KEYLOOM_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), ("KEYLOOM_ENCRYPTION_KEY_FILE", "/x")], "not both"),
        (vec![("KEYLOOM_ADMIN_EMAIL", "a@b.co")], "needs KEYLOOM_ADMIN_PASSWORD"),
        (vec![("KEYLOOM_OAUTH_SLACK_CLIENT_SECRET", "s")], "no KEYLOOM_OAUTH_"),
        (vec![("KEYLOOM_RATE_LIMIT_KEYS", "1")], "unknown setting KEYLOOM_RATE_LIMIT_KEYS"),
    ] {
        let (code, _, said) = keyloom(folder.path(), &["serve"], &variables);
        assert_eq!(code, Some(1), "{variables:?}: {said}");
        assert!(said.contains(says), "{variables:?}: {said}");
    }
}

#[test]
fn rate_limits_are_numbers() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [("KEYLOOM_RATE_LIMIT_KEY", "-1"), ("KEYLOOM_RATE_LIMIT_POLL", "many"), ("KEYLOOM_RATE_LIMIT_LOGIN", "1000001")] {
        let (code, _, said) = keyloom(folder.path(), &["migrate"], &[(name, value)]);
        assert_eq!(code, Some(2), "{said}");
        let flag = name.trim_start_matches("KEYLOOM_").to_lowercase().replace('_', "-");
        assert!(said.contains(&flag) && said.contains(value), "{said}");
    }
    let off = ["KEY", "POLL", "LOGIN"].map(|limit| format!("KEYLOOM_RATE_LIMIT_{limit}"));
    let off: Vec<_> = off.iter().map(|name| (name.as_str(), "0")).collect();
    assert_eq!(keyloom(folder.path(), &["migrate"], &off).0, Some(0));
}

#[test]
fn a_wrong_key_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (right, wrong) = ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=");
    assert_eq!(keyloom(folder.path(), &["migrate"], &[("KEYLOOM_ENCRYPTION_KEY", right)]).0, Some(0));
    let before = std::fs::read(folder.path().join("data/keyloom.db")).unwrap();
    let (code, _, said) = keyloom(folder.path(), &["migrate"], &[("KEYLOOM_ENCRYPTION_KEY", wrong)]);
    assert_eq!(code, Some(1));
    assert!(said.contains("not the encryption key"), "{said}");
    assert_eq!(std::fs::read(folder.path().join("data/keyloom.db")).unwrap(), before);
    // Without a key at all: the generated one is gone.
    let (code, _, said) = keyloom(folder.path(), &["migrate"], &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("restore the key from your backup"), "{said}");
    assert_eq!(keyloom(folder.path(), &["migrate"], &[("KEYLOOM_ENCRYPTION_KEY", right)]).0, Some(0));
}

#[test]
fn the_command_line_prints_the_key_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, said) = keyloom(folder.path(), &["api-key", "create", "--name", "ci", "--credentials-read"], &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(out.starts_with("wvz_") && out.ends_with('\n') && out.lines().count() == 1, "{out}");
    assert!(!said.contains(out.trim()));
    let (code, _, said) = keyloom(folder.path(), &["api-key", "create", "--name", "ci", "--workspace", "nope"], &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("no workspace"), "{said}");
    let (code, out, _) = keyloom(folder.path(), &["admin", "create", "--email", "A@b.co"], &[("KEYLOOM_ADMIN_PASSWORD", "correct-horse-9")]);
    assert_eq!((code, out.as_str()), (Some(0), "a@b.co\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join("data/encryption.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// Two servers on one database know the same keys and the same organisation.
#[tokio::test(flavor = "multi_thread")]
async fn health_is_answered() {
    let app = TestApp::start(Db::Sqlite).await;
    for path in ["/health", "/healthz", "/readyz"] {
        let request = http::Request::builder().uri(path).body(axum::body::Body::empty()).unwrap();
        assert_eq!(app.raw(request).await.status, 200, "{path}");
    }
}

#[test]
fn the_master_key_is_rotated_and_backups_are_restored() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| keyloom(folder.path(), arguments, &[]);
    let (_, key, _) = run(&["api-key", "create", "--name", "ci"]);
    assert!(key.starts_with("wvz_"));
    let old_key = std::fs::read(folder.path().join("data/encryption.key")).unwrap();
    assert_eq!(run(&["backup", "before.db"]).0, Some(0));
    assert_eq!(run(&["backup", "before.db"]).0, Some(1), "nothing is overwritten");
    let (code, out, said) = run(&["key", "rotate"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(out.contains("1 data keys are new"), "{out}");
    assert!(!folder.path().join("data/encryption.key.new").exists());
    assert_ne!(std::fs::read(folder.path().join("data/encryption.key")).unwrap(), old_key);
    assert_eq!(std::fs::read(folder.path().join("data/encryption.key.old")).unwrap(), old_key);
    assert_eq!(run(&["events", "verify"]).0, Some(0));
    let (code, out, said) = run(&["doctor"]);
    assert_eq!(code, Some(0), "{out}{said}");
    assert!(out.contains("encryption key: fits the database"), "{out}");
    // The old backup does not go with the new key; with the old one it does.
    assert_eq!(run(&["restore", "before.db"]).0, Some(1), "there is a database");
    for name in ["keyloom.db", "keyloom.db-wal", "keyloom.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join("data").join(name));
    }
    let (code, _, said) = run(&["restore", "before.db"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("another encryption key"), "{said}");
    std::fs::write(folder.path().join("data/encryption.key"), old_key).unwrap();
    let (code, out, said) = run(&["restore", "before.db"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(out.contains("No token is renewed until somebody lets it go on"), "{out}");
    assert_eq!(run(&["migrate"]).0, Some(0));
    let (_, out, _) = run(&["doctor"]);
    assert!(out.contains("note  refresh: held") && out.contains("restored from a backup"), "{out}");
}
