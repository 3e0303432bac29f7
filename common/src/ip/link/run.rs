//! `ip link`, exchanged with a kernel.

use super::{Action, request, show};
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
    match action {
        Action::Add(settings) => change(&request::add(settings, devices), kernel),
        Action::Set(settings) => change(&request::set(settings, devices), kernel),
        Action::Del(dev) => change(&request::del(dev, devices), kernel),
        Action::Show(filter) => {
            let answer = links(filter.dev.as_deref(), filter, devices, kernel);
            let mut names = Live::new(kernel, &answer.replies);
            let print = |reply| show::print(reply, filter, options, devices, &mut names);
            listing(
                answer.replies.iter().filter_map(print).collect(),
                &answer,
                options,
            )
        }
    }
}
