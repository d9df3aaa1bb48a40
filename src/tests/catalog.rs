//! The catalogue as data: every entry loads, every authorize URL and every key's placement is what it should be, bad files are told
//! with file, line and key.

use crate::support::capture::Capture;
use keyloom::catalog::{Catalog, Definition, Method, MethodType, Pkce, Values};
use keyloom::config::EgressMode;
use keyloom::oauth::authorize::{AuthorizeParams, Provider};
use keyloom::oauth::egress::EgressPolicy;
use keyloom::oauth::http::Http;
use keyloom::oauth::identity::{Verdict, who_am_i};
use std::collections::BTreeMap;
use std::sync::Arc;

fn embedded() -> Catalog {
    Catalog::load(None).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A value that fits each field.
pub fn sample_values(method: &Method) -> Values {
    let mut values = Values::new();
    let app_fields = method.oauth2.iter().flat_map(|oauth2| &oauth2.app_fields);
    for field in method.fields.iter().chain(app_fields) {
        let suffix = field.host_suffixes.first().cloned().unwrap_or_else(|| ".example.com".to_owned());
        let value = match field.view().kind.as_str() {
            "select" => field.options[0].value.clone(),
            "host" => format!("acme{suffix}"),
            "url" => format!("https://acme{suffix}"),
            "number" => "443".to_owned(),
            "boolean" => "true".to_owned(),
            _ => field
                .default
                .clone()
                .or_else(|| field.placeholder.clone().filter(|text| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')))
                .unwrap_or_else(|| "acme".to_owned()),
        };
        values.insert(field.key.clone(), value);
    }
    let by_login = method.login.iter().flat_map(|login| &login.capture);
    for capture in method.oauth2.iter().flat_map(|oauth2| oauth2.callback_capture.iter().chain(&oauth2.token_capture)).chain(by_login) {
        values.insert(capture.name.clone(), if capture.pattern.starts_with("https") { "https://acme.example.com".to_owned() } else { "acme".to_owned() });
    }
    values.insert("accessToken".to_owned(), "at-1".to_owned());
    values.insert("userinfo".to_owned(), "https://issuer.example/userinfo".to_owned());
    values
}

#[test]
fn what_the_main_job_promises_is_there() {
    let catalog = embedded();
    let has = |name: &str, kind: MethodType| catalog.get(name).is_some_and(|d| d.auth.iter().any(|method| method.kind == kind));
    for name in ["openai", "anthropic", "sendgrid", "stripe", "discord"] {
        assert!(has(name, MethodType::SecretText), "{name}");
    }
    for name in ["twilio", "smtp", "clicksend"] {
        assert!(has(name, MethodType::BasicAuth), "{name}");
    }
    for name in ["freshsales", "zendesk", "datadog", "amazon-s3"] {
        assert!(has(name, MethodType::CustomAuth), "{name}");
    }
    for name in ["slack", "github", "google", "notion", "hubspot", "airtable", "linear", "gitlab", "dropbox", "zoom", "asana", "oidc"] {
        assert!(has(name, MethodType::OAuth2), "{name}");
    }
    assert!(catalog.get("http").is_some_and(|d| d.auth.is_empty()));
    let s3: Vec<_> = catalog.get("amazon-s3").unwrap().auth[0].fields.iter().map(|field| field.key.as_str()).collect();
    assert_eq!(s3, ["accessKeyId", "secretAccessKey", "region", "bucket"]);
    assert!(catalog.iter().count() >= 220);
    let proven = |d: &Definition| d.auth.iter().any(|method| method.identity.is_some() || method.test.is_some() || method.login.is_some());
    assert!(catalog.iter().filter(|d| proven(d)).count() * 10 >= catalog.iter().count() * 9);
}

#[test]
fn every_authorize_url_is_complete() {
    let catalog = embedded();
    let mut seen = 0;
    for definition in catalog.iter() {
        let Some((method, oauth2)) = definition.oauth_method() else { continue };
        if oauth2.issuer.is_some() {
            continue;
        }
        let provider = Provider {
            definition: Arc::clone(definition),
            method_key: method.key.clone(),
            client_id: "client-1".to_owned(),
            client_secret: None,
            token_auth: None,
            app_scopes: None,
            values: sample_values(method),
            metadata: None,
        };
        let scopes = provider.scopes(None);
        let params = AuthorizeParams {
            state: "state-1",
            redirect_uri: "https://k.example/oauth/callback/x",
            code_challenge: "challenge-1",
            nonce: "nonce-1",
            scopes: &scopes,
        };
        let url = provider.authorize_url(&params).unwrap_or_else(|error| panic!("{}: {error}", definition.name));
        let mut pairs: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in url.query_pairs() {
            assert!(pairs.insert(name.to_string(), value.to_string()).is_none(), "{}: {name} twice", definition.name);
        }
        let name = &definition.name;
        assert_eq!(url.scheme(), "https", "{name}");
        assert_eq!(pairs["state"], "state-1", "{name}");
        assert_eq!(pairs["client_id"], "client-1", "{name}");
        assert_eq!(pairs["response_type"], "code", "{name}");
        assert_eq!(pairs["redirect_uri"], "https://k.example/oauth/callback/x", "{name}");
        if !scopes.is_empty() {
            assert_eq!(pairs[&oauth2.scope_param], scopes.join(&oauth2.scope_separator), "{name}");
        }
        assert_eq!(pairs.get("code_challenge_method").map(String::as_str), (oauth2.pkce == Pkce::S256).then_some("S256"), "{name}");
        assert_ne!(pairs.get("code_challenge_method").map(String::as_str), Some("plain"), "{name}");
        assert!(provider.token_url().unwrap().scheme() == "https", "{name}");
        seen += 1;
    }
    assert!(seen > 90, "{seen}");
}

/// Each definition with a who-am-I or test request, its hosts turned to a capturing server: the credential arrives where the
/// definition says, and nowhere else.
#[tokio::test(flavor = "multi_thread")]
async fn every_credential_is_placed_where_the_definition_says() {
    let capture = Capture::start().await;
    let http = Http::new(EgressPolicy::new(EgressMode::Allowlist, &["localhost".to_owned()])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut expected = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/integrations")).unwrap() {
        let path = entry.unwrap().path();
        let mut text = std::fs::read_to_string(&path).unwrap();
        let mut file: toml::Table = toml::from_str(&text).unwrap();
        // The base URL and whole URLs of requests go to the capturing server; everything else stays.
        if let Some(api) = file.get_mut("api").and_then(toml::Value::as_table_mut) {
            api.insert("base_url".to_owned(), toml::Value::String(format!("{}/base", capture.url)));
        }
        for method in file.get_mut("auth").and_then(toml::Value::as_array_mut).into_iter().flatten() {
            for request in ["identity", "test"] {
                if let Some(request) = method.get_mut(request).and_then(toml::Value::as_table_mut) {
                    let url = request["url"].as_str().unwrap().to_owned();
                    if !url.starts_with('/') {
                        request.insert("url".to_owned(), toml::Value::String(format!("{}/whole", capture.url)));
                    }
                }
            }
        }
        text = toml::to_string(&file).unwrap();
        std::fs::write(folder.path().join(path.file_name().unwrap()), text).unwrap();
    }
    let catalog = Catalog::load_directory(folder.path()).unwrap_or_else(|errors| panic!("{errors}"));
    for definition in catalog.iter() {
        for method in &definition.auth {
            if method.identity.is_none() && method.test.is_none() {
                continue;
            }
            expected += 1;
            let at = format!("{} {}", definition.name, method.key);
            let mut values = sample_values(method);
            let secret = "MARKER5ecret";
            for field in method.fields.iter().filter(|field| field.view().secret) {
                values.insert(field.key.clone(), secret.to_owned());
            }
            values.insert("accessToken".to_owned(), secret.to_owned());
            let before = capture.seen().len();
            let verdict = who_am_i(&http, definition, method, &values).await;
            assert!(matches!(verdict, Verdict::Works(_)), "{at}: {verdict:?}");
            let seen = capture.seen().into_iter().nth(before).unwrap_or_else(|| panic!("{at}: nothing arrived"));
            let places = &method.placement;
            for (name, template) in &places.headers {
                assert_eq!(
                    seen.headers.get(name.to_lowercase().as_str()).and_then(|value| value.to_str().ok()),
                    Some(template.render(&values).unwrap().as_str()),
                    "{at}"
                );
            }
            for (name, template) in &places.query {
                let query = seen.uri.query().unwrap_or_default();
                let pair = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name.as_str());
                assert_eq!(pair.map(|(_, value)| value.to_string()), Some(template.render(&values).unwrap()), "{at}");
            }
            if places.basic.is_some() {
                assert!(seen.headers["authorization"].to_str().unwrap().starts_with("Basic "), "{at}");
            }
            let in_query = seen.uri.query().is_some_and(|query| query.contains(secret));
            assert_eq!(
                in_query,
                places.query.values().any(|template| template.render(&values).unwrap().contains(secret)),
                "{at}: a secret in the query that nobody put there"
            );
        }
    }
    assert!(expected > 300, "{expected}");
}

#[test]
fn bad_actions_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let good = include_str!("support/integrations/demo-echo.toml").replace("{echo}", "https://a.example").replace("{provider}", "https://a.example");
    let load = |text: &str| {
        std::fs::write(folder.path().join("demo-echo.toml"), text).unwrap();
        Catalog::load_directory(folder.path()).map(|_| ()).map_err(|errors| errors.to_string())
    };
    load(&good).unwrap();
    for (from, to, says) in [
        ("[actions.send]", "[actions.Send]", "a name starts with a-z"),
        ("[actions.send]", "[actions.custom_api_call]", "there by itself"),
        ("method = \"POST\"", "method = \"POSTS\"", "actions.send: method is one of"),
        ("/{{input.channel}}\"", "/{{input.text}}\"", "\"text\" must be a required input"),
        ("path = \"/{{", "path = \"//{{", "must start with a slash"),
        ("path = \"/{{input.result}}", "path = \"https://{{input.result}}.example", "without places for values"),
        ("path = \"/{{input.result}}", "path = \"/../{{input.result}}", "no segment that starts with a dot"),
        ("text = \"{{input.text}}\", count", "text = \"{{input.txet}}\", count", "there is no input \"txet\""),
        ("text = \"{{input.text}}\", count", "text = \"{{token}}\", count", "not every method has it"),
        ("X-Note = ", "X-Api-Key = ", "this header is ours to set"),
        ("X-Note = ", "Transfer-Encoding = ", "this header is ours to set"),
        (", to = [{ name", ", to = [{ nam = \"x\" }, { name", ""),
        ("name = \"{{input.name}}\", ", "", "\"name\" goes nowhere"),
        ("none = \"/nothing\"", "none = \"nothing\"", "not a JSON pointer"),
        ("example = { status = 404 }", "example = { status = \"x\" }", "actions.refuse.example: input.status"),
        ("maxLength = 100", "maxLength = \"x\"", "demo-echo.toml:"),
        ("output = {", "outptu = {", "unknown field `outptu`"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let said = load(&text).err().unwrap_or_default();
        assert!(said.contains(says) && said.is_empty() == says.is_empty(), "{says}: {said}");
    }
}

#[test]
fn bad_files_are_told_with_file_line_and_key() {
    let folder = tempfile::tempdir().unwrap();
    let good =
        "name = \"a\"\ndisplay_name = \"A\"\ndescription = \"d\"\ncategories = [\"ai\"]\ndocs_url = \"https://a.example\"\nchecked_at = \"2026-11-24\"\n";
    let write = |text: &str| {
        std::fs::write(folder.path().join("a.toml"), text).unwrap();
        Catalog::load_directory(folder.path()).map(|_| ()).map_err(|errors| errors.to_string()).unwrap_err()
    };
    for (extra, says) in [
        ("typo = 1\n", "a.toml:7: unknown field `typo`"),
        (
            "[[auth]]\nkey = \"k\"\ntype = \"SECRET_TEXT\"\nlabel = \"K\"\n[auth.placement.headers]\nX = \"{{nope}}\"\n",
            "a.toml:12: auth.k.placement.headers.X: unknown name \"nope\"",
        ),
        ("[[auth]]\nkey = \"k\"\ntype = \"SECRET_TEXT\"\nlabel = \"K\"\n[auth.placement.headers]\nX = \"{{open\"\n", "a.toml:12: \"{{\" is not closed"),
        ("[[auth]]\nkey = \"k\"\ntype = \"OAUTH2\"\nlabel = \"K\"\n", "a.toml:7: auth.k: OAUTH2 needs an [auth.oauth2] section"),
        (
            "[[auth]]\nkey = \"k\"\ntype = \"OAUTH2\"\nlabel = \"K\"\n[auth.oauth2]\nauthorize_url = \"http://evil.example/a\"\ntoken_url = \"https://a.example/t\"\n",
            "a.toml:12: auth.k.oauth2.authorize_url: must start with https://",
        ),
        (
            "[[auth]]\nkey = \"k\"\ntype = \"OAUTH2\"\nlabel = \"K\"\n[auth.oauth2]\nauthorize_url = \"https://a.example/a\"\ntoken_url = \"https://a.example/t\"\nauthorize_params = { state = \"x\" }\n",
            "a.toml:14: auth.k.oauth2.authorize_params: \"state\" is ours to set",
        ),
        ("[[auth]]\nkey = \"k\"\ntype = \"CUSTOM_AUTH\"\nlabel = \"K\"\n", "a.toml:7: auth.k: CUSTOM_AUTH needs fields"),
        (
            "[[auth]]\nkey = \"k\"\ntype = \"CUSTOM_AUTH\"\nlabel = \"K\"\nfields = [{ key = \"x\", label = \"X\", pattern = \"(\", pattern_error = \"e\" }]\n",
            "pattern:",
        ),
    ] {
        let said = write(&format!("{good}{extra}"));
        assert!(said.contains(says), "{says}: {said}");
    }
    assert!(write(&good.replace("name = \"a\"", "name = \"b\"")).contains("a.toml:1: name: \"b\" must equal the file's name"));
    assert!(write(&good.replace("2026-11-24", "yesterday")).contains("a.toml:6: checked_at: write a day like 2026-11-24"));
}

/// What no shipped definition needs: `iss` is written into those that are brought by address, `popup` is a matter of taste, and
/// `scope_param` is for custom definitions that ask for a person's own token beside a bot's.
const FOR_CUSTOM_DEFINITIONS: [&str; 3] = ["iss", "popup", "scope_param"];

/// A key of the OAuth dialect that nobody uses is one that nothing proves.
#[test]
fn every_dialect_feature_has_a_service() {
    let schema: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/integration.schema.json")).unwrap()).unwrap();
    let mut unused: Vec<&str> = schema["$defs"]["OAuth2"]["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert!(unused.len() > 25, "{unused:?}");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/integrations")).unwrap() {
        let file: toml::Table = toml::from_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        let methods = file.get("auth").and_then(toml::Value::as_array).into_iter().flatten();
        for oauth2 in methods.filter_map(|method| method.get("oauth2")) {
            unused.retain(|key| oauth2.get(key).is_none());
        }
    }
    assert_eq!(unused, FOR_CUSTOM_DEFINITIONS);
}

#[test]
fn every_service_with_oauth_says_how_an_app_is_registered() {
    for definition in embedded().iter().filter(|definition| definition.oauth_method().is_some()) {
        assert!(definition.setup_steps.len() >= 2, "{}", definition.name);
        let steps = definition.setup_steps.join(" ").to_lowercase();
        assert!(["callback", "redirect"].iter().any(|word| steps.contains(word)), "{}: {steps}", definition.name);
    }
}

#[test]
fn a_definition_without_steps_gets_general_ones() {
    let definition = |more: &str| -> Definition {
        let text = format!(
            "name = \"a\"\ndisplay_name = \"Acme\"\ndescription = \"d\"\ncategories = [\"ai\"]\ndocs_url = \"https://a.example\"\n{more}[[auth]]\nkey = \"k\"\n\
             type = \"OAUTH2\"\nlabel = \"K\"\n[auth.oauth2]\nauthorize_url = \"https://a.example/a\"\ntoken_url = \"https://a.example/t\"\nscopes = [\"read\", \"write\"]\n\
             app_fields = [{{ key = \"team\", label = \"Team id\" }}]\n"
        );
        toml::from_str(&text).unwrap()
    };
    let steps = definition("").view("https://k.example", true).setup_steps;
    assert_eq!(steps.len(), 6, "{steps:?}");
    for (step, says) in steps.iter().zip(["at Acme", "callback URL", "read, write", "client ID", "Team id", "Check"]) {
        assert!(step.contains(says), "{step}");
    }
    let own = definition("setup_steps = [\"Ask us.\"]\n").view("https://k.example", true).setup_steps;
    assert_eq!(own, ["Ask us."]);
}
