//! Several nodes, and real processes that are stopped and killed.

use super::{Case, Report, token_from};
use crate::support::Db;
use crate::support::fault::Fault;
use keyloom::store::refreshes::{Lease, extend_lease, free_lease, lease, take_lease};

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

pub(super) async fn two_processes_refresh_once(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    let nodes = [case.node(&[]).await, case.node(&[]).await];
    for round in 1..=3 {
        case.expire(&id).await;
        let callers = (0..32).map(|caller| nodes[caller % 2].credentials(&id));
        let answers = futures::future::try_join_all(callers).await.unwrap();
        let tokens: Vec<_> = answers.iter().map(|answer| answer.expect(200)["credentials"]["accessToken"].clone()).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        assert_eq!(case.provider.count("refresh_token").await, round);
    }
    assert!(case.is_alive(&id).await);
    case.report().await
}

/// Twenty who ask while the provider thinks, and leave.
pub(super) async fn callers_who_leave_take_nothing_along(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    let node = case.node(&[]).await;
    case.expire(&id).await;
    case.proxy.arm(Fault::Hold);
    tokio::select! {
        _ = futures::future::join_all((0..20).map(|_| node.credentials(&id))) => panic!("the provider has not answered yet"),
        () = case.proxy.held() => {}
    }
    case.proxy.release();
    case.wait_for_version(&id, 2).await;
    assert_eq!(case.provider.count("refresh_token").await, 1);
    node.credentials(&id).await.unwrap().expect(200);
    assert_eq!(case.provider.count("refresh_token").await, 1);
    assert!(case.is_alive(&id).await);
    case.report().await
}

/// What a lease is for: while it is held nobody else is let in, and nobody but its owner gives it back.
async fn a_lease_has_one_owner(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    let id = keyloom::domain::id::ConnectionId::known(id);
    let until = case.app.services.now().plus_seconds(15);
    let mut conn = case.app.services.store.conn().await.unwrap();
    assert_eq!(lease(&mut conn, &id).await.unwrap(), None);
    assert!(take_lease(&mut conn, &id, None, "a", until).await.unwrap());
    assert!(!take_lease(&mut conn, &id, None, "b", until).await.unwrap());
    free_lease(&mut conn, &id, "b").await.unwrap();
    assert!(!take_lease(&mut conn, &id, None, "b", until).await.unwrap());
    extend_lease(&mut conn, &id, "a", until.plus_seconds(15)).await.unwrap();
    let held = lease(&mut conn, &id).await.unwrap().unwrap();
    assert_eq!(held, Lease { owner: "a".to_owned(), until: until.plus_seconds(15) });
    // Two who found that it is over: the first has it.
    assert!(take_lease(&mut conn, &id, Some(&held), "b", until).await.unwrap());
    assert!(!take_lease(&mut conn, &id, Some(&held), "c", until).await.unwrap());
    free_lease(&mut conn, &id, "b").await.unwrap();
    assert!(take_lease(&mut conn, &id, None, "c", until).await.unwrap());
}

pub(super) async fn sigterm_waits_for_a_refresh(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    let mut node = case.node(&[]).await;
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
    case.report().await
}

crate::run_on_both_databases! { two_nodes_refresh_once two_processes_refresh_once callers_who_leave_take_nothing_along a_lease_has_one_owner sigterm_waits_for_a_refresh }
