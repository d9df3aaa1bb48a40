//! `GET /openapi.json`: the OpenAPI 3.1 document, made of what handlers and types say of themselves.
//!
//! Handlers name what is their own: path, parameters, body, answers, and in `x-error-codes` the errors that only they can give.
//! What follows from the form of an operation is added here: errors that every body or key can bring, `Idempotency-Key`, rate
//! limit headers, examples (`examples.rs`), links. `docs/openapi.json` is its committed copy.

use super::Answer;
use super::answers::ErrorAnswer;
use super::examples;
use super::extract::{Nothing, Params};
use crate::domain::Code;
use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse as _;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use utoipa::OpenApi;

/// Where the API's paths begin.
pub const BASE: &str = "/api/v1";

/// Query of every list that has pages.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a description: extract::ListParams reads them")]
pub struct PageParams {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// How many to leave out first. Not with `cursor`.
    #[param(minimum = 0, maximum = 10_000_000, default = 0)]
    offset: Option<i64>,
    /// The `nextCursor` of the page before: stable while others insert. Not with `offset`.
    #[param(max_length = 80, pattern = "^[0-9A-Za-z_]*$")]
    cursor: Option<String>,
}

/// What stands before the operations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Keyloom",
        description = "Connections to other services for your own users: a hosted page to connect, credentials kept encrypted and alive, and handed out.\n\n\
            Bodies are JSON objects in camelCase; an absent body equals `{}`. Unknown members and query parameters are refused with their name. Ids are \
            opaque. Wherever a workspace id is taken its slug is too; wherever an end user is named, your own id for them is too. Times are RFC 3339. \
            Every answer carries `X-Request-Id`; a caller's own is kept if it matches `[A-Za-z0-9._-]{1,64}`.",
        license(name = "MIT", identifier = "MIT"),
        version = "1",
    ),
    servers((url = "/api/v1", description = "This server")),
    tags(
        (name = "Connections", description = "Stored credentials, without their secrets but where they are asked for."),
        (name = "Actions", description = "Doing things at services with stored credentials."),
        (name = "Hosted connect", description = "Pages on which end users connect accounts."),
        (name = "End users", description = "The users of your product."),
        (name = "Workspaces", description = "Whom your connections are kept apart by."),
        (name = "Workspace integrations", description = "Integrations as a workspace has set them up."),
        (name = "Integrations", description = "The catalogue."),
        (name = "OAuth apps", description = "Client registrations at providers."),
        (name = "Webhooks and events", description = "What happened, as a log and as signed messages to your own server."),
        (name = "API keys", description = "What applications authenticate with."),
        (name = "Meta", description = "The API about itself."),
    ),
    components(schemas(ErrorAnswer)),
)]
struct Preamble;

/// What stands before the operations.
pub fn preamble() -> utoipa::openapi::OpenApi {
    Preamble::openapi()
}

/// The document, made once.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        // Plain maps, lists and strings: this cannot fail.
        let mut document = serde_json::to_value(super::routes().into_openapi()).unwrap_or_default();
        complete(&mut document);
        document
    })
}

