//! One piece of work: on a thread that takes the sandbox's record, enters its namespace, works, and ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use chainsaw_common::config::Config;
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::Namespace;
use chainsaw_common::plan::{Author, Journal, Run};
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::recall::Recall;
use chainsaw_common::record::{Entry, Event, Progress, Record, Records, Work, hash};
use chainsaw_common::report::{CommandReport, Report};
use chainsaw_common::surroundings;
use tokio::sync::oneshot;

use crate::error::HookError;

/// What is to be done, and for whom.
#[derive(Debug, Clone)]
pub struct Job {
    /// The pod.
    pub pod: Pod,
    /// The sandbox's id.
    pub sandbox: String,
    /// Where its network namespace is.
    pub netns: PathBuf,
    /// The container that is about to start, by its id; none for the sandbox's own value.
    pub container: Option<String>,
    /// The value's key.
    pub key: String,
    /// The value.
    pub text: String,
    /// The event.
    pub trigger: &'static str,
    /// When there is no use in going on: somebody else has answered.
    pub deadline: Instant,
    /// The configuration in force, and its file.
    pub config: Arc<Config>,
    /// The configuration's file.
    pub file: &'static str,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// It ran now.
    Ran(Box<Report>),
    /// It was done before: there is nothing to tell of.
    Done,
    /// Its time had passed before; that was told then.
    Missed,
}

impl Job {
    /// The key under which it is recorded.
    pub fn work(&self) -> Work {
        Work {
            entrance: Entrance::Nri,
            network: None,
            // The sandbox's own, whichever interface its tokens stand for.
            interface: String::new(),
            container: self.container.clone(),
            source: self.key.clone(),
            value: hash(&self.text),
        }
    }

    /// Does it on a thread of its own.
    pub async fn done(self, records: Records) -> Result<Outcome, HookError> {
        let (tell, told) = oneshot::channel();
        thread::spawn(move || {
            // Nobody listens any more if the answer came too late.
            let _ = tell.send(self.perform(&records));
        });
        told.await.unwrap_or(Err(HookError::BrokeOff))
    }

    /// Does it, on a thread that stays in the namespace.
    fn perform(self, records: &Records) -> Result<Outcome, HookError> {
        let mut record = records.open(&self.sandbox)?;
        let work = self.work();
        let run = match record.progress(&work) {
            Progress::Ok => return Ok(Outcome::Done),
            Progress::Missed => return Ok(Outcome::Missed),
            Progress::Failed { why, .. } if self.comes_once() => {
                return Err(HookError::Before(why));
            }
            Progress::New { again: false } => Run::First,
            Progress::New { again: true } => Run::Again,
            Progress::Failed { command, .. } => Run::From(command),
            Progress::InDoubt(command) => Run::InDoubt(command),
        };
        if self.is_late() {
            return Err(HookError::Late);
        }
        Namespace::open(&self.netns)?.enter()?;
        let mut socket = Socket::open().map_err(HookError::Socket)?;
        let mut kernel = Recall::over(&mut socket);
        let surroundings = surroundings::of_namespace(None, &mut kernel);
        record.is_of(&self.netns)?;
        let subject = self.subject(surroundings.interface.clone());
        let (values, policy) = (self.values(), Policy::of(&self.config, self.file));
        let ask = Ask {
            subject: &subject,
            values: &values,
            surroundings: &surroundings,
            policy: &policy,
            run,
        };
        let mut diary = Diary {
            record: &mut record,
            work: &work,
            deadline: self.deadline,
        };
        let report = engine::serve(&ask, &mut diary, &mut kernel);
        // An open socket keeps the namespace alive.
        drop(socket);
        ended(&mut record, work, run, &report)?;
        if report.outcome.is_good() {
            Ok(Outcome::Ran(Box::new(report)))
        } else {
            Err(HookError::Commands(Box::new(report)))
        }
    }

    /// Whether its event is told once, to each daemon: who finds it answered repeats the answer.
    fn comes_once(&self) -> bool {
        self.container.is_some() || self.trigger == "RunPodSandbox"
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    fn subject(&self, interface: Option<String>) -> Subject {
        Subject {
            pod: Some(self.pod.clone()),
            sandbox: Some(self.sandbox.clone()),
            entrance: Entrance::Nri,
            trigger: self.trigger,
            interface,
            netns: Some(self.netns.to_string_lossy().into_owned()),
        }
    }

    fn values(&self) -> [Value; 1] {
        [Value {
            source: self.key.clone(),
            author: Author::Pod,
            text: self.text.clone(),
        }]
    }
}

/// Says how the work ended, so that another event goes on where this one stopped.
fn ended(record: &mut Record, work: Work, run: Run, report: &Report) -> Result<(), HookError> {
    if report.outcome.is_good() {
        return Ok(record.add(Entry::new(work, Event::Ok))?);
    }
    let fatal = report.commands.iter().position(CommandReport::is_fatal);
    let command = match run {
        // Nobody knows of it still.
        Run::InDoubt(doubt) if fatal.is_none_or(|fatal| fatal <= doubt) => return Ok(()),
        // It was refused as a whole, and what is done stays done.
        Run::From(done) if fatal.is_none_or(|fatal| fatal < done) => Some(done),
        _ if report
            .commands
            .iter()
            .all(|command| command.micros.is_none()) =>
        {
            None
        }
        _ => fatal,
    };
    let why = report.headline();
    let entry = Entry {
        why,
        ..Entry::new(work, Event::Failed { command })
    };
    Ok(record.add(entry)?)
}

/// Records before each change, while there is time.
struct Diary<'a> {
    record: &'a mut Record,
    work: &'a Work,
    deadline: Instant,
}

impl Journal for Diary<'_> {
    fn about_to(&mut self, command: usize) -> Result<(), String> {
        if Instant::now() >= self.deadline {
            return Err(
                "there is no time left to answer: it is tried again at the next event".to_owned(),
            );
        }
        let begun = Entry::new(self.work.clone(), Event::Begun { command });
        self.record.add(begun).map_err(|error| error.to_string())
    }
}
