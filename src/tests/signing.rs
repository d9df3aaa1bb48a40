//! Connections whose requests are signed with what a person entered, against a service that judges the signatures: connect, test, act, and
//! what is told of it; tokens that are got with an assertion, and got again.

use crate::support::echo::Echo;
use crate::support::notary::Notary;
use crate::support::signed::{EC, EC_P384, HEX, RSA, service_account};
use crate::support::{Db, Setup, TestApp};
use axum::http::{HeaderName, Method};
use keyloom::catalog::Catalog;
use serde_json::{Value, json};

async fn server(db: Db) -> (TestApp, Notary) {
    let notary = Notary::start().await;
    let app = TestApp::start_with(db, Setup { integrations: notary.integrations(), ..Setup::default() }).await;
    (app, notary)
}

fn new(integration: &str, method: &str, props: Value) -> Value {
    json!({ "type": "CUSTOM_AUTH", "integrationName": integration, "externalId": method, "authMethodKey": method, "props": props })
}

/// The ways to sign, and the path under which each is judged.
fn ways() -> [(&'static str, &'static str, Value); 4] {
    let oauth1 = json!({ "realm": "R_1", "consumerKey": "key", "consumerSecret": "consumer secret &", "token": "tok", "tokenSecret": "token/secret+" });
    let admin =
        json!({ "type": "SECRET_TEXT", "integrationName": "demo-signed", "externalId": "hs256", "authMethodKey": "hs256", "secretText": format!("abc:{HEX}") });
    [
        ("jwt", "jwt", new("demo-signed", "jwt", json!({ "keyId": "kid-1", "privateKey": EC.trim() }))),
        ("hs256", "hs256", admin),
        ("oauth1", "oauth1", new("demo-signed", "oauth1", oauth1)),
        ("aws", "aws", new("demo-signed", "aws", json!({ "accessKeyId": "AKID", "secretAccessKey": "aws/secret+key", "sessionToken": "session/token==" }))),
    ]
}

fn execute(method: &str, action: &str, input: Value) -> Value {
    json!({ "integrationName": "demo-signed", "connectionExternalId": method, "actionName": action, "input": input })
}

async fn every_request_is_signed(db: Db) {
    let (app, notary) = server(db).await;
    for (method, path, body) in ways() {
        let created = app.send(Method::POST, "/connections?validate=true", Some(body.clone())).await.expect(201);
        let id = created["connection"]["id"].as_str().unwrap();
        let tested = app.send(Method::POST, &format!("/connections/{id}/test"), None).await.expect(200);
        assert_eq!(tested["test"]["ok"], true, "{method}: {tested}");
        notary.signatures();
        // Spaces and the like in path, query and form are what signatures break on.
        let input = json!({ "kind": path, "name": "a b/c:ü", "text": "c d&e=f+g", "q": "h i+j%" });
        let done = app.post("/actions/execute", execute(method, "add_form", input)).await.expect(200);
        assert_eq!((&done["output"]["query"], &done["output"]["body"]), (&json!([["q", "h i+j%"]]), &json!("text=c+d%26e%3Df%2Bg")), "{method}");
        let input = json!({ "method": "PUT", "path": format!("/{path}/x"), "query": { "b": ["2", "1"], "a": "~ *" }, "body": { "n": 1 }, "headers": { "X-Amz-Meta": "  two   words " } });
        let done = app.post("/actions/execute", execute(method, "custom_api_call", input)).await.expect(200);
        // It repeats what it was sent: the signature, or the JWT, is kept from whoever asked.
        let sent = notary.signatures();
        assert_eq!(sent.len(), 2, "{method}");
        for authorization in sent {
            let secret = match method {
                "oauth1" => authorization.split("oauth_signature=\"").nth(1).unwrap().trim_end_matches('"').to_owned(),
                "aws" => authorization.split("Signature=").nth(1).unwrap().to_owned(),
                _ => authorization.split(' ').nth(1).unwrap().to_owned(),
            };
            assert!(!done.to_string().contains(&secret), "{method}: {done}");
        }
        assert!(done["output"]["body"]["authorization"].as_str().unwrap().contains("[redacted]"), "{method}: {done}");
        // What was entered is handed out as it was entered.
        let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
        match method {
            "hs256" => assert_eq!(read["credentials"]["secretText"], body["secretText"]),
            _ => assert_eq!(read["credentials"], json!({ "type": "CUSTOM_AUTH", "props": body["props"] })),
        }
    }
}

