//! `POST /api/v1/integrations/discover` and `/from-url`: what is found at an address, what is refused, and clients that register themselves,
//! against a certified provider and against one that says what no certified one does.

use crate::support::authority::Authority;
use crate::support::provider::{CLIENT_ID, CLIENT_SECRET, Person, Provider, return_to, visit};
use crate::support::{Answer, Browser, Db, TestApp};
use axum::http::Method;
use serde_json::{Value, json};
use url::Url;

async fn discover(app: &TestApp, url: &str) -> Value {
    app.post("/integrations/discover", json!({ "url": url })).await.expect(200)["discovery"].clone()
}

/// Brings the service at `url` under the name `brought`; the answer.
async fn bring(app: &TestApp, url: &str, extra: Value) -> Value {
    let mut body = json!({ "url": url, "name": "brought", "displayName": "Brought" });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    app.post("/integrations/from-url", body).await.expect(201)
}

/// A session for it, and where its button leads.
async fn begin(app: &TestApp, browser: &Browser, external_id: &str, extra: Value) -> (String, Url) {
    let mut body = json!({ "integrationName": "brought", "connectionName": "Mine", "externalId": external_id });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let token = app.post("/connect/token", body).await.expect(200);
    let page = browser.arrive(app, token["connectUrl"].as_str().unwrap()).await;
    let authorize = browser.post(app, &page, &[("method", "oauth2")]).await.location();
    (token["sessionId"].as_str().unwrap().to_owned(), Url::parse(&authorize).unwrap())
}

async fn session(app: &TestApp, id: &str) -> Value {
    app.get(&format!("/connect/session/{id}")).await.expect(200)
}

