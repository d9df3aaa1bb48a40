//! When a service is asked again, and when not: what an answer says about it, and whether that is for us to wait out or for the caller.

use crate::catalog::{Action, Definition};
use crate::domain::Timestamp;
use crate::oauth::exchange::retry_after;
use crate::oauth::http::{Answer, Request};
use http::Method;
use serde_json::Value;
use std::time::Duration;

/// Longest wait that is waited out here: people may be waiting for the answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Pause before a second try where a service only stumbled.
const SHORT_PAUSE: Duration = Duration::from_millis(100);

/// What an answer says about asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    /// The service is asked too often. The request has had no effect.
    pub throttled: bool,
    /// For how long it wants to be left alone.
    pub wait: Option<Duration>,
}

impl Heard {
    /// What `answer` says, in the words of the definition, else in those of HTTP.
    pub fn of(definition: &Definition, answer: &Answer, now: Timestamp) -> Self {
        let (status, headers) = (answer.status.as_u16(), &answer.headers);
        let retry = definition.api.as_ref().and_then(|api| api.retry.as_ref());
        let body = match retry {
            Some(retry) if retry.reads_body(status) => serde_json::from_slice(&answer.body).unwrap_or_default(),
            _ => Value::Null,
        };
        let throttled = status == 429 || retry.is_some_and(|retry| retry.is_throttled(status, headers, &body));
        let own = retry.filter(|_| throttled).and_then(|retry| retry.wait(headers, &body, now));
        let standard = || (throttled || status == 503).then(|| retry_after(headers)).flatten().map(Duration::from_secs);
        Self { throttled, wait: own.or_else(standard) }
    }

    /// How long to wait before the request is sent once more; nothing where it is not, because it may have had an effect, because nobody
    /// says when, or because that is too far off.
    pub fn pause(self, status: u16, may_repeat: bool, left: Duration) -> Option<Duration> {
        let pause = match status {
            _ if self.throttled => self.wait?,
            502..=504 if may_repeat => self.wait.unwrap_or(SHORT_PAUSE),
            _ => return None,
        };
        (pause <= LONGEST_PAUSE && pause < left).then_some(pause)
    }

    /// The wait as callers are told it: whole seconds, none of them 0.
    pub fn seconds(self) -> Option<u64> {
        self.wait.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).map(|seconds| seconds.max(1))
    }
}

/// Whether a request does no more when it is done twice.
pub(super) fn may_repeat(action: Option<&Action>, request: &Request) -> bool {
    matches!(request.method, Method::GET | Method::HEAD) || action.is_some_and(|action| action.idempotent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_out() {
        let seconds = Duration::from_secs;
        let (throttled, left) = (|wait| Heard { throttled: true, wait }, seconds(20));
        let stumbled = |wait| Heard { throttled: false, wait };
        for (heard, status, may_repeat, left, pause) in [
            // What was refused for being too often did nothing: even a POST may come again.
            (throttled(Some(seconds(2))), 429, true, left, Some(seconds(2))),
            (throttled(Some(seconds(2))), 429, false, left, Some(seconds(2))),
            (throttled(Some(seconds(2))), 403, false, left, Some(seconds(2))),
            (throttled(Some(seconds(2))), 200, false, left, Some(seconds(2))),
            (throttled(Some(Duration::ZERO)), 429, false, left, Some(Duration::ZERO)),
            // Too far off, past the end of our time, or nobody knows when.
            (throttled(Some(seconds(6))), 429, true, left, None),
            (throttled(Some(seconds(2))), 429, true, seconds(2), None),
            (throttled(Some(seconds(2))), 429, true, Duration::ZERO, None),
            (throttled(None), 429, true, left, None),
            // Whoever stumbled may have done it.
            (stumbled(None), 502, true, left, Some(SHORT_PAUSE)),
            (stumbled(None), 503, true, left, Some(SHORT_PAUSE)),
            (stumbled(Some(seconds(1))), 503, true, left, Some(seconds(1))),
            (stumbled(Some(seconds(60))), 503, true, left, None),
            (stumbled(None), 504, true, left, Some(SHORT_PAUSE)),
            (stumbled(None), 503, false, left, None),
            (stumbled(Some(seconds(1))), 503, false, left, None),
            (stumbled(None), 500, true, left, None),
            (stumbled(None), 403, true, left, None),
            (stumbled(None), 200, true, left, None),
        ] {
            assert_eq!(heard.pause(status, may_repeat, left), pause, "{heard:?} {status} {may_repeat} {left:?}");
        }
        for (wait, told) in [(None, None), (Some(Duration::ZERO), Some(1)), (Some(Duration::from_millis(2001)), Some(3)), (Some(seconds(2)), Some(2))] {
            assert_eq!(throttled(wait).seconds(), told);
        }
    }
}
