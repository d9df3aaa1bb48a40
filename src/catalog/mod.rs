//! The integrations that exist: embedded ones from `integrations/`, and the operator's own from a directory.
//!
//! To add a service, add a TOML file there (`docs/adding-an-integration.md`); no code changes. A definition is data: code in
//! other modules knows grants and placements, never a brand name. A bad file stops the start with its name, line and key.

mod action;
mod api;
mod capture;
mod check;
mod choose;
mod definition;
mod dialect;
mod field;
mod input;
mod json_template;
mod live;
mod locate;
mod login;
mod next;
mod retry;
#[cfg(test)]
mod schema;
mod setup;
mod sign;
mod template;

pub use action::{Action, BodyEncoding, CUSTOM_API_CALL, ErrorWhen, Output, Paths, custom_api_call, is_reserved_header};
pub use capture::{captured, text_at};
pub use check::{ACCESS_TOKEN, CATEGORIES, CLIENT_ID, CLIENT_SECRET, Finding, PASSWORD, REFRESH_TOKEN, SECRET_TEXT, USERNAME};
pub use choose::{Choose, Filter, Listed};
pub use definition::*;
pub use dialect::{Revoke, Swap, TokenAnswer, TokenErrors};
pub use input::InputSchema;
pub use json_template::{INPUT_PREFIX, JsonTemplate, lacks_input};
pub use live::Live;
pub use login::{ClientCredentials, Expires, ExpiresUnit, JWT_BEARER, JwtBearer, Login, LoginRequest};
pub use next::{Next, Start};
pub use retry::{Retry, Throttled, Wait, WaitUnit};
pub use sign::{AwsScope, AwsSigV4, JWT, Jwt, JwtAlgorithm, KeyEncoding, NONCE, OAuth1, OAuth1Signature};
pub use template::{Template, TemplateError, UNRESERVED, Values};

use crate::domain::connection::ConnectionType;
use crate::domain::integration::{ActionView, AuthOption, FieldView, Integration, OAuth2View, OptionView};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

#[derive(rust_embed::RustEmbed)]
#[folder = "integrations/"]
struct Embedded;

/// All definitions, by name. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    by_name: Arc<BTreeMap<String, Arc<Definition>>>,
}

/// Every problem found while loading, a line each: `integrations/slack.toml:24: auth.oauth2: …`.
#[derive(Debug, thiserror::Error)]
#[error("the catalogue has errors:\n{}", .0.join("\n"))]
pub struct CatalogErrors(pub Vec<String>);

impl Catalog {
    /// The embedded definitions and those of `directory`, which may replace embedded ones of the same name.
    pub fn load(directory: Option<&Path>) -> Result<Self, CatalogErrors> {
        let mut loading = Loading::default();
        for file in Embedded::iter().filter(|f| f.ends_with(".toml")) {
            if let Some(content) = Embedded::get(&file) {
                loading.add(&format!("integrations/{file}"), &String::from_utf8_lossy(&content.data));
            }
        }
        if let Some(directory) = directory {
            loading.add_directory(directory);
        }
        loading.finish()
    }

    /// Only the definitions of `directory`: what `keyloom catalog check DIR` looks at.
    pub fn load_directory(directory: &Path) -> Result<Self, CatalogErrors> {
        let mut loading = Loading::default();
        loading.add_directory(directory);
        loading.finish()
    }

    /// The definition of `name`.
    pub fn get(&self, name: &str) -> Option<&Arc<Definition>> {
        self.by_name.get(name)
    }

    /// All definitions in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Definition>> {
        self.by_name.values()
    }
}

#[derive(Default)]
struct Loading {
    by_name: BTreeMap<String, Arc<Definition>>,
    errors: Vec<String>,
}

