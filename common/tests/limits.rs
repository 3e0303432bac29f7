//! Limits in namespaces of their own: nothing that runs, in whatever order, however often and however it ends, leaves more
//! in a sandbox than there may be, and what may run is not refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may"
)]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
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
use proptest::prelude::*;

/// A sandbox in a namespace of its own, with a record of its own.
struct Sandbox {
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
    fn run(&mut self, text: &str, run: Run) -> Report {
        self.run_by(text, run, Author::Pod, usize::MAX)
    }

    /// Runs a value; the process dies behind the change of the number `death`.
    fn run_by(&mut self, text: &str, run: Run, author: Author, death: usize) -> Report {
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

    /// What somebody else does.
    fn other(&mut self, line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        serve_words(&words, &mut self.socket).stdout
    }

    fn lines(&mut self, line: &str) -> usize {
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
fn in_a_sandbox(limits: &str, happens: impl FnOnce(&mut Sandbox) + Send + 'static) {
    let config = format!(
        "[limits]\n{limits}\n[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n"
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

fn value(numbers: std::ops::Range<usize>, line: impl Fn(usize) -> String) -> String {
    numbers.map(|number| line(number) + "\n").collect()
}

fn routes(verb: &'static str, numbers: std::ops::Range<usize>) -> String {
    value(numbers, |number| {
        format!("route {verb} 10.0.{number}.0/24 dev e0")
    })
}

fn outcomes(report: &Report) -> Vec<&'static str> {
    report
        .commands
        .iter()
        .map(|command| command.outcome.word())
        .collect()
}

/// Asserts that the command of this number, from 0, was refused, and what that says.
fn refused_at(report: &Report, number: usize, limit: &str) {
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

#[test]
fn sixty_four_routes_run_and_the_sixty_fifth_is_refused_before_it_runs() {
    in_a_sandbox("", |sandbox| {
        assert!(
            sandbox
                .run(&routes("add", 0..64), Run::First)
                .outcome
                .is_good()
        );
        let report = sandbox.run("route\nroute add 10.0.64.0/24 dev e0\nroute", Run::First);
        refused_at(&report, 1, "routes");
        let why = &report.commands[1].advice.as_ref().unwrap().why;
        assert_eq!(
            why,
            "over the limit of 64 routes: commands made 64 that are in this sandbox (limits.routes)"
        );
        assert_eq!(sandbox.lines("route"), 64);
    });
}

#[test]
fn two_values_of_forty_routes_are_refused_at_the_sixty_fifth() {
    in_a_sandbox("", |sandbox| {
        assert!(
            sandbox
                .run(&routes("add", 0..40), Run::First)
                .outcome
                .is_good()
        );
        refused_at(
            &sandbox.run(&routes("add", 100..140), Run::First),
            24,
            "routes",
        );
        assert_eq!(sandbox.lines("route"), 64);
    });
}

#[test]
fn what_is_at_the_limit_runs_again_as_often_as_it_likes() {
    in_a_sandbox("", |sandbox| {
        let added = routes("add", 0..64);
        assert!(sandbox.run(&added, Run::First).outcome.is_good());
        for _ in 0..3 {
            assert_eq!(sandbox.run(&added, Run::Again).outcome.word(), "unchanged");
            let replaced = sandbox.run(&routes("replace", 0..64), Run::Again);
            assert_eq!(replaced.outcome.word(), "ok");
            assert!(
                sandbox
                    .run(&routes("change", 0..64), Run::First)
                    .outcome
                    .is_good()
            );
        }
        assert_eq!(sandbox.lines("route"), 64);
    });
}

#[test]
fn rules_without_a_priority_count_each_and_a_restart_adds_none() {
    in_a_sandbox("", |sandbox| {
        let same = value(0..32, |_| "rule add from 192.0.2.7 table 100".into());
        assert!(sandbox.run(&same, Run::First).outcome.is_good());
        assert_eq!(sandbox.run(&same, Run::Again).outcome.word(), "unchanged");
        let one = "rule add from 192.0.2.7 table 100";
        refused_at(&sandbox.run(one, Run::First), 0, "rules");
        assert!(
            sandbox
                .run("rule del from 192.0.2.7", Run::First)
                .outcome
                .is_good()
        );
        assert!(sandbox.run(one, Run::First).outcome.is_good());
        refused_at(
            &sandbox.run("rule add fwmark 3 table 7", Run::First),
            0,
            "rules",
        );
    });
}

#[test]
fn the_kernels_own_rules_do_not_count() {
    in_a_sandbox("rules = 2", |sandbox| {
        for _ in 0..5 {
            let both = "rule add fwmark 3 table 7\nrule add fwmark 4 table 7";
            assert!(sandbox.run(both, Run::First).outcome.is_good());
            refused_at(
                &sandbox.run("rule add fwmark 5 table 7", Run::First),
                0,
                "rules",
            );
            assert!(
                sandbox
                    .run("rule del fwmark 3\nrule del fwmark 4", Run::First)
                    .outcome
                    .is_good()
            );
        }
    });
}

#[test]
fn what_is_taken_away_by_whomever_gives_room_again() {
    in_a_sandbox("routes = 3\nlinks = 2", |sandbox| {
        let make = |device: &str, number| format!("route add 10.0.{number}.0/24 dev {device}");
        let pair = "link add x0 type veth peer name x1\nlink set x0 up\nlink set x1 up";
        for round in 0..4 {
            assert!(sandbox.run(pair, Run::First).outcome.is_good(), "{round}");
            let three = [make("x0", 1), make("x0", 2), make("e0", 3)].join("\n");
            assert!(sandbox.run(&three, Run::First).outcome.is_good(), "{round}");
            refused_at(&sandbox.run(&make("e0", 9), Run::First), 0, "routes");
            refused_at(
                &sandbox.run("link add y type bridge", Run::First),
                0,
                "links",
            );
            assert!(
                sandbox
                    .run("route del 10.0.3.0/24", Run::First)
                    .outcome
                    .is_good()
            );
            assert!(sandbox.run(&make("e0", 4), Run::First).outcome.is_good());
            // The kernel takes the routes of a device with it.
            sandbox.other("link del x0");
            assert!(sandbox.run(&make("e0", 5), Run::First).outcome.is_good());
            assert!(
                sandbox
                    .run("route flush table main", Run::First)
                    .outcome
                    .is_good()
            );
        }
    });
}

#[test]
fn what_others_put_there_does_not_count_whenever_they_do() {
    in_a_sandbox("routes = 2\naddresses = 2", |sandbox| {
        let others = |sandbox: &mut Sandbox, third: usize| {
            for number in 0..10 {
                sandbox.other(&format!("route add 10.{third}.{number}.0/24 dev e0"));
                sandbox.other(&format!("address add 10.{third}.{number}.9/32 dev lo"));
            }
        };
        others(sandbox, 1);
        let own = "route add 10.0.1.0/24 dev e0\naddress add 10.0.1.1/32 dev lo";
        assert!(sandbox.run(own, Run::First).outcome.is_good());
        others(sandbox, 2);
        for _ in 0..4 {
            let more = "route add 10.0.2.0/24 dev e0\naddress add 10.0.1.2/32 dev lo";
            assert!(sandbox.run(more, Run::First).outcome.is_good());
            refused_at(
                &sandbox.run("route add 10.0.3.0/24 dev e0", Run::First),
                0,
                "routes",
            );
            refused_at(
                &sandbox.run("address add 10.0.1.3/32 dev lo", Run::First),
                0,
                "addresses",
            );
            let less = "route del 10.0.2.0/24\naddress del 10.0.1.2/32 dev lo";
            assert!(sandbox.run(less, Run::First).outcome.is_good());
        }
    });
}

#[test]
fn what_fails_because_it_is_there_already_is_not_made() {
    in_a_sandbox("routes = 2", |sandbox| {
        for number in 0..9 {
            sandbox.other(&format!("route add 10.1.{number}.0/24 dev e0"));
        }
        let there = value(0..9, |number| {
            format!(
                "{{\"run\": \"route add 10.1.{number}.0/24 dev e0\", \"ignore_failure\": true}},"
            )
        });
        let there = format!("[{}]", there.trim_end().trim_end_matches(','));
        assert!(sandbox.run(&there, Run::First).outcome.is_good());
        assert!(
            sandbox
                .run(&routes("add", 0..2), Run::First)
                .outcome
                .is_good()
        );
        refused_at(&sandbox.run(&routes("add", 2..3), Run::First), 0, "routes");
    });
}

#[test]
fn a_refusal_for_want_of_room_is_no_failure_to_be_ignored() {
    in_a_sandbox("links = 0", |sandbox| {
        let both = r#"[{"run": "link add x type bridge", "ignore_failure": true}, "link"]"#;
        let report = sandbox.run(both, Run::First);
        assert_eq!(outcomes(&report), ["denied", "not run"]);
    });
}

#[test]
fn the_operators_own_commands_count_as_well() {
    in_a_sandbox("", |sandbox| {
        let own = sandbox.run_by(
            &routes("add", 0..60),
            Run::First,
            Author::Operator,
            usize::MAX,
        );
        assert!(own.outcome.is_good());
        refused_at(
            &sandbox.run(&routes("add", 60..70), Run::First),
            4,
            "routes",
        );
        let own = sandbox.run_by(
            &routes("add", 90..91),
            Run::First,
            Author::Operator,
            usize::MAX,
        );
        refused_at(&own, 0, "routes");
    });
}

#[test]
fn a_device_of_ours_counts_by_whatever_name_we_give_it() {
    in_a_sandbox("links = 2", |sandbox| {
        for name in ["x1", "x2"] {
            let one = format!("link add x type bridge\nlink set x name {name}");
            assert!(sandbox.run(&one, Run::First).outcome.is_good());
        }
        refused_at(
            &sandbox.run("link add x type bridge", Run::First),
            0,
            "links",
        );
        // A new name makes nothing, and a device of somebody else's stays his.
        assert!(
            sandbox
                .run("link set x1 name x3", Run::First)
                .outcome
                .is_good()
        );
        assert!(
            sandbox
                .run("link set e0 down\nlink set e0 name e7", Run::First)
                .outcome
                .is_good()
        );
        assert!(sandbox.run("link del x2", Run::First).outcome.is_good());
        assert!(
            sandbox
                .run("link add x type bridge", Run::First)
                .outcome
                .is_good()
        );
        refused_at(&sandbox.run("link add type bridge", Run::First), 0, "links");
    });
}

#[test]
fn a_death_at_any_change_leaves_no_more_than_there_may_be() {
    in_a_sandbox("routes = 4", |sandbox| {
        for death in 0..8 {
            let value = value(0..4, |number| {
                format!("route add 10.{death}.{number}.0/24 dev e{}", number % 2)
            });
            let value = format!("link set lo up\n{value}");
            let died = catch_unwind(AssertUnwindSafe(|| {
                sandbox.run_by(&value, Run::First, Author::Pod, death)
            }));
            assert_eq!(
                died.is_err(),
                death == 0 || sandbox.lines("route") < 4,
                "{death}"
            );
            assert!(sandbox.lines("route") <= 4, "{}", sandbox.other("route"));
        }
        assert_eq!(sandbox.lines("route"), 4);
    });
}

/// What may happen to a sandbox.
#[derive(Debug, Clone)]
enum Happens {
    /// A value runs, for the first time or again, and the process dies at a change of it.
    Runs(Vec<String>, bool, usize),
    /// Somebody else adds or takes away.
    Other(String),
}

fn commands() -> impl Strategy<Value = String> {
    let net = 0..7_u8;
    let verb = prop::sample::select(vec!["add", "replace", "append", "prepend", "change", "del"]);
    prop_oneof![
        6 => (verb, net.clone(), 1..3_u8, 0..2_u8).prop_map(|(verb, net, metric, dev)| {
            format!("route {verb} 10.0.{net}.0/24 dev e{dev} metric {metric}")
        }),
        3 => (prop::sample::select(vec!["add", "append", "del"]), net.clone(), 0..3_u8)
            .prop_map(|(verb, net, hop)| {
                format!("-6 route {verb} 2001:db8:{net}::/48 via fe80::{hop} dev e0")
            }),
        3 => (prop::sample::select(vec!["add", "del"]), net.clone(), 0..3_u8).prop_map(
            |(verb, net, table)| format!("rule {verb} from 10.0.{net}.0/24 table {}", 100 + table)
        ),
        3 => (prop::sample::select(vec!["add", "replace", "del"]), net.clone(), 0..2_u8).prop_map(
            |(verb, net, dev)| format!("address {verb} 10.9.0.{net}/32 dev e{dev}")
        ),
        2 => (prop::sample::select(vec!["add", "replace", "del"]), net.clone()).prop_map(
            |(verb, net)| {
                let address = if verb == "del" { "" } else { " lladdr 02:00:00:00:00:01" };
                format!("neigh {verb} 10.8.0.{net}{address} dev e0")
            }
        ),
        2 => (0..3_u8).prop_map(|name| format!("link add x{name} type bridge")),
        1 => (0..3_u8).prop_map(|name| format!("link del x{name}")),
        1 => (0..3_u8, 0..3_u8).prop_map(|(old, new)| format!("link set x{old} name x{new}")),
        1 => Just("link add type bridge".to_owned()),
        1 => Just("route flush metric 1".to_owned()),
    ]
}

fn happenings() -> impl Strategy<Value = Happens> {
    let values = prop::collection::vec(commands(), 1..6);
    prop_oneof![
        5 => (values, any::<bool>(), prop_oneof![Just(usize::MAX), 0..6_usize])
            .prop_map(|(value, again, death)| Happens::Runs(value, again, death)),
        1 => (0..20_u8, any::<bool>()).prop_map(|(net, add)| {
            let verb = if add { "add" } else { "del" };
            Happens::Other(format!("route {verb} 10.200.{net}.0/24 dev e0"))
        }),
        1 => prop::sample::select(vec!["link set e0 down", "link set e0 up"])
            .prop_map(|line| Happens::Other(line.to_owned())),
    ]
}

const FEW: &str = "routes = 4\nrules = 3\naddresses = 3\nneighbours = 2\nlinks = 2";

/// How much is there that only commands make.
fn there(sandbox: &mut Sandbox) -> [(&'static str, usize, usize); 5] {
    let count = |text: String, what: &str| text.lines().filter(|line| line.contains(what)).count();
    let v4 = sandbox.other("route show table main");
    let v6 = sandbox.other("-6 route show table main");
    let legs: usize = v6.matches("via fe80::").count();
    let links: BTreeSet<String> = sandbox
        .other("-o link")
        .lines()
        .filter(|line| line.contains(": x") || line.contains(": bridge"))
        .map(str::to_owned)
        .collect();
    [
        ("routes", count(v4, "10.0.") + legs, 4),
        ("rules", count(sandbox.other("rule"), "10.0."), 3),
        ("addresses", count(sandbox.other("address"), "10.9.0."), 3),
        ("neighbours", count(sandbox.other("neigh"), "PERMANENT"), 2),
        ("links", links.len(), 2),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_values_restarts_and_deaths_leaves_more_than_there_may_be(
        happened in prop::collection::vec(happenings(), 1..40)
    ) {
        in_a_sandbox(FEW, move |sandbox| {
            for one in &happened {
                match one {
                    Happens::Other(line) => drop(sandbox.other(line)),
                    Happens::Runs(lines, again, death) => {
                        let run = if *again { Run::Again } else { Run::First };
                        let ran = AssertUnwindSafe(|| {
                            sandbox.run_by(&lines.join("\n"), run, Author::Pod, *death)
                        });
                        let report = catch_unwind(ran).ok();
                        may_refuse(sandbox, report);
                    }
                }
                for (kind, count, limit) in there(sandbox) {
                    assert!(count <= limit, "{count} {kind} after {one:?} of {happened:?}");
                }
            }
        });
    }
}

/// What is refused for want of room is so only where there is none.
fn may_refuse(sandbox: &mut Sandbox, report: Option<Report>) {
    let Some(over) = report.as_ref().and_then(Report::over_limit) else {
        return;
    };
    // That of a plan which makes too much by itself is another.
    if !format!("{report:?}").contains("are in this sandbox") {
        return;
    }
    for (kind, count, limit) in there(sandbox) {
        assert!(
            kind != over || count == limit,
            "{count} of {limit} {kind}: {report:?}"
        );
    }
}
