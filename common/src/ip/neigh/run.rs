//! `ip neigh`, exchanged with a kernel.

use super::show::{self, Shown};
use super::{Action, Filter, Key, request};
use crate::ip::devices::Devices;
use crate::ip::exchange::{Output, change, listing};
use crate::ip::live::Live;
use crate::ip::options::Options;
use crate::kernel::Kernel;
use crate::wire::Reply;

/// Runs it.
pub fn run(
    action: &Action,
    options: &Options,
    devices: &Devices,
    kernel: &mut dyn Kernel,
) -> Output {
    match action {
        Action::Change(verb, neighbour) => {
            change(&request::change(*verb, neighbour, devices), kernel)
        }
        Action::Show(filter) => list(filter, options, devices, kernel),
        Action::Get(key) => get(key, options, devices, kernel),
        Action::Flush(filter) => flush(filter, options, devices, kernel),
    }
}

fn list(filter: &Filter, options: &Options, devices: &Devices, kernel: &mut dyn Kernel) -> Output {
    let answer = kernel.exchange(&request::dump(filter, devices));
    let mut names = Live::new(kernel, &[]);
    let states = show::states(filter, false);
    let neighbours = answer.replies.iter().filter_map(Shown::read);
    let entries = neighbours
        .filter(|neighbour| show::wanted(neighbour, filter, states))
        .map(|neighbour| show::print(&neighbour, filter.dev.is_none(), options, &mut names))
        .collect();
    let mut output = listing(entries, &answer, options);
    if answer.refusal.is_some() {
        output.stderr.push_str("Dump terminated\n");
        output.exit = 1;
    }
    output
}

fn get(key: &Key, options: &Options, devices: &Devices, kernel: &mut dyn Kernel) -> Output {
    let answer = kernel.exchange(&request::get(key, devices));
    let mut names = Live::new(kernel, &[]);
    let neighbours = answer.replies.iter().filter_map(Shown::read);
    let entries = neighbours
        .map(|neighbour| show::print(&neighbour, true, options, &mut names))
        .collect();
    let mut output = listing(entries, &answer, options);
    if answer.refusal.is_some() {
        // One that is not there is no listing, not even an empty one.
        output.stdout.clear();
    }
    output
}

/// How often a flush goes round at most.
const ROUNDS: u32 = 10;

/// Takes away what is listed until nothing is. With `-statistics` it says how many, with two of them also which.
fn flush(filter: &Filter, options: &Options, devices: &Devices, kernel: &mut dyn Kernel) -> Output {
    let options = &Options {
        json: false,
        ..options.clone()
    };
    let mut output = Output::default();
    let mut say = |text: &str| {
        if options.statistics > 0 {
            output.stdout.push_str(text);
        }
    };
    for round in 0..ROUNDS {
        let answer = kernel.exchange(&request::dump(filter, devices));
        if answer.refusal.is_some() {
            output.stderr = listing(Vec::new(), &answer, options).stderr + "Flush terminated\n";
            output.exit = 1;
            return output;
        }
        let going = goes(&answer.replies, filter);
        if going.is_empty() {
            match round {
                0 => say("Nothing to flush.\n"),
                1 => say("*** Flush is complete after 1 round ***\n"),
                _ => say(&format!("*** Flush is complete after {round} rounds ***\n")),
            }
            return output;
        }
        if options.statistics > 1 {
            say(&listed(&going, filter, options, kernel));
        }
        say(&format!(
            "\n*** Round {}, deleting {} entries ***\n",
            round + 1,
            going.len()
        ));
        for neighbour in going {
            kernel.exchange(&request::delete(neighbour));
        }
    }
    say(&format!(
        "*** Flush not complete bailing out after {ROUNDS} rounds\n"
    ));
    output.exit = 1;
    output
}

fn goes<'a>(replies: &'a [Reply], filter: &Filter) -> Vec<&'a Reply> {
    let states = show::states(filter, true);
    let goes = |reply: &&Reply| {
        Shown::read(reply).is_some_and(|neighbour| show::wanted(&neighbour, filter, states))
    };
    replies.iter().filter(goes).collect()
}

fn listed(going: &[&Reply], filter: &Filter, options: &Options, kernel: &mut dyn Kernel) -> String {
    let mut names = Live::new(kernel, &[]);
    let neighbours = going.iter().copied().filter_map(Shown::read);
    neighbours
        .map(|neighbour| {
            show::print(&neighbour, filter.dev.is_none(), options, &mut names).into_text()
        })
        .collect()
}
