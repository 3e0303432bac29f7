//! Rows about what a node could tell a pod, or be told, beside the words: name tables, names of namespaces, the
//! environment.

use anyhow::{Result, ensure};

use super::bed::{Bed, OTHER, Right};
use super::doors::{Door, Outcome};
use super::picture::Picture;

/// Those that show a command's output of the pod's own namespace.
const SHOW_THE_POD: [Door; 9] = [
    Door::Annotation,
    Door::Arguments,
    Door::Network,
    Door::ApplyAtCni,
    Door::Sandbox,
    Door::Container,
    Door::ApplyAtNri,
    Door::Run,
    Door::Ip,
];

#[test]
fn row_36_no_file_of_the_node_decides_names() -> Result<()> {
    let forms = [
        "route show table mine",
        "route show table 100",
        "rule",
        "link show group 0",
    ];
    let bed = Bed::new(forms)?;
    for (file, line) in [
        ("rt_tables", "100 mine"),
        ("rt_protos", "77 mine"),
        ("group", "0 mine"),
    ] {
        for folder in ["/etc/iproute2", "/run/canary/iproute2"] {
            bed.machine
                .write(format!("{folder}/{file}"), format!("{line}\n"))?;
        }
    }
    bed.ip(
        &[
            "-n",
            "pod",
            "route",
            "add",
            "192.0.3.0/24",
            "dev",
            "eth0",
            "table",
            "100",
            "proto",
            "77",
        ],
        "",
    )?
    .success("a route with numbers")?;
    let before = Picture::of(&bed)?;
    for door in SHOW_THE_POD {
        let named = bed.put(door, 0, Right::All)?;
        ensure!(named.outcome == Outcome::Failed, "{door:?}: {named:?}");
        let listed = bed.put(door, 1, Right::All)?;
        ensure!(
            listed.outcome == Outcome::Ran && listed.text.contains("proto 77"),
            "{door:?}: {listed:?}"
        );
        for form in [2, 3] {
            let told = bed.put(door, form, Right::All)?;
            ensure!(
                told.outcome == Outcome::Ran && !told.text.contains("mine"),
                "{door:?}: {told:?}"
            );
        }
    }
    before.is(&Picture::of(&bed)?, "row 36")
}

#[test]
fn row_37_a_peer_in_another_namespace_has_a_number_and_no_name() -> Result<()> {
    let bed = Bed::new(["link show", "-d address show", "-j link"])?;
    let wire = [
        "link", "add", "far0", "type", "veth", "peer", "name", "far1", "netns", OTHER,
    ];
    bed.ip(&[&["-n", "pod"][..], &wire].concat(), "")?
        .success("a wire to another pod")?;
    let before = Picture::of(&bed)?;
    for door in SHOW_THE_POD {
        for form in 0..3 {
            let told = bed.put(door, form, Right::Default)?;
            ensure!(told.outcome == Outcome::Ran, "{door:?}: {told:?}");
            let numbered =
                told.text.contains("link-netnsid 1") || told.text.contains("link_netnsid");
            ensure!(numbered, "{door:?}: {told:?}");
            ensure!(
                !told.text.contains(OTHER),
                "{door:?} leaks a name: {told:?}"
            );
        }
    }
    before.is(&Picture::of(&bed)?, "row 37")
}

/// What the real `ip` goes by.
const HOSTILE: [(&str, &str); 9] = [
    ("IP_LIB_DIR", "/run/canary"),
    ("HZ", "1"),
    ("PROC_ROOT", "/nowhere"),
    ("PROC_NET_PSCHED", "/nowhere"),
    ("TC_BPF_MNT", "/run/canary"),
    ("TC_BPF_UDS", "/run/canary/uds"),
    ("NO_COLOR", "1"),
    ("COLORFGBG", ";0"),
    ("LD_PRELOAD", "/run/canary/link_esc.so"),
];

#[test]
fn row_38_no_variable_changes_what_is_run_or_printed() -> Result<()> {
    let forms = [
        "-d link show",
        "route show table all",
        "-d address",
        "link add esc0 type esc",
    ];
    let mut bed = Bed::with(forms, HOSTILE.to_vec())?;
    let before = Picture::of(&bed)?;
    let printed = |bed: &Bed, door: Door, form: usize| -> Result<_> {
        let told = bed.put(door, form, Right::All)?;
        // Times and the ids of sandboxes differ from call to call; what `ip` would print does not.
        let shown = |line: &&str| line.contains("eth0") && !line.contains("Running");
        let lines: Vec<String> = told.text.lines().filter(shown).map(of_ip).collect();
        anyhow::Ok((told.outcome, lines))
    };
    let hostile = std::mem::take(&mut bed.environment);
    let plain: Vec<_> = (0..forms.len())
        .map(|form| printed(&bed, Door::Ip, form))
        .collect::<Result<_>>()?;
    bed.environment = hostile;
    for door in SHOW_THE_POD {
        for (form, (outcome, lines)) in plain.iter().enumerate() {
            let told = printed(&bed, door, form)?;
            ensure!(told.0 == *outcome, "{door:?}, form {form}: {told:?}");
            for line in lines {
                ensure!(
                    told.1.iter().any(|told| told.contains(line)),
                    "{door:?}: no {line:?} in {told:#?}"
                );
            }
        }
    }
    ensure!(
        plain
            .iter()
            .filter(|(outcome, lines)| *outcome == Outcome::Ran && !lines.is_empty())
            .count()
            == 3
    );
    before.is(&Picture::of(&bed)?, "row 38")
}

/// A printed line, without the blanks by which a log may have ended it.
fn of_ip(line: &str) -> String {
    line.trim_end().to_owned()
}