async fn a_redirect_is_signed_anew_or_not_at_all(db: Db) {
    let (app, notary) = server(db).await;
    let elsewhere = Echo::start().await;
    for (method, path, body) in ways() {
        // Checked at once: nothing asks in the background then.
        app.post("/connections?validate=true", body).await.expect(201);
        let get = |target: String| execute(method, "custom_api_call", json!({ "method": "GET", "path": format!("/{path}/moved"), "query": { "url": target } }));
        notary.signatures();
        let done = app.post("/actions/execute", get(format!("/{path}/there?x=1"))).await.expect(200);
        assert_eq!((&done["output"]["status"], &done["output"]["body"]["path"]), (&json!(200), &json!(format!("/{path}/there"))), "{method}: {done}");
        let sent = notary.signatures();
        assert!(sent.len() == 2 && (method == "jwt" || method == "hs256" || sent[0] != sent[1]), "{method}: {sent:?}");
        app.post("/actions/execute", get(format!("{}/echo", elsewhere.url))).await.expect(200);
        let arrived = elsewhere.only();
        let names: Vec<&str> = arrived.headers.keys().map(HeaderName::as_str).filter(|name| name.starts_with("x-amz") || *name == "authorization").collect();
        assert!(names.is_empty(), "{method}: {names:?}");
    }
}

async fn a_token_is_got_with_an_assertion_and_got_again(db: Db) {
    let (app, notary) = server(db).await;
    let file = service_account();
    let created =
        app.send(Method::POST, "/connections?validate=true", Some(new("demo-account", "service-account", json!({ "serviceAccount": file })))).await.expect(201);
    let id = created["connection"]["id"].as_str().unwrap();
    assert_eq!(created["connection"]["account"]["label"], "Ada");
    assert_eq!(notary.grants().len(), 1);
    let claims = notary.grants().remove(0);
    let aud = format!("{}/token", notary.url);
    assert_eq!((&claims["iss"], &claims["aud"], &claims["scope"]), (&json!("loom@p-1.example"), &json!(aud), &json!("a b")));
    assert!(claims.get("sub").is_none(), "nothing was entered there: {claims}");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    let call = json!({ "integrationName": "demo-account", "connectionExternalId": "service-account", "actionName": "custom_api_call", "input": { "method": "GET", "path": "/x" } });
    assert_eq!(app.post("/actions/execute", call.clone()).await.expect(200)["output"]["body"]["path"], "/api/x");
    assert_eq!(notary.grants().len(), 1, "a token is used as long as it lives");
    // Refused before its time, and at its end.
    notary.end_tokens();
    app.post("/actions/execute", call.clone()).await.expect(200);
    assert_eq!(notary.grants().len(), 2);
    app.services.clock.advance_seconds(3590);
    app.post("/actions/execute", call).await.expect(200);
    assert_eq!(notary.grants().len(), 3);
    assert!(notary.grants()[2]["iat"].as_i64() > notary.grants()[1]["iat"].as_i64(), "a new assertion each time");
    let read = app.send(Method::POST, &format!("/connections/{id}/credentials"), None).await.expect(200);
    assert_eq!(read["credentials"], json!({ "type": "CUSTOM_AUTH", "props": { "serviceAccount": file.trim() } }));

    let body = new("demo-account", "assertion", json!({ "clientId": "app-1", "privateKey": RSA.replace('\n', "") }));
    app.send(Method::POST, "/connections?validate=true", Some(body)).await.expect(201);
    assert_eq!((&notary.grants()[3]["iss"], &notary.grants()[3]["sub"]), (&json!("app-1"), &json!("app-1")));
}

