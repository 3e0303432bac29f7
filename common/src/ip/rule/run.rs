//! `ip rule`, exchanged with a kernel.

use super::read::NAT_WARNING;
use super::show::Printer;
use super::shown::Shown;
use super::wanted::wanted;
use super::{Action, Filter, request};
use crate::ip::exchange::{Output, change, change_and_echo, listing};
use crate::ip::mistake::USAGE;
use crate::ip::options::Options;
use crate::ip::page::{self, Entry};
use crate::kernel::{Answer, Kernel};
use crate::wire::Reply;

/// Runs it.
pub fn run(action: &Action, options: &Options, kernel: &mut dyn Kernel) -> Output {
    match action {
        Action::Show(filter) => list(filter, options, kernel),
        Action::Flush(filter) => flush(filter, options, kernel),
        Action::Change(verb, rule) => {
            let request = request::change(*verb, rule);
            let mut output = change_and_echo(request, options, kernel, |echo, _, output| {
                let names_read = rule.tos.is_some() || rule.dscp.is_some_and(|dscp| dscp.named);
                let mut printer = Printer::new(names_read, options);
                let entry = echo
                    .and_then(Shown::read)
                    .map(|rule| printer.print(&rule))
                    .unwrap_or_else(|| Entry::new(options));
                output.stdout = page::render_within(entry, options);
            });
            output
                .stderr
                .insert_str(0, &NAT_WARNING.repeat(rule.nat.len()));
            output
        }
    }
}

fn list(filter: &Filter, options: &Options, kernel: &mut dyn Kernel) -> Output {
    let answer = kernel.exchange(&request::dump(filter));
    let names_read = filter.tos.is_some() || filter.dscp.is_some_and(|dscp| dscp.named);
    let mut printer = Printer::new(names_read, options);
    let rules = answer.replies.iter().filter_map(Shown::read);
    let entries = rules
        .filter(|rule| wanted(rule, filter))
        .map(|rule| printer.print(&rule))
        .collect();
    ended(listing(entries, &answer, options), &answer)
}

/// iproute2 lists, and deletes what it would have shown; an error of one deletion ends it.
fn flush(filter: &Filter, options: &Options, kernel: &mut dyn Kernel) -> Output {
    let answer = kernel.exchange(&request::dump(filter));
    let mut output = ended(listing(Vec::new(), &answer, options), &answer);
    for rule in answer.replies.iter().filter(|rule| goes(rule, filter)) {
        let deleted = change(&request::delete(rule), kernel);
        output.stderr.push_str(&deleted.stderr);
        if deleted.exit != 0 {
            output.exit = deleted.exit;
            break;
        }
    }
    output
}

/// A rule at priority 0 stays: the kernel sends no priority for it, and iproute2 goes by that.
fn goes(reply: &Reply, filter: &Filter) -> bool {
    Shown::read(reply).is_some_and(|rule| {
        rule.priority() != 0
            && wanted(&rule, filter)
            && filter
                .protocol
                .is_none_or(|protocol| rule.protocol() == Some(protocol))
    })
}

/// A listing that the kernel refused ends otherwise here than elsewhere.
fn ended(mut output: Output, answer: &Answer) -> Output {
    if answer.refusal.is_some() {
        output.stderr.push_str("Dump terminated\n");
        output.exit = USAGE;
    }
    output
}
