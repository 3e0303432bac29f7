//! One piece of work: on a thread that takes the sandbox's record, enters its namespace, works, and ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use chainsaw_common::config::{Config, Mode};
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::interface::Link;
use chainsaw_common::kernel::Kernel;
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::Namespace;
use chainsaw_common::plan::{Author, Journal, Run};
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::recall::Recall;
use chainsaw_common::record::{Entry, Event, Progress, Record, Records, Work, hash};
use chainsaw_common::report::{CommandReport, Report};
use chainsaw_common::surroundings;
use chainsaw_common::tokens::Surroundings;
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
        if self.config.mode == Mode::Report {
            return self.rehearse();
        }
        let mut record = records.open(&self.sandbox)?;
        let run = match self.go_on(&record)? {
            Ok(run) => run,
            Err(nothing) => return Ok(nothing),
        };
        Namespace::open(&self.netns)?.enter()?;
        record.is_of(&self.netns)?;
        // An open socket keeps the namespace alive: it is closed before anybody is answered.
        let mut socket = Socket::open().map_err(HookError::Socket)?;
        self.run(run, &mut record, &mut socket)
    }

    /// Judges it in its namespace, and leaves no record: it has not run when it is meant to.
    fn rehearse(&self) -> Result<Outcome, HookError> {
        Namespace::open(&self.netns)?.enter()?;
        let mut socket = Socket::open().map_err(HookError::Socket)?;
        let report = self.asked(Run::First, &mut Recall::over(&mut socket), |ask, _| {
            engine::check(ask)
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
        kernel: &mut K,
        ask: impl FnOnce(&Ask<'_>, &mut K) -> Report,
    ) -> Report {
        let surroundings = Surroundings {
            values: self.config.values.clone(),
            ..surroundings::of_namespace(None, kernel)
        };
        let subject = self.subject(surroundings.interface.as_deref(), kernel);
        let (values, policy) = (self.values(), Policy::of(&self.config, self.file));
        let asked = Ask {
            subject: &subject,
            values: &values,
            surroundings: &surroundings,
            policy: &policy,
            run,
        };
        ask(&asked, kernel)
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
            Progress::Failed { command, .. } => Run::From(command),
            Progress::InDoubt(command) => Run::InDoubt(command),
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
        let work = self.work();
        let mut diary = Diary {
            record,
            work: &work,
            deadline: self.deadline,
        };
        let report = self.asked(run, &mut kernel, |ask, kernel| {
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

    fn subject(&self, interface: Option<&str>, kernel: &mut dyn Kernel) -> Subject {
        let link = interface.and_then(|name| Link::named(name, kernel));
        Subject {
            pod: Some(self.pod.clone()),
            sandbox: Some(self.sandbox.clone()),
            entrance: Entrance::Nri,
            trigger: self.trigger,
            interface: interface.map(str::to_owned),
            mtu: link.map(|link| link.mtu),
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

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    use chainsaw_common::kernel::Answer;
    use chainsaw_common::netns;
    use chainsaw_common::wire::Request;

    use super::*;

    /// A kernel of a real namespace, before which the process dies once.
    struct Dying {
        socket: Socket,
        left: usize,
        /// Whether the last exchange still reaches the kernel.
        after: bool,
    }

    struct Death;

    impl Kernel for Dying {
        fn exchange(&mut self, request: &Request) -> Answer {
            let dies = self.left == 0;
            self.left = self.left.wrapping_sub(1);
            if dies && !self.after {
                std::panic::resume_unwind(Box::new(Death));
            }
            let answer = self.socket.exchange(request);
            if dies {
                std::panic::resume_unwind(Box::new(Death));
            }
            answer
        }
    }

    fn job(text: &str) -> Job {
        let config = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n";
        Job {
            pod: Pod {
                namespace: "default".into(),
                name: "web".into(),
                uid: None,
                labels: None,
            },
            sandbox: "s1".into(),
            netns: PathBuf::from("/proc/thread-self/ns/net"),
            container: None,
            key: "k".into(),
            text: text.into(),
            author: Author::Pod,
            trigger: "CreateContainer",
            deadline: Instant::now() + Duration::from_secs(60),
            config: Arc::new(Config::parse(config, "c.toml").unwrap()),
            file: "c.toml",
        }
    }

    /// Each takes effect once; twice would show, since the kernel takes each of them twice.
    const TWICE: &str = "ip link set lo up\n\
        ip rule add from 192.0.2.7 table 100\n\
        ip route add 192.0.2.0/24 dev lo\n\
        ip rule add from 192.0.2.8 table 100\n\
        ip address add 192.0.2.9/32 dev lo";

    /// Runs it in a namespace of its own, dying at the exchange `left`; then again with nothing in its way. Gives what
    /// came of the second run, the rules and routes that there are, and whether it died at all.
    fn dies_at(
        text: &'static str,
        left: usize,
        after: bool,
    ) -> (Result<Outcome, HookError>, String, bool) {
        let thread = thread::spawn(move || {
            netns::throw_away().expect("this test needs root, or user namespaces");
            let folder = tempfile::tempdir().unwrap();
            let records = Records::at(folder.path());
            let job = job(text);
            let died = catch_unwind(AssertUnwindSafe(|| {
                let mut record = records.open("s1").unwrap();
                let run = job.go_on(&record).unwrap().unwrap();
                let mut kernel = Dying {
                    socket: Socket::open().unwrap(),
                    left,
                    after,
                };
                job.run(run, &mut record, &mut kernel).map(drop)
            }))
            .is_err();
            let mut record = records.open("s1").unwrap();
            let mut socket = Socket::open().unwrap();
            let second = match job.go_on(&record).unwrap() {
                Ok(run) => job.run(run, &mut record, &mut socket),
                Err(nothing) => Ok(nothing),
            };
            let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
            let mut seen = String::new();
            for line in ["rule", "route show table all", "address"] {
                seen.push_str(&engine::serve_words(&words(line), &mut socket).stdout);
            }
            (second, seen, died)
        });
        thread.join().unwrap()
    }

    #[test]
    fn a_death_at_any_exchange_lets_no_command_take_effect_twice() {
        for after in [false, true] {
            let mut deaths = 0;
            for left in 0.. {
                let (second, seen, died) = dies_at(TWICE, left, after);
                assert!(second.is_ok(), "died at {left} ({after}): {second:?}");
                for once in [
                    "from 192.0.2.7",
                    "192.0.2.0/24 dev lo",
                    "from 192.0.2.8",
                    "inet 192.0.2.9/32",
                ] {
                    assert_eq!(
                        seen.matches(once).count(),
                        1,
                        "{once}, died at {left} ({after}): {seen}"
                    );
                }
                deaths += usize::from(died);
                if !died {
                    break;
                }
            }
            assert!(deaths >= 10, "{deaths}");
        }
    }

    #[test]
    fn where_the_kernel_cannot_tell_a_command_in_doubt_does_not_run_twice() {
        const APPEND: &str = "ip link set lo up\nip route append 192.0.2.0/24 dev lo metric 7";
        let mut refused = 0;
        for left in 0.. {
            let (second, seen, died) = dies_at(APPEND, left, true);
            assert!(
                seen.matches("192.0.2.0/24").count() <= 1,
                "died at {left}: {seen}"
            );
            if let Err(why) = second {
                assert!(
                    why.line().contains("nobody knows whether it ran"),
                    "{}",
                    why.line()
                );
                refused += 1;
            }
            if !died {
                break;
            }
        }
        assert!(refused > 0);
    }

    #[test]
    fn what_failed_is_gone_on_with_and_what_was_done_is_not_repeated() {
        let thread = thread::spawn(|| {
            netns::throw_away().expect("this test needs root, or user namespaces");
            let folder = tempfile::tempdir().unwrap();
            let records = Records::at(folder.path());
            let job = job("ip rule add from 192.0.2.7 table 100\nip route add 192.0.2.0/24 dev lo");
            let mut record = records.open("s1").unwrap();
            let mut socket = Socket::open().unwrap();
            let mut attempt = |socket: &mut Socket| {
                let run = job.go_on(&record).unwrap().unwrap();
                job.run(run, &mut record, socket)
            };
            // The device is down.
            assert!(attempt(&mut socket).is_err());
            let up = ["link", "set", "lo", "up"].map(str::to_owned);
            engine::serve_words(&up, &mut socket);
            let Ok(Outcome::Ran(report)) = attempt(&mut socket) else {
                panic!("it did not run")
            };
            let outcomes: Vec<_> = report
                .commands
                .iter()
                .map(|command| command.outcome.word())
                .collect();
            assert_eq!(outcomes, ["unchanged", "ok"]);
            let rules = engine::serve_words(&["rule".to_owned()], &mut socket).stdout;
            assert_eq!(rules.matches("192.0.2.7").count(), 1, "{rules}");
        });
        thread.join().unwrap();
    }

    #[test]
    fn no_time_left_stops_before_the_next_change() {
        let thread = thread::spawn(|| {
            netns::throw_away().expect("this test needs root, or user namespaces");
            let folder = tempfile::tempdir().unwrap();
            let records = Records::at(folder.path());
            let late = Job {
                deadline: Instant::now(),
                ..job("ip link set lo up")
            };
            let mut record = records.open("s1").unwrap();
            assert!(matches!(late.go_on(&record), Err(HookError::Late)));
            let mut socket = Socket::open().unwrap();
            let stopped = late.run(Run::First, &mut record, &mut socket).unwrap_err();
            assert!(
                stopped.line().contains("no time left"),
                "{}",
                stopped.line()
            );
            let link = engine::serve_words(&["link".to_owned()], &mut socket).stdout;
            assert!(!link.contains("UP"), "{link}");
        });
        thread.join().unwrap();
    }
}
