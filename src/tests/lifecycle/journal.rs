//! The database goes away between a provider's answer and its writing.

use super::{Case, Report};
use crate::support::Db;
use crate::support::fault::Fault;
use keyloom::service::refresh::journal::replay;
use sqlx::Connection as _;
use std::path::PathBuf;
use std::time::Duration;

impl Case {
    /// PostgreSQL ends all connections to this test's database and takes no new ones; SQLite refuses to write credentials.
    async fn take_database_away(&self, db: Db) {
        match db {
            Db::Postgres => {
                self.allow_connections(false).await;
                let (server, name) = self.database();
                let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
                // Waits until each of them is gone: a server that is asked to end answers for a moment more.
                sqlx::query("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1").bind(name).execute(&mut admin).await.unwrap();
            }
            Db::Sqlite => {
                self.run("CREATE TRIGGER away BEFORE UPDATE OF secret ON connections BEGIN SELECT RAISE(ABORT, 'the disk is full'); END").await;
            }
        }
    }

    async fn bring_database_back(&self, db: Db) {
        match db {
            Db::Postgres => {
                self.allow_connections(true).await;
                // This process's own pool believes in a connection for so long after its last use.
                tokio::time::sleep(keyloom::store::TRUSTED_FOR).await;
            }
            Db::Sqlite => self.run("DROP TRIGGER away").await,
        }
    }

    async fn run(&self, statement: &'static str) {
        let mut conn = self.app.services.store.conn().await.unwrap();
        sqlx::query(statement).execute(&mut *conn).await.unwrap();
    }

    /// The server's own database, and the name of the test's.
    fn database(&self) -> (String, String) {
        let (base, name) = self.app.config.database_url.rsplit_once('/').unwrap();
        (format!("{base}/postgres"), name.to_owned())
    }

    async fn allow_connections(&self, allow: bool) {
        let (server, name) = self.database();
        let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
        let statement = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allow}");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await.unwrap();
    }

    fn journal_file(&self, id: &str) -> PathBuf {
        self.app.config.data_dir.join("journal").join(format!("{id}.json"))
    }

    async fn wait_for_journal(&self, id: &str, present: bool) {
        let waiting = async {
            while self.journal_file(id).exists() != present {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the journal");
    }
}

/// The same process goes on trying, and its callers never know.
pub(super) async fn the_database_comes_back_in_time(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    case.app.services.clock.advance_seconds(700);
    case.proxy.arm(Fault::Hold);
    let away = async {
        case.proxy.held().await;
        case.take_database_away(db).await;
        case.proxy.release();
        case.wait_for_journal(&id, true).await;
        case.bring_database_back(db).await;
    };
    let (answer, ()) = tokio::join!(case.read(&id), away);
    answer.expect(200);
    assert!(!case.journal_file(&id).exists());
    assert_eq!(case.stored(&id).await.unwrap().version, 2);
    assert!(case.is_alive(&id).await);
    case.report().await
}

/// The process is killed before the database is back: the next one finds the tokens in the journal.
pub(super) async fn the_process_does_not_live_to_see_it(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    let mut node = case.node(&[]).await;
    case.expire(&id).await;
    let before = case.stored(&id).await.unwrap();
    case.proxy.arm(Fault::Hold);
    let away = async {
        case.proxy.held().await;
        case.take_database_away(db).await;
        case.proxy.release();
        case.wait_for_journal(&id, true).await;
        node.signal("KILL").await;
    };
    let (answer, ()) = tokio::join!(node.credentials(&id), away);
    assert!(answer.is_err());
    node.end().await;
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = case.journal_file(&id);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("access_token") && !text.contains("Bearer"), "{text}");
    }
    case.bring_database_back(db).await;
    assert_eq!(case.stored(&id).await.unwrap().version, before.version);
    // At its start, before it listens.
    let _next = case.node(&[]).await;
    assert!(!case.journal_file(&id).exists());
    assert_eq!(case.stored(&id).await.unwrap().version, before.version + 1);
    assert!(case.is_alive(&id).await);
    case.report().await
}

