//! The keys are changed under a real server that is used meanwhile, by a process that is killed in each of its steps.

use super::Case;
use crate::support::fault::Fault;
use crate::support::process::{Caller, Node, command};
use crate::support::{Browser, Db, TestApp};
use axum::http::Method;
use keyloom::server::serve;
use keyloom::service::Services;
use keyloom::store::connect_choices::{self, StoredChoice};
use keyloom::store::{data_keys, installation, sealed};
use keyloom::vault::{JOURNAL, MasterKeys, PLACES, Place, Vault};
use serde_json::{Value, json};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Every sealed value there is: column, row, owner, value.
async fn all_sealed(services: &Services) -> Vec<(sealed::Column, String, String, String)> {
    let mut conn = services.store.conn().await.unwrap();
    let mut found = Vec::new();
    for column in sealed::COLUMNS {
        for (row, workspace, value) in column.all(&mut conn).await.unwrap() {
            found.push((column, row, workspace.unwrap_or_else(|| services.org.as_str().to_owned()), value));
        }
    }
    found
}

/// All of them open with what `services` has; how many of each column there are.
async fn count_opened(services: &Services) -> Vec<usize> {
    let values = all_sealed(services).await;
    let mut conn = services.store.conn().await.unwrap();
    for (column, row, owner, value) in &values {
        let place = Place { table: column.table, column: column.column, row };
        services.unseal(&mut conn, owner, place, value).await.unwrap_or_else(|error| panic!("{}.{} {row}: {error}", column.table, column.column));
    }
    sealed::COLUMNS.iter().map(|column| values.iter().filter(|(of, ..)| of == column).count()).collect()
}

/// Something sealed in every column that there is.
async fn seal_everywhere(case: &Case, id: &str) {
    let app = &case.app;
    assert!(case.is_alive(id).await, "it was refreshed: there is a previous secret");
    let workspace = app.workspace("acme").await;
    for number in 0..120 {
        app.secret_text(&format!("w{number}"), json!({ "workspaceId": if number % 2 == 0 { Value::Null } else { json!(workspace) } })).await;
    }
    let doomed = case.connect("doomed", "bob").await;
    case.proxy.always(Some(Fault::Answer(503, String::new(), String::new())));
    app.send(Method::DELETE, &format!("/connections/{doomed}"), None).await.expect(200);
    case.proxy.always(None);
    let hook = app.post("/webhooks", json!({ "url": "http://localhost:9/hook", "workspaceId": "acme" })).await.expect(201)["webhook"]["id"].clone();
    app.post(&format!("/webhooks/{}/rotate-secret", hook.as_str().unwrap()), json!({})).await.expect(200);
    let begin = async |extra: Value| {
        let mut body = json!({ "connectionName": "Demo", "externalId": "s", "workspaceId": "acme" });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let token = app.post("/connect/token", body).await.expect(200);
        let browser = Browser::default();
        let page = browser.arrive(app, token["connectUrl"].as_str().unwrap()).await;
        (browser, page)
    };
    let (browser, page) = begin(json!({ "integrationName": "demo-oauth" })).await;
    browser.post(app, &page, &[("method", "oauth2")]).await.location();
    let (browser, page) = begin(json!({ "integrationName": "demo-key", "endUserId": "u1", "completion": "verified" })).await;
    browser.post(app, &page, &[("props.secretText", "sk-waiting")]).await.location();
    let (_, page) = begin(json!({ "integrationName": "demo-custom", "props": { "region": "us" } })).await;
    // Tokens whose owner is choosing between accounts.
    let session = page.strip_prefix("/connect/").unwrap();
    let place = Place { table: "connect_choices", column: "secret", row: session };
    let secret = app.services.vault.seal(&workspace, place, b"{}", app.services.entropy.as_ref()).unwrap();
    let choice = StoredChoice { session_id: session.to_owned(), browser: "b".to_owned(), secret, expires_at: i64::MAX };
    connect_choices::insert(&mut app.services.store.conn().await.unwrap(), &choice).await.unwrap();
}

