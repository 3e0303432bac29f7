//! The configuration in force: the operator's file as it was when it could last be taken, for this daemon's own entrance
//! and, published, for the plugin's.
//!
//! The file is looked at once a second, whether pods come or not. A change counts when two looks in a row find the same
//! file: half of one that is written in place could grant more than the whole. Looking follows symbolic links, so the
//! swap by which Kubernetes brings a ConfigMap up to date is a change like any other.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chainsaw_common::config::{Config, ConfigError, Mode};
use chainsaw_common::in_force::{self, InForce, LAST_GOOD};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

mod at_start;
mod publication;
mod standing;
#[cfg(test)]
mod tests;

use at_start::AtStart;
use publication::Publication;
pub use standing::{Health, Standing};

/// Between two looks at the file.
const LOOK: Duration = Duration::from_secs(1);

/// The configuration in force, and how it stands.
#[derive(Debug)]
pub struct Settings {
    file: &'static str,
    now: Mutex<Now>,
    health: watch::Sender<Health>,
    /// How often a file could not be taken.
    failures: AtomicU64,
}

#[derive(Debug)]
struct Now {
    /// The file that was looked into last; nothing until one was. No file at all is one as well.
    taken: Option<Option<Stamp>>,
    /// Another one that the last look found.
    waits: Option<Option<Stamp>>,
    /// What is in force; until there was a first good one, why there is none.
    config: Result<Arc<Config>, ConfigError>,
    /// Where its lines are, for denials.
    from: &'static str,
    publication: Publication,
    /// What of it counts only when the daemon starts.
    at_start: AtStart,
}

/// By what a file is known to be the same: device, inode, length, and the time of its last change.
type Stamp = (u64, u64, u64, i64, i64);

impl Settings {
    /// Of a file, read now, or of what is published from before if that cannot be taken.
    pub fn of(file: &'static str, published: &'static str) -> Self {
        // Before the text: a change in between is seen at the next look.
        let stamp = stamp(file);
        let mut publication = Publication::at(Path::new(published));
        // For the daemon no file is the built-in default, whatever one before it has left for the plugin.
        let read = in_force::read(file, published)
            .or_else(|wrong| in_force::operators(file).map_err(|_| wrong));
        let (standing, config, from, done) = match read {
            Ok(InForce {
                config,
                text,
                file: from,
                passed_over,
                is_unwritten,
            }) => {
                publication.holds(text);
                // What was published counts for a file that may still be written, too: that one is taken when it is done.
                let done = from == file || passed_over.is_some();
                let own = Standing::own(file, is_unwritten);
                let standing = passed_over.map_or(own, Standing::LastGood);
                (standing, Ok(Arc::new(config)), from, done)
            }
            Err(wrong) => (Standing::Nobody(wrong.clone()), Err(wrong), file, true),
        };
        let unpublished = publication.keep().err();
        let failures = u64::from(!standing.is_own()).into();
        // Without one the daemon starts with what is built in.
        let at_start = match &config {
            Ok(config) => AtStart::of(config),
            Err(_) => AtStart::of(&Config::default()),
        };
        let health = Health {
            standing,
            unpublished,
        };
        Self {
            file,
            now: Mutex::new(Now {
                taken: done.then_some(stamp),
                waits: None,
                config,
                from,
                publication,
                at_start,
            }),
            health: watch::Sender::new(health),
            failures,
        }
    }

    /// What is in force now.
    ///
    /// # Errors
    /// There was none yet that could be taken: whoever asks for something is refused until there is.
    pub fn current(&self) -> Result<Arc<Config>, ConfigError> {
        self.now().config.clone()
    }

