//! Actions: requests to services, made with stored credentials that the caller never sees.
//!
//! `choose.rs` finds the connection that is meant, `declared.rs` and `custom.rs` put the request together, `send.rs` sends it and follows
//! redirects without taking credentials along, `patience.rs` says when it is sent once more, `answer.rs` makes of the answer an output
//! or an error, and `redact.rs` takes the connection's secrets out of both.

mod answer;
mod choose;
mod custom;
mod declared;
mod patience;
mod redact;
mod send;

use super::refresh::{self, When};
use super::{About, Result, Services, Writer, connections, text};
use crate::catalog::{Action, CUSTOM_API_CALL, Definition, Method, Values, custom_api_call};
use crate::domain::id::ConnectionId;
use crate::domain::{Code, Error, FieldError, Timestamp};
use crate::oauth::http::{Answer, Request};
use crate::oauth::place::BuildError;
use crate::oauth::sign;
use crate::server::trace::carry;
use crate::store;
use crate::store::connections::StoredConnection;
use crate::vault::Credential;
use patience::Heard;
use redact::Redactor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// Longest time for a whole action, with a refresh, a second try and redirects ([`Services::action_limit`] is this but in tests).
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Body of `POST /actions/execute`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Execute {
    /// Integration. May be left out where a workspace integration is named.
    #[schema(min_length = 1, max_length = 200)]
    pub integration_name: Option<String>,
    /// Which of the integration's actions.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub action_name: Option<String>,
    /// What the action takes: see `inputSchema` of the integration's `actions`.
    pub input: Option<Map<String, Value>>,
    /// Workspace, id or slug.
    pub workspace_id: Option<String>,
    /// Whose connection: end user, the customer's id or ours.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub end_user_id: Option<String>,
    /// Which connection, by the customer's identifier.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub connection_external_id: Option<String>,
    /// Only connections made with this method.
    pub auth_method_key: Option<String>,
    /// The integration as the workspace has set it up, by id.
    #[schema(value_type = Option<crate::domain::id::WorkspaceIntegrationId>)]
    pub workspace_integration_id: Option<String>,
    /// The integration as the workspace has set it up, by alias.
    pub integration_alias: Option<String>,
    /// As the header `Idempotency-Key`.
    #[schema(min_length = 1, max_length = 255, pattern = "^[!-~]+$")]
    pub idempotency_key: Option<String>,
    /// Accepted and ignored, for the published clients.
    #[schema(deprecated)]
    pub partial_ids: Option<Value>,
}

/// What an action did.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Executed {
    /// Always true.
    pub success: bool,
    /// What the service answered, or the part of it that the action is about.
    pub output: Value,
    /// What to change in `input` to get the next page; absent on the last page, and where an action has no pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Map<String, Value>, required = false)]
    pub next: Option<Map<String, Value>>,
    /// Milliseconds.
    pub duration: i64,
}

/// What is to be done.
struct Plan {
    definition: Arc<Definition>,
    action: String,
    input: Map<String, Value>,
    connection: ConnectionId,
    /// For the log.
    actor: String,
}

/// Does something with a connection. Whoever may resolve a connection may use it: no secret is shown.
pub async fn execute(services: &Services, writer: &Writer, request: Execute) -> Result<Executed> {
    let setup = choose::setup(services, writer, &request).await?;
    let named = request.integration_name.as_deref().or(setup.as_ref().map(|setup| setup.integration_name.as_str()));
    let definition = connections::find_integration(services, named)?;
    let action = text("actionName", request.action_name.as_deref().unwrap_or_default(), 200)?;
    find_action(&definition, &action)?;
    choose::check_enabled(setup.as_ref(), &action)?;
    let input = request.input.clone().unwrap_or_default();
    check_input(&definition, &action, &input)?;
    let connection = choose::connection(services, writer, &definition, setup.as_ref(), &request).await?;
    let plan = Plan { definition, action, input, connection, actor: writer.name().to_owned() };
    // In a task of its own: what was done is on record though the caller hangs up.
    let task = services.clone();
    let running = services.tasks.spawn(carry(async move { run(&task, plan).await }));
    running.await.unwrap_or_else(|_| Err(Error::internal()))
}

