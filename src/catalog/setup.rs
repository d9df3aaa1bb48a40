//! What an operator has to do at a service, where its definition does not say: as much as follows from how it is connected.

use super::{Definition, FieldType, MethodType, OAuth2};

/// The definition's own steps, or general ones for an OAuth app.
pub(super) fn steps(definition: &Definition) -> Vec<String> {
    match definition.oauth_method() {
        Some((method, oauth2)) if definition.setup_steps.is_empty() && method.kind == MethodType::OAuth2 => general(definition, oauth2),
        _ => definition.setup_steps.clone(),
    }
}

fn general(definition: &Definition, oauth2: &OAuth2) -> Vec<String> {
    let service = &definition.display_name;
    let place = if definition.setup_url.is_some() { "on the page linked here" } else { "where it lets developers or administrators do that" };
    let mut steps = vec![
        format!("Register an OAuth app (also called client or integration) at {service}, {place}. If it asks for a kind, choose a web application."),
        "Paste the callback URL shown here as its redirect URI, exactly as it is.".to_owned(),
    ];
    if !oauth2.scopes.is_empty() {
        steps.push(format!("If the app has a list of scopes or permissions, allow it at least: {}.", oauth2.scopes.join(", ")));
    }
    steps.push("Copy the client ID, and the client secret if there is one, and enter them here.".to_owned());
    let further: Vec<&str> =
        oauth2.app_fields.iter().filter(|field| field.required && field.kind != FieldType::Boolean).map(|field| field.label.as_str()).collect();
    if !further.is_empty() {
        steps.push(format!("Enter here too, from the same place: {}.", further.join(", ")));
    }
    steps.push("Use \"Check\" on the app here: it tells a redirect URI that is not registered from a client that is wrong.".to_owned());
    steps
}