    /// Where its lines are, for denials.
    pub fn file(&self) -> &'static str {
        self.now().from
    }

    /// What is to be done before anything is written into the configuration, where an older one is in force.
    pub fn mend(&self) -> Option<String> {
        match &self.health.borrow().standing {
            Standing::LastGood(wrong) => Some(in_force::mend_first(wrong)),
            _ => None,
        }
    }

    /// How often a file could not be taken since the daemon started.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// How it stands, and every change of that.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Tells the log what is in force when the daemon starts, and all that is wrong with it.
    pub fn tell(&self, hooks: &str) {
        let health = self.health.borrow().clone();
        info!("{}", self.begun(hooks, &health.standing));
        health.tell();
    }

    /// What is in force when the daemon starts, in one line.
    fn begun(&self, hooks: &str, standing: &Standing) -> String {
        let (now, file) = (self.now(), self.file);
        let how = match (standing, &now.config) {
            (_, Err(_)) => "cannot be taken, and nothing is in force".to_owned(),
            (Standing::Absent(_), _) => "is not there, what is built in is in force".to_owned(),
            (Standing::LastGood(_), _) => format!("cannot be taken, {} is in force", now.from),
            // It may still be written, or put there.
            (_, Ok(_)) if now.from != file => {
                format!(
                    "is looked at again in a moment, until then {} is in force",
                    now.from
                )
            }
            (_, Ok(_)) => "is in force".to_owned(),
        };
        let what = now.config.as_ref().map(|config| {
            let mode = match config.mode {
                Mode::Enforce => "enforce",
                Mode::Report => "report",
            };
            let rules = match config.rules.len() {
                1 => "1 rule".to_owned(),
                more => format!("{more} rules"),
            };
            let applies = match config.applies.len() {
                1 => "1 apply".to_owned(),
                more => format!("{more} applies"),
            };
            format!(" ({rules}, {applies}, mode {mode})")
        });
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "chainsawd {version} serves {hooks}: {file} {how}{}",
            what.unwrap_or_default()
        )
    }

    /// Looks at the file for good.
    pub async fn watch(self: Arc<Self>) {
        let mut period = interval(LOOK);
        period.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            period.tick().await;
            self.look();
        }
    }

    /// Looks at the file, takes it if it has changed and is done, and keeps up what is published.
    pub fn look(&self) {
        let mut now = self.now();
        let stamp = Some(stamp(self.file));
        let settled = now.waits == stamp;
        let mut health = self.health.borrow().clone();
        if stamp == now.taken {
            now.waits = None;
        } else if settled {
            (now.taken, now.waits) = (stamp, None);
            health.standing = now.take(self.file);
            let failed = u64::from(!health.standing.is_own());
            self.failures.fetch_add(failed, Ordering::Relaxed);
            health.standing.tell();
            now.tell_what_counts_later();
        } else {
            now.waits = stamp;
        }
        health.unpublished = now.publication.keep().err();
        let last = self.health.borrow().clone();
        if health.unpublished != last.unpublished {
            health.tell_the_publication();
        }
        if health != last {
            self.health.send_replace(health);
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    /// Takes the file, which has changed.
    fn take(&mut self, file: &'static str) -> Standing {
        match in_force::operators(file) {
            Ok(InForce {
                config,
                text,
                is_unwritten,
                ..
            }) => {
                (self.config, self.from) = (Ok(Arc::new(config)), file);
                self.publication.holds(text);
                Standing::own(file, is_unwritten)
            }
            Err(wrong) if self.config.is_ok() => {
                // Its lines are no longer those of the file.
                self.from = LAST_GOOD;
                Standing::LastGood(wrong)
            }
            Err(wrong) => {
                self.config = Err(wrong.clone());
                Standing::Nobody(wrong)
            }
        }
    }
}

impl Now {
    /// Tells the log which parts of a changed configuration do not count yet.
    fn tell_what_counts_later(&mut self) {
        let Ok(config) = &self.config else { return };
        let news = self.at_start.news(config);
        if !news.is_empty() {
            warn!(
                reason = "RestartNeeded",
                "{} of {}: what has changed there counts from the daemon's next start",
                news.join(", "),
                self.from
            );
        }
    }
}

fn stamp(file: &str) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some((
        metadata.dev(),
        metadata.ino(),
        metadata.len(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    ))
}
