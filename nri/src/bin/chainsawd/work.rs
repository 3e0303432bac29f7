//! One piece of work: on a thread that takes the sandbox's record, enters its namespace, works, and ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use chainsaw_common::config::{Config, Mode};
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::interface::Link;
use chainsaw_common::kernel::Kernel;
use chainsaw_common::limits::{Made, Making};
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::Namespace;
use chainsaw_common::plan::{Author, Journal, Left, Run};
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::recall::Recall;
use chainsaw_common::record::{Around, Entry, Event, Progress, Record, Records, Work};
use chainsaw_common::report::{CommandReport, Report};
use chainsaw_common::surroundings;
use chainsaw_common::tokens::Surroundings;
use tokio::sync::oneshot;

use crate::error::HookError;
use crate::late;

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
    /// Who wrote it.
    pub author: Author,
    /// The event.
    pub trigger: &'static str,
    /// When there is no use in going on: somebody else has answered.
    pub deadline: Instant,
    /// The configuration in force, and its file.
    pub config: Arc<Config>,
    /// The configuration's file.
    pub file: &'static str,
    /// What is to be done before anything is written into it, where it is an older one.
    pub mend: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// It ran now.
    Ran(Box<Report>),
    /// It would run, and was only judged.
    Would(Box<Report>),
    /// It was done before: there is nothing to tell of.
    Done,
    /// Its time had passed before; that was told then.
    Missed,
}

impl Job {
    /// The key under which it is recorded.
    fn work(&self) -> Work {
        late::work(&self.key, &self.text, self.container.clone())
    }

    /// Does it on a thread of its own.
    pub async fn done(self, records: Records) -> Result<Outcome, HookError> {
        let (tell, told) = oneshot::channel();
        let work = move || {
            // Nobody listens any more if the answer came too late.
            let _ = tell.send(self.perform(&records));
        };
        let thread = thread::Builder::new().name("commands".to_owned());
        thread.spawn(work).map_err(HookError::Thread)?;
        told.await.unwrap_or(Err(HookError::BrokeOff))
    }

    /// Does it, on a thread that stays in the namespace.
    fn perform(self, records: &Records) -> Result<Outcome, HookError> {
        if self.config.mode == Mode::Report {
            return self.rehearse();
        }
        let mut record = records.open_until(&self.sandbox, self.deadline)?;
        let run = match self.go_on(&record)? {
            Ok(run) => run,
            Err(nothing) => return Ok(nothing),
        };
        let namespace = Namespace::open(&self.netns)?;
        record.is_of(&self.netns, Some(namespace.inode()));
        namespace.enter()?;
        // An open socket keeps the namespace alive: it is closed before anybody is answered.
        let mut socket = Socket::open().map_err(HookError::Socket)?;
        self.run(run, &mut record, &mut socket)
    }

    /// Judges it in its namespace, and leaves no record: it has not run when it is meant to.
    fn rehearse(&self) -> Result<Outcome, HookError> {
        Namespace::open(&self.netns)?.enter()?;
        let mut socket = Socket::open().map_err(HookError::Socket)?;
        let mut kernel = Recall::over(&mut socket);
        let around = look_around(&mut kernel);
        let report = self.asked(Run::First, &around, &mut kernel, |ask, kernel| {
            engine::rehearse(ask, kernel)
        });
        if report.outcome.is_good() {
            Ok(Outcome::Would(Box::new(report)))
        } else {
            Err(HookError::Commands(Box::new(report)))
        }
    }

