//! Sending messages to webhooks: claimed in the database, so that of several nodes one sends; signed as Standard Webhooks has it;
//! tried again with growing pauses. A message may arrive twice (its sender may die before it could write that it was sent), always
//! with the same `webhook-id`.

use super::{About, Result, Services};
use crate::domain::id::WorkspaceId;
use crate::domain::webhook::{DeliveryStatus, TEST, WebhookDelivery};
use crate::domain::{Error, Timestamp};
use crate::oauth::http::{Answer, HttpError, Request};
use crate::store::webhook_deliveries::StoredDelivery;
use crate::store::webhooks::StoredWebhook;
use crate::store::{self, Conn};
use crate::vault::{Place, Secret, VaultError, token, webhook};
use http::{HeaderMap, HeaderValue, Method, header};
use std::time::Duration;
use url::Url;

/// Who has not written what became of an attempt for so long is taken for dead.
pub const LEASE_SECONDS: i64 = 60;
/// How often a message is sent at most: with the pauses between, over most of a day.
pub const MOST_ATTEMPTS: i64 = 8;
/// Longest time for an answer.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The pause after the first attempt; each further one is four times as long.
const FIRST_PAUSE_MS: i64 = 15_000;
/// Longest that a receiver may put us off.
const LONGEST_PAUSE_SECONDS: i64 = 86_400;
/// How much of an answer is kept.
const KEPT: usize = 1024;

/// What could be sent now, the longest waiting first, but nothing to the webhooks in `busy`: delivery and webhook.
pub async fn due(services: &Services, busy: &[String], limit: i64) -> Result<Vec<(String, String)>> {
    Ok(store::webhook_deliveries::due(&mut *services.store.conn().await?, busy, services.now(), limit).await?)
}

/// A message that nobody else sends.
#[derive(Debug)]
pub struct Claimed {
    delivery: StoredDelivery,
    claim: String,
}

/// Claims one, if it is to be sent now and nobody has it. Then [`deliver`] it.
pub async fn start(services: &Services, id: &str) -> Result<Option<Claimed>> {
    claim(services, &mut *services.store.conn().await?, id).await
}

/// As [`start`], inside the caller's transaction.
pub(super) async fn claim(services: &Services, conn: &mut Conn, id: &str) -> Result<Option<Claimed>> {
    let claim = token::random(services.entropy.as_ref()).expose().to_owned();
    let now = services.now();
    let delivery = store::webhook_deliveries::claim(conn, id, &claim, now, now.plus_seconds(LEASE_SECONDS)).await?;
    Ok(delivery.map(|delivery| Claimed { delivery, claim }))
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Delivered,
    Retry,
    Failed,
    /// The receiver says that it is there no more.
    Gone,
}

struct Attempt {
    verdict: Verdict,
    status: Option<u16>,
    body: Option<String>,
    error: Option<String>,
    retry_after: Option<i64>,
}

impl Attempt {
    fn without_answer(verdict: Verdict, error: impl Into<String>) -> Self {
        Self { verdict, status: None, body: None, error: Some(error.into()), retry_after: None }
    }
}

/// Sends what was claimed, and writes what became of it. None where the webhook or the claim is gone.
pub async fn deliver(services: &Services, claimed: Claimed) -> Result<Option<WebhookDelivery>> {
    let Claimed { delivery, claim } = claimed;
    let found = store::webhooks::find(&mut *services.store.conn().await?, delivery.view.webhook_id.as_str()).await?;
    let Some(webhook) = found else {
        store::webhook_deliveries::delete(&mut *services.store.conn().await?, &delivery.view.id).await?;
        return Ok(None);
    };
    let is_test = delivery.view.event_type == TEST;
    let attempt = if webhook.disabled_at.is_some() && !is_test {
        Attempt::without_answer(Verdict::Failed, "The webhook is disabled")
    } else {
        attempt(services, &webhook, &delivery).await
    };
    let now = services.now();
    let mut view = delivery.view;
    let again = attempt.verdict == Verdict::Retry && view.attempts < MOST_ATTEMPTS && !is_test;
    view.next_attempt_at = again.then(|| {
        let mut random = [0_u8; 2];
        services.entropy.fill(&mut random);
        next_attempt(now, view.attempts, attempt.retry_after, u16::from_be_bytes(random))
    });
    view.status = match (attempt.verdict, again) {
        (Verdict::Delivered, _) => DeliveryStatus::Delivered,
        (_, true) => DeliveryStatus::Pending,
        (_, false) => DeliveryStatus::Failed,
    };
    view.finished_at = (!again).then_some(now);
    view.response_status = attempt.status.map(i64::from);
    view.response_body = attempt.body;
    view.error = attempt.error;
    let mut tx = services.store.begin_write().await?;
    if !store::webhook_deliveries::settle(&mut tx, &view, &claim).await? {
        return Ok(None);
    }
    if attempt.verdict == Verdict::Gone && store::webhooks::disable(&mut tx, &webhook.id, "The receiver answered 410 Gone", now).await? {
        let about = About { connection: None, workspace: webhook.workspace_id.as_ref().map(WorkspaceId::as_str) };
        services.note(&mut tx, "webhook.disabled", "system", about, serde_json::json!({ "webhookId": webhook.id, "reason": "gone" })).await?;
    }
    services.commit(tx).await?;
    tracing::debug!(delivery = %view.id, webhook = %webhook.id, status = view.status.as_str(), attempts = view.attempts, "webhook");
    Ok(Some(view))
}