/// A whole run at the certified provider; the connection.
async fn connect(app: &TestApp, external_id: &str, extra: Value) -> Value {
    let browser = Browser::default();
    let (id, authorize) = begin(app, &browser, external_id, extra).await;
    let callback = visit(authorize.as_str(), "alice", Person::Consents).await;
    return_to(app, &browser, &callback).await.location();
    let session = session(app, &id).await;
    assert_eq!(session["status"], "completed", "{session}");
    session["connection"].clone()
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// How often it was logged.
async fn logged(app: &TestApp, kind: &str) -> usize {
    let events = app.get("/events?limit=200").await.expect(200);
    events["events"].as_array().unwrap().iter().filter(|event| event["type"] == kind).count()
}

async fn asked(provider: &Provider, path: &str) -> Vec<Value> {
    let text = reqwest::get(format!("{}{path}", provider.url)).await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn forget(provider: &Provider, client: &str) {
    reqwest::get(format!("{}/_forget?client={client}", provider.url)).await.unwrap().error_for_status().unwrap();
}

/// Where an issuer without a path has its metadata.
const PLACE: &str = "/.well-known/oauth-authorization-server";

async fn every_place_of_metadata_is_known(db: Db) {
    let app = TestApp::start(db).await;
    let at = Authority::start().await;
    for (path, place) in [
        ("/appended", "/appended/.well-known/openid-configuration"),
        ("/inserted", "/.well-known/oauth-authorization-server/inserted"),
        ("/oidc-inserted", "/.well-known/openid-configuration/oidc-inserted"),
        ("", "/.well-known/oauth-authorization-server"),
    ] {
        at.says(
            place,
            200,
            &at.metadata(path, json!({ "scopes_supported": ["openid", "email", "orders"], "authorization_response_iss_parameter_supported": true })),
        );
        let issuer = format!("{}{path}", at.url);
        let found = discover(&app, &issuer).await;
        assert_eq!((&found["kind"], &found["issuer"], &found["issuers"]), (&json!("issuer"), &json!(issuer), &json!([issuer])), "{found}");
        assert_eq!(found["metadataUrl"], format!("{}{place}", at.url));
        assert_eq!((&found["pkce"], &found["issParameter"], &found["resource"]), (&json!(true), &json!(true), &Value::Null));
        assert_eq!(found["suggestedScopes"], json!(["openid", "email"]));
        assert_eq!((&found["suggestedName"], &found["suggestedDisplayName"]), (&json!("localhost"), &json!("localhost")));
        // As people type it: with a slash, or the document that the documentation names. It is called what it calls itself.
        for typed in [format!("{issuer}/"), format!("{}{place}", at.url)] {
            assert_eq!(discover(&app, &typed).await["issuer"], issuer, "{typed}");
        }
    }
    assert!(app.services.catalog.get("localhost").is_none(), "nothing is kept");
}

async fn resources_lead_to_their_authorization_servers(db: Db) {
    let app = TestApp::start(db).await;
    let at = Authority::start().await;
    let resource = |path: &str| format!("{}{path}", at.url);
    for issuer in ["/one", "/two"] {
        at.says(&format!("/.well-known/oauth-authorization-server{issuer}"), 200, &at.metadata(issuer, json!({ "scopes_supported": ["not-these"] })));
    }
    let servers = [resource("/one"), resource("/two")];
    let of =
        |path: &str| json!({ "resource": resource(path), "authorization_servers": servers, "scopes_supported": ["read", "write"], "resource_name": "Orders" });

    // By its challenge, wherever that leads.
    at.says("/meta", 200, &of("/mcp"));
    let challenge = format!("Bearer error=\"invalid_token\", resource_metadata=\"{}/meta\", scope=\"read\"", at.url);
    at.says_with("/mcp", 401, &[("www-authenticate", &challenge)], &json!({}));
    let found = discover(&app, &resource("/mcp")).await;
    assert_eq!((&found["kind"], &found["resource"], &found["issuer"]), (&json!("resource"), &json!(resource("/mcp")), &json!(servers[0])));
    assert_eq!((&found["issuers"], &found["scopes"], &found["suggestedScopes"]), (&json!(servers), &json!(["read", "write"]), &json!(["read"])));
    assert_eq!(found["suggestedDisplayName"], "Orders");
    let other = app.post("/integrations/discover", json!({ "url": resource("/mcp"), "issuer": servers[1] })).await.expect(200);
    assert_eq!(other["discovery"]["issuer"], servers[1]);
    app.post("/integrations/discover", json!({ "url": resource("/mcp"), "issuer": "https://evil.example" })).await.expect_field("issuer");

    // By the well-known address of RFC 9728.
    at.says("/.well-known/oauth-protected-resource/api", 200, &of("/api"));
    let found = discover(&app, &resource("/api")).await;
    assert_eq!((&found["resource"], &found["suggestedScopes"]), (&json!(resource("/api")), &json!(["read", "write"])));

    // One that speaks for another is not believed, by either way; the one it speaks for is named.
    at.says("/meta", 200, &of("/other"));
    let refused = app.post("/integrations/discover", json!({ "url": resource("/mcp") })).await.expect_field("url");
    assert!(refused["error"].as_str().unwrap().contains("another resource") && refused["suggestion"].as_str().unwrap().contains("/other"), "{refused}");
    at.says("/.well-known/oauth-protected-resource/api", 200, &of("/other"));
    app.post("/integrations/discover", json!({ "url": resource("/api") })).await.expect_field("url");
    at.says("/meta", 404, &json!({}));
    app.post("/integrations/discover", json!({ "url": resource("/mcp") })).await.expect_field("url");
    at.says("/meta", 200, &json!({ "resource": resource("/mcp") }));
    let refused = app.post("/integrations/discover", json!({ "url": resource("/mcp") })).await.expect_field("url");
    assert!(refused["error"].as_str().unwrap().contains("which authorization server"), "{refused}");
}

async fn what_cannot_be_trusted_is_refused(db: Db) {
    let app = TestApp::start(db).await;
    let at = Authority::start().await;
    let ask = async || app.post("/integrations/discover", json!({ "url": at.url })).await;
    let say = |instead: Value| at.says(PLACE, 200, &at.metadata("", instead));
    let text = |answer: &Value| format!("{} {}", answer["error"].as_str().unwrap(), answer["suggestion"].as_str().unwrap_or_default());

    let nothing = ask().await.expect_field("url");
    assert!(text(&nothing).contains("nothing was found"), "{nothing}");
    // RFC 8414 §3.3, and not with a part of the name either.
    for other in ["https://evil.example", &format!("{}/tenant", at.url)] {
        say(json!({ "issuer": other }));
        let refused = ask().await.expect_field("url");
        assert!(text(&refused).contains("another issuer") && text(&refused).contains(other), "{refused}");
    }
    for (instead, said) in [
        (json!({ "code_challenge_methods_supported": ["plain"] }), "PKCE"),
        (json!({ "response_types_supported": ["id_token"] }), "authorization code"),
        (json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }), "private_key_jwt"),
        (json!({ "authorization_endpoint": "javascript:alert(1)" }), "https"),
        (json!({ "token_endpoint": null }), "token_endpoint"),
    ] {
        say(instead);
        let refused = ask().await.expect_field("url");
        assert!(text(&refused).contains(said), "{said}: {refused}");
    }
    // Nowhere that this server may not call: not the address, not what it names, not where it redirects to.
    for endpoint in ["token_endpoint", "registration_endpoint", "revocation_endpoint", "userinfo_endpoint"] {
        say(json!({ endpoint: "https://10.0.0.5/x" }));
        ask().await.expect_error(400, "EGRESS_BLOCKED");
    }
    for url in ["https://169.254.169.254/latest", "10.0.0.5", "http://example.com", "https://[::1]"] {
        app.post("/integrations/discover", json!({ "url": url })).await.expect_error(400, "EGRESS_BLOCKED");
    }
    at.says_with(PLACE, 302, &[("location", &format!("{}/elsewhere", at.url))], &json!({}));
    at.says("/elsewhere", 200, &at.metadata("", json!({})));
    let refused = ask().await.expect_field("url");
    assert!(text(&refused).contains("redirect"), "{refused}");
    assert_eq!(at.asked("/elsewhere"), 0, "nobody went there");
    let challenge = "Bearer resource_metadata=\"https://10.0.0.5/meta\"";
    at.says_with("/mcp", 401, &[("www-authenticate", challenge)], &json!({}));
    app.post("/integrations/discover", json!({ "url": format!("{}/mcp", at.url) })).await.expect_error(400, "EGRESS_BLOCKED");
    app.post("/integrations/discover", json!({ "url": "http://localhost:9" })).await.expect_error(502, "PROVIDER_ERROR");
    for url in ["", "https://", "ftp://example.com", "https://a@localhost", "https://localhost/#x", "http://localhost/{{x}}"] {
        app.post("/integrations/discover", json!({ "url": url })).await.expect_field("url");
    }
}

