//! The commands of those who build: `make` and cargo. What would run this very test is looked at, and not run.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::documents::{block, path};
use chainsaw_tests::parts;
use chainsaw_tests::process::Program;

use super::{Place, commands};

pub(super) const PLACES: &[Place] = &[
    ("README.md", "See it"),
    ("docs/costs.md", "What it costs"),
    ("tests/README.md", "The tests on real things"),
];

/// The demo starts two pods on a containerd of its own.
const LIMIT: Duration = Duration::from_secs(300);

/// A command in the repository's root.
fn here(command: &str) -> Program {
    let root = path("");
    let script = format!("cd '{}'\n{command}", root.display());
    let shell = Program::new("sh").args(["-euc", &script]);
    shell.limit(LIMIT).with_home()
}

#[test]
fn the_demo_shows_what_readme_shows_and_pods_of_both_entrances() -> Result<()> {
    parts::are_fresh()?;
    let shown = here("make demo").stdout()?;
    let screen = block("README.md", "console", "## See it")?;
    ensure!(shown.contains(&screen), "{shown}");
    for said in ["192.0.3.0/24 dev eth0", "entrance"] {
        ensure!(shown.contains(said), "no {said} in:\n{shown}");
    }
    Ok(())
}

#[test]
fn what_builders_are_told_is_a_target_of_make_or_a_choice_of_tests_that_there_are() -> Result<()> {
    for place in PLACES {
        for block in commands(*place)? {
            for line in block.text.lines() {
                let command = line.split('#').next().unwrap_or_default().trim();
                let (program, words) = command.split_once(' ').context("a command")?;
                match program {
                    // It says what it would do, or that there is no such target.
                    "make" => ensure!(!here(&format!("make -n {words}")).stdout()?.is_empty()),
                    "cargo" => {
                        let list = words.replacen("nextest run", "nextest list", 1);
                        ensure!(list != words, "{line}");
                        let listed = here(&format!("cargo {list}")).stdout()?;
                        ensure!(listed.contains("a_pod_starts"), "{line}: {listed}");
                    }
                    other => anyhow::bail!("{other} of {line:?} is not known here"),
                }
            }
        }
    }
    Ok(())
}

#[test]
fn the_map_of_the_house_names_what_is_there() -> Result<()> {
    let map = block("CONTRIBUTING.md", "text", "## The house")?;
    let (mut floor, mut count) = ("", 0);
    for line in map.lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        if !line.starts_with(' ') {
            floor = name;
        }
        let (folder, name) = match name {
            name if name == floor => ("", name),
            name if name.starts_with("src/") => (floor, name),
            _ => continue,
        };
        ensure!(path(folder).join(name).exists(), "{line}");
        count += 1;
    }
    ensure!(count > 40, "{count}");
    Ok(())
}
