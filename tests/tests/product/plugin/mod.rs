//! `chainsaw` called as a CNI runtime calls it, in a machine with a pod's namespace.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use chainsaw_tests::machine::Machine;
use chainsaw_tests::parts;
use chainsaw_tests::process::Output;
use serde_json::{Value, json};

const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
const POD: &str = "/run/netns/pod";
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
const GRANT: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
const GRANT_ALL: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n";
/// Odd on purpose: order, spacing, unknown fields.
const PREV_RESULT: &str = "{ \"ips\": [{\"address\": \"192.0.2.10/24\",\"gateway\":\"192.0.2.1\", \"interface\" :0}],\n \
     \"x\": 1.50, \"interfaces\": [{\"name\": \"eth0\", \"sandbox\": \"/run/netns/pod\"}], \"cniVersion\": \"1.0.0\"}";

/// A machine with a pod's namespace: `eth0`, an address, a default route.
pub(crate) struct Bed {
    pub(crate) machine: Machine,
}

impl Bed {
    pub(crate) fn new(configuration: &str) -> Result<Self> {
        let machine = Machine::boot()?;
        machine.write(CONFIGURATION, configuration)?;
        let bed = Self { machine };
        for line in [
            "netns add pod",
            "-n pod link set lo up",
            "-n pod link add eth0 type veth peer name node0",
            "-n pod link set node0 up",
            "-n pod link set eth0 up",
            "-n pod address add 192.0.2.10/24 dev eth0",
            "-n pod route add default via 192.0.2.1",
        ] {
            bed.ip(line)?;
        }
        Ok(bed)
    }

    /// The system's own `ip`, in the machine.
    pub(crate) fn ip(&self, line: &str) -> Result<String> {
        self.machine.program("ip").args(line.split(' ')).stdout()
    }

    fn call(&self, verb: &str, netns: &str, stdin: impl Into<Vec<u8>>) -> Result<Output> {
        self.call_at("eth0", verb, netns, stdin)
    }

    pub(crate) fn call_at(
        &self,
        ifname: &str,
        verb: &str,
        netns: &str,
        stdin: impl Into<Vec<u8>>,
    ) -> Result<Output> {
        self.machine
            .program(parts::chainsaw()?)
            .env("CNI_COMMAND", verb)
            .env("CNI_CONTAINERID", "c1")
            .env("CNI_NETNS", netns)
            .env("CNI_IFNAME", ifname)
            .env("CNI_PATH", "/opt/cni/bin")
            .env(
                "CNI_ARGS",
                "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web",
            )
            .stdin(stdin)
            .run()
    }

    pub(crate) fn add(&self, value: &str) -> Result<Output> {
        self.call("ADD", POD, conf(&json!({ KEY: value })))
    }

    fn routes(&self) -> Result<String> {
        self.ip("-n pod route")
    }
}

pub(crate) fn conf(annotations: &Value) -> String {
    format!(
        "{{\"cniVersion\": \"1.0.0\", \"name\": \"n\", \"type\": \"chainsaw\", \
         \"runtimeConfig\": {{\"io.kubernetes.cri.pod-annotations\": {annotations}}}, \"prevResult\": {PREV_RESULT}}}"
    )
}

