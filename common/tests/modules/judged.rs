//! What is asked, what is refused, and what is said of it.

use chainsaw_common::engine;
use chainsaw_common::ip::modules::{self, Load};
use chainsaw_common::plan::{Author, Left, Run};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::{Outcome, transcript};

use super::bed::{Knowing, done, outcomes, policy, said, served, written};

#[test]
fn a_kind_that_is_not_there_is_refused_before_anything_of_the_value_runs() {
    let text = "ip link set eth0 up\nip link add d0 type dummy\nip route add 10.0.0.0/25 dev eth0";
    let mut kernel = Knowing::default();
    let report = served(&policy(""), text, &mut kernel);
    assert_eq!(report.outcome, Outcome::Denied);
    assert_eq!(outcomes(&report), ["not run", "denied", "not run"]);
    assert_eq!(kernel.narrowed(), ["dummy"]);
    assert_eq!(kernel.asked.len(), 1);
    let (why, remedy) = said(&report, 1);
    assert_eq!(
        why,
        "module dummy is not loaded on this node, and loading it would make dummy0 in the node's own network namespace"
    );
    assert_eq!(
        remedy,
        "ask the operator of the node to load module dummy, or to write in c.toml:\n[modules]\nload = [\"dummy\"]"
    );
    let line = report.headline().unwrap();
    assert!(
        line.starts_with("command 2 ") && line.contains(&why),
        "{line}"
    );
}

#[test]
fn a_kind_that_is_there_runs_after_one_question() {
    let text = "ip link add d0 type dummy\nip link add d1 type dummy\nip link set d0 up";
    let mut kernel = Knowing::of(&["dummy"]);
    let report = served(&policy(""), text, &mut kernel);
    assert_eq!(outcomes(&report), ["ok", "ok", "ok"], "{report:?}");
    assert_eq!(kernel.narrowed(), ["dummy"]);
    assert_eq!(kernel.changes().count(), 3);
}

#[test]
fn what_the_operator_names_is_loaded_without_a_question() {
    let mut kernel = Knowing::default();
    let report = served(
        &policy("\"dummy\""),
        "ip link add d0 type dummy",
        &mut kernel,
    );
    assert_eq!(outcomes(&report), ["ok"]);
    assert_eq!(kernel.asked.len(), 1);
    assert_eq!(kernel.changes().count(), 1);
}

#[test]
fn newer_kernels_load_for_a_change_too_so_it_is_refused_as_well() {
    for line in [
        "ip link set eth0 type bond mode 1",
        "ip link replace eth0 type ifb",
        "ip link add type bond",
    ] {
        let mut kernel = Knowing::default();
        let report = served(&policy(""), line, &mut kernel);
        assert_eq!(outcomes(&report), ["denied"], "{line}");
        assert_eq!(kernel.changes().count(), 0, "{line}");
    }
}

#[test]
fn a_command_for_which_no_kernel_loads_anything_is_neither_asked_for_nor_refused() {
    for line in [
        "ip link show type dummy",
        "ip link del d0 type dummy",
        "ip link set eth0 type bond_slave queue_id 1",
    ] {
        let mut kernel = Knowing::default();
        let report = served(&policy(""), line, &mut kernel);
        assert_eq!(outcomes(&report), ["ok"], "{line}: {report:?}");
    }
}

#[test]
fn all_that_is_missing_is_told_at_once_and_what_to_write_is_enough() {
    let text = "ip link add d0 type dummy\nip link add b0 type bond\nip link add i0 type ifb\nip link add d1 type dummy";
    let mut kernel = Knowing::of(&["ifb"]);
    let report = served(&policy("\"tcp_bbr\""), text, &mut kernel);
    assert_eq!(outcomes(&report), ["denied", "denied", "not run", "denied"]);
    assert_eq!(kernel.narrowed(), ["dummy", "bond", "ifb"]);
    let (_, remedy) = said(&report, 0);
    assert!(
        remedy.contains("load modules bonding and dummy, or"),
        "{remedy}"
    );
    let load = written(&remedy);
    assert_eq!(load, "\"bonding\", \"dummy\", \"tcp_bbr\"");
    let report = served(&policy(&load), text, &mut kernel);
    assert_eq!(report.outcome, Outcome::Ok);
}

#[test]
fn a_failure_that_is_ignored_does_not_make_it_run() {
    let text =
        r#"[{"run": "ip link add d0 type dummy", "ignore_failure": true}, "ip link set eth0 up"]"#;
    let mut kernel = Knowing::default();
    let report = served(&policy(""), text, &mut kernel);
    assert_eq!(report.outcome, Outcome::Denied);
    assert_eq!(kernel.changes().count(), 0);
}

#[test]
fn the_operators_own_commands_are_kept_from_it_too_and_the_callers_are_not() {
    let (dummy, bbr) = (
        "ip link add d0 type dummy",
        "ip route add 10.0.0.0/25 dev eth0 congctl bbr",
    );
    for line in [dummy, bbr] {
        let mut kernel = Knowing::default();
        let report = done(&policy(""), Author::Operator, line, Run::First, |ask| {
            engine::serve(ask, &mut (), &mut kernel)
        });
        assert_eq!(outcomes(&report), ["denied"], "{line}");
        assert_eq!(kernel.changes().count(), 0);
        let mut kernel = Knowing::default();
        let report = served(&Policy::of_the_caller(), line, &mut kernel);
        assert_eq!(outcomes(&report), ["ok"], "{line}");
        assert!(kernel.narrowed().is_empty());
    }
}

