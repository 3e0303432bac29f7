//! How long things may take.

use std::time::Duration;

use tokio::time::Instant;

use crate::ttrpc::server::Call;

/// What a runtime waits for an answer if it does not say (`plugin_request_timeout`).
const REQUEST: Duration = Duration::from_secs(2);

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the connection to Configure and the answer to RegisterPlugin. Runtimes take plugins one by one, and wait 5 s
    /// for one that says nothing: this has to be longer.
    pub registration: Duration,
    /// From Configure to the end of Synchronize. Runtimes wait for pods that are being made or removed.
    pub synchronization: Duration,
    /// From an event to its answer, at most.
    pub answer: Duration,
    /// From the wish to stop to the end of all work.
    pub stop: Duration,
    /// Between one attempt to dial and the next.
    pub redial: Duration,
    /// Between the loss of a connection and the next attempt, if connections keep getting lost.
    pub longest_wait: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            registration: Duration::from_secs(15),
            synchronization: Duration::from_secs(30),
            answer: Duration::from_millis(1500),
            stop: Duration::from_secs(10),
            redial: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
        }
    }
}

impl Timing {
    /// When a call has to be answered: at three quarters of the time that its caller has, and not after
    /// [`Timing::answer`]. A caller that gives up closes the connection, and goes on as if nothing were wrong.
    pub(super) fn deadline(&self, call: &Call, request_timeout: Option<Duration>) -> Instant {
        let patience = [call.patience, request_timeout].into_iter().flatten().min();
        let patience = patience.unwrap_or(REQUEST);
        call.arrived + (patience / 4 * 3).min(self.answer)
    }
}

/// How long to wait before the next attempt.
#[derive(Debug)]
pub(super) struct Backoff {
    timing: Timing,
    /// How many connections in a row were lost soon.
    lost: u32,
}

impl Backoff {
    pub(super) fn new(timing: Timing) -> Self {
        Self { timing, lost: 0 }
    }

    /// Nobody listens. To try again costs the runtime nothing, and each moment without a plugin counts: the waits stay
    /// short.
    pub(super) fn unreachable(&self) -> Duration {
        jittered(self.timing.redial)
    }

    /// A connection was lost. Each new one makes the runtime stop all pods for a moment, and can block some runtimes for
    /// good: one that is lost soon doubles the wait.
    pub(super) fn lost(&mut self, lasted: Duration) -> Duration {
        if lasted > self.timing.longest_wait {
            self.lost = 0;
        }
        let factor = 2_u32.saturating_pow(self.lost);
        self.lost = self.lost.saturating_add(1);
        let wait = self.timing.redial.saturating_mul(factor);
        jittered(wait.min(self.timing.longest_wait))
    }
}

/// Half of it at least, all of it at most: plugins that lost the same runtime do not come back in step.
fn jittered(wait: Duration) -> Duration {
    let half = wait / 2;
    half + half.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn call(patience: Option<Duration>) -> Call {
        Call {
            service: String::new(),
            method: String::new(),
            payload: Vec::new(),
            arrived: Instant::now(),
            patience,
        }
    }

    #[test]
    fn the_shortest_of_all_limits_counts() {
        let timing = Timing::default();
        let millis = |patience: Option<u64>, request: Option<u64>| {
            let call = call(patience.map(Duration::from_millis));
            let deadline = timing.deadline(&call, request.map(Duration::from_millis));
            (deadline - call.arrived).as_millis()
        };
        assert_eq!(millis(None, None), 1500);
        assert_eq!(millis(Some(2000), None), 1500);
        assert_eq!(millis(Some(400), Some(2000)), 300);
        assert_eq!(millis(Some(2000), Some(400)), 300);
        assert_eq!(millis(Some(60_000), Some(60_000)), 1500);
    }

    #[test]
    fn connections_that_are_lost_soon_are_waited_for_longer_and_longer() {
        let mut backoff = Backoff::new(Timing::default());
        assert!(backoff.lost(Duration::ZERO) < SECOND);
        let waits: Vec<Duration> = (0..10).map(|_| backoff.lost(SECOND)).collect();
        assert!(waits[2] >= 2 * SECOND, "{waits:?}");
        assert!(
            waits[9] >= 15 * SECOND && waits[9] <= 30 * SECOND,
            "{waits:?}"
        );
        assert!(backoff.lost(31 * SECOND) < SECOND);
        assert!(backoff.unreachable() < SECOND);
    }
}
