//! The catalogue as data: every entry loads, every authorize URL and every key's placement is what it should be, bad files are told
//! with file, line and key.

use crate::support::capture::Capture;
use crate::support::signed::{self, Seen};
use keyloom::catalog::{Catalog, Definition, Method, MethodType, Pkce, Values};
use keyloom::config::EgressMode;
use keyloom::oauth::authorize::{AuthorizeParams, Provider};
use keyloom::oauth::egress::EgressPolicy;
use keyloom::oauth::http::Http;
use keyloom::oauth::identity::{Verdict, who_am_i};
use keyloom::oauth::sign::{self, Moment};
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
    if let Some(choose) = &method.choose {
        values.insert(choose.prop.clone(), "42".to_owned());
        values.extend(choose.keep.iter().map(|capture| (capture.name.clone(), "https://acme.docusign.net".to_owned())));
    }
    if let Some(jwt) = &method.jwt {
        let (field, key) = signed::sample_key(method, jwt);
        values.insert(field, key);
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
    assert_eq!(s3[..4], ["accessKeyId", "secretAccessKey", "region", "bucket"]);
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
        for (ours, value) in [("client_id", "client-1"), ("response_type", "code"), ("redirect_uri", "https://k.example/oauth/callback/x")] {
            match oauth2.authorize_names.get(ours) {
                Some(theirs) => {
                    assert!(!pairs.contains_key(ours), "{name}: {ours}");
                    assert!(theirs.is_empty() || pairs[theirs] == value, "{name}: {ours}");
                }
                None => assert_eq!(pairs[ours], value, "{name}"),
            }
        }
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
    let (mut expected, mut signing) = (0, 0);
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
            let key = method.jwt.as_ref().map(|jwt| signed::sample_key(method, jwt).0);
            for field in method.fields.iter().filter(|field| field.view().secret && Some(&field.key) != key.as_ref()) {
                values.insert(field.key.clone(), secret.to_owned());
            }
            values.insert("accessToken".to_owned(), secret.to_owned());
            let before = capture.seen().len();
            let moment = Moment::new(keyloom::domain::Timestamp(1_800_000_000_000), [7; 16]);
            let verdict = who_am_i(&http, definition, method, &values, &moment).await;
            assert!(matches!(verdict, Verdict::Works(_)), "{at}: {verdict:?}");
            let seen = capture.seen().into_iter().nth(before).unwrap_or_else(|| panic!("{at}: nothing arrived"));
            let places = &method.placement;
            let values = sign::ready(method, values, &moment).unwrap();
            if places.signs() {
                let call = method.identity.as_ref().map(|i| (&i.method, &i.body)).or(method.test.as_ref().map(|t| (&t.method, &t.body))).unwrap();
                let body = call.1.as_deref().unwrap_or_default().as_bytes();
                assert!(signed::is_signed(places, &values, &Seen { method: call.0, uri: &seen.uri, headers: &seen.headers, body }), "{at}: {seen:?}");
                signing += 1;
            }
            for (name, template) in &places.headers {
                // ECDSA signs the same thing another way each time.
                if template.names().any(|name| name == "jwt") {
                    let sent = seen.headers[name.to_lowercase().as_str()].to_str().unwrap();
                    assert!(signed::jwt(sent.rsplit(' ').next().unwrap()).is_some(), "{at}: {sent}");
                    signing += 1;
                    continue;
                }
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
    assert!(signing >= 12, "{signing}");
}

/// Services whose consent covers several accounts: each request names the one that was chosen, and the list of them is asked for
/// without it.
#[test]
fn what_was_chosen_is_in_every_request() {
    let catalog = embedded();
    let mut choosing = Vec::new();
    for definition in catalog.iter() {
        for (method, choose) in definition.auth.iter().filter_map(|method| Some((method, method.choose.as_ref()?))) {
            let api = definition.api.as_ref().unwrap();
            let all = api.headers.values().chain(api.query.values()).chain([&api.base_url]);
            let named: Vec<&str> = all.flat_map(keyloom::catalog::Template::names).collect();
            assert!(choose.props().all(|prop| named.contains(&prop)), "{}: {named:?}", definition.name);
            let mut values = sample_values(method);
            values.retain(|name, _| choose.props().all(|prop| prop != name));
            assert!(keyloom::oauth::place::target(definition, &choose.url, &values).is_ok(), "{}", definition.name);
            let identity = method.identity.iter().map(|identity| &identity.url).chain(method.test.iter().map(|test| &test.url));
            for url in identity {
                assert!(keyloom::oauth::place::target(definition, url, &values).is_ok(), "{}: connections from before can still be tested", definition.name);
            }
            choosing.push(definition.name.as_str());
        }
    }
    assert_eq!(choosing, ["basecamp", "confluence", "docusign", "jira", "xero", "zoho-books", "zoho-inventory"]);
}

/// The examples of the providers' own documentation, read.
#[test]
fn documented_lists_are_read() {
    let catalog = embedded();
    for (name, answer, expected) in [
        (
            "jira",
            r#"[{"id":"1324a887-45db-1bf4-1e99-ef0ff456d421","name":"Site name","url":"https://your-domain.atlassian.net","scopes":["write:jira-work","read:jira-user"]},
                {"id":"9","name":"Wiki","url":"https://wiki.atlassian.net","scopes":["read:confluence-content.all"]}]"#,
            ("1324a887-45db-1bf4-1e99-ef0ff456d421", "Site name", Some("https://your-domain.atlassian.net")),
        ),
        (
            "confluence",
            r#"[{"id":"1","name":"Site name","url":"https://a.atlassian.net","scopes":["read:page:confluence"]},{"id":"2","name":"Other","scopes":["read:jira-work"]}]"#,
            ("1", "Site name", Some("https://a.atlassian.net")),
        ),
        (
            "xero",
            r#"[{"id":"e1eede29","tenantId":"70784a63-d24b-46a9-a4db-0e70a274b056","tenantType":"ORGANISATION","tenantName":"Maple Florist"},
                {"id":"32587c85","tenantId":"e0da6937","tenantType":"PRACTICE","tenantName":"A practice"}]"#,
            ("70784a63-d24b-46a9-a4db-0e70a274b056", "Maple Florist", None),
        ),
        (
            "basecamp",
            r#"{"identity":{"id":9999999},"accounts":[{"product":"bc3","id":99999999,"name":"Honcho Design","href":"https://3.basecampapi.com/99999999","app_href":"https://3.basecamp.com/99999999"},
                {"product":"bcx","id":88888888,"name":"Wayne Enterprises, Ltd."}]}"#,
            ("99999999", "Honcho Design", Some("https://3.basecamp.com/99999999")),
        ),
        (
            "docusign",
            r#"{"sub":"50d89ab1","accounts":[{"account_id":"e783eff5-53e1-45b2","is_default":true,"account_name":"NewCo","base_uri":"https://demo.docusign.net"}]}"#,
            ("e783eff5-53e1-45b2", "NewCo", Some("https://demo.docusign.net")),
        ),
        ("zoho-books", r#"{"code":0,"organizations":[{"organization_id":"10229182","name":"Zillium Inc"}]}"#, ("10229182", "Zillium Inc", None)),
        ("zoho-inventory", r#"{"code":0,"organizations":[{"organization_id":"10229182","name":"Zillium Inc"}]}"#, ("10229182", "Zillium Inc", None)),
    ] {
        let choose = catalog.get(name).unwrap().oauth_method().unwrap().0.choose.clone().unwrap();
        let found = choose.read(&serde_json::from_str(answer).unwrap()).unwrap();
        let read: Vec<_> = found.iter().map(|listed| (listed.value.as_str(), listed.label.as_str(), listed.detail.as_deref())).collect();
        assert_eq!(read, [expected], "{name}");
    }
}

