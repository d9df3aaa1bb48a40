//! What is renewed by itself.

use super::{Case, token_from};
use crate::support::{Db, ask, request};
use axum::http::Method;
use keyloom::config::RefreshMode;
use keyloom::domain::id::{ConnectionId, WorkspaceId};
use keyloom::domain::{Code, Timestamp};
use keyloom::service::key_rotation::Follower;
use keyloom::service::refresh::schedule::refresh_due;
use keyloom::service::refresh::{Hold, When, fresh, hold};
use keyloom::service::{Actor, Services};
use keyloom::store::connections::{Owner, Schedule};
use keyloom::store::{self, installation};
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;

async fn due(services: &Services) -> usize {
    refresh_due(services, &CancellationToken::new()).await.unwrap()
}

async fn two_nodes_share_the_work(db: Db) {
    let case = Case::start(db, 3600).await;
    let mut ids = Vec::new();
    for number in 0..10 {
        ids.push(case.connect(&format!("c{number}"), &format!("user{number}")).await);
    }
    let nodes = [case.app.services.clone(), case.app.twin_services().await];
    assert_eq!(due(&nodes[0]).await, 0, "nothing is due yet");
    for round in 1..=2 {
        // Within five minutes of the end a reader would renew it: the job has by then.
        case.app.services.clock.advance_seconds(3200);
        let (first, second) = tokio::join!(due(&nodes[0]), due(&nodes[1]));
        assert_eq!(first + second, 10);
        assert_eq!(case.provider.count("refresh_token").await, 10 * round);
    }
    for id in &ids {
        case.read(id).await.expect(200);
    }
    assert_eq!(case.provider.count("refresh_token").await, 20, "readers find it done");
    assert!(case.is_alive(&ids[0]).await);
}

/// A claim that its node did not live to use comes up again.
async fn a_lost_claim_is_taken_over(db: Db) {
    let (case, id) = Case::connected(db, 3600).await;
    case.app.services.clock.advance_seconds(3200);
    let now = case.app.services.now();
    {
        let mut conn = case.app.services.store.conn().await.unwrap();
        let claimed = store::refreshes::claim(&mut conn, &[], now, now.plus_seconds(120), 10).await.unwrap();
        assert_eq!(claimed, [(ConnectionId::known(id.as_str()), "demo-oauth".to_owned())]);
    }
    assert_eq!(due(&case.app.services).await, 0);
    case.app.services.clock.advance_seconds(121);
    assert_eq!(due(&case.app.services).await, 1);
    assert_eq!(case.provider.count("refresh_token").await, 1);
}

async fn an_idle_refresh_token_is_kept_alive(db: Db) {
    // Lives that short are otherwise left to those who use them.
    let (case, id) = Case::connected(db, 600).await;
    case.app.services.clock.advance_seconds(6 * 86_400);
    assert_eq!(due(&case.app.services).await, 0);
    case.app.services.clock.advance_seconds(2 * 86_400);
    assert_eq!(due(&case.app.services).await, 1);
    assert_eq!(case.provider.count("refresh_token").await, 1);
    assert!(case.is_alive(&id).await);
}

async fn nothing_is_used_on_hold(db: Db) {
    let (case, id) = Case::connected(db, 3600).await;
    case.app.services.clock.advance_seconds(3500);
    let held = Services { hold: Hold::new(RefreshMode::Hold), ..case.app.services.clone() };
    assert_eq!(due(&held).await, 0);
    // What is stored is given out until it ends; then it is said why not.
    token_from(&held, &id).await.unwrap();
    let error = fresh(&held, &ConnectionId::known(&*id), When::Now).await.unwrap_err();
    assert!(error.code == Code::RefreshFailed && error.message.contains("KEYLOOM_REFRESH"), "{error:?}");
    case.app.services.clock.advance_seconds(200);
    assert_eq!(token_from(&held, &id).await.unwrap_err().code, Code::RefreshFailed);
    assert_eq!(case.provider.count("refresh_token").await, 0);
    assert_eq!(due(&case.app.services).await, 1);
}