/// Runs `keyloom key rotate`; killed as soon as `at` says so, or to its end. What it said.
async fn rotate(app: &TestApp, at: Option<&(dyn Fn(Seen) -> bool + Sync)>) -> Option<String> {
    let mut process = command(app, &["key", "rotate"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(at) = at {
        while !at(look(app).await) {
            assert!(process.try_wait().unwrap().is_none(), "it was over before it could be killed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        process.kill().await.unwrap();
        return None;
    }
    let output = process.wait_with_output().await.unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    Some(said)
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy)]
struct Seen {
    begun: bool,
    has_data_keys: bool,
    stale: i64,
}

async fn look(app: &TestApp) -> Seen {
    let mut conn = app.services.store.conn().await.unwrap();
    let facts = installation::all(&mut conn).await.unwrap();
    let stale = sealed::count_stale(&mut conn).await.unwrap();
    Seen { begun: facts.contains_key(installation::ROTATION), has_data_keys: facts.contains_key(installation::KEYS_VERSION), stale }
}

/// Applications that read, resolve and create all the time; ends with how often each did.
fn use_all_the_time(caller: &Caller, id: &str, stop: &Arc<AtomicBool>) -> Vec<tokio::task::JoinHandle<usize>> {
    (0..4)
        .map(|number| {
            let (caller, id, stop) = (caller.clone(), id.to_owned(), Arc::clone(stop));
            tokio::spawn(async move {
                let mut calls = 0;
                while !stop.load(Ordering::Relaxed) {
                    match (number, calls % 10) {
                        (0, _) => caller.post("/connections/resolve", json!({ "integrationName": "demo-oauth", "externalId": "t" })).await.unwrap().expect(200),
                        (1, 0) => {
                            // A new owner's key, made in the middle of it.
                            let slug = format!("new-{calls}");
                            caller.post("/workspaces", json!({ "name": slug, "slug": slug })).await.unwrap().expect(201);
                            let key = json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": slug, "workspaceId": slug, "secretText": "sk-new" });
                            let made = caller.post("/connections", key).await.unwrap().expect(201);
                            let read = caller.credentials(made["connection"]["id"].as_str().unwrap()).await.unwrap().expect(200);
                            assert_eq!(read["credentials"]["secretText"], "sk-new");
                            read
                        }
                        _ => caller.credentials(&id).await.unwrap().expect(200),
                    };
                    calls += 1;
                }
                calls
            })
        })
        .collect()
}

async fn all_keys_are_changed_under_traffic(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    let app = &case.app;
    seal_everywhere(&case, &id).await;
    let before = MasterKeys::load(&app.config.data_dir.join("encryption.key")).unwrap();
    let node = Node::start(app, &[]).await;
    let once = json!({ "name": "Once", "slug": "once" });
    let first = node.caller.post_once("/workspaces", once.clone(), Some("only-once")).await.unwrap().expect(201);
    assert!(count_opened(&app.services).await.iter().all(|count| *count > 0), "there is something in every column");
    let stop = Arc::new(AtomicBool::new(false));
    let callers = use_all_the_time(&node.caller, &id, &stop);

    rotate(app, Some(&|seen| seen.begun)).await;
    rotate(app, Some(&|seen| seen.has_data_keys)).await;
    let most = AtomicUsize::new(0);
    let in_the_middle = |seen: Seen| {
        let stale = usize::try_from(seen.stale).unwrap();
        let most = most.fetch_max(stale, Ordering::Relaxed).max(stale);
        stale > 0 && stale < most
    };
    rotate(app, Some(&in_the_middle)).await;
    let middle = look(app).await;
    assert!(middle.begun && middle.stale > 0, "{middle:?}");
    // Half of it is sealed with one key and half with the other: a server that starts now reads both.
    let half_way = serve::open(&app.config).await.unwrap();
    count_opened(&half_way).await;
    let said = rotate(app, None).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        assert!(caller.await.unwrap() > 20);
    }

    assert!(said.contains("data keys are new") && !said.contains("do not open"), "{said}");
    let after = look(app).await;
    assert!(!after.begun && after.stale == 0, "{after:?}");
    // The server that ran all the time has what it needs, and an equal request is still known.
    node.credentials(&id).await.unwrap().expect(200);
    assert_eq!(node.caller.post_once("/workspaces", once, Some("only-once")).await.unwrap().expect(201), first);
    // The new key alone opens everything.
    let masters = MasterKeys::load(&app.config.data_dir.join("encryption.key")).unwrap();
    assert_eq!(masters.iter().count(), 1);
    let fresh = serve::open(&app.config).await.unwrap();
    assert!(count_opened(&fresh).await.iter().all(|count| *count > 0));
    assert!(case.is_alive(&id).await);
    // The old one opens nothing.
    let mut conn = app.services.store.conn().await.unwrap();
    let old = Vault::new(before.clone());
    for key in data_keys::list(&mut conn, "", 1000).await.unwrap() {
        assert!(old.learn(&key.owner, std::slice::from_ref(&key)).is_err(), "{key:?}");
    }
    let kept = MasterKeys::load(&app.config.data_dir.join("encryption.key.old")).unwrap();
    assert_eq!(kept.iter().map(|key| key.id()).collect::<Vec<_>>(), before.iter().map(|key| key.id()).collect::<Vec<_>>());
    let with_old = command(app, &["migrate"]).env("KEYLOOM_ENCRYPTION_KEY_FILE", app.config.data_dir.join("encryption.key.old")).output().await.unwrap();
    let said = String::from_utf8_lossy(&with_old.stderr).into_owned();
    assert!(!with_old.status.success() && said.contains("not the encryption key that the database was written with"), "{said}");
    let doctor = command(app, &["doctor"]).output().await.unwrap();
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("encryption key: fits the database, and wraps"), "{said}");
    let log = app.get("/events?type=keys.rotated").await.expect(200);
    assert_eq!(log["total"], 1, "{log}");
}

/// A server that cannot have the new key is waited for, named, and goes on working with the old one.
async fn a_server_without_the_new_key_stops_a_rotation(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    let app = &case.app;
    let mut follower = keyloom::service::key_rotation::Follower::new(&app.services, "elsewhere".to_owned());
    follower.step(&app.services).await.unwrap();
    let mut process = command(app, &["key", "rotate"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(process.stdout.take().unwrap()));
    let line = lines.next_line().await.unwrap().unwrap();
    assert!(line.contains("waiting for servers to have the new master key: elsewhere"), "{line}");
    // Nothing has been changed yet.
    let mut conn = app.services.store.conn().await.unwrap();
    let canary = installation::find(&mut conn, installation::CANARY).await.unwrap().unwrap();
    assert!(app.services.vault.check_canary(&canary));
    assert!(case.is_alive(&id).await);
    drop(conn);
    // It reads its file, and the rotation goes on by itself.
    let step = async {
        loop {
            follower.step(&app.services).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        status = process.wait() => assert!(status.unwrap().success()),
        () = step => {}
    }
    assert!(case.is_alive(&id).await);
}

/// Deleting a workspace destroys its keys: what they sealed, wherever a copy of it is, opens no more; and no server makes that undone.
async fn a_deleted_workspace_is_shredded(db: Db) {
    let app = TestApp::start(db).await;
    let workspace = app.workspace("acme").await;
    let id = app.secret_text("t", json!({ "workspaceId": workspace })).await;
    let node = app.another_services().await;
    let copies = all_sealed(&app.services).await;
    let (column, row, owner, value) = copies.iter().find(|(_, row, ..)| *row == id).unwrap();
    let place = Place { table: column.table, column: column.column, row };
    assert_eq!(*owner, workspace);
    let mut conn = node.store.conn().await.unwrap();
    assert!(node.unseal(&mut conn, owner, place, value).await.is_ok());
    drop(conn);
    app.send(Method::DELETE, &format!("/workspaces/{workspace}?force=true"), None).await.expect(200);
    let restarted = app.another_services().await;
    for services in [&app.services, &restarted] {
        let mut conn = services.store.conn().await.unwrap();
        assert!(data_keys::of_owner(&mut conn, owner).await.unwrap().is_empty());
        assert!(services.unseal(&mut conn, owner, place, value).await.is_err());
    }
    assert!(all_sealed(&app.services).await.iter().all(|(_, _, of, _)| of != owner), "no ciphertext is left either");
}

crate::run_on_both_databases! { all_keys_are_changed_under_traffic a_server_without_the_new_key_stops_a_rotation a_deleted_workspace_is_shredded }

/// A column that holds sealed values says so in the migration that makes it; the vault seals for no other; a rotation knows all of them.
#[test]
fn a_rotation_knows_every_column_that_is_sealed() {
    let mut known: Vec<_> = sealed::COLUMNS.iter().map(|column| (column.table, column.column)).collect();
    known.push(JOURNAL);
    let mut places = PLACES.to_vec();
    known.sort_unstable();
    places.sort_unstable();
    assert_eq!(known, places);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut table = String::new();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let column = match words.as_slice() {
                ["CREATE", "TABLE", name, ..] => {
                    table = (*name).to_owned();
                    continue;
                }
                ["ALTER", "TABLE", name, "ADD", "COLUMN", column, ..] => {
                    table = (*name).to_owned();
                    *column
                }
                [column, ..] => *column,
                [] => continue,
            };
            let comment = line.split_once("--").filter(|(code, _)| !code.trim().is_empty()).map_or("", |(_, comment)| comment);
            if comment.to_lowercase().contains("sealed") {
                assert!(known.contains(&(table.as_str(), column)), "{table}.{column} is sealed: add it to PLACES and COLUMNS");
            }
        }
    }
}