async fn a_key_that_cannot_sign_is_an_error_of_its_field(db: Db) {
    let (app, notary) = server(db).await;
    let account = |change: &dyn Fn(&mut Value)| {
        let mut file: Value = serde_json::from_str(&service_account()).unwrap();
        change(&mut file);
        new("demo-account", "service-account", json!({ "serviceAccount": file.to_string() }))
    };
    let signed = |key: &str| new("demo-signed", "jwt", json!({ "keyId": "kid-1", "privateKey": key }));
    let admin = |key: &str| json!({ "type": "SECRET_TEXT", "integrationName": "demo-signed", "externalId": "x", "authMethodKey": "hs256", "secretText": key });
    for (body, path, says) in [
        (signed("sk-0123456789"), "props.privateKey", "Private key is not a private key in PEM form"),
        (signed(RSA), "props.privateKey", "Private key is not a key on the curve P-256"),
        (signed(EC_P384), "props.privateKey", "Private key is not a key on the curve P-256"),
        (account(&|file| file["private_key"] = EC.into()), "props.serviceAccount", "Key file is not an RSA key"),
        (
            account(&|file| *file = json!({ "client_email": "a" })),
            "props.serviceAccount",
            "Key file must be the whole JSON file, with client_email and private_key",
        ),
        (account(&|file| file["client_email"] = 1.into()), "props.serviceAccount", "Key file must be the whole JSON file"),
        (admin("abc"), "secretText", "Admin key must be kid:shared, whole"),
        (admin("abc:xyz"), "secretText", "Admin key is not hexadecimal"),
    ] {
        let refused = app.post("/connections", body).await;
        assert!(!refused.text.contains("BEGIN PRIVATE KEY-----\\n"), "{}", refused.text);
        let refused = refused.expect_error(400, "VALIDATION_ERROR");
        let field = &refused["details"]["fields"][0];
        assert_eq!((&field["path"], &field["code"]), (&json!(path), &json!("INVALID")), "{says}: {refused}");
        assert!(field["message"].as_str().unwrap().starts_with(says), "{says}: {field}");
    }
    assert!(notary.signatures().is_empty(), "nobody was asked");
    // A key that signs, and is not known there: the refusal repeats the assertion, and is told without it.
    let refused = app.post("/connections", account(&|file| file["client_email"] = "nobody@p-1.example".into())).await;
    assert!(!refused.text.contains("eyJ"), "{}", refused.text);
    let refused = refused.expect_error(400, "CREDENTIALS_REJECTED");
    assert_eq!(refused["details"]["fields"][0]["path"], "props.serviceAccount", "{refused}");
}

crate::run_on_both_databases! {
    every_request_is_signed
    a_redirect_is_signed_anew_or_not_at_all
    a_token_is_got_with_an_assertion_and_got_again
    a_key_that_cannot_sign_is_an_error_of_its_field
}

