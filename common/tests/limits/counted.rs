//! What counts as made by commands, and what does not.

use chainsaw_common::plan::{Author, Run};

use super::bed::{Sandbox, in_a_sandbox, refused_at, routes, value};

#[test]
fn rules_without_a_priority_count_each_and_a_restart_adds_none() {
    in_a_sandbox("", |sandbox| {
        let same = value(0..32, |_| "rule add from 192.0.2.7 table 100".into());
        sandbox.serves(&same);
        assert_eq!(sandbox.run(&same, Run::Again).outcome.word(), "unchanged");
        let one = "rule add from 192.0.2.7 table 100";
        sandbox.refuses(one, "rules");
        sandbox.serves("rule del from 192.0.2.7");
        sandbox.serves(one);
        sandbox.refuses("rule add fwmark 3 table 7", "rules");
    });
}

#[test]
fn the_kernels_own_rules_do_not_count() {
    in_a_sandbox("rules = 2", |sandbox| {
        for _ in 0..5 {
            let both = "rule add fwmark 3 table 7\nrule add fwmark 4 table 7";
            sandbox.serves(both);
            sandbox.refuses("rule add fwmark 5 table 7", "rules");
            sandbox.serves("rule del fwmark 3\nrule del fwmark 4");
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
        sandbox.serves(own);
        others(sandbox, 2);
        for _ in 0..4 {
            let more = "route add 10.0.2.0/24 dev e0\naddress add 10.0.1.2/32 dev lo";
            sandbox.serves(more);
            sandbox.refuses("route add 10.0.3.0/24 dev e0", "routes");
            sandbox.refuses("address add 10.0.1.3/32 dev lo", "addresses");
            let less = "route del 10.0.2.0/24\naddress del 10.0.1.2/32 dev lo";
            sandbox.serves(less);
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
        sandbox.serves(&there);
        sandbox.serves(&routes("add", 0..2));
        sandbox.refuses(&routes("add", 2..3), "routes");
    });
}

#[test]
fn a_device_of_ours_counts_by_whatever_name_we_give_it() {
    in_a_sandbox("links = 2", |sandbox| {
        for name in ["x1", "x2"] {
            let one = format!("link add x type bridge\nlink set x name {name}");
            sandbox.serves(&one);
        }
        sandbox.refuses("link add x type bridge", "links");
        // A new name makes nothing, and a device of somebody else's stays his.
        sandbox.serves("link set x1 name x3");
        sandbox.serves("link set e0 down\nlink set e0 name e7");
        sandbox.serves("link del x2");
        sandbox.serves("link add x type bridge");
        sandbox.refuses("link add type bridge", "links");
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
