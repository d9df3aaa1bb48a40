//! Asking the service whether a credential works, and whose it is.

use super::{get, values_of, visible};
use crate::domain::connection::Connection;
use crate::domain::id::ConnectionId;
use crate::domain::{Code, Error};
use crate::oauth::identity::{Verdict, who_am_i};
use crate::service::refresh::{self, When};
use crate::service::{About, Result, Services, Writer};
use crate::store::connections::StoredError;
use crate::store::{self};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Asks the service in the background whose credential it is.
pub(in crate::service) fn check_later(services: &Services, id: ConnectionId) {
    let services = services.clone();
    services.tasks.clone().spawn(async move {
        // Where there is nothing to ask, a login has just been done.
        if let Err(error) = look(&services, &id, "system", When::NearExpiry).await {
            tracing::debug!(connection = %id, %error, "background check");
        }
    });
}

/// What a live test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestReport {
    /// True: works; false: refused; null: could not be found out.
    pub ok: Option<bool>,
    /// A sentence for a person.
    pub message: String,
}

/// Asks the service whether the credential works and whose it is.
pub async fn test(services: &Services, reader: &Writer, id: &str) -> Result<(TestReport, Connection)> {
    let id = {
        let mut conn = services.store.conn().await?;
        visible(&mut conn, reader, id).await?.id
    };
    let report = test_now(services, &id, reader.name()).await?;
    Ok((report, get(services, reader, id.as_str()).await?))
}

/// Code of the error that a refused test leaves.
pub(super) const REJECTED: &str = "credentials_rejected";

/// Asks now. Where all that can be asked is whether the login is accepted, it is done.
pub(in crate::service) async fn test_now(services: &Services, id: &ConnectionId, actor: &str) -> Result<TestReport> {
    look(services, id, actor, When::Now).await
}

async fn look(services: &Services, id: &ConnectionId, actor: &str, log_in: When) -> Result<TestReport> {
    let (mut connection, mut credential) = refresh::fresh(services, id, When::NearExpiry).await?;
    let not_found = || Error::new(Code::IntegrationNotFound, "The integration of this connection is gone");
    let definition = services.catalog.get(&connection.integration_name).ok_or_else(not_found)?;
    let method = definition.method(&connection.auth_method_key).cloned().ok_or_else(not_found)?;
    let only_login = method.login.is_some() && method.identity.is_none() && method.test.is_none();
    let mut verdict = if only_login && log_in == When::Now {
        match refresh::fresh(services, id, When::Now).await {
            Ok(renewed) => {
                (connection, credential) = renewed;
                Verdict::Works(None)
            }
            Err(error) if error.code == Code::ConnectionExpired => return Err(error),
            Err(error) => Verdict::Unknown(error.message),
        }
    } else {
        let values = values_of(services, &method, &connection, &credential).await?;
        who_am_i(&services.http, &definition, &method, &values, &services.moment()).await
    };
    if only_login && verdict == Verdict::NoCheck && credential.tokens.is_some() {
        verdict = Verdict::Works(None);
    }
    // A token that ended before its time: one new one, one more try. What cannot be renewed has been refused.
    if verdict == Verdict::Rejected(401) && connection.renewable {
        match refresh::renew(services, &connection).await {
            Ok(Some((renewed, credential))) => {
                let values = values_of(services, &method, &renewed, &credential).await?;
                verdict = who_am_i(&services.http, &definition, &method, &values, &services.moment()).await;
                connection = renewed;
            }
            Ok(None) => {}
            Err(error) if error.code == Code::ConnectionExpired => return Err(error),
            Err(error) => verdict = Verdict::Unknown(error.message),
        }
    }
    let service = &definition.display_name;
    let now = services.now();
    let mut tx = services.store.begin_write().await?;
    let was_rejected = connection.error.as_ref().is_some_and(|error| error.code == REJECTED);
    let (report, kind) = match verdict {
        Verdict::Works(mut account) => {
            // Which of several accounts was chosen is known from the day it was, not from who owns the token.
            if let (Some(account), Some(choose)) = (&mut account, &method.choose)
                && connection.props.contains_key(&choose.prop)
            {
                account.tenant = connection.account.as_ref().and_then(|account| account.tenant.clone()).or(account.tenant.take());
            }
            if let Some(account) = &account {
                store::connections::set_account(&mut tx, id, account, now).await?;
            }
            if was_rejected {
                store::connections::set_error(&mut tx, id, None, now).await?;
            }
            let whose = account.map_or_else(String::new, |account| format!(" It belongs to {}.", account.label));
            (TestReport { ok: Some(true), message: format!("{service} accepts this credential.{whose}") }, "connection.tested")
        }
        Verdict::Rejected(status) => {
            let message = format!("{service} does not accept this credential (status {status}). Connect it again with a valid one.");
            let error = StoredError { code: REJECTED.to_owned(), message: message.clone(), at: now, is_final: true };
            store::connections::set_error(&mut tx, id, Some(&error), now).await?;
            (TestReport { ok: Some(false), message }, "connection.error")
        }
        Verdict::Unknown(why) => (TestReport { ok: None, message: format!("{service} gave no usable answer: {why}.") }, "connection.tested"),
        Verdict::NoCheck => (TestReport { ok: None, message: format!("{service} offers no way to test a credential.") }, "connection.tested"),
    };
    let about = About::from(&connection);
    let data = serde_json::json!({ "ok": report.ok, "message": report.message });
    if was_rejected && report.ok == Some(false) {
        // Known already: it is on record, and webhooks are not told again.
        services.note(&mut tx, kind, actor, about, data).await?;
    } else {
        services.record(&mut tx, kind, actor, about, data).await?;
    }
    if was_rejected && report.ok == Some(true) {
        services.record(&mut tx, "connection.recovered", actor, about, serde_json::json!({ "code": REJECTED })).await?;
    }
    services.commit(tx).await?;
    Ok(report)
}
