//! A deleted connection's grant ends at the provider too.

use super::{Case, Report, token_from};
use crate::support::Db;
use crate::support::fault::Fault;
use axum::http::Method;
use keyloom::service::revocation::revoke_due;
use serde_json::{Value, json};

impl Case {
    async fn delete(&self, id: &str) -> Value {
        self.app.send(Method::DELETE, &format!("/connections/{id}"), None).await.expect(200)["revocation"].take()
    }

    async fn pending_revocations(&self) -> i64 {
        let mut conn = self.app.services.store.conn().await.unwrap();
        let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM revocations").fetch_one(&mut *conn).await.unwrap();
        count
    }
}

async fn the_grant_is_revoked(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    let token = token_from(&case.app.services, &id).await.unwrap();
    assert!(case.accepts(&token).await);
    assert_eq!(case.delete(&id).await, json!({ "attempted": true, "result": "revoked" }));
    assert!(!case.accepts(&token).await);
    let hints = (case.proxy.seen("token_type_hint=refresh_token"), case.proxy.seen("token_type_hint=access_token"));
    assert_eq!(hints, (1, 1));
    assert_eq!(case.pending_revocations().await, 0);
}

async fn it_is_tried_again_when_the_provider_is_down(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    let token = token_from(&case.app.services, &id).await.unwrap();
    case.proxy.always(Some(Fault::Answer(503, "Retry-After: 300\r\n".to_owned(), String::new())));
    assert_eq!(case.delete(&id).await, json!({ "attempted": true, "result": "failed: status 503" }));
    assert!(case.stored(&id).await.is_none(), "the delete does not wait for the provider");
    assert!(case.accepts(&token).await);
    // At rest it is sealed.
    {
        let mut conn = case.app.services.store.conn().await.unwrap();
        let (secret,): (String,) = sqlx::query_as("SELECT secret FROM revocations").fetch_one(&mut *conn).await.unwrap();
        assert!(secret.starts_with("v1.") && !secret.contains(&token));
    }
    case.app.services.clock.advance_seconds(290);
    assert_eq!(revoke_due(&case.app.services).await.unwrap(), 0, "the provider asked for five minutes");
    case.app.services.clock.advance_seconds(20);
    assert_eq!(revoke_due(&case.app.services).await.unwrap(), 1);
    assert_eq!(case.pending_revocations().await, 1);
    case.proxy.always(None);
    case.app.services.clock.advance_seconds(400);
    // Two nodes, one try.
    let other = case.app.twin_services().await;
    let (first, second) = tokio::join!(revoke_due(&case.app.services), revoke_due(&other));
    assert_eq!(first.unwrap() + second.unwrap(), 1);
    assert!(!case.accepts(&token).await);
    assert_eq!(case.pending_revocations().await, 0);
}

async fn a_shared_grant_stays(db: Db) {
    let (case, first) = Case::connected(db, 600).await;
    let second = case.connect("other", "alice").await;
    let stranger = case.connect("third", "bob").await;
    assert_eq!(case.delete(&first).await, json!({ "attempted": false, "result": "shared" }));
    assert!(case.is_alive(&second).await);
    assert_eq!(case.delete(&second).await["result"], "revoked");
    assert!(case.is_alive(&stranger).await);
}

/// What a refresh brings after its connection was deleted ends too, and nothing comes back to life.
pub(super) async fn deleted_during_a_refresh(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    case.app.services.clock.advance_seconds(700);
    case.proxy.arm(Fault::Hold);
    let delete = async {
        case.proxy.held().await;
        let report = case.delete(&id).await;
        case.proxy.release();
        report
    };
    let (answer, report) = tokio::join!(case.read(&id), delete);
    answer.expect_error(404, "CONNECTION_NOT_FOUND");
    assert_eq!(report["attempted"], true);
    case.settle().await;
    assert!(case.stored(&id).await.is_none());
    assert_eq!(case.proxy.seen("token_type_hint=refresh_token"), 2, "the old one, and the one that came after");
    assert_eq!(case.pending_revocations().await, 0);
    case.report().await
}

crate::run_on_both_databases! { the_grant_is_revoked it_is_tried_again_when_the_provider_is_down a_shared_grant_stays deleted_during_a_refresh }
