//! Network namespaces built alike: the judge works in one, we in another, and both must end up the same. In a third, the
//! control, the judge does the same again: what it does not repeat shows nothing.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, ensure};
use chainsaw_guest::Compared;
use serde_json::Value;

use crate::guest::{Guest, Netns};
use crate::process::{Output, wait_until};

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

/// Keys whose values run with time, or are the kernel's to choose.
const CLOCKS: [&str; 11] = [
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
    "permaddr",
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

/// The twins, and the control. They vanish when dropped.
pub struct Twins {
    guest: Guest,
    judges: Netns,
    control: Netns,
    ours: Netns,
}

impl Twins {
    /// Makes them on this machine's kernel, loopback up, and has the judge run each of `topology` in all. Words are split
    /// at spaces.
    pub fn new<T: AsRef<str>>(topology: impl IntoIterator<Item = T>) -> Result<Self> {
        Self::on(&Guest::here()?, topology)
    }

    /// The same in a guest.
    pub fn on<T: AsRef<str>>(guest: &Guest, topology: impl IntoIterator<Item = T>) -> Result<Self> {
        let twins = Self {
            guest: guest.clone(),
            judges: guest.netns()?,
            control: guest.netns()?,
            ours: guest.netns()?,
        };
        twins.prepare("link set lo up")?;
        for command in topology {
            twins.prepare(command.as_ref())?;
        }
        Ok(twins)
    }

    /// Has the judge run a command in all of them, and waits until devices that it sets up are up.
    pub fn prepare(&self, command: &str) -> Result<()> {
        for twin in [&self.judges, &self.control, &self.ours] {
            twin.judge(command.split_whitespace())?
                .success(&format!("`ip {command}`"))?;
            if command.ends_with(" up") {
                wait_until("the links to be up", SETTLE, || is_settled(twin))?;
            }
        }
        Ok(())
    }

    /// Devices that are made from now on give themselves no IPv6 address.
    pub fn no_addresses_of_their_own(&self) -> Result<()> {
        const SCRIPT: &str = "echo 1 >/proc/sys/net/ipv6/conf/default/addr_gen_mode";
        for twin in [&self.judges, &self.control, &self.ours] {
            twin.run(["/bin/sh", "-c", SCRIPT])?.success(SCRIPT)?;
        }
        Ok(())
    }

    /// Waits until the kernel has told itself of every carrier, in all of them. One that it never tells is no error here: it
    /// is a difference, or it is not.
    pub fn settle(&self) -> Result<()> {
        let mut states = Vec::new();
        wait_until("the links to settle", SETTLE, || {
            states.clear();
            let mut settled = true;
            for twin in [&self.judges, &self.control, &self.ours] {
                let output = twin.judge(["-br", "link"])?.stdout;
                settled &= is_settled(twin)?;
                states.push(output);
            }
            Ok(settled && states.iter().min() == states.iter().max())
        })
        .ok();
        Ok(())
    }

    /// The kinds of the devices that there are.
    pub fn kinds(&self) -> Result<BTreeSet<String>> {
        let output = self.judges.judge(["-j", "-d", "link", "show"])?;
        let links: Vec<Value> = serde_json::from_str(&output.success("`ip link`")?.stdout)?;
        let kind = |link: &Value| Some(link.pointer("/linkinfo/info_kind")?.as_str()?.to_owned());
        Ok(links.iter().filter_map(kind).collect())
    }

    /// Runs `ip WORDS` in each, by the judge and by us. Nothing if every byte and the exit status are alike.
    pub fn compare<W: AsRef<str>>(&self, words: &[W]) -> Result<Option<Compared>> {
        let twins = [&self.judges, &self.control, &self.ours];
        self.guest.compare(twins, words)
    }

    /// The same; a difference is an error.
    pub fn alike<W: AsRef<str>>(&self, words: &[W]) -> Result<()> {
        self.compare(words)?
            .map_or(Ok(()), |compared| Err(different(words, &compared)))
    }

    /// The same of a listing, all of them in our twin.
    pub fn listed_alike<W: AsRef<str>>(&self, words: &[W]) -> Result<()> {
        let compared = self.guest.compare([&self.ours; 3], words)?;
        compared.map_or(Ok(()), |compared| Err(different(words, &compared)))
    }

    /// Runs `ip WORDS` in our twin, by us. It is an error if it is not refused by name.
    pub fn refused<W: AsRef<str>>(&self, words: &[W]) -> Result<()> {
        let words = ["ip"].into_iter().chain(words.iter().map(AsRef::as_ref));
        let words: Vec<&str> = words.collect();
        let output = self.ours(self.guest.chainsaw(), &words)?;
        let by_name = [
            "is not available here: ",
            "is known to iproute2 and not to this dialect.",
        ];
        let refused = by_name.iter().any(|text| output.stderr.contains(text));
        ensure!(
            refused && output.status == 255 && output.stdout.is_empty(),
            "{} is not refused: {output:#?}",
            words.join(" ")
        );
        Ok(())
    }

    /// Has the judge run `ip WORDS` in its own twin.
    pub fn judge<W: AsRef<str>>(&self, words: impl IntoIterator<Item = W>) -> Result<Output> {
        self.judges.judge(words)
    }

    /// Runs `program WORDS` in our twin.
    pub fn ours<W: AsRef<str>>(
        &self,
        program: impl AsRef<Path>,
        words: impl IntoIterator<Item = W>,
    ) -> Result<Output> {
        let program = program.as_ref().to_string_lossy().into_owned();
        let words = words.into_iter().map(|word| word.as_ref().to_owned());
        self.ours.run([program].into_iter().chain(words))
    }

    /// Has the judge run `ip WORDS` in our twin, to prepare what a test wants different.
    pub fn judge_in_ours<W: AsRef<str>>(
        &self,
        words: impl IntoIterator<Item = W>,
    ) -> Result<Output> {
        self.ours.judge(words)
    }

    /// Where our twin is, for programs that take a path.
    pub fn our_netns(&self) -> PathBuf {
        self.ours.path().to_owned()
    }

    /// The kernel's state in the judge's twin, as comparable text: one object a line, without what runs with time.
    pub fn judges_state(&self) -> Result<String> {
        state(&self.judges)
    }

    /// The same of our twin.
    pub fn our_state(&self) -> Result<String> {
        state(&self.ours)
    }

    /// It is an error if the kernel's state differs between any of them, after they had time to settle.
    pub fn same_state(&self) -> Result<()> {
        for (twin, whose) in [(&self.control, "the control's"), (&self.ours, "ours")] {
            let difference = difference(&self.judges, twin)?;
            ensure!(
                difference.is_none(),
                "the kernel's state differs, the judge's (-) and {whose} (+):\n{}",
                difference.unwrap_or_default()
            );
        }
        Ok(())
    }

    /// Whether the kernel is in the same state where the judge has run, and where it has run again.
    pub fn judge_agrees(&self) -> Result<bool> {
        Ok(difference(&self.judges, &self.control)?.is_none())
    }

    /// What differs between the twins, after they had time to settle; none if they are alike. Lines of the judge's twin
    /// bear a minus, lines of ours a plus.
    pub fn difference(&self) -> Result<Option<String>> {
        difference(&self.judges, &self.ours)
    }
}

/// What differs, for people.
pub(crate) fn different<W: AsRef<str>>(words: &[W], compared: &Compared) -> Error {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    let line = words.join(" ");
    let Compared {
        judges,
        control,
        ours,
    } = compared;
    if judges == control {
        anyhow!("ip {line}\njudge: {judges:#?}\nours: {ours:#?}")
    } else {
        anyhow!("ip {line}\nthe judge does not agree with itself: {judges:#?}\n{control:#?}")
    }
}

fn difference(one: &Netns, other: &Netns) -> Result<Option<String>> {
    let alike = wait_until("the twins to be alike", SETTLE, || {
        Ok(state(one)? == state(other)?)
    });
    if alike.is_ok() {
        return Ok(None);
    }
    let (one, other) = (state(one)?, state(other)?);
    let mut text = String::new();
    for (mark, these, those) in [('-', &one, &other), ('+', &other, &one)] {
        let only = these
            .lines()
            .filter(|line| !those.lines().any(|that| that == *line));
        for line in only {
            writeln!(text, "{mark} {line}")?;
        }
    }
    if text.is_empty() {
        text.push_str("the same lines in another order\n");
    }
    Ok(Some(text))
}

/// Whether the kernel has told itself of every carrier. It does so late (linkwatch), and makes the device's IPv6 routes
/// only then: what is made meanwhile would stand before or after them, by chance.
fn is_settled(twin: &Netns) -> Result<bool> {
    let output = twin.judge(["-j", "link", "show", "up"])?;
    let links: Vec<Value> = serde_json::from_str(&output.success("`ip link`")?.stdout)?;
    let has_carrier = |link: &Value| {
        let flags = link["flags"].as_array().into_iter().flatten();
        flags
            .filter_map(Value::as_str)
            .any(|flag| flag == "LOWER_UP")
    };
    let is_up = |link: &Value| matches!(link["operstate"].as_str(), Some("UP" | "UNKNOWN"));
    Ok(links.iter().filter(|link| has_carrier(link)).all(is_up))
}

fn state(twin: &Netns) -> Result<String> {
    let mut text = String::new();
    for command in STATE {
        let output = twin.judge(command.split_whitespace())?;
        let output = output.success(&format!("`ip {command}`"))?.stdout;
        writeln!(text, "# ip {command}")?;
        for object in
            objects(&output, command.contains("neigh")).with_context(|| format!("ip {command}"))?
        {
            writeln!(text, "{object}")?;
        }
    }
    Ok(text)
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
