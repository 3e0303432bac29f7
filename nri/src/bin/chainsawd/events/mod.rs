//! The pods' Kubernetes Events: what a pod's author is told where they look first, `kubectl describe pod`.
//!
//! What is heard becomes a [`mod@note`] at once, the [`book`] says whether it is new, and the [`sender`] tells the API on its own
//! time: nobody who answers a runtime waits for it. What there is no room for is dropped, and counted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use k8s_openapi::jiff::Timestamp;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::metrics::{EventCounts, Fate};
use crate::news::{Left, News, Sink};
use crate::settings::Settings;

mod api;
mod book;
mod event;
mod note;
mod sender;

use api::ClusterApi;
use book::{Book, Heard};
use note::note;
use sender::Waiting;

/// How many new notes may wait to be told.
const WAITING: usize = 128;

/// How many may wait that were tried, and are to be tried again. They take no room from new ones.
const AGAIN: usize = 128;

/// The pods' Events, as one who hears the news.
#[derive(Debug)]
pub struct EventSink {
    settings: Arc<Settings>,
    shared: Arc<Shared>,
    waiting: Sender<Waiting>,
}

/// What the sink and the sender share.
#[derive(Debug)]
struct Shared {
    book: Mutex<Book>,
    counts: EventCounts,
    /// How many notes wait to be told, those included that were tried.
    untold: watch::Sender<usize>,
    /// Whether the daemon stops: the runtime is not served any more, and need not be answered first.
    stops: AtomicBool,
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stops(&self) -> bool {
        self.stops.load(Ordering::Relaxed)
    }

    /// One more waits.
    fn waits(&self) {
        self.untold.send_modify(|untold| *untold += 1);
        self.counts.waits(1);
    }

    /// One that waited is told, or given up.
    fn waits_no_longer(&self) {
        self.untold
            .send_modify(|untold| *untold = untold.saturating_sub(1));
        self.counts.waits(-1);
    }
}

impl EventSink {
    /// Tells what it hears at a cluster's API from now on, as long as the runtime lives.
    pub fn start(cluster: Arc<Cluster>, settings: Arc<Settings>, counts: EventCounts) -> Self {
        let (sink, waiting) = Self::new(settings, counts);
        let node = cluster.node().to_owned();
        let api = ClusterApi::of(cluster);
        tokio::spawn(sender::run(api, node, Arc::clone(&sink.shared), waiting));
        sink
    }

    fn new(settings: Arc<Settings>, counts: EventCounts) -> (Self, Receiver<Waiting>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let shared = Shared {
            book: Mutex::new(Book::new(Instant::now())),
            counts,
            untold: watch::Sender::new(0),
            stops: AtomicBool::new(false),
        };
        let sink = Self {
            settings,
            shared: Arc::new(shared),
            waiting: sender,
        };
        (sink, receiver)
    }
}

impl Sink for EventSink {
    fn hear(&self, news: &News<'_>) {
        let config = self.settings.current().ok();
        let Some(note) = note(news, config.as_deref()) else {
            return;
        };
        let reason = note.reason.word();
        let (mut book, now) = (self.shared.book(), Instant::now());
        match book.hear(note, now, Timestamp::now()) {
            Heard::Again => {}
            Heard::TooMany => self.shared.counts.count(reason, Fate::Dropped),
            Heard::New(note) => {
                // Before the sender can take it.
                self.shared.waits();
                if self.waiting.try_send((Arc::clone(&note), now)).is_err() {
                    book.forget(&note);
                    self.shared.waits_no_longer();
                    self.shared.counts.count(reason, Fate::Dropped);
                }
            }
        }
    }

    fn hurry(&self) -> Option<Left> {
        self.shared.stops.store(true, Ordering::Relaxed);
        Some(Left {
            many: self.shared.untold.subscribe(),
            what: "pods' Events",
            reason: "EventNotTold",
        })
    }
}
