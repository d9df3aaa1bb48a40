//! Requests that may come twice and run once: `Idempotency-Key`.
//!
//! The first one claims its key in the database, which holds between nodes; its answer is kept there, sealed, for a day. An equal one is
//! given that answer, another one is refused. Who runs says now and then that it lives; when it has not for [`LEASE_SECONDS`], its process
//! was killed, and an equal request may run again. Neither the key nor what was sent is stored, only keyed fingerprints of them.

use super::{Actor, Result, Services};
use crate::domain::{Code, Error};
use crate::store::Conn;
use crate::store::idempotency_keys::{self as keys, Claim};
use crate::vault::{Place, token};
use bytes::Bytes;
use std::convert::Infallible;
use std::time::Duration;

/// How long an answer is kept.
pub const KEEP_SECONDS: i64 = 86_400;
/// Who has not been heard of for so long is taken for dead.
pub const LEASE_SECONDS: i64 = 60;
/// How often a runner says that it lives.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// Longest key.
const LONGEST: usize = 255;
const TABLE: &str = "idempotency_keys";

/// What makes two requests equal.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `POST`
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// As sent, to the byte.
    pub body: &'a [u8],
}

/// What a request was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Bytes,
}

/// The claim of the one who runs a request.
#[derive(Debug, Clone)]
pub struct Ticket {
    id: String,
    claim: String,
}

/// What to do with a request.
#[derive(Debug)]
pub enum Verdict {
    /// Run it, then [`settle`].
    Run(Ticket),
    /// It has been answered.
    Replay(Answer),
}

/// Claims a request, or tells what an equal one was answered.
pub async fn claim(services: &Services, actor: &Actor, key: &str, request: Request<'_>) -> Result<Verdict> {
    if !(1..=LONGEST).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::field("Idempotency-Key", format!("Idempotency-Key must be 1 to {LONGEST} visible ASCII characters without spaces, such as a UUID")));
    }
    let (actor, org) = (actor.name(), services.org.as_str());
    let id = services.vault.fingerprint(org, Place { table: TABLE, column: "id", row: &actor }, &[key.as_bytes()])?;
    let parts = [request.method.as_bytes(), request.target.as_bytes(), request.body];
    let request = services.vault.fingerprint(org, Place { table: TABLE, column: "request", row: &id }, &parts)?;
    let mut conn = services.store.conn().await?;
    // Between the two statements a claim may be given up: try again then, but not for ever.
    for _ in 0..3 {
        let now = services.now();
        let claim = Claim {
            id: id.clone(),
            actor: actor.clone(),
            request: request.clone(),
            claim: token::random(services.entropy.as_ref()).expose().to_owned(),
            lease_until: now.plus_seconds(LEASE_SECONDS),
            expires_at: now.plus_seconds(KEEP_SECONDS),
        };
        if keys::claim(&mut conn, &claim, now).await? {
            return Ok(Verdict::Run(Ticket { id, claim: claim.claim }));
        }
        match keys::find(&mut conn, &id).await? {
            Some(held) if held.request != request => {
                return Err(Error::new(Code::IdempotencyConflict, "This Idempotency-Key was used for another request")
                    .suggest("Use a new key for a new request. One that is sent again must be the same: method, path, query and body"));
            }
            Some(held) => match held.answer {
                Some(sealed) => return Ok(Verdict::Replay(open(services, &mut conn, &id, &sealed).await?)),
                None => break,
            },
            None => {}
        }
    }
    let running = Error::new(Code::IdempotencyConflict, "The first request with this Idempotency-Key is still running");
    Err(Error { retry_after: Some(1), ..running.suggest("Send the same again in a moment") })
}

/// Runs `work`, saying meanwhile that it lives, so that nobody else takes it over.
pub async fn hold<T>(services: &Services, ticket: &Ticket, work: impl Future<Output = T>) -> T {
    tokio::select! {
        done = work => done,
        never = keep_renewing(services, ticket) => match never {},
    }
}

async fn keep_renewing(services: &Services, ticket: &Ticket) -> Infallible {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        // Logged already, and there is time for another try.
        let _ = renew(services, ticket).await;
    }
}

/// Says that whoever has the ticket lives.
pub async fn renew(services: &Services, ticket: &Ticket) -> Result<()> {
    let until = services.now().plus_seconds(LEASE_SECONDS);
    Ok(keys::renew(&mut *services.store.conn().await?, &ticket.id, &ticket.claim, until).await?)
}