pub(crate) fn error(output: &Output) -> Result<Value> {
    assert_ne!(output.status, 0, "{output:?}");
    serde_json::from_str(&output.stdout).with_context(|| format!("{output:?}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn commands_run_in_the_pods_namespace_and_the_result_goes_on() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let before = bed.ip("route show table all")?;
    let output = bed.add("ip route add 192.0.3.0/24 via CURRENT_GATEWAY dev CURRENT_INTERFACE src CURRENT_ADDRESS\nip route")?;
    assert_eq!(output.status, 0, "{output:?}");
    let told = format!(
        "\"1.0.0\",\"routes\":[{}]}}",
        r#"{"dst":"192.0.3.0/24","gw":"192.0.2.1"}"#
    );
    assert_eq!(output.stdout, PREV_RESULT.replace("\"1.0.0\"}", &told));
    let routes = bed.routes()?;
    assert!(
        routes.contains("192.0.3.0/24 via 192.0.2.1 dev eth0 src 192.0.2.10"),
        "{routes}"
    );
    assert!(output.stderr.ends_with(&routes), "{output:?}");
    assert_eq!(
        bed.ip("route show table all")?,
        before,
        "the machine's own namespace changed"
    );
    Ok(())
}

#[test]
fn what_fails_and_is_not_the_pods_own_names_its_source() -> Result<()> {
    let bed = Bed::new("")?;
    for (field, said) in [
        (
            r#""commands": ["ip rote"]"#,
            "command 1 'ip rote' (from commands of the network configuration) failed",
        ),
        (
            r#""args": {"cni": {"chainsaw": "ip rote"}}"#,
            "command 1 'ip rote' (from args.cni.chainsaw) failed",
        ),
    ] {
        let with = conf(&json!({})).replacen('{', &format!("{{{field}, "), 1);
        let error = error(&bed.call("ADD", POD, with)?)?;
        assert!(text(&error["msg"]).contains(said), "{error}");
        assert!(text(&error["details"]).contains("(from "), "{error}");
    }
    Ok(())
}

#[test]
fn a_pod_without_a_value_is_served_with_everything_else_broken() -> Result<()> {
    let bed = Bed::new("[[broken")?;
    // The namespace is not even looked at.
    let output = bed.call("ADD", "/nowhere", conf(&json!({"other.example/key": "x"})))?;
    assert_eq!(
        (
            output.status,
            output.stdout.as_str(),
            output.stderr.as_str()
        ),
        (0, PREV_RESULT, "")
    );
    Ok(())
}

#[test]
fn a_broken_configuration_refuses_who_asks_and_names_the_line() -> Result<()> {
    let bed = Bed::new("[[rule]]\nnamespaces = [\"default\"]\nprofil = \"route\"\n")?;
    let said = error(&bed.add("ip route")?)?;
    assert_eq!(said["code"], 103);
    assert!(
        text(&said["msg"]).contains(
            "/etc/chainsaw/config.toml line 3: unknown key profil, did you mean profile?"
        ),
        "{said}"
    );
    Ok(())
}

#[test]
fn nothing_runs_when_one_command_is_wrong_and_all_mistakes_are_told_at_once() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let before = bed.routes()?;
    let value = "ip route add 192.0.3.0/24 dev eth0\nip rooute show\nip route add 192.0.4.0/24 dev eth0 metrc 5\nip link set eth0 down";
    let said = error(&bed.add(value)?)?;
    assert_eq!(said["code"], 100);
    let details = text(&said["details"]);
    for part in [
        "Not run: ip route add 192.0.3.0/24 dev eth0",
        "Command 2 failed: Object \"rooute\" is unknown",
        "    ip rooute show\n       ^\n    route",
        "Command 3 failed: Error: either \"to\" is duplicate, or \"metrc\" is garbage.",
        "    metric",
        "Command 4 denied: profile route does not allow this, it needs profile net-admin",
    ] {
        assert!(details.contains(part), "{part} is not in {details}");
    }
    assert!(
        text(&said["msg"]).len() <= 256 + "chainsaw: ".len(),
        "{said}"
    );
    assert_eq!(bed.routes()?, before);
    Ok(())
}

#[test]
fn the_first_failure_stops_the_list_unless_it_is_to_be_ignored() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let value = r#"[{"run": "ip route del 198.51.100.0/24", "ignore_failure": true}, "ip route add 192.0.3.0/24 dev eth0",
                    "ip route add 192.0.3.0/24 dev eth0", "ip route add 192.0.5.0/24 dev eth0"]"#;
    let said = error(&bed.add(value)?)?;
    assert_eq!(said["code"], 102);
    assert!(text(&said["msg"]).contains("command 3 'ip route add 192.0.3.0/24 dev eth0' failed: RTNETLINK answers: File exists (exit 2)"), "{said}");
    let routes = bed.routes()?;
    assert!(
        routes.contains("192.0.3.0/24") && !routes.contains("192.0.5.0/24"),
        "{routes}"
    );
    Ok(())
}

