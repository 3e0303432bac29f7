//! The plan that may run, and how it runs: for the first time, again, or from where it was left.

use std::time::Instant;

use super::full;
use crate::again::Again;
use crate::ip::run::{Output, run};
use crate::ip::{Action, Command, Lookup, device, link, route};
use crate::kernel::Kernel;
use crate::limits::{Bounds, Excess, Limited, Made, Making, Room, Stop};
use crate::modules::{Barred, Gate, Unloadable};
use crate::shared::{self, Fenced, Shared, Switch, Unchanging};

/// A plan that may run. It cannot be made but by [`Draft::approve`](super::Draft::approve).
#[derive(Debug)]
pub struct Approved {
    steps: Vec<Step>,
    bounds: Option<Bounds>,
    gate: Option<Gate>,
}

/// One command of a plan.
#[derive(Debug)]
pub struct Step {
    /// Where it came from.
    pub source: String,
    /// As given.
    pub given: String,
    pub(super) ignore_failure: bool,
    pub(super) lookups: Vec<Lookup>,
    pub(super) command: Command,
    /// Whether it may change shared devices; none where that is not to be asked.
    pub(super) switch: Option<Switch>,
}

/// What became of one command of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Where it came from.
    pub source: String,
    /// As given.
    pub given: String,
    /// The full form.
    pub ran: String,
    /// Whether its failure stops the others.
    pub ignore_failure: bool,
    /// How it ended.
    pub ended: Ended,
}

/// How a command of a plan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It ran: what it printed, and how long it took, in microseconds.
    Ran(Output, u64),
    /// It was left out, because what it wants was already so; it took so many microseconds to see that.
    Unchanged(Output, u64),
    /// An earlier run did it.
    Before,
    /// It may not run, for this reason.
    Stopped(String),
    /// It would make more than the sandbox may hold, so it did not run.
    Full(Excess),
    /// It needs a module that is not loaded and may not be, so nothing of the plan ran.
    Barred(Unloadable),
    /// It would change a device that is shared with other pods and the node, so it did not run.
    Shared(Box<Shared>),
    /// Something before it failed, or bars the whole plan.
    NotRun,
}

/// How a plan runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// As `ip` would run it.
    First,
    /// What is already so is left alone.
    Again,
    /// From a command that failed.
    From(Left),
    /// From a command of which nobody knows whether it ran. It never takes effect twice.
    InDoubt(Left),
}

/// Where a plan was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The number of the command, from 0: those before it are done.
    pub at: usize,
    /// Whether those behind it leave alone what is already so: the same value ran before, for another start.
    pub again: bool,
}

/// Who is told before a command changes something. Nothing changes that could not be told.
pub trait Journal {
    /// The command of this number, from 0, is about to change something, and to make this.
    ///
    /// # Errors
    /// Why it may not.
    fn about_to(&mut self, command: usize, makes: &[Making]) -> Result<(), String>;

    /// Whether there is time to ask the kernel anything more.
    ///
    /// # Errors
    /// Why there is none.
    fn goes_on(&self) -> Result<(), String>;

    /// What commands may have made in this sandbox before.
    fn made(&self) -> Made;

    /// That was counted: this is what there is of it. It has to be kept no sooner than with what is told next.
    fn counted(&mut self, made: &Made);
}

/// Nobody is told.
impl Journal for () {
    fn about_to(&mut self, _: usize, _: &[Making]) -> Result<(), String> {
        Ok(())
    }

    fn goes_on(&self) -> Result<(), String> {
        Ok(())
    }

    fn made(&self) -> Made {
        Made::default()
    }

    fn counted(&mut self, _: &Made) {}
}

impl Approved {
    /// Only a judgement calls this.
    pub(super) fn of(steps: Vec<Step>, bounds: Option<Bounds>, gate: Option<Gate>) -> Self {
        Self {
            steps,
            bounds,
            gate,
        }
    }

    /// For each command what it depends on that only its node can tell.
    #[must_use]
    pub fn depends(&self) -> Vec<Option<String>> {
        let gate = self.gate.clone().unwrap_or_default();
        let shared = |step: &Step| step.switch.as_ref()?.depends(&step.command);
        let depends = |step: &Step| gate.depends(&step.command).or_else(|| shared(step));
        self.steps.iter().map(depends).collect()
    }

