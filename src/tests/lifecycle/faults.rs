//! What providers and networks do, and what becomes of the connection.

use super::{Case, Report};
use crate::support::Db;
use crate::support::fault::Fault;
use crate::support::provider;
use axum::http::Method;
use keyloom::domain::id::ConnectionId;
use keyloom::service::refresh::schedule::refresh_due;
use keyloom::store;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

pub(super) async fn a_lost_request_is_repeated(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    case.app.services.clock.advance_seconds(700);
    case.proxy.arm(Fault::DropBefore);
    case.read(&id).await.expect(200);
    assert_eq!(case.provider.count("refresh_token").await, 1);
    assert!(case.is_alive(&id).await);
    case.report().await
}

/// This provider has no grace window: the repetition is a reuse, and what that means is said.
pub(super) async fn a_lost_answer_is_said(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    case.app.services.clock.advance_seconds(700);
    case.proxy.arm(Fault::DropAfter);
    let told = case.read(&id).await.expect_error(409, "CONNECTION_EXPIRED");
    assert_eq!(told["details"]["providerCode"], "invalid_grant");
    let shown = case.shown(&id).await;
    assert_eq!((&shown["status"], &shown["health"]), (&json!("ERROR"), &json!("revoked")));
    assert!(shown["error"]["message"].as_str().unwrap().contains("Connect the account again"));
    case.report().await
}

/// At a provider that takes a used refresh token a little longer, it costs nothing.
pub(super) async fn a_lost_answer_is_asked_for_again(db: Db) -> Report {
    let (case, id) = Case::connected_with_grace(db, 600, 60).await;
    case.app.services.clock.advance_seconds(700);
    case.proxy.arm(Fault::DropAfter);
    case.read(&id).await.expect(200);
    assert_eq!(case.provider.count("refresh_token").await, 2);
    assert!(case.is_alive(&id).await);
    case.report().await
}

/// An answer that trickles for ever is a lost one.
pub(super) async fn a_drip_without_end_is_broken_off(db: Db) -> Report {
    let (case, id) = Case::connected_with_grace(db, 600, 60).await;
    case.app.services.clock.advance_seconds(700);
    case.proxy.arm(Fault::Drip(Duration::from_secs(1)));
    let asked = Instant::now();
    case.read(&id).await.expect(200);
    let took = asked.elapsed();
    assert!((10..25).contains(&took.as_secs()), "{took:?}");
    assert!(case.is_alive(&id).await);
    case.report().await
}

pub(super) async fn a_slow_answer_is_read_to_its_end(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    for fault in [Fault::Drip(Duration::from_millis(1)), Fault::Delay(Duration::from_millis(300))] {
        case.app.services.clock.advance_seconds(700);
        case.proxy.arm(fault);
        case.read(&id).await.expect(200);
    }
    assert_eq!(case.provider.count("refresh_token").await, 2);
    assert!(case.is_alive(&id).await);
    case.report().await
}

/// Ten minutes of 503, in steps of ten seconds.
pub(super) async fn an_outage_breaks_nothing(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    case.app.services.clock.advance_seconds(545);
    case.proxy.always(Some(Fault::Answer(503, String::new(), "<html>Bad gateway</html>".to_owned())));
    // While the old token is good it is given out.
    case.read(&id).await.expect(200);
    assert_eq!(case.shown(&id).await["health"], "degraded");
    let asked = case.proxy.seen("refresh_token");
    case.read(&id).await.expect(200);
    assert_eq!(case.proxy.seen("refresh_token"), asked, "it was asked a moment ago");
    case.app.services.clock.advance_seconds(60);
    for _ in 0..60 {
        let told = case.read(&id).await;
        told.expect_error(502, "REFRESH_FAILED");
        case.app.services.clock.advance_seconds(10);
    }
    assert!(case.proxy.seen("refresh_token") < 15, "{}", case.proxy.seen("refresh_token"));
    let shown = case.shown(&id).await;
    assert_eq!((&shown["status"], &shown["health"], &shown["error"]["code"]), (&json!("ACTIVE"), &json!("degraded"), &json!("provider_unavailable")));
    let events = case.app.get(&format!("/connections/{id}/events")).await.expect(200).to_string();
    assert_eq!(events.matches("\"connection.error\"").count(), 1, "told once");
    case.proxy.always(None);
    case.app.services.clock.advance_seconds(310);
    case.read(&id).await.expect(200);
    assert_eq!(case.shown(&id).await["health"], "ok");
    let events = case.app.get(&format!("/connections/{id}/events")).await.expect(200).to_string();
    assert!(events.contains("\"connection.recovered\""));
    case.report().await
}

