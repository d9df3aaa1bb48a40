//! A hundred thousand connections: no list and no resolve reads all of them. What is checked are the statements that the server really
//! ran: SQLite is asked for the plan of each (plans there do not depend on the values), PostgreSQL reports its plans itself.

use crate::on_both_databases;
use crate::support::statements::{Seen, watch};
use crate::support::{Db, Setup, TestApp};
use http::Method;
use keyloom::service::Actor;
use keyloom::service::connections::{ListQuery, rows};
use keyloom::store::{Backend, Page};
use serde_json::{Value, json};
use sqlx::Row as _;
use std::collections::BTreeSet;

/// A server whose PostgreSQL tells its plans.
struct Full(TestApp);

/// Workspaces, end users, connections. Ids are numbers of one width, so that they sort by age; a tenth of the connections are the
/// organisation's, three tenths workspaces', the rest end users'. One in a hundred is broken.
const ROWS: [&str; 4] = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) \
     INSERT INTO workspaces (id, slug, name, created_at, updated_at) SELECT 'ws_00000000000000000000000000000' || CAST(100 + i AS TEXT), 'w' || CAST(i AS TEXT), 'W', 0, 0 FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
     INSERT INTO end_users (id, workspace_id, external_id, created_at, updated_at) \
     SELECT 'eu_0000000000000000000000000' || CAST(1000000 + i AS TEXT), 'ws_00000000000000000000000000000' || CAST(101 + i % 20 AS TEXT), 'user-' || CAST(i AS TEXT), 0, 0 FROM n",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
     INSERT INTO connections (id, external_id, display_name, integration_name, auth_method_key, kind, scope, workspace_id, end_user_id, secret, version, \
     account, expires_at, renewable, error_code, error_message, error_at, error_is_final, created_at, updated_at, search_name, search_external_id, search_account) \
     SELECT 'conn_0000000000000000000000000' || CAST(1000000 + i AS TEXT), 'ext-' || CAST(i AS TEXT), 'Name ' || CAST(i AS TEXT), \
     CASE i % 4 WHEN 0 THEN 'demo-key' WHEN 1 THEN 'demo-basic' WHEN 2 THEN 'demo-custom' ELSE 'demo-oauth' END, 'key', \
     CASE i % 4 WHEN 0 THEN 'SECRET_TEXT' WHEN 1 THEN 'BASIC_AUTH' WHEN 2 THEN 'CUSTOM_AUTH' ELSE 'OAUTH2' END, \
     CASE WHEN i % 10 = 0 THEN 'ORGANIZATION' WHEN i % 10 < 4 THEN 'WORKSPACE' ELSE 'USER' END, \
     CASE WHEN i % 10 = 0 THEN NULL ELSE 'ws_00000000000000000000000000000' || CAST(101 + i % 20 AS TEXT) END, \
     CASE WHEN i % 10 < 4 THEN NULL ELSE 'eu_0000000000000000000000000' || CAST(1000001 + (i - 1) % 20000 AS TEXT) END, 'sealed', 1, \
     '{\"id\":\"a\",\"label\":\"Person\"}', CASE WHEN i % 4 = 3 THEN 4000000000000 ELSE NULL END, CASE WHEN i % 4 = 3 THEN 1 ELSE 0 END, \
     CASE WHEN i % 100 = 0 THEN 'invalid_grant' ELSE NULL END, CASE WHEN i % 100 = 0 THEN 'over' ELSE NULL END, CASE WHEN i % 100 = 0 THEN 1 ELSE NULL END, \
     CASE WHEN i % 100 = 0 THEN 1 ELSE 0 END, 0, 0, 'name ' || CAST(i AS TEXT), 'ext-' || CAST(i AS TEXT), 'person ' || CAST(i AS TEXT) FROM n",
    // As autovacuum would, and SQLite's own advice. Both are content without it, but PostgreSQL's plans are the ones of a fresh table.
    "ANALYZE",
];

