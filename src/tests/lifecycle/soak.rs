//! What `scripts/soak` runs: every scenario so many times in a row, kills at moments that nobody chose, and a long run. Ignored by the
//! usual tests. Each prints a table as Markdown.

use super::herd::{all_due_at_once, setting};
use super::{Case, Report, clocks, deletion, faults, journal, kills, nodes};
use crate::support::Db;
use crate::support::process::{Caller, Node};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

type Scenario = (&'static str, fn(Db) -> BoxFuture<'static, Report>);

/// The fault table.
const SCENARIOS: [Scenario; 26] = [
    ("32 callers, 2 processes, one token", |db| nodes::two_processes_refresh_once(db).boxed()),
    ("callers leave during the refresh", |db| nodes::callers_who_leave_take_nothing_along(db).boxed()),
    ("kill -9 before the call", |db| kills::killed(db, kills::At::BeforeCall, 0).boxed()),
    ("kill -9, request on its way", |db| kills::killed(db, kills::At::Asking, 0).boxed()),
    ("kill -9, answer on its way, strict", |db| kills::killed(db, kills::At::Answered, 0).boxed()),
    ("kill -9 before the commit, strict", |db| kills::killed(db, kills::At::BeforeCommit, 0).boxed()),
    ("kill -9 after the commit", |db| kills::killed(db, kills::At::AfterCommit, 0).boxed()),
    ("kill -9 before the call, grace", |db| kills::killed(db, kills::At::BeforeCall, 60).boxed()),
    ("kill -9, request on its way, grace", |db| kills::killed(db, kills::At::Asking, 60).boxed()),
    ("kill -9, answer on its way, grace", |db| kills::killed(db, kills::At::Answered, 60).boxed()),
    ("kill -9 before the commit, grace", |db| kills::killed(db, kills::At::BeforeCommit, 60).boxed()),
    ("kill -9 after the commit, grace", |db| kills::killed(db, kills::At::AfterCommit, 60).boxed()),
    ("SIGTERM during the refresh", |db| nodes::sigterm_waits_for_a_refresh(db).boxed()),
    ("database away before the save", |db| journal::the_database_comes_back_in_time(db).boxed()),
    ("the same, and kill -9", |db| journal::the_process_does_not_live_to_see_it(db).boxed()),
    ("lost request", |db| faults::a_lost_request_is_repeated(db).boxed()),
    ("lost answer, strict", |db| faults::a_lost_answer_is_said(db).boxed()),
    ("lost answer, grace", |db| faults::a_lost_answer_is_asked_for_again(db).boxed()),
    ("429 in seconds and as a date", |db| faults::patience_is_kept_in_seconds_and_as_a_date(db).boxed()),
    ("503 for ten minutes", |db| faults::an_outage_breaks_nothing(db).boxed()),
    ("slow drip", |db| faults::a_slow_answer_is_read_to_its_end(db).boxed()),
    ("edit during the refresh", |db| faults::an_edit_during_a_refresh_survives(db).boxed()),
    ("delete during the refresh", |db| deletion::deleted_during_a_refresh(db).boxed()),
    ("clock 10 minutes fast", |db| clocks::a_wrong_clock(db, "600").boxed()),
    ("clock 10 minutes slow", |db| clocks::a_wrong_clock(db, "-600").boxed()),
    ("all due in one second", |db| all_due_at_once(db).boxed()),
];

fn row(name: &str, rounds: usize, report: &Report) {
    let Report { refreshes, callers, failed, dead, wronged } = report;
    println!("| {name} | {rounds} | {refreshes} | {callers} | {failed} | {dead} | {wronged} |");
}

async fn rounds(db: Db) {
    let rounds = setting("SOAK_ROUNDS", 10);
    println!("\n{db:?}\n\n| scenario | rounds | refreshes at the provider | callers | without a token | connections ended | of these honoured |");
    println!("|---|---|---|---|---|---|---|");
    for (name, scenario) in SCENARIOS {
        let mut sum = Report::default();
        for _ in 0..rounds {
            sum.add(&scenario(db).await);
        }
        row(name, rounds, &sum);
    }
    if matches!(db, Db::Postgres) {
        let mut sum = Report::default();
        for _ in 0..rounds {
            sum.add(&journal::another_machine_waits_for_the_one_that_has_them(db).await);
        }
        row("database away before the save, 2 machines", rounds, &sum);
    }
    let kills = setting("SOAK_KILLS", 25);
    row("kill -9 at any moment, under load, grace", kills, &killed_at_any_moment(db, kills).await);
}

impl Report {
    fn add(&mut self, other: &Self) {
        self.refreshes += other.refreshes;
        self.callers += other.callers;
        self.failed += other.failed;
        self.dead += other.dead;
        self.wronged += other.wronged;
    }
}

fn random(end: usize) -> usize {
    usize::try_from(uuid::Uuid::new_v4().as_u128() % end as u128).unwrap()
}

