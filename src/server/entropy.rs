//! Where time and randomness come from. Both are arguments everywhere else, so that expiry and states are plain tests.

use crate::domain::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A source of random bytes fit for keys.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's.
#[derive(Debug, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness nothing here is safe to do: stopping is the only right answer.
        getrandom::fill(bytes).unwrap_or_else(|error| panic!("the operating system gives no randomness: {error}"));
    }
}

/// Tells the time.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Milliseconds added to the system's time, which may be wrong (`jobs::clock`).
    offset: Arc<AtomicI64>,
}

impl Clock {
    /// The system's. In debug builds a test may have it go wrong by so many seconds.
    pub fn of_system() -> Self {
        let clock = Self::default();
        #[cfg(debug_assertions)]
        if let Some(seconds) = std::env::var("TEST_CLOCK_OFFSET").ok().and_then(|text| text.parse().ok()) {
            clock.advance_seconds(seconds);
        }
        clock
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
        let system = std::time::SystemTime::now();
        let ms = system.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        Timestamp(ms.saturating_add(self.offset.load(Ordering::Relaxed)))
    }

    /// Moves this clock and all its clones.
    pub fn advance_seconds(&self, seconds: i64) {
        self.advance_ms(seconds.saturating_mul(1000));
    }

    /// The same by milliseconds.
    pub fn advance_ms(&self, ms: i64) {
        self.offset.fetch_add(ms, Ordering::Relaxed);
    }
}