/// What a name stands for. `None` is any request to the API.
fn find_action<'a>(definition: &'a Definition, name: &str) -> Result<Option<&'a Action>> {
    if name == CUSTOM_API_CALL && definition.has_custom_api_call() {
        return Ok(None);
    }
    definition.actions.get(name).map(Some).ok_or_else(|| {
        let mut known: Vec<&str> = definition.actions.keys().map(String::as_str).collect();
        known.extend(definition.has_custom_api_call().then_some(CUSTOM_API_CALL));
        let error = Error::new(Code::ActionNotFound, format!("{} has no action {name:?}", definition.display_name)).with("actions", known.clone());
        match nearest(name, &known) {
            Some(near) => error.suggest(format!("Did you mean {near:?}?")),
            None if known.is_empty() => error,
            None => error.suggest(format!("There are {}", known.join(", "))),
        }
    })
}

/// The known name that `name` is most likely meant to be.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let closest = known.iter().map(|known| (distance(name, known), *known)).min()?;
    (closest.0 <= (name.len() / 3).max(2)).then_some(closest.1)
}

/// How many characters must be changed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn check_input(definition: &Definition, action: &str, input: &Map<String, Value>) -> Result<()> {
    let input_value = Value::Object(input.clone());
    let wrong = match find_action(definition, action)? {
        Some(action) => action.input.check(&input_value),
        None => custom_api_call().input.as_ref().map_err(|_| Error::internal())?.check(&input_value),
    };
    if wrong.is_empty() { Ok(()) } else { Err(Error::fields(wrong)) }
}

/// What came of an action.
struct Outcome {
    /// What the service answered with, if it did.
    status: Option<u16>,
    result: Result<Done>,
}

/// What an action that worked gave.
struct Done {
    output: Value,
    /// What to change in the input for the next page.
    next: Option<Map<String, Value>>,
}

async fn run(services: &Services, plan: Plan) -> Result<Executed> {
    let started = services.now();
    let (connection, credential) = refresh::fresh(services, &plan.connection, When::NearExpiry).await?;
    check_scopes(&plan, &connection)?;
    let in_time = tokio::time::timeout(services.action_limit, call(services, &plan, &connection, credential, started)).await;
    let outcome = in_time.unwrap_or_else(|_| Outcome {
        status: None,
        result: Err(Error::new(Code::Provider, format!("{} gave no answer within {} seconds", plan.definition.display_name, services.action_limit.as_secs()))),
    });
    let duration = (services.now().0 - started.0).max(0);
    note(services, &plan, &connection, &outcome, duration).await;
    let Done { output, next } = outcome.result?;
    Ok(Executed { success: true, output, next, duration })
}

/// An OAuth connection that is known to have been granted less than the action needs is not tried with.
fn check_scopes(plan: &Plan, connection: &StoredConnection) -> Result<()> {
    let Some(action) = find_action(&plan.definition, &plan.action)? else { return Ok(()) };
    // Nothing known of what was granted: the service will say.
    if !connection.kind.is_oauth() || connection.granted_scopes.is_empty() {
        return Ok(());
    }
    let missing: Vec<&str> = action.required_scopes.iter().filter(|scope| !connection.granted_scopes.contains(scope)).map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let service = &plan.definition.display_name;
    Err(Error::new(Code::ScopeMissing, format!("This {service} connection was not granted {}, which {} needs", missing.join(", "), plan.action))
        .with("missingScopes", missing)
        .with("connectionId", connection.id.as_str())
        .suggest("Connect the account again with these in `scopes` of POST /api/v1/connect/token"))
}

