//! What is at an address, and whether it can be used. Everything goes through the one client with its egress rules, redirects are not
//! followed, and each refusal says what was wrong and what to do about it.

use super::LONGEST_URL;
use crate::domain::discovery::{Discovery, DiscoveryWarning, FoundKind};
use crate::domain::oauth_app::TokenAuthMethod;
use crate::domain::{Code, Error};
use crate::oauth::discovery::{DiscoveryError, Metadata};
use crate::oauth::http::HttpError;
use crate::oauth::resource::{self, ResourceError, ResourceMetadata};
use crate::oauth::token::clean;
use crate::service::{Result, Services, text};
use url::Url;

/// Of an issuer's scopes, those that say who it is and keep the connection alive.
const USUAL_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Looks at what `url` leads to.
pub(super) async fn look(services: &Services, url: Option<&str>, issuer: Option<&str>) -> Result<Discovery> {
    let typed = given("url", url.unwrap_or_default())?;
    let url = address(services, "url", &typed)?;
    let issuer = issuer.map(|issuer| given("issuer", issuer)).transpose()?;
    let resource = resource::find(&services.http, &url).await.map_err(|error| resource_error(&url, error))?;
    let named = match &resource {
        Some(resource) => choose(resource, issuer)?,
        None => match issuer {
            Some(issuer) if issuer.trim_end_matches('/') != typed.trim_end_matches('/') => {
                return Err(Error::field("issuer", format!("{url} does not name the authorization server {issuer:?}, nor any other"))
                    .suggest("Leave issuer out, or give the issuer itself as url"));
            }
            _ => typed,
        },
    };
    address(services, if resource.is_some() { "issuer" } else { "url" }, &named)?;
    let (metadata, found_at) = metadata(services, &named, resource.is_some()).await?;
    judge(services, &url, resource, &metadata, &found_at)
}

/// An issuer that has been found before, as it is now.
pub(super) async fn look_at_issuer(services: &Services, issuer: &str) -> Result<Discovery> {
    let url = address(services, "issuer", issuer)?;
    let (metadata, found_at) = metadata(services, issuer, true).await?;
    judge(services, &url, None, &metadata, &found_at)
}

/// What somebody typed: with its scheme, and without the path of a discovery document, which is what people find in documentations.
fn given(path: &str, typed: &str) -> Result<String> {
    let typed = text(path, typed, LONGEST_URL)?;
    let typed = if typed.contains("://") { typed } else { format!("https://{typed}") };
    for document in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource"] {
        if let Some((before, after)) = typed.split_once(document) {
            return Ok(format!("{before}{after}"));
        }
    }
    Ok(typed)
}

fn address(services: &Services, path: &str, typed: &str) -> Result<Url> {
    let url = Url::parse(typed).map_err(|_| Error::field(path, format!("{typed:?} is not an address")).suggest("Paste one like https://mcp.example.com"))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err(Error::field(path, "the address must start with https://"));
    }
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(Error::field(path, "the address must not have a fragment, user name or password"));
    }
    // A definition takes them for the start of a template.
    if typed.contains("{{") {
        return Err(Error::field(path, "the address must not have curly brackets"));
    }
    services.http.check_url(&url).map_err(|blocked| blocked_error(url.as_str(), &blocked.0))?;
    Ok(url)
}

fn blocked_error(what: &str, why: &str) -> Error {
    Error::new(Code::EgressBlocked, format!("{what} may not be called from here: {why}"))
        .suggest("Use a public https address; for one of your own network the operator allows its host in KEYLOOM_EGRESS_ALLOW")
}

fn http_error(what: &str, error: &HttpError) -> Error {
    match error {
        HttpError::Blocked(blocked) => blocked_error(what, &blocked.0),
        HttpError::Redirect => Error::field("url", format!("{what} answers with a redirect, which is not followed"))
            .suggest("Open the address in a browser, and paste the one that it ends at if that is whom you mean"),
        other => Error::new(Code::Provider, format!("{what} could not be asked: {other}")).suggest("Check the address, and try again"),
    }
}

fn resource_error(url: &Url, error: ResourceError) -> Error {
    match error {
        ResourceError::Http(error) => http_error(url.as_str(), &error),
        ResourceError::OtherResource(named) => {
            Error::field("url", format!("the metadata at {url} are those of another resource, {named:?}, so tokens for it could be had in its name"))
                .suggest(format!("If {named} is the one you mean, paste that"))
        }
        malformed @ ResourceError::Malformed { .. } => {
            Error::field("url", format!("{url} asks for a token, but {malformed}")).suggest("Paste the issuer of its authorization server instead")
        }
    }
}

