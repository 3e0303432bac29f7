//! What people write into YAML, and what `chainsaw check -f` tells them to write instead.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::files::{checked, pod};
use super::report;

const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";

/// A pod whose annotation is written so, behind its key.
fn with(written: &str) -> String {
    pod(&format!("{KEY}: {written}"), "")
}

#[test]
fn commands_that_yaml_joined_are_told_to_be_written_one_a_line() -> Result<()> {
    let lines = "\n      ip route add 192.0.3.0/24 dev eth0\n      ip route";
    for joined in [format!(">{lines}"), lines.to_owned(), format!("'{lines}'")] {
        let output = checked(&with(&joined), &[])?;
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (
                1,
                "default/Pod/web: failed\n\
                 k8s.v1.cni.cncf.io/chainsaw:\n\
                 Command 1 failed: Error: either \"to\" is duplicate, or \"ip\" is garbage.\n    \
                 ip route add 192.0.3.0/24 dev eth0 ip route\n                                       ^\n    \
                 another command begins at column 36: write one command a line; in YAML put | behind the key, since > and plain values join lines\n"
            )
        );
    }
    assert_eq!(checked(&with(&format!("|{lines}")), &[])?.status, 0);
    // A comment takes what is joined to it along.
    let comment = checked(&with(">\n      # the routes\n      ip route"), &[])?;
    assert!(
        comment.stdout.contains(
            "note: k8s.v1.cni.cncf.io/chainsaw: line 1 is a comment to its end; another command begins at column 14: "
        ),
        "{comment:?}"
    );
    Ok(())
}

#[test]
fn a_character_that_only_looks_right_is_named_and_pointed_at() -> Result<()> {
    for (value, shown, caret, name) in [
        (
            "\u{feff}ip route",
            "\\u{feff}ip route",
            1,
            "ZERO WIDTH NO-BREAK SPACE, the byte order mark (U+FEFF)",
        ),
        (
            "ip \u{200b}route",
            "ip \\u{200b}route",
            4,
            "ZERO WIDTH SPACE (U+200B)",
        ),
        (
            "ip\u{200c} ro\u{2060}ute",
            "ip\\u{200c} ro\\u{2060}ute",
            3,
            "ZERO WIDTH NON-JOINER (U+200C): take it away (1 more in this line)",
        ),
        (
            "ip route add 'x\u{202f}y' dev eth0",
            "ip route add 'x\u{202f}y' dev eth0",
            16,
            "NARROW NO-BREAK SPACE (U+202F): write a plain space",
        ),
        (
            "ip –6 route",
            "ip –6 route",
            4,
            "EN DASH (U+2013): write a plain -",
        ),
        (
            "ip −6 route",
            "ip −6 route",
            4,
            "MINUS SIGN (U+2212): write a plain -",
        ),
        (
            "ip —6 route",
            "ip —6 route",
            4,
            "EM DASH (U+2014): write a plain -",
        ),
        (
            "ip link set eth0 alias “x y”",
            "ip link set eth0 alias “x y”",
            28,
            "RIGHT DOUBLE QUOTATION MARK (U+201D): write a plain \"",
        ),
    ] {
        let output = checked(&with(&format!("|\n      {value}")), &[])?;
        let place = format!("\n    {shown}\n    {:>caret$}\n", '^');
        assert!(
            output.status == 1 && output.stdout.contains(&place) && output.stdout.contains(name),
            "{value:?}: {output:?}"
        );
    }
    // iproute2's own text has it as it was written, and the hint is beside it.
    let json = checked(&with("|\n      ip –6 route"), &["-o", "json"])?;
    let command = &report(&json)?["commands"][0];
    assert_eq!(
        (
            &command["stderr"],
            &command["advice"]["column"],
            &command["advice"]["word"]
        ),
        (
            &json!("Object \"–6\" is unknown, try \"ip help\".\n"),
            &json!(4),
            &json!(1)
        )
    );
    // Where it is taken for a part of a name, it is noted.
    let name = checked(&with("ip route add 192.0.3.0/24 dev eth0\u{200b}"), &[])?;
    assert!(
        name.status == 0 && name.stdout.contains("note: k8s.v1.cni.cncf.io/chainsaw: command 1: if it is not meant: an invisible character stands at column 35, ZERO WIDTH SPACE (U+200B): take it away"),
        "{name:?}"
    );
    Ok(())
}

