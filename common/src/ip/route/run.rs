//! `ip route`, exchanged with a kernel.

use super::{Action, Filter, request, show};
use crate::ip::devices::Devices;
use crate::ip::exchange::{Live, Output, change, listing};
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
        Action::Change(verb, route) => change(&request::change(*verb, route, devices), kernel),
        Action::Show(filter) => list(filter, options, devices, kernel),
    }
}

fn list(filter: &Filter, options: &Options, devices: &Devices, kernel: &mut dyn Kernel) -> Output {
    let answer = kernel.exchange(&request::dump(filter, devices));
    let mut names = Live::new(kernel, &[]);
    let print = |reply| show::print(reply, filter, options, devices, &mut names);
    let mut output = listing(
        answer.replies.iter().filter_map(print).collect(),
        &answer,
        options,
    );
    if answer.refusal.is_some() {
        output.stderr.push_str("Dump terminated\n");
    }
    output
}