    /// Asks the engine with what the namespace tells.
    fn asked<K: Kernel>(
        &self,
        run: Run,
        around: &Around,
        kernel: &mut K,
        ask: impl FnOnce(&Ask<'_>, &mut K) -> Report,
    ) -> Report {
        let surroundings = Surroundings {
            interface: around.interface.clone(),
            addresses: around.addresses.clone(),
            gateways: around.gateways.clone(),
            values: self.config.values.clone(),
            ..Surroundings::default()
        };
        let subject = self.subject(around);
        let (values, policy) = (self.values(), Policy::of(&self.config, self.file));
        let asked = Ask {
            subject: &subject,
            values: &values,
            surroundings: &surroundings,
            policy: &policy,
            run,
        };
        let report = ask(&asked, kernel);
        match &self.mend {
            Some(first) => report.mending(first),
            None => report,
        }
    }

    /// How it runs, by how far it came; or that there is nothing to do.
    fn go_on(&self, record: &Record) -> Result<Result<Run, Outcome>, HookError> {
        let run = match record.progress(&self.work()) {
            Progress::Ok => return Ok(Err(Outcome::Done)),
            Progress::Missed => return Ok(Err(Outcome::Missed)),
            Progress::Failed { why, .. } if self.comes_once() => {
                return Err(HookError::Before(why));
            }
            Progress::New { again: false } => Run::First,
            Progress::New { again: true } => Run::Again,
            Progress::Failed { command, again, .. } => Run::From(Left { at: command, again }),
            Progress::InDoubt { command, again } => Run::InDoubt(Left { at: command, again }),
        };
        if Instant::now() >= self.deadline {
            return Err(HookError::Late);
        }
        Ok(Ok(run))
    }

    /// Runs it with the kernel of its namespace.
    fn run(
        &self,
        run: Run,
        record: &mut Record,
        kernel: &mut dyn Kernel,
    ) -> Result<Outcome, HookError> {
        let mut kernel = Recall::over(kernel);
        let around = match record.around() {
            Some(around) => around.clone(),
            None => {
                let around = look_around(&mut kernel);
                record.put_around(around.clone());
                around
            }
        };
        let work = self.work();
        let mut diary = Diary {
            record,
            work: &work,
            deadline: self.deadline,
        };
        let report = self.asked(run, &around, &mut kernel, |ask, kernel| {
            engine::serve(ask, &mut diary, kernel)
        });
        ended(record, work, run, &report)?;
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

    fn subject(&self, around: &Around) -> Subject {
        Subject {
            pod: Some(self.pod.clone()),
            sandbox: Some(self.sandbox.clone()),
            entrance: Entrance::Nri,
            trigger: self.trigger,
            interface: around.interface.clone(),
            mtu: around.mtu,
            netns: Some(self.netns.to_string_lossy().into_owned()),
        }
    }

    fn values(&self) -> [Value; 1] {
        [Value {
            source: self.key.clone(),
            author: self.author,
            text: self.text.clone(),
        }]
    }
}

/// What tokens stand for, before anything has run in the sandbox.
fn look_around(kernel: &mut dyn Kernel) -> Around {
    let Surroundings {
        interface,
        addresses,
        gateways,
        ..
    } = surroundings::of_namespace(None, kernel);
    let link = interface
        .as_deref()
        .and_then(|name| Link::named(name, kernel));
    Around {
        interface,
        addresses,
        gateways,
        mtu: link.map(|link| link.mtu),
    }
}

/// Says how the work ended, so that another event goes on where this one stopped.
fn ended(record: &mut Record, work: Work, run: Run, report: &Report) -> Result<(), HookError> {
    if report.outcome.is_good() {
        return Ok(record.add(Entry::new(work, Event::Ok))?);
    }
    let fatal = report.commands.iter().position(CommandReport::is_fatal);
    let came_no_further =
        |left: Left| report.nothing_ran() || fatal.is_none_or(|fatal| fatal <= left.at);
    let command = match run {
        // Nobody knows of it still.
        Run::InDoubt(left) if came_no_further(left) => return Ok(()),
        // It was refused as a whole, or stopped at once: what is done stays done.
        Run::From(left) if came_no_further(left) => Some(left.at),
        _ if report.nothing_ran() => None,
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
    fn about_to(&mut self, command: usize, makes: &[Making]) -> Result<(), String> {
        let begun = Entry {
            makes: makes.to_vec(),
            ..Entry::new(self.work.clone(), Event::Begun { command })
        };
        self.record.add(begun).map_err(|error| error.to_string())
    }

    fn goes_on(&self) -> Result<(), String> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err("there is no time left to answer: it is tried again at the next event".to_owned())
    }

    fn made(&self) -> Made {
        self.record.made().clone()
    }

    fn counted(&mut self, made: &Made) {
        self.record.put_made(made.clone());
    }
}

#[cfg(test)]
mod tests;
