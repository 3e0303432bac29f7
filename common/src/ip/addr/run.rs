//! `ip address`, exchanged with a kernel.

use super::{Action, Filter, request, show};
use crate::ip::devices::Devices;
use crate::ip::exchange::{Live, Output, change, links, listing};
use crate::ip::link;
use crate::ip::options::Options;
use crate::kernel::Kernel;

/// Runs it.
pub fn run(
    action: &Action,
    options: &Options,
    devices: &Devices,
    kernel: &mut dyn Kernel,
) -> Output {
    match action {
        Action::Change(verb, address) => change(&request::change(*verb, address, devices), kernel),
        Action::Show(filter) => list(filter, options, devices, kernel),
    }
}

fn list(filter: &Filter, options: &Options, devices: &Devices, kernel: &mut dyn Kernel) -> Output {
    let found = links(
        filter.dev.as_deref(),
        &link::Filter::of(options),
        devices,
        kernel,
    );
    let addresses = kernel.exchange(&request::dump(filter, devices));
    let mut names = Live::new(kernel, &found.replies);
    let entries = show::print(
        &found.replies,
        &addresses.replies,
        filter,
        options,
        &mut names,
    );
    let answer = if found.refusal.is_some() {
        &found
    } else {
        &addresses
    };
    listing(entries, answer, options)
}
