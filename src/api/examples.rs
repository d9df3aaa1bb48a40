//! What requests and answers look like, for the document. A test checks each against its schema.

use crate::domain::Code;
use crate::domain::schema::example_id;
use serde_json::{Value, json};

const AT: &str = "2026-11-24T09:30:00.000Z";
const LATER: &str = "2026-11-24T10:00:00.000Z";

/// The body of a request, by operation.
pub fn request(operation: &str) -> Option<Value> {
    Some(match operation {
        "createApiKey" => json!({ "name": "production", "permissions": { "scope": "org", "credentials": { "read": true } } }),
        "createConnection" => json!({
            "type": "SECRET_TEXT", "integrationName": "openai", "externalId": "tenant_123", "displayName": "Production",
            "secretText": "sk-…", "metadata": { "plan": "gold" }
        }),
        "updateConnection" => json!({ "displayName": "Production, Europe" }),
        "resolveConnection" => json!({ "integrationName": "openai", "externalId": "tenant_123" }),
        "resolveConnections" => json!({ "requests": [{ "integrationName": "openai", "externalId": "tenant_123" }] }),
        "createIntegration" | "replaceIntegration" => json!({
            "display_name": "Acme", "description": "Order management for small shops", "categories": ["commerce"],
            "docs_url": "https://docs.acme.example/auth", "checked_at": "2026-11-24", "api": { "base_url": "https://api.acme.example" },
            "auth": [{ "key": "api-key", "type": "SECRET_TEXT", "label": "API key", "placement": { "headers": { "Authorization": "Bearer {{secretText}}" } } }]
        }),
        "discoverIntegration" => json!({ "url": "https://mcp.example.com/mcp" }),
        "createIntegrationFromUrl" => json!({ "url": "https://mcp.example.com/mcp", "displayName": "Acme MCP", "scopes": ["orders.read"] }),
        "executeAction" => json!({
            "integrationName": "openai", "actionName": "create_embedding", "workspaceId": "acme", "endUserId": "user_456",
            "input": { "model": "text-embedding-3-small", "input": "Hello!" }
        }),
        "createConnectToken" => json!({
            "integrationName": "openai", "connectionName": "My OpenAI", "externalId": "tenant_123",
            "successRedirectUri": "https://app.example.com/connected"
        }),
        "pollSession" => json!({ "token": "cst_…" }),
        "completeSession" => json!({ "endUserId": "user_456" }),
        "createEndUser" => json!({ "workspaceId": "acme", "externalId": "user_456", "displayName": "Alice Johnson", "email": "alice@example.com" }),
        "updateEndUser" => json!({ "displayName": "Alice J." }),
        "createEndUserToken" => json!({ "integrationName": "openai", "expiresIn": 3600 }),
        "inviteEndUser" => json!({ "email": "alice@example.com" }),
        "createOauthApp" => json!({ "integrationName": "hubspot", "clientId": "your-client-id", "clientSecret": "your-client-secret" }),
        "updateOauthApp" => json!({ "clientSecret": "your-new-client-secret" }),
        "createWorkspace" => json!({ "name": "Acme Inc.", "slug": "acme" }),
        "updateWorkspace" => json!({ "accent": "#3355ff", "redirectUris": ["https://app.example.com/connected"] }),
        "createWorkspaceIntegration" => json!({ "integrationName": "openai", "connectionStrategy": "per_user" }),
        "updateWorkspaceIntegration" => json!({ "displayName": "OpenAI for Acme" }),
        "createWebhook" => json!({ "url": "https://app.example.com/hooks/keyloom", "events": ["connection.created", "connection.error"] }),
        "updateWebhook" => json!({ "events": null, "enabled": true }),
        "readCredentials" | "refreshConnection" | "testConnection" | "checkOauthApp" | "rotateWebhookSecret" | "testWebhook" | "replayWebhookDelivery" => {
            json!({})
        }
        _ => return None,
    })
}

