//! A process whose clock is wrong: what it writes others read, and a token's end is among it.

use super::{Case, Report};
use crate::support::{Db, TestApp};
use keyloom::jobs::clock::agree;

/// Ten minutes off, beside a process whose clock is right; tokens live as long.
pub(super) async fn a_wrong_clock(db: Db, offset: &str) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    let nodes = [case.node(&[]).await, case.node(&[("TEST_CLOCK_OFFSET", offset)]).await];
    for (round, refresher) in (1..).zip([0, 1, 0, 1]) {
        case.expire(&id).await;
        let first = nodes[refresher].credentials(&id).await.unwrap().expect(200);
        let second = nodes[1 - refresher].credentials(&id).await.unwrap().expect(200);
        assert_eq!(first["credentials"]["accessToken"], second["credentials"]["accessToken"]);
        assert_eq!(case.provider.count("refresh_token").await, round, "one of them thinks that it has ended");
        let left = case.stored(&id).await.unwrap().expires_at.unwrap().seconds_since(case.app.services.now());
        assert!((590..=602).contains(&left), "it is thought to live {left} seconds");
    }
    case.expire(&id).await;
    let answers = futures::future::try_join_all((0..32).map(|caller| nodes[caller % 2].credentials(&id))).await.unwrap();
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(case.provider.count("refresh_token").await, 5);
    assert!(case.is_alive(&id).await);
    case.report().await
}

async fn ten_minutes_fast(db: Db) {
    a_wrong_clock(db, "600").await;
}

async fn ten_minutes_slow(db: Db) {
    a_wrong_clock(db, "-600").await;
}

/// Somebody sets the clock while it runs.
async fn a_clock_that_goes_wrong_is_noticed(db: Db) {
    let app = TestApp::start(db).await;
    let reference = app.another_services().await;
    for wrong in [600, -1200, 600] {
        app.services.clock.advance_seconds(wrong);
        agree(&app.services).await.unwrap();
        let off = app.services.now().0 - reference.now().0;
        assert!(off.abs() < 1000, "{off} ms");
    }
}

crate::run_on_both_databases! { a_clock_that_goes_wrong_is_noticed ten_minutes_fast ten_minutes_slow }