    /// Its commands, which can no longer run.
    #[must_use]
    pub fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Asks the kernel for the modules that commands need and may not have loaded; nothing changes. Commands that an earlier
    /// run has done need none.
    ///
    /// # Errors
    /// One of them is not loaded. This is how the plan ended: nothing of it ran.
    pub fn admitted(
        self,
        run: Run,
        journal: &dyn Journal,
        kernel: &mut dyn Kernel,
    ) -> Result<Self, Vec<Done>> {
        let Some(gate) = &self.gate else {
            return Ok(self);
        };
        let before = run.before();
        let commands = self.steps.iter().skip(before).map(|step| &step.command);
        let barred = gate.barred(commands, || journal.goes_on(), kernel);
        if barred.is_empty() {
            return Ok(self);
        }
        let before = (0..before).map(|_| Ended::Before);
        let ended = before.chain(barred.into_iter().map(Ended::barred));
        let done = self.steps.into_iter().zip(ended);
        Err(done.map(|(step, ended)| step.done(ended)).collect())
    }

    /// Judges by the devices that are there now which commands would be kept from one that is shared; nothing changes. What
    /// is about devices that earlier commands would make is left to the run.
    ///
    /// # Errors
    /// One of them would be. This is how the plan would end.
    pub fn rehearsed(self, kernel: &mut dyn Kernel) -> Result<Self, Vec<Done>> {
        let stops: Vec<_> = self
            .steps
            .iter()
            .map(|step| step.rehearsed(kernel))
            .collect();
        if stops.iter().all(Option::is_none) {
            return Ok(self);
        }
        let ended = stops.into_iter().map(|stop| stop.unwrap_or(Ended::NotRun));
        let done = self.steps.into_iter().zip(ended);
        Err(done.map(|(step, ended)| step.done(ended)).collect())
    }

    /// Runs the commands in order, if the modules that they need may be loaded or are. The first failure stops the list,
    /// unless it is one to be ignored.
    pub fn run(self, run: Run, journal: &mut dyn Journal, kernel: &mut dyn Kernel) -> Vec<Done> {
        match self.admitted(run, journal, kernel) {
            Ok(plan) => plan.run_admitted(run, journal, kernel),
            Err(done) => done,
        }
    }

    fn run_admitted(
        self,
        run: Run,
        journal: &mut dyn Journal,
        kernel: &mut dyn Kernel,
    ) -> Vec<Done> {
        let mut room = Room::within(self.bounds);
        let mut stopped = false;
        let mut all = Vec::with_capacity(self.steps.len());
        for (number, step) in self.steps.into_iter().enumerate() {
            let ended = if stopped {
                Ended::NotRun
            } else {
                let mut kernel = Limited::over(kernel, journal, &mut room, number);
                let ended = step.run_fenced(number, run, &mut kernel);
                kernel.into_stop().map_or(ended, Ended::from)
            };
            stopped |= ended.is_failure(step.ignore_failure);
            all.push(step.done(ended));
        }
        all
    }
}

impl Run {
    /// How many commands an earlier run has done.
    fn before(self) -> usize {
        match self {
            Self::From(left) | Self::InDoubt(left) => left.at,
            Self::First | Self::Again => 0,
        }
    }
}

impl Ended {
    fn barred(barred: Option<Barred>) -> Self {
        match barred {
            None => Self::NotRun,
            Some(Barred::Denied(module)) => Self::Barred(module),
            Some(Barred::Unasked(why)) => Self::Stopped(why),
        }
    }

    fn is_failure(&self, ignored: bool) -> bool {
        match self {
            Self::Ran(output, _) => output.exit != 0 && !ignored,
            // Not the command's own failure, so not one to be ignored.
            Self::Stopped(_) | Self::Full(_) | Self::Barred(_) | Self::Shared(_) => true,
            Self::Unchanged(..) | Self::Before | Self::NotRun => false,
        }
    }
}

impl From<Stop> for Ended {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Untold(why) => Self::Stopped(why),
            Stop::Full(excess) => Self::Full(excess),
        }
    }
}