/// Which of the authorization servers that a resource names.
fn choose(resource: &ResourceMetadata, wanted: Option<String>) -> Result<String> {
    let servers = resource.authorization_servers.as_deref().unwrap_or_default();
    let named = clean(&resource.resource, 300);
    match (wanted, servers) {
        (_, []) => Err(Error::field("url", format!("{named} does not say which authorization server it trusts"))
            .suggest("Paste the issuer of its authorization server instead")),
        (Some(wanted), servers) if servers.contains(&wanted) => Ok(wanted),
        (Some(wanted), servers) => {
            Err(Error::field("issuer", format!("{named} does not trust {wanted:?}")).suggest(format!("It trusts {}", clean(&servers.join(", "), 500))))
        }
        (None, [first, ..]) => Ok(first.clone()),
    }
}

async fn metadata(services: &Services, issuer: &str, is_of_resource: bool) -> Result<(std::sync::Arc<Metadata>, Url)> {
    let mut answer = services.discovery.look(&services.http, issuer, services.now()).await;
    if let Err(DiscoveryError::OtherIssuer(named)) = &answer
        && named.trim_end_matches('/') == issuer.trim_end_matches('/')
    {
        // The same but for the slash that everybody types or leaves out, and the same document: it is asked for by its own name.
        let named = named.clone();
        answer = services.discovery.look(&services.http, &named, services.now()).await;
    }
    let path = if is_of_resource { "issuer" } else { "url" };
    answer.map_err(|error| match error {
        DiscoveryError::Http(error) => http_error(issuer, &error),
        DiscoveryError::OtherIssuer(named) => {
            Error::field(path, format!("the metadata under {issuer} are those of another issuer, {named:?} (RFC 8414 §3.3), and are not believed"))
                .suggest(format!("If {named} is whom you mean, paste that"))
        }
        DiscoveryError::NotFound(status) => Error::field(
            path,
            format!("nothing was found at {issuer}: neither metadata of an authorization server (status {status}) nor those of a protected resource"),
        )
        .suggest("Paste the issuer as the service's documentation gives it, or the address of its MCP server"),
        DiscoveryError::Malformed(why) => Error::field(path, format!("the metadata under {issuer} are not valid: {}", clean(&why, 200)))
            .suggest("If the service has no OpenID Connect discovery, describe it as a custom integration (POST /api/v1/integrations/{name})"),
        DiscoveryError::BadIssuer => Error::field(path, format!("{issuer:?} is not an issuer: those have no query and no fragment")),
    })
}

