//! A command, exchanged with a kernel, becomes what `ip` would have printed and its exit status.

use super::args::Lookup;
use super::devices::Devices;
use super::exchange::{device, vrf};
use super::mistake::Mistake;
use super::{Action, Command, addr, link, route};
use crate::kernel::Kernel;

pub use super::exchange::Output;

/// Runs a command: first the look-ups that reading it left, then what it asks for.
pub fn run(command: &Command, lookups: &[Lookup], kernel: &mut dyn Kernel) -> Output {
    let devices = match look_up(lookups, kernel) {
        Ok(devices) => devices,
        Err(missing) => return Output::of_mistake(missing),
    };
    let options = &command.options;
    match &command.action {
        Action::Addr(action) => addr::run::run(action, options, &devices, kernel),
        Action::Link(action) => link::run::run(action, options, &devices, kernel),
        Action::Route(action) => route::run::run(action, options, &devices, kernel),
    }
}

/// Answers a line that is no command as `ip` would: a look-up that fails before the mistake is what it speaks of.
pub fn refuse(mistake: &Mistake, lookups: &[Lookup], kernel: &mut dyn Kernel) -> Output {
    Output::of_mistake(look_up(lookups, kernel).err().unwrap_or(mistake))
}

fn look_up<'a>(lookups: &'a [Lookup], kernel: &mut dyn Kernel) -> Result<Devices, &'a Mistake> {
    let mut devices = Devices::default();
    for lookup in lookups {
        match lookup.vrf {
            None => {
                let index = device(&lookup.device, kernel).ok_or(&lookup.missing)?;
                devices.learn(index, &lookup.device);
            }
            Some(asked) => {
                let (index, table) = vrf(&lookup.device, asked, kernel).ok_or(&lookup.missing)?;
                devices.learn(index, &lookup.device);
                devices.learn_table(table, &lookup.device);
            }
        }
    }
    Ok(devices)
}
