//! What only the database can promise.

use crate::on_both_databases;
use crate::support::TestApp;
use keyloom::domain::Timestamp;
use keyloom::domain::connection::{Health, Status};
use keyloom::store::connections::{Filter, StoredError};
use keyloom::store::{self, Page};
use serde_json::json;

const PAGE: Page = Page { limit: 200, offset: 0, before: None };

on_both_databases! {
    /// The rules of `HealthFacts::judge` and the conditions of the list's filter are the same, over all combinations.
    async fn filters_agree_with_judgement(app: TestApp) {
        let now = app.services.now();
        let mut conn = app.services.store.conn().await.unwrap();
        let first = app.secret_text("seed", json!({})).await;
        let seed = store::connections::find(&mut conn, &first).await.unwrap().unwrap();
        let mut n = 0;
        for expires_at in [None, Some(-1), Some(3600), Some(8 * 86_400)] {
            for renewable in [false, true] {
                for wanted in [vec![], vec!["missing".to_owned()]] {
                    for error in [None, Some(("invalid_grant", true)), Some(("credentials_rejected", true)), Some(("provider_unavailable", false))] {
                        n += 1;
                        let mut row = seed.clone();
                        row.id = keyloom::domain::id::ConnectionId::from_bits(n);
                        row.external_id = format!("x{n}");
                        row.expires_at = expires_at.map(|seconds| now.plus_seconds(seconds));
                        row.renewable = renewable;
                        row.wanted_scopes = wanted.clone();
                        row.granted_scopes = vec!["got".to_owned()];
                        store::connections::insert(&mut conn, &row).await.unwrap();
                        let error = error.map(|(code, is_final)| StoredError { code: code.to_owned(), message: "m".to_owned(), at: now, is_final });
                        store::connections::set_error(&mut conn, &row.id, error.as_ref(), now).await.unwrap();
                    }
                }
            }
        }
        let all = store::connections::list(&mut conn, &Filter::default(), &PAGE, now).await.unwrap();
        assert_eq!(all.len(), 65);
        let mut counted = 0;
        for health in Health::ALL {
            let filter = Filter { health: Some(*health), ..Filter::default() };
            let found: Vec<_> = store::connections::list(&mut conn, &filter, &PAGE, now).await.unwrap().into_iter().map(|row| row.id).collect();
            let judged: Vec<_> = all.iter().filter(|row| row.view(now).health == *health).map(|row| row.id.clone()).collect();
            assert_eq!(found, judged, "{health:?}");
            counted += found.len();
        }
        assert_eq!(counted, 65, "every connection has exactly one health");
        let filter = Filter { needs_attention: true, ..Filter::default() };
        let found: Vec<_> = store::connections::list(&mut conn, &filter, &PAGE, now).await.unwrap().into_iter().map(|row| row.id).collect();
        let judged: Vec<_> = all.iter().filter(|row| row.view(now).health != Health::Ok).map(|row| row.id.clone()).collect();
        assert_eq!(found, judged);
        for status in Status::ALL {
            let filter = Filter { status: Some(*status), ..Filter::default() };
            let found = store::connections::list(&mut conn, &filter, &PAGE, now).await.unwrap().len();
            assert_eq!(found, all.iter().filter(|row| row.view(now).status == *status).count(), "{status:?}");
        }
    }

    async fn a_stale_writer_loses(app: TestApp) {
        let id = app.secret_text("t", json!({})).await;
        let mut conn = app.services.store.conn().await.unwrap();
        let mut first = store::connections::find(&mut conn, &id).await.unwrap().unwrap();
        let mut second = first.clone();
        first.version += 1;
        second.version += 1;
        assert!(store::connections::replace_credential(&mut conn, &first).await.unwrap());
        assert!(!store::connections::replace_credential(&mut conn, &second).await.unwrap());
    }

    /// Swapped ciphertexts do not open: the row is part of what is sealed.
    async fn swapped_rows_fail_closed(app: TestApp) {
        let (a, b) = (app.secret_text("a", json!({})).await, app.secret_text("b", json!({})).await);
        let mut conn = app.services.store.conn().await.unwrap();
        let stolen = store::connections::find(&mut conn, &a).await.unwrap().unwrap();
        let mut target = store::connections::find(&mut conn, &b).await.unwrap().unwrap();
        target.secret = stolen.secret;
        target.version += 1;
        store::connections::replace_credential(&mut conn, &target).await.unwrap();
        drop(conn);
        app.send(http::Method::POST, &format!("/connections/{b}/credentials"), None).await.expect_error(500, "INTERNAL_ERROR");
    }

    /// Nothing secret is in the database in the clear.
    async fn no_plaintext_at_rest(app: TestApp) {
        app.workspace("acme").await;
        app.secret_text("MARKER-key", json!({ "workspaceId": "acme", "secretText": "sk-MARKER-secret" })).await;
        app.post("/oauth-apps", json!({ "integrationName": "slack", "clientId": "id", "clientSecret": "MARKER-client-secret" })).await.expect(201);
        let token = app.post("/connect/token", json!({ "integrationName": "demo-custom", "connectionName": "x", "externalId": "p", "authMethodKey": "fields", "props": { "api_key": "MARKER-prefilled" } })).await.expect(200);
        let plain = token["token"].as_str().unwrap();
        let mut conn = app.services.store.conn().await.unwrap();
        let mut dump = String::new();
        for table in ["connections", "oauth_apps", "connect_sessions", "api_keys", "data_keys", "installation", "events"] {
            let column = match table { "connections" => "secret", "oauth_apps" => "client_secret", "connect_sessions" => "props || token_hash", "api_keys" => "key_hash", "data_keys" => "wrapped", "installation" => "value", _ => "data" };
            let rows: Vec<(Option<String>,)> = sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT {column} FROM {table}"))).fetch_all(&mut *conn).await.unwrap();
            dump.extend(rows.into_iter().filter_map(|(text,)| text));
        }
        for secret in ["MARKER-secret", "MARKER-client-secret", "MARKER-prefilled", plain, app.key.as_str()] {
            assert!(!dump.contains(secret), "{secret}");
        }
    }

    /// A changed, a removed and a slipped-in entry all show.
    async fn tampering_with_the_log_shows(app: TestApp) {
        use keyloom::service::event_log::{seal, verify};
        let id = app.secret_text("t", json!({})).await;
        // The check in the background writes an entry of its own, and the clock is about to jump over the time it takes.
        app.services.tasks.close();
        app.services.tasks.wait().await;
        assert_eq!(seal(&app.services).await.unwrap(), 0, "too young");
        app.services.clock.advance_seconds(61);
        assert!(seal(&app.services).await.unwrap() >= 2);
        app.send(http::Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
        app.services.clock.advance_seconds(61);
        assert_eq!(seal(&app.services).await.unwrap(), 1);
        let held = verify(&app.services).await.unwrap();
        assert_eq!((held.seals, held.unsealed, held.wrong.clone()), (2, 0, None), "{held:?}");
        let run = async |sql: &'static str| sqlx::query(sql).execute(&mut *app.services.store.conn().await.unwrap()).await.unwrap();
        let wrong = async || verify(&app.services).await.unwrap().wrong.unwrap();
        run("UPDATE events SET actor = 'somebody else' WHERE kind = 'credentials.read'").await;
        assert!(wrong().await.contains("entries were changed"));
        run("UPDATE events SET kind = 'gone' WHERE kind = 'credentials.read'").await;
        run("DELETE FROM events WHERE kind = 'gone'").await;
        assert!(wrong().await.contains("removed or added"));
        run("DELETE FROM event_seals WHERE seq = 1").await;
        assert!(wrong().await.contains("a seal is missing"));
    }

    async fn sweeping_removes_what_is_over(app: TestApp) {
        app.post("/connect/token", json!({ "integrationName": "demo-key", "connectionName": "x", "externalId": "p" })).await.expect(200);
        keyloom::jobs::sweep(&app.services).await.unwrap();
        let mut conn = app.services.store.conn().await.unwrap();
        let count = async |conn: &mut store::Conn| { let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM connect_sessions").fetch_one(conn).await.unwrap(); n };
        assert_eq!(count(&mut conn).await, 1);
        app.services.clock.advance_seconds(3 * 86_400);
        keyloom::jobs::sweep(&app.services).await.unwrap();
        assert_eq!(count(&mut conn).await, 0);
    }
}

#[test]
fn times_are_kept_to_the_minute() {
    assert_eq!(Timestamp(1_795_512_345_678).to_minute().rfc3339(), "2026-11-24T09:25:00.000Z");
}