#[test]
fn the_nodes_own_namespace_is_refused_by_whatever_path() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    let before = bed.ip("-details address")?;
    bed.machine
        .program("ln")
        .args(["-s", "/proc/1/ns/net", "/run/link"])
        .stdout()?;
    bed.machine.program("touch").args(["/run/bound"]).stdout()?;
    bed.machine
        .program("mount")
        .args(["--bind", "/proc/1/ns/net", "/run/bound"])
        .stdout()?;
    for path in [
        "/proc/1/ns/net",
        "/proc/self/ns/net",
        "/proc/thread-self/ns/net",
        "/run/link",
        "/run/bound",
    ] {
        for verb in ["ADD", "CHECK"] {
            let said = error(&bed.call(verb, path, conf(&json!({KEY: "ip link set lo down"})))?)?;
            assert_eq!(said["code"], 104, "{path}: {said}");
            assert!(
                text(&said["msg"]).contains("is the node's own network namespace"),
                "{path}: {said}"
            );
        }
    }
    assert_eq!(bed.ip("-details address")?, before);
    Ok(())
}

#[test]
fn what_is_no_network_namespace_is_told_apart() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    bed.machine.write("/run/stale", "")?;
    for (path, word) in [
        ("/run/stale", "is not a network namespace"),
        ("/run/gone", "cannot open the network namespace /run/gone"),
        ("/proc/1/ns/mnt", "cannot enter the network namespace"),
    ] {
        let said = error(&bed.call("ADD", path, conf(&json!({KEY: "ip route"})))?)?;
        assert_eq!(said["code"], 104, "{said}");
        assert!(text(&said["msg"]).contains(word), "{path}: {said}");
    }
    Ok(())
}

#[test]
fn what_no_profile_allows_is_refused_and_the_node_is_as_it_was() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    bed.machine
        .write("/run/canary", "route add 192.0.66.0/24 dev eth0\n")?;
    bed.ip("netns add other")?;
    let state = || -> Result<_> {
        Ok((
            bed.ip("netns list")?,
            bed.ip("link")?,
            bed.ip("-n other link")?,
            bed.ip("-n pod link")?,
        ))
    };
    let before = state()?;
    for line in [
        "ip netns exec other touch /run/mark",
        "ip -all netns exec touch /run/mark",
        "ip -all netns delete",
        "ip vrf exec default touch /run/mark",
        "ip -n other link add b0 type bridge",
        "ip --ne ../../proc/1/ns/net link add b0 type bridge",
        "ip -batch /run/canary",
        "ip -force -b /run/canary",
        "ip link set eth0 netns other",
        "ip link add v0 type veth peer name v1 netns other",
        "ip link set eth0 xdp obj /run/canary",
        "ip monitor",
    ] {
        let said = error(&bed.add(line)?)?;
        assert_eq!(said["code"], 101, "{line}: {said}");
        assert!(
            text(&said["msg"]).contains("never allowed"),
            "{line}: {said}"
        );
    }
    assert_eq!(state()?, before);
    assert!(!bed.machine.path("/run/mark").exists());
    assert!(!bed.routes()?.contains("192.0.66.0"));
    Ok(())
}

