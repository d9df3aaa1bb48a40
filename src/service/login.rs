//! Setting up the first admin, signing in and out of the dashboard.

use super::{About, Actor, Result, Services};
use crate::domain::id::UserId;
use crate::domain::user::Role;
use crate::domain::{Code, Error, Timestamp};
use crate::store::users::User;
use crate::store::{self, installation};
use crate::vault::{Secret, token};
use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordVerifier as _, Version};
use governor::clock::DefaultClock;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A sign-in that nobody uses ends after this many seconds.
pub const IDLE_SECONDS: i64 = 12 * 3600;
/// Every sign-in ends after this many seconds.
pub const ABSOLUTE_SECONDS: i64 = 7 * 86_400;
/// Shortest password.
pub const PASSWORD_MIN: usize = 10;

/// Limits on sign-in: per account and per address, and on how many passwords are hashed at a time. Cheap to clone.
#[derive(Clone)]
pub struct Throttle {
    by_account: Option<Arc<Limiter>>,
    by_address: Option<Arc<Limiter>>,
    hashing: Arc<Semaphore>,
}

type Limiter = RateLimiter<String, DashMapStateStore<String>, DefaultClock>;

/// An office behind one address has several people in it.
const ACCOUNTS_AN_ADDRESS: u32 = 6;

impl Throttle {
    /// So many attempts a minute an account; 0: any number.
    pub fn new(per_minute: u32) -> Self {
        let limiter = |count: u32| NonZeroU32::new(count).map(|count| Arc::new(RateLimiter::keyed(Quota::per_minute(count))));
        let by_address = limiter(per_minute.saturating_mul(ACCOUNTS_AN_ADDRESS));
        Self { by_account: limiter(per_minute), by_address, hashing: Arc::new(Semaphore::new(2)) }
    }

    /// Forgets those who have not tried for a while.
    pub fn forget_idle(&self) {
        for limiter in [&self.by_account, &self.by_address].into_iter().flatten() {
            limiter.retain_recent();
        }
    }

    fn admit(&self, account: &str, address: &str) -> Result<()> {
        let fits = |limiter: &Option<Arc<Limiter>>, who: &str| limiter.as_ref().is_none_or(|limiter| limiter.check_key(&who.to_owned()).is_ok());
        // Both are counted, whichever refuses.
        let (account, address) = (fits(&self.by_account, account), fits(&self.by_address, address));
        if account && address {
            return Ok(());
        }
        let error = Error::new(Code::RateLimited, "Too many attempts. Wait a minute and try again");
        Err(Error { retry_after: Some(60), ..error })
    }
}

/// OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19 * 1024, 2, 1, None).unwrap_or_default())
}

pub(super) async fn hash_password(services: &Services, password: Secret) -> Result<String> {
    let mut salt = [0_u8; 16];
    services.entropy.fill(&mut salt);
    off_thread(services, move || {
        let hash: PasswordHash = hasher().hash_password_with_salt(password.expose().as_bytes(), &salt).map_err(|_| Error::internal())?;
        Ok(hash.to_string())
    })
    .await
}

async fn verify_password(services: &Services, password: Secret, stored: String) -> Result<bool> {
    off_thread(services, move || {
        let hash = PasswordHash::new(&stored).map_err(|_| Error::internal())?;
        Ok(hasher().verify_password(password.expose().as_bytes(), &hash).is_ok())
    })
    .await
}

async fn off_thread<T: Send + 'static>(services: &Services, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _permit = services.throttle.hashing.acquire().await.map_err(|_| Error::internal())?;
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::internal())?
}

/// Checks and tidies an address.
pub(super) fn check_email(email: &str) -> Result<String> {
    let email = super::text("email", email, 320)?.to_lowercase();
    let plausible = email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) && !email.contains(char::is_whitespace);
    if plausible { Ok(email) } else { Err(Error::field("email", "That is not an e-mail address")) }
}

pub(super) fn check_new_password(password: &Secret) -> Result<()> {
    let length = password.expose().chars().count();
    if length < PASSWORD_MIN {
        return Err(Error::field("password", format!("The password must be at least {PASSWORD_MIN} characters long")));
    }
    if length > 1000 {
        return Err(Error::field("password", "The password is too long"));
    }
    Ok(())
}

/// Adds a person who may sign in.
pub async fn create_user(services: &Services, email: &str, password: Secret, role: Role) -> Result<User> {
    let email = check_email(email)?;
    check_new_password(&password)?;
    let user = User { id: UserId::from_bits(services.new_id_bits()), email, password_hash: hash_password(services, password).await?, role };
    let mut tx = services.store.begin_write().await?;
    store::users::insert(&mut tx, &user, services.now()).await.map_err(|error| match error {
        store::StoreError::Duplicate => Error::new(Code::Duplicate, "Somebody with this e-mail address can sign in already"),
        other => other.into(),
    })?;
    services.record(&mut tx, "user.created", "system", About::default(), serde_json::json!({ "userId": user.id, "role": role })).await?;
    tx.commit().await?;
    Ok(user)
}

/// Whether nobody can sign in yet.
pub async fn needs_setup(services: &Services) -> Result<bool> {
    Ok(store::users::count(&mut *services.store.conn().await?).await? == 0)
}

