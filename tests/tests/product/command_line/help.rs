//! What the programs say of themselves, and of a use that is wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use chainsaw_tests::parts;
use chainsaw_tests::process::{Output, Program};

use super::chainsaw;

/// A program, and a verb of it if it has any.
type Door = (PathBuf, Option<&'static str>);

/// All that have options of their own.
fn doors() -> Result<Vec<Door>> {
    let (chainsaw, daemon) = (parts::chainsaw()?, parts::chainsawd()?);
    let verbs = |program: &PathBuf, verbs: &[&'static str]| -> Vec<Door> {
        verbs
            .iter()
            .map(|verb| (program.clone(), Some(*verb)))
            .collect()
    };
    let mut doors = verbs(&chainsaw, &["try", "run", "check"]);
    doors.extend(verbs(&daemon, &["install", "uninstall"]));
    doors.extend([(daemon, None), (parts::lookup()?, None)]);
    Ok(doors)
}

fn run(door: &Door, words: &[&str]) -> Result<Output> {
    Program::new(&door.0).args(door.1).args(words).run()
}

/// The options that a help explains, each as it may be written: `--mtu 1500`, and `-o json` besides where it is short, too.
fn options(help: &str) -> BTreeMap<String, Vec<String>> {
    let lines = help.lines().map(str::trim_start);
    let mut options = BTreeMap::new();
    for line in lines.filter(|line| line.starts_with('-')) {
        let mut words = line.split_whitespace().peekable();
        let short = words.next_if(|word| word.ends_with(','));
        let short = short.map(|word| word.trim_end_matches(','));
        let long = words.next().unwrap_or_default();
        let value = words.next().and_then(sample);
        let (name, own) = match long.split_once("[=") {
            Some((name, _)) => (name, Some("=/x")),
            None => (long, None),
        };
        let written = |name: &str| match value {
            Some(value) => format!("{name} {value}"),
            None => name.to_owned(),
        };
        let mut ways = vec![written(name)];
        ways.extend(short.map(written));
        ways.extend(own.map(|own| format!("{name}{own}")));
        options.insert(name.to_owned(), ways);
    }
    options
}

/// Something for what a help calls so.
fn sample(placeholder: &str) -> Option<&'static str> {
    let table = [
        ("FORM", "json"),
        ("FILE", "/x"),
        ("PATH", "/x"),
        ("DIR", "/x"),
        ("NAME", "x"),
        ("NS", "x"),
        ("UID", "x"),
        ("BYTES", "1500"),
        ("MS", "300"),
        ("ADDR", "192.0.2.1"),
        ("KEY=VALUE", "a=b"),
        ("ENTRANCE", "nri"),
        ("LIST", "cni,nri"),
        ("NN", "10"),
    ];
    table
        .into_iter()
        .find(|(name, _)| *name == placeholder)
        .map(|(_, value)| value)
}