/// What was overtaken is dropped, and what is not ours is set aside.
async fn only_what_fits_is_replayed(db: Db) {
    let (case, id) = Case::connected(db, 600).await;
    assert_eq!(replay(&case.app.services).await.unwrap(), 0, "there is no journal");
    case.app.services.clock.advance_seconds(700);
    case.proxy.arm(Fault::Hold);
    let saved = case.app.config.data_dir.join("saved.json");
    let away = async {
        case.proxy.held().await;
        case.take_database_away(db).await;
        case.proxy.release();
        case.wait_for_journal(&id, true).await;
        std::fs::copy(case.journal_file(&id), &saved).unwrap();
        case.bring_database_back(db).await;
    };
    let (answer, ()) = tokio::join!(case.read(&id), away);
    answer.expect(200);
    let current = case.stored(&id).await.unwrap();
    std::fs::copy(&saved, case.journal_file(&id)).unwrap();
    let foreign = case.journal_file("conn_00000000000000000000000000000001");
    std::fs::write(&foreign, std::fs::read_to_string(&saved).unwrap().replace("\"sealed\":\"v1.", "\"sealed\":\"v1.x")).unwrap();
    assert_eq!(replay(&case.app.services).await.unwrap(), 1);
    assert_eq!(case.stored(&id).await.unwrap(), current);
    assert!(!case.journal_file(&id).exists() && !foreign.exists());
    assert!(foreign.with_extension("refused").exists());
    assert!(case.is_alive(&id).await);
}

/// Two machines: neither sees the other's journal. PostgreSQL goes away while one of them holds new tokens, and takes its lock along; when it
/// is back the other one is faster, and must not use the old token.
pub(super) async fn another_machine_waits_for_the_one_that_has_them(db: Db) -> Report {
    let (case, id) = Case::connected(db, 600).await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [first, second] = folders.each_ref().map(|folder| folder.path().to_str().unwrap());
    let nodes = [case.node(&[("KEYLOOM_DATA_DIR", first)]).await, case.node(&[("KEYLOOM_DATA_DIR", second)]).await];
    // Both have held a lock before.
    for node in &nodes {
        case.expire(&id).await;
        node.credentials(&id).await.unwrap().expect(200);
    }
    let done = case.provider.count("refresh_token").await;
    case.expire(&id).await;
    case.proxy.arm(Fault::Hold);
    let away = async {
        case.proxy.held().await;
        // As after a long absence: by the clock the lease has run out.
        case.run("UPDATE connections SET refresh_lease = 1").await;
        case.take_database_away(db).await;
        case.proxy.release();
        let journal = folders[0].path().join("journal").join(format!("{id}.json"));
        let waiting = async {
            while !journal.exists() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the journal");
        // Callers who do not leave off, so that one is there in the first moment.
        let impatient = async { while nodes[1].credentials(&id).await.unwrap().status != 200 {} };
        let back = async { case.bring_database_back(db).await };
        tokio::join!(tokio::time::timeout(Duration::from_mins(1), impatient), back)
    };
    let (answer, (served, ())) = tokio::join!(nodes[0].credentials(&id), away);
    served.expect("the other machine serves it");
    answer.unwrap().expect(200);
    assert_eq!(case.provider.count("refresh_token").await, done + 1);
    assert!(case.is_alive(&id).await);
    case.report().await
}

crate::run_on_both_databases! { the_database_comes_back_in_time the_process_does_not_live_to_see_it only_what_fits_is_replayed }

mod another_machine_waits {
    use crate::support::Db;

    #[tokio::test(flavor = "multi_thread")]
    async fn postgres() {
        super::another_machine_waits_for_the_one_that_has_them(Db::Postgres).await;
    }
}
