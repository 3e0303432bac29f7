//! Tells notes at the API, one after the other: a new one, and the counts of those that were told. What the API does not take
//! now is tried again for a while, behind the others: one that it never takes keeps up none.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::events::v1::{Event, EventSeries};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tracing::warn;

use super::book::Due;
use super::event::{Times, event, name, series};
use super::note::Note;
use super::{AGAIN, Shared};
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
    /// Those that were tried and are to be tried again, [`AGAIN`] at most.
    untold: Vec<Untold>,
    /// The API is left alone until then, and the next time for so long.
    rests_until: Instant,
    pause: Duration,
    /// What went wrong last, which is logged once.
    trouble: String,
}

/// A note on its way.
struct Untold {
    note: Arc<Note>,
    since: Instant,
    /// The Event's name, the same at each try: an answer may be lost.
    event: String,
    /// It is not tried before then, and after that try not for so long.
    next: Instant,
    pause: Duration,
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
        untold: Vec::new(),
        rests_until: Instant::now(),
        pause: FIRST_PAUSE,
        trouble: String::new(),
    };
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        sleep_until(teller.rests_until).await;
        let next = teller.untold.iter().map(|untold| untold.next).min();
        tokio::select! {
            told = waiting.recv() => match told {
                Some((note, since)) => teller.begin(note, since).await,
                None => return,
            },
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => teller.resume().await,
            _ = look.tick() => teller.recount().await,
        }
    }
}

impl<A: Api> Teller<A> {
    /// Tells a note that is new.
    async fn begin(&mut self, note: Arc<Note>, since: Instant) {
        if !self.shared.stops() {
            sleep(AFTER_THE_ANSWER).await;
        }
        let event = name(&note.about.name, fastrand::u64(..));
        let untold = Untold {
            note,
            since,
            event,
            next: since,
            pause: FIRST_PAUSE,
        };
        self.tell(untold).await;
    }

    /// Tells that one of the untold whose turn it is.
    async fn resume(&mut self) {
        let turns = self.untold.iter().enumerate();
        if let Some((turn, _)) = turns.min_by_key(|(_, untold)| untold.next) {
            let untold = self.untold.swap_remove(turn);
            self.tell(untold).await;
        }
    }

    /// Tells a note, if it is not old. One that the API does not take now waits behind the others.
    async fn tell(&mut self, untold: Untold) {
        let Untold { note, event, .. } = &untold;
        // However often it has been said by now.
        let times = self.shared.book().times(note);
        let times = times.filter(|_| untold.since.elapsed() < PATIENCE);
        let why = match times {
            None => None,
            Some(times) => match self.create(note, event, &times).await {
                Ok(()) => {
                    self.done(note, event, times.count, Fate::Created);
                    return self.shared.waits_no_longer();
                }
                Err(Trouble::Away(why, rest)) => {
                    self.rest(&why, rest);
                    return self.put_off(untold, None);
                }
                Err(Trouble::Later(why, rest)) => {
                    self.say(&why);
                    return self.put_off(untold, rest);
                }
                Err(Trouble::Gone) => Some("its namespace is gone".to_owned()),
                Err(Trouble::Exists) => Some("another has its name".to_owned()),
                Err(Trouble::Refused(why)) => Some(why),
            },
        };
        self.fail(note, why.as_deref());
        self.shared.waits_no_longer();
    }

    async fn create(&self, note: &Note, name: &str, times: &Times) -> Result<(), Trouble> {
        let made = event(note, name, times, &self.node);
        self.api.create(&made).await
    }

    fn put_off(&mut self, untold: Untold, asked: Option<Duration>) {
        let Untold { pause, .. } = untold;
        let next = Instant::now() + asked.unwrap_or_default().min(LONGEST_REST).max(pause);
        let pause = (pause * 2).min(LAST_PAUSE);
        self.untold.push(Untold {
            next,
            pause,
            ..untold
        });
        if self.untold.len() > AGAIN {
            self.drop_oldest();
        }
    }

    /// Gives up the one that has waited for longest: what happened last helps most. When it is said again it is new.
    fn drop_oldest(&mut self) {
        let all = self.untold.iter().enumerate();
        if let Some((oldest, _)) = all.min_by_key(|(_, untold)| untold.since) {
            let Untold { note, .. } = self.untold.swap_remove(oldest);
            self.shared.book().forget(&note);
            self.shared.counts.count(note.reason.word(), Fate::Dropped);
            self.shared.waits_no_longer();
        }
    }

    /// Tells the counts that are due. One that cannot be told now is due again.
    async fn recount(&mut self) {
        let due = self.shared.book().due(Instant::now());
        for Due { note, event, times } in due {
            let Some(series) = series(&times) else {
                continue;
            };
            if !self.shared.book().may_repeat(Instant::now()) {
                return;
            }
            let namespace = &note.about.namespace;
            match self.api.repeat(namespace, &event, &series).await {
                Ok(()) => self.done(&note, &event, times.count, Fate::Repeated),
                // The API kept it no longer: when it is said again, it is another.
                Err(Trouble::Gone | Trouble::Exists) => self.shared.book().forget(&note),
                Err(Trouble::Refused(why)) => self.fail(&note, Some(&why)),
                Err(Trouble::Later(why, _)) => {
                    self.say(&why);
                    self.shared.book().put_off(&note, Instant::now());
                }
                // Nor will it take the others.
                Err(Trouble::Away(why, rest)) => return self.rest(&why, rest),
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