/// Applications that read credentials without a pause worth the name, through two processes.
struct Load {
    nodes: [Node; 2],
    callers: Arc<Mutex<Vec<Caller>>>,
    tally: Arc<Mutex<BTreeMap<String, u64>>>,
    stop: tokio_util::sync::CancellationToken,
    workers: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    async fn start(case: &Case, ids: &[String]) -> Self {
        let nodes = [case.node(&[]).await, case.node(&[]).await];
        let callers = Arc::new(Mutex::new(nodes.iter().map(|node| node.caller.clone()).collect::<Vec<_>>()));
        let mut load = Self { nodes, callers, tally: Arc::default(), stop: tokio_util::sync::CancellationToken::new(), workers: Vec::new() };
        for worker in 0..12 {
            let (callers, tally, stop, ids) = (Arc::clone(&load.callers), Arc::clone(&load.tally), load.stop.clone(), ids.to_vec());
            load.workers.push(tokio::spawn(async move {
                while !stop.is_cancelled() {
                    let caller = callers.lock().unwrap()[worker % 2].clone();
                    let outcome = match caller.credentials(&ids[random(ids.len())]).await {
                        Ok(answer) if answer.status == 200 => "served".to_owned(),
                        Ok(answer) => serde_json::from_str::<Value>(&answer.text).unwrap()["code"].as_str().unwrap().to_owned(),
                        Err(_) => "process gone".to_owned(),
                    };
                    *tally.lock().unwrap().entry(outcome).or_default() += 1;
                    tokio::time::sleep(Duration::from_millis(15)).await;
                }
            }));
        }
        load
    }

    /// Another process in its place.
    async fn kill(&mut self, case: &Case, slot: usize) {
        self.nodes[slot].signal("KILL").await;
        self.nodes[slot].end().await;
        self.nodes[slot] = case.node(&[]).await;
        self.callers.lock().unwrap()[slot] = self.nodes[slot].caller.clone();
    }

    async fn end(mut self) -> BTreeMap<String, u64> {
        self.stop.cancel();
        for worker in self.workers.drain(..) {
            worker.await.unwrap();
        }
        self.tally.lock().unwrap().clone()
    }
}

/// Two processes in turn. With a grace window nothing may end, whatever was under way.
async fn killed_at_any_moment(db: Db, kills: usize) -> Report {
    let (case, seed) = Case::connected_with_grace(db, 5, 60).await;
    let mut ids = case.adopt(&seed, 40).await;
    ids.push(seed);
    let mut load = Load::start(&case, &ids).await;
    for kill in 0..kills {
        tokio::time::sleep(Duration::from_millis(500 + u64::try_from(random(1500)).unwrap())).await;
        load.kill(&case, kill % 2).await;
    }
    // Whoever reached a process was served.
    let outcomes = load.end().await;
    assert!(outcomes.keys().all(|outcome| ["served", "process gone"].contains(&outcome.as_str())), "{outcomes:?}");
    let report = case.report().await;
    assert_eq!(report.dead, 0);
    for id in &ids {
        assert!(case.is_alive(id).await, "{id}");
    }
    report
}

/// What a process has allocated and holds resident, in MiB. Without the pages of its file, which come in as code is run for the first time
/// and are the kernel's to drop: a debug build has 70 MiB of them.
fn memory(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok()).unwrap_or(0) / 1024
}

/// A provider that loses answers and is unwell now and then, tokens of five seconds, and processes that must not grow.
async fn long_run(db: Db) {
    let (seconds, connections, percent) = (setting("SOAK_SECONDS", 600), setting("SOAK_CONNECTIONS", 200), setting("SOAK_FAULTS", 2));
    let grace = u32::try_from(setting("SOAK_GRACE", 60)).unwrap();
    let (case, seed) = Case::connected_with_grace(db, 5, grace).await;
    let mut ids = case.adopt(&seed, connections.max(1) - 1).await;
    ids.push(seed);
    case.proxy.chance(percent);
    let load = Load::start(&case, &ids).await;
    let pids = [load.nodes[0].pid(), load.nodes[1].pid()];
    let started = Instant::now();
    // Of both processes together, ten times.
    let mut grown = Vec::new();
    for part in 1..=10 {
        let until = Duration::from_millis(u64::try_from(seconds * 100 * part).unwrap());
        tokio::time::sleep(until.saturating_sub(started.elapsed())).await;
        grown.push(pids.iter().map(|pid| memory(*pid)).sum::<usize>());
    }
    let outcomes = load.end().await;
    case.proxy.chance(0);
    let report = case.report().await;
    // Past the pauses after failures.
    case.app.services.clock.advance_seconds(400);
    let mut renewed = 0;
    for id in &ids {
        renewed += usize::from(case.is_alive(id).await);
    }
    println!("\n{db:?}: {seconds} s, {connections} connections, 5 s tokens, {percent} % faults, grace {grace} s\n\n| | |\n|---|---|");
    for (what, count) in &outcomes {
        println!("| reads: {what} | {count} |");
    }
    println!("| refreshes at the provider | {} |", report.refreshes);
    println!("| answers lost | {} |", case.proxy.lost());
    println!("| connections ended | {} |", report.dead);
    println!("| of these honoured by the provider | {} |", report.wronged);
    println!("| connections that one more refresh finds alive | {renewed} |");
    println!("| allocated by both processes, MiB, each tenth of the time | {} |", grown.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    // At a strict provider a lost answer is the end, and nothing else may be.
    let excused = if grace == 0 { case.proxy.lost() } else { 0 };
    assert!(report.dead <= excused, "{} ended, {} answers were lost", report.dead, case.proxy.lost());
    assert_eq!(renewed + usize::try_from(report.dead).unwrap(), ids.len());
    // The first half is for caches: each of eight SQLite connections keeps up to 2 MiB of pages, and in that time has seen most of them.
    let (settled, last) = (grown[4], grown[9]);
    assert!(last <= settled + settled / 10, "memory grew from {settled} to {last} MiB");
}

macro_rules! on_request {
    ($($name:ident)*) => {$(
        mod $name {
            use crate::support::Db;

            #[tokio::test(flavor = "multi_thread")]
            #[ignore = "takes long; scripts/soak runs it"]
            async fn sqlite() {
                super::$name(Db::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            #[ignore = "takes long; scripts/soak runs it"]
            async fn postgres() {
                super::$name(Db::Postgres).await;
            }
        }
    )*};
}

on_request! { rounds long_run }
