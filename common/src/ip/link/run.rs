//! `ip link`, exchanged with a kernel.

use super::{Action, Filter, request, show};
use crate::ip::devices::Devices;
use crate::ip::exchange::{Output, change, change_and_echo, links, listing};
use crate::ip::live::Live;
use crate::ip::options::Options;
use crate::ip::page::{self, Entry};
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
    let request = request::of_family(request, options.family);
    let mut output = match action {
        // Their request has no echo in iproute2.
        Action::AddNames(_) | Action::DelNames(_) => change(&request, kernel),
        _ => change_and_echo(request, options, kernel, |echo, kernel, output| {
            let mut names = Live::new(kernel, &[]);
            let entry = echo.map(|echo| show::echo(echo, options, &mut names));
            let entry = entry.unwrap_or_else(|| Entry::new(options));
            output.stdout = page::render(vec![entry], options);
        }),
    };
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