#[test]
fn bad_choices_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let good = include_str!("support/integrations/demo-sites.toml").replace("{provider}", "https://a.example").replace("{capture}", "https://b.example");
    let load = |text: &str| {
        std::fs::write(folder.path().join("demo-sites.toml"), text).unwrap();
        Catalog::load_directory(folder.path()).map(|_| ()).map_err(|errors| errors.to_string())
    };
    load(&good).unwrap();
    for (from, to, says) in [
        ("prop = \"siteId\"", "prop = \"accessToken\"", "\"accessToken\" is taken"),
        ("prop = \"siteId\"", "prop = \"site id\"", "is not a name"),
        ("prop = \"siteId\"", "prop = \"other\"", "unknown name \"siteId\""),
        ("list = \"/sites\"", "list = \"sites\"", "choose.list: a JSON pointer"),
        ("value = \"/id\"", "value = \"id\"", "not a JSON pointer"),
        ("label = \"/name\"", "label = []", "value and label are needed"),
        ("pattern = '[a-z0-9]+'", "pattern = '('", "choose.pattern: pattern:"),
        ("pattern = '[a-z0-9]+'\n", "", "missing field `pattern`"),
        ("question = \"Which site?\"", "question = \" \"", "say what is asked"),
        ("contains = \"site\"", "equals = \"x\", contains = \"site\"", "either equals or contains"),
        ("url = \"{capture}/sites\"", "url = \"{capture}/sites/{{siteId}}\"", "auth.oauth2.choose: unknown name \"siteId\""),
        ("question =", "qestion =", "unknown field `qestion`"),
    ] {
        let from = from.replace("{capture}", "https://b.example");
        let text = good.replacen(&from, &to.replace("{capture}", "https://b.example"), 1);
        assert_ne!(text, good, "{from}");
        let said = load(&text).err().unwrap_or_default();
        assert!(said.contains(says), "{says}: {said}");
    }
    let without = "\n[[auth]]\nkey = \"k\"\ntype = \"SECRET_TEXT\"\nlabel = \"K\"\n\n[auth.choose]\nurl = \"https://b.example/sites\"\nvalue = \"/id\"\npattern = '[a-z]+'\nlabel = \"/name\"\nprop = \"siteId\"\nquestion = \"?\"\n";
    assert!(load(&format!("{good}{without}")).unwrap_err().contains("only OAUTH2 has an [auth.choose] section"));
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
fn bad_dialects_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let good = "name = \"a\"\ndisplay_name = \"A\"\ndescription = \"d\"\ncategories = [\"ai\"]\ndocs_url = \"https://a.example\"\n\
                [[auth]]\nkey = \"k\"\ntype = \"OAUTH2\"\nlabel = \"K\"\n[auth.oauth2]\nauthorize_url = \"https://a.example/a\"\ntoken_url = \"https://a.example/t\"\n";
    let load = |extra: &str| {
        std::fs::write(folder.path().join("a.toml"), format!("{good}{extra}\n")).unwrap();
        Catalog::load_directory(folder.path()).map(|_| ()).map_err(|errors| errors.to_string())
    };
    load("revoke = { url = \"https://a.example/r/{{refreshToken}}\" }\ncode_param = \"auth_code\"\ntoken_names = { client_id = \"id\", grant_type = \"\" }")
        .unwrap();
    for (extra, says) in [
        ("authorize_names = { state = \"payload\" }", "authorize_names: \"state\" cannot be renamed; client_id, "),
        ("authorize_names = { redirect_uri = \"\" }", "\"\" cannot be the name of redirect_uri"),
        ("token_names = { client_secret = \"\" }", "\"\" cannot be the name of client_secret"),
        ("token_names = { client_id = \"a b\" }", "\"a b\" cannot be the name of client_id"),
        ("token_names = { client_id = \"x\", code = \"x\" }", "\"x\" cannot be the name of code"),
        ("code_param = \"state\"", "oauth2.code_param: \"state\" cannot hold the code"),
        ("token_answer = { access_token = \"token\" }", "token_answer: \"token\" is not a JSON pointer"),
        ("token_answer = { token = \"/token\" }", "unknown field `token`"),
        ("errors = { code = \"code\" }", "errors.code: \"code\" is not a JSON pointer"),
        ("errors = { dead = [\"x\"], app = [\"x\"] }", "\"x\" cannot mean both"),
        ("revoke_url = \"https://a.example/r\"\nrevoke = { url = \"https://a.example/{{accessToken}}\" }", "revoke and revoke_url exclude each other"),
        ("revoke = { url = \"https://a.example/r\" }", "something must hold {{accessToken}} or {{refreshToken}}"),
        ("revoke = { url = \"http://a.example/{{accessToken}}\" }", "oauth2.revoke: must start with https://"),
        ("revoke = { url = \"https://a.example/{{token}}\", body = { t = \"{{accessToken}}\" } }", "oauth2.revoke: unknown name \"token\""),
        ("revoke = { method = \"PUT\", url = \"https://a.example/{{accessToken}}\" }", "method is POST, DELETE or GET"),
        ("revoke = { method = \"GET\", url = \"https://a.example/\", body = { t = \"{{accessToken}}\" } }", "a GET has no body"),
        ("revoke = { url = \"https://a.example/\", body = { t = \"{{accessToken}}\" }, encoding = \"query\" }", "what goes into the query is written in url"),
    ] {
        let said = load(extra).unwrap_err();
        assert!(said.contains(says), "{says}: {said}");
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
