//! Points in time: Unix milliseconds inside, RFC 3339 with milliseconds and `Z` outside.

use serde::{Deserialize, Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment plus `seconds`, never past the end of time.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Whole seconds from `earlier` to this moment.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / 1000
    }

    /// This moment cut to the minute, as "last used" is kept.
    #[must_use]
    pub fn to_minute(self) -> Self {
        Self(self.0 - self.0.rem_euclid(60_000))
    }

    /// `2026-11-24T09:30:00.000Z`
    pub fn rfc3339(self) -> String {
        let (days, ms) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let (year, month, day) = civil_from_days(days);
        let (h, m, s, milli) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
        format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{milli:03}Z")
    }

    /// `2026-11-24 09:30`, for people (UTC).
    pub fn minute(self) -> String {
        let text = self.rfc3339();
        format!("{} {}", &text[..10], &text[11..16])
    }
}

/// Day count since 1970 to a date of the proleptic Gregorian calendar (Howard Hinnant's public-domain algorithm). Written
/// out so that the browser bundle needs no calendar library.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| serde::de::Error::custom("expected an RFC 3339 time such as 2026-11-24T09:30:00.000Z"))
    }
}

/// Parses RFC 3339 with `Z` or a numeric offset, with or without a fraction.
pub fn parse(text: &str) -> Option<Timestamp> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let bytes = text.as_bytes();
    let punctuation = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if punctuation.iter().any(|(at, byte)| bytes.get(*at) != Some(byte)) || !matches!(bytes.get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let days = days_from_civil(year, month, day);
    if civil_from_days(days) != (year, month, day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut milli = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let padded: String = fraction[..digits].chars().chain("000".chars()).take(3).collect();
        milli = if digits == 0 { return None } else { padded.parse().ok()? };
        rest = &fraction[digits..];
    }
    let offset = match rest {
        "Z" | "z" => 0,
        _ => {
            let sign = match rest.as_bytes().first()? {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let (hours, minutes) = rest.get(1..)?.split_once(':')?;
            let part = |text: &str, end: i64| -> Option<i64> {
                (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten().filter(|number| *number < end)
            };
            sign * (part(hours, 24)? * 60 + part(minutes, 60)?)
        }
    };
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset * 60;
    // An offset can lead out of the four-digit years, and what is read must be writable.
    let ms = seconds * 1000 + milli;
    (FIRST_MS..=LAST_MS).contains(&ms).then_some(Timestamp(ms))
}

/// `0000-01-01T00:00:00.000Z`
const FIRST_MS: i64 = -62_167_219_200_000;
/// `9999-12-31T23:59:59.999Z`
const LAST_MS: i64 = 253_402_300_799_999;

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_parses() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_795_512_345_678, "2026-11-24T09:25:45.678Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp(ms).rfc3339(), text);
            assert_eq!(parse(text), Some(Timestamp(ms)));
        }
        assert_eq!(parse("2026-11-24T09:45:45+01:00"), parse("2026-11-24T08:45:45Z"));
        for bad in [
            "",
            "2026-11-24",
            "2026-02-30T00:00:00Z",
            "2026-11-24T25:00:00Z",
            "2026-11-24T08:45:45",
            "2026-11-24T08:45:45.Z",
            "2026-11-24T08:45:4ëZ",
            "2026-11-24T08:45:45+-1:30",
            "2026-11-24T08:45:45+24:00",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