#[test]
fn an_operator_may_choose_to_continue() -> Result<()> {
    let bed = Bed::new("[failure]\ncni = \"continue\"\nunknown = \"continue\"\n")?;
    let output = bed.add("ip route del default")?;
    assert_eq!(
        (output.status, output.stdout.as_str()),
        (0, PREV_RESULT),
        "{output:?}"
    );
    assert!(output.stderr.contains("reason=CommandDenied"), "{output:?}");
    assert!(bed.routes()?.contains("default"));

    let unknown = format!("{{\"cniVersion\": \"1.0.0\", \"prevResult\": {PREV_RESULT}}}");
    let output = bed.call("ADD", POD, unknown.clone())?;
    assert_eq!(
        (output.status, output.stdout.as_str()),
        (0, PREV_RESULT),
        "{output:?}"
    );

    bed.machine.write(CONFIGURATION, "")?;
    let said = error(&bed.call("ADD", POD, unknown)?)?;
    assert_eq!(said["code"], 11);
    assert!(
        text(&said["msg"]).contains("default/web") && text(&said["msg"]).contains("capabilities"),
        "{said}"
    );
    Ok(())
}

#[test]
fn check_looks_for_the_interface_and_runs_nothing() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let stdin = conf(&json!({KEY: "ip route add 192.0.3.0/24 dev eth0"}));
    let output = bed.call("CHECK", POD, stdin.clone())?;
    assert_eq!(
        (output.status, output.stdout.as_str()),
        (0, ""),
        "{output:?}"
    );
    assert!(!bed.routes()?.contains("192.0.3.0/24"));
    bed.ip("-n pod link del eth0")?;
    assert_eq!(error(&bed.call("CHECK", POD, stdin)?)?["code"], 104);
    Ok(())
}

#[test]
fn a_call_without_the_protocol_gets_a_line_of_usage() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let said = error(&bed.machine.program(parts::chainsaw()?).run()?)?;
    assert_eq!(said["code"], 4);
    assert!(text(&said["msg"]).contains("chainsaw --help"), "{said}");
    Ok(())
}

/// The records of the machine's sandboxes.
pub(crate) fn records(bed: &Bed) -> Result<String> {
    bed.machine
        .program("sh")
        .args(["-c", "ls /run/chainsaw/sandboxes"])
        .stdout()
}

#[test]
fn what_changed_at_the_interface_is_told_on_and_nothing_else() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    let output = bed.add("ip link set eth0 mtu 1400\nip address add 192.0.2.11/24 dev eth0\nip route add 192.0.3.0/24 via 192.0.2.2")?;
    assert_eq!(output.status, 0, "{output:?}");
    let expected = PREV_RESULT
        .replace(
            "\"interface\" :0}",
            "\"interface\" :0},{\"address\":\"192.0.2.11/24\",\"interface\":0}",
        )
        .replace("\"/run/netns/pod\"}", "\"/run/netns/pod\",\"mtu\":1400}")
        .replace(
            "\"1.0.0\"}",
            "\"1.0.0\",\"routes\":[{\"dst\":\"192.0.3.0/24\",\"gw\":\"192.0.2.2\"}]}",
        );
    assert_eq!(output.stdout, expected);
    Ok(())
}

#[test]
fn the_interface_keeps_its_name_and_an_address() -> Result<()> {
    for (value, word) in [
        (
            "ip link del eth0",
            "interface eth0 is gone after the commands",
        ),
        (
            "ip address del 192.0.2.10/24 dev eth0",
            "no reported address of eth0 is left",
        ),
    ] {
        let bed = Bed::new(GRANT_ALL)?;
        let said = error(&bed.add(value)?)?;
        assert_eq!(said["code"], 102, "{said}");
        assert!(text(&said["msg"]).contains(word), "{said}");
    }
    Ok(())
}

#[test]
fn an_ipv6_address_has_settled_before_the_pod_goes_on() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    let output = bed.add("ip address add 2001:db8::10/64 dev eth0")?;
    assert_eq!(output.status, 0, "{output:?}");
    let shown = bed.ip("-n pod -6 address show dev eth0 scope global")?;
    assert!(
        shown.contains("2001:db8::10") && !shown.contains("tentative"),
        "{shown}"
    );
    Ok(())
}

