//! `POST /api/v1/end-users/{id}/invite`, with a mail server.

use crate::on_both_databases;
use crate::support::mail::MailServer;
use crate::support::{Browser, Db, Setup, TestApp};
use axum::http::Method;
use serde_json::{Value, json};

/// A server that sends mail, and the one that takes it.
struct WithMail {
    app: TestApp,
    mail: MailServer,
}

async fn start(db: Db, refuses: bool) -> WithMail {
    let mail = MailServer::start(refuses).await;
    let app = TestApp::start_with(db, Setup { smtp_url: Some(mail.url.clone()), ..Setup::default() }).await;
    WithMail { app, mail }
}

impl WithMail {
    async fn start(db: Db) -> Self {
        start(db, false).await
    }
}

/// One whose mail server takes nothing.
struct Refused(WithMail);

impl Refused {
    async fn start(db: Db) -> Self {
        Self(start(db, true).await)
    }
}

/// One whose mail server is not there.
struct Unreachable(TestApp);

impl Unreachable {
    async fn start(db: Db) -> Self {
        Self(TestApp::start_with(db, Setup { smtp_url: Some("smtp://127.0.0.1:9".to_owned()), ..Setup::default() }).await)
    }
}

async fn end_user(app: &TestApp, external_id: &str, extra: Value) -> String {
    let mut body = json!({ "workspaceId": "acme", "externalId": external_id });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    app.post("/end-users", body).await.expect(201)["endUser"]["id"].as_str().unwrap().to_owned()
}

async fn invite(app: &TestApp, id: &str, email: &str) -> Value {
    app.post(&format!("/end-users/{id}/invite"), json!({ "email": email, "integrationName": "demo-key" })).await.expect(200)
}

/// Checks that the caller has a link that works, and knows that nobody was sent it.
async fn link_without_mail(app: &TestApp) {
    app.workspace("acme").await;
    let id = end_user(app, "u1", json!({})).await;
    let invited = invite(app, &id, "ada@example.com").await;
    assert_eq!(invited["emailSent"], false);
    assert_eq!(Browser::default().arrive(app, invited["connectUrl"].as_str().unwrap()).await, "/connect/portal");
    assert_eq!(app.get(&format!("/end-users/{id}")).await.expect(200)["endUser"]["email"], "ada@example.com");
    app.post(&format!("/end-users/{id}/invite"), json!({})).await.expect_field("email");
}

on_both_databases! {
    async fn without_mail_the_caller_has_the_link(app: TestApp) {
        link_without_mail(&app).await;
    }
}

on_both_databases! {
    async fn with_mail_it_arrives(with: WithMail) {
        let WithMail { app, mail } = with;
        app.workspace("acme").await;
        let id = end_user(&app, "u1", json!({ "displayName": "Ada Lovelace" })).await;
        let invited = invite(&app, &id, "ada@example.com").await;
        assert_eq!(invited["emailSent"], true);
        let received = mail.received();
        assert_eq!(received.len(), 1);
        let message = &received[0];
        assert_eq!((message.from.as_str(), message.to.as_slice()), ("keyloom@localhost", ["ada@example.com".to_owned()].as_slice()));
        assert_eq!(message.header("From"), ["keyloom@localhost"]);
        assert_eq!(message.header("To"), ["\"Ada Lovelace\" <ada@example.com>"]);
        assert_eq!(message.header("Subject"), ["acme invites you to connect your accounts"]);
        assert_eq!(message.header("Content-Type"), ["text/plain; charset=utf-8"]);
        assert_eq!(message.header("Content-Transfer-Encoding"), ["quoted-printable"]);
        let body = message.body();
        let link = body.lines().find(|line| line.starts_with("http")).unwrap();
        assert_eq!(link, invited["connectUrl"]);
        assert_eq!(Browser::default().arrive(&app, link).await, "/connect/portal");
    }

    /// Whatever people are called, the message has its header fields and goes to one address.
    async fn names_are_only_names(with: WithMail) {
        let WithMail { app, mail } = with;
        app.workspace("acme").await;
        app.send(Method::PATCH, "/workspaces/acme", Some(json!({ "name": "Ärzte, <all@evil.example>" }))).await.expect(200);
        let line = json!({ "workspaceId": "acme", "externalId": "x", "displayName": "Ada\r\nBcc: all@evil.example" });
        app.post("/end-users", line).await.expect_field("displayName");
        let names = ["Ada, all@evil.example", "\"<all@evil.example>, ", "Ada <all@evil.example>", "日本\u{2028}Bcc: all@evil.example", "=?utf-8?Q?Ada=0D=0ABcc:_all@evil.example?=", &"Ada, ".repeat(40)];
        for (n, name) in names.iter().enumerate() {
            let id = end_user(&app, &format!("u{n}"), json!({ "displayName": name.trim() })).await;
            assert_eq!(invite(&app, &id, "ada@example.com").await["emailSent"], true, "{name}");
            let message = mail.received().pop().unwrap();
            assert_eq!(message.to, ["ada@example.com"], "{name}");
            let mut fields = message.fields();
            fields.sort();
            assert_eq!(fields, ["Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version", "Subject", "To"], "{name}: {}", message.text);
            let to = message.header("To").concat();
            assert!(to.ends_with("<ada@example.com>"), "{name}: {to}");
            assert!(message.header("Subject")[0].starts_with("=?utf-8?"), "{}", message.text);
            assert!(message.body().starts_with("Ärzte, <all@evil.example> asks you"), "{}", message.text);
        }
        assert_eq!(mail.received().len(), names.len());
        let id = end_user(&app, "last", json!({})).await;
        for bad in ["ada@example.com\r\nBcc: all@evil.example", "ada@example.com, all@evil.example", "ada@example.com\n", "ada", "", "ada@evil"] {
            let answer = app.post(&format!("/end-users/{id}/invite"), json!({ "email": bad })).await;
            if bad.trim() != "ada@example.com" {
                answer.expect_field("email");
            }
        }
        for odd in ["Ada<all@evil.example>", "ada@example.com,all@evil.example", "<ada@example.com>"] {
            app.post(&format!("/end-users/{id}/invite"), json!({ "email": odd })).await.expect_field("email");
        }
    }
}

on_both_databases! {
    async fn where_it_is_refused_the_caller_has_the_link(refused: Refused) {
        let Refused(WithMail { app, mail }) = refused;
        link_without_mail(&app).await;
        assert!(mail.received().is_empty());
    }
}

on_both_databases! {
    async fn where_nobody_answers_the_caller_has_the_link(unreachable: Unreachable) {
        link_without_mail(&unreachable.0).await;
    }
}