#[test]
fn what_is_no_command_of_ip_is_told_with_what_to_write() -> Result<()> {
    for (value, instead) in [
        (
            "route add -net 10.0.0.0 netmask 255.0.0.0 gw 192.0.2.1",
            "that is the route of net-tools; write ip route add 10.0.0.0/8 via 192.0.2.1",
        ),
        ("ip -c route", "nothing is coloured here: leave -c out"),
        ("ip -br -c a", "nothing is coloured here: leave -c out"),
        (
            "ip route add `cat net` dev eth0",
            "there is no shell: `…` and $(…) stand for nothing; write the value itself, or a token: CURRENT_INTERFACE, ",
        ),
        (
            "ip route add $(cat net) dev eth0",
            "there is no shell: `…` and $(…) stand for nothing; write the value itself, or a token: CURRENT_INTERFACE, ",
        ),
        (
            "ip route add {{ .Values.net }} dev eth0",
            "this is a template that nobody has rendered: ",
        ),
        ("netstat -rn", "write ip route show for routes"),
        (
            "dhclient eth0",
            "no DHCP client runs here: write ip address add ",
        ),
        ("$ ip route", "$ is a shell's prompt: leave it out"),
        (
            "root@node:~# ip route",
            "root@node:~# is a shell's prompt: leave it out",
        ),
        (
            "- ip route",
            "the dash at column 1 is a list item of YAML: leave the dash out, or write a JSON array, [\"ip …\", \"ip …\"]",
        ),
    ] {
        let output = checked(&with(&format!("|\n      {value}")), &[])?;
        assert!(
            output.status == 1 && output.stdout.contains(instead),
            "{value}: {output:?}"
        );
    }
    Ok(())
}

#[test]
fn a_root_prompt_is_told_and_a_comment_fails_nothing() -> Result<()> {
    let reads = format!(
        "note: {KEY}: line 1 is a comment and reads as a command: if # is a root prompt, take it away\n"
    );
    let prompt = checked(&with("|\n      # ip route"), &[])?;
    assert_eq!(
        (prompt.status, prompt.stdout),
        (
            0,
            format!("default/Pod/web: allowed\n{reads}note: there is no command in this\n")
        )
    );
    let both = checked(&with("|\n      # ip route\n      ip rule"), &[])?;
    assert!(both.status == 0 && both.stdout.contains(&reads), "{both:?}");
    let item = checked(&with("'[\"# ip route\"]'"), &[])?;
    assert!(
        item.status == 1
            && (item.stdout).contains("a JSON array has no comments: take the # away if it is a root prompt, or take the item out"),
        "{item:?}"
    );
    let prose = checked(&with("|\n      # ip route shows them\n      ip route"), &[])?;
    assert_eq!(
        (prose.status, prose.stdout.as_str()),
        (0, "default/Pod/web: allowed\nAllowed: ip route show\n")
    );
    let nothing = checked(&with("|\n      # nothing yet"), &[])?;
    assert!(
        nothing.status == 0 && (nothing.stdout).contains("it has comments alone, and no command\n"),
        "{nothing:?}"
    );
    // What is asked for by name is told where it runs, too.
    let tried = super::chainsaw(&["try", "# ip route"])?;
    assert!(tried.stderr.contains("reads as a command"), "{tried:?}");
    Ok(())
}

#[test]
fn a_key_twice_is_told_with_both_its_lines_and_no_advice_of_a_librarys() -> Result<()> {
    let twice = checked(&with(&format!("ip route\n    {KEY}: ip rule")), &[])?;
    let said = format!(
        ": the key {KEY} stands at line 5 and again at line 6, and only one of them can count: put what belongs to both under one key, and take the other out\n"
    );
    assert!(
        twice.status == 1 && twice.stdout.is_empty() && twice.stderr.ends_with(&said),
        "{twice:?}"
    );
    let json = checked(
        &with(&format!("ip route\n    {KEY}: ip rule")),
        &["-o", "json"],
    )?;
    let problem = report(&json)?["problems"][0].clone();
    let problem = problem.as_str().context("a problem")?;
    assert!(
        said.contains(problem.split_once(": ").context("a file")?.1),
        "{problem}"
    );
    Ok(())
}