pub(super) async fn patience_is_kept_in_seconds_and_as_a_date(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    let dates = "Date: Tue, 24 Nov 2026 12:00:00 GMT\r\nRetry-After: Tue, 24 Nov 2026 12:03:20 GMT\r\n";
    for (headers, seconds) in [("Retry-After: 120\r\n", 120_u64), (dates, 200)] {
        case.app.services.clock.advance_seconds(700);
        case.proxy.arm(Fault::Answer(429, headers.to_owned(), String::new()));
        let answer = case.read(&id).await;
        answer.expect_error(502, "REFRESH_FAILED");
        let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((seconds..=seconds + seconds / 10 + 1).contains(&wait), "{wait} for {seconds}");
        let asked = case.proxy.seen("refresh_token");
        case.app.services.clock.advance_seconds(i64::try_from(seconds).unwrap() - 5);
        case.read(&id).await.expect_error(502, "REFRESH_FAILED");
        // Not even when told to: it is the provider who asked.
        case.app.send(Method::POST, &format!("/connections/{id}/refresh"), None).await.expect_error(502, "REFRESH_FAILED");
        assert_eq!(case.proxy.seen("refresh_token"), asked);
        case.app.services.clock.advance_seconds(30);
        case.read(&id).await.expect(200);
    }
    case.report().await
}

/// A hundred connections of an app that the provider does not accept: it is the app that is marked, after a handful of questions.
async fn a_refused_app_is_flagged_once(db: Db) {
    let (case, id) = Case::connected(db, 3600).await;
    let services = &case.app.services;
    let seed = case.stored(&id).await.unwrap();
    {
        let mut conn = services.store.conn().await.unwrap();
        for number in 1..=100_u128 {
            let copy = ConnectionId::from_bits(number);
            let credential = keyloom::vault::Credential {
                tokens: Some(keyloom::vault::OAuthTokens {
                    access_token: keyloom::vault::Secret::new("a"),
                    refresh_token: Some(keyloom::vault::Secret::new(format!("r{number}"))),
                    token_type: "Bearer".to_owned(),
                }),
                ..Default::default()
            };
            let mut row = seed.clone();
            row.secret = services.seal_credential(&seed.owner, copy.as_str(), "secret", &credential).unwrap();
            row.external_id = format!("copy-{number}");
            row.id = copy;
            store::connections::insert(&mut conn, &row).await.unwrap();
        }
    }
    let app = seed.oauth_app_id.clone().unwrap();
    let path = format!("/oauth-apps/{}", app.as_str());
    assert_eq!(case.app.get(&path).await.expect(200)["oauthApp"]["problem"], json!(null));
    case.app.send(Method::PATCH, &path, Some(json!({ "clientSecret": "expired" }))).await.expect(200);
    services.clock.advance_seconds(3500);
    refresh_due(services, &CancellationToken::new()).await.unwrap();
    let asked = case.proxy.seen("refresh_token");
    assert!((1..=16).contains(&asked), "{asked}");
    assert_eq!(case.app.get(&path).await.expect(200)["oauthApp"]["problem"]["code"], "invalid_client");
    // Neither by itself nor on use.
    services.clock.advance_seconds(600);
    assert_eq!(refresh_due(services, &CancellationToken::new()).await.unwrap(), 0);
    let told = case.read(&id).await.expect_error(502, "REFRESH_FAILED");
    assert_eq!(told["details"]["providerCode"], "invalid_client");
    assert_eq!(case.proxy.seen("refresh_token"), asked);
    let shown = case.shown(&id).await;
    assert_eq!((&shown["status"], &shown["health"]), (&json!("ACTIVE"), &json!("degraded")));
    // A look at it finds it as it was; a correction, or a look after one at the provider, sets it free.
    case.app.send(Method::POST, &format!("{path}/check"), None).await.expect(200);
    assert_eq!(case.app.get(&path).await.expect(200)["oauthApp"]["problem"]["code"], "invalid_client");
    case.app.send(Method::PATCH, &path, Some(json!({ "clientSecret": provider::CLIENT_SECRET }))).await.expect(200);
    assert_eq!(case.app.get(&path).await.expect(200)["oauthApp"]["problem"], json!(null));
    services.clock.advance_seconds(10);
    case.read(&id).await.expect(200);
    assert!(case.is_alive(&id).await);
}

