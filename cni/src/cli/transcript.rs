//! A report as a person reads it: what is said of a pod stands below the line that names it.

use chainsaw_common::report::{CommandReport, Outcome, Report, escaped, line, transcript};

use super::check::Checked;
use super::warn;

/// What was given as a word has no name that anyone would look for.
const ARGUMENT: &str = "argument ";

/// What a person reads on standard output; what is wrong and is no pod's goes to standard error.
pub fn for_people(checked: &Checked) -> String {
    let Checked { file, report, .. } = checked;
    let pod = report.pod.as_ref();
    let pod = pod.map(|pod| format!("{}/{}", pod.namespace, pod.name));
    let Some(title) = checked.title.clone().or(pod) else {
        return of_nobody(report);
    };
    let nothing = report.commands.is_empty() && report.problems.is_empty();
    let nothing = nothing.then_some("there is no command in this");
    let file = file.as_ref().map(|file| format!(" in {}", line(file)));
    let file = file.unwrap_or_default();
    let mut text = format!("{}{file}: {}\n", line(&title), report.word());
    let notes = report.notes.iter().map(String::as_str).chain(nothing);
    let problems = report.problems.iter().map(|said| ("problem", &**said));
    for (what, said) in problems.chain(notes.map(|said| ("note", said))) {
        text += &format!("{what}: {}\n", line(said));
    }
    text + &commands(report)
}

/// Of a file as a whole, or of a run: where a configuration was judged alone, its first note is the verdict.
fn of_nobody(report: &Report) -> String {
    for problem in &report.problems {
        warn(&format!("chainsaw: {}\n", escaped(problem)));
    }
    let Some((verdict, notes)) = report.notes.split_first() else {
        if report.commands.is_empty() && report.problems.is_empty() {
            warn("chainsaw: there is no command in this\n");
        }
        return commands(report);
    };
    let notes = notes.iter().map(|note| format!("note: {}\n", line(note)));
    format!("{}\n{}", line(verdict), notes.collect::<String>())
}

/// What became of the commands; of a check also by which source each came, where that has to be known.
fn commands(report: &Report) -> String {
    if report.trigger != "check" {
        return transcribed(report, report.commands.clone());
    }
    let same = |one: &CommandReport, other: &CommandReport| one.source == other.source;
    let sources: Vec<&[CommandReport]> = report.commands.chunk_by(same).collect();
    let several = sources.len() > 1;
    let group = |commands: &&[CommandReport]| below_its_title(report, commands, several);
    sources.iter().map(group).collect()
}

/// The commands of one source; their numbers are those in it.
fn below_its_title(report: &Report, commands: &[CommandReport], several: bool) -> String {
    let wrong = |command: &CommandReport| command.outcome != Outcome::NotRun;
    let title = commands.first().filter(|first| {
        several || !first.source.starts_with(ARGUMENT) && commands.iter().any(wrong)
    });
    let title = title.map(|first| format!("{}:\n", line(&first.source)));
    let mut commands = commands.to_vec();
    for (number, command) in (1..).zip(&mut commands) {
        if let Some(advice) = &mut command.advice {
            advice.command = number;
        }
    }
    title.unwrap_or_default() + &transcribed(report, commands)
}

fn transcribed(report: &Report, commands: Vec<CommandReport>) -> String {
    transcript(&Report {
        problems: Vec::new(),
        commands,
        ..report.clone()
    })
}
