//! A long run: two processes, short-lived tokens, a provider that is broken now and then, and `kill -9` in between. Ignored by the usual
//! tests; `scripts/soak` runs it. It prints a table, and fails where a connection is dead that the provider still honours.

use super::Case;
use crate::support::Db;
use crate::support::process::{Caller, Node};
use crate::support::provider;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// From the environment, or `default`.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn random(end: usize) -> usize {
    usize::try_from(uuid::Uuid::new_v4().as_u128() % end as u128).unwrap()
}

impl Case {
    /// Whether the provider would take the stored refresh token.
    async fn is_honoured(&self, id: &str) -> bool {
        let stored = self.stored(id).await.unwrap();
        let credential = self.app.services.open_credential(&mut self.app.services.store.conn().await.unwrap(), &stored).await.unwrap();
        let token = credential.tokens.unwrap().refresh_token.unwrap();
        let client = reqwest::Client::builder().build().unwrap();
        let asked = client
            .post(format!("{}/token/introspection", self.provider.url))
            .basic_auth(provider::CLIENT_ID, Some(provider::CLIENT_SECRET))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("token={}", token.expose()));
        let answer: Value = serde_json::from_str(&asked.send().await.unwrap().text().await.unwrap()).unwrap();
        answer["active"] == true
    }
}

/// Resident memory of a process in MiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}

async fn soak(db: Db) {
    let (seconds, kills) = (setting("SOAK_SECONDS", 60), setting("SOAK_KILLS", 5));
    let case = Case::start(db, 5).await;
    let mut ids = Vec::new();
    for number in 0..setting("SOAK_CONNECTIONS", 20) {
        ids.push(case.connect(&format!("c{number}"), &format!("user{number}")).await);
    }
    case.proxy.chance(usize::try_from(setting("SOAK_FAULTS", 2)).unwrap());
    let mut nodes = [Node::start(&case.app).await, Node::start(&case.app).await];
    let callers: Arc<Mutex<Vec<Caller>>> = Arc::new(Mutex::new(nodes.iter().map(|node| node.caller.clone()).collect()));
    let tally: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
    let end = Instant::now() + Duration::from_secs(seconds);
    let workers: Vec<_> = (0..12)
        .map(|worker| {
            let (callers, tally, ids) = (Arc::clone(&callers), Arc::clone(&tally), ids.clone());
            tokio::spawn(async move {
                while Instant::now() < end {
                    let caller = callers.lock().unwrap()[worker % 2].clone();
                    let outcome = match caller.credentials(&ids[random(ids.len())]).await {
                        Ok(answer) if answer.status == 200 => "ok".to_owned(),
                        Ok(answer) => serde_json::from_str::<Value>(&answer.text).unwrap()["code"].as_str().unwrap().to_owned(),
                        Err(_) => "node gone".to_owned(),
                    };
                    *tally.lock().unwrap().entry(outcome).or_default() += 1;
                    tokio::time::sleep(Duration::from_millis(15)).await;
                }
            })
        })
        .collect();
    let mut at_start = 0;
    for round in 0..kills {
        tokio::time::sleep(Duration::from_secs(seconds) / u32::try_from(kills + 1).unwrap()).await;
        let slot = usize::try_from(round % 2).unwrap();
        nodes[slot].signal("KILL").await;
        nodes[slot].end().await;
        nodes[slot] = Node::start(&case.app).await;
        callers.lock().unwrap()[slot] = nodes[slot].caller.clone();
        if round == 0 {
            // Of the one that is killed last, or never.
            at_start = memory(nodes[slot].pid());
        }
    }
    for worker in workers {
        worker.await.unwrap();
    }
    let at_end: Vec<_> = nodes.iter().map(|node| memory(node.pid())).collect();
    case.proxy.chance(0);
    case.app.services.clock.advance_seconds(16);
    let (mut dead, mut wronged) = (0, 0);
    for id in &ids {
        let shown = case.shown(id).await;
        if shown["status"] == "ERROR" {
            dead += 1;
            wronged += u64::from(case.is_honoured(id).await);
        }
    }
    let refreshes = case.provider.count("refresh_token").await;
    let reused = case.provider.count("error:refresh_token:invalid_grant").await;
    println!("\n{db:?}: {seconds} s, {} connections, 5 s tokens, {kills} times kill -9\n", ids.len());
    for (what, count) in tally.lock().unwrap().iter() {
        println!("  {:<42}{count:>8}", format!("reads: {what}"));
    }
    for (what, count) in [
        ("refreshes at the provider", refreshes),
        ("refused as used before", reused),
        ("answers lost by the proxy", case.proxy.lost()),
        ("connections dead", dead),
        ("  of these honoured by the provider", wronged),
        ("memory of a node at its start, MiB", at_start),
        ("memory of the nodes at the end, MiB", at_end.iter().copied().max().unwrap_or(0)),
    ] {
        println!("  {what:<42}{count:>8}");
    }
    assert_eq!(wronged, 0);
    // An answer that was lost, or that a killed process was waiting for, ends the grant at this provider; nothing else may.
    assert!(dead <= case.proxy.lost() + kills * 6, "{dead} dead");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long; scripts/soak runs it"]
async fn sqlite() {
    soak(Db::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes long; scripts/soak runs it"]
async fn postgres() {
    soak(Db::Postgres).await;
}
