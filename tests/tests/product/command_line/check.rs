//! `chainsaw check`: what it says of values, of a policy, and of a configuration alone.

use std::fs;

use anyhow::{Context, Result};
use chainsaw_tests::process::Output;
use serde_json::{Value, json};

use super::{chainsaw, report};

#[test]
fn check_takes_the_namespace_by_its_short_option_and_a_gateway_of_each_family() -> Result<()> {
    let output = chainsaw(&["check", "-n", "shop", "ip route"])?;
    assert!(output.stdout.starts_with("shop/argument: "), "{output:?}");
    let value = "ip -6 route add 2001:db8:3::/64 via CURRENT_GATEWAY";
    let one = ["check", "--gateway", "10.0.0.1", value];
    let other = chainsaw(&one)?;
    assert!(
        other.status == 1 && other.stdout.contains("give --gateway an IPv6 address too"),
        "{other:?}"
    );
    let both = chainsaw(&[&one[..], &["--gateway", "2001:db8::7"]].concat())?;
    assert_eq!(both.status, 0, "{both:?}");
    Ok(())
}

#[test]
fn a_habit_is_answered_beside_iproute2s_text() -> Result<()> {
    let sysctl = report(&chainsaw(&[
        "check",
        "-o",
        "json",
        "sysctl -w net.ipv4.ip_forward=1",
    ])?)?;
    let command = &sysctl["commands"][0];
    assert_eq!(
        (&command["stderr"], &command["advice"]["instead"]),
        (
            &json!("Object \"sysctl\" is unknown, try \"ip help\".\n"),
            &json!(
                "no program runs here: a command is one of ip link, ip address, ip route, ip rule and ip neigh"
            )
        )
    );
    let variable = chainsaw(&["check", "ip link set ${CURRENT_INTERFACE} mtu 1400"])?;
    assert!(
        (variable.stdout)
            .contains("there is no shell: write CURRENT_INTERFACE, without $ and braces"),
        "{variable:?}"
    );
    Ok(())
}

#[test]
fn check_says_what_it_assumed_and_takes_the_mtu() -> Result<()> {
    let folder = chainsaw_tests::scratch::Scratch::new()?;
    let policy = folder.path().join("config.toml");
    let path = policy.to_str().context("a path of UTF-8")?;
    fs::write(
        &policy,
        "[[rule]]\nnamespaces = [\"*\"]\nprofile = \"route\"\n",
    )?;
    let check = |more: &[&str]| chainsaw(&[&["check", "--policy", path][..], more].concat());
    let value = "ip link set eth0 mtu 9000";
    let denied = check(&[value])?;
    assert_eq!(denied.status, 1, "{denied:?}");
    let assumed = "note: assumed: namespace default (--namespace), entrance cni (--entrance), interface eth0 (--interface), its MTU 1500 (--mtu)\n";
    assert!(denied.stdout.contains(assumed), "{denied:?}");
    let allowed = check(&["--mtu", "9000", "--namespace", "a", value])?;
    assert_eq!(allowed.status, 0, "{allowed:?}");
    assert!(
        allowed
            .stdout
            .contains("note: assumed: entrance cni (--entrance), interface eth0 (--interface)\n"),
        "{allowed:?}"
    );
    let words = chainsaw(&["check", "--explain", value])?;
    assert!(
        words
            .stdout
            .contains("> no policy was given: only the words are checked"),
        "{words:?}"
    );
    assert_eq!(chainsaw(&["check", "--mtu", "many", value])?.status, 2);
    Ok(())
}

#[test]
fn check_judges_a_configuration_alone() -> Result<()> {
    let folder = chainsaw_tests::scratch::Scratch::new()?;
    let policy = folder.path().join("config.toml");
    let path = policy.to_str().context("a path of UTF-8")?;
    let check = |text: &str, more: &[&str]| {
        fs::write(&policy, text)?;
        chainsaw(&[&["check", "--policy", path][..], more].concat())
    };
    let rule = "[[rule]]\nnamespaces = [\"shop\"]\nprofile = \"route\"\n";
    let apply = "[[apply]]\nnamespaces = [\"*\"]\nentrance = \"cni\"\ncommands = [\"ip route\"]\n";
    let good = check(&format!("{}{apply}", rule.repeat(3)), &[])?;
    assert_eq!((good.status, good.stderr.as_str()), (0, ""), "{good:?}");
    let verdict = format!("{path}: good: 3 rules, 1 apply, mode enforce");
    assert_eq!(good.stdout, format!("{verdict}\n"));
    let good = check(&format!("{}{apply}", rule.repeat(3)), &["-o", "json"])?;
    let told = report(&good)?;
    assert_eq!(
        (&told["allowed"], &told["notes"]),
        (&json!(true), &json!([verdict])),
        "{told}"
    );
    let trial = check("mode = \"report\"\n", &[])?;
    assert_eq!(trial.status, 0, "{trial:?}");
    assert_eq!(
        trial.stdout,
        format!(
            "{path}: good: 0 rules, 0 applies, mode report\nnote: mode = \"report\": the pod starts, and nothing runs\n"
        )
    );

    // No node has it: nobody is refused by it.
    let wrong = check(&rule.replace("route", "root"), &[])?;
    assert_eq!((wrong.status, wrong.stdout.as_str()), (1, ""), "{wrong:?}");
    let said =
        format!("{path} line 3: profile is \"inspect\", \"route\" or \"net-admin\", not \"root\"");
    assert_eq!(wrong.stderr, format!("chainsaw: {said}\n"));
    let wrong = check(&rule.replace("route", "root"), &["-o", "json"])?;
    assert_eq!(wrong.status, 1, "{wrong:?}");
    assert_eq!(report(&wrong)?["problems"], json!([said]), "{wrong:?}");
    Ok(())
}

