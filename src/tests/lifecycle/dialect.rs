//! Services with a dialect of their own, from the consent to the end of the grant: the certified provider behind definitions that call
//! things otherwise.

use super::Case;
use crate::support::fault::{Fault, FaultProxy};
use crate::support::provider::{self, Person, Provider};
use crate::support::{Answer, Browser, Db, Setup, TestApp};
use axum::http::Method;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;

/// One that has a callback registered at the provider; it takes the place of the shipped one.
const NAME: &str = "oidc";

/// Other names, and an end of its own.
const NAMES: &str = r#"code_param = "auth_code"
token_answer = { expires_at = "/ends" }
errors = { code = "/errcode", message = "/errmsg", dead = ["40029"] }

[[auth.oauth2.callback_capture]]
name = "region"
from = "region"
pattern = "[a-z]{2}"
required = true

[[auth.oauth2.token_capture]]
name = "tokenType"
from = "/token_type"
pattern = "[A-Za-z]+"

[auth.oauth2.revoke]
url = "{tokens}/token/revocation"
basic = { username = "{{clientId}}", password = "{{clientSecret}}" }
body = { token = "{{refreshToken}}" }
"#;

/// A token for a longer one, and that one for the next.
const SWAPS: &str = r#"
[auth.oauth2.long_lived]
url = "{tokens}/token/longer"
params = { grant_type = "longer", secret = "{{clientSecret}}", token = "{{accessToken}}" }

[auth.oauth2.renew]
method = "POST"
url = "{tokens}/token/renewed"
params = { id = "{{clientId}}", token = "{{accessToken}}" }
"#;

fn definition(dialect: &str) -> String {
    let text = include_str!("../support/integrations/demo-oauth.toml").replace("\"demo-oauth\"", "\"oidc\"");
    let with = text.replace("revoke_url = \"{tokens}/token/revocation\"\n", "").replace("\n[auth.identity]", &format!("{dialect}\n[auth.identity]"));
    assert!(!with.contains("revoke_url") && with.contains(dialect));
    with
}

struct Dialect {
    case: Case,
    browser: Browser,
}

impl Dialect {
    async fn start(db: Db, dialect: &str) -> Self {
        let provider = Provider::start(600).await;
        let proxy = FaultProxy::start(&provider.url).await;
        let integrations = vec![(NAME.to_owned(), definition(dialect))];
        let setup = Setup { provider: Some(provider.url.clone()), tokens: Some(proxy.url.clone()), integrations, ..Setup::default() };
        let app = TestApp::start_with(db, setup).await;
        let client = json!({ "integrationName": NAME, "clientId": provider::CLIENT_ID, "clientSecret": provider::CLIENT_SECRET });
        app.post("/oauth-apps", client).await.expect(201);
        let case = Case { app, provider, proxy, tallies: Mutex::new(vec![Arc::default()]) };
        Self { case, browser: Browser::default() }
    }

    /// A session whose browser comes back with the code under this name, and this region; the session as it is shown then.
    async fn connect(&self, external_id: &str, code_param: &str, region: &str) -> Value {
        let body = json!({ "integrationName": NAME, "connectionName": "Dialect", "externalId": external_id });
        let token = self.case.app.post("/connect/token", body).await.expect(200);
        let page = self.browser.arrive(&self.case.app, token["connectUrl"].as_str().unwrap()).await;
        let consent = self.browser.post(&self.case.app, &page, &[("method", "oauth2")]).await.location();
        let callback = provider::visit(&consent, "alice", Person::Consents).await;
        self.come_back(&callback, code_param, region).await.location();
        self.case.app.get(&format!("/connect/session/{}", token["sessionId"].as_str().unwrap())).await.expect(200)
    }

    async fn come_back(&self, callback: &Url, code_param: &str, region: &str) -> Answer {
        let pairs: Vec<_> = callback.query_pairs().map(|(name, value)| (if name == "code" { code_param.into() } else { name }, value)).collect();
        let mut renamed = callback.clone();
        renamed.query_pairs_mut().clear().extend_pairs(pairs).append_pair("region", region);
        provider::return_to(&self.case.app, &self.browser, &renamed).await
    }
}