impl From<shared::Stop> for Ended {
    fn from(stop: shared::Stop) -> Self {
        match stop {
            shared::Stop::Untold(why) => Self::Stopped(why),
            shared::Stop::Shared(shared) => Self::Shared(shared),
        }
    }
}

impl Step {
    /// The full form.
    #[must_use]
    pub fn full(&self) -> String {
        full(&self.command)
    }

    fn done(self, ended: Ended) -> Done {
        Done {
            ran: self.full(),
            source: self.source,
            given: self.given,
            ignore_failure: self.ignore_failure,
            ended,
        }
    }

    fn rehearsed(&self, kernel: &mut dyn Kernel) -> Option<Ended> {
        let mut kernel = Unchanging(kernel);
        let mut kernel = Fenced::over(&mut kernel, self.switch.as_ref()?);
        run(&self.command, &self.lookups, &mut kernel);
        kernel.into_stop().map(Ended::from)
    }

    /// Keeps off shared devices what may not change them.
    fn run_fenced(&self, number: usize, run: Run, kernel: &mut dyn Kernel) -> Ended {
        let Some(switch) = &self.switch else {
            return self.run(number, run, kernel);
        };
        let mut kernel = Fenced::over(kernel, switch);
        let ended = self.run(number, run, &mut kernel);
        kernel.into_stop().map_or(ended, Ended::from)
    }

    fn run(&self, number: usize, run: Run, kernel: &mut dyn Kernel) -> Ended {
        let again = match run {
            Run::From(left) | Run::InDoubt(left) if number < left.at => return Ended::Before,
            Run::InDoubt(left) if number == left.at => return self.in_doubt(kernel),
            Run::From(left) | Run::InDoubt(left) => left.again,
            Run::Again => true,
            Run::First => false,
        };
        self.exchange(again, kernel)
    }

    /// Runs a command that may have run: it is left alone if what it wants is so, and stopped where that cannot be told.
    fn in_doubt(&self, kernel: &mut dyn Kernel) -> Ended {
        let clock = Instant::now();
        let unknown = || {
            Ended::Stopped(format!(
                "nobody knows whether it ran before {} was cut off, and the kernel's state cannot tell: it does not run twice",
                self.full()
            ))
        };
        if self.doubles() {
            return unknown();
        }
        if self.is_gone(kernel) {
            return Ended::Unchanged(Output::default(), micros(clock));
        }
        let mut again = Again::cautiously_over(kernel);
        let output = run(&self.command, &self.lookups, &mut again);
        if again.was_stopped() {
            unknown()
        } else if again.was_unchanged() {
            Ended::Unchanged(output, micros(clock))
        } else {
            Ended::Ran(output, micros(clock))
        }
    }

    /// Whether it takes away a device that is not there.
    fn is_gone(&self, kernel: &mut dyn Kernel) -> bool {
        let Action::Link(action) = &self.command.action else {
            return false;
        };
        match &**action {
            link::Action::Del(settings) if !settings.dev.is_empty() => {
                device(&settings.dev, kernel).is_none()
            }
            _ => false,
        }
    }

    fn exchange(&self, again: bool, kernel: &mut dyn Kernel) -> Ended {
        let clock = Instant::now();
        if again && self.is_gone(kernel) {
            return Ended::Unchanged(Output::default(), micros(clock));
        }
        if !again {
            let output = run(&self.command, &self.lookups, kernel);
            return Ended::Ran(output, micros(clock));
        }
        let mut again = Again::over(kernel);
        let output = run(&self.command, &self.lookups, &mut again);
        if again.was_unchanged() {
            Ended::Unchanged(output, micros(clock))
        } else {
            Ended::Ran(output, micros(clock))
        }
    }

    /// Whether the kernel takes it twice, and what it makes then is there twice.
    fn doubles(&self) -> bool {
        match &self.command.action {
            Action::Route(action) => matches!(
                **action,
                route::Action::Change(route::Verb::Append | route::Verb::Prepend, _)
            ),
            // The kernel finds a name for it.
            Action::Link(action) => {
                matches!(&**action, link::Action::Add(settings) if settings.dev.is_empty())
            }
            _ => false,
        }
    }
}

/// Microseconds since `clock`.
pub(crate) fn micros(clock: Instant) -> u64 {
    u64::try_from(clock.elapsed().as_micros()).unwrap_or(u64::MAX)
}
