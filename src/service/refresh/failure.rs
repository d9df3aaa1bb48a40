//! What a failed refresh means: for the connection, for its app, and for when to try again.

use super::Outcome;
use crate::domain::oauth_app::AppProblem;
use crate::domain::{Code, Error, Timestamp};
use crate::oauth::exchange::Failure;
use crate::service::{About, Services};
use crate::store::connections::{StoredConnection, StoredError};
use crate::store::oauth_apps::StoredApp;
use crate::store::refreshes::{Failed, note_failure};
use crate::store::{self};

/// The longest pause before a provider that is unwell is asked again.
const LONGEST_PAUSE_MS: i64 = 5 * 60 * 1000;
/// The same for what time alone will hardly mend.
const LONGEST_REFUSED_PAUSE_MS: i64 = 60 * 60 * 1000;

/// How long to leave the provider alone after so many failures in a row: 1 s · 2ⁿ, half of it by chance, so that those who failed
/// together do not come back together.
fn pause_ms(services: &Services, failure: &Failure, failures: i64) -> i64 {
    let longest = match failure {
        // As the provider asked; a little more, by chance.
        Failure::Throttled(seconds) => {
            let asked = i64::try_from(*seconds).unwrap_or(60).saturating_mul(1000);
            return asked.saturating_add(services.random_below(asked / 10 + 1));
        }
        Failure::Transport(_) | Failure::ProviderDown(_) => LONGEST_PAUSE_MS,
        Failure::AppMisconfigured(_) | Failure::GrantDead(_) | Failure::LoginRefused(_) | Failure::Refused(_) | Failure::Unsendable(_) => {
            LONGEST_REFUSED_PAUSE_MS
        }
    };
    let doubled = 1000_i64.saturating_mul(1_i64 << failures.clamp(0, 20)).min(longest);
    doubled / 2 + services.random_below(doubled / 2 + 1)
}

/// Notes the failure, and says it to the caller.
pub(super) async fn fail(services: &Services, connection: &StoredConnection, app: Option<&StoredApp>, service: &str, failure: &Failure) -> Outcome {
    note(services, connection, app, failure.sentence(service), failure).await
}

/// The same for a refresh that did not come as far as the provider: its app is gone, or its endpoints cannot be discovered.
pub(super) async fn unready(services: &Services, connection: &StoredConnection, error: Error) -> Outcome {
    let failure = if error.code == Code::Provider { Failure::Transport(error.message.clone()) } else { Failure::Unsendable(error.message.clone()) };
    match note(services, connection, None, error.message.clone(), &failure).await {
        Ok(()) => Ok(()),
        Err(noted) => Err(Error { retry_after: noted.retry_after, ..error }),
    }
}

async fn note(services: &Services, connection: &StoredConnection, app: Option<&StoredApp>, message: String, failure: &Failure) -> Outcome {
    let now = services.now();
    let failures = connection.refresh.failures + 1;
    let is_final = matches!(failure, Failure::GrantDead(_) | Failure::LoginRefused(_));
    let not_before = (!is_final).then(|| Timestamp(now.0.saturating_add(pause_ms(services, failure, failures))));
    let failed = Failed {
        error: StoredError { code: failure.code().to_owned(), message: message.clone(), at: now, is_final },
        failures,
        not_before,
        due_at: not_before.filter(|_| connection.refresh.due_at.is_some()),
    };
    let mut tx = services.store.begin_write().await?;
    if !note_failure(&mut tx, &connection.id, connection.version, &failed).await? {
        // Somebody else reconnected or deleted it: what we tried with is history.
        return Ok(());
    }
    let is_known = connection.error.as_ref().is_some_and(|before| before.code == failed.error.code && before.is_final == is_final);
    if !is_known {
        // Once, not at each of the tries that follow.
        let data = serde_json::json!({ "code": failed.error.code, "message": message, "final": is_final });
        services.record(&mut tx, "connection.error", "system", About::from(connection), data).await?;
    }
    if let Some(app) = app.filter(|_| failure.is_about_the_app()) {
        let problem = AppProblem { code: failure.code().to_owned(), message: message.clone(), at: now };
        if store::oauth_apps::set_problem(&mut tx, app, &problem).await? {
            tracing::warn!(app = %app.id, code = problem.code, "a provider does not accept an OAuth app: its connections are not refreshed until it is changed");
            let about = About { connection: None, workspace: app.workspace_id.as_ref().map(crate::domain::id::WorkspaceId::as_str) };
            let data = serde_json::json!({ "oauthAppId": app.id, "integrationName": app.integration_name, "code": problem.code, "message": message });
            services.record(&mut tx, "oauth_app.problem", "system", about, data).await?;
        }
    }
    services.commit(tx).await?;
    Err(answer(services, &failed.error, not_before))
}

/// Says what the app's problem means for one of its connections; the provider is not asked. It is noted once, without the app's
/// thousand connections failing one by one.
pub(super) async fn blocked(services: &Services, connection: &StoredConnection, problem: &AppProblem) -> Outcome {
    let error = StoredError { code: problem.code.clone(), message: problem.message.clone(), at: problem.at, is_final: false };
    if connection.error.as_ref().is_none_or(|before| before.code != error.code) {
        let failed = Failed { error: error.clone(), failures: connection.refresh.failures, not_before: None, due_at: connection.refresh.due_at };
        note_failure(&mut *services.store.conn().await?, &connection.id, connection.version, &failed).await?;
    }
    Err(answer(services, &error, None)
        .suggest("Correct the OAuth app, or check it (POST /api/v1/oauth-apps/{id}/check): its connections are not refreshed until then"))
}

/// What a caller is told who comes while a failure is remembered.
pub(super) fn told(services: &Services, connection: &StoredConnection) -> Error {
    match &connection.error {
        Some(error) => answer(services, error, connection.refresh.not_before),
        None => Error::new(Code::RefreshFailed, "This connection's token could not be renewed just now. It is tried again by itself"),
    }
}

fn answer(services: &Services, error: &StoredError, not_before: Option<Timestamp>) -> Error {
    let answer = if error.is_final {
        Error::new(Code::ConnectionExpired, error.message.clone()).suggest("Connect the account again")
    } else {
        let wait_ms = not_before.map(|at| at.0.saturating_sub(services.now().0)).filter(|ms| *ms > 0);
        let retry_after = wait_ms.and_then(|ms| u64::try_from(ms).ok()).map(|ms| ms.div_ceil(1000));
        Error { retry_after, ..Error::new(Code::RefreshFailed, error.message.clone()) }
    };
    answer.with("providerCode", error.code.as_str())
}