async fn without_pkce_there_are_no_public_clients(db: Db) {
    let app = TestApp::start(db).await;
    let at = Authority::start().await;
    let silent = at.metadata("", json!({ "code_challenge_methods_supported": null, "registration_endpoint": null }));
    at.says("/.well-known/oauth-authorization-server", 200, &silent);
    let found = discover(&app, &at.url).await;
    assert_eq!((&found["pkce"], &found["warnings"][0]["code"]), (&json!(false), &json!("pkce_not_announced")));
    let body = |secret: Value| json!({ "url": at.url, "name": "brought", "clientId": "c", "clientSecret": secret });
    app.post("/integrations/from-url", body(Value::Null)).await.expect_field("clientSecret");
    app.post("/integrations/from-url", body(json!("s"))).await.expect(201);
    // PKCE is used all the same.
    let (_, authorize) = begin(&app, &Browser::default(), "x", json!({})).await;
    assert_eq!(parameter(&authorize, "code_challenge_method").as_deref(), Some("S256"));

    // For a protected resource it must be announced.
    at.says("/.well-known/oauth-protected-resource/mcp", 200, &json!({ "resource": format!("{}/mcp", at.url), "authorization_servers": [at.url] }));
    let refused = app.post("/integrations/discover", json!({ "url": format!("{}/mcp", at.url) })).await.expect_field("url");
    assert!(refused["error"].as_str().unwrap().contains("PKCE"), "{refused}");
    at.says("/.well-known/oauth-authorization-server", 200, &at.metadata("", json!({ "token_endpoint": "http://127.0.0.1:9/token" })));
    assert_eq!(discover(&app, &at.url).await["warnings"][0]["code"], "endpoint_elsewhere");
}