/// Keeps the answer of a request that has run, or gives the claim up where trying again may end otherwise. `refusal` is the answer's
/// error code. The answer goes out whether or not this succeeds, so what fails is only logged.
pub async fn settle(services: &Services, ticket: &Ticket, answer: &Answer, refusal: Option<Code>) {
    if !is_final(answer.status, refusal) {
        return release(services, ticket).await;
    }
    let kept = async {
        let sealed = seal(services, &ticket.id, answer)?;
        Ok::<_, Error>(keys::finish(&mut *services.store.conn().await?, &ticket.id, &ticket.claim, &sealed).await?)
    };
    if !kept.await.unwrap_or(false) {
        tracing::warn!("the answer to an idempotent request could not be kept: an equal one may run again");
    }
}

/// Gives a claim up: an equal request runs again, and so does another one.
pub async fn release(services: &Services, ticket: &Ticket) {
    let released = async { Ok::<_, Error>(keys::release(&mut *services.store.conn().await?, &ticket.id, &ticket.claim).await?) };
    if released.await.is_err() {
        tracing::warn!("an idempotency key could not be released: it is free in {LEASE_SECONDS} s");
    }
}

/// Whether an answer would be the same another time, or must be because something was done. Failures of ours are not, nor what is judged
/// before anything runs: who asks, how often, and whether the request is well formed.
fn is_final(status: u16, refusal: Option<Code>) -> bool {
    match refusal {
        None => (200..300).contains(&status),
        Some(
            Code::Validation
            | Code::WorkspaceRequired
            | Code::Unauthorized
            | Code::InvalidToken
            | Code::MissingToken
            | Code::Forbidden
            | Code::ScopeDenied
            | Code::MethodNotAllowed
            | Code::IdempotencyConflict
            | Code::PreconditionFailed
            | Code::PayloadTooLarge
            | Code::UnsupportedMediaType
            | Code::RateLimited,
        ) => false,
        Some(_) => (400..500).contains(&status),
    }
}

fn place(id: &str) -> Place<'_> {
    Place { table: TABLE, column: "answer", row: id }
}

/// Status and body are one sealed value: neither can be changed without the other.
fn seal(services: &Services, id: &str, answer: &Answer) -> Result<String> {
    let mut plain = zeroize::Zeroizing::new(answer.status.to_be_bytes().to_vec());
    plain.extend_from_slice(&answer.body);
    Ok(services.vault.seal(services.org.as_str(), place(id), &plain, services.entropy.as_ref())?)
}

async fn open(services: &Services, conn: &mut Conn, id: &str, sealed: &str) -> Result<Answer> {
    let plain = services.unseal(conn, services.org.as_str(), place(id), sealed).await?;
    let (status, body) = plain.split_first_chunk().ok_or_else(Error::internal)?;
    Ok(Answer { status: u16::from_be_bytes(*status), body: Bytes::copy_from_slice(body) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_otherwise_is_not_kept() {
        for (status, kept) in [(200, true), (201, true), (303, false), (400, false), (500, false)] {
            assert_eq!(is_final(status, None), kept, "{status} without a code");
        }
        let kept: Vec<_> = Code::ALL.iter().filter(|code| is_final(code.status(), Some(**code))).map(|code| code.as_str()).collect();
        let expected = [
            "NO_OAUTH_APP",
            "NOT_OAUTH2",
            "REDIRECT_URI_NOT_ALLOWED",
            "CREDENTIALS_REJECTED",
            "CONNECTION_REQUIRED",
            "SCOPE_MISSING",
            "ACTION_FAILED",
            "EGRESS_BLOCKED",
            "NOT_FOUND",
            "CONNECTION_NOT_FOUND",
            "INTEGRATION_NOT_FOUND",
            "END_USER_NOT_FOUND",
            "ACTION_NOT_FOUND",
            "DUPLICATE",
            "SLUG_EXISTS",
            "NOT_EMPTY",
            "AMBIGUOUS_INTEGRATION",
            "SESSION_ALREADY_OPEN",
            "CONNECTION_EXPIRED",
            "SESSION_EXPIRED",
        ];
        assert_eq!(kept, expected);
    }
}
