//! Who may sign in, and one's own password and sign-ins.

#![expect(missing_docs, reason = "the struct that #[server] makes of a function documents none of its fields")]

#[cfg(feature = "ssr")]
use super::server::{context, cookie, failed};
use super::{Answer, RpcResult};
use crate::domain::user::{Member, Role, SignIn};
use leptos::prelude::*;

/// Members and invitations.
#[server(output = Answer)]
pub async fn list_members() -> RpcResult<Vec<Member>> {
    let (services, actor) = context().await?;
    crate::service::members::list(&services, &actor).await.map_err(failed)
}

/// Makes a one-time link for a colleague; it is told once. Field errors: `email`.
///
/// A secret as the answer to a form, as that of `create_api_key`: never loaded by a resource, so never written into a page.
#[server(output = Answer)]
pub async fn invite_member(email: String, role: Role) -> RpcResult<String> {
    let (services, actor) = context().await?;
    let owner = actor.owner().map_err(failed)?;
    let link = crate::service::members::invite(&services, &owner, &email, role).await.map_err(failed)?;
    Ok(link.expose().to_owned())
}

/// Takes an invitation back.
#[server(output = Answer)]
pub async fn withdraw_invitation(email: String) -> RpcResult<()> {
    let (services, actor) = context().await?;
    let owner = actor.owner().map_err(failed)?;
    crate::service::members::withdraw(&services, &owner, &email).await.map_err(failed)?;
    leptos_axum::redirect("/settings");
    Ok(())
}

/// Changes what a colleague may do.
#[server(output = Answer)]
pub async fn set_member_role(id: String, role: Role) -> RpcResult<()> {
    let (services, actor) = context().await?;
    let owner = actor.owner().map_err(failed)?;
    crate::service::members::set_role(&services, &owner, &id, role).await.map_err(failed)?;
    leptos_axum::redirect("/settings");
    Ok(())
}

/// Removes a colleague.
#[server(output = Answer)]
pub async fn remove_member(id: String) -> RpcResult<()> {
    let (services, actor) = context().await?;
    let owner = actor.owner().map_err(failed)?;
    crate::service::members::remove(&services, &owner, &id).await.map_err(failed)?;
    leptos_axum::redirect("/settings");
    Ok(())
}

/// Changes one's own password; other sign-ins end. Field errors: `current`, `password`.
#[server(output = Answer)]
pub async fn change_password(current: String, password: String) -> RpcResult<()> {
    use crate::vault::Secret;
    let (services, actor) = context().await?;
    let cookie = cookie(&services)?;
    crate::service::members::change_password(&services, &actor, &cookie, Secret::new(current), Secret::new(password)).await.map_err(failed)?;
    leptos_axum::redirect("/settings");
    Ok(())
}

/// One's own sign-ins.
#[server(output = Answer)]
pub async fn list_sign_ins() -> RpcResult<Vec<SignIn>> {
    let (services, actor) = context().await?;
    let cookie = cookie(&services)?;
    crate::service::members::sign_ins(&services, &actor, &cookie).await.map_err(failed)
}

/// Ends one's other sign-ins.
#[server(output = Answer)]
pub async fn end_other_sign_ins() -> RpcResult<u64> {
    let (services, actor) = context().await?;
    let cookie = cookie(&services)?;
    let ended = crate::service::members::end_other_sign_ins(&services, &actor, &cookie).await.map_err(failed)?;
    leptos_axum::redirect("/settings");
    Ok(ended)
}
