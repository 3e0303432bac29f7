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
        Namespace::open(&self.netns)?.enter()?;
        record.is_of(&self.netns);
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
        let report = self.asked(Run::First, &around, &mut kernel, |ask, _| {
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
        around: &Around,
        kernel: &mut K,
        ask: impl FnOnce(&Ask<'_>, &mut K) -> Report,
    ) -> Report {
        let surroundings = Surroundings {
            interface: around.interface.clone(),
            addresses: around.addresses.clone(),
            gateways: around.gateways.clone(),
            values: self.config.values.clone(),
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
    let command = match run {
        // Nobody knows of it still.
        Run::InDoubt(left) if fatal.is_none_or(|fatal| fatal <= left.at) => return Ok(()),
        // It was refused as a whole, or stopped at once: what is done stays done.
        Run::From(left) if fatal.is_none_or(|fatal| fatal <= left.at) => Some(left.at),
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

    /// What happens in a namespace of its own, with a record of its own.
    fn apart<T: Send + 'static>(
        happens: impl FnOnce(&mut Record, &mut Socket) -> T + Send + 'static,
    ) -> T {
        let thread = thread::spawn(|| {
            netns::throw_away().expect("this test needs root, or user namespaces");
            let folder = tempfile::tempdir().unwrap();
            let mut record = Records::at(folder.path()).open("s1").unwrap();
            happens(&mut record, &mut Socket::open().unwrap())
        });
        thread.join().unwrap()
    }

    fn ip(line: &str, socket: &mut Socket) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        engine::serve_words(&words, socket).stdout
    }

    fn start_of(container: &str, text: &str) -> Job {
        Job {
            container: Some(container.into()),
            trigger: "StartContainer",
            ..job(text)
        }
    }

    fn attempt(job: &Job, record: &mut Record, socket: &mut Socket) -> Result<Outcome, HookError> {
        match job.go_on(record)? {
            Ok(run) => job.run(run, record, socket),
            Err(nothing) => Ok(nothing),
        }
    }

    fn begun(job: &Job, command: usize, record: &mut Record) {
        let event = Event::Begun { command };
        record.add(Entry::new(job.work(), event)).unwrap();
    }

    #[test]
    fn of_several_alike_none_is_taken_away_in_doubt() {
        for (add, del, seen) in [
            (
                "rule add from 192.0.2.7 table 100",
                "rule del from 192.0.2.7",
                "192.0.2.7",
            ),
            (
                "route append 192.0.2.0/24 dev lo",
                "route del 192.0.2.0/24",
                "192.0.2.0/24",
            ),
        ] {
            apart(move |record, socket| {
                ip("link set lo up", socket);
                ip(add, socket);
                ip(
                    &add.replace("100", "101")
                        .replace("append", "append blackhole")
                        .replace(
                            " dev lo",
                            if add.starts_with("route") {
                                ""
                            } else {
                                " dev lo"
                            },
                        ),
                    socket,
                );
                let listing = if add.starts_with("rule") {
                    "rule"
                } else {
                    "route show table all"
                };
                let before = ip(listing, socket).matches(seen).count();
                let job = job(&format!("ip {del}"));
                begun(&job, 0, record);
                let why = attempt(&job, record, socket).unwrap_err().line();
                assert!(why.contains("nobody knows whether it ran"), "{why}");
                assert_eq!(ip(listing, socket).matches(seen).count(), before);
            });
        }
    }

    #[test]
    fn a_device_that_is_gone_is_not_missed_in_doubt() {
        apart(|record, socket| {
            let job = job("ip link del d0");
            begun(&job, 0, record);
            assert!(attempt(&job, record, socket).is_ok());
        });
    }

    #[test]
    fn a_device_without_a_name_is_not_made_twice() {
        apart(|record, socket| {
            let job = job("ip link add type veth");
            begun(&job, 0, record);
            assert!(attempt(&job, record, socket).is_err());
            assert!(!ip("link", socket).contains("veth"));
        });
    }

    #[test]
    fn a_restart_that_was_cut_off_leaves_alone_what_an_earlier_start_did() {
        const BOTH: &str =
            "ip rule add from 192.0.2.7 table 100\nip rule add from 192.0.2.8 table 100";
        apart(|record, socket| {
            attempt(&start_of("c1", BOTH), record, socket).unwrap();
            let second = start_of("c2", BOTH);
            begun(&second, 0, record);
            attempt(&second, record, socket).unwrap();
            let rules = ip("rule", socket);
            for once in ["192.0.2.7", "192.0.2.8"] {
                assert_eq!(rules.matches(once).count(), 1, "{rules}");
            }
        });
    }

    #[test]
    fn no_time_left_at_a_second_try_forgets_nothing_that_is_done() {
        apart(|record, socket| {
            let both =
                job("ip rule add from 192.0.2.7 table 100\nip route add 192.0.2.0/24 dev lo");
            // The device is down.
            attempt(&both, record, socket).unwrap_err();
            let run = both.go_on(record).unwrap().unwrap();
            let late = Job {
                deadline: Instant::now(),
                ..both.clone()
            };
            late.run(run, record, socket).unwrap_err();
            ip("link set lo up", socket);
            attempt(&both, record, socket).unwrap();
            assert_eq!(ip("rule", socket).matches("192.0.2.7").count(), 1);
        });
    }

    #[test]
    fn tokens_mean_at_every_start_what_they_meant_at_the_first() {
        apart(|record, socket| {
            for line in [
                "link add eth0 type veth peer name eth1",
                "link set eth0 up",
                "address add 192.0.2.10/24 dev eth0",
                "route add default via 192.0.2.1",
            ] {
                ip(line, socket);
            }
            const VALUE: &str = "ip route add 198.51.100.0/24 via CURRENT_GATEWAY\n\
                ip route replace default via 192.0.2.254\nip link set CURRENT_INTERFACE mtu 1400";
            for container in ["c1", "c2"] {
                attempt(&start_of(container, VALUE), record, socket).unwrap();
            }
            let routes = ip("route", socket);
            assert!(
                routes.contains("198.51.100.0/24 via 192.0.2.1 dev eth0"),
                "{routes}"
            );
            assert_eq!(record.around().unwrap().mtu, Some(1500));
        });
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