/// The body of the answer when it works, by operation.
pub fn answer(operation: &str) -> Option<Value> {
    Some(match operation {
        "listApiKeys" => json!({ "apiKeys": [api_key()], "total": 1 }),
        "createApiKey" => json!({ "apiKey": api_key(), "plainKey": "wvz_…" }),
        "deleteApiKey" => json!({ "deleted": true, "id": example_id("key_") }),
        "listConnections" => json!({ "connections": [connection()], "total": 1, "nextCursor": null }),
        "createConnection" | "getConnection" | "updateConnection" | "resolveConnection" | "refreshConnection" => json!({ "connection": connection() }),
        "resolveConnections" => json!({ "results": [{ "connection": connection() }] }),
        "deleteConnection" => json!({ "deleted": true, "id": example_id("conn_"), "revocation": { "attempted": false, "result": "not_applicable" } }),
        "readCredentials" => json!({ "credentials": { "type": "SECRET_TEXT", "secretText": "sk-…", "props": {} }, "connection": connection() }),
        "testConnection" => json!({ "test": { "ok": true, "message": "OpenAI accepts this credential." }, "connection": connection() }),
        "listConnectionEvents" | "listEvents" => json!({ "events": [{
            "id": example_id("evt_"), "type": "connection.created", "actor": format!("key:{}", example_id("key_")), "connectionId": example_id("conn_"),
            "workspaceId": null, "data": { "type": "SECRET_TEXT", "integrationName": "openai", "grantedScopes": [] }, "at": AT
        }], "total": 1, "nextCursor": null }),
        "executeAction" => json!({
            "success": true, "duration": 184,
            "output": { "object": "list", "data": [{ "object": "embedding", "index": 0, "embedding": [0.0023, -0.0093] }] }
        }),
        "createConnectToken" => json!({
            "token": "cst_…", "sessionId": example_id("cs_"), "connectUrl": "https://connect.example.com/connect?token=cst_…", "expiresAt": LATER
        }),
        "getSession" | "completeSession" => session(),
        "pollSession" => json!({
            "status": "COMPLETED", "connectionId": example_id("conn_"), "integrationName": "openai", "workspaceIntegrationId": null,
            "authMethodKey": "api-key", "oauthAppMode": null, "oauthAppId": null, "externalId": "tenant_123", "sessionId": example_id("cs_"),
            "error": null, "errorCode": null, "sessionStatus": "completed", "expiresAt": LATER
        }),
        "listEndUsers" => json!({ "endUsers": [end_user()], "total": 1, "nextCursor": null }),
        "createEndUser" | "updateEndUser" => json!({ "endUser": end_user() }),
        "getEndUser" => json!({ "endUser": end_user(), "connections": [] }),
        "deleteEndUser" => json!({ "deleted": true, "id": example_id("eu_"), "connectionsDeleted": 2 }),
        "createEndUserToken" => portal_token(),
        "inviteEndUser" => {
            let mut invited = portal_token();
            invited["emailSent"] = Value::Bool(true);
            invited
        }
        "listIntegrations" => json!({ "integrations": [integration()], "total": 1, "registered": ["openai"], "nextCursor": null }),
        "createIntegration" | "replaceIntegration" => json!({ "integration": integration() }),
        "discoverIntegration" => json!({ "discovery": discovery() }),
        "createIntegrationFromUrl" => {
            let (mut integration, mut app) = (integration(), oauth_app());
            integration["name"] = json!("mcp-example-com");
            app["integrationName"] = json!("mcp-example-com");
            app["hasClientSecret"] = json!(false);
            app["registration"] = json!({ "tokenEndpointAuthMethod": "none", "registeredAt": AT, "clientSecretExpiresAt": null });
            json!({ "integration": integration, "oauthApp": app, "discovery": discovery() })
        }
        "deleteIntegration" => json!({ "deleted": true, "id": "acme" }),
        "checkOauthApp" => json!({ "check": {
            "ok": true, "client": "accepted", "redirectUri": "accepted",
            "checks": [{ "name": "client", "result": "accepted", "message": "HubSpot accepts client id and secret.", "suggestion": null }]
        } }),
        "getOauthStatus" => json!({ "configured": ["hubspot"] }),
        "listOauthApps" => json!({ "oauthApps": [oauth_app()], "total": 1, "nextCursor": null }),
        "createOauthApp" | "getOauthApp" | "updateOauthApp" => json!({ "oauthApp": oauth_app() }),
        "deleteOauthApp" => json!({ "deleted": true, "id": example_id("oap_") }),
        "listWorkspaces" => json!({ "workspaces": [workspace()], "total": 1, "nextCursor": null }),
        "createWorkspace" | "getWorkspace" | "updateWorkspace" => json!({ "workspace": workspace() }),
        "deleteWorkspace" => json!({ "deleted": true, "id": example_id("ws_") }),
        "listWorkspaceIntegrations" => json!({ "integrations": [workspace_integration()], "total": 1 }),
        "createWorkspaceIntegration" | "updateWorkspaceIntegration" => json!({ "integration": workspace_integration() }),
        "deleteWorkspaceIntegration" => json!({ "deleted": true, "id": example_id("wi_") }),
        "listWebhooks" => json!({ "webhooks": [webhook()], "total": 1, "nextCursor": null }),
        "createWebhook" | "rotateWebhookSecret" => json!({ "webhook": webhook(), "secret": "whsec_…" }),
        "getWebhook" | "updateWebhook" => json!({ "webhook": webhook() }),
        "deleteWebhook" => json!({ "deleted": true, "id": example_id("whk_") }),
        "testWebhook" => json!({ "delivery": delivery("webhook.test", "delivered") }),
        "listWebhookDeliveries" => json!({ "deliveries": [delivery("connection.created", "delivered")], "total": 1, "nextCursor": null }),
        "replayWebhookDelivery" => {
            let mut replayed = delivery("connection.created", "pending");
            replayed["replayOf"] = Value::String(example_id("whd_"));
            json!({ "delivery": replayed })
        }
        "getOpenapi" => json!({ "openapi": "3.1.0", "info": { "title": "Keyloom", "version": "1" }, "paths": {} }),
        _ => return None,
    })
}

