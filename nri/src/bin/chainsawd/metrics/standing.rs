//! Whether the daemon is ready, by the runtime's connection and the configuration; and the same in numbers.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use chainsaw_common::record::Records;
use chainsaw_nri::State;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use tokio::sync::watch;

use crate::settings::{self, Health, Settings};

/// The last line of what is said of readiness, which is the verdict.
pub const READY: &str = "ready";
pub const NOT_READY: &str = "not ready";

/// The states of a session, as a label's values.
const STATES: [&str; 6] = [
    "connecting",
    "registering",
    "configured",
    "synchronized",
    "running",
    "closed",
];

/// What readiness is made of, looked at whenever somebody asks.
#[derive(Debug)]
pub struct Standing {
    /// How the session with the runtime stands, if there is to be one.
    pub nri: Option<watch::Receiver<State>>,
    /// The configuration.
    pub settings: Arc<Settings>,
    /// What is remembered of sandboxes.
    pub records: Records,
}

impl Standing {
    /// Whether pods that ask are served, and a line for each thing that has a say in it.
    pub fn ready(&self) -> (bool, String) {
        let nri = self.nri.as_ref().map(|state| state.borrow().clone());
        ready(nri.as_ref(), &self.settings.health().borrow())
    }
}

/// A configuration that cannot be taken while the last good one is in force, or that the plugin cannot be told of, is told
/// and makes nobody unready: pods are served, and a probe that failed for it would take every node out at once.
fn ready(nri: Option<&State>, configuration: &Health) -> (bool, String) {
    let mut lines = String::new();
    let connected = match nri {
        None => true,
        Some(state) => {
            let _ = writeln!(lines, "nri: {state}");
            state.is_running()
        }
    };
    let governed = match &configuration.standing {
        settings::Standing::File => {
            let _ = writeln!(lines, "configuration: in force");
            true
        }
        settings::Standing::Absent(file) => {
            let _ = writeln!(
                lines,
                "configuration: there is no {file}: every pod may look, none may change anything"
            );
            true
        }
        settings::Standing::LastGood(wrong) => {
            let _ = writeln!(
                lines,
                "configuration: the last good one is in force: {}",
                wrong.what()
            );
            true
        }
        settings::Standing::Nobody(wrong) => {
            let _ = writeln!(lines, "configuration: {wrong}");
            false
        }
    };
    if let Some(why) = &configuration.unpublished {
        let _ = writeln!(lines, "plugin: cannot be told of the configuration: {why}");
    }
    let ready = connected && governed;
    let _ = writeln!(lines, "{}", if ready { READY } else { NOT_READY });
    (ready, lines)
}

impl Collector for Standing {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        if let Some(state) = &self.nri {
            let name = name(&state.borrow());
            let mut states = encoder.encode_descriptor(
                "nri_session",
                "How the session with the runtime stands: 1 at one state, 0 at the others",
                None,
                MetricType::Gauge,
            )?;
            for state in STATES {
                let value = ConstGauge::new(i64::from(state == name));
                value.encode(states.encode_family(&[("state", state)])?)?;
            }
        }
        let health = self.settings.health().borrow().clone();
        let valid = health.standing.is_own();
        gauge(
            &mut encoder,
            "configuration_valid",
            "Whether the configuration's file, as it is now, is in force",
            i64::from(valid),
        )?;
        gauge(
            &mut encoder,
            "configuration_published",
            "Whether the plugin can be told of the configuration in force",
            i64::from(health.unpublished.is_none()),
        )?;
        let failures = ConstCounter::new(self.settings.failures());
        let described = encoder.encode_descriptor(
            "configuration_failures",
            "How often a configuration could not be taken",
            None,
            MetricType::Counter,
        )?;
        failures.encode(described)?;
        let records = self.records.sandboxes().len();
        gauge(
            &mut encoder,
            "records",
            "Sandboxes of which it is remembered what ran",
            i64::try_from(records).unwrap_or(i64::MAX),
        )
    }
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: i64) -> fmt::Result {
    let described = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    ConstGauge::new(value).encode(described)
}

/// A state's label: its text may say more.
fn name(state: &State) -> &'static str {
    match state {
        State::Connecting => "connecting",
        State::Registering => "registering",
        State::Configured => "configured",
        State::Synchronized => "synchronized",
        State::Running => "running",
        State::Closed(_) => "closed",
    }
}

#[cfg(test)]
mod tests {
    use chainsaw_common::config::ConfigError;
    use chainsaw_nri::Cause;

    use super::*;

    fn health(standing: settings::Standing) -> Health {
        Health {
            standing,
            unpublished: None,
        }
    }

    #[test]
    fn a_plugin_that_cannot_be_told_is_told_of_and_makes_nobody_unready() {
        let health = Health {
            unpublished: Some("the disk is full".into()),
            ..health(settings::Standing::File)
        };
        let (is_ready, said) = ready(None, &health);
        assert!(is_ready, "{said}");
        assert!(
            said.contains("\nplugin: cannot be told of the configuration: the disk is full\n"),
            "{said}"
        );
    }

    fn wrong() -> ConfigError {
        ConfigError {
            path: "c.toml".into(),
            line: Some(3),
            why: "unknown key frob".into(),
        }
    }

    #[test]
    fn it_is_ready_while_the_runtime_tells_of_events_and_no_longer() {
        for (state, is_ready) in [
            (State::Connecting, false),
            (State::Registering, false),
            (State::Configured, false),
            (State::Synchronized, false),
            (State::Running, true),
            (State::Closed(Cause::Stopped), false),
        ] {
            let (ready, said) = ready(Some(&state), &health(settings::Standing::File));
            assert_eq!(ready, is_ready, "{said}");
            assert!(said.starts_with(&format!("nri: {state}\n")), "{said}");
            assert!(STATES.contains(&name(&state)));
        }
        assert!(ready(None, &health(settings::Standing::File)).0);
    }

    #[test]
    fn without_a_good_configuration_it_is_not_ready_and_with_the_last_good_one_it_is_and_says_so() {
        let (is_ready, said) = ready(None, &health(settings::Standing::Nobody(wrong())));
        assert!(
            !is_ready && said.contains("c.toml line 3: unknown key frob"),
            "{said}"
        );
        assert!(said.ends_with("\nnot ready\n"), "{said}");
        let (is_ready, said) = ready(
            Some(&State::Running),
            &health(settings::Standing::LastGood(wrong())),
        );
        assert!(
            is_ready && said.contains("the last good one is in force"),
            "{said}"
        );
        assert!(said.contains("c.toml line 3: unknown key frob"), "{said}");
    }
}