impl Loading {
    fn add_directory(&mut self, directory: &Path) {
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => return self.errors.push(format!("{}: {error}", directory.display())),
        };
        let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        for path in paths {
            match std::fs::read_to_string(&path) {
                Ok(text) => self.add(&path.display().to_string(), &text),
                Err(error) => self.errors.push(format!("{}: {error}", path.display())),
            }
        }
    }

    fn add(&mut self, file: &str, text: &str) {
        let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        match toml::from_str::<Definition>(text) {
            Ok(mut definition) => {
                let found = check::check(&definition, stem);
                self.errors.extend(found.iter().map(|finding| format!("{file}:{}: {finding}", locate::line_of(text, &finding.key))));
                complete(&mut definition);
                self.by_name.insert(definition.name.clone(), Arc::new(definition));
            }
            Err(error) => {
                let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
                self.errors.push(format!("{file}:{line}: {}", error.message()));
            }
        }
    }

    fn finish(self) -> Result<Catalog, CatalogErrors> {
        if self.errors.is_empty() { Ok(Catalog { by_name: Arc::new(self.by_name) }) } else { Err(CatalogErrors(self.errors)) }
    }
}

/// Adds the inputs that a method's type implies, so that forms and checks see one list.
fn complete(definition: &mut Definition) {
    for method in &mut definition.auth {
        let implied: &[(&str, &str, FieldType)] = match method.kind {
            MethodType::SecretText => &[(SECRET_TEXT, "API key", FieldType::Secret)],
            MethodType::BasicAuth => &[(USERNAME, "User name", FieldType::Text), (PASSWORD, "Password", FieldType::Secret)],
            MethodType::OAuth2 | MethodType::CustomAuth => &[],
        };
        for (index, (key, label, kind)) in implied.iter().enumerate() {
            if !method.fields.iter().any(|field| field.key == *key) {
                method.fields.insert(
                    index.min(method.fields.len()),
                    Field {
                        key: (*key).to_owned(),
                        label: (*label).to_owned(),
                        kind: *kind,
                        required: true,
                        default: None,
                        placeholder: None,
                        help: None,
                        help_url: None,
                        pattern: None,
                        pattern_error: None,
                        options: Vec::new(),
                        host_suffixes: Vec::new(),
                        parts: Vec::new(),
                        separator: None,
                    },
                );
            }
        }
        let places = &method.placement;
        let places_nothing = places.headers.is_empty() && places.query.is_empty() && places.basic.is_none() && !places.signs();
        let token = if method.kind == MethodType::OAuth2 || method.login.is_some() { Some(ACCESS_TOKEN) } else { method.jwt.as_ref().map(|_| JWT) };
        if places_nothing && let Some(Ok(bearer)) = token.map(|token| Template::parse(&format!("Bearer {{{{{token}}}}}"))) {
            method.placement.headers.insert("Authorization".to_owned(), bearer);
        }
    }
}

impl Definition {
    /// Judges a definition that came as data, by the rules that files are judged by, and makes it fit for use.
    pub fn checked(mut self) -> Result<Self, Vec<Finding>> {
        let found = check::check(&self, &self.name);
        if !found.is_empty() {
            return Err(found);
        }
        complete(&mut self);
        Ok(self)
    }

    /// The method with this key.
    pub fn method(&self, key: &str) -> Option<&Method> {
        self.auth.iter().find(|method| method.key == key)
    }

    /// The first method that makes connections of `kind`.
    pub fn methods_of(&self, kind: ConnectionType) -> impl Iterator<Item = &Method> {
        self.auth.iter().filter(move |method| method.kind.makes(kind))
    }

    /// The OAuth method, if there is one.
    pub fn oauth_method(&self) -> Option<(&Method, &OAuth2)> {
        self.auth.iter().find_map(|method| method.oauth2.as_ref().map(|oauth2| (method, oauth2)))
    }