/// On every server, and over the API, until somebody lets it go on; then on every server again.
async fn a_restored_database_waits(db: Db) {
    let (case, id) = Case::connected(db, 3600).await;
    let at = case.app.services.now().0.to_string();
    installation::set(&mut case.app.services.store.conn().await.unwrap(), installation::RESTORED_AT, &at).await.unwrap();
    let (services, router) = case.app.another_process().await;
    services.clock.advance_seconds(3500);
    assert_eq!(due(&services).await, 0);
    let refresh = request(&case.app.key, Method::POST, &format!("/connections/{id}/refresh"), None);
    let error = ask(router.clone(), refresh).await.expect_error(502, "REFRESH_FAILED");
    assert!(error["error"].as_str().unwrap().contains("restored from a backup") && error["suggestion"].as_str().unwrap().contains("Settings"), "{error}");
    let ready = http::Request::builder().uri("/readyz").body(axum::body::Body::empty()).unwrap();
    assert!(ask(router, ready).await.text.contains("restored from a backup"));
    // The connection itself is well: nothing is noted against it.
    assert!(case.stored(&id).await.unwrap().error.is_none());
    let running = case.app.another_services().await;
    hold::let_go_on(&services, &Actor::System.writer().unwrap()).await.unwrap();
    Follower::new(&running, "another".to_owned()).step(&running).await.unwrap();
    assert_eq!(running.hold.why(), None);
    assert_eq!(due(&services).await, 1);
    assert!(case.is_alive(&id).await);
    assert_eq!(case.app.get("/events?type=refresh.released").await.expect(200)["total"], 1);
}

/// However many are due in one workspace, the others have their turn; and what is busy is left out.
async fn workspaces_take_turns(db: Db) {
    let (case, id) = Case::connected(db, 3600).await;
    let mut owners = Vec::new();
    for slug in ["large", "small"] {
        owners.push(Owner::Workspace(WorkspaceId::known(case.app.workspace(slug).await)));
    }
    let mut conn = case.app.services.store.conn().await.unwrap();
    let seed = store::connections::find(&mut conn, &id).await.unwrap().unwrap();
    let (mut large, mut small) = (BTreeSet::new(), BTreeSet::new());
    for number in 1..=33_u128 {
        let mut row = seed.clone();
        let is_large = number <= 30;
        row.id = ConnectionId::from_bits(number);
        row.external_id = format!("x{number}");
        row.owner = owners[usize::from(!is_large)].clone();
        // The large one's have waited longer.
        row.refresh = Schedule { due_at: Some(Timestamp(if is_large { 1000 } else { 2000 })), ..Schedule::default() };
        store::connections::insert(&mut conn, &row).await.unwrap();
        if is_large {
            large.insert(row.id)
        } else {
            small.insert(row.id)
        };
    }
    let now = case.app.services.now();
    let busy = vec!["demo-oauth".to_owned()];
    assert!(store::refreshes::claim(&mut conn, &busy, now, now.plus_seconds(120), 6).await.unwrap().is_empty());
    let first: BTreeSet<_> = store::refreshes::claim(&mut conn, &[], now, now.plus_seconds(120), 6).await.unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!((first.len(), first.intersection(&large).count(), first.intersection(&small).count()), (6, 3, 3));
    let rest: BTreeSet<_> = store::refreshes::claim(&mut conn, &[], now, now.plus_seconds(120), 100).await.unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!((rest.len(), rest.intersection(&first).count()), (27, 0));
}

crate::run_on_both_databases! {
    two_nodes_share_the_work a_lost_claim_is_taken_over an_idle_refresh_token_is_kept_alive nothing_is_used_on_hold a_restored_database_waits workspaces_take_turns
}
