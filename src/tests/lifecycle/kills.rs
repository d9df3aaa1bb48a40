//! `kill -9` of a process that refreshes, at each point where it can hurt. The next process finds out within a second what is to be done;
//! and a connection ends only where its token is lost for good: the provider has given a new one, nobody has it, and the old one is not
//! taken any more.

use super::{Case, Report};
use crate::support::Db;
use crate::support::fault::Fault;
use serde_json::json;
use std::time::{Duration, Instant};

/// Where the killed process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    BeforeCall,
    /// Its request is on the way.
    Asking,
    /// The provider has done it, and its answer is on the way.
    Answered,
    /// It has the answer.
    BeforeCommit,
    AfterCommit,
}

pub(super) const POINTS: [At; 5] = [At::BeforeCall, At::Asking, At::Answered, At::BeforeCommit, At::AfterCommit];

pub(super) async fn killed(db: Db, at: At, grace: u32) -> Report {
    let (case, id) = Case::connected_with_grace(db, 600, grace).await;
    let (point, fault) = match at {
        At::BeforeCall => ("before_call", None),
        At::Asking => ("", Some(Fault::Stall)),
        At::Answered => ("", Some(Fault::Hold)),
        At::BeforeCommit => ("after_answer", None),
        At::AfterCommit => ("after_commit", None),
    };
    let mut node = case.node(&[("TEST_FAIL_POINT", point)]).await;
    let next = case.node(&[]).await;
    case.expire(&id).await;
    let is_on_the_way = fault.is_some();
    if let Some(fault) = fault {
        case.proxy.arm(fault);
    }
    let kill = async {
        if is_on_the_way {
            case.proxy.held().await;
        } else {
            node.reached().await;
        }
        node.signal("KILL").await;
    };
    let (broken_off, ()) = tokio::join!(node.credentials(&id), kill);
    assert!(broken_off.is_err());
    node.end().await;
    let killed = Instant::now();
    let answers = futures::future::try_join_all((0..8).map(|_| next.credentials(&id))).await.unwrap();
    let took = killed.elapsed();
    assert!(took < Duration::from_secs(1), "{at:?}: decided after {took:?}");
    let is_lost = matches!(at, At::Answered | At::BeforeCommit) && grace == 0;
    if is_lost {
        assert!(answers.iter().all(|answer| answer.status == 409), "{answers:?}");
        let shown = case.shown(&id).await;
        assert_eq!((&shown["status"], &shown["error"]["code"]), (&json!("ERROR"), &json!("invalid_grant")));
    } else {
        for answer in &answers {
            let token = answer.expect(200)["credentials"]["accessToken"].as_str().unwrap().to_owned();
            assert!(case.accepts(&token).await, "{at:?}");
        }
        assert!(case.is_alive(&id).await, "{at:?}");
    }
    case.report().await
}

async fn before_the_call(db: Db) {
    killed(db, At::BeforeCall, 0).await;
}

async fn while_asking(db: Db) {
    killed(db, At::Asking, 0).await;
}

async fn with_the_answer_on_the_way(db: Db) {
    killed(db, At::Answered, 0).await;
}

async fn before_the_commit(db: Db) {
    killed(db, At::BeforeCommit, 0).await;
}

async fn after_the_commit(db: Db) {
    killed(db, At::AfterCommit, 0).await;
}

/// A provider that knows that answers get lost.
async fn anywhere_with_grace(db: Db) {
    for at in POINTS {
        let report = killed(db, at, 60).await;
        assert_eq!(report.dead, 0, "{at:?}");
    }
}

crate::run_on_both_databases! {
    before_the_call while_asking with_the_answer_on_the_way before_the_commit after_the_commit anywhere_with_grace
}
