//! When to ask again, and how long to wait before.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// How persistent a [`Client`](crate::Client) is where an error may pass: no connection, no answer in time, 429, 5xx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often one thing is asked for at most, the first time included; 1 is: never again. 8 by default.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles with each. Half a second by default.
    pub first_wait: Duration,
    /// The longest wait, also where the server names one: a server that asks for more fails the request. A minute by default.
    pub longest_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 8, first_wait: Duration::from_millis(500), longest_wait: Duration::from_secs(60) }
    }
}

impl Retry {
    /// How long to wait after attempt number `attempt` (from 1) failed; none to give up.
    ///
    /// `jitter` between 0 and 1 spreads clients that failed together: the wait is between half and the whole of the back-off. What the
    /// server asks for is kept, and what is spread comes on top.
    pub(crate) fn wait(&self, attempt: u32, asked_for: Option<Duration>, jitter: f64) -> Option<Duration> {
        if attempt >= self.attempts || asked_for.is_some_and(|asked_for| asked_for > self.longest_wait) {
            return None;
        }
        let doubled = self.first_wait.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
        let backoff = doubled.min(self.longest_wait).mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0));
        Some(match asked_for {
            Some(asked_for) => asked_for + self.first_wait.mul_f64(jitter.clamp(0.0, 1.0)),
            None => backoff,
        })
    }
}

/// The wait that a `Retry-After` header asks for: seconds, or a date.
pub(crate) fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(header).ok()?;
    // A date that has passed is no wait.
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_the_longest_and_end() {
        let retry = Retry { attempts: 6, first_wait: SECOND, longest_wait: 5 * SECOND };
        let waits: Vec<_> = (1..=6).map(|attempt| retry.wait(attempt, None, 1.0)).collect();
        assert_eq!(waits, [Some(SECOND), Some(2 * SECOND), Some(4 * SECOND), Some(5 * SECOND), Some(5 * SECOND), None]);
        assert_eq!(retry.wait(2, None, 0.0), Some(SECOND));
        assert_eq!(Retry { attempts: 1, ..retry }.wait(1, None, 0.5), None);
        assert_eq!(Retry { attempts: u32::MAX, ..retry }.wait(4_000_000_000, None, 1.0), Some(5 * SECOND));
    }

    #[test]
    fn what_the_server_asks_for_is_kept_or_given_up() {
        let retry = Retry { attempts: 3, first_wait: SECOND, longest_wait: 60 * SECOND };
        assert_eq!(retry.wait(1, Some(7 * SECOND), 0.0), Some(7 * SECOND));
        assert_eq!(retry.wait(1, Some(7 * SECOND), 1.0), Some(8 * SECOND));
        assert_eq!(retry.wait(1, Some(61 * SECOND), 0.0), None);
        assert_eq!(retry.wait(3, Some(SECOND), 0.0), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = DateTime::parse_from_rfc3339("2015-10-21T07:27:30Z").unwrap().to_utc();
        assert_eq!(retry_after(" 120 ", now), Some(120 * SECOND));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(30 * SECOND));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:27:00 GMT", now), Some(Duration::ZERO));
        assert_eq!((retry_after("soon", now), retry_after("-1", now)), (None, None));
    }
}
