//! The corpus: files of commands, one a line, that the judge and we run in turn; what one changes the next ones see.
//!
//! Blank lines and comments (`#`) are left out. What stands before a line's first word says who runs it where:
//!
//! * `!` — the judge alone, in every namespace: it makes what the dialect does not;
//! * `=` — the judge and we, one after the other in our namespace: a listing of what a kernel chooses by chance;
//! * `~` — we alone: it is refused by name.
//!
//! Comments before the first command say on which kernels a file runs beside 6.12 (`# kernels: 6.1 newest`), and which
//! modules it needs that are loaded for no other (`# modules: ipip sit`).

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use chainsaw_common::words;

use crate::guest::{Gone, Guest};
use crate::twins::{Twins, veth};

/// What every file finds, beside `lo`, the pair `eth0` and `eth0p`, and the bridge `br0`.
const TOPOLOGY: [&str; 14] = [
    "link add br0 index 242 address 02:00:00:00:00:0c type bridge",
    "link set br0 addrgenmode none",
    "address add 192.0.2.10/24 brd + dev eth0",
    "address add 192.0.2.11/24 dev eth0",
    "address add 10.1.1.1 peer 10.1.1.2/32 dev eth0p label eth0p:x",
    "address add 2001:db8::10/64 dev eth0 nodad",
    "route add default via 192.0.2.1",
    "route add default via 2001:db8::1",
    "route add 198.51.100.0/24 via 192.0.2.2 mtu lock 1400 advmss 1300 metric 7 proto static",
    "route add 198.51.101.0/24 nexthop via 192.0.2.2 weight 3 nexthop via 192.0.2.3 dev eth0",
    "route add blackhole 203.0.113.0/24 table 100",
    "route add 203.0.113.0/24 dev eth0 tos 0x10 src 192.0.2.11",
    "route add 203.0.114.0/24 via inet6 2001:db8::5 dev eth0",
    "route add unreachable 2001:db8:9::/48",
];

/// A file of the corpus.
pub struct Corpus {
    name: String,
    text: String,
}

/// A line of a file.
enum Line<'t> {
    /// The judge's alone.
    Prepare(&'t str),
    /// Everybody's.
    Compare(Vec<String>),
    /// The judge's and ours, in one namespace.
    List(Vec<String>),
    /// Ours alone, to be refused.
    Refuse(Vec<String>),
}

impl Corpus {
    /// The file of this name below `tests/corpus`.
    pub fn read(name: &str) -> Result<Self> {
        let path = folder().join(name);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(Self {
            name: name.to_owned(),
            text,
        })
    }

    /// The names of all files in a folder below `tests/corpus`, in order; `.` is that itself.
    pub fn names(within: &str) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder().join(within))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let path = Path::new(within).join(entry.file_name());
                names.push(path.display().to_string());
            }
        }
        names.sort();
        Ok(names)
    }

    /// What it has for us to run, without `ip`.
    pub fn forms(&self) -> Result<Vec<Vec<String>>> {
        let forms = self.lines().filter_map(|line| match line {
            Ok(Line::Prepare(_)) => None,
            Ok(Line::Compare(words) | Line::List(words) | Line::Refuse(words)) => Some(Ok(words)),
            Err(error) => Some(Err(error)),
        });
        forms.collect()
    }

    /// Whether it runs on a kernel, by the word that comments have for it. On 6.12 all files do.
    pub fn runs_on(&self, kernel: &str) -> bool {
        self.remarks("kernels:").any(|word| word == kernel)
    }

    /// The modules that are loaded for it and for no other file.
    pub fn modules(&self) -> Vec<&str> {
        self.remarks("modules:").collect()
    }

    fn remarks<'a>(&'a self, about: &'a str) -> impl Iterator<Item = &'a str> {
        let comments = self.text.lines().map_while(|line| line.strip_prefix('#'));
        comments
            .filter_map(move |line| line.trim().strip_prefix(about))
            .flat_map(str::split_whitespace)
    }

    /// Runs all of it in namespaces of its own. It is an error if a byte, a status, or in the end the kernel's state differs.
    pub fn judge(&self, guest: &Guest) -> Result<()> {
        let topology = veth("eth0", 240)
            .into_iter()
            .chain(TOPOLOGY.map(str::to_owned));
        let twins = Twins::on(guest, topology)?;
        let mut differences = Vec::new();
        for line in self.lines() {
            let alike = match line? {
                Line::Prepare(command) => twins.prepare(command),
                Line::Compare(words) => twins.alike(&words),
                Line::List(words) => twins.listed_alike(&words),
                Line::Refuse(words) => twins.refused(&words),
            };
            match alike {
                Err(error) if error.is::<Gone>() => {
                    return Err(error.context(self.name.clone()));
                }
                alike => differences.extend(alike.err().map(|error| error.to_string())),
            }
        }
        differences.extend(twins.same_state().err().map(|error| error.to_string()));
        ensure!(
            differences.is_empty(),
            "{} on {}: {} differences\n{}",
            self.name,
            guest.release(),
            differences.len(),
            differences.join("\n")
        );
        Ok(())
    }

    fn lines(&self) -> impl Iterator<Item = Result<Line<'_>>> {
        let lines = self.text.lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| match line.split_at_checked(1) {
                Some(("!", command)) => Ok(Line::Prepare(command)),
                Some(("=", command)) => split(command).map(Line::List),
                Some(("~", command)) => split(command).map(Line::Refuse),
                _ => split(line).map(Line::Compare),
            })
    }
}

fn split(line: &str) -> Result<Vec<String>> {
    let words = words::split(line).with_context(|| line.to_owned())?;
    Ok(words.into_iter().map(|word| word.text).collect())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}
