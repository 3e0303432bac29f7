//! A picture of the node: all that a command that escapes would change.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::bed::{Bed, OTHER, POD};

/// What a network namespace has, in one `ip`, and what has a family of its own.
const NETWORK: &str = "link\naddress\nroute show table all\nrule\nneigh\nneigh show proxy\n";
const NETWORK_V6: &str = "rule\nneigh show proxy\n";

/// The part that a command may change that was granted.
const THE_PODS: &str = "the pod's namespace";

/// Modules that the table's forms would load, and no test of the house needs.
const MODULES: [&str; 14] = [
    "sctp",
    "gtp",
    "tun",
    "tap",
    "macvtap",
    "ipvtap",
    "sit",
    "ipip",
    "wireguard",
    "netdevsim",
    "xfrm_user",
    "l2tp_netlink",
    "fou",
    "tcp_vegas",
];

/// A picture, by parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture(BTreeMap<String, String>);

impl Picture {
    /// Of the node and all in it, the pod's own namespace too.
    pub fn of(bed: &Bed) -> Result<Self> {
        let mut parts = BTreeMap::new();
        let process = bed.machine.pid();
        for (name, netns) in [
            ("the node's namespace", bed.machine.netns()),
            (
                "another pod's namespace",
                bed.machine.path(format!("/run/netns/{OTHER}")),
            ),
            (THE_PODS, bed.machine.path(POD)),
        ] {
            let state = bed.judge.batch(&netns, &["-d"], NETWORK)?
                + &bed.judge.batch(&netns, &["-d", "-6"], NETWORK_V6)?;
            // Which namespace it is counts as well.
            let inode = fs::metadata(&netns)?.ino();
            parts.insert(name.to_owned(), format!("{inode}\n{state}"));
        }
        let mounts = fs::read_to_string(format!("/proc/{process}/mountinfo"))?;
        parts.insert("mounts".to_owned(), mounts);
        parts.insert(
            "processes".to_owned(),
            processes(&bed.machine.path("/proc"))?,
        );
        files(&bed.machine.path("/run"), "/run", &mut parts)?;
        parts.insert(
            "devices".to_owned(),
            names(Path::new("/dev"), |name| name.starts_with("tap"))?,
        );
        parts.insert("bpf".to_owned(), names(Path::new("/sys/fs/bpf"), |_| true)?);
        parts.insert("modules".to_owned(), modules());
        Ok(Self(parts))
    }

    /// Takes the pod's own namespace as it was in another picture, where that was meant to change.
    pub fn forget_the_pod(&mut self, other: &Self) {
        let was = other.0.get(THE_PODS).cloned();
        self.0.insert(THE_PODS.to_owned(), was.unwrap_or_default());
    }

    /// Asserts that another picture is the same; `what` was done in between.
    pub fn is(&self, now: &Self, what: &str) -> Result<()> {
        let difference = self.difference(now);
        ensure!(difference.is_empty(), "{what} changed {difference}");
        Ok(())
    }

    /// The parts in which another picture differs, with both states.
    pub fn difference(&self, now: &Self) -> String {
        let parts = self.0.keys().chain(now.0.keys());
        let all: std::collections::BTreeSet<_> = parts.collect();
        let mut text = String::new();
        for part in all
            .into_iter()
            .filter(|part| self.0.get(*part) != now.0.get(*part))
        {
            let shown = |of: &Self| of.0.get(part).map_or("nothing", String::as_str).to_owned();
            write!(
                text,
                "{part}:\n--- before\n{}\n--- after\n{}\n",
                shown(self),
                shown(now)
            )
            .ok();
        }
        text
    }
}

/// The machine's processes, as they are called.
fn processes(proc: &Path) -> Result<String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(proc)? {
        let entry = entry?;
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        // One that ends meanwhile is one that a program before left to die.
        let called = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        all.push((id, String::from_utf8_lossy(&called).replace('\0', " ")));
    }
    all.sort();
    Ok(format!("{all:#?}"))
}

/// Every file of the machine's memory, and with it what was written over `/etc`, `/opt` and `/var`: its kind, mode,
/// owner, links, and what is in it. Not what the product keeps there itself.
fn files(place: &Path, called: &str, parts: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(place).with_context(|| format!("read {called}"))? {
        let entry = entry?;
        let path = entry.path();
        let called = format!("{called}/{}", entry.file_name().to_string_lossy());
        if called == "/run/chainsaw" {
            continue;
        }
        let is = fs::symlink_metadata(&path)?;
        let mut text = format!(
            "{:o} {}:{} links={} inode={}",
            is.mode(),
            is.uid(),
            is.gid(),
            is.nlink(),
            is.ino()
        );
        if is.is_dir() {
            files(&path, &called, parts)?;
        } else if is.is_file() && !called.starts_with("/run/netns/") {
            let content = fs::read(&path).unwrap_or_default();
            write!(text, " {}", String::from_utf8_lossy(&content)).ok();
        }
        parts.insert(called, text);
    }
    Ok(())
}

fn names(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        all.push(entry?.file_name().to_string_lossy().into_owned());
    }
    all.retain(|name| wanted(name));
    all.sort();
    Ok(all.join(" "))
}

/// A kernel without modules has no list of them.
fn modules() -> String {
    let loaded = fs::read_to_string("/proc/modules").unwrap_or_default();
    let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let mut all: Vec<String> = loaded.lines().map(name).collect();
    all.retain(|name| MODULES.contains(&name.as_str()));
    all.sort();
    all.join(" ")
}
