//! Two network namespaces built alike: the judge works in one, we in the other, and both must end up the same.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::judge::{Judge, net_option};
use crate::process::{Child, Output, Program, wait_until};

/// How long the twins may take to settle: the kernel is late with operational states.
const SETTLE: Duration = Duration::from_secs(3);

/// What [`Twins::judges_state`] reads, each as one command of the judge.
const STATE: [&str; 8] = [
    "-d -j link show",
    "-j addr show",
    "-d -j -4 route show table all",
    "-d -j -6 route show table all",
    "-j -4 rule show",
    "-j -6 rule show",
    "-j neigh show",
    "-j neigh show proxy",
];

/// Keys whose values run with time.
const CLOCKS: [&str; 10] = [
    "hello_timer",
    "tcn_timer",
    "topology_change_timer",
    "gc_timer",
    "mcast_startup_query_interval",
    "used",
    "confirmed",
    "updated",
    "age",
    "probes",
];

/// Keys whose values count down. They are compared to the nearest ten seconds.
const COUNTDOWNS: [&str; 3] = ["valid_life_time", "preferred_life_time", "expires"];

/// The words that make a veth pair of which the kernel chooses nothing by itself: `name` and `name`p get the indices
/// `index` and `index + 1`, MAC addresses made of those, and no IPv6 address of their own. Both ends are up.
pub fn veth(name: &str, index: u8) -> Vec<String> {
    let (peer, next) = (format!("{name}p"), index.wrapping_add(1));
    let mac = |index: u8| format!("02:00:00:00:00:{index:02x}");
    let (mac, next_mac) = (mac(index), mac(next));
    vec![
        format!(
            "link add {name} index {index} address {mac} type veth peer name {peer} index {next} address {next_mac}"
        ),
        format!("link set {name} addrgenmode none"),
        format!("link set {peer} addrgenmode none"),
        format!("link set {name} up"),
        format!("link set {peer} up"),
    ]
}

/// The twins. They vanish when dropped.
pub struct Twins {
    judge: Judge,
    judges: Namespace,
    ours: Namespace,
}

/// A network namespace without a name, held by a process.
struct Namespace {
    holder: Child,
}

impl Twins {
    /// Makes both namespaces, loopback up, and has the judge run each of `topology` in both. Words are split at spaces.
    pub fn new<T: AsRef<str>>(topology: impl IntoIterator<Item = T>) -> Result<Self> {
        let twins = Self {
            judge: Judge::new()?,
            judges: Namespace::new()?,
            ours: Namespace::new()?,
        };
        twins.both("link set lo up")?;
        for command in topology {
            twins.both(command.as_ref())?;
        }
        Ok(twins)
    }

    /// Has the judge run `ip WORDS` in its own twin.
    pub fn judge<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Result<Output> {
        self.judge.run(&self.judges.path(), words)
    }

    /// Runs `program WORDS` in our twin.
    pub fn ours<W: AsRef<str>>(
        &self,
        program: impl Into<PathBuf>,
        words: impl IntoIterator<Item = W>,
    ) -> Result<Output> {
        let words = words.into_iter().map(|word| word.as_ref().to_owned());
        let enter = ["nsenter".into(), net_option(&self.ours.path()), "--".into()];
        Program::new(program.into())
            .args(words)
            .through(enter)
            .run()
    }

    /// Has the judge run `ip WORDS` in our twin: to judge the judge, or to prepare what a test wants different.
    pub fn judge_in_ours<W: AsRef<str>>(
        &self,
        words: impl IntoIterator<Item = W>,
    ) -> Result<Output> {
        self.judge.run(&self.ours.path(), words)
    }

    /// Where our twin is, for programs that take a path.
    pub fn our_netns(&self) -> PathBuf {
        self.ours.path()
    }

    /// The kernel's state in the judge's twin, as comparable text: one object a line, without what runs with time.
    pub fn judges_state(&self) -> Result<String> {
        self.state(&self.judges)
    }

    /// The same of our twin.
    pub fn our_state(&self) -> Result<String> {
        self.state(&self.ours)
    }

