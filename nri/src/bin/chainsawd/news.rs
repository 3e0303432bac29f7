//! What there is to tell of pods. Who finds something out tells it once, and every sink hears it: the log, the metrics, the
//! pods' Events. A sink never keeps its teller waiting, since that may be an event of the runtime.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chainsaw_common::pod::Pod;
use chainsaw_common::report::Report;
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::warn;

use crate::error::HookError;
use crate::unused::Unused;

/// How long the daemon stays for what was not passed on yet, when it stops.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Something that happened to what a pod asked for.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// Its commands ran, at either entrance.
    Ran(&'a Report),
    /// Its commands would have run, and were only judged.
    WouldRun(&'a Report),
    /// It was refused at the NRI entrance, or let pass although it should have been.
    Refused {
        /// Whose sandbox.
        whose: Whose<'a>,
        /// At which event.
        trigger: &'a str,
        /// Why.
        wrong: &'a HookError,
        /// Whether it was let pass.
        goes_on: bool,
    },
    /// The same at the CNI entrance, as the plugin told it.
    RefusedThere {
        /// What happened.
        report: &'a Report,
        /// The plugin's word for why.
        reason: &'a str,
        /// Whether it was let pass.
        goes_on: bool,
    },
    /// Its commands take longer than its sandbox's event may.
    Late(Whose<'a>),
    /// A key of it has no effect.
    KeyUnused(Whose<'a>, &'a str, Unused),
    /// The time for a value of it has passed.
    Missed {
        /// Whose sandbox.
        whose: Whose<'a>,
        /// The value's key.
        key: &'a str,
        /// What makes it too late.
        why: &'a str,
        /// What helps.
        remedy: &'a str,
    },
}

/// Whose sandbox something is told of.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The pod.
    pub pod: &'a Pod,
    /// The sandbox's id.
    pub sandbox: &'a str,
}

/// Who hears the news.
pub trait Sink: fmt::Debug + Send + Sync {
    /// Takes note of it, without waiting for anybody.
    fn hear(&self, news: &News<'_>);

    /// The daemon stops: what was heard is passed on without delay. Gives what of it is left, where that is anything.
    fn hurry(&self) -> Option<Left> {
        None
    }
}

/// What a sink has heard and not passed on yet.
#[derive(Debug, Clone)]
pub struct Left {
    /// How much it is, now and from now on.
    pub many: watch::Receiver<usize>,
    /// What it is, for people.
    pub what: &'static str,
    /// A stable word for logs, where some of it is lost.
    pub reason: &'static str,
}

/// All who hear the news.
#[derive(Debug, Clone, Default)]
pub struct Sinks(Arc<[Box<dyn Sink>]>);

impl Sinks {
    /// These, in order.
    pub fn new(sinks: Vec<Box<dyn Sink>>) -> Self {
        Self(sinks.into())
    }

    /// Tells all of them.
    pub fn tell(&self, news: News<'_>) {
        for sink in self.0.iter() {
            sink.hear(&news);
        }
    }

    /// The daemon stops: waits for a moment until all that was heard is passed on, by all at once.
    pub async fn end(&self) {
        let left: Vec<_> = self.0.iter().filter_map(|sink| sink.hurry()).collect();
        let all = async {
            for mut left in left.clone() {
                left.many.wait_for(|many| *many == 0).await.ok();
            }
        };
        if timeout(LAST_WORDS, all).await.is_ok() {
            return;
        }
        for Left { many, what, reason } in left {
            let lost = *many.borrow();
            if lost > 0 {
                warn!(
                    reason,
                    "stopping: {lost} {what} could not be told within {LAST_WORDS:?}, and are lost"
                );
            }
        }
    }
}