#[test]
fn what_no_question_tells_is_judged_by_its_words() {
    let text = "ip route add 10.0.0.0/25 dev eth0 congctl bbr\n\
                ip route add 10.1.0.0/25 congctl cubic dev eth0\n\
                ip route del 10.2.0.0/16 nexthop dev eth0 encap mpls 5 nexthop dev eth0 encap seg6 mode encap segs ::1\n\
                ip link add d0 type dummy";
    let mut kernel = Knowing::default();
    let report = served(&policy("\"dummy\""), text, &mut kernel);
    assert_eq!(
        outcomes(&report),
        ["denied", "not run", "denied", "not run"]
    );
    assert!(kernel.asked.is_empty());
    let (why, remedy) = said(&report, 0);
    assert_eq!(
        why,
        "bbr needs module tcp_bbr, which is loaded only if [modules] load names it"
    );
    assert!(remedy.starts_with("ask the operator of the node to write in c.toml:"));
    assert!(said(&report, 2).1.is_empty(), "the first tells it for all");
    let load = written(&remedy);
    assert_eq!(load, "\"dummy\", \"mpls_iptunnel\", \"tcp_bbr\"");
    let report = served(&policy(&load), text, &mut kernel);
    assert_eq!(outcomes(&report), ["ok"; 4], "{report:?}");
}

#[test]
fn a_plan_without_such_a_command_costs_no_exchange_more() {
    let text = "ip route add 10.0.0.0/25 dev eth0\nip route add 10.1.0.0/25 dev eth0 congctl reno\nip link add b0 type bridge";
    let mut ours = Knowing::default();
    let mut callers = Knowing::default();
    assert_eq!(served(&policy(""), text, &mut ours).outcome, Outcome::Ok);
    served(&Policy::of_the_caller(), text, &mut callers);
    assert_eq!(ours.asked, callers.asked);
    assert!(ours.narrowed().is_empty());
}

#[test]
fn commands_that_an_earlier_run_has_done_are_not_asked_for() {
    let text = "ip link add d0 type dummy\nip link set d0 up\nip link add b0 type bond";
    let from = |at| {
        let mut kernel = Knowing::default();
        let run = Run::From(Left { at, again: false });
        let report = done(&policy(""), Author::Pod, text, run, |ask| {
            engine::serve(ask, &mut (), &mut kernel)
        });
        (outcomes(&report), kernel.narrowed())
    };
    let asked = vec!["bond".to_owned()];
    assert_eq!(from(1), (vec!["unchanged", "not run", "denied"], asked));
    let asked = vec!["dummy".to_owned(), "bond".to_owned()];
    assert_eq!(from(0), (vec!["denied", "not run", "denied"], asked));
}

#[test]
fn a_check_says_that_it_depends_on_the_node_and_a_rehearsal_asks_it() {
    let text = "ip link add d0 type dummy\nip link set d0 up";
    let check = |load| done(&policy(load), Author::Pod, text, Run::First, engine::check).checked();
    let report = check("");
    assert_eq!(report.outcome, Outcome::Ok);
    assert_eq!(
        said(&report, 0).0,
        "it depends on the node: module dummy has to be loaded there, or named in [modules] load"
    );
    assert!(report.commands[1].advice.is_none());
    let shown = transcript(&report);
    assert!(
        shown.contains("Allowed: ip link add dev d0 type dummy\n    it depends on the node: "),
        "{shown}"
    );
    assert!(check("\"dummy\"").commands[0].advice.is_none());
    let rehearsed = |kinds: &[&'static str]| {
        let mut kernel = Knowing::of(kinds);
        let report = done(&policy(""), Author::Pod, text, Run::First, |ask| {
            engine::rehearse(ask, &mut kernel)
        });
        assert_eq!(kernel.changes().count(), 0);
        report
    };
    assert_eq!(outcomes(&rehearsed(&[])), ["denied", "not run"]);
    let report = rehearsed(&["dummy"]);
    assert_eq!(outcomes(&report), ["not run", "not run"]);
    assert!(report.outcome.is_good() && report.commands[0].advice.is_none());
}

#[test]
fn without_a_policy_a_check_says_of_every_such_word_that_it_depends_on_the_node() {
    for module in modules::all().filter(|module| module.must_be_named()) {
        let line = match (module.load, module.word) {
            (Load::IfNamed(_), kind) => format!("ip link add x type {kind}"),
            (_, "mpls") => "ip route add 10/8 encap mpls 5 dev x".to_owned(),
            (_, control) => format!("ip route add 10/8 dev x congctl {control}"),
        };
        let caller = Policy::of_the_caller();
        let report = done(&caller, Author::Pod, &line, Run::First, engine::check);
        let (why, _) = said(&report, 0);
        assert!(
            why.contains(&format!("module {} ", module.name)),
            "{line}: {why}"
        );
    }
}
