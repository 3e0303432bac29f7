//! A kernel before which every change of a command is told to the journal, and that is asked to make nothing for which
//! there is no room.

use super::{Bounds, Excess, Kind, Made, Making, count, facts, on_link};
use crate::ip::by_index;
use crate::kernel::{Answer, Kernel};
use crate::plan::Journal;
use crate::policy::Condition;
use crate::uapi::{ifla, rtm};
use crate::wire::{Received, Request, u32_of};

/// `EEXIST`: there is such a thing.
const EXISTS: i32 = 17;

/// Why a command may not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It could not be told or counted, or there is no time left.
    Untold(String),
    /// There is no room for what it makes.
    Full(Excess),
    /// The routes that there are deny it.
    Denied(Box<Condition>),
}

/// How much room there is for what a plan makes.
#[derive(Debug)]
pub(crate) struct Room {
    bounds: Option<Bounds>,
    /// Not read from the journal until something is made.
    made: Option<Made>,
}

/// A kernel as one command of a plan sees it.
pub(crate) struct Limited<'k> {
    kernel: &'k mut dyn Kernel,
    journal: &'k mut dyn Journal,
    room: &'k mut Room,
    command: usize,
    conditions: &'k [Condition],
    told: bool,
    stop: Option<Stop>,
}

impl Room {
    /// Within bounds, if there are any.
    pub(crate) fn within(bounds: Option<Bounds>) -> Self {
        Self { bounds, made: None }
    }
}

impl<'k> Limited<'k> {
    /// Over another kernel, for the command of this number, from 0.
    pub(crate) fn over(
        kernel: &'k mut dyn Kernel,
        journal: &'k mut dyn Journal,
        room: &'k mut Room,
        command: usize,
        conditions: &'k [Condition],
    ) -> Self {
        Self {
            kernel,
            journal,
            room,
            command,
            conditions,
            told: false,
            stop: None,
        }
    }

    /// Why the command was kept from a change, if it was.
    pub(crate) fn into_stop(self) -> Option<Stop> {
        self.stop
    }

    /// What the change may make more of than there was. It is told before.
    fn admit(&mut self, request: &Request) -> Result<Vec<Making>, Stop> {
        if let Some(denied) = facts::denied(self.conditions, request, self.kernel)? {
            return Err(Stop::Denied(Box::new(denied)));
        }
        let mut makings = Vec::new();
        let mut more = Vec::new();
        if let Some(bounds) = self.room.bounds.clone() {
            makings = Making::of(request);
            makings.extend(on_link::in_spite_of_a_gateway(request, self.kernel));
            if !makings.is_empty() {
                more = self.make_room(request, &bounds, &mut makings)?;
            }
        }
        if !self.told || !makings.is_empty() {
            let told = self.journal.about_to(self.command, &makings);
            told.map_err(Stop::Untold)?;
            self.told = true;
        }
        Ok(more)
    }

    fn make_room(
        &mut self,
        request: &Request,
        bounds: &Bounds,
        makings: &mut Vec<Making>,
    ) -> Result<Vec<Making>, Stop> {
        let mut made = match self.room.made.take() {
            Some(made) => made,
            None => self.journal.made(),
        };
        if makings.iter().any(|making| making.moved) && !self.moves_ours(request, &made) {
            makings.clear();
        }
        let mut room = Ok(());
        for kind in Kind::ALL {
            let is_made = makings.iter().any(|one| one.thing.kind() == Some(kind));
            if room.is_ok() && is_made {
                room = self.counted(bounds, kind, makings, &mut made);
            }
        }
        let more = match room {
            Ok(()) => makings
                .iter()
                .filter(|making| made.add(making))
                .cloned()
                .collect(),
            Err(_) => Vec::new(),
        };
        self.room.made = Some(made);
        room.map(|()| more)
    }

    /// Counts what is there, if what is made could get beyond the limit of its kind.
    fn counted(
        &mut self,
        bounds: &Bounds,
        kind: Kind,
        makings: &mut Vec<Making>,
        made: &mut Made,
    ) -> Result<(), Stop> {
        let limit = bounds.limits.of(kind);
        if made.bound(kind).saturating_add(more(kind, makings, made)) <= limit {
            return Ok(());
        }
        let counted = match kind {
            Kind::OnLink => on_link::count(made, makings, self.kernel),
            _ => count::count(kind, made, self.kernel),
        };
        counted.map_err(Stop::Untold)?;
        self.journal.counted(made);
        // What is there for certain may be written again, even where the limit was higher then.
        let more = more(kind, makings, made);
        if more == 0 || made.bound(kind).saturating_add(more) <= limit {
            return Ok(());
        }
        Err(Stop::Full(Excess {
            kind,
            limit,
            there: Some(made.bound(kind)),
            file: bounds.file.clone(),
        }))
    }

    /// Whether the device that gets another name is one that commands made. Of a group that is not asked.
    fn moves_ours(&mut self, request: &Request, made: &Made) -> bool {
        let index = request.body.get(4..).and_then(u32_of).unwrap_or(0);
        if index == 0 {
            return true;
        }
        let answer = self.kernel.exchange(&by_index(index, false));
        let Some(reply) = answer.replies.first() else {
            return true;
        };
        let name = Received::behind(&reply.body, 16).text(ifla::IFNAME);
        let name = name.unwrap_or_default();
        made.of(Kind::Links).any(|(thing, _)| thing.is_named(&name))
    }

    /// What the kernel refused because its like is there was not made.
    fn learn(&mut self, more: &[Making], answer: &Answer) {
        let there = answer.refusal.as_ref().map(|refusal| refusal.errno);
        let Some(made) = self.room.made.as_mut() else {
            return;
        };
        if there == Some(EXISTS) && !more.is_empty() {
            more.iter().for_each(|making| made.undo(making));
            self.journal.counted(made);
        }
    }
}

/// How many more of a kind there may be with what a message makes.
fn more(kind: Kind, makings: &[Making], made: &Made) -> u32 {
    let is_more = |making: &&Making| !making.moved && (making.another || !made.has(&making.thing));
    let of_kind = makings
        .iter()
        .filter(|making| making.thing.kind() == Some(kind));
    let weights = of_kind.filter(is_more).map(|making| making.thing.weight());
    weights.fold(0, u32::saturating_add)
}

impl Kernel for Limited<'_> {
    fn exchange(&mut self, request: &Request) -> Answer {
        let goes_on = self.journal.goes_on().map_err(Stop::Untold);
        let admitted = goes_on.and_then(|()| match rtm::is_change(request.kind) {
            true => self.admit(request),
            false => Ok(Vec::new()),
        });
        match admitted {
            Ok(more) => {
                let answer = self.kernel.exchange(request);
                self.learn(&more, &answer);
                answer
            }
            Err(stop) => {
                self.stop.get_or_insert(stop);
                Answer::default()
            }
        }
    }
}