/// Get this document
///
/// The API's description in OpenAPI 3.1. No key needed.
#[utoipa::path(get, path = "/openapi.json", tag = "Meta", security(()), responses((status = 200, description = "The document.", body = Object)))]
pub async fn get_openapi(_: Params<Nothing>) -> Answer {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    let text = TEXT.get_or_init(|| document().to_string().into()).clone();
    Ok(([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")], text).into_response())
}

/// POSTs that change nothing, or that must look anew each time: they ignore `Idempotency-Key`.
const NOT_IDEMPOTENT: [&str; 9] = [
    "discoverIntegration",
    "resolveConnection",
    "resolveConnections",
    "checkOauthApp",
    "readCredentials",
    "refreshConnection",
    "testConnection",
    "pollSession",
    "testWebhook",
];

/// Members that a create needs, where its body is that of a change too.
const REQUIRED: [(&str, &[&str]); 2] = [("createWorkspace", &["name", "slug"]), ("createWorkspaceIntegration", &["integrationName"])];

/// From an answer to what can be asked next: operation, status, operation, parameter, where the value is. Lines of the same two
/// operations are one link with several parameters.
const LINKS: [(&str, &str, &str, &str, &str); 31] = [
    ("createConnection", "201", "getConnection", "id", "/connection/id"),
    ("createConnection", "201", "updateConnection", "id", "/connection/id"),
    ("createConnection", "201", "readCredentials", "id", "/connection/id"),
    ("createConnection", "201", "refreshConnection", "id", "/connection/id"),
    ("createConnection", "201", "testConnection", "id", "/connection/id"),
    ("createConnection", "201", "listConnectionEvents", "id", "/connection/id"),
    ("createConnection", "201", "deleteConnection", "id", "/connection/id"),
    ("createConnectToken", "200", "getSession", "id", "/sessionId"),
    ("createEndUser", "201", "getEndUser", "id", "/endUser/id"),
    ("createEndUser", "201", "updateEndUser", "id", "/endUser/id"),
    ("createEndUser", "201", "createEndUserToken", "id", "/endUser/id"),
    ("createEndUser", "201", "inviteEndUser", "id", "/endUser/id"),
    ("createEndUser", "201", "deleteEndUser", "id", "/endUser/id"),
    ("createWorkspace", "201", "getWorkspace", "id", "/workspace/id"),
    ("createWorkspace", "201", "updateWorkspace", "id", "/workspace/id"),
    ("createWorkspace", "201", "listWorkspaceIntegrations", "id", "/workspace/id"),
    ("createWorkspace", "201", "createWorkspaceIntegration", "id", "/workspace/id"),
    ("createWorkspace", "201", "deleteWorkspace", "id", "/workspace/id"),
    ("createWorkspaceIntegration", "201", "updateWorkspaceIntegration", "id", "/integration/workspaceId"),
    ("createWorkspaceIntegration", "201", "updateWorkspaceIntegration", "wi_id", "/integration/id"),
    ("createWorkspaceIntegration", "201", "deleteWorkspaceIntegration", "id", "/integration/workspaceId"),
    ("createWorkspaceIntegration", "201", "deleteWorkspaceIntegration", "wi_id", "/integration/id"),
    ("createOauthApp", "201", "getOauthApp", "id", "/oauthApp/id"),
    ("createOauthApp", "201", "updateOauthApp", "id", "/oauthApp/id"),
    ("createOauthApp", "201", "checkOauthApp", "id", "/oauthApp/id"),
    ("createOauthApp", "201", "deleteOauthApp", "id", "/oauthApp/id"),
    ("createApiKey", "201", "deleteApiKey", "id", "/apiKey/id"),
    ("createWebhook", "201", "getWebhook", "id", "/webhook/id"),
    ("createWebhook", "201", "testWebhook", "id", "/webhook/id"),
    ("createWebhook", "201", "listWebhookDeliveries", "id", "/webhook/id"),
    ("createWebhook", "201", "deleteWebhook", "id", "/webhook/id"),
];

fn complete(document: &mut Value) {
    document["components"]["securitySchemes"] =
        json!({ "apiKey": { "type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer wvz_…`." } });
    document["components"]["parameters"] = json!({ "IdempotencyKey": {
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "A name of your own for this request. Sent again with the same method, path and body within 24 hours it is answered as the \
            first time, with `Idempotent-Replayed: true`, and runs once; with another body it is 409.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
    } });
    document["components"]["headers"] = json!({
        "RequestId": { "description": "To find the request in the log.", "schema": { "type": "string" } },
        "RateLimit": { "description": "How many requests may come at once.", "schema": { "type": "integer" } },
        "RateLimitRemaining": { "description": "How many of them are left.", "schema": { "type": "integer" } },
        "RateLimitReset": { "description": "Seconds until more may come.", "schema": { "type": "integer" } },
        "RetryAfter": { "description": "Seconds after which trying again makes sense.", "schema": { "type": "integer" } },
    });
    document["components"]["examples"] = Code::ALL.iter().map(|code| (code.as_str().to_owned(), json!({ "value": examples::error(*code) }))).collect();
    close(document);
    let demanding = demanding(document);
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            complete_operation(path, method, operation, &demanding);
        }
    }
}

fn complete_operation(path: &str, method: &str, operation: &mut Value, demanding: &BTreeSet<String>) {
    let id = camel_case(operation["operationId"].as_str().unwrap_or_default());
    let is_open = operation["security"].is_array();
    if !is_open {
        operation["security"] = json!([{ "apiKey": [] }]);
    }
    let has_body = operation["requestBody"].is_object();
    let idempotent = method == "post" && !NOT_IDEMPOTENT.contains(&id.as_str());
    if idempotent {
        let parameters = operation["parameters"].take();
        let mut parameters = parameters.as_array().cloned().unwrap_or_default();
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        operation["parameters"] = Value::Array(parameters);
    }
    let mut codes: BTreeSet<&str> = BTreeSet::from(["VALIDATION_ERROR", "RATE_LIMITED", "INTERNAL_ERROR"]);
    let own = operation["x-error-codes"].take();
    codes.extend(own.as_array().into_iter().flatten().filter_map(Value::as_str));
    if !is_open {
        codes.insert("UNAUTHORIZED");
    }
    if path.contains('{') {
        codes.insert("NOT_FOUND");
    }
    if has_body {
        codes.extend(["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"]);
        // An absent body equals `{}`, which is a body wherever no member has to be there.
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let may_be_absent = schema_name(schema).is_some_and(|name| !demanding.contains(name)) && REQUIRED.iter().all(|(of, _)| *of != id);
        operation["requestBody"]["required"] = Value::Bool(!may_be_absent);
        let content = &mut operation["requestBody"]["content"]["application/json"];
        if let Some((_, names)) = REQUIRED.iter().find(|(of, _)| *of == id) {
            content["schema"] = json!({ "allOf": [content["schema"], { "required": names }] });
        }
        if let Some(example) = examples::request(&id) {
            content["example"] = example;
        }
    }
    if idempotent {
        codes.insert("IDEMPOTENCY_CONFLICT");
    }
    for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
        if let Some(example) = examples::answer(&id) {
            answer["content"]["application/json"]["example"] = example;
        }
        answer["headers"] = headers(is_open, false);
        for (_, _, to, name, pointer) in LINKS.iter().filter(|(from, of, ..)| *from == id && of == status) {
            let link = &mut answer["links"][*to];
            link["operationId"] = json!(to);
            link["parameters"][*name] = Value::String(format!("$response.body#{pointer}"));
        }
    }
    // In the order of the contract.
    let codes: Vec<Code> = Code::ALL.iter().copied().filter(|code| codes.contains(code.as_str())).collect();
    operation["x-error-codes"] = codes.iter().map(|code| code.as_str()).collect();
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        operation["responses"][status.to_string()] = error_answer(&codes, headers(is_open, status == 429));
    }
    operation["operationId"] = Value::String(id);
}