#[test]
fn yaml_that_is_none_is_told_with_its_line_and_what_to_write() -> Result<()> {
    for (written, parts) in [
        (
            "{{ .Values.commands }}",
            [
                "line 5, column ",
                "line 5: this is a template: check what it renders to",
            ],
        ),
        (
            "|\n\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}ip route",
            [
                "line 6, column 1",
                "line 6: the space at column 1 is a NO-BREAK SPACE (U+00A0): write a plain space",
            ],
        ),
        (
            "|\n\tip route",
            [
                "line 5, column ",
                "line 6: YAML is indented by spaces, and column 1 is a tab",
            ],
        ),
        (
            "'['ip route']'",
            ["line 5, column ", "have double quotes inside"],
        ),
    ] {
        let output = checked(&with(written), &[])?;
        for part in parts {
            assert!(
                output.status == 1 && output.stderr.contains(part),
                "{written}: {output:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn an_annotation_that_is_none_is_told_with_how_it_is_written() -> Result<()> {
    let list = checked(&with("\n      - ip route\n      - ip rule"), &[])?;
    assert!(
        list.status == 1
            && (list.stdout).contains("its value is a list, and the API takes strings alone: put the array in single quotes, '[\"ip …\", \"ip …\"]', or write | behind the key and one command a line, without dashes"),
        "{list:?}"
    );
    let file = |metadata: &str| {
        format!(
            "kind: Pod\nmetadata:\n  name: web\n{metadata}\nspec: {{containers: [{{name: app}}]}}\n"
        )
    };
    for (metadata, said) in [
        (
            format!("  annotations:\n    {KEY}:\u{a0}ip route"),
            "metadata.annotations is text, and has to be a map: the space at column 29 is a NO-BREAK SPACE (U+00A0)",
        ),
        (
            format!("  annotation:\n    {KEY}: ip route"),
            "stands in metadata.annotation, where it is no annotation: move it to metadata.annotations",
        ),
        (
            format!("  annotations:\n    \u{a0}{KEY}: ip route"),
            "did you mean k8s.v1.cni.cncf.io/chainsaw? (the space at column 1 is a NO-BREAK SPACE (U+00A0)",
        ),
    ] {
        let output = checked(&file(&metadata), &[])?;
        assert!(
            output.status == 1 && output.stdout.contains(said),
            "{metadata}: {output:?}"
        );
    }
    Ok(())
}

#[test]
fn the_hint_is_a_field_of_its_own() -> Result<()> {
    let output = checked(&with("ip route add 192.0.3.0/24 ip rule"), &["-o", "json"])?;
    let command: Value = report(&output)?["commands"][0].clone();
    assert_eq!(
        command["stderr"],
        "Error: either \"to\" is duplicate, or \"ip\" is garbage.\n"
    );
    assert_eq!(command["exit"], 255);
    assert!(command["advice"]["instead"].is_string(), "{command}");
    Ok(())
}

#[test]
fn a_name_that_the_kernel_does_not_find_is_told_with_what_nobody_sees_in_it() -> Result<()> {
    let value = "ip link set dev eth0\u{200b} up";
    let output = super::chainsaw(&["try", value])?;
    assert_eq!(
        (output.status, output.stdout.as_str()),
        (
            1,
            "Running ip link set dev eth0\\u{200b} up ===============\n\
             Cannot find device \"eth0\\u{200b}\"\n\
             Command 1 failed: Cannot find device \"eth0\\u{200b}\" (exit 1)\n    \
             ip link set dev eth0\\u{200b} up\n                        ^\n    \
             if it is not meant: an invisible character stands at column 21, ZERO WIDTH SPACE (U+200B): take it away\n"
        )
    );
    let json = report(&super::chainsaw(&["try", "-o", "json", value])?)?;
    let command = &json["commands"][0];
    assert_eq!(command["stderr"], "Cannot find device \"eth0\u{200b}\"\n");
    assert!(command["micros"].is_u64(), "{command}");
    let variable = super::chainsaw(&["try", "ip link set dev $IFACE up"])?;
    assert!(
        variable
            .stdout
            .contains("if it is not meant: there is no shell and no variable: "),
        "{variable:?}"
    );
    Ok(())
}
