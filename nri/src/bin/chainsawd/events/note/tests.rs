use chainsaw_common::config::ConfigError;
use chainsaw_common::netns::NetnsError;
use chainsaw_common::pod::Entrance;
use chainsaw_common::record::RecordError;
use serde_json::json;

use super::*;
use crate::keys::UnknownKey;
use crate::target::NoTarget;
use crate::unused::Unused;

fn pod() -> Pod {
    Pod {
        namespace: "shop".into(),
        name: "web".into(),
        uid: Some("uid-1".into()),
        labels: None,
    }
}

fn report(outcome: &str, command: &serde_json::Value) -> Report {
    let report = json!({
        "pod": {"namespace": "shop", "name": "web", "uid": "uid-1"},
        "entrance": "cni", "trigger": "ADD", "interface": "eth0", "outcome": outcome, "micros": 7,
        "commands": [{"given": "ip r", "ran": "ip route show", "source": "k", "outcome": "not run"}, command],
    });
    serde_json::from_value(report).unwrap()
}

fn denied() -> Report {
    let command = json!({
        "given": "link set eth0 down", "ran": "ip link set dev eth0 down", "outcome": "denied",
        "source": "k8s.v1.cni.cncf.io/chainsaw",
        "advice": {"command": 2, "why": "profile route does not allow this, it needs profile net-admin (rule at line 1 of c.toml)",
                   "instead": "to allow it, change line 3 of c.toml to:\nprofile = \"net-admin\""},
    });
    report("denied", &command)
}

fn of(news: &News<'_>) -> Note {
    note(news, None).unwrap()
}

fn refused(wrong: &HookError, trigger: &str, goes_on: bool) -> Note {
    of(&News::Refused {
        whose: Whose {
            pod: &pod(),
            sandbox: "s1",
        },
        trigger,
        wrong,
        goes_on,
    })
}

fn refused_there(report: &Report, goes_on: bool) -> Note {
    of(&News::RefusedThere {
        report,
        reason: "CommandDenied",
        goes_on,
    })
}

#[test]
fn a_denial_says_why_where_and_what_to_change() {
    let note = refused_there(&denied(), false);
    let wanted = "command 2 'ip link set dev eth0 down' denied: profile route does not allow this, it needs profile \
                  net-admin (rule at line 1 of c.toml)\n\
                  in k8s.v1.cni.cncf.io/chainsaw: link set eth0 down\n\
                  to allow it, change line 3 of c.toml to:\nprofile = \"net-admin\"\n\
                  the pod does not start";
    assert_eq!(note.text, wanted);
    assert_eq!(
        (note.reason.word(), note.reason.kind(), note.action.word()),
        ("ChainsawDenied", "Warning", "Refuse")
    );
    assert_eq!(note.about, About::of(&pod()));
    // The other entrance says the same.
    let same = refused(
        &HookError::Commands(Box::new(denied())),
        "RunPodSandbox",
        false,
    );
    assert_eq!(same, note);
}

#[test]
fn what_it_means_for_the_pod_is_said_last() {
    let passed = refused_there(&denied(), true);
    assert!(
        passed.text.ends_with("\nthe pod starts all the same"),
        "{}",
        passed.text
    );
    assert_eq!(passed.action, Action::Pass);
    let wrong = HookError::Late;
    // That is not known when a runtime tells what there is.
    let caught_up = refused(&wrong, "Synchronize", true);
    assert!(!caught_up.text.contains("\nthe pod"), "{}", caught_up.text);
    let container = refused(&wrong, "StartContainer", false);
    assert!(
        container.text.ends_with("\nthe container does not start"),
        "{}",
        container.text
    );
}

/// One of each kind.
fn every_error() -> Vec<(HookError, Reason)> {
    let io = || std::io::Error::from_raw_os_error(24);
    let key = "chainsaw.noderesource.dev/x".to_owned();
    let config = ConfigError {
        path: "c.toml".into(),
        line: Some(3),
        why: "unknown key frob".into(),
    };
    vec![
        (HookError::Key(UnknownKey { key }), Reason::Failed),
        (HookError::Target(NoTarget::HostNetwork), Reason::Denied),
        (
            HookError::Target(NoTarget::Handler("kata".into())),
            Reason::Denied,
        ),
        (HookError::Target(NoTarget::Unknown), Reason::Failed),
        (HookError::Netns(netns_error()), Reason::Failed),
        (HookError::Socket(io()), Reason::Failed),
        (HookError::Thread(io()), Reason::Failed),
        (HookError::Record(record_error()), Reason::Failed),
        (HookError::Config(config), Reason::Failed),
        (HookError::Late, Reason::Failed),
        (HookError::BrokeOff, Reason::Failed),
        (HookError::Before("it failed".into()), Reason::Failed),
        (HookError::Commands(Box::new(denied())), Reason::Denied),
        (
            HookError::Commands(Box::new(report(
                "failed",
                &json!({
                    "given": "ip r", "source": "k", "outcome": "failed", "exit": 2, "stderr": "RTNETLINK answers: File exists\n"
                }),
            ))),
            Reason::Failed,
        ),
    ]
}

fn netns_error() -> NetnsError {
    chainsaw_common::netns::Namespace::open("/nowhere".as_ref()).unwrap_err()
}

fn record_error() -> RecordError {
    chainsaw_common::record::Records::at("/dev/null")
        .open("s1")
        .unwrap_err()
}

