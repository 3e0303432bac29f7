//! Random sequences of commands, with a model of the state that they make: some fit it, some conflict with it, some are
//! misspelt. The same seed gives the same sequence.
//!
//! What the kernel decides by chance or by the clock is left out: each device has an index and a link-layer address, IPv6
//! addresses are `nodad`, neighbours permanent, and no bridge is up (its timers would run).

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use chainsaw_guest::Compared;
use fastrand::Rng;

use crate::guest::Guest;
use crate::twins::{Twins, different, veth};

mod addresses;
mod links;
mod misspelt;
mod policy;
mod routes;
mod shows;

/// How many of a hundred commands conflict with the state on purpose, and how many are misspelt.
const CONFLICTS: u8 = 25;
const MISSPELT: u8 = 15;

/// After how many commands the kernel's state is compared.
const LOOKS: usize = 10;

/// Has the judge and us run so many commands of a sequence, in namespaces of their own. It is an error if a byte, a status or
/// the kernel's state differs; it has the commands that led to it. Gives the kinds of device that were there at a look.
pub fn judge(guest: &Guest, seed: u64, commands: usize) -> Result<BTreeSet<String>> {
    let twins = Twins::on(guest, veth("eth0", 10))?;
    twins.no_addresses_of_their_own()?;
    let mut sequence = Sequence::of(seed);
    let mut ran = Vec::new();
    let mut differences = Vec::new();
    let mut kinds = BTreeSet::new();
    for number in 1..=commands {
        let words = sequence.command();
        ran.push(format!("ip {}", words.join(" ")));
        if let Some(compared) = twins
            .compare(&words)?
            .filter(|compared| !is_meant(compared))
        {
            differences.push(different(&words, &compared).to_string());
        }
        twins.settle()?;
        let looks = number % LOOKS == 0 || number == commands;
        if let Some(error) = looks.then(|| twins.same_state().err()).flatten() {
            differences.push(error.to_string());
            break;
        }
        if looks {
            kinds.extend(twins.kinds()?);
        }
    }
    ensure!(
        differences.is_empty(),
        "seed {seed} on {}: {}\nafter\n{}",
        guest.release(),
        differences.join("\n"),
        ran.join("\n")
    );
    Ok(kinds)
}

/// Whether a difference is one that README lists: the help texts are our own, and what the dialect does not speak is refused.
fn is_meant(compared: &Compared) -> bool {
    const REFUSED: [&str; 2] = [
        "is known to iproute2 and not to this dialect",
        "is not a kind of device that can be made here",
    ];
    let Compared { judges, ours, .. } = compared;
    let helps = format!("{}{}", judges.stdout, judges.stderr).contains("Usage: ");
    let refuses = REFUSED.iter().any(|text| ours.stderr.contains(text));
    (helps && judges.status == ours.status) || (refuses && judges.status != 0)
}

/// A device of the model.
#[derive(Clone, Debug)]
struct Device {
    name: String,
    kind: &'static str,
    /// The device under it, or the other end.
    lower: Option<String>,
}

/// A sequence of commands, without an end.
pub struct Sequence {
    random: Rng,
    devices: Vec<Device>,
    /// How many devices were made; each gets the next index.
    made: u8,
    /// What was added, by the words after `add`, so that it can be added again, changed and deleted.
    addresses: Vec<String>,
    routes: Vec<String>,
    rules: Vec<String>,
    neighbours: Vec<String>,
}

impl Sequence {
    /// The sequence of a seed. It begins with the pair `eth0` and `eth0p`, which is up.
    pub fn of(seed: u64) -> Self {
        let end = |name: &str, other: &str| Device {
            name: name.to_owned(),
            kind: "veth",
            lower: Some(other.to_owned()),
        };
        Self {
            random: Rng::with_seed(seed),
            devices: vec![end("eth0", "eth0p"), end("eth0p", "eth0")],
            made: 0,
            addresses: Vec::new(),
            routes: Vec::new(),
            rules: Vec::new(),
            neighbours: Vec::new(),
        }
    }

    /// The next command: the words that follow `ip`.
    pub fn command(&mut self) -> Vec<String> {
        let line = match self.random.u8(..10) {
            0..3 => self.link(),
            3 => self.address(),
            4..6 => self.route(),
            6 => self.rule(),
            7 => self.neighbour(),
            _ => self.show(),
        };
        let words = line.split_whitespace().map(str::to_owned).collect();
        if self.random.u8(..100) < MISSPELT {
            self.misspell(words)
        } else {
            words
        }
    }

    /// Whether this one is to conflict with the state.
    fn conflicts(&mut self) -> bool {
        self.random.u8(..100) < CONFLICTS
    }

    /// Whether something that is there so often is there this time.
    fn in_ten(&mut self, times: u8) -> bool {
        self.random.u8(..10) < times
    }

    fn one<'w>(&mut self, words: &[&'w str]) -> &'w str {
        self.random.choice(words).copied().unwrap_or_default()
    }

    /// The name of a device; of one that is not there, or is wrong, if it is to conflict.
    fn device(&mut self) -> String {
        if self.in_ten(1) && self.conflicts() {
            return self.one(&["nosuch", "lo", "d9"]).to_owned();
        }
        let devices = self.devices.len();
        let at = self.random.usize(..devices.max(1));
        self.devices
            .get(at)
            .map_or_else(|| "eth0".to_owned(), |device| device.name.clone())
    }

    /// One of what was added, to be deleted or changed; it is forgotten if it is to be gone.
    fn added(random: &mut Rng, list: &mut Vec<String>, gone: bool) -> Option<String> {
        if list.is_empty() {
            return None;
        }
        let at = random.usize(..list.len());
        if gone {
            Some(list.swap_remove(at))
        } else {
            list.get(at).cloned()
        }
    }
}
