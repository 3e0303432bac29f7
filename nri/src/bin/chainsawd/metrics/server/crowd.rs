//! Who is served, and who gives way when there is no room left.
//!
//! Everybody has a right to a place for a time, which is short until the request is there and longer from then on. Who comes
//! when all places are taken waits for the first of them that somebody leaves or has no right to any more. So nobody who
//! hangs keeps a probe out, no crowd drives out who has asked, and a loop of connections is taken at a pace that costs
//! little.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

/// How many are served at once.
pub const AT_ONCE: usize = 32;

/// How long each has a right to its place: until it has asked, and if it has. A probe asks as soon as it is connected, and
/// its answer is made in milliseconds.
pub const TO_ASK: Duration = Duration::from_millis(50);
pub const TO_TAKE: Duration = Duration::from_millis(500);

/// Whether somebody's request is there.
pub type Asked = Arc<AtomicBool>;

/// Those who are served.
#[derive(Debug, Default)]
pub struct Crowd {
    served: Vec<Served>,
    tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Served {
    since: Instant,
    asked: Asked,
    task: AbortHandle,
}

impl Served {
    /// Until when it has a right to its place.
    fn right(&self) -> Instant {
        let asked = self.asked.load(Ordering::Relaxed);
        self.since + if asked { TO_TAKE } else { TO_ASK }
    }
}

impl Crowd {
    /// Waits until there is room for one more, and makes it where somebody has no right to be there any more.
    pub async fn room(&mut self) {
        loop {
            while self.tasks.try_join_next().is_some() {}
            self.served.retain(|one| !one.task.is_finished());
            if self.served.len() < AT_ONCE {
                return;
            }
            let rights = self.served.iter().map(Served::right).enumerate();
            let Some((first, right)) = rights.min_by_key(|(_, right)| *right) else {
                return;
            };
            if right <= Instant::now() {
                self.served.swap_remove(first).task.abort();
                return;
            }
            tokio::select! {
                () = sleep_until(right) => {}
                _ = self.tasks.join_next() => {}
            }
        }
    }

    /// Serves one more, who says when it has asked.
    pub fn seat<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        serve: impl FnOnce(Asked) -> F,
    ) {
        let asked = Asked::default();
        let task = self.tasks.spawn(serve(Arc::clone(&asked)));
        self.served.push(Served {
            since: Instant::now(),
            asked,
            task,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    /// Somebody who stays until sent away, which is told by what is shared with them.
    fn stay(crowd: &mut Crowd, has_asked: bool) -> Arc<()> {
        let guest = Arc::new(());
        let held = Arc::clone(&guest);
        crowd.seat(|asked| async move {
            let _held = held;
            asked.store(has_asked, Ordering::Relaxed);
            pending().await
        });
        guest
    }

    async fn is_here(guest: &Arc<()>) -> bool {
        tokio::task::yield_now().await;
        Arc::strong_count(guest) > 1
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_asked_is_not_driven_out_by_those_who_only_come() {
        let mut crowd = Crowd::default();
        let probe = stay(&mut crowd, true);
        let begun = Instant::now();
        let mut came = 0;
        while begun.elapsed() < TO_TAKE - TO_ASK {
            assert!(is_here(&probe).await, "after {:?}", begun.elapsed());
            crowd.room().await;
            stay(&mut crowd, false);
            came += 1;
            assert!(crowd.served.len() <= AT_ONCE);
        }
        // A loop of connections is slowed down.
        let most = AT_ONCE * 10;
        assert!(came <= most, "{came} in {:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_no_answer_gives_way_in_the_end() {
        let mut crowd = Crowd::default();
        let guests: Vec<_> = (0..AT_ONCE).map(|_| stay(&mut crowd, true)).collect();
        assert!(is_here(&guests[0]).await);
        let begun = Instant::now();
        crowd.room().await;
        assert_eq!(begun.elapsed(), TO_TAKE);
        let mut here = 0;
        for guest in &guests {
            here += usize::from(is_here(guest).await);
        }
        assert_eq!(here, AT_ONCE - 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_is_left_is_taken_at_once() {
        let mut crowd = Crowd::default();
        for _ in 1..AT_ONCE {
            stay(&mut crowd, false);
        }
        crowd.seat(|_| async {});
        let begun = Instant::now();
        crowd.room().await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(crowd.served.len(), AT_ONCE - 1);
    }
}
