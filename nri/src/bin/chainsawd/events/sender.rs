//! Tells notes at the API, one after the other: a new one, and the counts of those that were told. What the API does not take
//! now is tried again for a while.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::events::v1::{Event, EventSeries};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tracing::warn;

use super::Shared;
use super::book::Due;
use super::event::{event, name, series};
use super::note::Note;
use crate::metrics::Fate;
use crate::trouble::Trouble;

/// Before a note is told: the runtime is answered first, as telling costs the one thread of the daemon some time.
const AFTER_THE_ANSWER: Duration = Duration::from_millis(100);

/// Between two looks at the counts.
const LOOK: Duration = Duration::from_secs(5);

/// How long after it was said a note may still be told: what comes later helps nobody.
const PATIENCE: Duration = Duration::from_secs(300);

/// Until the API is asked again after it took nothing: at first, and doubling up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// The longest time that an API may ask to be left alone.
const LONGEST_REST: Duration = Duration::from_secs(300);

/// An API that Events are told at.
pub trait Api: Send + Sync + 'static {
    /// Creates an Event. One that is there already is this one: its answer was lost.
    fn create(&self, event: &Event) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// Tells how often an Event was repeated, by its namespace and name.
    fn repeat(
        &self,
        namespace: &str,
        name: &str,
        series: &EventSeries,
    ) -> impl Future<Output = Result<(), Trouble>> + Send;
}

/// A note that waits to be told, since then.
pub(super) type Waiting = (Arc<Note>, Instant);

/// Who tells.
struct Teller<A> {
    api: A,
    node: String,
    shared: Arc<Shared>,
    /// The API is left alone until then, and the next time for so long.
    rests_until: Instant,
    pause: Duration,
    /// What went wrong last, which is logged once.
    trouble: String,
}

/// Tells what waits, until nobody can say anything any more.
pub(super) async fn run<A: Api>(
    api: A,
    node: String,
    shared: Arc<Shared>,
    mut waiting: Receiver<Waiting>,
) {
    let mut teller = Teller {
        api,
        node,
        shared,
        rests_until: Instant::now(),
        pause: FIRST_PAUSE,
        trouble: String::new(),
    };
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            told = waiting.recv() => match told {
                Some((note, since)) => {
                    teller.tell(&note, since).await;
                    teller.shared.counts.waits(-1);
                }
                None => return,
            },
            _ = look.tick() => teller.recount().await,
        }
    }
}

impl<A: Api> Teller<A> {
    /// Tells a note that is new, if the API takes it before it is old.
    async fn tell(&mut self, note: &Note, since: Instant) {
        sleep(AFTER_THE_ANSWER).await;
        let name = name(&note.about.name, fastrand::u64(..));
        loop {
            sleep_until(self.rests_until).await;
            // However often it has been said by now.
            let times = self.shared.book().times(note);
            let Some(times) = times.filter(|_| since.elapsed() < PATIENCE) else {
                return self.fail(note, None);
            };
            let made = event(note, &name, &times, &self.node);
            match self.api.create(&made).await {
                Ok(()) => return self.done(note, &name, times.count, Fate::Created),
                Err(Trouble::Later(why, rest)) => self.rest(&why, rest),
                Err(Trouble::Gone) => return self.fail(note, Some("its namespace is gone")),
                Err(Trouble::Exists) => return self.fail(note, Some("another has its name")),
                Err(Trouble::Refused(why)) => return self.fail(note, Some(&why)),
            }
        }
    }

    /// Tells the counts that are due. One that cannot be told now is due again.
    async fn recount(&mut self) {
        if Instant::now() < self.rests_until {
            return;
        }
        let due = self.shared.book().due(Instant::now());
        for Due { note, event, times } in due {
            let Some(series) = series(&times) else {
                continue;
            };
            let namespace = &note.about.namespace;
            match self.api.repeat(namespace, &event, &series).await {
                Ok(()) => self.done(&note, &event, times.count, Fate::Repeated),
                // The API kept it no longer: when it is said again, it is another.
                Err(Trouble::Gone | Trouble::Exists) => self.shared.book().forget(&note),
                Err(Trouble::Refused(why)) => self.fail(&note, Some(&why)),
                // Nor will it take the others.
                Err(Trouble::Later(why, rest)) => return self.rest(&why, rest),
            }
        }
    }

    /// Leaves the API alone, as long as it asks for at least.
    fn rest(&mut self, why: &str, asked: Option<Duration>) {
        let rest = asked.unwrap_or_default().min(LONGEST_REST);
        self.rests_until = Instant::now() + rest.max(self.pause);
        self.pause = (self.pause * 2).min(LAST_PAUSE);
        self.say(why);
    }

    fn done(&mut self, note: &Note, event: &str, count: u32, fate: Fate) {
        self.trouble.clear();
        self.pause = FIRST_PAUSE;
        let mut book = self.shared.book();
        book.told(note, event, count, Instant::now());
        self.shared.counts.count(note.reason.word(), fate);
    }

    /// Gives a note up. When it is said again it is new.
    fn fail(&mut self, note: &Note, why: Option<&str>) {
        self.shared.book().forget(note);
        self.shared.counts.count(note.reason.word(), Fate::Failed);
        if let Some(why) = why {
            self.say(why);
        }
    }

    /// Logs what goes wrong, once as long as it is the same: an API that is away is asked again and again.
    fn say(&mut self, why: &str) {
        if self.trouble != why {
            warn!(reason = "EventNotTold", "a pod's Event was not told: {why}");
            why.clone_into(&mut self.trouble);
        }
    }
}

#[cfg(test)]
mod tests;