fn judge(services: &Services, url: &Url, resource: Option<ResourceMetadata>, metadata: &Metadata, found_at: &Url) -> Result<Discovery> {
    let issuer = metadata.issuer.clone();
    let unusable = |why: String| Error::field("url", format!("{issuer} {why}"));
    if metadata.response_types_supported.as_ref().is_some_and(|types| !types.iter().any(|kind| kind == "code")) {
        return Err(unusable("does not offer the authorization code grant (response type code)".to_owned()));
    }
    let mut warnings = Vec::new();
    let pkce = metadata.code_challenge_methods_supported.as_ref();
    let has_s256 = pkce.is_some_and(|methods| methods.iter().any(|method| method == "S256"));
    match (has_s256, pkce.is_some(), resource.is_some()) {
        (true, ..) => {}
        (false, true, _) => return Err(unusable("offers PKCE, but not with S256, and plain protects nothing".to_owned())),
        // The MCP authorization specification: refuse where it is not announced.
        (false, false, true) => {
            return Err(unusable("does not say that it supports PKCE (code_challenge_methods_supported with S256)".to_owned())
                .suggest("Its operator has to announce it; clients of MCP servers must not go on without"));
        }
        (false, false, false) => warnings.push(warning(
            "pkce_not_announced",
            format!("{issuer} does not say that it supports PKCE. It is used all the same; a client with a secret is needed"),
        )),
    }
    let auth_methods = metadata.token_endpoint_auth_methods_supported.clone().unwrap_or_else(|| vec![TokenAuthMethod::Basic.as_str().to_owned()]);
    if !auth_methods.iter().any(|method| TokenAuthMethod::parse(method).is_some()) {
        let offered = clean(&auth_methods.join(", "), 200);
        return Err(unusable(format!("takes only clients that authenticate with {offered}; none, client_secret_basic and client_secret_post are supported")));
    }
    for (name, endpoint) in [
        ("token endpoint", Some(&metadata.token_endpoint)),
        ("registration endpoint", metadata.registration_endpoint.as_ref()),
        ("revocation endpoint", metadata.revocation_endpoint.as_ref()),
        ("userinfo endpoint", metadata.userinfo_endpoint.as_ref()),
    ] {
        let Some(endpoint) = endpoint else { continue };
        let parsed = Url::parse(endpoint).map_err(|_| unusable(format!("names a {name} that is not an address")))?;
        services.http.check_url(&parsed).map_err(|blocked| blocked_error(&format!("The {name} that {issuer} names"), &blocked.0))?;
        if name == "token endpoint" && parsed.host_str() != Url::parse(&issuer).ok().as_ref().and_then(Url::host_str) {
            let host = parsed.host_str().unwrap_or_default();
            warnings.push(warning("endpoint_elsewhere", format!("The {name} is at another host, {host}: codes and the client secret are sent there")));
        }
    }
    let page = Url::parse(&metadata.authorization_endpoint).map_err(|_| unusable("names an authorization endpoint that is not an address".to_owned()))?;
    // It is people's browsers that go there.
    if page.scheme() != "https" && !(page.scheme() == "http" && issuer.starts_with("http://")) {
        return Err(unusable("names an authorization endpoint that is not https".to_owned()));
    }
    let scopes_of_resource = resource.as_ref().and_then(|resource| resource.scopes_supported.clone());
    let scopes = fit(scopes_of_resource.clone().or_else(|| metadata.scopes_supported.clone()).unwrap_or_default());
    let suggested = match &resource {
        Some(resource) if !resource.challenge_scopes.is_empty() => resource.challenge_scopes.clone(),
        Some(_) => scopes_of_resource.unwrap_or_default(),
        None => USUAL_SCOPES.iter().filter(|usual| scopes.iter().any(|scope| scope == *usual)).map(|scope| (*scope).to_owned()).collect(),
    };
    let host = url.host_str().unwrap_or_default();
    let display_name = resource.as_ref().and_then(|resource| resource.resource_name.as_deref()).map(|name| clean(name, 100)).filter(|name| !name.is_empty());
    Ok(Discovery {
        kind: if resource.is_some() { FoundKind::Resource } else { FoundKind::Issuer },
        issuers: resource.as_ref().and_then(|resource| resource.authorization_servers.clone()).unwrap_or_else(|| vec![issuer.clone()]),
        resource: resource.map(|resource| resource.resource),
        issuer,
        metadata_url: found_at.as_str().to_owned(),
        authorization_endpoint: metadata.authorization_endpoint.clone(),
        token_endpoint: metadata.token_endpoint.clone(),
        registration_endpoint: metadata.registration_endpoint.clone(),
        revocation_endpoint: metadata.revocation_endpoint.clone(),
        userinfo_endpoint: metadata.userinfo_endpoint.clone(),
        pkce: has_s256,
        iss_parameter: metadata.authorization_response_iss_parameter_supported,
        auth_methods,
        scopes,
        suggested_scopes: fit(suggested),
        suggested_name: free_name(services, host),
        suggested_display_name: display_name.unwrap_or_else(|| host.to_owned()),
        warnings,
    })
}

fn warning(code: &str, message: String) -> DiscoveryWarning {
    DiscoveryWarning { code: code.to_owned(), message }
}

/// Those that can be asked for at all (RFC 6749 §3.3).
fn fit(scopes: Vec<String>) -> Vec<String> {
    scopes.into_iter().filter(|scope| crate::service::oauth_apps::check_scopes(Some(vec![scope.clone()])).is_ok()).collect()
}

/// `mcp.example.com` → `mcp-example-com`, and with a number where there is one of that name.
fn free_name(services: &Services, host: &str) -> String {
    let slug: Vec<_> = host.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let slug = slug.join("-").to_ascii_lowercase();
    let slug = if slug.is_empty() { "service".to_owned() } else { slug };
    let numbered = (2..100).map(|number| format!("{slug}-{number}"));
    std::iter::once(slug.clone()).chain(numbered).find(|name| services.catalog.get(name).is_none()).unwrap_or(slug)
}