#[test]
fn an_ipv6_address_that_somebody_else_has_fails_the_pod() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    // The other end of the pod's wire, in a namespace of its own, so that it answers.
    bed.ip("netns add other")?;
    bed.ip("-n pod link set node0 netns other")?;
    bed.ip("-n other link set node0 up")?;
    bed.ip("-n other address add 2001:db8::10/64 dev node0 nodad")?;
    let said = error(&bed.add("ip address add 2001:db8::10/64 dev eth0")?)?;
    assert_eq!(said["code"], 102, "{said}");
    assert!(
        text(&said["msg"]).contains("2001:db8::10 is in use by somebody else"),
        "{said}"
    );
    Ok(())
}

#[test]
fn the_operators_commands_come_first_and_need_no_grant() -> Result<()> {
    let bed = Bed::new("")?;
    let with = |commands: &str, annotations: &Value| {
        conf(annotations).replacen('{', &format!("{{\"commands\": {commands}, "), 1)
    };
    let stdin = with(
        "[\"ip route add 192.0.3.0/24 dev eth0\"]",
        &json!({KEY: "ip route show 192.0.3.0/24"}),
    );
    let output = bed.call("ADD", POD, stdin)?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(
        output
            .stderr
            .ends_with("192.0.3.0/24 dev eth0 scope link \n"),
        "{output:?}"
    );

    let alone = bed.call(
        "ADD",
        POD,
        with("\"ip route add 192.0.4.0/24 dev eth0\"", &json!({})),
    )?;
    assert_eq!(alone.status, 0, "{alone:?}");
    assert!(bed.routes()?.contains("192.0.4.0/24"));

    // Operators cannot do what nobody can, and a pod is not an operator.
    assert_eq!(
        error(&bed.call("ADD", POD, with("[\"ip netns add x\"]", &json!({})))?)?["code"],
        101
    );
    assert_eq!(
        error(&bed.call(
            "ADD",
            POD,
            with("[\"ip route\"]", &json!({KEY: "ip route del default"}))
        )?)?["code"],
        101
    );
    Ok(())
}

#[test]
fn a_plain_key_that_fails_at_a_second_attachment_names_the_first_and_the_key_to_use() -> Result<()>
{
    let bed = Bed::new(GRANT)?;
    let value = json!({KEY: "ip route add 192.0.3.0/24 via 192.0.2.2"});
    assert_eq!(bed.call("ADD", POD, conf(&value))?.status, 0);
    bed.ip("-n pod link add net1 type veth peer name node1")?;
    let second = |annotations: &Value| bed.call_at("net1", "ADD", POD, conf(annotations));
    let said = error(&second(&value)?)?;
    assert_eq!(said["code"], 102, "{said}");
    let hint = "the same value ran at attachment eth0 before: give this one its own key, k8s.v1.cni.cncf.io/chainsaw.net1";
    assert!(text(&said["msg"]).contains(hint), "{said}");

    let own = json!({KEY: "ip route add 192.0.3.0/24 via 192.0.2.2", (format!("{KEY}.net1")): "ip link show dev CURRENT_INTERFACE"});
    let output = second(&own)?;
    assert_eq!(output.status, 0, "{output:?}");
    Ok(())
}

