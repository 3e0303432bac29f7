//! Work in namespaces of its own: deaths at every exchange, doubt, second starts.

use std::panic::catch_unwind;
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
        mend: None,
    }
}

/// What happens in a namespace of its own, with records of their own.
fn apart<T: Send + 'static>(
    happens: impl FnOnce(&Records, &mut Socket) -> T + Send + 'static,
) -> T {
    let thread = thread::spawn(|| {
        netns::throw_away().expect("this test needs root, or user namespaces");
        let folder = tempfile::tempdir().unwrap();
        happens(&Records::at(folder.path()), &mut Socket::open().unwrap())
    });
    thread.join().unwrap()
}

/// The same with one record, which is held.
fn held<T: Send + 'static>(
    happens: impl FnOnce(&mut Record, &mut Socket) -> T + Send + 'static,
) -> T {
    apart(|records, socket| happens(&mut records.open("s1").unwrap(), socket))
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
    apart(move |records, socket| {
        let job = job(text);
        let died = catch_unwind(|| {
            let mut record = records.open("s1").unwrap();
            let run = job.go_on(&record).unwrap().unwrap();
            let mut kernel = Dying {
                socket: Socket::open().unwrap(),
                left,
                after,
            };
            job.run(run, &mut record, &mut kernel).map(drop)
        })
        .is_err();
        let second = attempt(&job, &mut records.open("s1").unwrap(), socket);
        let listings = ["rule", "route show table all", "address"];
        let seen = listings.map(|listing| ip(listing, socket)).concat();
        (second, seen, died)
    })
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
    held(|record, socket| {
        let job = job("ip rule add from 192.0.2.7 table 100\nip route add 192.0.2.0/24 dev lo");
        // The device is down.
        assert!(attempt(&job, record, socket).is_err());
        ip("link set lo up", socket);
        let Ok(Outcome::Ran(report)) = attempt(&job, record, socket) else {
            panic!("it did not run")
        };
        let outcomes = report.commands.iter().map(|one| one.outcome.word());
        assert_eq!(outcomes.collect::<Vec<_>>(), ["unchanged", "ok"]);
        let rules = ip("rule", socket);
        assert_eq!(rules.matches("192.0.2.7").count(), 1, "{rules}");
    });
}

/// The same work where a rule denies a word.
fn denied(job: &Job, word: &str) -> Job {
    let config = format!(
        "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\ndeny = [\"route add {word}\"]\n"
    );
    Job {
        config: Arc::new(Config::parse(&config, "c.toml").unwrap()),
        ..job.clone()
    }
}

#[test]
fn what_is_refused_as_a_whole_meanwhile_leaves_done_what_is_done() {
    held(|record, socket| {
        let job = job(
            "ip rule add from 192.0.2.7 table 100\nip route add 192.0.2.0/24 dev lo\nip route add 192.0.3.0/24 dev lo",
        );
        // The device is down.
        assert!(attempt(&job, record, socket).is_err());
        ip("link set lo up", socket);
        let refused = attempt(&denied(&job, "192.0.3.0/24"), record, socket).unwrap_err();
        assert!(refused.line().contains("denied"), "{}", refused.line());
        assert!(attempt(&job, record, socket).is_ok());
        let rules = ip("rule", socket);
        assert_eq!(rules.matches("192.0.2.7").count(), 1, "{rules}");
    });
}

#[test]
fn a_command_in_doubt_stays_in_doubt_when_the_value_is_refused_as_a_whole() {
    held(|record, socket| {
        ip("link set lo up", socket);
        let job =
            job("ip route append 192.0.2.0/24 dev lo metric 7\nip route add 192.0.3.0/24 dev lo");
        begun(&job, 0, record);
        let refused = attempt(&denied(&job, "192.0.3.0/24"), record, socket).unwrap_err();
        assert!(refused.line().contains("denied"), "{}", refused.line());
        let why = attempt(&job, record, socket).unwrap_err().line();
        assert!(why.contains("nobody knows whether it ran"), "{why}");
    });
}

#[test]
fn of_several_alike_none_is_taken_away_in_doubt() {
    for (alike, del, listing, seen) in [
        (
            [
                "rule add from 192.0.2.7 table 100",
                "rule add from 192.0.2.7 table 101",
            ],
            "rule del from 192.0.2.7",
            "rule",
            "192.0.2.7",
        ),
        (
            [
                "route append 192.0.2.0/24 dev lo",
                "route append blackhole 192.0.2.0/24",
            ],
            "route del 192.0.2.0/24",
            "route show table all",
            "192.0.2.0/24",
        ),
    ] {
        held(move |record, socket| {
            ip("link set lo up", socket);
            for add in alike {
                ip(add, socket);
            }
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
    held(|record, socket| {
        let job = job("ip link del d0");
        begun(&job, 0, record);
        assert!(attempt(&job, record, socket).is_ok());
    });
}

#[test]
fn a_device_without_a_name_is_not_made_twice() {
    held(|record, socket| {
        let job = job("ip link add type veth");
        begun(&job, 0, record);
        assert!(attempt(&job, record, socket).is_err());
        assert!(!ip("link", socket).contains("veth"));
    });
}

#[test]
fn a_restart_that_was_cut_off_leaves_alone_what_an_earlier_start_did() {
    const BOTH: &str = "ip rule add from 192.0.2.7 table 100\nip rule add from 192.0.2.8 table 100";
    held(|record, socket| {
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
    held(|record, socket| {
        let both = job("ip rule add from 192.0.2.7 table 100\nip route add 192.0.2.0/24 dev lo");
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
    held(|record, socket| {
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
    held(|record, socket| {
        let late = Job {
            deadline: Instant::now(),
            ..job("ip link set lo up")
        };
        assert!(matches!(late.go_on(record), Err(HookError::Late)));
        let stopped = late.run(Run::First, record, socket).unwrap_err().line();
        assert!(stopped.contains("no time left"), "{stopped}");
        let link = ip("link", socket);
        assert!(!link.contains("UP"), "{link}");
    });
}

#[test]
fn a_denial_by_an_older_configuration_says_to_mend_the_file_and_nothing_to_write_into_it() {
    let advised = |mend: Option<&str>| {
        let denied = Job {
            config: Arc::new(Config::default()),
            mend: mend.map(str::to_owned),
            ..job("ip link set lo up\nip link set lo mtu 1400\nip roule show")
        };
        let report = held(
            move |record, socket| match attempt(&denied, record, socket) {
                Err(HookError::Commands(report)) => report,
                other => panic!("{other:?}"),
            },
        );
        let advice = report.commands.into_iter().map(|command| command.advice);
        let instead = advice.map(|advice| advice.and_then(|advice| advice.instead));
        instead.collect::<Vec<_>>()
    };
    let usual = advised(None);
    let [Some(first), None, Some(never)] = usual.as_slice() else {
        panic!("{usual:?}");
    };
    assert!(first.starts_with("to allow it, add to c.toml:"), "{first}");
    let mending = [Some("mend it".to_owned()), None, Some(never.clone())];
    assert_eq!(advised(Some("mend it")), mending);
}
