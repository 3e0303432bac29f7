//! How a draft that was refused, or a plan that ran, stands in the report.

use super::{Advice, CommandReport, Outcome, Report, place};
use crate::hints;
use crate::ip::Mistake;
use crate::plan::{Approved, Done, Drafted, Ended, Fault, Judged, Step};
use crate::policy::Denial;
use crate::value::ValueError;

/// The most of one command's output that is kept, in bytes.
const OUTPUT_BYTES: usize = 4 * 1024;
/// The most output that one report keeps, in bytes.
const REPORT_BYTES: usize = 64 * 1024;
/// What is said of a command that `ip` answers with its usage.
const USAGE: &str = "ip prints its usage and does nothing";

impl Report {
    /// The value could not be taken apart.
    #[must_use]
    pub fn unreadable(self, problems: &[(String, ValueError)]) -> Self {
        let problems = problems
            .iter()
            .map(|(source, problem)| format!("{}: {problem}", place(source)))
            .collect();
        Self {
            outcome: Outcome::Failed,
            problems,
            ..self
        }
    }

    /// The plan was not approved: nothing ran.
    #[must_use]
    pub fn refused(self, commands: Vec<Judged>) -> Self {
        let commands: Vec<CommandReport> = (1..)
            .zip(commands)
            .map(|(number, judged)| refused(number, judged))
            .collect();
        let wrong = commands
            .iter()
            .any(|command| command.outcome == Outcome::Failed);
        let outcome = if wrong {
            Outcome::Failed
        } else {
            Outcome::Denied
        };
        Self {
            outcome,
            commands,
            ..self
        }
    }

    /// The plan may run, and did not.
    #[must_use]
    pub fn allowed(self, plan: Approved) -> Self {
        Self {
            commands: plan.into_steps().into_iter().map(right).collect(),
            ..self
        }
    }

    /// The same where no kernel was asked: what only the node can tell stands with each command.
    #[must_use]
    pub fn allowed_unasked(self, plan: Approved) -> Self {
        let depends = plan.depends();
        let mut report = self.allowed(plan);
        for (at, (command, why)) in report.commands.iter_mut().zip(depends).enumerate() {
            command.advice = why.map(|why| Advice {
                command: at + 1,
                why,
                ..Advice::default()
            });
        }
        report
    }

    /// The plan ran.
    #[must_use]
    pub fn ran(self, commands: Vec<Done>) -> Self {
        let mut room = REPORT_BYTES;
        let commands: Vec<CommandReport> = (1..)
            .zip(commands)
            .map(|(number, done)| ran(number, done, &mut room))
            .collect();
        let all = |outcome| commands.iter().all(|command| command.outcome == outcome);
        let fatal = commands.iter().find(|command| command.is_fatal());
        let outcome = match commands.first() {
            _ if fatal.is_some() => fatal.map_or(Outcome::Failed, |command| command.outcome),
            Some(_) if all(Outcome::Unchanged) => Outcome::Unchanged,
            _ => Outcome::Ok,
        };
        Self {
            outcome,
            commands,
            ..self
        }
    }
}

impl CommandReport {
    /// Whether the report failed because of it.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self.outcome, Outcome::Failed | Outcome::Denied) && !self.ignore_failure
    }

    /// A command that did not run.
    fn unrun(given: String, ran: Option<String>, source: String, outcome: Outcome) -> Self {
        Self {
            given,
            ran,
            source,
            outcome,
            allowed: None,
            ignore_failure: false,
            stdout: String::new(),
            stderr: String::new(),
            exit: None,
            micros: None,
            advice: None,
            rules: Vec::new(),
        }
    }

    /// One that did not run for a reason.
    fn wrong(drafted: Drafted, outcome: Outcome, advice: Advice) -> Self {
        let ran = drafted.full();
        let unrun = Self::unrun(drafted.given, ran, drafted.source, outcome);
        Self {
            advice: Some(advice),
            ..unrun
        }
    }
}

fn refused(command: usize, judged: Judged) -> CommandReport {
    match judged {
        Judged::Right(step) => right(step),
        Judged::Wrong(drafted, Fault::Word { column, why, hint }) => {
            let advice = Advice {
                command,
                column: Some(column),
                why,
                instead: hint,
                ..Advice::default()
            };
            CommandReport::wrong(drafted, Outcome::Failed, advice)
        }
        Judged::Wrong(drafted, Fault::Mistake(mistake)) => mistaken(command, drafted, mistake),
        Judged::Wrong(drafted, Fault::Denied { denial, remedy }) => {
            let limit = match &denial {
                Denial::Full(excess) => Some(excess.kind.key().to_owned()),
                _ => None,
            };
            let advice = Advice {
                command,
                why: denial.to_string(),
                instead: remedy,
                limit,
                of_configuration: true,
                ..Advice::default()
            };
            CommandReport::wrong(drafted, Outcome::Denied, advice)
        }
    }
}

