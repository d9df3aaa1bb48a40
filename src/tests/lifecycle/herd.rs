//! Thousands of tokens that end in the same second.

use super::{Case, Report};
use crate::support::Db;
use keyloom::domain::id::ConnectionId;
use keyloom::store;
use keyloom::store::connections::Schedule;
use keyloom::vault::{Credential, OAuthTokens, Secret};
use std::time::{Duration, Instant};

/// From the environment, or `default`.
pub(super) fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

impl Case {
    /// So many connections on grants that nobody had to consent to, whose tokens end now; their ids.
    pub(super) async fn adopt(&self, like: &str, count: usize) -> Vec<String> {
        let services = &self.app.services;
        let (seed, now) = (self.stored(like).await.unwrap(), services.now());
        let mut ids = Vec::with_capacity(count);
        let mut tx = services.store.begin_write().await.unwrap();
        for (number, minted) in (1_u128..).zip(self.provider.mint(count).await) {
            let mut row = seed.clone();
            row.id = ConnectionId::from_bits(number);
            row.external_id = format!("minted-{number}");
            let tokens = OAuthTokens {
                access_token: Secret::new(minted.access_token),
                refresh_token: Some(Secret::new(minted.refresh_token)),
                token_type: "Bearer".to_owned(),
            };
            let credential = Credential { tokens: Some(tokens), ..Credential::default() };
            row.secret = services.seal_credential(&seed.owner, row.id.as_str(), "secret", &credential).unwrap();
            row.expires_at = Some(now);
            row.refresh = Schedule { due_at: Some(now), ..Schedule::default() };
            store::connections::insert(&mut tx, &row).await.unwrap();
            ids.push(row.id.as_str().to_owned());
        }
        tx.commit().await.unwrap();
        ids
    }

    async fn not_renewed(&self) -> i64 {
        let mut conn = self.app.services.store.conn().await.unwrap();
        let (count,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM connections WHERE version = 1 AND external_id LIKE 'minted-%'").fetch_one(&mut *conn).await.unwrap();
        count
    }
}

/// Two processes renew them by themselves, each once; the provider sees a bounded number at a time; and who asks meanwhile is served,
/// whether for one that is due or for another.
pub(super) async fn all_due_at_once(db: Db) -> Report {
    let count = setting("SOAK_DUE", 5000);
    let (case, other) = Case::connected(db, 3600).await;
    let ids = case.adopt(&other, count).await;
    let started = Instant::now();
    let nodes = [case.node(&[]).await, case.node(&[]).await];
    // Of callers for one that is due, and for another.
    let mut waits = [Vec::new(), Vec::new()];
    let limit = Duration::from_mins(5);
    for (call, id) in ids.iter().step_by(7).cycle().enumerate() {
        if case.not_renewed().await == 0 {
            break;
        }
        assert!(started.elapsed() < limit, "{} are not renewed", case.not_renewed().await);
        for (id, waits) in [id.as_str(), other.as_str()].into_iter().zip(&mut waits) {
            let asked = Instant::now();
            nodes[call % 2].credentials(id).await.unwrap().expect(200);
            waits.push(asked.elapsed());
        }
    }
    eprintln!("{db:?}: {count} due at once: {:.1?}", started.elapsed());
    for (mut waits, whose) in waits.into_iter().zip(["one that is due", "another"]) {
        waits.sort();
        let (median, p99) = (waits[waits.len() / 2], waits[waits.len() * 99 / 100]);
        eprintln!("  {} callers meanwhile, for {whose}: median {median:.1?}, p99 {p99:.1?}", waits.len());
        assert!(p99 < Duration::from_secs(3), "callers for {whose} waited {p99:?}");
    }
    assert_eq!(case.provider.count("refresh_token").await, u64::try_from(count).unwrap(), "each once");
    assert_eq!(case.provider.count("error:refresh_token:invalid_grant").await, 0);
    // Eight of each process, and the caller.
    assert!(case.proxy.most_at_once() <= 17, "{} at once", case.proxy.most_at_once());
    assert!(case.is_alive(&ids[0]).await);
    case.report().await
}

async fn thousands_due_in_one_second(db: Db) {
    all_due_at_once(db).await;
}

crate::run_on_both_databases! { thousands_due_in_one_second }
