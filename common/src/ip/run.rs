//! A command, exchanged with a kernel, becomes what `ip` would have printed and its exit status.

use super::args::{Lookup, Must};
use super::devices::Devices;
use super::exchange::{facts, vrf};
use super::mistake::Mistake;
use super::{Action, Command, addr, link, neigh, route, rule};
use crate::kernel::Kernel;

pub use super::exchange::Output;

/// Runs a command: first the look-ups that reading it left, then what it asks for.
pub fn run(command: &Command, lookups: &[Lookup], kernel: &mut dyn Kernel) -> Output {
    let devices = match look_up(lookups, kernel) {
        Ok(devices) => devices,
        Err(missing) => return Output::of_mistake(&missing),
    };
    let options = &command.options;
    match &command.action {
        Action::Addr(action) => addr::run::run(action, options, &devices, kernel),
        Action::Link(action) => link::run::run(action, options, &devices, kernel),
        Action::Neigh(action) => neigh::run::run(action, options, &devices, kernel),
        Action::Route(action) => route::run::run(action, options, &devices, kernel),
        Action::Rule(action) => rule::run::run(action, options, kernel),
    }
}

/// Answers a line that is no command as `ip` would: a look-up that fails before the mistake is what it speaks of.
pub fn refuse(mistake: &Mistake, lookups: &[Lookup], kernel: &mut dyn Kernel) -> Output {
    let missing = look_up(lookups, kernel).err();
    Output::of_mistake(missing.as_ref().unwrap_or(mistake))
}

fn look_up(lookups: &[Lookup], kernel: &mut dyn Kernel) -> Result<Devices, Mistake> {
    let mut devices = Devices::default();
    for lookup in lookups {
        match lookup.must {
            Must::Be(asked) => {
                let found = vrf(&lookup.device, asked, kernel);
                let (index, table) = found.ok_or_else(|| lookup.missing.clone())?;
                devices.learn(index, &lookup.device);
                devices.learn_table(table, &lookup.device);
            }
            must => {
                let Some(device) = facts(&lookup.device, kernel) else {
                    if matches!(must, Must::HaveAddressOf(_)) {
                        continue;
                    }
                    return Err(lookup.missing.clone());
                };
                if let Must::HaveAddressOf(bytes) = must
                    && device.address_bytes != bytes
                {
                    return Err(Mistake::address_length(bytes, device.address_bytes));
                }
                devices.learn(device.index, &lookup.device);
            }
        }
    }
    Ok(devices)
}