impl Full {
    async fn start(db: Db) -> Self {
        let app = TestApp::start_with(db, Setup { tell_plans: true, ..Setup::default() }).await;
        let mut conn = app.services.store.conn().await.unwrap();
        for statement in ROWS {
            match (app.services.store.backend(), statement) {
                // SQLite must do without statistics: nobody gathers them on a server of ours.
                (Backend::Sqlite, "ANALYZE") => {}
                (Backend::Postgres, "ANALYZE") => drop(sqlx::query("VACUUM ANALYZE").execute(&mut *conn).await.unwrap()),
                _ => drop(sqlx::query(statement).execute(&mut *conn).await.unwrap()),
            }
        }
        drop(conn);
        Self(app)
    }

    /// What is wrong with the plans of what was run.
    async fn scans(&self, what: &str, seen: &Seen) -> BTreeSet<String> {
        let mut wrong = BTreeSet::new();
        if self.0.services.store.backend() == Backend::Postgres {
            assert!(!seen.plans.is_empty(), "the server told no plans");
            for plan in &seen.plans {
                // A count of what most connections are reads until it has counted enough, and stops.
                let scans = plan.lines().filter(|line| line.contains("Seq Scan on connections") && !line.contains(" rows=10001 "));
                wrong.extend(scans.map(|line| format!("{line}\n{plan}")));
            }
            return wrong;
        }
        let mut conn = self.0.services.store.conn().await.unwrap();
        for statement in seen.statements.iter().filter(|text| ["SELECT", "UPDATE", "DELETE"].iter().any(|verb| text.starts_with(verb))) {
            let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"))).fetch_all(&mut *conn).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
            let scans = |step: &String| {
                matches!(step.as_str(), "SCAN c" | "SCAN connections")
                    // One row by its id is no list.
                    || !step.contains("(id=?)") && BROAD.iter().any(|(index, narrower)| step.contains(index) && narrower.iter().any(|filter| what.contains(filter)))
            };
            if plan.iter().any(scans) {
                wrong.insert(format!("{statement}\n  {}", plan.join("\n  ")));
            }
        }
        wrong
    }

