//! Several nodes, and real processes that are stopped and killed.

use super::{Case, token_from};
use crate::support::Db;
use crate::support::fault::Fault;
use crate::support::process::Node;
use keyloom::store;
use std::time::{Duration, Instant};

async fn two_nodes_refresh_once(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    let nodes = [case.app.services.clone(), case.app.twin_services().await];
    for round in 1..=3 {
        case.app.services.clock.advance_seconds(700);
        let callers = (0..32).map(|caller| token_from(&nodes[caller % 2], &id));
        let tokens = futures::future::join_all(callers).await;
        let first = tokens[0].as_ref().unwrap();
        assert!(tokens.iter().all(|token| token.as_ref().unwrap() == first), "{tokens:?}");
        assert_eq!(case.provider.count("refresh_token").await, round);
    }
    assert!(case.is_alive(&id).await);
}

async fn two_processes_refresh_once(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    let nodes = [Node::start(&case.app).await, Node::start(&case.app).await];
    for round in 1..=3 {
        case.expire(&id).await;
        let callers = (0..32).map(|caller| nodes[caller % 2].credentials(&id));
        let answers = futures::future::try_join_all(callers).await.unwrap();
        let tokens: Vec<_> = answers.iter().map(|answer| answer.expect(200)["credentials"]["accessToken"].clone()).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        assert_eq!(case.provider.count("refresh_token").await, round);
    }
    assert!(case.is_alive(&id).await);
}

/// The lock of a killed process is free at once on PostgreSQL, and on SQLite when its lease is over.
async fn a_killed_refresher_is_followed(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    let mut node = Node::start(&case.app).await;
    case.expire(&id).await;
    case.proxy.arm(Fault::Stall);
    let call = node.credentials(&id);
    let kill = async {
        case.proxy.held().await;
        node.signal("KILL").await;
    };
    let (broken_off, ()) = tokio::join!(call, kill);
    assert!(broken_off.is_err());
    node.end().await;
    let killed = Instant::now();
    if matches!(db, Db::Sqlite) {
        case.app.services.clock.advance_seconds(16);
    }
    assert!(case.is_alive(&id).await);
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
}

/// What a lease is for: while it is held nobody else is let in, and nobody but its owner gives it back.
async fn a_lease_has_one_owner(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    let id = keyloom::domain::id::ConnectionId::known(id);
    let now = case.app.services.now();
    let mut conn = case.app.services.store.conn().await.unwrap();
    let until = now.plus_seconds(15);
    assert!(store::refreshes::take_lease(&mut conn, &id, "a", until, now).await.unwrap());
    assert!(!store::refreshes::take_lease(&mut conn, &id, "b", until, now).await.unwrap());
    store::refreshes::free_lease(&mut conn, &id, "b").await.unwrap();
    assert!(!store::refreshes::take_lease(&mut conn, &id, "b", until, now).await.unwrap());
    store::refreshes::extend_lease(&mut conn, &id, "a", now.plus_seconds(30)).await.unwrap();
    assert!(!store::refreshes::take_lease(&mut conn, &id, "b", until, now.plus_seconds(20)).await.unwrap());
    assert!(store::refreshes::take_lease(&mut conn, &id, "b", until, now.plus_seconds(30)).await.unwrap(), "it is over");
    store::refreshes::free_lease(&mut conn, &id, "b").await.unwrap();
    assert!(store::refreshes::take_lease(&mut conn, &id, "c", until, now).await.unwrap());
}

async fn sigterm_waits_for_a_refresh(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    let mut node = Node::start(&case.app).await;
    case.expire(&id).await;
    case.proxy.arm(Fault::Hold);
    let call = node.credentials(&id);
    let stop = async {
        case.proxy.held().await;
        node.signal("TERM").await;
        case.proxy.release();
    };
    let (answer, ()) = tokio::join!(call, stop);
    answer.unwrap().expect(200);
    assert!(node.end().await.success());
    assert_eq!(case.stored(&id).await.unwrap().version, 2);
    assert!(case.is_alive(&id).await);
}

crate::run_on_both_databases! { two_nodes_refresh_once two_processes_refresh_once a_killed_refresher_is_followed a_lease_has_one_owner sigterm_waits_for_a_refresh }