async fn a_public_client_registers_itself(db: Db) {
    let provider = Provider::start_registering(&[]).await;
    let app = TestApp::start(db).await;
    let brought = bring(&app, &provider.url, json!({})).await;
    let oauth_app = &brought["oauthApp"];
    assert_eq!((&oauth_app["hasClientSecret"], &oauth_app["registration"]["tokenEndpointAuthMethod"]), (&json!(false), &json!("none")), "{brought}");
    assert_eq!((&oauth_app["callbackUrl"], &oauth_app["workspaceId"]), (&json!("http://localhost:3000/oauth/callback/brought"), &Value::Null));
    assert_eq!(asked(&provider, "/_clients").await, [oauth_app["clientId"].clone()]);
    assert_eq!(brought["integration"]["auth"]["oauth2"]["scopes"], json!(["openid", "profile", "email", "offline_access"]));
    let connection = connect(&app, "x", json!({})).await;
    assert_eq!(connection["account"]["label"], "User alice");
    let id = connection["id"].as_str().unwrap();
    app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(200);
    let deleted = app.send(Method::DELETE, &format!("/connections/{id}"), None).await.expect(200);
    assert_eq!(deleted["revocation"]["result"], "revoked");

    // An answer of somebody else is refused, and nothing is exchanged (RFC 9207).
    let browser = Browser::default();
    let (id, authorize) = begin(&app, &browser, "y", json!({})).await;
    let before = provider.count("authorization_code").await;
    let callback = visit(authorize.as_str(), "alice", Person::Consents).await;
    let pairs: Vec<_> = callback.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let mut forged = callback.clone();
    forged.query_pairs_mut().clear().extend_pairs(pairs.iter().map(|(name, value)| (name, if name == "iss" { "https://evil.example" } else { value })));
    return_to(&app, &browser, &forged).await;
    assert_eq!(session(&app, &id).await["errorCode"], "issuer_mismatch");
    let (id, authorize) = begin(&app, &browser, "y", json!({})).await;
    let callback = visit(authorize.as_str(), "alice", Person::Consents).await;
    let mut silent = callback.clone();
    silent.query_pairs_mut().clear().extend_pairs(callback.query_pairs().filter(|(name, _)| name != "iss"));
    return_to(&app, &browser, &silent).await;
    assert_eq!(session(&app, &id).await["errorCode"], "issuer_mismatch", "it says that it always names itself");
    assert_eq!(provider.count("authorization_code").await, before);

    // The name is taken now, as are those of the catalogue.
    app.post("/integrations/from-url", json!({ "url": provider.url, "name": "brought" })).await.expect_error(409, "DUPLICATE");
    app.post("/integrations/from-url", json!({ "url": provider.url, "name": "slack" })).await.expect_error(409, "DUPLICATE");
    app.post("/integrations/from-url", json!({ "url": provider.url, "name": "No Slug" })).await.expect_field("name");
    assert_eq!(asked(&provider, "/_clients").await.len(), 1, "nothing was registered for those");
}

async fn confidential_clients_register_themselves(db: Db) {
    for method in ["client_secret_basic", "client_secret_post"] {
        let provider = Provider::start_registering(&[("METHODS", method)]).await;
        let app = TestApp::start(db).await;
        let acme = app.workspace("acme").await;
        let brought = bring(&app, &provider.url, json!({ "workspaceId": "acme", "scopes": ["openid", "email"] })).await;
        let oauth_app = &brought["oauthApp"];
        assert_eq!((&oauth_app["hasClientSecret"], &oauth_app["registration"]["tokenEndpointAuthMethod"]), (&json!(true), &json!(method)), "{brought}");
        assert_eq!(oauth_app["workspaceId"], acme);
        assert!(oauth_app["callbackUrl"].as_str().unwrap().contains("/oauth/callback/oap_"));
        let connection = connect(&app, "x", json!({ "workspaceId": "acme" })).await;
        assert_eq!(connection["account"]["email"], "alice@example.test");
        app.post(&format!("/connections/{}/refresh", connection["id"].as_str().unwrap()), json!({})).await.expect(200);
        let check = app.post(&format!("/oauth-apps/{}/check", oauth_app["id"].as_str().unwrap()), json!({})).await.expect(200);
        assert_eq!(check["check"]["ok"], true, "{check}");
    }
}

