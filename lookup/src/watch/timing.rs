//! How long a watch waits for what.

use std::time::Duration;

/// The longest pause that a server may ask for.
const ASKED: Duration = Duration::from_secs(300);

/// The times of a watch.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a server is asked to tell before it ends the answer by itself. It is asked in whole seconds.
    pub watch: Duration,
    /// How much later than that, without a word, it is given up: the connection may have died. kube's watcher would after
    /// 5 s, and tell nobody.
    pub margin: Duration,
    /// How long the beginning of an answer may take, and telling of all pods that there are.
    pub answer: Duration,
    /// The first pause after a failure; each one after it is twice as long.
    pub pause: Duration,
    /// The longest of these pauses.
    pub longest_pause: Duration,
    /// How long a watch has to have told for its end to be no failure.
    pub steady: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            // API servers end a watch after 30 to 60 minutes by themselves; what is shorter notices a dead one sooner.
            watch: Duration::from_secs(290),
            margin: Duration::from_secs(4),
            answer: Duration::from_secs(30),
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            steady: Duration::from_secs(5),
        }
    }
}

/// The pauses between attempts, one after the other.
#[derive(Debug)]
pub(super) struct Pauses {
    timing: Timing,
    failures: u32,
}

impl Pauses {
    pub(super) fn new(timing: Timing) -> Self {
        Self {
            timing,
            failures: 0,
        }
    }

    /// Something went well.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause after one more failure. The daemons of a cluster do not come back all at once: it is up to a half
    /// longer than it has to be.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let doubled = self.timing.pause * 2_u32.pow(self.failures.min(16));
        self.failures += 1;
        let doubled = doubled.min(self.timing.longest_pause);
        let least = asked.unwrap_or_default().min(ASKED).max(doubled);
        least + least.mul_f64(fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_follow_the_server() {
        let timing = Timing::default();
        let mut pauses = Pauses::new(timing);
        let within = |pause: Duration, least: Duration| {
            assert!((least..=least.mul_f64(1.5)).contains(&pause), "{pause:?}");
        };
        within(pauses.next(None), timing.pause);
        within(pauses.next(None), timing.pause * 2);
        within(
            pauses.next(Some(Duration::from_secs(7))),
            Duration::from_secs(7),
        );
        for _ in 0..100 {
            pauses.next(None);
        }
        within(pauses.next(None), timing.longest_pause);
        pauses.reset();
        within(pauses.next(Some(Duration::from_secs(3600))), ASKED);
    }
}
