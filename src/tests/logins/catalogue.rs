//! Every login of the catalogue, sent: what was entered arrives, and what the definition says is read from an answer that looks as it says.

use crate::catalog::sample_values;
use crate::support::echo::Echo;
use crate::support::signed::{jwt, sample_key};
use keyloom::catalog::{Catalog, Login, Method};
use keyloom::config::EgressMode;
use keyloom::domain::Timestamp;
use keyloom::oauth::egress::EgressPolicy;
use keyloom::oauth::exchange::Failure;
use keyloom::oauth::http::Http;
use keyloom::oauth::login::{address, log_in};
use keyloom::oauth::sign::Moment;
use std::sync::Arc;

/// The definitions with logins, each login turned to `echo`.
fn turned_to(echo: &str, folder: &std::path::Path) -> Catalog {
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/integrations")).unwrap() {
        let path = entry.unwrap().path();
        let mut file: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let mut has_login = false;
        for method in file.get_mut("auth").and_then(toml::Value::as_array_mut).into_iter().flatten() {
            let Some(login) = method.get_mut("login").and_then(toml::Value::as_table_mut) else { continue };
            has_login = true;
            for (table, key) in [("client_credentials", "token_url"), ("jwt_bearer", "token_url"), ("request", "url")] {
                if let Some(request) = login.get_mut(table).and_then(toml::Value::as_table_mut) {
                    request.insert(key.to_owned(), format!("{echo}/login").into());
                }
            }
        }
        if has_login {
            std::fs::write(folder.join(path.file_name().unwrap()), toml::to_string(&file).unwrap()).unwrap();
        }
    }
    Catalog::load_directory(folder).unwrap_or_else(|errors| panic!("{errors}"))
}