async fn call(services: &Services, plan: &Plan, connection: &StoredConnection, credential: Credential, started: Timestamp) -> Outcome {
    let mut attempt = attempt(services, plan, connection, &credential, started).await;
    // A token that ended before its time: one new one, one more try.
    if let Ok((answer, ..)) = &attempt
        && answer.status.as_u16() == 401
        && connection.renewable
    {
        match refresh::renew(services, connection).await {
            Ok(Some((connection, credential))) => attempt = self::attempt(services, plan, &connection, &credential, started).await,
            Ok(None) => {}
            Err(error) if error.code == Code::ConnectionExpired => return Outcome { status: Some(401), result: Err(error) },
            Err(error) => tracing::debug!(connection = %connection.id, %error, "a refused token could not be renewed"),
        }
    }
    match attempt {
        Ok((answer, heard, secrets)) => {
            let status = Some(answer.status.as_u16());
            let result = find_action(&plan.definition, &plan.action).and_then(|action| answer::judge(plan, action, answer, heard, &secrets));
            Outcome { status, result }
        }
        Err(error) => Outcome { status: None, result: Err(error) },
    }
}

/// Sends the request, and once more where that is safe and soon.
async fn attempt(
    services: &Services,
    plan: &Plan,
    connection: &StoredConnection,
    credential: &Credential,
    started: Timestamp,
) -> Result<(Answer, Heard, Redactor)> {
    let gone = || Error::new(Code::IntegrationNotFound, "The method that this connection was made with is gone").suggest("Connect the account again");
    let method = plan.definition.method(&connection.auth_method_key).ok_or_else(gone)?;
    let stored = connections::values_of(services, method, connection, credential).await?;
    let values = sign::ready(method, stored, &services.moment()).map_err(|error| unsignable(&plan.definition, &error))?;
    let secrets = Redactor::new(method, &values, credential);
    let mut ready = Ready { definition: &plan.definition, method, values, secrets };
    let action = find_action(&plan.definition, &plan.action)?;
    let request = build(&ready, action, plan)?;
    let may_repeat = patience::may_repeat(action, &request);
    let mut answer = send::send(services, &mut ready, request).await?;
    let mut heard = Heard::of(&plan.definition, &answer, services.now());
    let spent = Duration::from_millis(u64::try_from(services.now().0 - started.0).unwrap_or(0));
    if let Some(pause) = heard.pause(answer.status.as_u16(), may_repeat, services.action_limit.saturating_sub(spent)) {
        tracing::debug!(connection = %connection.id, status = answer.status.as_u16(), ?pause, "sent once more");
        tokio::time::sleep(pause).await;
        let again = build(&ready, action, plan)?;
        answer = send::send(services, &mut ready, again).await?;
        heard = Heard::of(&plan.definition, &answer, services.now());
    }
    Ok((answer, heard, ready.secrets))
}

fn build(ready: &Ready<'_>, action: Option<&Action>, plan: &Plan) -> Result<Request> {
    match action {
        Some(action) => declared::build(ready, action, &plan.input),
        None => custom::build(ready, &plan.input),
    }
}

fn unsignable(definition: &Definition, error: &BuildError) -> Error {
    Error::new(Code::ConnectionRequired, format!("With what was entered for this connection nothing can be signed for {}: {error}", definition.display_name))
        .suggest("Connect the account again")
}

/// A connection, ready to be used.
struct Ready<'a> {
    definition: &'a Definition,
    method: &'a Method,
    /// For templates, secrets among them.
    values: Values,
    secrets: Redactor,
}

impl Ready<'_> {
    /// Signs a request that is about to be sent, where the method does so. What comes of it is kept out of the answer.
    fn sign(&mut self, services: &Services, request: &mut Request) -> Result<()> {
        let signature = sign::sign(&self.method.placement, request, &self.values, &services.moment()).map_err(|error| self.cannot(error))?;
        if let Some(signature) = signature {
            self.secrets.add(signature.expose());
        }
        Ok(())
    }

    /// Says what is wrong with a request that could not be put together.
    fn cannot(&self, error: BuildError) -> Error {
        use crate::catalog::TemplateError::{Missing, Unsafe};
        match error {
            BuildError::Template(Unsafe(name)) if self.values.contains_key(&name) => {
                Error::new(Code::Validation, format!("The connection's value {name:?} cannot be used in this action")).suggest("Connect the account again")
            }
            BuildError::Template(Unsafe(name)) => Error::field(name.clone(), format!("{name} has characters that are not allowed there, such as line breaks")),
            BuildError::Template(Missing(name)) if self.method.choose.as_ref().is_some_and(|choose| choose.props().any(|prop| prop == name)) => Error::new(
                Code::ConnectionRequired,
                format!(
                    "{} has to be told {name:?}, which of the accounts is meant, and nobody has chosen one for this connection",
                    self.definition.display_name
                ),
            )
            .suggest("Connect the account again: it is asked for then"),
            BuildError::Template(Missing(name)) => Error::new(
                Code::ConnectionRequired,
                format!("This action needs {name:?}, which connections made with method {:?} do not have", self.method.key),
            ),
            BuildError::Sign(_) => unsignable(self.definition, &error),
            BuildError::ForeignHost(_) => Error::new(Code::EgressBlocked, error.to_string()),
            other => Error::new(Code::Validation, format!("The request could not be put together: {other}")),
        }
    }
}