    async fn check(&self, what: &str, seen: &Seen) {
        assert!(!seen.statements.is_empty(), "{what}: no statement was seen");
        let wrong = self.scans(what, seen).await;
        assert!(wrong.is_empty(), "{what} reads all connections:\n{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
    }
}

/// Indexes that find many rows, and filters that find fewer: with one of these, those are not to be used.
const BROAD: [(&str, &[&str]); 5] = [
    ("connections_by_workspace ", &["endUserId", "externalId="]),
    ("connections_by_integration ", &["workspaceId", "endUserId", "externalId=", "health=r", "status=E", "q="]),
    ("connections_by_kind ", &["integrationName", "workspaceId", "endUserId", "externalId=", "health=r", "status=E", "q="]),
    ("connections_by_scope ", &["type", "integrationName", "workspaceId", "endUserId", "externalId=", "health=r", "status=E", "q="]),
    ("autoindex_connections_1 ", &["type", "scope", "integrationName", "workspaceId", "endUserId", "externalId=", "health=r", "status=E", "q="]),
];

/// One value of each filter.
const FILTERS: [&str; 9] = [
    "integrationName=demo-key",
    "workspaceId=w3",
    "endUserId=user-42",
    "status=ERROR",
    "health=revoked",
    "scope=USER",
    "type=SECRET_TEXT",
    "externalId=ext-4242",
    "q=name%204242",
];

on_both_databases! {
    /// Every combination of filters, every health, every form of paging, in the name of a whole and of a limited key.
    async fn lists_use_indexes(full: Full) {
        let app = &full.0;
        let limited = app.key_with(json!({ "scope": "workspace", "workspaceIds": ["ws_00000000000000000000000000000103", "ws_00000000000000000000000000000104"] })).await;
        let mut paths: Vec<String> = (0..1_u32 << FILTERS.len())
            // An end user without a workspace is refused.
            .filter(|set| set & 0b100 == 0 || set & 0b10 != 0)
            .map(|set| FILTERS.iter().enumerate().filter(|(bit, _)| set & (1 << bit) != 0).map(|(_, filter)| *filter).collect::<Vec<_>>().join("&"))
            .collect();
        paths.extend(["ok", "degraded", "expiring", "expired", "error"].map(|health| format!("health={health}")));
        paths.extend(["status=ACTIVE", "scope=ORGANIZATION", "offset=500", "limit=200&cursor=conn_00000000000000000000000001050000", "q=nobody", "q=person%2077", "q=EXT-77"].map(str::to_owned));
        for path in paths {
            let (answer, seen) = watch(app.get(&format!("/connections?{path}"))).await;
            answer.expect(200);
            // Most connections are like that: what counts them stops at 10 000, which a plan of SQLite does not show.
            let stops_early = app.services.store.backend() == Backend::Sqlite && ["status=ACTIVE", "health=ok"].contains(&path.as_str());
            let seen = if stops_early { Seen { statements: seen.statements.into_iter().filter(|text| !text.contains("AS counted")).collect(), ..seen } } else { seen };
            full.check(&path, &seen).await;
        }
        for path in ["", "?q=name%204242", "?integrationName=demo-key", "?status=ERROR", "?cursor=conn_00000000000000000000000001050000"] {
            let (answer, seen) = watch(app.send_as(&limited, Method::GET, &format!("/connections{path}"), None)).await;
            answer.expect(200);
            full.check(path, &seen).await;
        }
    }

    /// The dashboard's own list, which counts what needs attention as well.
    async fn the_dashboard_uses_indexes(full: Full) {
        let services = &full.0.services;
        let reader = Actor::System.reader().unwrap();
        let page = Page { limit: 50, offset: 0, before: None };
        let of = |workspace: Option<&str>, needs_attention| ListQuery { workspace_id: workspace.map(str::to_owned), needs_attention, ..ListQuery::default() };
        for (what, query, alarming, listed) in [
            ("", of(None, false), 100, 50),
            ("health=r", of(None, true), 100, 50),
            ("workspaceId", of(Some("w3"), false), 0, 50),
            ("workspaceId&health=r", of(Some("w3"), true), 0, 0),
        ] {
            let (rows, seen) = watch(rows(services, &reader, &query, &page)).await;
            let rows = rows.unwrap();
            assert_eq!((rows.alarming, rows.listed.items.len()), (alarming, listed), "{what}");
            full.check(what, &seen).await;
        }
    }

    /// What most connections begin with is found in the order of the list: nothing is sorted, and a page is all that is read.
    async fn a_broad_search_sorts_nothing(full: Full) {
        let app = &full.0;
        for (path, newest, total) in [("q=ext", 100_000, 10_000), ("q=Name%20", 100_000, 10_000), ("q=ext&workspaceId=w3", 99_982, 5_000), ("q=ext&type=OAUTH2", 99_999, 10_000)] {
            let (answer, seen) = watch(app.get(&format!("/connections?{path}"))).await;
            let answer = answer.expect(200);
            assert_eq!((answer["connections"][0]["externalId"].as_str(), answer["total"].as_i64()), (Some(format!("ext-{newest}").as_str()), Some(total)), "{path}");
            assert_eq!(answer["connections"].as_array().unwrap().len(), 50, "{path}");
            for list in seen.statements.iter().filter(|text| text.contains("ORDER BY c.id")) {
                let sorts = match app.services.store.backend() {
                    Backend::Postgres => seen.plans.iter().any(|plan| plan.contains("LEFT JOIN") && plan.contains("Sort")),
                    Backend::Sqlite => {
                        let mut conn = app.services.store.conn().await.unwrap();
                        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {list}"))).fetch_all(&mut *conn).await.unwrap();
                        plan.iter().any(|row| row.get::<String, _>("detail").contains("TEMP B-TREE"))
                    }
                };
                assert!(!sorts, "{path}: {list}");
            }
        }
    }

    async fn totals_are_exact_to_ten_thousand(full: Full) {
        for (path, total, is_minimum) in [
            ("", 100_000, false),
            ("?workspaceId=w3", 5_000, false),
            ("?scope=USER", 10_000, true),
            ("?health=revoked", 1_000, false),
            ("?q=ext", 10_000, true),
            ("?q=ext-1&workspaceId=w3", 555, false),
            ("?q=name%20777", 111, false),
            ("?q=EXT-777", 111, false),
            ("?q=PERSON%20777", 111, false),
        ] {
            let answer = full.0.get(&format!("/connections{path}")).await.expect(200);
            assert_eq!((answer["total"].as_i64(), answer["totalIsMinimum"].as_bool().unwrap_or_default()), (Some(total), is_minimum), "{path}");
        }
    }

    /// Every case of the contract, found or not; and the found ones by one statement.
    async fn resolves_use_indexes(full: Full) {
        let app = &full.0;
        let limited = app.key_with(json!({ "scope": "workspace", "workspaceIds": ["ws_00000000000000000000000000000105"] })).await;
        // The key's use is noted once a minute, by a statement of its own: not now.
        for key in [&app.key, &limited] {
            app.send_as(key, Method::GET, "/connections?limit=1", None).await.expect(200);
        }
        app.services.tasks.close();
        app.services.tasks.wait().await;
        let cases: [(&String, Value, u16); 10] = [
            (&app.key, json!({ "externalId": "ext-20" }), 200),
            (&app.key, json!({ "externalId": "ext-24", "workspaceId": "w5", "endUserId": "user-24" }), 200),
            (&app.key, json!({ "externalId": "ext-12", "workspaceId": "ws_00000000000000000000000000000113" }), 200),
            (&app.key, json!({ "externalId": "ext-20", "workspaceId": "w1", "authMethodKey": "key" }), 200),
            (&limited, json!({ "externalId": "ext-24", "endUserId": "user-24" }), 200),
            (&app.key, json!({ "workspaceId": "w5", "endUserId": "user-24" }), 409),
            (&app.key, json!({ "workspaceId": "w5" }), 409),
            (&app.key, json!({ "externalId": "ext-24" }), 403),
            (&limited, json!({ "externalId": "ext-24" }), 403),
            (&limited, json!({ "externalId": "ext-20", "authMethodKey": "key" }), 404),
        ];
        for (key, mut body, status) in cases {
            body["integrationName"] = json!("demo-key");
            let (answer, seen) = watch(app.send_as(key, Method::POST, "/connections/resolve", Some(body.clone()))).await;
            answer.expect(status);
            full.check(&body.to_string(), &seen).await;
            if status == 200 {
                assert_eq!(seen.statements.len(), 1, "{body}: {:#?}", seen.statements);
            }
        }
    }

    async fn everything_else_uses_indexes(full: Full) {
        let app = &full.0;
        let create = json!({ "type": "SECRET_TEXT", "integrationName": "demo-key", "externalId": "new", "workspaceId": "w3", "endUserId": "user-42", "secretText": "s" });
        let wi = json!({ "integrationName": "demo-key" });
        let cases: [(Method, &str, Option<Value>, u16); 9] = [
            (Method::POST, "/connections", Some(create.clone()), 201),
            (Method::POST, "/connections", Some(create), 409),
            (Method::GET, "/connections/conn_00000000000000000000000001000024", None, 200),
            (Method::PATCH, "/connections/conn_00000000000000000000000001000024", Some(json!({ "displayName": "Ärger" })), 200),
            (Method::GET, "/connections/conn_00000000000000000000000001000024/events", None, 200),
            (Method::GET, "/end-users?workspaceId=w3", None, 200),
            (Method::GET, "/end-users/eu_00000000000000000000000001000042", None, 200),
            (Method::POST, "/workspaces/w3/integrations", Some(wi), 201),
            (Method::DELETE, "/workspaces/w3", None, 409),
        ];
        for (method, path, body, status) in cases {
            let (answer, seen) = watch(app.send(method.clone(), path, body)).await;
            answer.expect(status);
            full.check(&format!("{method} {path}"), &seen).await;
        }
        assert_eq!(app.get("/connections?q=%C3%A4RG").await.expect(200)["total"], 1, "upper and lower case beyond ASCII");
        let (done, seen) = watch(keyloom::jobs::sweep(&app.services)).await;
        done.unwrap();
        full.check("the sweep", &seen).await;
    }
}
