//! What this attachment asked for, remembered for CHECK, DEL, GC and for the next attachment of the same sandbox.

use std::time::{Duration, Instant};

use chainsaw_common::engine::Value;
use chainsaw_common::limits::{Made, Making};
use chainsaw_common::netns::Namespace;
use chainsaw_common::plan::{Journal, Left, Run};
use chainsaw_common::pod::Entrance;
use chainsaw_common::record::{Entry, Event, Progress, Record, RecordError, Records, Work, hash};
use chainsaw_common::report::{CommandReport, Report};

use crate::environment::Environment;
use crate::error::Error;
use crate::netconf::NetConf;
use crate::source::KEY;

/// How long all commands of an ADD may take. They take microseconds, unless there are a great many things to list or flush.
const TIME: Duration = Duration::from_secs(30);

/// The record of the sandbox, held while ADD works.
#[derive(Debug)]
pub struct Memory {
    record: Record,
    works: Vec<Work>,
    wrong: Option<RecordError>,
    since: Instant,
}

impl Memory {
    /// Opens it and waits until nobody else holds it.
    pub fn open(
        records: &Records,
        environment: &Environment,
        conf: &NetConf<'_>,
        values: &[Value],
        namespace: &Namespace,
    ) -> Result<Self, Error> {
        let mut record = records.open(environment.container()?)?;
        record.is_of(environment.netns()?.as_ref(), Some(namespace.inode()));
        let interface = environment.ifname()?;
        let work = |value: &Value| Work {
            entrance: Entrance::Cni,
            network: conf.name.as_deref().map(str::to_owned),
            interface: interface.to_owned(),
            container: None,
            source: value.source.clone(),
            value: hash(&value.text),
        };
        Ok(Self {
            record,
            works: values.iter().map(work).collect(),
            wrong: None,
            since: Instant::now(),
        })
    }

    /// How far these values came at this attachment before. The commands of all of them are numbered together, and the
    /// last number that any of them has is how far they came.
    pub fn run(&self) -> Run {
        let all = self.works.iter().map(|work| self.record.progress(work));
        all.fold(Run::First, |run, progress| match (run, progress) {
            (run, Progress::New { again: false }) => run,
            (Run::InDoubt(one), Progress::InDoubt { command, .. }) => Run::InDoubt(Left {
                at: one.at.max(command),
                ..one
            }),
            (_, Progress::InDoubt { command, again }) => Run::InDoubt(Left { at: command, again }),
            (run @ Run::InDoubt(_), _) => run,
            _ => Run::Again,
        })
    }

    /// Why it could not be told that a command begins, if that is so.
    pub fn wrong(&mut self) -> Result<(), Error> {
        self.wrong.take().map_or(Ok(()), |wrong| Err(wrong.into()))
    }

    /// Says how all of them ended; nothing of those that stay in doubt.
    pub fn end(&mut self, run: Run, report: &Report, ok: bool) -> Result<(), Error> {
        if ok {
            return self.add(Event::Ok);
        }
        let command = report.commands.iter().position(CommandReport::is_fatal);
        if let Run::InDoubt(left) = run
            && (report.nothing_ran() || command.is_none_or(|command| command <= left.at))
        {
            return Ok(());
        }
        self.add(Event::Failed { command })
    }

    fn add(&mut self, event: Event) -> Result<(), Error> {
        Ok(self.all(event, &[])?)
    }

    /// The same of all works; what is made is noted with the first.
    fn all(&mut self, event: Event, mut makes: &[Making]) -> Result<(), RecordError> {
        for work in &self.works {
            let makes = std::mem::take(&mut makes).to_vec();
            let entry = Entry::new(work.clone(), event);
            self.record.add(Entry { makes, ..entry })?;
        }
        Ok(())
    }

    /// What to say where the plain key ran at another attachment of this sandbox before: that may be why it fails here.
    pub fn hint(&self) -> Option<String> {
        let plain = self.works.iter().find(|work| work.source == KEY)?;
        let earlier = self.record.ran_elsewhere(plain)?;
        let own = format!("{KEY}.{}", plain.interface);
        Some(format!(
            "the same value ran at attachment {earlier} before: give this one its own key, {own}"
        ))
    }
}

impl Journal for Memory {
    fn about_to(&mut self, command: usize, makes: &[Making]) -> Result<(), String> {
        self.all(Event::Begun { command }, makes).map_err(|wrong| {
            let why = wrong.to_string();
            self.wrong = Some(wrong);
            why
        })
    }

    fn goes_on(&self) -> Result<(), String> {
        if self.since.elapsed() < TIME {
            return Ok(());
        }
        let seconds = TIME.as_secs();
        Err(format!(
            "the commands took longer than {seconds} s, which is all the time they have: list or flush less, of one table or device"
        ))
    }

    fn made(&self) -> Made {
        self.record.made().clone()
    }

    fn counted(&mut self, made: &Made) {
        self.record.put_made(made.clone());
    }
}