/// Says that one input is wrong.
fn wrong(path: impl Into<String>, message: impl Into<String>) -> Error {
    Error::fields(vec![FieldError { path: path.into(), code: "INVALID".to_owned(), message: message.into() }])
}

/// A value as text in paths, queries, headers and forms. Nothing for null.
fn as_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        // Clients write whole numbers as 100.0 too.
        #[expect(clippy::cast_possible_truncation, reason = "whole and small enough, as the guard says")]
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => (float as i64).to_string(),
            _ => number.to_string(),
        },
        Value::Array(items) => items.iter().filter_map(as_text).collect::<Vec<_>>().join(","),
        Value::Object(_) => value.to_string(),
    })
}

/// Puts on record who did what with which connection, and how it ended; nothing of what was sent. It has been done by now, so a record
/// that fails does not fail the action.
async fn note(services: &Services, plan: &Plan, connection: &StoredConnection, outcome: &Outcome, duration: i64) {
    let data = serde_json::json!({
        "integrationName": plan.definition.name,
        "actionName": plan.action,
        "success": outcome.result.is_ok(),
        "status": outcome.status,
        "code": outcome.result.as_ref().err().map(|error| error.code.as_str()),
        "durationMs": duration,
    });
    let noted = async {
        let mut tx = services.store.begin_write().await?;
        store::connections::touch(&mut tx, &connection.id, services.now().to_minute()).await?;
        services.record(&mut tx, "action.executed", &plan.actor, About::from(connection), data).await?;
        tx.commit().await?;
        Ok::<_, Error>(())
    };
    if noted.await.is_err() {
        tracing::error!(connection = %connection.id, action = plan.action, "an action was executed and could not be put on record");
    }
}

/// The last that is done to a request before it is sent.
fn finish(ready: &Ready<'_>, request: &mut Request) -> Result<()> {
    if request.body.is_empty() && matches!(request.method, http::Method::POST | http::Method::PUT | http::Method::PATCH) {
        // Some servers insist on being told that there is no body.
        request.headers.insert(http::header::CONTENT_LENGTH, http::HeaderValue::from_static("0"));
    }
    crate::oauth::place::add_api_query(ready.definition, &ready.values, &mut request.url).map_err(|error| ready.cannot(error))?;
    crate::oauth::place::add_query(&ready.method.placement, &ready.values, &mut request.url).map_err(|error| ready.cannot(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_recognised() {
        let known = ["send_channel_message", "list_channels", CUSTOM_API_CALL];
        assert_eq!(nearest("send_chanel_mesage", &known), Some("send_channel_message"));
        assert_eq!(nearest("listChannels", &known), Some("list_channels"));
        assert_eq!(nearest("delete_everything", &known), None);
        assert_eq!(nearest("x", &[]), None);
    }

    #[test]
    fn values_become_text() {
        for (value, text) in [
            (serde_json::json!("a"), Some("a")),
            (serde_json::json!(100.0), Some("100")),
            (serde_json::json!(0.5), Some("0.5")),
            (serde_json::json!(7), Some("7")),
            (serde_json::json!(true), Some("true")),
            (serde_json::json!(["a", 1]), Some("a,1")),
            (serde_json::json!(null), None),
        ] {
            assert_eq!(as_text(&value).as_deref(), text);
        }
    }
}