async fn attempt(services: &Services, webhook: &StoredWebhook, delivery: &StoredDelivery) -> Attempt {
    let request = match request(services, webhook, delivery).await {
        Ok(request) => request,
        // Logged already, and no fault of the receiver's.
        Err(error) => return Attempt::without_answer(Verdict::Retry, error.message),
    };
    match services.http.fetch_beginning(request, TIMEOUT, KEPT).await {
        Ok(answer) => judge(&answer, services.now()),
        Err(HttpError::Blocked(blocked)) => Attempt::without_answer(Verdict::Failed, blocked.to_string()),
        Err(error @ (HttpError::Transport(_) | HttpError::TimedOut | HttpError::TooLarge | HttpError::Redirect)) => {
            Attempt::without_answer(Verdict::Retry, error.to_string())
        }
    }
}

fn judge(answer: &Answer, now: Timestamp) -> Attempt {
    let status = answer.status.as_u16();
    let verdict = match status {
        200..=299 => Verdict::Delivered,
        410 => Verdict::Gone,
        408 | 409 | 425 | 429 | 500.. => Verdict::Retry,
        _ => Verdict::Failed,
    };
    let error = match (verdict, status) {
        (Verdict::Delivered, _) => None,
        (_, 300..=399) => Some(format!("The receiver redirects (status {status}), which is not followed: register the address it leads to")),
        _ => Some(format!("The receiver answered with status {status}")),
    };
    let text: String = String::from_utf8_lossy(&answer.body).chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    Attempt { verdict, status: Some(status), body: (!text.is_empty()).then_some(text), error, retry_after: retry_after(&answer.headers, now) }
}

/// Seconds that the receiver asks us to wait: a number, or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse::<i64>().ok().or_else(|| {
        let date = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc2822).ok()?;
        Some(date.unix_timestamp().saturating_sub(now.0 / 1000))
    })?;
    Some(seconds.clamp(0, LONGEST_PAUSE_SECONDS))
}

/// When to try again after `attempts`: 15 s, 1 min, 4 min, 16 min, about 1 h, 4 h, 17 h, each a fifth longer or shorter as `random`
/// has it, so that what failed together does not come back together; and not before the receiver wants it.
fn next_attempt(now: Timestamp, attempts: i64, retry_after: Option<i64>, random: u16) -> Timestamp {
    let exponent = u32::try_from(attempts - 1).unwrap_or(0).min(10);
    let pause = FIRST_PAUSE_MS * 4_i64.pow(exponent);
    let jitter = pause * 2 / 5 * i64::from(random) / i64::from(u16::MAX) - pause / 5;
    Timestamp(now.0 + (pause + jitter).max(retry_after.unwrap_or(0) * 1000))
}

/// The request, signed with every secret that is alive.
async fn request(services: &Services, webhook: &StoredWebhook, delivery: &StoredDelivery) -> Result<Request> {
    let url = Url::parse(&webhook.url).map_err(|_| Error::internal())?;
    let seconds = services.now().0 / 1000;
    let id = delivery.view.event_id.as_str();
    let signatures: Option<Vec<String>> = secrets(services, webhook).await?.iter().map(|secret| webhook::sign(secret, id, seconds, &delivery.body)).collect();
    let signatures = signatures.ok_or_else(Error::internal)?.join(" ");
    let value = |text: &str| HeaderValue::try_from(text).map_err(|_| Error::internal());
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("webhook-id", value(id)?);
    headers.insert("webhook-timestamp", HeaderValue::from(seconds));
    headers.insert("webhook-signature", value(&signatures)?);
    Ok(Request { method: Method::POST, url, headers, body: delivery.body.clone().into_bytes() })
}

const TABLE: &str = "webhooks";