    /// What clients are told about its actions: those declared, and the call of whatever its API has.
    fn action_views(&self) -> BTreeMap<String, ActionView> {
        let mut views: BTreeMap<_, _> = self.actions.iter().map(|(name, action)| (name.clone(), action.view())).collect();
        if self.has_custom_api_call() {
            views.insert(CUSTOM_API_CALL.to_owned(), custom_api_call().view());
        }
        views
    }

    /// Whether any request to its API can be made with a connection.
    pub fn has_custom_api_call(&self) -> bool {
        self.api.is_some() && !self.auth.is_empty()
    }

    /// What clients are told about it. Fields and actions are left out of a summary.
    pub fn view(&self, public_url: &str, with_fields: bool) -> Integration {
        let options: Vec<AuthOption> = self.auth.iter().map(|method| method.view(with_fields)).collect();
        Integration {
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            description: self.description.clone(),
            logo_url: self.icon.as_ref().map(|icon| format!("{public_url}/logos/{icon}.svg")),
            categories: self.categories.clone(),
            docs_url: self.docs_url.clone(),
            setup_url: self.setup_url.clone(),
            setup_steps: setup::steps(self),
            auth: options.first().cloned(),
            auth_options: options,
            actions: if with_fields { self.action_views() } else { BTreeMap::new() },
            triggers: BTreeMap::new(),
        }
    }
}

impl MethodType {
    /// Whether a connection of type `kind` can come from this kind of method.
    pub fn makes(self, kind: ConnectionType) -> bool {
        matches!(
            (self, kind),
            (Self::OAuth2, ConnectionType::OAuth2 | ConnectionType::PlatformOAuth2)
                | (Self::SecretText, ConnectionType::SecretText)
                | (Self::BasicAuth, ConnectionType::BasicAuth)
                | (Self::CustomAuth, ConnectionType::CustomAuth)
        )
    }

    /// The type of a connection made with the customer's own credentials (or OAuth app).
    pub fn connection_type(self) -> ConnectionType {
        match self {
            Self::OAuth2 => ConnectionType::OAuth2,
            Self::SecretText => ConnectionType::SecretText,
            Self::BasicAuth => ConnectionType::BasicAuth,
            Self::CustomAuth => ConnectionType::CustomAuth,
        }
    }
}

impl Method {
    /// What clients are told about it.
    pub fn view(&self, with_fields: bool) -> AuthOption {
        AuthOption {
            key: self.key.clone(),
            kind: self.kind.connection_type(),
            display_name: self.label.clone(),
            description: self.description.clone(),
            fields: if with_fields { self.fields.iter().map(Field::view).collect() } else { Vec::new() },
            oauth2: self.oauth2.as_ref().map(|oauth2| OAuth2View {
                scopes: oauth2.scopes.clone(),
                optional_scopes: oauth2.optional_scopes.clone(),
                app_fields: oauth2.app_fields.iter().map(Field::view).collect(),
                popup_width: oauth2.popup.map_or(600, |popup| popup.width),
                popup_height: oauth2.popup.map_or(720, |popup| popup.height),
            }),
        }
    }
}

impl Field {
    /// What clients are told about it.
    pub fn view(&self) -> FieldView {
        FieldView {
            name: self.key.clone(),
            label: self.label.clone(),
            kind: match self.kind {
                FieldType::Text => "text",
                FieldType::Secret => "secret",
                FieldType::Number => "number",
                FieldType::Boolean => "boolean",
                FieldType::Select => "select",
                FieldType::Host => "host",
                FieldType::Url => "url",
            }
            .to_owned(),
            required: self.required && self.kind != FieldType::Boolean,
            secret: self.kind == FieldType::Secret,
            placeholder: self.placeholder.clone(),
            help: self.help.clone(),
            help_url: self.help_url.clone(),
            pattern: self.pattern.clone(),
            pattern_error: self.pattern_error.clone(),
            options: self.options.iter().map(|o| OptionView { value: o.value.clone(), label: o.label.clone() }).collect(),
            default: self.default.clone(),
        }
    }
}
