//! Waiting between attempts: twice as long each time, by a random share of it.
//!
//! The SDK retries a request until its headers have come. A body that breaks off, and a throttle that
//! outlasts the SDK's budget of retries, are for whoever reads the body to try again.

use std::time::Duration;

use super::Error;

/// The first wait is at most this long.
const FIRST: Duration = Duration::from_millis(250);
/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(20);

/// The attempts at one piece of work.
#[derive(Debug)]
pub struct Backoff {
    attempt: u32,
    attempts: u32,
}

impl Backoff {
    /// Allows so many attempts, the first included.
    pub fn new(attempts: u32) -> Self {
        Self { attempt: 1, attempts }
    }

    /// Waits if the failure may pass and an attempt is left.
    ///
    /// # Errors
    /// The failure itself, when it is final.
    pub async fn after(&mut self, failure: Error) -> Result<(), Error> {
        if self.attempt >= self.attempts || !failure.may_pass() {
            return Err(failure);
        }
        let span = span(self.attempt);
        self.attempt += 1;
        tokio::time::sleep(span.mul_f64(random_share())).await;
        Ok(())
    }
}

/// The longest wait after the attempt with this number.
fn span(attempt: u32) -> Duration {
    FIRST.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(LONGEST)
}

/// Between 0 and 1: clients that were throttled together come back apart.
fn random_share() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness all wait the full span, which is only less kind.
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, random_share, span};

    #[test]
    fn waits_double_up_to_a_bound() {
        let millis: Vec<u128> = (1..=9).map(|attempt| span(attempt).as_millis()).collect();
        assert_eq!(millis, [250, 500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]);
        assert_eq!(span(u32::MAX), LONGEST);
    }

    #[test]
    fn shares_differ_and_stay_between_nothing_and_all() {
        let shares: Vec<f64> = (0..64).map(|_| random_share()).collect();
        assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{shares:?}");
        assert!(shares.iter().any(|share| (share - shares[0]).abs() > 0.01), "{shares:?}");
    }
}
