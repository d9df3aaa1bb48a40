//! Who may sign in to the dashboard: inviting colleagues, what they may do, and a person's own password and sign-ins.
//!
//! Nobody chooses a password for somebody else: an owner makes a one-time link, the colleague opens it at `/setup`.

use super::login::{check_email, check_new_password, hash_password, start};
use super::{About, Actor, Owner, Result, Services};
use crate::domain::id::UserId;
use crate::domain::user::{Member, Role, SignIn};
use crate::domain::{Code, Error, Timestamp};
use crate::store::member_invitations::{self, Invitation};
use crate::store::users::User;
use crate::store::{self, Tx, logins, users};
use crate::vault::{Secret, token};

/// How long an invitation is good, in seconds.
pub const INVITATION_LIFE: i64 = 7 * 86_400;

/// Everybody who may sign in, and those who were invited. Anybody who is signed in may see it.
pub async fn list(services: &Services, actor: &Actor) -> Result<Vec<Member>> {
    let me = actor.person()?;
    let mut conn = services.store.conn().await?;
    let people = users::list(&mut conn).await?.into_iter().map(|user| Member {
        is_me: user.id == *me,
        id: Some(user.id),
        email: user.email,
        role: user.role,
        invited_until: None,
    });
    let mut members: Vec<Member> = people.collect();
    let invited = member_invitations::list(&mut conn, services.now()).await?.into_iter().map(|invitation| Member {
        is_me: false,
        id: None,
        email: invitation.email,
        role: invitation.role,
        invited_until: Some(invitation.expires_at),
    });
    members.extend(invited);
    Ok(members)
}

/// Makes a one-time link for a colleague, in place of an earlier one. The link is told once.
pub async fn invite(services: &Services, owner: &Owner, email: &str, role: Role) -> Result<Secret> {
    let email = check_email(email)?;
    let plain = token::random(services.entropy.as_ref());
    let now = services.now();
    let mut tx = services.store.begin_write().await?;
    if users::find_by_email(&mut tx, &email).await?.is_some() {
        return Err(Error::field("email", "Somebody with this e-mail address can sign in already"));
    }
    let invitation =
        Invitation { token_hash: token::hash(plain.expose()), email: email.clone(), role, created_at: now, expires_at: now.plus_seconds(INVITATION_LIFE) };
    member_invitations::put(&mut tx, &invitation).await?;
    services.record(&mut tx, "member.invited", owner.name(), About::default(), serde_json::json!({ "email": email, "role": role })).await?;
    tx.commit().await?;
    Ok(Secret::new(services.public_url.join(&format!("/setup?token={}", plain.expose()))))
}

/// Whom the invitation with this token is for, while it is good.
pub async fn invited(services: &Services, plain: &str) -> Result<Option<String>> {
    let found = member_invitations::find(&mut *services.store.conn().await?, &token::hash(plain), services.now()).await?;
    Ok(found.map(|invitation| invitation.email))
}

/// Takes up an invitation with a password of one's own, and signs in. The link is used up.
pub async fn accept(services: &Services, plain: &str, password: Secret) -> Result<Secret> {
    let hash = token::hash(plain);
    let over = || Error::new(Code::InvalidToken, "This link has been used, replaced or is over. Ask an owner for a new one");
    // Judged before the link is used up, so that a typing error does not cost it.
    let invitation = member_invitations::find(&mut *services.store.conn().await?, &hash, services.now()).await?.ok_or_else(over)?;
    check_new_password(&password)?;
    let password_hash = hash_password(services, password).await?;
    let user = User { id: UserId::from_bits(services.new_id_bits()), email: invitation.email, password_hash, role: invitation.role };
    let mut tx = services.store.begin_write().await?;
    if !member_invitations::take(&mut tx, &hash).await? {
        return Err(over());
    }
    users::insert(&mut tx, &user, services.now()).await.map_err(|error| match error {
        store::StoreError::Duplicate => over(),
        other => other.into(),
    })?;
    services
        .record(&mut tx, "member.joined", &format!("user:{}", user.id), About::default(), serde_json::json!({ "userId": user.id, "role": user.role }))
        .await?;
    tx.commit().await?;
    start(services, &user).await
}

