//! The table that is printed.

use std::time::Duration;

use chainsaw_nri::Event;
use chainsaw_tests::times::{Times, micros, verdict};

/// The most that an event may take longer than with the plugin that says yes, at the 99th percentile.
const GOAL: Duration = Duration::from_millis(1);

/// The events that are compared: at each, two commands run for a pod that asks for them.
pub const EVENTS: [Event; 2] = [Event::RunPodSandbox, Event::StartContainer];

/// One side of the comparison at one event.
pub struct Line<'a> {
    event: Event,
    side: &'a str,
    times: &'a Times,
    /// What it is compared to.
    least: Option<&'a Times>,
}

/// Prints what is compared, and over which columns.
pub fn heading(title: &str) {
    println!("{title}");
    println!(
        "  {:<42} {:>10} {:>11} {:>11}",
        "", "median", "99th pct.", "above yes"
    );
}

impl<'a> Line<'a> {
    /// Of the plugin that says yes.
    pub fn of_least(event: Event, times: &'a Times) -> Self {
        Self {
            event,
            side: "a plugin that says yes",
            times,
            least: None,
        }
    }

    /// Of another side, beside that.
    pub fn above(event: Event, side: &'a str, times: &'a Times, least: &'a Times) -> Self {
        Self {
            event,
            side,
            times,
            least: Some(least),
        }
    }

    /// Prints it; whether the goal is held, if that is judged here.
    pub fn print(&self, judged: bool) -> bool {
        let what = format!("{}, {}", self.event, self.side);
        let (median, p99) = (micros(self.times.median()), micros(self.times.p99()));
        let Some(least) = self.least else {
            println!("  {what:<42} {median:>7.0} us {p99:>8.0} us");
            return true;
        };
        let above = p99 - micros(least.p99());
        let held = above <= micros(GOAL);
        let goal = if judged {
            format!("  goal {:.0} us {}", micros(GOAL), verdict(held))
        } else {
            String::new()
        };
        println!("  {what:<42} {median:>7.0} us {p99:>8.0} us {above:>+8.0} us{goal}");
        held || !judged
    }
}

/// One line of how long pods take to start.
pub fn pod_start(side: &str, times: &Times) {
    let what = format!("pod start, {side}");
    let (median, p99) = (times.median(), times.p99());
    println!(
        "  {what:<42} {:>7.0} ms {:>8.0} ms",
        micros(median) / 1e3,
        micros(p99) / 1e3
    );
}
