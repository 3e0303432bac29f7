//! Deaths and restarts, in whatever order.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chainsaw_common::plan::{Author, Run};
use chainsaw_common::report::Report;
use proptest::prelude::*;

use super::bed::{Sandbox, in_a_sandbox, value};

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