#[test]
fn bad_signatures_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let good: Vec<(&str, String)> =
        crate::support::notary::DEFINITIONS.iter().map(|(name, text)| (*name, text.replace("{notary}", "https://a.example"))).collect();
    let load = |changed: &str, text: &str| {
        for (name, good) in &good {
            std::fs::write(folder.path().join(format!("{name}.toml")), if *name == changed { text } else { good }).unwrap();
        }
        Catalog::load_directory(folder.path()).map(|_| ()).map_err(|errors| errors.to_string())
    };
    load("", "").unwrap();
    for (file, from, to, says) in [
        ("demo-signed", "\"ES256\"", "\"ES512\"", "demo-signed.toml:25: unknown variant `ES512`"),
        ("demo-signed", "key = \"{{privateKey}}\"", "key = \"{{privatKey}}\"", "demo-signed.toml:26: auth.jwt.jwt.key: unknown name \"privatKey\""),
        ("demo-signed", "key = \"{{privateKey}}\"", "key = \"{{keyId}}\"", "demo-signed.toml:26: auth.jwt.jwt.key: name the secret field"),
        ("demo-signed", "kid = \"{{keyId}}\"", "kid = \"{{keyID}}\"", "auth.jwt.jwt.headers.kid: unknown name \"keyID\""),
        ("demo-signed", "kid = \"{{keyId}}\"", "alg = \"none\"", "auth.jwt.jwt.headers.alg: this member is ours to set"),
        ("demo-signed", "aud = \"notary\"", "aud = [\"{{nobody}}\"]", "auth.jwt.jwt.claims.aud: unknown name \"nobody\""),
        ("demo-signed", "aud = \"notary\"", "aud = \"{{input.x}}\"", "auth.jwt.jwt.claims.aud: unknown name \"input.x\""),
        ("demo-signed", "aud = \"notary\"", "exp = 5", "auth.jwt.jwt.claims.exp: this claim is ours to set"),
        ("demo-signed", "lifetime_seconds = 600", "lifetime_seconds = 0", "demo-signed.toml:29: auth.jwt.jwt.lifetime_seconds: must be between 1 and"),
        ("demo-signed", "lifetime_seconds = 600", "lifetime_seconds = 60\nbackdate_seconds = 60", "less than the lifetime"),
        ("demo-signed", "lifetime_seconds = 600", "lifetime_seconds = 600\nkey_encoding = \"hex\"", "only HS256 has one"),
        ("demo-signed", "key = \"keyId\"", "key = \"nonce\"", "are ours: give the field another name"),
        ("demo-signed", "Ghost {{jwt}}", "Ghost {{secretText}}", "nothing uses {{jwt}}"),
        ("demo-signed", "separator = \":\"", "separator = \"\"", "a separator stands between two or more parts"),
        ("demo-signed", "parts = [\"kid\", \"shared\"]", "parts = [\"accessToken\", \"shared\"]", "\"accessToken\" cannot be the name of a part"),
        ("demo-signed", "parts = [\"kid\", \"shared\"]", "parts = [\"shared\", \"shared\"]", "field \"shared\" is there twice"),
        ("demo-signed", "token = \"{{token}}\"", "", "token and token_secret go together"),
        ("demo-signed", "token = \"{{token}}\"", "token = \"{{tokn}}\"", "demo-signed.toml:91: auth.oauth1.placement.oauth1.token: unknown name \"tokn\""),
        (
            "demo-signed",
            "consumer_secret = \"{{consumerSecret}}\"",
            "consumer_secret = \"{{consumerKey}}\"",
            "oauth1.consumer_secret: name a field of type secret",
        ),
        ("demo-signed", "\"HMAC-SHA256\"", "\"RSA-SHA1\"", "unknown variant `RSA-SHA1`"),
        ("demo-signed", "service = \"demo\"", "service = \"demo\"\nhosts = { \"https://a\" = { service = \"a\", region = \"b\" } }", "is not a host name"),
        ("demo-signed", "service = \"demo\"\n", "", "missing field `service`"),
        (
            "demo-account",
            "token_url = \"https://a.example/token\"",
            "token_url = \"http://a.example/token\"",
            "auth.service-account.login.jwt_bearer.token_url: must start with https://",
        ),
        (
            "demo-account",
            "token_url = \"https://a.example/token\"",
            "params = { assertion = \"x\" }\ntoken_url = \"https://a.example/token\"",
            "\"assertion\" is ours to set",
        ),
        (
            "demo-account",
            "client_id = \"{{clientId}}\"",
            "client_id = \"{{clientId}}\"\nclient_secret = \"{{clientId}}\"",
            "no secret field goes into the request",
        ),
        (
            "demo-account",
            "[auth.login.jwt_bearer]",
            "[auth.placement.oauth1]\nconsumer_key = \"a\"\nconsumer_secret = \"{{private_key}}\"\n[auth.login.jwt_bearer]",
            "go with neither OAUTH2 nor a login",
        ),
    ] {
        let text = good.iter().find(|(name, _)| *name == file).unwrap().1.replacen(from, to, 1);
        assert!(good.iter().all(|(_, good)| *good != text), "{from}");
        let said = load(file, &text).err().unwrap_or_default();
        assert!(said.contains(says), "{from} → {to}\nexpected {says}\n{said}");
    }
    let account = &good[1].1;
    let (start, end) = (account.find("[auth.jwt]").unwrap(), account.find("[auth.login.jwt_bearer]").unwrap());
    let said = load("demo-account", &format!("{}{}", &account[..start], &account[end..])).unwrap_err();
    assert!(said.contains("it needs an [auth.jwt] section"), "{said}");
}