/// The secret, and during a rotation the one before it.
async fn secrets(services: &Services, webhook: &StoredWebhook) -> Result<Vec<Secret>> {
    let mut conn = services.store.conn().await?;
    let mut secrets = vec![open(services, &mut conn, webhook, "secret", &webhook.secret).await?];
    if let Some((previous, _)) = webhook.previous.as_ref().filter(|(_, until)| *until > services.now()) {
        secrets.push(open(services, &mut conn, webhook, "previous_secret", previous).await?);
    }
    Ok(secrets)
}

async fn open(services: &Services, conn: &mut Conn, webhook: &StoredWebhook, column: &str, sealed: &str) -> Result<Secret> {
    let owner = services.key_owner(webhook.workspace_id.as_ref());
    let plain = services.unseal(conn, owner, Place { table: TABLE, column, row: webhook.id.as_str() }, sealed).await?;
    let text = std::str::from_utf8(&plain).map_err(|_| VaultError::Malformed)?;
    Ok(Secret::new(text))
}

/// A secret as it is stored, and the sealed one before it moved to its other column.
pub(super) async fn seal(services: &Services, conn: &mut Conn, webhook: &StoredWebhook, secret: &Secret) -> Result<String> {
    let owner = services.key_owner(webhook.workspace_id.as_ref());
    services.ensure_key(conn, owner).await?;
    let place = Place { table: TABLE, column: "secret", row: webhook.id.as_str() };
    Ok(services.vault.seal(owner, place, secret.expose().as_bytes(), services.entropy.as_ref())?)
}

/// The present secret, sealed as the one before.
pub(super) async fn seal_as_previous(services: &Services, conn: &mut Conn, webhook: &StoredWebhook) -> Result<String> {
    let owner = services.key_owner(webhook.workspace_id.as_ref());
    services.ensure_key(conn, owner).await?;
    let present = open(services, conn, webhook, "secret", &webhook.secret).await?;
    let place = Place { table: TABLE, column: "previous_secret", row: webhook.id.as_str() };
    Ok(services.vault.seal(owner, place, present.expose().as_bytes(), services.entropy.as_ref())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn answer(status: u16, retry_after: Option<&'static str>) -> Answer {
        let mut headers = HeaderMap::new();
        headers.extend(retry_after.map(|text| (header::RETRY_AFTER, HeaderValue::from_static(text))));
        Answer { status: StatusCode::from_u16(status).unwrap_or_default(), headers, body: b"so\0it\x1b is\n\xff".to_vec() }
    }

    #[test]
    fn statuses_decide() {
        for (verdict, statuses) in [
            (Verdict::Delivered, vec![200, 201, 202, 204, 299]),
            (Verdict::Retry, vec![408, 409, 425, 429, 500, 502, 503, 504, 599]),
            (Verdict::Failed, vec![301, 302, 307, 308, 400, 401, 403, 404, 405, 413, 422, 451]),
            (Verdict::Gone, vec![410]),
        ] {
            for status in statuses {
                let attempt = judge(&answer(status, None), Timestamp(0));
                assert_eq!(attempt.verdict, verdict, "{status}");
                assert_eq!(attempt.error.is_none(), verdict == Verdict::Delivered, "{status}");
                assert_eq!(attempt.body.as_deref(), Some("soit is\n\u{fffd}"));
            }
        }
    }

    #[test]
    fn pauses_grow_and_receivers_may_ask_for_longer_ones() {
        let now = Timestamp(1_000_000_000_000);
        let seconds = |attempts, wanted, random| (next_attempt(now, attempts, wanted, random).0 - now.0 + 500) / 1000;
        let middle = u16::MAX / 2;
        let pauses: Vec<i64> = (1..MOST_ATTEMPTS).map(|attempts| seconds(attempts, None, middle)).collect();
        assert_eq!(pauses, [15, 60, 240, 960, 3840, 15_360, 61_440]);
        assert!((20 * 3600..26 * 3600).contains(&pauses.iter().sum::<i64>()), "about a day");
        assert_eq!((seconds(1, None, 0), seconds(1, None, u16::MAX)), (12, 18));
        assert_eq!((seconds(1, Some(90), middle), seconds(7, Some(90), 0)), (90, 49_152));
    }

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        let now = Timestamp(784_111_700_000); // 77 s before the date below
        for (text, expected) in [
            ("120", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(77)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("9999999", Some(86_400)),
            ("-5", Some(0)),
            ("soon", None),
        ] {
            assert_eq!(judge(&answer(503, Some(text)), now).retry_after, expected, "{text}");
        }
    }
}
