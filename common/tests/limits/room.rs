//! When there is room, and when it runs out.

use chainsaw_common::plan::Run;

use super::bed::{in_a_sandbox, outcomes, refused_at, routes};

#[test]
fn sixty_four_routes_run_and_the_sixty_fifth_is_refused_before_it_runs() {
    in_a_sandbox("", |sandbox| {
        sandbox.serves(&routes("add", 0..64));
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
        sandbox.serves(&routes("add", 0..40));
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
        sandbox.serves(&added);
        for _ in 0..3 {
            assert_eq!(sandbox.run(&added, Run::Again).outcome.word(), "unchanged");
            let replaced = sandbox.run(&routes("replace", 0..64), Run::Again);
            assert_eq!(replaced.outcome.word(), "ok");
            sandbox.serves(&routes("change", 0..64));
        }
        assert_eq!(sandbox.lines("route"), 64);
    });
}

#[test]
fn what_is_taken_away_by_whomever_gives_room_again() {
    in_a_sandbox("routes = 3\nlinks = 2", |sandbox| {
        let make = |device: &str, number| format!("route add 10.0.{number}.0/24 dev {device}");
        let pair = "link add x0 type veth peer name x1\nlink set x0 up\nlink set x1 up";
        for _ in 0..4 {
            sandbox.serves(pair);
            let three = [make("x0", 1), make("x0", 2), make("e0", 3)].join("\n");
            sandbox.serves(&three);
            sandbox.refuses(&make("e0", 9), "routes");
            sandbox.refuses("link add y type bridge", "links");
            sandbox.serves("route del 10.0.3.0/24");
            sandbox.serves(&make("e0", 4));
            // The kernel takes the routes of a device with it.
            sandbox.other("link del x0");
            sandbox.serves(&make("e0", 5));
            sandbox.serves("route flush table main");
        }
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
