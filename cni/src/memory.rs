//! What this attachment asked for, remembered for CHECK, DEL, GC and for the next attachment of the same sandbox.

use chainsaw_common::engine::Value;
use chainsaw_common::plan::Run;
use chainsaw_common::record::{Entry, Event, Record, Records, hash};

use crate::error::Error;
use crate::netconf::NetConf;
use crate::plugin::Environment;
use crate::source::KEY;

/// The record of the sandbox, held while ADD works.
#[derive(Debug)]
pub struct Memory {
    record: Record,
    network: Option<String>,
    interface: String,
}

impl Memory {
    /// Opens it and waits until nobody else holds it.
    pub fn open(
        records: &Records,
        environment: &Environment,
        conf: &NetConf<'_>,
    ) -> Result<Self, Error> {
        let record = records.open(environment.container()?)?;
        let interface = environment.ifname()?.to_owned();
        Ok(Self {
            record,
            network: conf.name.as_deref().map(str::to_owned),
            interface,
        })
    }

    /// Whether any of the values ran at this attachment before.
    pub fn run(&self, values: &[Value]) -> Run {
        let ran = |value: &Value| {
            self.record
                .ran_here(&self.interface, &value.source, &hash(&value.text))
        };
        if values.iter().any(ran) {
            Run::Again
        } else {
            Run::First
        }
    }

    /// Adds what happens to each of the values.
    pub fn add(&mut self, values: &[Value], event: Event) -> Result<(), Error> {
        for value in values {
            self.record.add(Entry {
                network: self.network.clone(),
                interface: self.interface.clone(),
                source: value.source.clone(),
                value: hash(&value.text),
                event,
            })?;
        }
        Ok(())
    }

    /// What to say where the plain key ran at another attachment of this sandbox before: that may be why it fails here.
    pub fn hint(&self, values: &[Value]) -> Option<String> {
        let plain = values.iter().find(|value| value.source == KEY)?;
        let earlier = self
            .record
            .ran_elsewhere(&self.interface, KEY, &hash(&plain.text))?;
        let own = format!("{KEY}.{}", self.interface);
        Some(format!(
            "the same value ran at attachment {earlier} before: give this one its own key, {own}"
        ))
    }
}