/// Takes an invitation back.
pub async fn withdraw(services: &Services, owner: &Owner, email: &str) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    if !member_invitations::withdraw(&mut tx, &email.trim().to_lowercase()).await? {
        return Err(Error::new(Code::NotFound, "There is no such invitation any more"));
    }
    services.record(&mut tx, "member.invitation_withdrawn", owner.name(), About::default(), serde_json::json!({ "email": email })).await?;
    tx.commit().await?;
    Ok(())
}

/// Changes what a colleague may do. It holds from their next click on.
pub async fn set_role(services: &Services, owner: &Owner, id: &str, role: Role) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    not_the_last_owner(&mut tx, id, Some(role)).await?;
    users::set_role(&mut tx, id, role).await?;
    services.record(&mut tx, "member.role_changed", owner.name(), About::default(), serde_json::json!({ "userId": id, "role": role })).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes a colleague, who is signed out everywhere at once.
pub async fn remove(services: &Services, owner: &Owner, id: &str) -> Result<()> {
    let mut tx = services.store.begin_write().await?;
    not_the_last_owner(&mut tx, id, None).await?;
    users::delete(&mut tx, id).await?;
    services.record(&mut tx, "member.removed", owner.name(), About::default(), serde_json::json!({ "userId": id })).await?;
    tx.commit().await?;
    Ok(())
}

async fn not_the_last_owner(tx: &mut Tx, id: &str, becomes: Option<Role>) -> Result<()> {
    let owners = users::owners(tx).await?;
    let user = users::find(tx, id).await?.ok_or_else(|| Error::new(Code::NotFound, "There is no such member"))?;
    if user.role == Role::Owner && becomes != Some(Role::Owner) && owners < 2 {
        return Err(Error::new(Code::Forbidden, "This is the last owner").suggest("Make somebody else an owner first"));
    }
    Ok(())
}

/// Changes one's own password and ends one's other sign-ins.
pub async fn change_password(services: &Services, actor: &Actor, cookie: &str, current: Secret, new: Secret) -> Result<()> {
    let id = actor.person()?;
    check_new_password(&new)?;
    super::login::confirm_password(services, actor, current).await.map_err(|mut error| {
        for field in &mut error.fields {
            "current".clone_into(&mut field.path);
        }
        error
    })?;
    let hash = hash_password(services, new).await?;
    let mut tx = services.store.begin_write().await?;
    users::set_password(&mut tx, id, &hash).await?;
    logins::delete_others(&mut tx, id, &token::hash(cookie)).await?;
    services.record(&mut tx, "member.password_changed", &actor.name(), About::default(), serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// One's own sign-ins, newest first; `cookie` tells which one is this.
pub async fn sign_ins(services: &Services, actor: &Actor, cookie: &str) -> Result<Vec<SignIn>> {
    let this = token::hash(cookie);
    let found = logins::of_user(&mut *services.store.conn().await?, actor.person()?).await?;
    let view = |login: logins::Login| SignIn {
        is_this: login.token_hash == this,
        started_at: Timestamp(login.created_at),
        last_seen_at: Timestamp(login.last_seen_at),
    };
    Ok(found.into_iter().map(view).collect())
}

/// Ends one's sign-ins but this one; tells how many.
pub async fn end_other_sign_ins(services: &Services, actor: &Actor, cookie: &str) -> Result<u64> {
    let id = actor.person()?;
    let mut tx = services.store.begin_write().await?;
    let ended = logins::delete_others(&mut tx, id, &token::hash(cookie)).await?;
    services.record(&mut tx, "login.others_ended", &actor.name(), About::default(), serde_json::json!({ "count": ended })).await?;
    tx.commit().await?;
    Ok(ended)
}
