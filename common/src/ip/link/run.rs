//! `ip link`, exchanged with a kernel.

use super::{Action, Filter, request, show};
use crate::ip::devices::Devices;
use crate::ip::exchange::{Live, Output, change, links, listing};
use crate::ip::options::Options;
use crate::kernel::Kernel;

/// Runs it.
pub fn run(
    action: &Action,
    options: &Options,
    devices: &Devices,
    kernel: &mut dyn Kernel,
) -> Output {
    let request = match action {
        Action::Show(filter) => return list(filter, options, devices, kernel),
        Action::Add(settings) => request::add(settings, false, devices),
        Action::Replace(settings) => request::add(settings, true, devices),
        Action::Set(settings) => request::set(settings, devices),
        Action::Del(settings) => request::del(settings, devices),
        Action::AddNames(names) => request::names(true, names, devices),
        Action::DelNames(names) => request::names(false, names, devices),
    };
    let mut output = change(&request, kernel);
    if let Action::Add(settings) | Action::Replace(settings) = action
        && let Some(kind) = &settings.kind
    {
        output.stderr.insert_str(0, kind.remark());
    }
    output
}

fn list(filter: &Filter, options: &Options, devices: &Devices, kernel: &mut dyn Kernel) -> Output {
    let answer = links(filter.dev.as_deref(), filter, devices, kernel);
    let mut names = Live::new(kernel, &answer.replies);
    let print = |reply| show::print(reply, filter, options, devices, &mut names);
    listing(
        answer.replies.iter().filter_map(print).collect(),
        &answer,
        options,
    )
}
