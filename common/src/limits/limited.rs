//! A kernel before which every change of a command is told to the journal, and that is asked to make nothing for which
//! there is no room.

use super::{Bounds, Excess, Kind, Made, Making, count, queues};
use crate::ip::by_index;
use crate::kernel::{Answer, Kernel};
use crate::plan::Journal;
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
    ) -> Self {
        Self {
            kernel,
            journal,
            room,
            command,
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
        let mut makings = Vec::new();
        let mut more = Vec::new();
        if let Some(bounds) = self.room.bounds.clone() {
            if queues::sizes(request) {
                self.queues(request, &bounds)?;
            }
            makings = Making::of(request);
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

    /// What commands may have made so far. It is to be put back.
    fn taken(&mut self) -> Made {
        let made = self.room.made.take();
        made.unwrap_or_else(|| self.journal.made())
    }

    /// Whether there is room for the queues that the change makes, or makes longer.
    fn queues(&mut self, request: &Request, bounds: &Bounds) -> Result<(), Stop> {
        let made = self.taken();
        let after = queues::after(request, &made, self.kernel);
        self.room.made = Some(made);
        let limit = bounds.limits.queues;
        match after.map_err(Stop::Untold)? {
            Some(bytes) if bytes > queues::bytes(limit) => Err(Stop::Full(Excess {
                kind: Kind::Queues,
                limit,
                there: Some(queues::mebibytes(bytes)),
                file: bounds.file.clone(),
            })),
            _ => Ok(()),
        }
    }

    fn make_room(
        &mut self,
        request: &Request,
        bounds: &Bounds,
        makings: &mut Vec<Making>,
    ) -> Result<Vec<Making>, Stop> {
        let mut made = self.taken();
        if makings.iter().any(|making| making.moved) && !self.moves_ours(request, &made) {
            makings.clear();
        }
        let room = self.counted(bounds, makings, &mut made);
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
        makings: &[Making],
        made: &mut Made,
    ) -> Result<(), Stop> {
        let Some(kind) = makings.first().and_then(|making| making.thing.kind()) else {
            return Ok(());
        };
        let limit = bounds.limits.of(kind);
        if made.bound(kind).saturating_add(more(makings, made)) <= limit {
            return Ok(());
        }
        count::count(kind, made, self.kernel).map_err(Stop::Untold)?;
        self.journal.counted(made);
        // What is there for certain may be written again, even where the limit was higher then.
        let more = more(makings, made);
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

/// How many more there may be with what a message makes.
fn more(makings: &[Making], made: &Made) -> u32 {
    let is_more = |making: &&Making| !making.moved && (making.another || !made.has(&making.thing));
    u32::try_from(makings.iter().filter(is_more).count()).unwrap_or(u32::MAX)
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
