//! A sandbox in a namespace of its own, in which values run and processes die.

use std::thread;

use chainsaw_common::config::Config;
use chainsaw_common::engine::{Ask, Value, serve, serve_words};
use chainsaw_common::kernel::{Answer, Kernel};
use chainsaw_common::limits::{Made, Making};
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns;
use chainsaw_common::plan::{Author, Journal, Run};
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::recall::Recall;
use chainsaw_common::record::{Entry, Event, Record, Records, Work, hash};
use chainsaw_common::report::Report;
use chainsaw_common::tokens::Surroundings;
use chainsaw_common::wire::Request;

/// A sandbox in a namespace of its own, with a record of its own.
pub struct Sandbox {
    folder: tempfile::TempDir,
    socket: Socket,
    policy: Policy,
}

/// The record as a plan's journal.
struct Diary {
    record: Record,
    work: Work,
}

impl Journal for Diary {
    fn about_to(&mut self, command: usize, makes: &[Making]) -> Result<(), String> {
        let entry = Entry {
            makes: makes.to_vec(),
            ..Entry::new(self.work.clone(), Event::Begun { command })
        };
        self.record.add(entry).map_err(|error| error.to_string())
    }

    fn goes_on(&self) -> Result<(), String> {
        Ok(())
    }

    fn made(&self) -> Made {
        self.record.made().clone()
    }

    fn counted(&mut self, made: &Made) {
        self.record.put_made(made.clone());
    }
}

/// A kernel before which the process dies, in so many changes.
struct Dying<'k> {
    socket: &'k mut Socket,
    left: usize,
}

struct Death;

impl Kernel for Dying<'_> {
    fn exchange(&mut self, request: &Request) -> Answer {
        let answer = self.socket.exchange(request);
        if request.kind % 4 < 2 {
            self.left = self.left.checked_sub(1).unwrap_or_else(|| {
                std::panic::resume_unwind(Box::new(Death));
            });
        }
        answer
    }
}

impl Sandbox {
    /// Runs a value for the first time, which succeeds.
    pub fn serves(&mut self, text: &str) {
        let report = self.run(text, Run::First);
        assert!(report.outcome.is_good(), "{report:?}");
    }

    /// Runs a value for the first time, which is refused at its first command.
    pub fn refuses(&mut self, text: &str, limit: &str) {
        refused_at(&self.run(text, Run::First), 0, limit);
    }

    pub fn run(&mut self, text: &str, run: Run) -> Report {
        self.run_by(text, run, Author::Pod, usize::MAX)
    }

    /// Runs a value; the process dies behind the change of the number `death`.
    pub fn run_by(&mut self, text: &str, run: Run, author: Author, death: usize) -> Report {
        let records = Records::at(self.folder.path());
        let mut record = records.open("s1").unwrap();
        record.is_of("/proc/thread-self/ns/net".as_ref(), None);
        let work = Work {
            entrance: Entrance::Nri,
            network: None,
            interface: String::new(),
            container: None,
            source: "k".into(),
            value: hash(text),
        };
        let mut diary = Diary { record, work };
        let values = [Value {
            source: "k".into(),
            author,
            text: text.into(),
        }];
        let subject = subject();
        let ask = Ask {
            subject: &subject,
            values: &values,
            surroundings: &Surroundings::default(),
            policy: &self.policy,
            run,
        };
        let mut dying = Dying {
            socket: &mut self.socket,
            left: death,
        };
        let report = serve(&ask, &mut diary, &mut Recall::over(&mut dying));
        let ended = Entry::new(diary.work.clone(), Event::Ok);
        diary.record.add(ended).unwrap();
        report
    }

    /// From now on these rules hold.
    pub fn under(&mut self, rules: &str) {
        let config = Config::parse(rules, "c.toml").unwrap();
        self.policy = Policy::of(&config, "c.toml");
    }

    /// What somebody else does.
    pub fn other(&mut self, line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        serve_words(&words, &mut self.socket).stdout
    }

    pub fn lines(&mut self, line: &str) -> usize {
        self.other(line).lines().count()
    }
}

fn subject() -> Subject {
    Subject {
        pod: Some(Pod {
            namespace: "default".into(),
            name: "web".into(),
            uid: None,
            labels: None,
        }),
        sandbox: Some("s1".into()),
        entrance: Entrance::Nri,
        trigger: "StartContainer",
        interface: None,
        mtu: None,
        netns: None,
    }
}

/// With devices `e0` and `e1`.
pub fn in_a_sandbox(limits: &str, happens: impl FnOnce(&mut Sandbox) + Send + 'static) {
    // Where hosts are not what is counted, they are in nobody's way.
    let hosts = match limits.contains("onlink") {
        true => "",
        false => "onlink = 4294967295\n",
    };
    let config = format!(
        "[limits]\n{hosts}{limits}\n[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n"
    );
    let policy = Policy::of(&Config::parse(&config, "c.toml").unwrap(), "c.toml");
    let thread = thread::spawn(move || {
        netns::throw_away().expect("this test needs root, or user namespaces");
        let mut sandbox = Sandbox {
            folder: tempfile::tempdir().unwrap(),
            socket: Socket::open().unwrap(),
            policy,
        };
        for line in [
            "link set lo up",
            "link add e0 type veth peer name e1",
            "link set e0 up",
            "link set e1 up",
        ] {
            sandbox.other(line);
        }
        happens(&mut sandbox);
    });
    if let Err(panicked) = thread.join() {
        std::panic::resume_unwind(panicked);
    }
}

pub fn value(numbers: std::ops::Range<usize>, line: impl Fn(usize) -> String) -> String {
    numbers.map(|number| line(number) + "\n").collect()
}

pub fn routes(verb: &'static str, numbers: std::ops::Range<usize>) -> String {
    value(numbers, |number| {
        format!("route {verb} 10.0.{number}.0/24 dev e0")
    })
}

pub fn outcomes(report: &Report) -> Vec<&'static str> {
    report
        .commands
        .iter()
        .map(|command| command.outcome.word())
        .collect()
}

/// Asserts that the command of this number, from 0, was refused, and what that says.
pub fn refused_at(report: &Report, number: usize, limit: &str) {
    let (before, rest) = report.commands.split_at(number);
    assert!(
        before.iter().all(|command| command.outcome.is_good()),
        "{:?}",
        outcomes(report)
    );
    assert_eq!(rest[0].outcome.word(), "denied", "{report:?}");
    assert!(
        rest[1..]
            .iter()
            .all(|command| command.outcome.word() == "not run")
    );
    let advice = rest[0].advice.as_ref().unwrap();
    assert_eq!(advice.limit.as_deref(), Some(limit));
    assert_eq!(report.over_limit(), Some(limit));
    assert_eq!(report.outcome.word(), "denied");
    assert!(
        advice.instead.as_ref().unwrap().contains("c.toml"),
        "{advice:?}"
    );
}
