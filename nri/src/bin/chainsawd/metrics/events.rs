//! What became of the pods' Events, and of their status annotation.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What became of the pods' Events.
#[derive(Debug, Clone)]
pub struct EventCounts {
    events: Family<Ended, Counter>,
    waiting: Gauge,
}

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The API has it.
    Created,
    /// The API knows how often it was repeated.
    Repeated,
    /// There was no room for it, or too many like it.
    Dropped,
    /// The API did not take it.
    Failed,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Repeated => "repeated",
            Self::Dropped => "dropped",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    reason: &'static str,
    result: &'static str,
}

impl EventCounts {
    /// Counts nothing yet, and shows it in the registry.
    pub fn new(registry: &mut Registry) -> Self {
        let counts = Self {
            events: Family::default(),
            waiting: Gauge::default(),
        };
        registry.register(
            "events",
            "Kubernetes Events on pods by what became of them",
            counts.events.clone(),
        );
        registry.register(
            "events_waiting",
            "Kubernetes Events on pods that the API does not have yet",
            counts.waiting.clone(),
        );
        counts
    }

    /// Counts one of a reason.
    pub fn count(&self, reason: &'static str, fate: Fate) {
        let result = fate.word();
        self.events.get_or_create(&Ended { reason, result }).inc();
    }

    /// So many more wait, or fewer.
    pub fn waits(&self, more: i64) {
        self.waiting.inc_by(more);
    }
}

/// What became of the pods' status annotation.
#[derive(Debug, Clone)]
pub struct StatusCounts(Family<Written, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Written {
    result: &'static str,
}

impl StatusCounts {
    /// Counts nothing yet, and shows it in the registry.
    pub fn new(registry: &mut Registry) -> Self {
        let counts = Self(Family::default());
        registry.register(
            "status",
            "Status annotations of pods by what became of them",
            counts.0.clone(),
        );
        counts
    }

    /// Counts some.
    pub fn count(&self, fate: Fate, many: usize) {
        let result = fate.word();
        let many = u64::try_from(many).unwrap_or(u64::MAX);
        self.0.get_or_create(&Written { result }).inc_by(many);
    }
}