/// Makes a one-time set-up link, replacing an unused one; none where somebody can sign in already.
pub async fn setup_link(services: &Services) -> Result<Option<Secret>> {
    if !needs_setup(services).await? {
        return Ok(None);
    }
    let plain = token::random(services.entropy.as_ref());
    installation::set(&mut *services.store.conn().await?, installation::SETUP_TOKEN, &token::hash(plain.expose())).await?;
    Ok(Some(Secret::new(services.public_url.join(&format!("/setup?token={}", plain.expose())))))
}

/// Whether a set-up link is good.
pub async fn setup_token_is_valid(services: &Services, plain: &str) -> Result<bool> {
    let stored = installation::find(&mut *services.store.conn().await?, installation::SETUP_TOKEN).await?;
    Ok(stored.is_some_and(|stored| stored == token::hash(plain)))
}

/// Makes the first admin an owner and signs them in. The link is used up.
pub async fn setup(services: &Services, plain: &str, email: &str, password: Secret) -> Result<Secret> {
    // Judged before the link is used up, so that a typing error does not cost it.
    let email = check_email(email)?;
    check_new_password(&password)?;
    let password_hash = hash_password(services, password).await?;
    let user = User { id: UserId::from_bits(services.new_id_bits()), email, password_hash, role: Role::Owner };
    let mut tx = services.store.begin_write().await?;
    let taken = installation::take(&mut tx, installation::SETUP_TOKEN, &token::hash(plain)).await?;
    if !taken || store::users::count(&mut tx).await? > 0 {
        return Err(Error::new(Code::InvalidToken, "This set-up link has been used or replaced. Restart Keyloom for a new one"));
    }
    store::users::insert(&mut tx, &user, services.now()).await?;
    services.record(&mut tx, "user.created", "system", About::default(), serde_json::json!({ "userId": user.id, "role": user.role })).await?;
    tx.commit().await?;
    start(services, &user).await
}

/// Nobody's password: costs the same to check.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Signs in. Unknown addresses and wrong passwords get the same answer in the same time.
pub async fn sign_in(services: &Services, email: &str, password: Secret, address: &str) -> Result<Secret> {
    let email = email.trim().to_lowercase();
    services.throttle.admit(&email, address)?;
    let user = store::users::find_by_email(&mut *services.store.conn().await?, &email).await?;
    let stored = user.as_ref().map_or_else(|| NOBODY.to_owned(), |user| user.password_hash.clone());
    let right = verify_password(services, password, stored).await?;
    match user {
        Some(user) if right => start(services, &user).await,
        _ => {
            services.record(&mut *services.store.conn().await?, "login.failed", "system", About::default(), serde_json::json!({})).await?;
            Err(Error::new(Code::Unauthorized, "E-mail address or password is wrong"))
        }
    }
}

pub(super) async fn start(services: &Services, user: &User) -> Result<Secret> {
    let plain = token::random(services.entropy.as_ref());
    let now = services.now();
    let mut tx = services.store.begin_write().await?;
    store::logins::insert(&mut tx, &token::hash(plain.expose()), &user.id, now, now.plus_seconds(ABSOLUTE_SECONDS)).await?;
    services.record(&mut tx, "login.started", &format!("user:{}", user.id), About::default(), serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(plain)
}

/// Who is signed in with this cookie. That they asked is noted.
pub async fn who(services: &Services, plain: &str) -> Result<Option<Actor>> {
    known(services, plain, true).await
}

/// The same for what a page asks by itself: an open page alone does not keep a sign-in from going idle.
pub async fn who_without_use(services: &Services, plain: &str) -> Result<Option<Actor>> {
    known(services, plain, false).await
}

async fn known(services: &Services, plain: &str, used: bool) -> Result<Option<Actor>> {
    let hash = token::hash(plain);
    let mut conn = services.store.conn().await?;
    let Some(login) = store::logins::who(&mut conn, &hash).await? else { return Ok(None) };
    let now = services.now();
    if Timestamp(login.expires_at) <= now || now.seconds_since(Timestamp(login.last_seen_at)) > IDLE_SECONDS {
        store::logins::delete(&mut conn, &hash).await?;
        return Ok(None);
    }
    if used && now.seconds_since(Timestamp(login.last_seen_at)) > 60 {
        store::logins::touch(&mut conn, &hash, now).await?;
    }
    let role = Role::parse(&login.role).ok_or_else(Error::internal)?;
    Ok(Some(Actor::Admin { id: UserId::known(login.user_id), email: login.email, role }))
}

/// Asks a person who is signed in for their password once more, before something that a borrowed browser must not do.
pub async fn confirm_password(services: &Services, actor: &Actor, password: Secret) -> Result<()> {
    let id = actor.person()?;
    let user = store::users::find(&mut *services.store.conn().await?, id.as_str()).await?.ok_or_else(Error::internal)?;
    services.throttle.admit(&user.email, &user.email)?;
    if verify_password(services, password, user.password_hash).await? { Ok(()) } else { Err(Error::field("password", "That is not your password")) }
}

/// Signs out.
pub async fn sign_out(services: &Services, plain: &str) -> Result<()> {
    Ok(store::logins::delete(&mut *services.store.conn().await?, &token::hash(plain)).await?)
}
