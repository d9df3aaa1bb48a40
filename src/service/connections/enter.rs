//! The first login of a connection whose method has one: it proves what was entered, and gives the first access token.

use super::template_values;
use crate::catalog::{Definition, Method};
use crate::domain::{Code, Error, FieldError, Timestamp};
use crate::oauth::exchange::Failure;
use crate::oauth::login;
use crate::service::form::Checked;
use crate::service::{Result, Services};
use crate::vault::OAuthTokens;

/// What is known of the first access token.
#[derive(Debug, Clone, Default)]
pub(in crate::service) struct Entry {
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// What the service says it is good for.
    pub granted_scopes: Vec<String>,
}

/// Logs in with what a form gave, and adds the token to it; nothing where the method has no login. A refusal is an error of the field that
/// holds the secret, which a client calls `path_of`. A service that is unwell refuses nothing: there is no token yet then, and it is got
/// when it is first needed.
pub(in crate::service) async fn enter(
    services: &Services,
    definition: &Definition,
    method: &Method,
    checked: &mut Checked,
    path_of: impl Fn(&str) -> String,
) -> Result<Entry> {
    let Some(login) = &method.login else { return Ok(Entry::default()) };
    let values = template_values(&checked.props, &checked.credential);
    let answered = login::log_in(&services.http, definition, method, &values, &services.moment()).await;
    let answered = answered.and_then(|tokens| Ok((login::captured(login, &tokens.raw)?, tokens)));
    let now = services.now();
    match answered {
        Ok((captured, tokens)) => {
            checked.props.extend(captured);
            let expires_at = tokens.expires_at(now);
            checked.credential.tokens =
                Some(OAuthTokens { access_token: tokens.access_token, refresh_token: tokens.refresh_token, token_type: tokens.token_type });
            Ok(Entry { expires_at, granted_scopes: tokens.scopes.unwrap_or_default() })
        }
        Err(failure) if failure.is_transient() => Ok(Entry { expires_at: Some(now), granted_scopes: Vec::new() }),
        Err(failure) => Err(refusal(definition, method, &failure, path_of)),
    }
}

fn refusal(definition: &Definition, method: &Method, failure: &Failure, path_of: impl Fn(&str) -> String) -> Error {
    let message = failure.sentence(&definition.display_name);
    if matches!(failure, Failure::Unsendable(_)) {
        return Error::new(Code::Validation, message);
    }
    let secret = method.login_secrets().next();
    let fields = secret.map(|field| FieldError { path: path_of(&field.key), code: "REJECTED".to_owned(), message: message.clone() });
    Error { fields: fields.into_iter().collect(), ..Error::new(Code::CredentialsRejected, message) }
        .suggest("Check that what was entered is complete and still valid, and try again")
}
