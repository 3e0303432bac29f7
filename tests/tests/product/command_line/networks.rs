//! `chainsaw check -f` on what is Multus' or the operator's: network selections, and network configurations.

use anyhow::Result;

use super::files::{checked, pod};
use super::report;

#[test]
fn a_field_that_multus_passes_over_is_told() -> Result<()> {
    let networks = |field: &str| {
        let value = format!("k8s.v1.cni.cncf.io/networks: '[{{\"name\": \"a\", {field}}}]'");
        checked(&pod(&value, ""), &[])
    };
    for field in ["cniArgs", "cni_args", "cni-arg", "cniargs"] {
        let output = networks(&format!(r#""{field}": {{"chainsaw": ["ip route"]}}"#))?;
        assert_eq!(
            (output.status, output.stdout),
            (
                1,
                format!(
                    "default/Pod/web: failed\nproblem: k8s.v1.cni.cncf.io/networks[0].{field}: Multus does not know this field, so its commands reach no plugin; write \"cni-args\": {{\"chainsaw\": [\"ip …\"]}}\n"
                )
            )
        );
    }
    let other = networks(r#""interfce": "net9""#)?;
    assert!(
        other.status == 0
            && (other.stdout).contains("note: k8s.v1.cni.cncf.io/networks[0].interfce: Multus does not know this field; did you mean interface?\n"),
        "{other:?}"
    );
    // In Go a field's name counts in any case.
    let case = networks(r#""CNI-Args": {"chainsaw": ["ip rout ad"]}"#)?;
    assert!(
        case.status == 1 && case.stdout.contains("cni-args.chainsaw:\nCommand 1 failed"),
        "{case:?}"
    );
    Ok(())
}

/// What is said of the command that ends too early.
const SAID: &str = "Command 1 failed: ip prints its usage and does nothing\n    \
                    ip rout ad\n            ^\n    \
                    the command needs more words, for example ip route add PREFIX via ADDRESS dev DEVICE\n";

#[test]
fn a_network_configuration_is_checked_by_entry_and_field() -> Result<()> {
    let list = |entry: &str| {
        format!(
            r#"{{"cniVersion": "1.0.0", "name": "podnet", "plugins": [{{"type": "bridge"}}, {{"type": "chainsaw", {entry}}}]}}"#
        )
    };
    let wrong = checked(&list(r#""commands": ["ip rout ad", "ip route"]"#), &[])?;
    assert_eq!(
        (wrong.status, wrong.stderr.as_str(), wrong.stdout),
        (
            1,
            "",
            format!("network podnet: failed\nplugins[1].commands:\n{SAID}Allowed: ip route show\n")
        )
    );
    let json = checked(&list(r#""commands": "ip rout ad""#), &["-o", "json"])?;
    let told = report(&json)?;
    assert_eq!(told["commands"][0]["source"], "plugins[1].commands");
    assert_eq!(told["allowed"], false);
    for (entry, said) in [
        (
            r#""comands": ["ip route"]"#,
            "problem: plugins[1].comands: chainsaw does not know this field; did you mean commands?\n",
        ),
        (
            r#""commands": 7"#,
            "problem: plugins[1].commands: it is neither a string nor an array: write [\"ip …\", \"ip …\"]\n",
        ),
        (
            r#""commands": ["ip route", 7]"#,
            "problem: plugins[1].commands: command 2 is not a command (a number): ",
        ),
    ] {
        let output = checked(&list(entry), &[])?;
        assert!(
            output.status == 1 && output.stdout.contains(said),
            "{output:?}"
        );
    }
    let right = checked(&list(r#""commands": ["ip route"], "x": 1"#), &[])?;
    assert_eq!(
        (right.status, right.stdout.as_str()),
        (
            0,
            "network podnet: allowed\nnote: plugins[1].x: chainsaw does not know this field, and ignores it\nnote: a node runs these as its operator's only where its configuration says [hooks.cni] commands = true; else they are judged by the rules of the pod's namespace\nAllowed: ip route show\n"
        )
    );
    let first = checked(
        r#"{"cniVersion": "1.0.0", "name": "podnet", "plugins": [{"type": "chainsaw"}]}"#,
        &[],
    )?;
    assert!(
        first.status == 1
            && first
                .stdout
                .contains("plugins[0] is chainsaw without a plugin before it"),
        "{first:?}"
    );
    Ok(())
}

#[test]
fn the_configuration_in_a_network_attachment_definition_is_checked() -> Result<()> {
    let definition = |config: &str| {
        format!(
            "apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {{name: storage, namespace: shop}}\nspec:\n  config: {config}\n"
        )
    };
    let plugins = |commands: &str| {
        format!(
            r#"'{{"cniVersion": "1.0.0", "plugins": [{{"type": "macvlan"}}, {{"type": "chainsaw", "commands": {commands}}}]}}'"#
        )
    };
    let wrong = checked(&definition(&plugins(r#"["ip rout ad"]"#)), &[])?;
    assert_eq!(
        (wrong.status, wrong.stdout),
        (
            1,
            format!(
                "shop/NetworkAttachmentDefinition/storage: failed\nspec.config plugins[1].commands:\n{SAID}"
            )
        )
    );
    let broken = checked(&definition("'{\"plugins\": [}'"), &[])?;
    assert!(
        broken.status == 1
            && (broken.stdout)
                .contains("problem: spec.config is not JSON (expected value at line 1 column 14)"),
        "{broken:?}"
    );
    let map = checked(&definition("{plugins: []}"), &[])?;
    assert!(
        map.status == 1
            && map
                .stdout
                .contains("spec.config is not a string: write the JSON behind |"),
        "{map:?}"
    );
    Ok(())
}
