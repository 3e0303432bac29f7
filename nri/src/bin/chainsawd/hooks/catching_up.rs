//! What a runtime had before this daemon heard of it: it is done after all where nothing has started, and else given up.

use std::time::{Duration, Instant};

use chainsaw_common::netns::Namespace;
use chainsaw_common::record::{Entry, Event, Progress};
use chainsaw_nri::api::PodSandbox;

use super::serve::Happened;
use super::{Hooks, whose};
use crate::keys::Asked;
use crate::late::{Late, pod};
use crate::news::News;

/// How long the catching up of one sandbox may take.
const CATCH_UP: Duration = Duration::from_secs(2);

impl Hooks {
    /// A sandbox that was there before this connection, none of whose containers has started.
    pub(super) async fn catch_up(&self, pod: &PodSandbox) {
        let happened = Happened {
            trigger: "Synchronize",
            pod,
            container: None,
            deadline: Instant::now() + CATCH_UP,
        };
        let asked = Asked::read(&pod.annotations).transpose();
        let mut done = self.apply(&happened, asked.is_some()).await;
        if let (Ok(()), Some(Ok(asked))) = (&done, asked)
            && let Some(value) = asked.sandbox
        {
            done = self.one(&happened, value, None).await;
        }
        if let Err(wrong) = done {
            // None of its containers has started: each is refused.
            self.unjudged.refuses(&pod.id);
            let of = self::pod(pod);
            self.refuse(whose(&of, &pod.id), happened.trigger, &wrong, true);
        }
    }

    /// Records that a value was missed, and says so, unless it is done or that was said before.
    pub(super) fn miss(&self, late: &Late) {
        if self.give_up(late) {
            self.sinks.tell(News::Missed {
                whose: whose(&late.pod, &late.sandbox),
                key: &late.work.source,
                why: late.why(),
                remedy: late.remedy(),
            });
        }
    }

    /// Records that a value's time has passed; whether that is news.
    pub(super) fn give_up(&self, late: &Late) -> bool {
        let deadline = Instant::now() + CATCH_UP;
        let mut record = match self.records.open_until(&late.sandbox, deadline) {
            Ok(record) => record,
            Err(wrong) => {
                let whose = whose(&late.pod, &late.sandbox);
                self.refuse(whose, "Synchronize", &wrong.into(), true);
                return true;
            }
        };
        let progress = record.progress(&late.work);
        if matches!(progress, Progress::Ok | Progress::Missed) {
            return false;
        }
        let passed = Entry::new(late.work.clone(), Event::Missed);
        let there = Namespace::open(&late.netns).ok();
        record.is_of(&late.netns, there.map(|namespace| namespace.inode()));
        if let Err(wrong) = record.add(passed) {
            let whose = whose(&late.pod, &late.sandbox);
            self.refuse(whose, "Synchronize", &wrong.into(), true);
        }
        // That it failed was told when it did.
        !matches!(progress, Progress::Failed { .. })
    }
}