fn logins(catalog: &Catalog) -> Vec<(Arc<keyloom::catalog::Definition>, Method, Login)> {
    let of = |definition: &Arc<keyloom::catalog::Definition>| {
        let definition = Arc::clone(definition);
        let methods: Vec<_> = definition.auth.iter().filter_map(|method| Some((method.clone(), method.login.clone()?))).collect();
        methods.into_iter().map(move |(method, login)| (Arc::clone(&definition), method, login))
    };
    catalog.iter().flat_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_login_sends_what_was_entered() {
    let echo = Echo::start().await;
    let http = Http::new(EgressPolicy::new(EgressMode::Allowlist, &["localhost".to_owned()])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let catalog = turned_to(&echo.url, folder.path());
    let all = logins(&catalog);
    let grants = all.iter().filter(|(_, _, login)| login.client_credentials.is_some()).count();
    assert!(grants >= 6 && all.len() - grants >= 3, "{grants} of {}", all.len());
    let mut signed = 0;
    for (definition, method, login) in all {
        let at = format!("{} {}", definition.name, method.key);
        let mut values = sample_values(&method);
        values.remove("accessToken");
        for capture in &login.capture {
            values.remove(&capture.name);
        }
        let secret = "MARKER5ecret";
        let key = method.jwt.as_ref().map(|jwt| sample_key(&method, jwt).0);
        for field in method.fields.iter().filter(|field| field.view().secret && Some(&field.key) != key.as_ref()) {
            values.insert(field.key.clone(), secret.to_owned());
        }
        // The echo has no token in it: that is found out, and the secret that it repeats is told to nobody.
        let failure = log_in(&http, &definition, &method, &values, &Moment::new(Timestamp(0), [0; 16])).await.unwrap_err();
        assert!(matches!(&failure, Failure::Refused(refusal) if refusal.code == "no_token"), "{at}: {failure:?}");
        assert!(!failure.sentence("S").contains(secret), "{at}");
        let arrived = echo.only();
        assert!(!arrived.uri.to_string().contains(secret), "{at}: a secret in an address ends up in logs");
        let basic = arrived.header("authorization").strip_prefix("Basic ").map(|pair| {
            use base64::Engine as _;
            String::from_utf8(base64::engine::general_purpose::STANDARD.decode(pair).unwrap()).unwrap()
        });
        let text = arrived.text();
        if key.is_some() {
            let form: std::collections::BTreeMap<_, _> = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
            let bearer = arrived.header("authorization").strip_prefix("Bearer ").map(str::to_owned);
            let token = form.get("assertion").or(form.get("client_assertion")).or(bearer.as_ref());
            assert!(token.is_some_and(|token| jwt(token).is_some()), "{at}: {text}");
            assert!(token.is_some_and(|token| !failure.sentence("S").contains(token)), "{at}");
            signed += 1;
            continue;
        }
        assert!(text.contains(secret) || basic.as_ref().is_some_and(|pair| pair.ends_with(&format!(":{secret}"))), "{at}: {text}");
        if let Some(grant) = &login.client_credentials {
            let form: std::collections::BTreeMap<_, _> = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
            assert_eq!(form["grant_type"], grant.grant_type, "{at}");
            assert_eq!(form.contains_key("client_secret"), basic.is_none(), "{at}: one way to authenticate, not two");
        }
    }
    assert!(signed >= 7, "{signed}");
}

/// What the turned ones cannot show: where each goes.
#[test]
fn every_login_goes_over_https() {
    let catalog = Catalog::load(None).unwrap_or_else(|errors| panic!("{errors}"));
    for (definition, method, login) in logins(&catalog) {
        let url = address(&definition, &login, &sample_values(&method)).unwrap_or_else(|failure| panic!("{}: {failure:?}", definition.name));
        assert_eq!(url.scheme(), "https", "{}", definition.name);
    }
}

#[test]
fn bad_logins_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let good = crate::support::mint::DEFINITION.replace("{mint}", "https://a.example");
    let load = |text: &str| {
        std::fs::write(folder.path().join("demo-login.toml"), text).unwrap();
        Catalog::load_directory(folder.path()).map(|_| ()).map_err(|errors| errors.to_string())
    };
    load(&good).unwrap();
    for (from, to, says) in [
        (
            "url = \"https://a.example/login\"",
            "url = \"http://a.example/login\"",
            "demo-login.toml:28: auth.password.login.request.url: must start with https://",
        ),
        ("{{password}}", "{{pasword}}", "unknown name \"pasword\"; there are password, username"),
        ("{{password}}", "{{accessToken}}", "unknown name \"accessToken\""),
        ("{{password}}", "fixed", "no secret field goes into the request"),
        ("token = \"/data/token\"", "token = \"data.token\"", "not a JSON pointer"),
        ("unit = \"milliseconds\"", "unit = \"fortnights\"", "demo-login.toml:"),
        (
            "[auth.login.request]",
            "[auth.login.client_credentials]\ntoken_url = \"https://a.example/t\"\nclient_id = \"{{username}}\"\nclient_secret = \"{{password}}\"\n[auth.login.request]",
            "give one of",
        ),
        ("name = \"shard\"", "name = \"username\"", "this name is taken"),
        ("type = \"BASIC_AUTH\"", "type = \"OAUTH2\"", "OAUTH2 has its own way to tokens"),
        ("error_when = {", "default_expires_in = 0\nerror_when = {", "must be between 1 and"),
        ("body = {", "method = \"GET\"\nbody = {", "a GET has no body"),
        ("body = {", "headers = { Host = \"b.example\" }\nbody = {", "this header is ours to set"),
        ("body = {", "bodies = {", "unknown field `bodies`"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let said = load(&text).err().unwrap_or_default();
        assert!(said.contains(says), "{says}: {said}");
    }
    let without_login: String = good.replace("X-Session = \"{{accessToken}}\"", "X-Session = \"{{password}}\"");
    let start = without_login.find("[auth.login]").unwrap();
    let end = without_login.find("[auth.placement.headers]").unwrap();
    let without_login = format!("{}{}", &without_login[..start], &without_login[end..]).replace("/{{shard}}", "");
    load(&without_login).unwrap();
    let said = load(&without_login.replace("{{password}}\"\n", "{{accessToken}}\"\n")).err().unwrap_or_default();
    assert!(said.contains("unknown name \"accessToken\""), "only a login gives one: {said}");
}
