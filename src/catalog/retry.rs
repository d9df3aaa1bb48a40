//! How a service says that it is asked too often, and for how long to leave it alone, where it has words of its own. Without any of
//! this 429 means it, and `Retry-After` says how long. Rules are in `check/hints.rs`.

use super::action::ErrorWhen;
use super::capture::text_at;
use crate::domain::{Timestamp, time};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// Longest wait that is passed on.
const LONGEST: Duration = Duration::from_hours(24);

/// `[api.retry]`: what means "later", and when that is.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// What means that it is asked too often, beside status 429. Such a request must not have done anything.
    #[serde(default)]
    pub throttled: Vec<Throttled>,
    /// Where it says for how long; the first that says anything counts, and `Retry-After` after them.
    #[serde(default)]
    pub wait: Vec<Wait>,
}

/// An answer that means that the service is asked too often.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Throttled {
    /// Status.
    pub status: u16,
    /// A header that is there then.
    #[serde(default)]
    pub header: Option<String>,
    /// JSON pointer to what is in the answer then.
    #[serde(default)]
    pub pointer: Option<String>,
    /// What the header or the value is then, where being there is not enough.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<Value>"))]
    pub equals: Option<toml::Value>,
}

/// Where a service says for how long.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// A header: `x-ratelimit-reset`.
    #[serde(default)]
    pub header: Option<String>,
    /// JSON pointer into the answer: `/retry_after`.
    #[serde(default)]
    pub pointer: Option<String>,
    /// Nowhere: its documentation says so many seconds.
    #[serde(default)]
    pub seconds: Option<u32>,
    /// What the header or the value is.
    #[serde(default)]
    pub unit: WaitUnit,
}

/// What a number or text means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum WaitUnit {
    /// From now, with or without a fraction.
    #[default]
    Seconds,
    /// From now.
    Milliseconds,
    /// A point in time: RFC 3339, or seconds or milliseconds since 1970.
    Moment,
}

impl Retry {
    /// Whether anything has to be looked up in the body of an answer with this status.
    pub fn reads_body(&self, status: u16) -> bool {
        let of_status = || self.throttled.iter().filter(|rule| rule.status == status);
        let may_be = status == 429 || of_status().next().is_some();
        of_status().any(|rule| rule.pointer.is_some()) || (may_be && self.wait.iter().any(|wait| wait.pointer.is_some()))
    }

    /// Whether this answer says that the service is asked too often.
    pub fn is_throttled(&self, status: u16, headers: &HeaderMap, body: &Value) -> bool {
        self.throttled.iter().any(|rule| rule.status == status && rule.holds(headers, body))
    }

    /// How long to leave it alone after this answer, if it says so.
    pub fn wait(&self, headers: &HeaderMap, body: &Value, now: Timestamp) -> Option<Duration> {
        self.wait.iter().find_map(|wait| wait.read(headers, body, now)).map(|wait| wait.min(LONGEST))
    }
}

impl Throttled {
    fn holds(&self, headers: &HeaderMap, body: &Value) -> bool {
        let header = self.header.as_ref().is_none_or(|name| {
            let expected = self.equals.as_ref().and_then(toml::Value::as_str).filter(|_| self.pointer.is_none());
            text_of(headers, name).is_some_and(|found| expected.is_none_or(|expected| found == expected))
        });
        let value = self.pointer.as_ref().is_none_or(|pointer| ErrorWhen { pointer: pointer.clone(), equals: self.equals.clone() }.holds(body));
        header && value
    }
}

