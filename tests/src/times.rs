//! What benchmarks measured, and how they judge it.

use std::time::Duration;

/// How long one thing took, each time.
#[derive(Clone, Debug, Default)]
pub struct Times {
    all: Vec<Duration>,
}

impl Times {
    /// Adds a time.
    pub fn push(&mut self, time: Duration) {
        let at = self.all.partition_point(|other| *other <= time);
        self.all.insert(at, time);
    }

    /// The one in the middle.
    pub fn median(&self) -> Duration {
        self.quantile(50)
    }

    /// The one that 99 of 100 do not exceed.
    pub fn p99(&self) -> Duration {
        self.quantile(99)
    }

    fn quantile(&self, hundredths: usize) -> Duration {
        // By the nearest rank: one that was measured, never one between two.
        let rank = (self.all.len() * hundredths).div_ceil(100);
        let at = rank.saturating_sub(1);
        self.all.get(at).copied().unwrap_or_default()
    }
}

impl FromIterator<Duration> for Times {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        let mut all: Vec<Duration> = times.into_iter().collect();
        all.sort_unstable();
        Self { all }
    }
}

/// Microseconds, as a number to print.
pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// How a goal is told.
pub fn verdict(held: bool) -> &'static str {
    if held { "held" } else { "MISSED" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(times: impl IntoIterator<Item = u64>) -> Times {
        times.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn one_in_a_hundred_exceeds_the_99th_percentile() {
        let times = millis((1..=1000).rev());
        assert_eq!(times.median(), Duration::from_millis(500));
        assert_eq!(times.p99(), Duration::from_millis(990));
    }

    #[test]
    fn of_few_times_the_99th_percentile_is_the_longest() {
        let mut times = millis([3, 1]);
        times.push(Duration::from_millis(2));
        assert_eq!(times.median(), Duration::from_millis(2));
        assert_eq!(times.p99(), Duration::from_millis(3));
        assert_eq!(millis([]).p99(), Duration::ZERO);
    }
}
