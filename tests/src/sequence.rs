//! Random sequences of commands, with a model of the state that they make: some fit it, some conflict with it, some are
//! misspelt. The same seed gives the same sequence.
//!
//! What the kernel decides by chance or by the clock is left out: each device has an index and a link-layer address, IPv6
//! addresses are `nodad`, neighbours permanent, and no bridge is up (its timers would run).

use std::collections::BTreeSet;

use anyhow::{Context, Result};
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

/// How a sequence went without a difference between the judge and us.
#[derive(Debug, Default)]
pub struct Judged {
    /// How many commands were compared.
    pub commands: usize,
    /// The kinds of device that were there at a look.
    pub kinds: BTreeSet<String>,
}

/// Has the judge and us run so many commands of a sequence, in namespaces of their own. It is an error if a byte, a status or
/// the kernel's state differs; it has the commands that led to it.
///
/// A sequence ends early where nothing is to be learnt any more: the judge does not agree with itself, since the kernel has
/// chosen by chance, or has done what is refused here on purpose.
pub fn judge(guest: &Guest, seed: u64, commands: usize) -> Result<Judged> {
    let twins = Twins::on(guest, veth("eth0", 10))?;
    twins.no_addresses_of_their_own()?;
    let mut sequence = Sequence::of(seed);
    let mut ran = Vec::new();
    let mut judged = Judged::default();
    let after = |ran: &[String]| {
        format!(
            "seed {seed} on {}, after\n{}",
            guest.release(),
            ran.join("\n")
        )
    };
    for number in 1..=commands {
        let words = sequence.command();
        ran.push(format!("ip {}", words.join(" ")));
        match twins.compare(&words)? {
            Some(compared) if compared.judges != compared.control => break,
            Some(compared) if is_meant(&compared) && compared.judges.status == 0 => break,
            Some(compared) if is_meant(&compared) => {}
            Some(compared) => return Err(different(&words, &compared).context(after(&ran))),
            None => {}
        }
        judged.commands += 1;
        twins.settle()?;
        if number % LOOKS == 0 || number == commands {
            if !twins.judge_agrees()? {
                break;
            }
            twins.same_state().with_context(|| after(&ran))?;
            judged.kinds.extend(twins.kinds()?);
        }
    }
    Ok(judged)
}

/// Whether a difference is one that README lists: the help texts are our own, and what the dialect does not speak is refused.
fn is_meant(compared: &Compared) -> bool {
    const REFUSED: [&str; 3] = [
        "is known to iproute2 and not to this dialect",
        "is not a kind of device that can be made here",
        "is not available here",
    ];
    let Compared { judges, ours, .. } = compared;
    let helps = format!("{}{}", judges.stdout, judges.stderr).contains("Usage: ");
    let refuses = REFUSED.iter().any(|text| ours.stderr.contains(text));
    (helps && judges.status == ours.status) || refuses
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
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        // One without a device is left in every namespace of the kernel, those of the next sequences too.
        let is_proxy = words.iter().any(|word| word == "proxy");
        if self.random.u8(..100) < MISSPELT && !is_proxy {
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
