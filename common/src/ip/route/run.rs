//! `ip route`, exchanged with a kernel.

use super::{Action, Filter, Get, request, show, wanted};
use crate::family::Family;
use crate::ip::devices::Devices;
use crate::ip::exchange::{Output, change_and_echo, listing, refused, take_away};
use crate::ip::live::Live;
use crate::ip::mistake::USAGE;
use crate::ip::options::Options;
use crate::ip::page::{self, Entry};
use crate::kernel::{Answer, Kernel};
use crate::uapi::{rta, rtm};
use crate::wire::{Received, Reply};

/// How often a flush lists and deletes at most. One round is enough unless somebody else adds routes meanwhile; iproute2
/// gives up after 30 seconds instead.
const ROUNDS: usize = 10;

/// Runs it.
pub fn run(
    action: &Action,
    options: &Options,
    devices: &Devices,
    kernel: &mut dyn Kernel,
) -> Output {
    match action {
        Action::Change(verb, route) => {
            let request = request::change(*verb, route, devices);
            change_and_echo(request, options, kernel, |echo, kernel, output| {
                echoed(echo, options, devices, kernel, output);
            })
        }
        Action::Show(filter) => list(filter, options, devices, kernel),
        Action::Get(get) => ask(get, options, devices, kernel),
        Action::Flush(filter) => flush(filter, options, devices, kernel),
    }
}

/// What iproute2 says of an acknowledgement (`NLMSG_ERROR`, 36 bytes, capped) where it looks for a route.
const NO_ROUTE: &str = "Not a route: 00000024 00000002 00000100\n";

/// Prints the route that the kernel echoes. It has none for a route that is as it was.
fn echoed(
    echo: Option<&Reply>,
    options: &Options,
    devices: &Devices,
    kernel: &mut dyn Kernel,
    output: &mut Output,
) {
    let mut names = Live::new(kernel, &[]);
    let everything = Filter::everything();
    let entry = echo.and_then(|echo| show::print(echo, &everything, options, devices, &mut names));
    if entry.is_none() {
        output.stderr.push_str(NO_ROUTE);
    }
    let entry = entry.unwrap_or_else(|| Entry::new(options));
    output.stdout = page::render_within(entry, options);
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

fn ask(get: &Get, options: &Options, devices: &Devices, kernel: &mut dyn Kernel) -> Output {
    let mut output = Output::default();
    if let Some(warning) = get.warning(options.family) {
        output.stderr = format!("{warning}\n");
    }
    let answer = kernel.exchange(&get.request(devices));
    if !tell(&answer, options, devices, kernel, &mut output) {
        return output;
    }
    if !get.connected || get.from.is_some() {
        return output;
    }
    let has_source = answer.replies.first().is_some_and(|reply| {
        let received = Received::behind(&reply.body, request::HEADER);
        received.bytes(rta::PREFSRC).is_some() || received.bytes(rta::SRC).is_some()
    });
    if !has_source {
        output.stderr.push_str("Failed to connect the route\n");
        output.exit = 1;
        return output;
    }
    // Asked once more, iproute2 has left JSON behind.
    let plain = Options {
        json: false,
        ..options.clone()
    };
    let answer = kernel.exchange(&get.request(devices));
    tell(&answer, &plain, devices, kernel, &mut output);
    output
}

/// Prints the one route of an answer; false if the kernel refused.
fn tell(
    answer: &Answer,
    options: &Options,
    devices: &Devices,
    kernel: &mut dyn Kernel,
    output: &mut Output,
) -> bool {
    if let Some(refusal) = &answer.refusal {
        output.stderr.push_str(&refused(refusal));
        output.exit = 2;
        return false;
    }
    let everything = Filter {
        cached: answer.replies.first().is_some_and(show::is_cloned),
        ..Filter::everything()
    };
    let mut names = Live::new(kernel, &[]);
    let print = |reply| show::print(reply, &everything, options, devices, &mut names);
    let entries = answer.replies.iter().filter_map(print).collect();
    output.stdout.push_str(&page::render(entries, options));
    true
}

fn flush(filter: &Filter, options: &Options, devices: &Devices, kernel: &mut dyn Kernel) -> Output {
    let mut output = Output::default();
    if filter.cached && filter.family != Family::Inet6 {
        // The kernel has had no IPv4 routing cache since 3.6: there is nothing to do, and no file is written for it.
        if options.statistics > 0 {
            output
                .stdout
                .push_str("*** IPv4 routing cache is flushed.\n");
        }
        if filter.listed_family() == Family::Inet {
            return output;
        }
    }
    for round in 1..=ROUNDS {
        let answer = kernel.exchange(&request::dump(filter, devices));
        if let Some(refusal) = &answer.refusal {
            output.stderr.push_str(&refused(refusal));
            output.stderr.push_str("Flush terminated\n");
            output.exit = 2;
            return output;
        }
        let wanted = answer.replies.into_iter();
        let wanted: Vec<Reply> = wanted
            .filter(|reply| wanted::to_be_flushed(reply, filter, devices))
            .collect();
        if options.statistics > 1 {
            print_flushed(&wanted, filter, options, devices, kernel, &mut output);
        }
        if wanted.is_empty() {
            flushed(round - 1, filter, options, &mut output);
            return output;
        }
        take_away(rtm::DELROUTE, &wanted, kernel);
        if options.statistics > 0 {
            let count = wanted.len();
            output.stdout.push_str(&format!(
                "\n*** Round {round}, deleting {count} entries ***\n"
            ));
        }
    }
    output.stderr.push_str(&format!(
        "*** Flush remains incomplete after {ROUNDS} rounds. ***\n"
    ));
    output.exit = USAGE;
    output
}

/// Prints what a round takes away, as text whatever was asked for.
fn print_flushed(
    wanted: &[Reply],
    filter: &Filter,
    options: &Options,
    devices: &Devices,
    kernel: &mut dyn Kernel,
    output: &mut Output,
) {
    let plain = Options {
        json: false,
        ..options.clone()
    };
    let mut names = Live::new(kernel, &[]);
    let print = |reply| show::print(reply, filter, &plain, devices, &mut names);
    let entries = wanted.iter().filter_map(print).collect();
    output.stdout.push_str(&page::render(entries, &plain));
}

fn flushed(rounds: usize, filter: &Filter, options: &Options, output: &mut Output) {
    if options.statistics == 0 {
        return;
    }
    if rounds == 0 && (!filter.cached || filter.family == Family::Inet6) {
        output.stdout.push_str("Nothing to flush.\n");
    } else {
        let plural = if rounds == 1 { "" } else { "s" };
        output.stdout.push_str(&format!(
            "*** Flush is complete after {rounds} round{plural} ***\n"
        ));
    }
}
