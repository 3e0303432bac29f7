//! `ip address`, exchanged with a kernel.

use super::show::Shown;
use super::wanted::wanted;
use super::{Action, Address, Filter, Verb, read, request, show};
use crate::family::Family;
use crate::ip::devices::{Devices, Names};
use crate::ip::exchange::{Output, change_and_echo, listing, refused, take_away};
use crate::ip::link;
use crate::ip::link::request::{self as link_request, by_index};
use crate::ip::link::show::Shown as Link;
use crate::ip::live::Live;
use crate::ip::mistake::USAGE;
use crate::ip::options::Options;
use crate::ip::page::{self, Entry};
use crate::kernel::Kernel;
use crate::uapi::{ifla, rtm};
use crate::wire::{Attributes, Reply};

/// How often a flush goes round unless `-loops` says so, and, where that says without end, at most.
const ROUNDS: (u32, u32) = (10, 100);

/// Runs it.
pub fn run(
    action: &Action,
    options: &Options,
    devices: &Devices,
    kernel: &mut dyn Kernel,
) -> Output {
    match action {
        Action::Change(verb, address) => {
            let request = request::change(*verb, address, devices);
            let output = change_and_echo(request, options, kernel, |echo, kernel, output| {
                let mut names = Live::new(kernel, &[]);
                let entry = echo.and_then(|echo| show::alone(echo, options, &mut names));
                let entry = entry.unwrap_or_else(|| Entry::new(options));
                output.stdout = page::render(vec![entry], options);
            });
            warned(*verb, address, output)
        }
        Action::Show(filter) => list(filter, options, devices, kernel),
        Action::Flush(filter) => flush(filter, options, devices, kernel),
    }
}

fn warned(verb: Verb, address: &Address, mut output: Output) -> Output {
    let mut stderr = address.warnings();
    if let Some(local) = address
        .local
        .filter(|_| verb == Verb::Del && address.is_wildcard())
    {
        stderr.push_str(&read::wildcard_warning(&local.to_string()).join("\n"));
        stderr.push('\n');
    }
    stderr.push_str(&output.stderr);
    output.stderr = stderr;
    output
}

fn list(filter: &Filter, options: &Options, devices: &Devices, kernel: &mut dyn Kernel) -> Output {
    let statistics = options.statistics > 0;
    let mut found = match &filter.dev {
        Some(dev) => kernel.exchange(&by_index(devices.index(dev), statistics)),
        None => kernel.exchange(&request::dump_links(filter, options, devices)),
    };
    if filter.dev.is_none() && options.family == Family::Inet6 {
        complete(&mut found.replies, kernel);
    }
    let addresses = kernel.exchange(&request::dump(filter, devices));
    let mut names = Live::new(kernel, &found.replies);
    let entries = show::print(
        &found.replies,
        &addresses.replies,
        filter,
        options,
        devices,
        &mut names,
    );
    let answer = if found.refusal.is_some() {
        &found
    } else {
        &addresses
    };
    listing(entries, answer, options)
}

/// Adds the lengths of their queues to what family inet6 tells of devices: iproute2 asks for them by an ioctl.
fn complete(links: &mut [Reply], kernel: &mut dyn Kernel) {
    let all = kernel.exchange(&link_request::dump(
        &link::Filter::default(),
        &Devices::default(),
    ));
    let all: Vec<Link<'_>> = all.replies.iter().filter_map(Link::read).collect();
    for reply in links {
        let of = |index| all.iter().find(|link| link.index == index);
        let length =
            Link::read(reply).and_then(|link| of(link.index)?.attributes.u32(ifla::TXQLEN));
        if let Some(length) = length {
            let mut attributes = Attributes::default();
            attributes.put_u32(ifla::TXQLEN, length);
            reply.body.extend(attributes.bytes());
        }
    }
}

fn flush(filter: &Filter, options: &Options, devices: &Devices, kernel: &mut dyn Kernel) -> Output {
    let mut output = Output::default();
    let rounds = match options.loops {
        None => ROUNDS.0,
        Some(0) => ROUNDS.1,
        Some(loops) => u32::try_from(loops).unwrap_or(0).min(ROUNDS.1),
    };
    for round in 1..=rounds {
        let answer = kernel.exchange(&request::dump(filter, devices));
        if let Some(refusal) = &answer.refusal {
            output.stderr.push_str(&refused(refusal));
            output.stderr.push_str("Flush terminated\n");
            output.exit = 1;
            return output;
        }
        let gone = flushed(answer.replies, filter, options, kernel, &mut output);
        if gone.is_empty() {
            ended(round - 1, options, &mut output);
            return output;
        }
        take_away(rtm::DELADDR, &gone, kernel);
        if options.statistics > 0 {
            let count = gone.len();
            output.stdout.push_str(&format!(
                "\n*** Round {round}, deleting {count} addresses ***\n"
            ));
        }
        // Deleting a primary may make its secondaries primaries: those stay.
        if filter.primaries_only() {
            ended(round, options, &mut output);
            return output;
        }
    }
    let rounds = match options.loops {
        Some(loops) if loops < 0 => loops.to_string(),
        _ => rounds.to_string(),
    };
    output.stderr.push_str(&format!(
        "*** Flush remains incomplete after {rounds} rounds. ***\n"
    ));
    output.exit = USAGE;
    output
}

/// What a round takes away; asked for twice, statistics show each, as text whatever form was asked for.
fn flushed(
    listed: Vec<Reply>,
    filter: &Filter,
    options: &Options,
    kernel: &mut dyn Kernel,
    output: &mut Output,
) -> Vec<Reply> {
    let mut names = Live::new(kernel, &[]);
    let mut is_wanted = |reply: &Reply| {
        Shown::read(reply).is_some_and(|address| {
            // Only a label may be compared with the device's name.
            let name = match filter.label {
                Some(_) => names.name(address.index),
                None => String::new(),
            };
            wanted(&address, filter, &name)
        })
    };
    let gone: Vec<Reply> = listed
        .into_iter()
        .filter(|reply| is_wanted(reply))
        .collect();
    if options.statistics > 1 {
        let plain = Options {
            json: false,
            ..options.clone()
        };
        let print = |reply| show::alone(reply, &plain, &mut names);
        let entries = gone.iter().filter_map(print).collect();
        output.stdout.push_str(&page::render(entries, &plain));
    }
    gone
}

fn ended(rounds: u32, options: &Options, output: &mut Output) {
    let text = match (options.statistics, rounds) {
        (0, _) => return,
        (_, 0) => "Nothing to flush.\n".to_owned(),
        (_, 1) => "*** Flush is complete after 1 round ***\n".to_owned(),
        _ => format!("*** Flush is complete after {rounds} rounds ***\n"),
    };
    output.stdout.push_str(&text);
}