/// Words are read from the left, so `--help` behind an option is reached only if that was accepted.
#[test]
fn each_option_in_the_help_of_a_verb_is_accepted_and_no_other_is() -> Result<()> {
    let doors = doors()?;
    let helps: Vec<String> = doors
        .iter()
        .map(|door| Ok(run(door, &["--help"])?.stdout))
        .collect::<Result<_>>()?;
    let known: Vec<_> = helps.iter().map(|help| options(help)).collect();
    let all: BTreeMap<_, _> = known.iter().flatten().collect();
    assert!(all.len() > 20, "{all:?}");
    for ((door, help), own) in doors.iter().zip(&helps).zip(&known) {
        for (name, ways) in &all {
            // A value that one help promises and another does not would be a word of its own here.
            for way in own.get(*name).unwrap_or(ways) {
                let mut words: Vec<&str> = way.split(' ').collect();
                words.push("--help");
                let output = run(door, &words)?;
                if own.contains_key(*name) && *name != "--version" {
                    assert_eq!(
                        (output.status, &output.stdout),
                        (0, help),
                        "{door:?} {words:?}"
                    );
                } else if !own.contains_key(*name) {
                    assert_eq!(output.status, 2, "{door:?} {words:?}: {output:?}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn each_verb_has_a_help_by_either_way_and_it_goes_to_standard_output() -> Result<()> {
    let (tool, daemon) = (parts::chainsaw()?, parts::chainsawd()?);
    for (program, name, verbs) in [
        (&tool, "chainsaw", &["try", "run", "check", "ip"][..]),
        (&daemon, "chainsawd", &["install", "uninstall"]),
    ] {
        let say = |words: &[&str]| -> Result<String> {
            let output = Program::new(program).args(words).run()?;
            assert_eq!(
                (output.status, output.stderr.as_str()),
                (0, ""),
                "{output:?}"
            );
            Ok(output.stdout)
        };
        let whole = say(&["--help"])?;
        assert_eq!(say(&["help"])?, whole);
        assert_eq!(say(&["-h"])?, whole);
        for verb in verbs {
            let help = say(&[verb, "--help"])?;
            assert_eq!(say(&["help", verb])?, help);
            assert!(help.starts_with(&format!("{name} {verb} ")), "{help}");
            for part in ["\n    chainsaw", "\nExamples:\n", "\nIt ends "] {
                assert!(help.contains(part), "{part}: {help}");
            }
            assert!(whole.contains(&format!("    {name} {verb} ")), "{whole}");
        }
    }
    for (program, name) in [
        (tool, "chainsaw"),
        (daemon, "chainsawd"),
        (parts::lookup()?, "chainsaw-lookup"),
    ] {
        let output = Program::new(program).args(["--version"]).run()?;
        let version = concat!(env!("CARGO_PKG_VERSION"), "\n");
        assert_eq!(
            (output.status, output.stdout),
            (0, format!("{name} {version}"))
        );
    }
    Ok(())
}

/// What a runtime calls is a plugin, whatever words stand behind its name.
#[test]
fn called_by_a_runtime_or_without_words_it_is_no_tool() -> Result<()> {
    let plugin = || -> Result<Program> { Ok(Program::new(parts::chainsaw()?)) };
    let version = plugin()?
        .arg("--help")
        .env("CNI_COMMAND", "VERSION")
        .stdin("{\"cniVersion\": \"1.1.0\"}")
        .run()?;
    assert_eq!(version.status, 0, "{version:?}");
    assert!(version.stdout.contains("supportedVersions"), "{version:?}");
    let nothing = plugin()?.run()?;
    assert_eq!(nothing.status, 1, "{nothing:?}");
    assert!(
        nothing.stdout.contains("\"code\":4") && nothing.stderr.contains("`chainsaw --help`"),
        "{nothing:?}"
    );
    Ok(())
}

/// The one that the plugin starts answers it, whatever happens; what a person did wrong is told to the person, too.
#[test]
fn a_wrong_question_has_an_answer_for_the_plugin_as_well() -> Result<()> {
    let output = Program::new(parts::lookup()?)
        .args(["--name", "web"])
        .run()?;
    assert_eq!(output.status, 2, "{output:?}");
    assert!(
        output.stdout.starts_with("{\"error\":") && output.stdout.contains("UsageInvalid"),
        "{output:?}"
    );
    Ok(())
}

#[test]
fn wrong_use_says_what_was_wrong_and_names_the_help_that_has_it_right() -> Result<()> {
    for (words, said, help) in [
        (&["try"][..], "needs a value", "chainsaw try --help"),
        (&["check"], "or -f FILE", "chainsaw check --help"),
        (&["run", "ip route"], "needs --netns", "chainsaw run --help"),
        (
            &["run", "--netns", "pod", "y"],
            "takes a path",
            "chainsaw run --help",
        ),
        (&["frob", "x"], "no verb \"frob\"", "chainsaw --help"),
        (&["help", "frob"], "no verb \"frob\"", "chainsaw --help"),
        (&["help", "try", "run"], "\"run\"", "chainsaw --help"),
        (&["--frob"], "--frob", "chainsaw --help"),
        (
            &["try", "--netns", "/x", "y"],
            "--netns",
            "chainsaw try --help",
        ),
        (&["try", "-o", "xml", "y"], "xml", "chainsaw try --help"),
        (
            &["check", "dep.yaml"],
            "a file goes behind -f: check -f dep.yaml",
            "chainsaw check --help",
        ),
        (
            &["check", "/proc/self/status"],
            "a file goes behind -f",
            "chainsaw check --help",
        ),
        (
            &["check", "--interface", "sixteen-bytes-it", "ip route"],
            "--interface takes a device's name",
            "chainsaw check --help",
        ),
        (
            &["run", "--netns", "/x", "--interface", "a/b", "ip route"],
            "--interface takes a device's name",
            "chainsaw run --help",
        ),
        (
            &["check", "-n", "Shop_1", "ip route"],
            "--namespace takes a namespace of Kubernetes",
            "chainsaw check --help",
        ),
        (
            &["check", "-f", "/nowhere"],
            "/nowhere",
            "chainsaw check --help",
        ),
    ] {
        let output = chainsaw(words)?;
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (2, ""),
            "{output:?}"
        );
        let (first, next) = output.stderr.split_once('\n').context("two lines")?;
        assert!(
            first.starts_with("chainsaw: ") && first.contains(said),
            "{output:?}"
        );
        assert_eq!(next, format!("Try `{help}`.\n"));
    }
    let (daemon, lookup) = (parts::chainsawd()?, parts::lookup()?);
    for (program, words, said, help) in [
        (
            &daemon,
            &["frob"][..],
            "no verb \"frob\"",
            "chainsawd --help",
        ),
        (
            &daemon,
            &["--config", "/x", "ready"],
            "a verb comes first: chainsawd ready",
            "chainsawd --help",
        ),
        (&daemon, &["--index", "9"], "two digits", "chainsawd --help"),
        (
            &daemon,
            &["install", "--kubeconfig", "/x"],
            "write --kubeconfig=/x",
            "chainsawd install --help",
        ),
        (
            &daemon,
            &["install", "--remove"],
            "--remove",
            "chainsawd install --help",
        ),
        (
            &daemon,
            &["uninstall", "--from", "/x"],
            "--from",
            "chainsawd uninstall --help",
        ),
        (&lookup, &["--frob"], "--frob", "chainsaw-lookup --help"),
    ] {
        let output = Program::new(program).args(words).run()?;
        assert_eq!(output.status, 2, "{output:?}");
        let end = format!("; see {help}\n");
        assert!(
            output.stderr.contains(said) && output.stderr.ends_with(&end),
            "{output:?}"
        );
    }
    Ok(())
}

#[test]
fn help_is_given_in_our_own_words_where_and_as_ip_gives_its_own() -> Result<()> {
    for object in ["", "link ", "address ", "route ", "rule ", "neigh "] {
        let words = format!("ip {object}help");
        let output = chainsaw(&words.split(' ').collect::<Vec<_>>())?;
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (255, ""),
            "{output:?}"
        );
        let usage = format!("Usage: ip {object}");
        assert!(output.stderr.starts_with(usage.trim_end()), "{output:?}");
        assert!(output.stderr.lines().count() > 2, "{output:?}");
    }
    Ok(())
}
