//! What a message makes, what a list shows of it, and what is beyond a limit before anything runs.

use std::thread;

use super::count::count;
use super::*;
use crate::config::Config;
use crate::engine::serve_words;
use crate::ip::run::run;
use crate::ip::{self, Command, Lookup};
use crate::kernel::{Answer, Kernel};
use crate::netlink::Socket;
use crate::netns;
use crate::wire::Request;
use crate::words;

fn read(line: &str) -> (Command, Vec<Lookup>) {
    let reading = ip::read(&words::split(line).unwrap());
    let command = reading
        .command
        .unwrap_or_else(|wrong| panic!("{line}: {wrong:?}"));
    (command, reading.lookups)
}

/// The number of the first command that is beyond a limit, and why.
fn first_beyond(lines: &[String]) -> Option<(usize, Kind)> {
    let bounds = Bounds {
        limits: Limits {
            onlink: u32::MAX,
            ..Limits::default()
        },
        file: "c.toml".into(),
    };
    let read: Vec<_> = lines
        .iter()
        .map(|line| (read(line.trim_end_matches(" ||")), line.ends_with("||")))
        .collect();
    let steps = read
        .iter()
        .map(|((command, lookups), ignored)| Some((command, lookups.as_slice(), *ignored)));
    let told = beyond(&bounds, steps);
    let number = told.iter().position(Option::is_some)?;
    Some((number, told[number].as_ref()?.kind))
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> Vec<String> {
    (0..count).map(line).collect()
}

#[test]
fn a_plan_is_beyond_a_limit_at_the_first_command_that_makes_too_much() {
    let route = |number| format!("route add 10.0.{number}.0/24 dev eth0");
    let rule = |number| format!("rule add from 10.0.0.{number} table 100");
    let neighbour = |number| format!("neigh add 10.0.0.{number} lladdr 02:00:00:00:00:01 dev eth0");
    let address = |number| format!("address add 10.0.0.{number}/32 dev lo");
    let link = |number| format!("link add d{number} type dummy");
    assert_eq!(first_beyond(&lines(64, route)), None);
    assert_eq!(first_beyond(&lines(65, route)), Some((64, Kind::Routes)));
    assert_eq!(first_beyond(&lines(32, rule)), None);
    assert_eq!(first_beyond(&lines(33, rule)), Some((32, Kind::Rules)));
    assert_eq!(first_beyond(&lines(16, neighbour)), None);
    assert_eq!(
        first_beyond(&lines(17, neighbour)),
        Some((16, Kind::Neighbours))
    );
    assert_eq!(first_beyond(&lines(16, address)), None);
    assert_eq!(
        first_beyond(&lines(17, address)),
        Some((16, Kind::Addresses))
    );
    assert_eq!(first_beyond(&lines(8, link)), None);
    assert_eq!(first_beyond(&lines(9, link)), Some((8, Kind::Links)));
}

#[test]
fn each_kind_has_a_limit_of_its_own() {
    let mut all = lines(64, |number| {
        format!("route add 10.0.{number}.0/24 dev eth0")
    });
    all.extend(lines(32, |number| {
        format!("rule add from 10.0.0.{number} table 100")
    }));
    assert_eq!(first_beyond(&all), None);
}

#[test]
fn a_veth_is_two_devices() {
    let veth = |number| format!("link add v{number} type veth peer name w{number}");
    assert_eq!(first_beyond(&lines(4, veth)), None);
    assert_eq!(first_beyond(&lines(5, veth)), Some((4, Kind::Links)));
    let unnamed = |_| "link add type veth".to_owned();
    assert_eq!(first_beyond(&lines(5, unnamed)), Some((4, Kind::Links)));
}

#[test]
fn what_is_written_twice_is_there_once() {
    let replaced = |number| format!("route replace 10.0.{}.0/24 dev eth0", number % 50);
    assert_eq!(first_beyond(&lines(120, replaced)), None);
    let appended = |number| {
        format!(
            "route append 10.0.{}.0/24 via 10.1.0.{number} dev eth0",
            number % 50
        )
    };
    assert_eq!(first_beyond(&lines(65, appended)), Some((64, Kind::Routes)));
    // Both are one: the kernel gives IPv6 its own metric, and looks only at the bits of the prefix.
    let same = |number| {
        let metric = if number % 2 == 0 { "" } else { " metric 1024" };
        format!(
            "-6 route replace 2001:db8:{}::/48 dev eth0{metric}",
            number / 2
        )
    };
    assert_eq!(first_beyond(&lines(128, same)), None);
    assert_eq!(first_beyond(&lines(129, same)), Some((128, Kind::Routes)));
}

#[test]
fn what_a_command_between_takes_away_or_may_fail_to_make_is_not_sure() {
    let with = |between: &str| {
        let mut all = lines(16, |number| {
            format!("address add 10.0.0.{number}/32 dev lo")
        });
        all.push(between.to_owned());
        all.push("address add 10.0.1.1/32 dev lo".to_owned());
        first_beyond(&all)
    };
    for taking in [
        "address del 10.0.0.1/32 dev lo",
        "address flush dev lo",
        "link del d0",
        "link set lo down",
    ] {
        assert_eq!(with(taking), None, "{taking}");
    }
    for other in [
        "address",
        "rule del from 10.0.0.1",
        "link add d0 type dummy",
    ] {
        assert_eq!(with(other), Some((17, Kind::Addresses)), "{other}");
    }
    let ignored = |number| format!("address add 10.0.0.{number}/32 dev lo ||");
    assert_eq!(first_beyond(&lines(40, ignored)), None);
}

/// A kernel of which is seen what commands made.
struct Seeing {
    socket: Socket,
    made: Made,
}

impl Kernel for Seeing {
    fn exchange(&mut self, request: &Request) -> Answer {
        let answer = self.socket.exchange(request);
        if answer.refusal.is_none() {
            for making in Making::of(request) {
                self.made.add(&making);
            }
        }
        answer
    }
}

fn count_any(kind: Kind, made: &mut Made, kernel: &mut dyn Kernel) {
    match kind {
        Kind::OnLink => on_link::count(made, &mut Vec::new(), kernel).unwrap(),
        _ => count(kind, made, kernel).unwrap(),
    }
}

fn in_a_namespace(happens: impl FnOnce() + Send + 'static) {
    let thread = thread::spawn(|| {
        netns::throw_away().expect("this test needs root, or user namespaces");
        happens();
    });
    thread.join().unwrap();
}

/// In a namespace with devices `e0` and `e1`, both up.
const FURNISHED: [&str; 6] = [
    "link add e0 type veth peer name e1",
    "link set lo up",
    "link set e0 up",
    "link set e1 up",
    "address add 192.0.2.1/24 dev e0",
    "address add 2001:db8::1/64 dev e0 nodad",
];

fn ip(line: &str, socket: &mut Socket) {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let output = serve_words(&words, socket);
    assert_eq!(output.exit, 0, "{line}: {}", output.stderr);
}

#[test]
fn what_a_command_makes_is_found_again_in_the_kernels_lists() {
    in_a_namespace(|| {
        let mut socket = Socket::open().unwrap();
        FURNISHED.iter().for_each(|line| ip(line, &mut socket));
        for line in [
            "route add 10.0.0.0/8 dev e0",
            "route add 10.0.0.0/8 dev e0 tos 0x10 metric 5",
            "route add 10.1.0.0/16 via 192.0.2.9 table 1000 proto static",
            "route add blackhole 10.2.0.0/16",
            "route add local 10.3.0.0/16 dev lo",
            "route add default via 192.0.2.9",
            "route append default via 192.0.2.8",
            "route prepend 10.0.0.0/8 dev e1",
            "route add 10.4.0.0/16 nexthop via 192.0.2.9 nexthop via 192.0.2.8",
            "route replace 10.5.0.0/16 from 10.9.0.0/16 dev e0",
            "-6 route add 2001:db8:1::/48 dev e0",
            "-6 route add 2001:db8:2::/48 dev e0 metric 7",
            "-6 route add 2001:db8:3::/48 via 2001:db8::9 table 300",
            "-6 route add default via 2001:db8::9 metric 0",
            "-6 route append default via 2001:db8::8",
            "-6 route add unreachable 2001:db8:4::/48",
            "-6 route add 2001:db8:5::/48 nexthop via 2001:db8::9 nexthop via 2001:db8::8",
            "-6 route test 2001:db8:6::/48 dev e0",
            "rule add from 10.0.0.0/8 table 100",
            "rule add from 10.0.0.0/8 table 100",
            "rule add not from 10.1.0.0/16 to 10.2.0.0/16 tos 0x10 fwmark 5 iif e0 table 1000",
            "rule add fwmark 7 lookup main",
            "rule add pref 5 blackhole",
            "rule add table main protocol kernel pref 32700",
            "rule add pref 32766 fwmark 1 table main protocol kernel",
            "rule add to 10.3.0.0/16 goto 32766",
            "rule add l3mdev",
            "rule add uidrange 5-7 ipproto tcp dport 80-90 table 7",
            "-6 rule add from 2001:db8::/32 table 100",
            "-6 rule add pref 9 oif e0 suppress_prefixlength 0 table main",
            "neigh add 192.0.2.5 lladdr 02:00:00:00:00:01 dev e0",
            "neigh replace 192.0.2.6 lladdr 02:00:00:00:00:01 dev e0 nud stale",
            "neigh add 192.0.2.7 dev lo lladdr 02:00:00:00:00:01",
            "neigh add 192.0.2.8 dev lo lladdr 02:00:00:00:00:01",
            "neigh add proxy 192.0.2.7 dev e0",
            "neigh change proxy 192.0.2.8 dev e0",
            "neigh add 2001:db8::7 lladdr 02:00:00:00:00:01 dev e0",
            "neigh add 2001:db8::8 lladdr 02:00:00:00:00:01 dev lo",
            "neigh add proxy 2001:db8::9 dev e0",
            "address add 192.0.2.2/24 dev e0",
            "address add 192.0.2.2/25 dev e0",
            "address add 192.0.2.3 peer 198.51.100.1/24 dev e0",
            "address replace 192.0.2.4/32 dev lo",
            "address change 192.0.2.5/32 dev lo",
            "address add 192.0.2.6/24 brd + dev e1 label e1:1",
            "address add 2001:db8:8::1/64 dev e1 nodad",
            "address change 2001:db8:8::2/64 dev e1 nodad",
            "address add 2001:db8:8::3 peer 2001:db8:9::3/64 dev e1",
            "link add type bridge",
            "link add x%dy type bridge",
            "link add v0 type veth",
            "link add type veth",
            "link add br0 type bridge",
            "link add link e0 type macvlan",
            "link replace d1 type ifb",
        ] {
            let (command, lookups) = read(line);
            let mut kernel = Seeing {
                socket: Socket::open().unwrap(),
                made: Made::default(),
            };
            let output = run(&command, &lookups, &mut kernel);
            assert_eq!(output.exit, 0, "{line}: {}", output.stderr);
            let made = kernel.made.clone();
            assert!(!made.is_empty(), "{line} makes nothing");
            for kind in made.kinds() {
                count_any(kind, &mut kernel.made, &mut kernel.socket);
            }
            assert_eq!(kernel.made, made, "{line}");
        }
    });
}

#[test]
fn what_is_gone_does_not_count() {
    in_a_namespace(|| {
        let mut kernel = Seeing {
            socket: Socket::open().unwrap(),
            made: Made::default(),
        };
        FURNISHED
            .iter()
            .for_each(|line| ip(line, &mut kernel.socket));
        for line in [
            "route add 10.0.0.0/8 dev e0",
            "address add 192.0.2.9/32 dev lo",
            "neigh add 192.0.2.5 lladdr 02:00:00:00:00:01 dev e0",
            "rule add from 10.0.0.0/8 table 100",
        ] {
            let (command, lookups) = read(line);
            assert_eq!(run(&command, &lookups, &mut kernel).exit, 0, "{line}");
        }
        ip("link del e0", &mut kernel.socket);
        for (kind, left) in [
            (Kind::Routes, 0),
            (Kind::Neighbours, 0),
            (Kind::Addresses, 1),
            (Kind::Rules, 1),
            (Kind::Links, 0),
            (Kind::OnLink, 0),
        ] {
            count_any(kind, &mut kernel.made, &mut kernel.socket);
            assert_eq!(kernel.made.bound(kind), left, "{kind:?}");
        }
    });
}

#[test]
fn a_list_that_cannot_be_had_tells_why_nothing_is_counted() {
    struct Refusing;
    impl Kernel for Refusing {
        fn exchange(&mut self, _: &Request) -> Answer {
            Answer {
                refusal: Some(crate::kernel::Refusal {
                    errno: 12,
                    text: None,
                }),
                ..Answer::default()
            }
        }
    }
    struct Changing;
    impl Kernel for Changing {
        fn exchange(&mut self, _: &Request) -> Answer {
            Answer {
                interrupted: true,
                ..Answer::default()
            }
        }
    }
    let mut made = Made::default();
    made.add(&Making::from("a2.x".to_owned()));
    let refused = count(Kind::Addresses, &mut made, &mut Refusing).unwrap_err();
    assert!(
        refused.contains("the addresses") && refused.contains("Cannot allocate memory"),
        "{refused}"
    );
    let changing = count(Kind::Addresses, &mut made, &mut Changing).unwrap_err();
    assert!(changing.contains("try again"), "{changing}");
    assert_eq!(made.bound(Kind::Addresses), 1);
}

#[test]
fn a_name_with_a_number_left_to_the_kernel_is_every_name_that_it_may_be() {
    let named = |thing: &str, name: &str| Making::from(thing.to_owned()).thing.is_named(name);
    assert!(named("+l0.dummy%d", "dummy0") && named("+l0.dummy%d", "dummy17"));
    assert!(named("+l0.x%dy", "x0y") && named("l0.eth0", "eth0"));
    assert!(!named("+l0.dummy%d", "dummy") && !named("+l0.dummy%d", "dummy0a"));
    assert!(!named("l0.eth0", "eth01") && !named("+l0.x%dy", "xy"));
}

#[test]
fn an_excess_tells_the_limit_what_is_there_what_to_do_and_the_key() {
    for kind in Kind::ALL {
        let excess = Excess {
            kind,
            limit: 7,
            there: Some(7),
            file: "/c.toml".into(),
        };
        let (said, remedy) = (excess.to_string(), excess.remedy());
        let (key, noun) = (kind.key(), kind.noun());
        assert!(
            said.contains(&format!("limit of 7 {noun}")) && said.contains(&format!("limits.{key}")),
            "{said}"
        );
        // What it says to write is a configuration.
        let toml = remedy.split_once('\n').unwrap().1.replace("NUMBER", "9");
        let config = Config::parse(&toml, "c.toml").unwrap();
        assert_eq!(config.limits.of(kind), 9, "{remedy}");
        // And to run, the beginning of a command.
        let object = kind.object();
        assert!(remedy.contains(&format!("ip {object} del")), "{remedy}");
    }
}