/// The body of an answer that says no.
pub fn error(code: Code) -> Value {
    let details = match code {
        Code::Validation => json!({ "fields": [{ "path": "externalId", "code": "REQUIRED", "message": "externalId is required" }] }),
        Code::Duplicate => json!({ "existingId": example_id("conn_") }),
        _ => json!({}),
    };
    let sentence = if code == Code::Validation { "externalId is required" } else { code.meaning().trim_end_matches('.') };
    json!({ "error": sentence, "code": code.as_str(), "details": details, "requestId": example_id("req_") })
}

fn api_key() -> Value {
    json!({
        "id": example_id("key_"), "orgId": example_id("org_"), "name": "production", "keyPrefix": "wvz_pA3x",
        "permissions": { "scope": "org", "credentials": { "read": true } }, "lastUsedAt": AT, "expiresAt": null, "createdAt": AT
    })
}

fn connection() -> Value {
    json!({
        "id": example_id("conn_"), "externalId": "tenant_123", "displayName": "Production", "integrationName": "openai", "authMethodKey": "api-key",
        "type": "SECRET_TEXT", "status": "ACTIVE", "health": "ok", "scope": "ORGANIZATION", "account": null, "grantedScopes": [], "error": null,
        "metadata": { "plan": "gold" }, "createdAt": AT, "updatedAt": AT
    })
}

fn session() -> Value {
    json!({
        "id": example_id("cs_"), "status": "completed", "connection": connection(), "connectionId": example_id("conn_"), "error": null,
        "errorCode": null, "integrationName": "openai", "externalId": "tenant_123", "authMethodKey": "api-key", "workspaceIntegrationId": null,
        "oauthAppMode": null, "oauthAppId": null, "accountChanged": false, "expiresAt": LATER, "createdAt": AT,
        "session": {
            "id": example_id("cs_"), "status": "COMPLETED", "connectionId": example_id("conn_"), "error": null, "integrationName": "openai",
            "externalId": "tenant_123", "expiresAt": LATER
        }
    })
}

fn end_user() -> Value {
    json!({
        "id": example_id("eu_"), "workspaceId": example_id("ws_"), "externalId": "user_456", "displayName": "Alice Johnson",
        "email": "alice@example.com", "metadata": {}, "connectionCount": 0, "type": "external", "createdAt": AT, "updatedAt": AT
    })
}