impl Wait {
    fn read(&self, headers: &HeaderMap, body: &Value, now: Timestamp) -> Option<Duration> {
        if let Some(seconds) = self.seconds {
            return Some(Duration::from_secs(seconds.into()));
        }
        let said = match (&self.header, &self.pointer) {
            (Some(name), _) => text_of(headers, name)?.to_owned(),
            (None, Some(pointer)) => text_at(body, pointer)?,
            (None, None) => return None,
        };
        let number = said.parse::<f64>().ok();
        let seconds = match self.unit {
            WaitUnit::Seconds => number?,
            WaitUnit::Milliseconds => number? / 1000.0,
            WaitUnit::Moment => {
                // Seconds since 1970 have ten digits from 2001 until 2286; fewer are no moment, and three more are milliseconds.
                let moment = match number {
                    Some(number) if number >= 1e11 => number / 1000.0,
                    Some(number) if number >= 1e9 => number,
                    Some(_) => return None,
                    None => seconds_of(time::parse(&said)?),
                };
                (moment - seconds_of(now)).max(0.0)
            }
        };
        Duration::try_from_secs_f64(seconds).ok()
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of any year that will be seen are exact")]
fn seconds_of(moment: Timestamp) -> f64 {
    moment.0 as f64 / 1000.0
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::catalog::Catalog;
    use serde_json::json;

    const NOW: i64 = 1_795_000_000;

    /// What a catalogued service means by an answer: whether it is asked too often, and the milliseconds to wait.
    fn heard(integration: &str, status: u16, headers: &[(&'static str, &str)], body: &Value) -> (bool, Option<u128>) {
        let catalog = Catalog::load(None).unwrap();
        let retry = catalog.get(integration).unwrap().api.as_ref().unwrap().retry.clone().unwrap();
        let headers: HeaderMap = headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect();
        let body = if retry.reads_body(status) { body } else { &Value::Null };
        let wait = retry.wait(&headers, body, Timestamp(NOW * 1000));
        (retry.is_throttled(status, &headers, body), wait.map(|wait| wait.as_millis()))
    }

    #[test]
    fn services_are_understood_in_their_own_words() {
        let in_90 = (NOW + 90).to_string();
        let in_90_ms = ((NOW + 90) * 1000).to_string();
        let none = json!({});
        let google = |reason: &str| json!({ "error": { "code": 403, "errors": [{ "reason": reason }] } });
        let linear = |code: &str| json!({ "errors": [{ "extensions": { "code": code } }] });
        for (integration, status, headers, body, throttled, wait) in [
            ("github", 403, vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", in_90.as_str())], &none, true, Some(90_000)),
            ("github", 403, vec![("retry-after", "7"), ("x-ratelimit-reset", in_90.as_str())], &none, true, Some(7_000)),
            ("github", 403, vec![("x-ratelimit-remaining", "9"), ("x-ratelimit-reset", in_90.as_str())], &none, false, Some(90_000)),
            ("github", 404, vec![("x-ratelimit-remaining", "0")], &none, false, None),
            ("slack", 200, vec![], &json!({ "ok": false, "error": "ratelimited" }), true, None),
            ("slack", 200, vec![], &json!({ "ok": false, "error": "not_in_channel" }), false, None),
            ("linear", 400, vec![("x-ratelimit-requests-reset", in_90_ms.as_str())], &linear("RATELIMITED"), true, Some(90_000)),
            ("linear", 400, vec![], &linear("INVALID_INPUT"), false, None),
            ("gmail", 403, vec![], &google("userRateLimitExceeded"), true, None),
            ("google-drive", 403, vec![], &google("rateLimitExceeded"), true, None),
            ("google-calendar", 403, vec![], &google("insufficientPermissions"), false, None),
            ("discord", 429, vec![("retry-after", "1")], &json!({ "retry_after": 0.25 }), false, Some(250)),
            ("telegram", 429, vec![], &json!({ "parameters": { "retry_after": 12 } }), false, Some(12_000)),
            ("todoist", 429, vec![], &json!({ "error_extra": { "retry_after": 3 } }), false, Some(3_000)),
            ("hubspot", 429, vec![("x-hubspot-ratelimit-interval-milliseconds", "10000")], &none, false, Some(10_000)),
            ("zoom", 429, vec![("retry-after", "2026-11-18T11:28:10Z")], &none, false, Some(1_290_000)),
            ("zoom", 429, vec![("retry-after", "12")], &none, false, None),
            ("airtable", 429, vec![], &none, false, Some(30_000)),
            ("trello", 429, vec![], &none, false, Some(10_000)),
            ("clickup", 429, vec![("x-ratelimit-reset", in_90.as_str())], &none, false, Some(90_000)),
            ("x", 429, vec![("x-rate-limit-reset", in_90.as_str())], &none, false, Some(90_000)),
            ("twitch", 429, vec![("ratelimit-reset", in_90.as_str())], &none, false, Some(90_000)),
            ("intercom", 429, vec![("x-ratelimit-reset", in_90.as_str())], &none, false, Some(90_000)),
            ("reddit", 429, vec![("x-ratelimit-reset", "41.5")], &none, false, Some(41_500)),
            ("pipedrive", 429, vec![("x-ratelimit-reset", "2")], &none, false, Some(2_000)),
            ("shopify", 429, vec![("retry-after", "2.0")], &none, false, Some(2_000)),
            ("salesforce", 403, vec![], &json!([{ "errorCode": "REQUEST_LIMIT_EXCEEDED" }]), true, None),
            ("facebook", 400, vec![], &json!({ "error": { "code": 4 } }), true, None),
            ("instagram", 400, vec![], &json!({ "error": { "code": 17 } }), true, None),
            ("instagram", 400, vec![], &json!({ "error": { "code": 100 } }), false, None),
        ] {
            assert_eq!(heard(integration, status, &headers, body), (throttled, wait), "{integration} {status} {headers:?} {body}");
        }
    }

    #[test]
    fn nonsense_says_nothing_and_nothing_is_for_ever() {
        let retry: Retry = toml::from_str("wait = [{ header = 'a' }, { pointer = '/b', unit = 'milliseconds' }, { header = 'c', unit = 'moment' }]").unwrap();
        let wait = |name: &'static str, value: &str, body: Value| {
            retry.wait(&HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())]), &body, Timestamp(NOW * 1000))
        };
        for (name, value) in [("a", "soon"), ("a", "-1"), ("a", "NaN"), ("a", "inf"), ("c", "tomorrow"), ("c", "NaN"), ("c", "inf"), ("x", "1")] {
            assert_eq!(wait(name, value, json!({ "b": [1] })), None, "{name}: {value}");
        }
        assert_eq!(wait("a", "soon", json!({ "b": "1500" })), Some(Duration::from_millis(1500)));
        assert_eq!(wait("a", "999999999", json!(null)), Some(LONGEST));
        // What is over is over; a number of seconds is no moment.
        assert_eq!(wait("c", &(NOW - 7).to_string(), json!(null)), Some(Duration::ZERO));
        assert_eq!(wait("c", "7", json!(null)), None);
    }
}