pub(super) async fn an_edit_during_a_refresh_survives(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    case.app.services.clock.advance_seconds(700);
    case.proxy.arm(Fault::Hold);
    let edit = async {
        case.proxy.held().await;
        case.app.send(Method::PATCH, &format!("/connections/{id}"), Some(json!({ "displayName": "Renamed", "metadata": { "a": 1 } }))).await.expect(200);
        case.proxy.release();
    };
    let (answer, ()) = tokio::join!(case.read(&id), edit);
    answer.expect(200);
    let stored = case.stored(&id).await.unwrap();
    assert_eq!((stored.version, stored.display_name.as_str(), &stored.metadata["a"]), (2, "Renamed", &json!(1)));
    assert!(case.is_alive(&id).await);
    case.report().await
}

async fn short_lives_cause_no_storm(db: Db) {
    let (case, id) = Case::connected(db, 60).await;
    for call in 0..100 {
        if call % 10 == 0 {
            case.app.services.clock.advance_seconds(1);
        }
        case.read(&id).await.expect(200);
    }
    assert!(case.provider.count("refresh_token").await <= 2);
    case.app.services.clock.advance_seconds(55);
    assert_eq!(refresh_due(&case.app.services, &CancellationToken::new()).await.unwrap(), 0, "left to those who use it");
}

/// Where the definition says that the provider still takes it, the refresh token before the present one is tried once, while it may be.
async fn the_token_before_is_tried_while_it_may(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    case.app.services.clock.advance_seconds(700);
    case.read(&id).await.expect(200);
    let refused = || Fault::Answer(400, String::new(), r#"{"error":"invalid_grant"}"#.to_owned());
    case.expire(&id).await;
    case.proxy.arm(refused());
    case.proxy.arm(Fault::Answer(200, String::new(), r#"{"access_token":"new","refresh_token":"newer","expires_in":600}"#.to_owned()));
    assert_eq!(case.read(&id).await.expect(200)["credentials"]["accessToken"], "new");
    let used = case.proxy.refresh_tokens();
    assert_eq!(used.len(), 3);
    assert_ne!(used[1], used[0]);
    assert_eq!(used[2], used[0]);
    // The grace is over.
    case.app.services.clock.advance_seconds(700);
    case.proxy.arm(refused());
    case.read(&id).await.expect_error(409, "CONNECTION_EXPIRED");
    assert_eq!(case.proxy.refresh_tokens().len(), 4);
}

crate::run_on_both_databases! {
    the_token_before_is_tried_while_it_may a_lost_request_is_repeated a_lost_answer_is_said a_lost_answer_is_asked_for_again a_drip_without_end_is_broken_off
    a_slow_answer_is_read_to_its_end an_outage_breaks_nothing patience_is_kept_in_seconds_and_as_a_date
    a_refused_app_is_flagged_once an_edit_during_a_refresh_survives short_lives_cause_no_storm
}
