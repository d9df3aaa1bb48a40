//! Limits on calls: per API key, and per connect token for polls. Announced in every answer.

use super::error::ApiError;
use crate::domain::{Code, Error};
use crate::server::state::AppState;
use crate::vault::token;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;

type Limiter = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// The limiters. Cheap to clone.
#[derive(Clone)]
pub struct RateLimits {
    keys: Arc<Limiter>,
    polls: Arc<Limiter>,
}

/// Calls a second of one key.
const KEY_RATE: u32 = 600;
/// How many may come at once.
const KEY_BURST: u32 = 1200;
/// Polls a second of one connect token.
const POLL_RATE: u32 = 5;

impl Default for RateLimits {
    fn default() -> Self {
        let limiter = |rate: u32, burst: u32| {
            let number = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
            Arc::new(RateLimiter::keyed(Quota::per_second(number(rate)).allow_burst(number(burst))).with_middleware())
        };
        Self { keys: limiter(KEY_RATE, KEY_BURST), polls: limiter(POLL_RATE, POLL_RATE * 2) }
    }
}

impl RateLimits {
    /// One poll with this token.
    pub fn admit_poll(&self, token: &str) -> Result<(), Error> {
        self.polls.check_key(&token::hash(token)).map(|_| ()).map_err(|_| limited(1))
    }

    /// Forgets idle callers.
    pub fn shrink(&self) {
        self.keys.retain_recent();
        self.polls.retain_recent();
    }
}

fn limited(seconds: u64) -> Error {
    Error { retry_after: Some(seconds.max(1)), ..Error::new(Code::RateLimited, "Too many requests") }
}

/// Counts the call against its key, whether the key is valid or not.
pub async fn limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Some(key) = request.headers().get(AUTHORIZATION).map(|value| token::hash(&String::from_utf8_lossy(value.as_bytes()))) else {
        return next.run(request).await;
    };
    let (mut response, remaining, reset) = match state.limits.keys.check_key(&key) {
        Ok(snapshot) => (next.run(request).await, snapshot.remaining_burst_capacity(), 0),
        Err(not_until) => {
            let wait = not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            (ApiError(limited(wait)).into_response(), 0, wait)
        }
    };
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(KEY_BURST));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(reset));
    response
}