fn portal_token() -> Value {
    json!({ "token": "eut_…", "connectUrl": "https://connect.example.com/connect/portal?token=eut_…", "expiresAt": LATER })
}

fn integration() -> Value {
    let method = json!({
        "key": "api-key", "type": "SECRET_TEXT", "displayName": "API key", "description": null,
        "fields": [{
            "name": "secretText", "label": "API key", "type": "secret", "required": true, "secret": true, "placeholder": "sk-…", "help": null,
            "helpUrl": null, "pattern": null, "patternError": null, "options": [], "default": null
        }]
    });
    json!({
        "name": "openai", "displayName": "OpenAI", "description": "Models for text, images and speech.", "logoUrl": null, "categories": ["ai"],
        "docsUrl": "https://platform.openai.com/docs", "setupUrl": null, "setupSteps": [], "auth": method.clone(), "authOptions": [method],
        "actions": { "list_models": {
            "displayName": "List models", "description": "The models that the key can use.", "requiredScopes": [],
            "inputSchema": { "type": "object", "additionalProperties": false }
        } },
        "triggers": {}
    })
}

fn oauth_app() -> Value {
    json!({
        "id": example_id("oap_"), "integrationName": "hubspot", "workspaceId": null, "clientId": "your-client-id", "hasClientSecret": true,
        "clientSecretRef": null, "clientSecretExpiresAt": null, "clientSecretStatus": null, "scopes": null, "config": {},
        "callbackUrl": "https://connect.example.com/oauth/callback/hubspot", "fromEnvironment": false, "problem": null, "registration": null, "createdAt": AT, "updatedAt": AT
    })
}

fn discovery() -> Value {
    json!({
        "kind": "resource", "issuer": "https://auth.example.com", "issuers": ["https://auth.example.com"], "resource": "https://mcp.example.com/mcp",
        "metadataUrl": "https://auth.example.com/.well-known/oauth-authorization-server",
        "authorizationEndpoint": "https://auth.example.com/authorize", "tokenEndpoint": "https://auth.example.com/token",
        "registrationEndpoint": "https://auth.example.com/register", "revocationEndpoint": null, "userinfoEndpoint": null,
        "pkce": true, "issParameter": true, "authMethods": ["none", "client_secret_basic"],
        "scopes": ["orders.read", "orders.write"], "suggestedScopes": ["orders.read"],
        "suggestedName": "mcp-example-com", "suggestedDisplayName": "Acme", "warnings": []
    })
}

fn workspace() -> Value {
    json!({
        "id": example_id("ws_"), "orgId": example_id("org_"), "name": "Acme Inc.", "slug": "acme", "allowedOrigins": [],
        "redirectUris": ["https://app.example.com/connected"], "logoUrl": null, "accent": "#3355ff", "language": null, "createdAt": AT, "updatedAt": AT
    })
}

fn workspace_integration() -> Value {
    json!({
        "id": example_id("wi_"), "workspaceId": example_id("ws_"), "integrationName": "openai", "alias": "openai", "connectionStrategy": "per_user",
        "authMethodKey": null, "oauthAppMode": "weavz_managed", "oauthAppId": null, "connectionId": null, "displayName": null,
        "enabledActions": null, "settings": {}, "sortOrder": 0, "connectionStatus": null, "connectionDisplayName": null, "createdAt": AT,
        "updatedAt": AT
    })
}

fn webhook() -> Value {
    json!({
        "id": example_id("whk_"), "url": "https://app.example.com/hooks/keyloom", "events": ["connection.created", "connection.error"], "workspaceId": null,
        "enabled": true, "disabledReason": null, "previousSecretExpiresAt": null, "createdAt": AT, "updatedAt": AT
    })
}

fn delivery(event_type: &str, status: &str) -> Value {
    let is_done = status == "delivered";
    json!({
        "id": example_id("whd_"), "webhookId": example_id("whk_"), "eventId": example_id("evt_"), "eventType": event_type, "status": status,
        "attempts": i64::from(is_done), "nextAttemptAt": (!is_done).then_some(AT), "responseStatus": is_done.then_some(204), "responseBody": null,
        "error": null, "replayOf": null, "createdAt": AT, "finishedAt": is_done.then_some(AT)
    })
}
