//! What this attachment asked for, remembered for CHECK, DEL, GC and for the next attachment of the same sandbox.

use chainsaw_common::engine::Value;
use chainsaw_common::plan::{Journal, Left, Run};
use chainsaw_common::pod::Entrance;
use chainsaw_common::record::{Entry, Event, Progress, Record, Records, Work, hash};
use chainsaw_common::report::{CommandReport, Report};

use crate::error::Error;
use crate::netconf::NetConf;
use crate::plugin::Environment;
use crate::source::KEY;

/// The record of the sandbox, held while ADD works.
#[derive(Debug)]
pub struct Memory {
    record: Record,
    works: Vec<Work>,
}

impl Memory {
    /// Opens it and waits until nobody else holds it.
    pub fn open(
        records: &Records,
        environment: &Environment,
        conf: &NetConf<'_>,
        values: &[Value],
    ) -> Result<Self, Error> {
        let mut record = records.open(environment.container()?)?;
        record.is_of(environment.netns()?.as_ref());
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

    /// Says before the first command that all of them begin. What is in doubt stays so.
    pub fn begin(&mut self, run: Run) -> Result<(), Error> {
        match run {
            Run::InDoubt(_) => Ok(()),
            _ => self.add(Event::Begun { command: 0 }),
        }
    }

    /// Says how all of them ended; nothing of those that stay in doubt.
    pub fn end(&mut self, run: Run, report: &Report, ok: bool) -> Result<(), Error> {
        if ok {
            return self.add(Event::Ok);
        }
        let command = report.commands.iter().position(CommandReport::is_fatal);
        if let Run::InDoubt(left) = run
            && command.is_none_or(|command| command <= left.at)
        {
            return Ok(());
        }
        self.add(Event::Failed { command })
    }

    fn add(&mut self, event: Event) -> Result<(), Error> {
        for work in &self.works {
            self.record.add(Entry::new(work.clone(), event))?;
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
    fn about_to(&mut self, command: usize) -> Result<(), String> {
        // The first is what they began with.
        if command == 0 {
            return Ok(());
        }
        let told = self.add(Event::Begun { command });
        told.map_err(|error| error.to_string())
    }
}