async fn clients_registered_by_hand(db: Db) {
    let provider = Provider::start(600).await;
    let app = TestApp::start(db).await;
    assert_eq!(discover(&app, &provider.url).await["registrationEndpoint"], Value::Null);
    let body = json!({ "url": provider.url, "name": "brought" });
    let refused = app.post("/integrations/from-url", body.clone()).await.expect_field("clientId");
    assert_eq!(refused["details"]["callbackUrl"], "http://localhost:3000/oauth/callback/brought");
    let mut lonely = body;
    lonely["clientSecret"] = json!("s");
    app.post("/integrations/from-url", lonely).await.expect_field("clientSecret");
    let brought = bring(&app, &provider.url, json!({ "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET })).await;
    assert_eq!((&brought["oauthApp"]["registration"], &brought["oauthApp"]["hasClientSecret"]), (&Value::Null, &json!(true)));
    assert!(!brought.to_string().contains(CLIENT_SECRET));
    connect(&app, "x", json!({})).await;
    app.send(Method::DELETE, &format!("/oauth-apps/{}", brought["oauthApp"]["id"].as_str().unwrap()), None).await.expect(200);
    app.post("/oauth-apps", json!({ "integrationName": "brought", "clientId": "pub" })).await.expect(201);
    connect(&app, "y", json!({})).await;
}

async fn the_resource_is_named_wherever_tokens_are_asked_for(db: Db) {
    let provider = Provider::start_registering(&[]).await;
    let app = TestApp::start(db).await;
    let url = format!("{}/mcp", provider.url);
    let brought = bring(&app, &url, json!({})).await;
    assert_eq!((&brought["discovery"]["resource"], &brought["discovery"]["issuer"]), (&json!(url), &json!(provider.url)));
    assert_eq!(brought["integration"]["auth"]["oauth2"]["scopes"], json!(["orders.read"]));
    let connection = connect(&app, "x", json!({})).await;
    app.post(&format!("/connections/{}/refresh", connection["id"].as_str().unwrap()), json!({})).await.expect(200);
    let seen = asked(&provider, "/_resources").await;
    for at in ["authorize", "authorization_code", "refresh_token"] {
        let here: Vec<_> = seen.iter().filter(|seen| seen["at"] == at).collect();
        assert!(!here.is_empty() && here.iter().all(|seen| seen["resource"] == url), "{at}: {seen:?}");
    }
    // Its credential goes to the resource's host and nowhere else.
    let definition = app.services.catalog.get("brought").unwrap();
    assert_eq!(definition.api.as_ref().unwrap().base_url.source(), url);
}

async fn a_forgotten_client_registers_anew(db: Db) {
    let provider = Provider::start_registering(&[]).await;
    let app = TestApp::start(db).await;
    let brought = bring(&app, &provider.url, json!({})).await;
    let first = brought["oauthApp"]["clientId"].as_str().unwrap().to_owned();
    let old = connect(&app, "x", json!({})).await;
    forget(&provider, &first).await;

    // People are not sent to a page that says that it does not know us.
    let browsers: Vec<_> = (0..4).map(|_| Browser::default()).collect();
    futures::future::join_all(browsers.iter().map(|browser| begin(&app, browser, "y", json!({})))).await;
    let clients = asked(&provider, "/_clients").await;
    assert_eq!(clients.len(), 2, "of those who noticed at once, one did it: {clients:?}");
    let connection = connect(&app, "y", json!({})).await;
    let id = brought["oauthApp"]["id"].as_str().unwrap();
    assert_eq!(app.get(&format!("/oauth-apps/{id}")).await.expect(200)["oauthApp"]["clientId"], clients[1]);
    assert_eq!(logged(&app, "oauth_app.registered_anew").await, 1);
    // What the old client was given ends with it, and says so.
    app.post(&format!("/connections/{}/refresh", old["id"].as_str().unwrap()), json!({})).await.expect_error(409, "CONNECTION_EXPIRED");
    assert_eq!(asked(&provider, "/_clients").await.len(), 2);

    // The new one has been accepted since: it may end as well. Here a refresh notices.
    forget(&provider, clients[1].as_str().unwrap()).await;
    app.post(&format!("/connections/{}/refresh", connection["id"].as_str().unwrap()), json!({})).await.expect_error(409, "CONNECTION_EXPIRED");
    assert_eq!(asked(&provider, "/_clients").await.len(), 3);
    assert_eq!(logged(&app, "oauth_app.registered_anew").await, 2);
    connect(&app, "y", json!({})).await;
}

async fn an_expired_secret_registers_anew(db: Db) {
    let provider = Provider::start_registering(&[("METHODS", "client_secret_basic"), ("SECRET_LIFE", "1800")]).await;
    let app = TestApp::start(db).await;
    let brought = bring(&app, &provider.url, json!({})).await;
    assert!(brought["oauthApp"]["registration"]["clientSecretExpiresAt"].is_string(), "{brought}");
    connect(&app, "x", json!({})).await;
    assert_eq!(asked(&provider, "/_clients").await.len(), 1);
    app.services.clock.advance_seconds(1900);
    for _ in 0..3 {
        // Its new secret has ended already by our clock, and has not been accepted: that is not a reason to go on and on.
        begin(&app, &Browser::default(), "y", json!({})).await;
        assert_eq!(asked(&provider, "/_clients").await.len(), 2);
    }
    connect(&app, "y", json!({})).await;
    assert_eq!(logged(&app, "oauth_app.registered_anew").await, 1);
}

/// The answer to a callback with a code that nobody issued.
async fn come_back(app: &TestApp, query: &str) -> Value {
    let browser = Browser::default();
    let (id, authorize) = begin(app, &browser, "x", json!({})).await;
    let state = parameter(&authorize, "state").unwrap();
    let _: Answer = browser.get(app, &format!("/oauth/callback/brought?state={state}&{query}")).await;
    session(app, &id).await
}

async fn a_client_that_is_always_refused_registers_anew_once(db: Db) {
    let app = TestApp::start(db).await;
    let at = Authority::start().await;
    at.says("/.well-known/oauth-authorization-server", 200, &at.metadata("", json!({})));
    at.says("/register", 201, &json!({ "client_id": "client-{n}" }));
    at.says("/authorize", 200, &json!({}));
    at.says("/token", 401, &json!({ "error": "invalid_client" }));
    bring(&app, &at.url, json!({})).await;
    assert_eq!(at.asked("/register"), 1);
    let first = come_back(&app, "code=c").await;
    assert!(first["error"].as_str().unwrap().contains("authorize once more"), "{first}");
    assert_eq!(at.asked("/register"), 2);
    for _ in 0..3 {
        let again = come_back(&app, "code=c").await;
        assert!(again["error"].as_str().unwrap().contains("invalid_client"), "{again}");
        come_back(&app, "error=invalid_client").await;
    }
    // Nor where the consent page is the one that refuses.
    at.says("/authorize", 400, &json!({ "error": "invalid_client" }));
    begin(&app, &Browser::default(), "x", json!({})).await;
    assert_eq!(at.asked("/register"), 2);
    assert_eq!(logged(&app, "oauth_app.registered_anew").await, 1);

    // A client by hand is nobody's but its owner's.
    let apps = app.get("/oauth-apps?integrationName=brought").await.expect(200);
    let id = apps["oauthApps"][0]["id"].as_str().unwrap();
    let patched = app.send(Method::PATCH, &format!("/oauth-apps/{id}"), Some(json!({ "clientId": "mine" }))).await.expect(200);
    assert_eq!(patched["oauthApp"]["registration"], Value::Null);
    come_back(&app, "code=c").await;
    assert_eq!(at.asked("/register"), 2);
}

async fn a_registration_that_fails_says_why(db: Db) {
    let app = TestApp::start(db).await;
    let at = Authority::start().await;
    at.says("/.well-known/oauth-authorization-server", 200, &at.metadata("", json!({})));
    let body = json!({ "url": at.url, "name": "brought" });
    for (status, answer, said) in [
        (401, json!({}), "token"),
        (400, json!({ "error": "invalid_client_metadata", "error_description": "not you" }), "not you"),
        (201, json!({ "nothing": 1 }), "client_id"),
        (503, json!({}), "503"),
    ] {
        at.says("/register", status, &answer);
        let refused = app.post("/integrations/from-url", body.clone()).await.expect_error(502, "PROVIDER_ERROR");
        assert!(refused["error"].as_str().unwrap().contains(said), "{refused}");
        assert!(refused["suggestion"].as_str().unwrap().contains("clientId"), "{refused}");
    }
    app.get("/integrations?name=brought").await.expect_error(404, "INTEGRATION_NOT_FOUND");
    // One that takes no public clients although it says so is asked for the other kind.
    at.says("/register", 400, &json!({ "error": "invalid_client_metadata" }));
    let before = at.asked("/register");
    app.post("/integrations/from-url", body.clone()).await.expect_error(502, "PROVIDER_ERROR");
    assert_eq!(at.asked("/register"), before + 2);

    // A registration that cannot be made anew is said once, and the client stays.
    at.says("/register", 201, &json!({ "client_id": "client-{n}" }));
    at.says("/authorize", 400, &json!({ "error": "invalid_client" }));
    app.post("/integrations/from-url", body).await.expect(201);
    at.says("/register", 503, &json!({}));
    for _ in 0..2 {
        begin(&app, &Browser::default(), "x", json!({})).await;
    }
    assert_eq!(logged(&app, "oauth_app.registration_failed").await, 1);
    assert_eq!(logged(&app, "oauth_app.registered_anew").await, 0);
}

crate::run_on_both_databases! {
    every_place_of_metadata_is_known
    resources_lead_to_their_authorization_servers
    what_cannot_be_trusted_is_refused
    without_pkce_there_are_no_public_clients
    a_public_client_registers_itself
    confidential_clients_register_themselves
    clients_registered_by_hand
    the_resource_is_named_wherever_tokens_are_asked_for
    a_forgotten_client_registers_anew
    an_expired_secret_registers_anew
    a_client_that_is_always_refused_registers_anew_once
    a_registration_that_fails_says_why
}
