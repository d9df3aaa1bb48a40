//! What an end user is told when something does not work: a few kinds, whatever the code. The hosted page has words for each, in
//! every language; what exactly happened is for the application, in the API's English.

use super::attempt::ANEW;
use crate::domain::connect_session::SessionStatus;
use crate::domain::{Code, Error};
use crate::store::connect_sessions::StoredSession;

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The person, or somebody above them, did not agree at the service.
    NotGranted,
    /// The service does not accept what was typed.
    Rejected,
    /// The service does not answer, or has a problem of its own.
    Unreachable,
    /// It is the application, or the operator, that has to change something.
    NotSetUp,
    /// What the service sent back could not be used.
    NotCompleted,
    /// The connection has ended: only connecting anew helps.
    Ended,
    /// Anything else.
    Other,
}

impl From<&Error> for Trouble {
    fn from(error: &Error) -> Self {
        Self::of_code(error.code)
    }
}

impl Trouble {
    /// Why the last attempt of a session failed, if it did.
    pub fn of_session(session: &StoredSession) -> Option<Self> {
        if session.status != SessionStatus::Failed {
            return None;
        }
        // A client that had ended has been registered anew: the next attempt may well go through.
        if session.error_message.as_deref() == Some(ANEW) {
            return Some(Self::NotCompleted);
        }
        session.error_code.as_deref().map(Self::of_text)
    }

    /// Of the codes that an attempt ends with: the provider's own, this product's for what came back, or those of the contract.
    fn of_text(code: &str) -> Self {
        match code {
            "access_denied" | "user_denied" | "user_cancelled_login" | "user_cancelled_authorize" => Self::NotGranted,
            "temporarily_unavailable" | "server_error" => Self::Unreachable,
            "invalid_scope" | "unauthorized_client" | "invalid_client" | "redirect_uri_mismatch" | "unsupported_response_type" => Self::NotSetUp,
            other => Code::parse(other).map_or(Self::NotCompleted, Self::of_code),
        }
    }

    fn of_code(code: Code) -> Self {
        match code {
            Code::CredentialsRejected => Self::Rejected,
            Code::Provider | Code::RefreshFailed | Code::EgressBlocked => Self::Unreachable,
            Code::NoOAuthApp | Code::IntegrationNotFound | Code::Validation => Self::NotSetUp,
            Code::TokenExchangeFailed => Self::NotCompleted,
            Code::ConnectionExpired => Self::Ended,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart() {
        for (code, trouble) in [
            ("access_denied", Trouble::NotGranted),
            ("server_error", Trouble::Unreachable),
            ("PROVIDER_ERROR", Trouble::Unreachable),
            ("redirect_uri_mismatch", Trouble::NotSetUp),
            ("NO_OAUTH_APP", Trouble::NotSetUp),
            ("issuer_mismatch", Trouble::NotCompleted),
            ("TOKEN_EXCHANGE_FAILED", Trouble::NotCompleted),
            ("INTERNAL_ERROR", Trouble::Other),
            ("something_of_theirs", Trouble::NotCompleted),
        ] {
            assert_eq!(Trouble::of_text(code), trouble, "{code}");
        }
    }
}
