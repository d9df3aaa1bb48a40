//! A connection's credential in the clear: made from a form or a token answer, sealed at once, opened when it is used.

use super::Secret;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// What is sealed in `connections.secret`. No `Serialize`: [`Credential::to_bytes`] is for the vault only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credential {
    /// Secret inputs by field name: `secretText`, `password`, `api_key`.
    pub values: BTreeMap<String, Secret>,
    /// OAuth tokens.
    pub tokens: Option<OAuthTokens>,
}

/// OAuth tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthTokens {
    /// For the API.
    pub access_token: Secret,
    /// For the next access token.
    pub refresh_token: Option<Secret>,
    /// As it goes before the token.
    pub token_type: String,
}

/// The sealed form.
#[derive(serde::Serialize, serde::Deserialize)]
struct Sealed {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, Zeroizing<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_token: Option<Zeroizing<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Zeroizing<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_type: Option<String>,
}

impl Credential {
    /// Plaintext for the vault.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let keep = |secret: &Secret| Zeroizing::new(secret.expose().to_owned());
        let sealed = Sealed {
            values: self.values.iter().map(|(name, value)| (name.clone(), keep(value))).collect(),
            access_token: self.tokens.as_ref().map(|tokens| keep(&tokens.access_token)),
            refresh_token: self.tokens.as_ref().and_then(|tokens| tokens.refresh_token.as_ref()).map(keep),
            token_type: self.tokens.as_ref().map(|tokens| tokens.token_type.clone()),
        };
        Zeroizing::new(serde_json::to_vec(&sealed).unwrap_or_default())
    }

    /// From the vault's plaintext.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let sealed: Sealed = serde_json::from_slice(bytes).ok()?;
        let take = |text: Zeroizing<String>| Secret::new(text.as_str());
        Some(Self {
            values: sealed.values.into_iter().map(|(name, value)| (name, take(value))).collect(),
            tokens: sealed.access_token.map(|access_token| OAuthTokens {
                access_token: take(access_token),
                refresh_token: sealed.refresh_token.map(take),
                token_type: sealed.token_type.unwrap_or_else(|| "Bearer".to_owned()),
            }),
        })
    }
}