    /// What differs between the twins, after they had time to settle; none if they are alike. Lines of the judge's twin
    /// bear a minus, lines of ours a plus.
    pub fn difference(&self) -> Result<Option<String>> {
        let alike = wait_until("the twins to be alike", SETTLE, || {
            Ok(self.judges_state()? == self.our_state()?)
        });
        if alike.is_ok() {
            return Ok(None);
        }
        let (judges, ours) = (self.judges_state()?, self.our_state()?);
        let mut text = String::new();
        for line in judges
            .lines()
            .filter(|line| !ours.lines().any(|l| l == *line))
        {
            writeln!(text, "- {line}")?;
        }
        for line in ours
            .lines()
            .filter(|line| !judges.lines().any(|l| l == *line))
        {
            writeln!(text, "+ {line}")?;
        }
        if text.is_empty() {
            text.push_str("the same lines in another order\n");
        }
        Ok(Some(text))
    }

    fn both(&self, command: &str) -> Result<()> {
        for twin in [&self.judges, &self.ours] {
            self.judge
                .run(&twin.path(), command.split_whitespace())?
                .success(&format!("`ip {command}`"))?;
            if command.ends_with(" up") {
                wait_until("the links to be up", SETTLE, || self.is_settled(twin))?;
            }
        }
        Ok(())
    }

    /// Whether the kernel has told itself of every carrier. It does so late (linkwatch), and makes the device's IPv6 routes
    /// only then: what is made meanwhile would stand before or behind them, by chance.
    fn is_settled(&self, twin: &Namespace) -> Result<bool> {
        let output = self.judge.run(&twin.path(), ["-j", "link", "show", "up"])?;
        let links: Vec<Value> = serde_json::from_str(&output.success("`ip link`")?.stdout)?;
        let has_carrier = |link: &Value| {
            let flags = link["flags"].as_array().into_iter().flatten();
            flags
                .filter_map(Value::as_str)
                .any(|flag| flag == "LOWER_UP")
        };
        let is_told = |link: &Value| matches!(link["operstate"].as_str(), Some("UP" | "UNKNOWN"));
        Ok(links.iter().filter(|link| has_carrier(link)).all(is_told))
    }

    fn state(&self, twin: &Namespace) -> Result<String> {
        let mut text = String::new();
        for command in STATE {
            let output = self.judge.run(&twin.path(), command.split_whitespace())?;
            let output = output.success(&format!("`ip {command}`"))?.stdout;
            writeln!(text, "# ip {command}")?;
            for object in objects(&output, command.contains("neigh"))
                .with_context(|| format!("ip {command}"))?
            {
                writeln!(text, "{object}")?;
            }
        }
        Ok(text)
    }
}

impl Namespace {
    fn new() -> Result<Self> {
        let (holder, _) = Program::new("unshare")
            .args(["--net", "sh", "-c", "echo ready; exec cat"])
            .hold()
            .context("make a network namespace")?;
        Ok(Self { holder })
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/net", self.holder.pid()))
    }
}

/// The objects of a JSON listing, one a line. The kernel lists neighbours in the order of a hash: those are `sorted`.
fn objects(json: &str, sorted: bool) -> Result<Vec<String>> {
    if json.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut list: Vec<Value> = serde_json::from_str(json)?;
    list.iter_mut().for_each(still);
    let mut lines: Vec<_> = list.iter().map(Value::to_string).collect();
    if sorted {
        lines.sort();
    }
    Ok(lines)
}

/// Takes time out of a value.
fn still(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(still),
        Value::Object(fields) => {
            fields.retain(|key, _| !CLOCKS.contains(&key.as_str()));
            for (key, field) in fields {
                match field
                    .as_u64()
                    .filter(|_| COUNTDOWNS.contains(&key.as_str()))
                {
                    Some(seconds) if seconds != u64::from(u32::MAX) => {
                        *field = ((seconds + 5) / 10 * 10).into()
                    }
                    _ => still(field),
                }
            }
        }
        _ => {}
    }
}
