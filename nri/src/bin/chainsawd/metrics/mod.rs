//! How the daemon is: what Prometheus counts, and whether it is alive and ready, told over HTTP.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use chainsaw_common::pod::Entrance;
use chainsaw_common::report::{CommandReport, Outcome, Report};

use crate::error::HookError;
use crate::news::{News, Sink};

mod events;
mod page;
mod reason;
mod server;
mod standing;

pub use events::{EventCounts, Fate, StatusCounts};
pub use page::Page;
pub use server::start;
pub use standing::{NOT_READY, READY, Standing};

/// The upper bounds of `chainsaw_report_seconds`: from what one command takes to what a runtime waits for.
const SECONDS: [f64; 10] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 2.5,
];

/// What is counted.
#[derive(Debug, Clone)]
pub struct Counts {
    commands: Family<Ended, Counter>,
    reports: Family<Ended, Counter>,
    seconds: Family<At, Histogram, fn() -> Histogram>,
}

/// Labels. Their values are of fixed sets, and none names a pod.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    entrance: &'static str,
    outcome: &'static str,
    /// Empty where nothing is wrong.
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct At {
    entrance: &'static str,
}

impl Counts {
    /// Counts nothing yet, and shows it all in the registry, whose prefix is `chainsaw`.
    pub fn new(registry: &mut Registry) -> Self {
        let counts = Self {
            commands: Family::default(),
            reports: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
        };
        registry.register(
            "commands",
            "Commands by what became of them",
            counts.commands.clone(),
        );
        registry.register(
            "reports",
            "Pieces of work, each of some commands, by what became of them",
            counts.reports.clone(),
        );
        registry.register(
            "report_seconds",
            "How long the commands of one piece of work took",
            counts.seconds.clone(),
        );
        counts
    }

    fn ended(&self, entrance: Entrance, outcome: &'static str, reason: &'static str) {
        self.reports
            .get_or_create(&Ended {
                entrance: entrance.word(),
                outcome,
                reason,
            })
            .inc();
    }

    /// A piece of work, and each of its commands.
    fn report(&self, report: &Report, reason: &'static str) {
        self.ended(report.entrance, report.outcome.word(), reason);
        let at = At {
            entrance: report.entrance.word(),
        };
        // Exact up to centuries.
        #[expect(clippy::cast_precision_loss, reason = "a bucket is coarser")]
        let seconds = report.micros as f64 / 1e6;
        self.seconds.get_or_create(&at).observe(seconds);
        for command in &report.commands {
            self.command(report.entrance, command);
        }
    }

    fn command(&self, entrance: Entrance, command: &CommandReport) {
        let reason = match command.outcome {
            Outcome::Ok | Outcome::Unchanged | Outcome::NotRun => "",
            Outcome::Failed => "CommandFailed",
            Outcome::Denied => "CommandDenied",
        };
        self.commands
            .get_or_create(&Ended {
                entrance: entrance.word(),
                outcome: command.outcome.word(),
                reason,
            })
            .inc();
    }

    fn refused(&self, wrong: &HookError) {
        match wrong {
            HookError::Commands(report) => self.report(report, wrong.reason()),
            _ => self.ended(Entrance::Nri, wrong.outcome().word(), wrong.reason()),
        }
    }
}

impl Sink for Counts {
    fn hear(&self, news: &News<'_>) {
        match *news {
            News::Ran(report) => self.report(report, ""),
            News::WouldRun(report) => self.ended(report.entrance, "would run", ""),
            News::Refused { wrong, .. } => self.refused(wrong),
            News::RefusedThere { report, reason, .. } => {
                self.report(report, reason::known(reason));
            }
            News::Late(_) => self.ended(Entrance::Nri, "late", "TooLate"),
            News::KeyUnused(..) => self.ended(Entrance::Nri, "unused", "KeyUnused"),
            News::Missed { .. } => self.ended(Entrance::Nri, "missed", "ChainsawMissed"),
        }
    }
}