#[test]
fn what_report_mode_makes_of_a_judgement_is_noted() -> Result<()> {
    let folder = chainsaw_tests::scratch::Scratch::new()?;
    let policy = folder.path().join("config.toml");
    let path = policy.to_str().context("a path of UTF-8")?;
    let note = "note: mode = \"report\": the pod starts, and nothing runs\n";
    for (mode, is_noted) in [("report", true), ("enforce", false)] {
        fs::write(&policy, format!("mode = \"{mode}\"\n"))?;
        let denied = chainsaw(&["check", "--policy", path, "ip link set eth0 up"])?;
        assert_eq!(denied.status, 1, "{denied:?}");
        assert_eq!(denied.stdout.contains(note), is_noted, "{denied:?}");
    }
    Ok(())
}

#[test]
fn check_finds_what_is_wrong_in_the_policy_itself() -> Result<()> {
    let folder = chainsaw_tests::scratch::Scratch::new()?;
    let policy = folder.path().join("config.toml");
    let path = policy.to_str().context("a path of UTF-8")?;
    fs::write(
        &policy,
        "[[apply]]\nnamespaces = [\"*\"]\nentrance = \"cni\"\ncommands = [\"ip rote\"]\n",
    )?;
    let output = chainsaw(&["check", "--policy", path, "ip route"])?;
    assert_eq!(
        (output.status, output.stdout.as_str()),
        (1, ""),
        "{output:?}"
    );
    let said = format!("{path} line 4: command 1 \"ip rote\" at word 1, column 4: ");
    assert!(
        output.stderr.contains(&said) && !output.stderr.contains("--help"),
        "{output:?}"
    );
    fs::write(
        &policy,
        "[limits]\nrules = 1\n[[apply]]\nnamespaces = [\"*\"]\nentrance = \"cni\"\ncommands = [\n\"ip rule add priority 1\",\n\"ip rule add priority 2\"]\n",
    )?;
    let output = chainsaw(&["check", "--policy", path, "ip route"])?;
    let said = format!(
        "{path} line 8: command 2 \"ip rule add priority 2\": with it these commands make more than 1 rules in a sandbox"
    );
    assert!(
        output.status == 1 && output.stderr.contains(&said),
        "{output:?}"
    );
    Ok(())
}

#[test]
fn tokens_are_checked_with_what_is_given_for_them() -> Result<()> {
    let value = "ip route add 192.0.3.0/24 via CURRENT_GATEWAY dev CURRENT_INTERFACE src CURRENT_ADDRESS_V6";
    let output = chainsaw(&[
        "check",
        "--interface",
        "net1",
        "--gateway",
        "198.51.100.1",
        value,
    ])?;
    assert_eq!(output.status, 1, "{output:?}");
    assert!(
        output
            .stdout
            .contains("inet address is expected rather than \"2001:db8::10\""),
        "{output:?}"
    );
    Ok(())
}

#[test]
fn check_says_of_each_command_whether_it_is_allowed_as_json_and_as_text() -> Result<()> {
    let all = "ip route\nip link set eth0 mtu 1400";
    let good = chainsaw(&["check", "-o", "json", all])?;
    assert_eq!(good.status, 0, "{good:?}");
    // The outcomes are those of every report: nothing ran.
    let said = |output: &Output| -> Result<Vec<Value>> {
        let report = report(output)?;
        let commands = report["commands"].as_array().context("commands")?;
        let all = commands.iter().chain([&report]);
        Ok(all
            .map(|one| json!([one["outcome"], one["allowed"]]))
            .collect())
    };
    let may = json!(["not run", true]);
    assert_eq!(
        said(&good)?,
        [may.clone(), may.clone(), json!(["ok", true])]
    );

    let folder = chainsaw_tests::scratch::Scratch::new()?;
    let policy = folder.path().join("config.toml");
    let path = policy.to_str().context("a path of UTF-8")?;
    fs::write(&policy, "")?;
    let mixed = "ip route\nip link set eth0 mtu 1400\nip rotue";
    let judged = ["check", "--policy", path, mixed];
    let json = chainsaw(&[&judged[..], &["-o", "json"]].concat())?;
    let no = |outcome: &str| json!([outcome, false]);
    let wanted = vec![may, no("denied"), no("failed"), no("failed")];
    assert_eq!((json.status, said(&json)?), (1, wanted));
    let text = chainsaw(&judged)?.stdout;
    for said in [
        "Allowed: ip route show\n",
        "Command 2 denied: ",
        "Command 3 failed: ",
    ] {
        assert!(text.contains(said), "{text}");
    }
    assert!(!text.to_lowercase().contains("not run"), "{text}");
    // What runs is reported as ever.
    let ran = report(&chainsaw(&["try", "-o", "json", "ip route", "ip rotue"])?)?;
    assert_eq!(ran["commands"][0]["outcome"], "not run");
    assert_eq!(ran["commands"][0].get("allowed"), None);
    Ok(())
}
