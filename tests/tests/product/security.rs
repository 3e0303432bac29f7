//! SECURITY.md: the tests that it names exist, and its rule does what it says.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use chainsaw_tests::parts;
use chainsaw_tests::process::Program;
use chainsaw_tests::scratch::Scratch;

const SECURITY: &str = include_str!("../../../SECURITY.md");

/// The names of tests in a text: what stands between backticks and has three underscores.
fn named(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_name = |word: &&str| {
        word.bytes().filter(|byte| *byte == b'_').count() > 2
            && word
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    quoted.filter(is_name).collect()
}

/// Every source of the workspace.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
    Ok(())
}

/// The names of functions that are tests: a line with `fn`, behind one that says so.
fn tests(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") {
            is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
        } else if let Some((_, rest)) = line.split_once("fn ") {
            let name = rest.split('(').next().unwrap_or_default();
            if is_test {
                names.push(name.to_owned());
            }
            is_test = false;
        } else if !line.starts_with("//") {
            is_test = false;
        }
    }
    names
}

#[test]
fn every_test_that_security_md_names_exists() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("a workspace")?;
    let mut files = Vec::new();
    for folder in ["common", "cni", "nri", "lookup", "tests"] {
        sources(&root.join(folder), &mut files)?;
    }
    let mut known = Vec::new();
    for file in files {
        known.extend(tests(&fs::read_to_string(file)?));
    }
    let named = named(SECURITY);
    ensure!(
        named.len() > 20 && known.len() > 400,
        "{} {}",
        named.len(),
        known.len()
    );
    let missing: Vec<_> = named
        .iter()
        .filter(|name| !known.iter().any(|one| one == *name))
        .collect();
    ensure!(
        missing.is_empty(),
        "SECURITY.md names tests that are not there: {missing:?}"
    );
    Ok(())
}

#[test]
fn every_claim_of_what_stops_somebody_names_a_test() -> Result<()> {
    let sections: Vec<_> = SECURITY
        .split("\n## ")
        .filter(|section| section.starts_with("What stops"))
        .collect();
    ensure!(sections.len() == 2);
    for claim in sections
        .iter()
        .flat_map(|section| section.split("\n* ").skip(1))
    {
        ensure!(!named(claim).is_empty(), "no test holds: {claim}");
    }
    Ok(())
}

/// Whether a namespace with every right there is may run it under the rule of SECURITY.md.
fn is_allowed(policy: &Path, value: &str) -> Result<bool> {
    let policy = policy.to_string_lossy().into_owned();
    let output = Program::new(parts::chainsaw()?)
        .args([
            "check",
            "--interface",
            "eth0",
            "--namespace",
            "team-a",
            "--policy",
            &policy,
            value,
        ])
        .run()?;
    ensure!(output.status < 2, "{value}: {output:?}");
    let is_denied = output.stdout.contains("deny \"");
    ensure!(is_denied == (output.status == 1), "{value}: {output:?}");
    Ok(!is_denied)
}

#[test]
fn the_rule_of_security_md_keeps_routes_away_from_what_it_names() -> Result<()> {
    let rule = SECURITY.split("```toml\n").nth(1).context("a rule")?;
    let rule = rule.split("```").next().context("its end")?;
    let scratch = Scratch::new()?;
    let file = scratch.path().join("config.toml");
    let all = "[[rule]]\nnamespaces = [\"*\"]\nprofile = \"net-admin\"\n";
    fs::write(&file, format!("{all}{rule}"))?;
    for value in [
        "ip route add 169.254.169.254 dev eth0",
        "ip route add 169.254.0.0/16 via 192.0.2.1",
        "ip route add 192.0.3.0/24 via 169.254.169.254",
        "ip -6 route replace fd00:ec2::254 dev eth0",
        "ip route add 10.96.0.1 via 192.0.2.1",
        "ip route add 10.100.0.0/16 via 192.0.2.1 table 100",
        "ip route replace default via 192.0.2.1",
        "ip -6 route add default via fd00::1",
        "ip route add 0.0.0.0/1 via 192.0.2.1",
        "ip route add 128.0.0.0/1 via 192.0.2.1",
        "ip -6 route add 8000::/1 via fd00::1",
        "ip route del default",
        "ip route flush table main",
        "ip rule add pref 5 table 100",
        "ip rule add from all table 100",
        "ip rule add from 192.0.2.0/24 table 100",
        "ip route add 64:ff9b::169.254.169.254 via fd00::1",
        "ip route add ::ffff:10.96.0.0/108 via fd00::1",
        "ip route add 2002::/16 via fd00::1",
        "ip rule add to 169.254.169.254 table 100",
        "ip rule add not from 192.0.2.1 table 100",
        "ip address add 169.254.169.254/32 dev lo",
        "ip address add 192.0.2.1 peer 10.96.0.1 dev lo",
        "ip neigh add 169.254.169.254 lladdr 02:00:00:00:00:01 dev eth0",
    ] {
        ensure!(!is_allowed(&file, value)?, "{value}");
    }
    for value in [
        "ip route",
        "ip -6 route",
        "ip rule",
        "ip address",
        "ip route add 192.0.3.0/24 via 192.0.2.1",
        "ip -6 route add 2001:db8::/32 via fd00::1",
        "ip rule add to 192.0.2.0/24 table 100",
        "ip address add 192.0.2.7/32 dev lo",
        "ip link set eth0 mtu 1400",
    ] {
        ensure!(is_allowed(&file, value)?, "{value}");
    }
    Ok(())
}