fn right(step: Step) -> CommandReport {
    let full = step.full();
    CommandReport::unrun(step.given, Some(full), step.source, Outcome::NotRun)
}

fn mistaken(command: usize, drafted: Drafted, mistake: Mistake) -> CommandReport {
    let behind_the_end = drafted.given.chars().count() + 1;
    let column_of = |word| drafted.columns.get(word).copied().unwrap_or(behind_the_end);
    let column = mistake.column.or(mistake.word.map(column_of));
    let first_line = mistake.stderr.lines().next().unwrap_or_default();
    let (outcome, why) = match mistake.never {
        Some(reason) => (Outcome::Denied, format!("never allowed: {reason}")),
        None if first_line.is_empty() => (Outcome::Failed, "iproute2 does not take it".to_owned()),
        None if first_line.starts_with("Usage:") => (Outcome::Failed, USAGE.to_owned()),
        None => (Outcome::Failed, first_line.to_owned()),
    };
    let word = mistake.word.map(|word| word + 1);
    let advice = Advice {
        command,
        word,
        column,
        why,
        instead: mistake.hint,
        ..Advice::default()
    };
    let wrong = CommandReport::wrong(drafted, outcome, advice);
    if mistake.ours {
        // What we say stands in the advice, and is never taken for iproute2's.
        return wrong;
    }
    CommandReport {
        stderr: mistake.stderr,
        exit: Some(mistake.exit),
        ..wrong
    }
}

fn ran(command: usize, done: Done, room: &mut usize) -> CommandReport {
    let advice = |why| Advice {
        command,
        why,
        ..Advice::default()
    };
    let (outcome, output, micros, advice) = match done.ended {
        Ended::Ran(output, micros) if output.exit == 0 => {
            (Outcome::Ok, Some(output), Some(micros), None)
        }
        Ended::Ran(output, micros) => (Outcome::Failed, Some(output), Some(micros), None),
        Ended::Unchanged(output, micros) => (Outcome::Unchanged, Some(output), Some(micros), None),
        Ended::Before => (Outcome::Unchanged, None, None, None),
        Ended::Stopped(why) => (Outcome::Failed, None, None, Some(advice(why))),
        Ended::Full(excess) => {
            let over = Advice {
                instead: Some(excess.remedy()),
                limit: Some(excess.kind.key().to_owned()),
                of_configuration: true,
                ..advice(excess.to_string())
            };
            (Outcome::Denied, None, None, Some(over))
        }
        Ended::Barred(module) => {
            let barred = Advice {
                instead: Some(module.remedy()),
                of_configuration: true,
                ..advice(module.to_string())
            };
            (Outcome::Denied, None, None, Some(barred))
        }
        Ended::Shared(shared) => {
            let barred = Advice {
                instead: shared.remedy(),
                of_configuration: true,
                ..advice(shared.to_string())
            };
            (Outcome::Denied, None, None, Some(barred))
        }
        Ended::NotRun => (Outcome::NotRun, None, None, None),
    };
    // What was stopped is not the command's own failure, so it is not one to be ignored.
    let ignore_failure = done.ignore_failure && advice.is_none();
    let exit = output.as_ref().map(|output| output.exit);
    let output = output.unwrap_or_default();
    let mut own = OUTPUT_BYTES.min(*room);
    *room = room.saturating_sub((output.stdout.len() + output.stderr.len()).min(own));
    let ran = CommandReport {
        outcome,
        ignore_failure,
        stdout: kept(output.stdout, &mut own),
        stderr: kept(output.stderr, &mut own),
        exit,
        micros,
        advice,
        ..CommandReport::unrun(done.given, Some(done.ran), done.source, outcome)
    };
    explained(command, ran)
}

/// One that the kernel did not take, with what in its words may not be meant: a name that holds what nobody sees.
fn explained(command: usize, ran: CommandReport) -> CommandReport {
    let is_failed = ran.outcome == Outcome::Failed && ran.advice.is_none();
    let hint = is_failed.then(|| hints::of_a_right_line(&ran.given));
    let Some(hint) = hint.flatten() else {
        return ran;
    };
    let advice = Advice {
        command,
        column: hint.column,
        why: ran.failed_with(),
        instead: Some(hint.text),
        ..Advice::default()
    };
    CommandReport {
        advice: Some(advice),
        ..ran
    }
}

/// As much of an output as there is room for; a cut is marked.
fn kept(text: String, room: &mut usize) -> String {
    let start = text
        .get(..text.floor_char_boundary(*room))
        .unwrap_or_default();
    *room -= start.len();
    if start.len() < text.len() {
        format!("{start}[cut: {} bytes in all]\n", text.len())
    } else {
        text
    }
}