#[test]
fn every_error_has_an_event_that_says_what_is_wrong() {
    for (wrong, reason) in every_error() {
        let note = refused(&wrong, "RunPodSandbox", false);
        assert_eq!(note.reason, reason, "{wrong:?}");
        let first = note.text.lines().next().unwrap();
        assert!(first.len() > 8, "{wrong:?}: {first}");
        assert!(
            line(&wrong.to_string()).starts_with(first),
            "{wrong:?}: {first}"
        );
        assert!(note.text.len() <= NOTE_BYTES);
    }
}

#[test]
fn what_had_no_effect_is_told_as_missed_with_what_helps() {
    let (pod, key) = (pod(), "k8s.v1.cni.cncf.io/chainsaw.net1");
    let whose = Whose {
        pod: &pod,
        sandbox: "s1",
    };
    for unused in [
        Unused::NoContainer,
        Unused::NoAttachment,
        Unused::NoChain,
        Unused::HostNetwork,
    ] {
        let note = of(&News::KeyUnused(whose, key, unused));
        assert_eq!((note.reason, note.action), (Reason::Missed, Action::Skip));
        assert!(
            note.text.starts_with(key) && note.text.contains("take the annotation away"),
            "{}",
            note.text
        );
    }
    let note = of(&News::Missed {
        whose,
        key,
        why: "its container has started already",
        remedy: "delete the pod",
    });
    assert_eq!(
        note.text,
        format!(
            "{key} was missed: its container has started already; it is not run late\ndelete the pod"
        )
    );
}

#[test]
fn nobody_is_told_of_what_went_well_unless_a_rule_asks_for_it() {
    let ran = report(
        "ok",
        &json!({
            "given": "ip r", "ran": "ip route show", "source": "k", "outcome": "ok", "exit": 0,
            "stdout": "default via 192.0.2.1 dev eth0 \n\u{1b}[31mred\n",
        }),
    );
    let config = |text: &str| Config::parse(text, "c.toml").unwrap();
    let quiet = config("[[rule]]\nnamespaces = [\"shop\"]\nprofile = \"route\"\n");
    let asked = config("[[rule]]\nnamespaces = [\"shop\"]\nevents = [\"ran\"]\n");
    let other = config("[[rule]]\nnamespaces = [\"other\"]\nevents = [\"ran\"]\n");
    assert_eq!(note(&News::Ran(&ran), None), None);
    for config in [&quiet, &other] {
        assert_eq!(note(&News::Ran(&ran), Some(config)), None);
    }
    assert_eq!(note(&News::WouldRun(&ran), Some(&asked)), None);
    let told = note(&News::Ran(&ran), Some(&asked)).unwrap();
    assert_eq!(
        (told.reason.word(), told.reason.kind()),
        ("ChainsawRan", "Normal")
    );
    assert!(
        told.text.contains(
            "Running ip route show ===============\n    default via 192.0.2.1 dev eth0 \n"
        ),
        "{}",
        told.text
    );
    assert!(told.text.ends_with("\\u{1b}[31mred"), "{}", told.text);
}

#[test]
fn a_note_is_cut_to_the_apis_limit_on_a_characters_boundary_and_keeps_its_last_line() {
    // Each shift moves the limit to another byte of a character.
    for shift in 0..4 {
        let instead = format!("{}{}", "x".repeat(shift), "💡é".repeat(1000));
        let mut report = denied();
        report.commands[1].advice.as_mut().unwrap().instead = Some(instead.clone());
        let note = refused_there(&report, false);
        assert!(
            note.text.len() <= NOTE_BYTES && note.text.len() > NOTE_BYTES - 4,
            "{}",
            note.text.len()
        );
        assert!(
            note.text.ends_with("…\nthe pod does not start"),
            "{}",
            note.text
        );

        let output =
            json!({"given": "ip r", "source": "k", "outcome": "ok", "exit": 0, "stdout": instead});
        let config =
            Config::parse("[[rule]]\nnamespaces = [\"*\"]\nevents = [\"ran\"]\n", "c").unwrap();
        let note = super::note(&News::Ran(&self::report("ok", &output)), Some(&config)).unwrap();
        assert!(
            note.text.len() <= NOTE_BYTES && note.text.len() > NOTE_BYTES - 4,
            "{}",
            note.text.len()
        );
        assert!(note.text.ends_with('…'));
    }
}

#[test]
fn nothing_that_somebody_wrote_reaches_a_terminal_as_it_is() {
    let evil = "a\u{1b}]0;x\u{7}\u{202e}\r\u{85}b";
    let mut report = denied();
    let command = &mut report.commands[1];
    command.given = format!("{evil}\nthe pod starts all the same");
    command.source = evil.to_owned();
    let advice = command.advice.as_mut().unwrap();
    advice.why = evil.to_owned();
    advice.instead = Some(evil.to_owned());
    let pod = pod();
    let whose = Whose {
        pod: &pod,
        sandbox: "s1",
    };
    let mut notes = vec![
        refused_there(&report, false),
        refused(&HookError::Before(evil.into()), "RunPodSandbox", false),
        of(&News::KeyUnused(whose, evil, Unused::NoContainer)),
    ];
    report.problems = vec![evil.to_owned()];
    notes.push(refused_there(&report, false));
    for note in notes {
        let hidden = note
            .text
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(hidden, None, "{:?}", note.text);
        assert!(note.text.contains("\\u{1b}"), "{}", note.text);
        assert!(
            note.text
                .lines()
                .filter(|line| line.starts_with("the pod"))
                .count()
                <= 1,
            "{}",
            note.text
        );
    }
}

#[test]
fn a_report_of_nobodys_pod_is_no_event() {
    let mut report = denied();
    report.pod = None;
    report.entrance = Entrance::Cni;
    let news = News::RefusedThere {
        report: &report,
        reason: "",
        goes_on: false,
    };
    assert_eq!(note(&news, None), None);
}
