//! A plan that gets beyond a limit by itself, whatever is in the sandbox: that is told before anything runs.

use netlink_packet_core::NLM_F_DUMP;

use super::{Bounds, Excess, Kind, Made, Making, queues};
use crate::ip::run::run;
use crate::ip::{Action, Command, Lookup, addr, link, neigh, route, rule};
use crate::kernel::{Answer, Kernel};
use crate::policy::Profile;
use crate::uapi::{ifla, rtm};
use crate::wire::{Attributes, Received, Reply, Request};

/// A command of a plan, its look-ups, and whether a later one runs although it failed.
pub(crate) type Step<'a> = (&'a Command, &'a [Lookup], bool);

/// For each command whether it makes too much, after those before it. Only what is certain counts: nothing of a command
/// whose failure is ignored, and nothing that a command in between may have taken away.
pub(crate) fn beyond<'a>(
    bounds: &Bounds,
    steps: impl ExactSizeIterator<Item = Option<Step<'a>>>,
) -> Vec<Option<Excess>> {
    // Few commands cannot make much: most plans end here.
    let least = Kind::ALL.map(|kind| bounds.limits.of(kind));
    let most = u32::try_from(2 * steps.len()).unwrap_or(u32::MAX);
    let steps: Vec<Option<Step<'a>>> = steps.collect();
    let makes_devices = steps
        .iter()
        .flatten()
        .any(|(command, ..)| is_of_a_new_device(command));
    if least.iter().all(|limit| most <= *limit) && !makes_devices {
        return vec![None; steps.len()];
    }
    let mut made = Made::default();
    let mut rehearsal = Rehearsal::default();
    let beyond = |step: Option<Step<'a>>| one(bounds, step?, &mut rehearsal, &mut made);
    steps.into_iter().map(beyond).collect()
}

/// Whether it makes a device, whose queues may be too many however few devices there are.
fn is_of_a_new_device(command: &Command) -> bool {
    let Action::Link(action) = &command.action else {
        return false;
    };
    matches!(**action, link::Action::Add(_) | link::Action::Replace(_))
}

fn one(
    bounds: &Bounds,
    (command, lookups, ignored): Step<'_>,
    rehearsal: &mut Rehearsal,
    made: &mut Made,
) -> Option<Excess> {
    for kind in taken(&command.action) {
        made.counted(*kind, &Default::default());
        if *kind == Kind::Links {
            rehearsal.queues = 0;
        }
    }
    if ignored || Profile::needed(command) == Profile::Inspect {
        return None;
    }
    rehearsal.makings.clear();
    let before = rehearsal.queues;
    run(command, lookups, rehearsal);
    let mut beyond = None;
    let limit = bounds.limits.queues;
    if rehearsal.queues > before && rehearsal.queues > queues::bytes(limit) {
        beyond = Some(Excess {
            kind: Kind::Queues,
            limit,
            there: None,
            file: bounds.file.clone(),
        });
    }
    for making in rehearsal.makings.iter().filter(|making| !making.moved) {
        let Some(kind) = making.thing.kind() else {
            continue;
        };
        let limit = bounds.limits.of(kind);
        if made.add(making) && made.bound(kind) > limit {
            beyond = Some(Excess {
                kind,
                limit,
                there: None,
                file: bounds.file.clone(),
            });
        }
    }
    beyond
}

/// Of what a command may take something away. A device takes with it what belongs to it.
fn taken(action: &Action) -> &'static [Kind] {
    match action {
        Action::Addr(addr::Action::Show(_)) => &[],
        Action::Addr(addr::Action::Change(addr::Verb::Add, _)) => &[],
        Action::Addr(_) => &[Kind::Addresses, Kind::Routes],
        Action::Link(action) => match &**action {
            link::Action::Show(_) | link::Action::Add(_) => &[],
            _ => &Kind::ALL,
        },
        Action::Neigh(action) => match &**action {
            neigh::Action::Change(neigh::Verb::Del, _) | neigh::Action::Flush(_) => {
                &[Kind::Neighbours]
            }
            _ => &[],
        },
        Action::Route(action) => match &**action {
            route::Action::Change(route::Verb::Del, _) | route::Action::Flush(_) => &[Kind::Routes],
            _ => &[],
        },
        Action::Rule(action) => match &**action {
            rule::Action::Change(rule::Verb::Del, _) | rule::Action::Flush(_) => &[Kind::Rules],
            _ => &[],
        },
    }
}

/// A kernel that has every device that is asked for, and takes every change.
#[derive(Default)]
struct Rehearsal {
    devices: Vec<String>,
    makings: Vec<Making>,
    /// What the queues of the devices that were made take, in bytes.
    queues: u64,
}

impl Kernel for Rehearsal {
    fn exchange(&mut self, request: &Request) -> Answer {
        self.makings.extend(Making::of(request));
        self.queues = self.queues.saturating_add(queues::made(request));
        match request.kind {
            rtm::GETLINK if request.flags & NLM_F_DUMP == 0 => self.device(request),
            _ => Answer::default(),
        }
    }
}

impl Rehearsal {
    fn device(&mut self, request: &Request) -> Answer {
        let asked = Received::behind(&request.body, 16);
        let name = asked.text(ifla::IFNAME).or(asked.text(ifla::ALT_IFNAME));
        let name = name.unwrap_or_default();
        let mut attributes = Attributes::default();
        attributes
            .put_text(ifla::IFNAME, &name)
            .put(ifla::ADDRESS, &[0; 6]);
        let header = [[0; 4], self.index(name).to_ne_bytes(), [0; 4], [0; 4]].concat();
        Answer {
            replies: vec![Reply {
                kind: rtm::NEWLINK,
                body: [header, attributes.bytes()].concat(),
            }],
            ..Answer::default()
        }
    }

    /// One index a name, and `lo` has its own.
    fn index(&mut self, name: String) -> u32 {
        let known = self.devices.iter().position(|known| *known == name);
        let place = known.unwrap_or(self.devices.len());
        if known.is_none() && name != "lo" {
            self.devices.push(name.clone());
        }
        match name.as_str() {
            "lo" => 1,
            _ => u32::try_from(place).unwrap_or(u32::MAX).saturating_add(2),
        }
    }
}