#[test]
fn check_goes_by_the_record_and_del_and_gc_forget_it() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    // What makes something is remembered for longer: see `limits.rs`.
    let asking = conf(&json!({KEY: "ip link set eth0 mtu 1400"}));
    assert_eq!(bed.call("ADD", POD, asking.clone())?.status, 0);
    assert_eq!(bed.call("CHECK", POD, asking.clone())?.status, 0);
    // What fails, CHECK knows.
    assert_ne!(bed.add("ip route del 198.51.100.0/24")?.status, 0);
    assert_eq!(
        error(&bed.call("CHECK", POD, asking.clone())?)?["code"],
        102
    );

    let valid = |containers: &str| {
        asking.replacen(
            '{',
            &format!("{{\"cni.dev/valid-attachments\": {containers}, "),
            1,
        )
    };
    let kept = valid("[{\"containerID\": \"c1\", \"ifname\": \"eth0\"}]");
    assert_eq!(bed.call("GC", POD, kept)?.status, 0);
    assert_eq!(records(&bed)?, "c1\n");
    assert_eq!(
        bed.call(
            "GC",
            POD,
            valid("[]").replace("\"name\": \"n\"", "\"name\": \"another\"")
        )?
        .status,
        0
    );
    assert_eq!(records(&bed)?, "c1\n", "GC of one network forgot another's");
    assert_eq!(bed.call("GC", POD, valid("[]"))?.status, 0);
    assert_eq!(records(&bed)?, "");

    assert_eq!(
        bed.call("ADD", POD, conf(&json!({KEY: "ip route"})))?
            .status,
        0
    );
    assert_eq!(records(&bed)?, "c1\n");
    assert_eq!(bed.call("DEL", "", "")?.status, 0);
    assert_eq!(records(&bed)?, "");
    Ok(())
}

/// One command of each object that runs again, and what it may not do twice.
const AGAIN: &str = "\
ip link add v0 type veth peer name v1
ip link set v0 up mtu 1400 alias 'an alias'
ip link add br0 type bridge
ip link set v0 master br0
ip address add 198.51.100.1/24 brd + dev v1
ip address add 2001:db8:5::1/64 dev eth0 nodad
ip link set v1 up
ip route add 192.0.3.0/24 via 192.0.2.2 mtu lock 1400 advmss 1300
ip route add 192.0.4.0/24 nexthop via 192.0.2.2 weight 2 nexthop via 192.0.2.3
ip route add 2001:db8:6::/48 dev eth0
ip route add blackhole 203.0.113.0/24 table 100
ip route del default
ip address del 192.0.2.12/24 dev eth0";

#[test]
fn what_is_already_so_is_left_alone_when_it_runs_again() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    bed.ip("-n pod address add 192.0.2.12/24 dev eth0")?;
    let first = bed.add(AGAIN)?;
    assert_eq!(first.status, 0, "{first:?}");
    let state = || -> Result<_> {
        Ok((
            bed.ip("-n pod -d link")?,
            bed.ip("-n pod address")?,
            bed.ip("-n pod route show table all")?,
            bed.ip("-n pod -6 route")?,
        ))
    };
    let before = state()?;
    let again = bed.add(AGAIN)?;
    assert_eq!(again.status, 0, "{again:?}");
    assert!(
        again
            .stderr
            .starts_with("chainsaw: unchanged for default/web"),
        "{again:?}"
    );
    assert_eq!(state()?, before);
    Ok(())
}

#[test]
fn what_is_no_longer_so_runs_again_and_only_that() -> Result<()> {
    let bed = Bed::new(GRANT_ALL)?;
    let value = "ip route add 192.0.3.0/24 dev eth0\nip route add 192.0.4.0/24 dev eth0\nip link set eth0 mtu 1400";
    assert_eq!(bed.add(value)?.status, 0);
    bed.ip("-n pod route del 192.0.4.0/24")?;
    bed.ip("-n pod link set eth0 mtu 1500")?;
    let again = bed.add(value)?;
    assert_eq!(again.status, 0, "{again:?}");
    let told = "Running ip route add 192.0.3.0/24 dev eth0 ===============\nunchanged\n\
                Running ip route add 192.0.4.0/24 dev eth0 ===============\n\
                Running ip link set dev eth0 mtu 1400 ===============\n";
    assert!(again.stderr.ends_with(told), "{again:?}");
    assert!(
        bed.routes()?.contains("192.0.4.0/24")
            && bed.ip("-n pod link show eth0")?.contains("mtu 1400")
    );
    Ok(())
}

