//! Limits on calls: per API key, and per connect token for polls. Announced in every answer that is counted.

use super::error::ApiError;
use crate::config::Rates;
use crate::domain::{Code, Error};
use crate::server::state::AppState;
use crate::vault::token;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The limits; those that are off are not there. Cheap to clone.
#[derive(Clone)]
pub struct RateLimits {
    keys: Option<Arc<Limit>>,
    polls: Option<Arc<Limit>>,
}

impl RateLimits {
    /// As the settings say.
    pub fn new(rates: Rates) -> Self {
        Self { keys: Limit::new(rates.key), polls: Limit::new(rates.poll) }
    }

    /// Counts a poll with this token; none where polls are not limited.
    pub fn poll(&self, token: &str) -> Option<Counted> {
        self.polls.as_ref().map(|limit| limit.count(token::hash(token)))
    }
}

/// So many calls a second of each caller, and twice as many at once.
struct Limit {
    limiter: RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>,
    rate: u32,
    burst: u32,
    calls: AtomicU32,
}

/// After so many calls the idle callers are forgotten, so that made-up keys do not pile up.
const FORGET_EVERY: u32 = 16_384;

impl Limit {
    fn new(rate: u32) -> Option<Arc<Self>> {
        let each_second = NonZeroU32::new(rate)?;
        let burst = NonZeroU32::new(rate.saturating_mul(2))?;
        let limiter = RateLimiter::keyed(Quota::per_second(each_second).allow_burst(burst)).with_middleware();
        Some(Arc::new(Self { limiter, rate, burst: burst.get(), calls: AtomicU32::new(0) }))
    }

    fn count(&self, caller: String) -> Counted {
        if self.calls.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
        }
        let (remaining, retry_after) = match self.limiter.check_key(&caller) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => (0, Some(until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)),
        };
        Counted { limit: self.burst, remaining, reset: (self.burst - remaining).div_ceil(self.rate), retry_after }
    }
}

/// A call that was counted, let through or not.
pub struct Counted {
    limit: u32,
    remaining: u32,
    /// Seconds until everything remains again.
    reset: u32,
    /// Seconds until the next call is let through, where this one was not.
    retry_after: Option<u64>,
}

impl Counted {
    /// Refuses a call that is one too many.
    pub fn admit(&self) -> Result<(), Error> {
        match self.retry_after {
            None => Ok(()),
            Some(seconds) => {
                let error = Error::new(Code::RateLimited, "Too many requests").suggest("Wait as many seconds as Retry-After says");
                Err(Error { retry_after: Some(seconds), ..error })
            }
        }
    }

    /// Says in the answer how much is left, unless a narrower limit has said it already.
    pub fn announce(&self, response: &mut Response) {
        if response.headers().contains_key(LIMIT) {
            return;
        }
        for (name, value) in [(LIMIT, self.limit), (REMAINING, self.remaining), (RESET, self.reset)] {
            response.headers_mut().insert(name, HeaderValue::from(value));
        }
    }
}

/// Counts the call against its key, whether the key is valid or not.
pub async fn limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let key = request.headers().get(AUTHORIZATION).map(|value| token::hash(&String::from_utf8_lossy(value.as_bytes())));
    let (Some(limit), Some(key)) = (&state.limits.keys, key) else { return next.run(request).await };
    let counted = limit.count(key);
    let mut response = match counted.admit() {
        Ok(()) => next.run(request).await,
        Err(error) => ApiError(error).into_response(),
    };
    counted.announce(&mut response);
    response
}
