//! The one error of the product. It says what happened; `api::error` turns its code into a status.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a field of a request should have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Where: `props.base_url`.
    pub path: String,
    /// `REQUIRED`, `INVALID`, `UNKNOWN`, `TOO_LONG`, `OUT_OF_RANGE`.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $wire:literal, $status:literal;)*) => {
        /// Every machine-readable error code of the contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[doc = $doc])* #[serde(rename = $wire)] $variant,)*
        }

        impl Code {
            /// All of them, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As it goes over the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)* }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// A sentence of documentation.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),*).trim_ascii(),)* }
            }

            /// The one with this wire form.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($wire => Some(Self::$variant),)* _ => None }
            }
        }

        #[cfg(feature = "ssr")]
        impl utoipa::PartialSchema for Code {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                const MEANINGS: &[(&str, &str)] = &[$(($wire, concat!($($doc),*)),)*];
                super::schema::wire_enum(" What went wrong, for machines.", MEANINGS)
            }
        }

        #[cfg(feature = "ssr")]
        impl utoipa::ToSchema for Code {}
    };
}

codes! {
    /// Something in the request is missing, unknown or malformed.
    Validation = "VALIDATION_ERROR", 400;
    /// The key can see several workspaces and the request names none.
    WorkspaceRequired = "WORKSPACE_REQUIRED", 400;
    /// The integration has no OAuth app that could be used.
    NoOAuthApp = "NO_OAUTH_APP", 400;
    /// The connection is not of an OAuth type.
    NotOAuth2 = "NOT_OAUTH2", 400;
    /// The workspace does not allow this redirect URI.
    RedirectUriNotAllowed = "REDIRECT_URI_NOT_ALLOWED", 400;
    /// The provider refused the credentials.
    CredentialsRejected = "CREDENTIALS_REJECTED", 400;
    /// The action needs a connection and there is none.
    ConnectionRequired = "CONNECTION_REQUIRED", 400;
    /// The connection was granted fewer scopes than needed.
    ScopeMissing = "SCOPE_MISSING", 400;
    /// The provider refused the action.
    ActionFailed = "ACTION_FAILED", 400;
    /// The address may not be called from here.
    EgressBlocked = "EGRESS_BLOCKED", 400;
    /// No API key, or not a valid one.
    Unauthorized = "UNAUTHORIZED", 401;
    /// The connect or portal token is not known or no longer valid.
    InvalidToken = "INVALID_TOKEN", 401;
    /// A connect or portal token is needed.
    MissingToken = "MISSING_TOKEN", 401;
    /// The caller's rights do not include this.
    Forbidden = "FORBIDDEN", 403;
    /// It exists, but in another scope than the one asked in.
    ScopeDenied = "SCOPE_DENIED", 403;
    /// There is no such thing.
    NotFound = "NOT_FOUND", 404;
    /// There is no such connection.
    ConnectionNotFound = "CONNECTION_NOT_FOUND", 404;
    /// There is no such integration.
    IntegrationNotFound = "INTEGRATION_NOT_FOUND", 404;
    /// There is no such end user.
    EndUserNotFound = "END_USER_NOT_FOUND", 404;
    /// There is no such action.
    ActionNotFound = "ACTION_NOT_FOUND", 404;
    /// The path exists, the method does not.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405;
    /// It exists already.
    Duplicate = "DUPLICATE", 409;
    /// Another workspace has that slug.
    SlugExists = "SLUG_EXISTS", 409;
    /// It still holds something.
    NotEmpty = "NOT_EMPTY", 409;
    /// Several connections fit equally well.
    AmbiguousIntegration = "AMBIGUOUS_INTEGRATION", 409;
    /// The idempotency key was used for another request, or the first is still running.
    IdempotencyConflict = "IDEMPOTENCY_CONFLICT", 409;
    /// The connect page is open in another browser.
    SessionAlreadyOpen = "SESSION_ALREADY_OPEN", 409;
    /// The connection's credentials have expired for good.
    ConnectionExpired = "CONNECTION_EXPIRED", 409;
    /// The connect session is over.
    SessionExpired = "SESSION_EXPIRED", 410;
    /// It changed since it was read.
    PreconditionFailed = "PRECONDITION_FAILED", 412;
    /// The body is larger than 1 MiB.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413;
    /// The body is not JSON.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415;
    /// Too many requests.
    RateLimited = "RATE_LIMITED", 429;
    /// Something went wrong here.
    Internal = "INTERNAL_ERROR", 500;
    /// The provider gave no usable answer.
    Provider = "PROVIDER_ERROR", 502;
    /// The provider gave no new access token.
    RefreshFailed = "REFRESH_FAILED", 502;
    /// The provider gave no tokens for the authorization code.
    TokenExchangeFailed = "TOKEN_EXCHANGE_FAILED", 502;
}

/// What went wrong, in the words of the contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Error {
    /// For machines.
    pub code: Code,
    /// One sentence for a person.
    pub message: String,
    /// Wrong fields, if that is what it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// Further facts (`existingId`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, serde_json::Value>,
    /// What to do next, where there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// Seconds after which trying again makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl Error {
    /// An error with `code` and a sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Vec::new(), details: BTreeMap::new(), suggestion: None, retry_after: None }
    }

    /// One field is wrong.
    pub fn field(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { path: path.into(), code: "INVALID".to_owned(), message: message.into() }])
    }

    /// One field is missing.
    pub fn required(path: impl Into<String>) -> Self {
        let path = path.into();
        let message = format!("{path} is required");
        Self::fields(vec![FieldError { path, code: "REQUIRED".to_owned(), message }])
    }

    /// Several fields are wrong; the sentence is made of the first.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let message = match fields.as_slice() {
            [] => "The request is not valid".to_owned(),
            [one] => one.message.clone(),
            [first, rest @ ..] => format!("{} (and {} more)", first.message, rest.len()),
        };
        Self { fields, ..Self::new(Code::Validation, message) }
    }

    /// Something of ours failed; what exactly is in the log, not in the answer.
    pub fn internal() -> Self {
        Self::new(Code::Internal, "Something went wrong on our side. Try again; if it happens again, give the request id to the operator")
    }

    /// With a further fact.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// With a next step.
    #[must_use]
    pub fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Error {}