fn error_answer(codes: &[Code], headers: Value) -> Value {
    let description: Vec<_> = codes.iter().map(|code| format!("- `{}`: {}", code.as_str(), code.meaning())).collect();
    let examples: Map<String, Value> =
        codes.iter().map(|code| (code.as_str().to_owned(), json!({ "$ref": format!("#/components/examples/{}", code.as_str()) }))).collect();
    json!({
        "description": description.join("\n"),
        "headers": headers,
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" }, "examples": examples } },
    })
}

/// Only calls with a key are counted by key.
fn headers(is_open: bool, is_limited: bool) -> Value {
    let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
    if !is_open {
        for (name, of) in [("X-RateLimit-Limit", "RateLimit"), ("X-RateLimit-Remaining", "RateLimitRemaining"), ("X-RateLimit-Reset", "RateLimitReset")] {
            headers[name] = json!({ "$ref": format!("#/components/headers/{of}") });
        }
    }
    if is_limited {
        headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
    }
    headers
}

/// `list_api_keys` → `listApiKeys`
fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut all, part| {
        let mut chars = part.chars();
        all.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        all.push_str(chars.as_str());
        all
    })
}

/// No object has members that it does not name, and an answer always has those that may be null: where one can be missing its
/// type says so by `required = false` and is not null then.
fn close(document: &mut Value) {
    let asked = reachable(document, "requestBody");
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (name, schema) in schemas {
        close_schema(schema, !asked.contains(name));
    }
}

fn close_schema(schema: &mut Value, is_answer: bool) {
    for variants in ["oneOf", "allOf", "anyOf"] {
        for variant in schema.get_mut(variants).and_then(Value::as_array_mut).into_iter().flatten() {
            close_schema(variant, is_answer);
        }
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object).filter(|properties| !properties.is_empty()) else { return };
    let nullable: Vec<String> = properties.iter().filter(|(_, property)| is_nullable(property)).map(|(name, _)| name.clone()).collect();
    if schema.get("additionalProperties").is_none() {
        schema["additionalProperties"] = Value::Bool(false);
    }
    if is_answer && !nullable.is_empty() {
        let mut required: BTreeSet<String> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        required.extend(nullable);
        schema["required"] = required.into_iter().collect();
    }
}

fn is_nullable(property: &Value) -> bool {
    let null = Value::String("null".to_owned());
    property["type"].as_array().is_some_and(|types| types.contains(&null))
        || property["oneOf"].as_array().is_some_and(|of| of.iter().any(|of| of["type"] == null))
}

/// Names of the schemas with members that have to be there.
fn demanding(document: &Value) -> BTreeSet<String> {
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    schemas.filter(|(_, schema)| schema["required"].as_array().is_some_and(|names| !names.is_empty())).map(|(name, _)| name.clone()).collect()
}

/// The name of the schema that is referred to, where one is.
pub fn schema_name(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")
}

/// Names of the schemas that the `part` of some operation leads to.
fn reachable(document: &Value, part: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&Value> = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| item.as_object().into_iter().flatten())
        .map(|(_, operation)| &operation[part])
        .collect();
    while let Some(value) = next.pop() {
        match value {
            Value::Array(items) => next.extend(items),
            Value::Object(members) => {
                if let Some(name) = schema_name(value)
                    && found.insert(name.to_owned())
                {
                    next.push(&document["components"]["schemas"][name]);
                }
                next.extend(members.values());
            }
            _ => {}
        }
    }
    found
}