async fn a_dialect_is_spoken_to_the_end(db: Db) {
    let dialect = Dialect::start(db, NAMES).await;
    let case = &dialect.case;
    // A code under the standard name is none here.
    let view = dialect.connect("standard", "code", "eu").await;
    assert_eq!((&view["status"], &view["errorCode"]), (&json!("failed"), &json!("no_code")), "{view}");
    // What a browser brings becomes part of URLs: it must be of the form that the definition expects.
    let view = dialect.connect("elsewhere", "auth_code", "evil.example").await;
    assert_eq!(view["status"], "failed", "{view}");
    assert!(view["error"].as_str().unwrap().contains("an unexpected value for region"), "{view}");
    assert_eq!(case.proxy.seen(""), 0, "and nothing is sent anywhere before");
    // A refusal in the provider's own words.
    case.proxy.arm(Fault::Answer(200, String::new(), r#"{"errcode":40029,"errmsg":"invalid code"}"#.to_owned()));
    let view = dialect.connect("refused", "auth_code", "eu").await;
    assert_eq!(view["status"], "failed", "{view}");
    assert!(view["error"].as_str().unwrap().contains("did not accept the authorization code (40029)"), "{view}");
    // An end that is a moment.
    let ends = case.app.services.now().plus_seconds(1234);
    let body = json!({ "access_token": "a", "refresh_token": "r", "expires_in": 5, "ends": ends.0 / 1000 });
    case.proxy.arm(Fault::Answer(200, String::new(), body.to_string()));
    let view = dialect.connect("moment", "auth_code", "eu").await;
    let shown = case.shown(view["connection"]["id"].as_str().unwrap()).await;
    assert_eq!(shown["expiresAt"], keyloom::domain::Timestamp(ends.0 / 1000 * 1000).rfc3339(), "{shown}");
    // From the consent to the end of the grant.
    let view = dialect.connect("t", "auth_code", "eu").await;
    assert_eq!(view["status"], "completed", "{view}");
    let id = view["connection"]["id"].as_str().unwrap();
    let props = case.stored(id).await.unwrap().props;
    assert_eq!((props["region"].as_str(), props["tokenType"].as_str()), ("eu", "Bearer"));
    let token = super::token_from(&case.app.services, id).await.unwrap();
    assert!(case.accepts(&token).await);
    let revocation = case.app.send(Method::DELETE, &format!("/connections/{id}"), None).await.expect(200)["revocation"].take();
    assert_eq!(revocation, json!({ "attempted": true, "result": "revoked" }));
    assert!(!case.accepts(&token).await);
    assert_eq!((case.proxy.seen("/token/revocation"), case.proxy.seen("token_type_hint")), (1, 0), "one request, and not that of the RFC");
}

async fn a_token_is_swapped_and_renews_itself(db: Db) {
    let dialect = Dialect::start(db, SWAPS).await;
    let case = &dialect.case;
    let tokens = |token: &str| Fault::Answer(200, String::new(), json!({ "access_token": token, "expires_in": 5_184_000 }).to_string());
    case.proxy.arm(Fault::Delay(Duration::ZERO));
    case.proxy.arm(tokens("long"));
    let view = dialect.connect("t", "code", "eu").await;
    assert_eq!(view["status"], "completed", "{view}");
    assert_eq!((case.proxy.seen("/token/longer?grant_type=longer&secret="), case.provider.count("authorization_code").await), (1, 1));
    let id = view["connection"]["id"].as_str().unwrap();
    assert_eq!(case.read(id).await.expect(200)["credentials"]["accessToken"], "long");
    for (before, after) in [("long", "longer"), ("longer", "longest")] {
        case.expire(id).await;
        case.proxy.arm(tokens(after));
        assert_eq!(case.read(id).await.expect(200)["credentials"]["accessToken"], after);
        assert_eq!(case.proxy.seen(&format!("/token/renewed id={}&token={before}", provider::CLIENT_ID)), 1);
    }
    // Its end is one that only the owner can mend; the one before may be tried, too.
    case.expire(id).await;
    for _ in 0..2 {
        case.proxy.arm(Fault::Answer(400, String::new(), r#"{"error":{"type":"OAuthException","code":190}}"#.to_owned()));
    }
    case.read(id).await.expect_error(409, "CONNECTION_EXPIRED");
}

crate::run_on_both_databases! { a_dialect_is_spoken_to_the_end a_token_is_swapped_and_renews_itself }