#[test]
fn what_another_made_is_not_taken_for_ours_the_first_time() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    bed.ip("-n pod route add 192.0.3.0/24 dev eth0")?;
    let said = error(&bed.add("ip route add 192.0.3.0/24 dev eth0")?)?;
    assert_eq!(said["code"], 102, "a first run behaves as ip does: {said}");
    Ok(())
}

#[test]
fn del_succeeds_without_its_input() -> Result<()> {
    let bed = Bed::new("[[broken")?;
    let closed = "exec <&-; exec ";
    let directory = "exec </tmp; exec ";
    let endless = "sleep 60 | exec ";
    for input in [closed, directory, endless] {
        let script = format!("{input} {}", parts::chainsaw()?.display());
        let shell = bed
            .machine
            .program("sh")
            .args(["-c", &script])
            .env("CNI_COMMAND", "DEL")
            .env("CNI_CONTAINERID", "c1");
        let limit = std::time::Duration::from_secs(5);
        if input == endless {
            // The pipe's other end lives on; what counts is that DEL has ended.
            let told = format!(
                "sleep 60 | ({}; echo ended $? >/run/told)",
                parts::chainsaw()?.display()
            );
            let _child = bed
                .machine
                .program("sh")
                .args(["-c", &told])
                .env("CNI_COMMAND", "DEL")
                .start(&bed.machine.path("/run/log"))?;
            let ended = || {
                Ok(bed
                    .machine
                    .read("/run/told")
                    .is_ok_and(|told| told == "ended 0\n"))
            };
            chainsaw_tests::process::wait_until("DEL to end", limit, ended)?;
        } else {
            let output = shell.limit(limit).run()?;
            assert_eq!(
                (output.status, output.stdout.as_str()),
                (0, ""),
                "{input}: {output:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn nobody_can_write_lines_into_the_log() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let output = bed.add(
        "[\"ip route frob\\u2028chainsaw: ok for kube-system/x\", \"ip link show \\u202eeth0\"]",
    )?;
    let said = error(&output)?;
    for place in [&output.stderr, text(&said["details"]), text(&said["msg"])] {
        assert!(
            !place.contains(['\u{2028}', '\u{202e}', '\u{1b}']),
            "{place}"
        );
        assert!(
            !place.lines().any(|line| line.starts_with("chainsaw: ok")),
            "{place}"
        );
    }
    Ok(())
}

#[test]
fn nothing_runs_that_cannot_be_recorded() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    bed.machine
        .write("/run/chainsaw", "a file where the folder should be")?;
    let said = error(&bed.add("ip route add 192.0.3.0/24 dev eth0")?)?;
    assert_eq!(said["code"], 5, "{said}");
    assert!(!bed.routes()?.contains("192.0.3.0/24"));
    Ok(())
}

/// A namespace that is held open would outlive the pod. What is known of one that something was made in goes with it.
#[test]
fn nothing_is_left_behind() -> Result<()> {
    let bed = Bed::new(GRANT)?;
    let left = || -> Result<BTreeSet<String>> {
        let found = bed
            .machine
            .program("find")
            .args(["/proc/1/fd", "/run", "-not", "-path", "/run/.node*"])
            .stdout()?;
        Ok(found.lines().map(str::to_owned).collect())
    };
    bed.machine.write("/run/chainsaw/sandboxes/.folder", "")?;
    let mut before = left()?;
    bed.add("ip route")?;
    bed.call("DEL", POD, conf(&json!({})))?;
    assert_eq!(left()?, before);
    bed.add("ip route add 192.0.3.0/24 dev eth0")?;
    bed.call("DEL", POD, conf(&json!({})))?;
    assert!(Path::new(&bed.machine.path(POD)).exists());
    assert!(before.insert("/run/chainsaw/sandboxes/c1".into()));
    assert_eq!(left()?, before);
    bed.ip("netns del pod")?;
    bed.call("DEL", "", "")?;
    for gone in [POD, "/run/chainsaw/sandboxes/c1"] {
        assert!(before.remove(gone));
    }
    assert_eq!(left()?, before);
    Ok(())
}
