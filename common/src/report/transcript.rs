//! The report as people read it: one line for an error, a transcript for a log or a terminal.

use std::fmt::Write as _;

use super::{CommandReport, Outcome, Report};
use crate::config::APPLY;
use crate::entry::COMMANDS;
use crate::lookalike::is_invisible;

/// The longest first line of a CNI or NRI error, in bytes.
const HEADLINE_BYTES: usize = 256;
/// How much of a command stands in it, in bytes.
const SHOWN_BYTES: usize = 96;

impl Report {
    /// What went wrong first, in one line of at most 256 bytes; nothing if all went well.
    #[must_use]
    pub fn headline(&self) -> Option<String> {
        if self.outcome.is_good() {
            return None;
        }
        let mut fatal = (1..)
            .zip(&self.commands)
            .filter(|(_, command)| command.is_fatal());
        // What decided the outcome is told first.
        let decided = fatal
            .clone()
            .find(|(_, command)| command.outcome == self.outcome);
        let more = fatal.by_ref().count().saturating_sub(1);
        let mut line = match (self.problems.first(), decided) {
            (Some(problem), _) => problem.clone(),
            (None, Some((number, command))) => command.headline(number),
            (None, None) => self.outcome.word().to_owned(),
        };
        if more > 0 {
            line = format!("{} (and {more} more)", cut(&line, HEADLINE_BYTES - 24));
        }
        Some(cut(&self::line(&line), HEADLINE_BYTES))
    }
}

impl CommandReport {
    /// Whether it reached the kernel.
    #[must_use]
    pub fn has_run(&self) -> bool {
        // What was found wrong before has iproute2's exit status too, and took no time.
        self.exit.is_some() && (self.advice.is_none() || self.micros.is_some())
    }

    fn headline(&self, number: usize) -> String {
        let shown = self.ran.as_deref().unwrap_or(&self.given);
        let why = match &self.advice {
            Some(advice) => advice.why.clone(),
            None => self.failed_with(),
        };
        format!(
            "command {number} '{}'{} {}: {why}",
            cut(shown, SHOWN_BYTES),
            self.origin(),
            self.outcome.word()
        )
    }

    /// What `ip` said of its failure, and its exit status.
    pub(super) fn failed_with(&self) -> String {
        let first = self.stderr.lines().next().unwrap_or_default();
        format!("{first} (exit {})", self.exit.unwrap_or_default())
    }

    /// Who wrote it, where it was not the pod in its annotations or the caller.
    fn origin(&self) -> String {
        match self.source.as_str() {
            APPLY => " (from [[apply]] of the node's configuration)".to_owned(),
            "args.cni.chainsaw" => " (from args.cni.chainsaw)".to_owned(),
            COMMANDS => format!(" (from {})", place(COMMANDS)),
            _ => String::new(),
        }
    }
}

/// Where a value stands, as people look for it.
#[must_use]
pub fn place(source: &str) -> &str {
    match source {
        COMMANDS => "commands in chainsaw's entry of the network configuration",
        other => other,
    }
}

/// As much of a text as fits into `limit` bytes; a cut is marked.
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit - '…'.len_utf8());
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// Text of many lines, with every other control character made visible.
#[must_use]
pub fn escaped(text: &str) -> String {
    escape(text, |character| character == '\n' || character == '\t')
}

/// Text of one line: nothing that somebody wrote can look like a line of ours.
#[must_use]
pub fn line(text: &str) -> String {
    escape(text, |_| false)
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) && !keep(character) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
        } else {
            out.push(character);
        }
    }
    out
}

/// Control characters, what separates lines without being one, and what cannot be seen and changes what is.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}')
        || is_invisible(character)
}

/// The report as people read it on a terminal, with what `ip` printed as it printed it.
#[must_use]
pub fn transcript(report: &Report) -> String {
    written(report, "")
}

/// The report among lines of others, in a log or an Event. What `ip` printed may hold a name or an alias that somebody
/// gave a device from elsewhere: its lines are indented, so that none of them looks like one of ours.
#[must_use]
pub fn logged(report: &Report) -> String {
    written(report, "    ")
}

fn written(report: &Report, indent: &str) -> String {
    let mut out = String::new();
    for problem in &report.problems {
        let _ = writeln!(out, "{}", line(problem));
    }
    for command in &report.commands {
        transcribe(command, indent, &mut out);
    }
    escaped(&out)
}

/// What would run, of a report that was only judged.
#[must_use]
pub fn rehearsal(report: &Report) -> String {
    let full = |command: &CommandReport| line(command.ran.as_deref().unwrap_or(&command.given));
    let lines = report.commands.iter().map(full);
    lines.map(|full| format!("would run {full}\n")).collect()
}

fn transcribe(command: &CommandReport, indent: &str, out: &mut String) {
    let shown = line(command.ran.as_deref().unwrap_or(&command.given));
    if command.has_run() {
        let _ = writeln!(out, "Running {shown} ===============");
        for line in [&command.stdout, &command.stderr]
            .iter()
            .flat_map(|text| text.split_inclusive('\n'))
        {
            out.push_str(indent);
            out.push_str(line);
        }
        if !indent.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
    }
    match (command.outcome, &command.advice, command.exit) {
        (Outcome::Ok, ..) => {}
        (Outcome::Unchanged, ..) => out.push_str("unchanged\n"),
        (Outcome::NotRun, ..) => {
            let is_allowed = command.allowed == Some(true);
            let word = if is_allowed { "Allowed" } else { "Not run" };
            let _ = writeln!(out, "{word}: {shown}");
            if let Some(advice) = &command.advice {
                let _ = writeln!(out, "    {}", line(&advice.why));
            }
        }
        (_, None, exit) => {
            let _ = writeln!(
                out,
                "Command '{shown}'{} failed with: exit status {}",
                command.origin(),
                exit.unwrap_or_default()
            );
        }
        (outcome, Some(advice), _) => {
            let _ = writeln!(
                out,
                "Command {}{} {}: {}",
                advice.command,
                command.origin(),
                outcome.word(),
                line(&advice.why)
            );
            let _ = writeln!(out, "    {}", line(&command.given));
            if let Some(column) = advice.column {
                let _ = writeln!(out, "    {:>1$}", '^', shown_column(&command.given, column));
            }
            if let Some(hint) = advice.hint() {
                let _ = writeln!(out, "    {}", hint.replace('\n', "\n    "));
            }
        }
    }
    explain(command, out);
}

/// The column at which a column of a text is shown: what is hidden is spelt out.
fn shown_column(given: &str, column: usize) -> usize {
    let before: String = given.chars().take(column.saturating_sub(1)).collect();
    let spelt_out = line(&before).chars().count() - before.chars().count();
    column + spelt_out
}

/// Every rule that was tried; the one that decides is marked.
fn explain(command: &CommandReport, out: &mut String) {
    for tried in &command.rules {
        let mark = if tried.decides { '>' } else { ' ' };
        let place = tried
            .line
            .map_or_else(String::new, |line| format!("rule at line {line}: "));
        let _ = writeln!(out, "  {mark} {place}{}", line(&tried.says));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_log_is_one_that_a_device_was_named_with() {
        let forged = "x\nchainsaw: ok for kube-system/dns\r\u{1b}[2J\u{2028}Command 1 denied: no";
        let report = |field: &str| -> Report {
            let mut command = serde_json::json!({"given": "ip link", "ran": "ip link show", "source": "k",
                "outcome": "failed", "exit": 1, "micros": 1, "stdout": "", "stderr": ""});
            match field {
                "why" => command["advice"] = serde_json::json!({"command": 1, "why": forged}),
                "instead" => {
                    command["advice"] =
                        serde_json::json!({"command": 1, "why": "w", "instead": forged});
                }
                "problem" => {}
                field => command[field] = forged.into(),
            }
            let problems: &[&str] = if field == "problem" { &[forged] } else { &[] };
            serde_json::from_value(
                serde_json::json!({"entrance": "nri", "trigger": "t", "outcome": "failed",
                "micros": 1, "problems": problems, "commands": [command]}),
            )
            .unwrap()
        };
        for field in [
            "given", "ran", "stdout", "stderr", "why", "instead", "problem",
        ] {
            let report = report(field);
            for line in logged(&report).lines() {
                let is_forged =
                    line.starts_with("chainsaw:") || line.starts_with("Command 1 denied");
                assert!(!is_forged, "{field}: {line}");
                assert!(
                    !line.contains(['\r', '\u{1b}', '\u{2028}']),
                    "{field}: {line:?}"
                );
            }
            let headline = report.headline().unwrap();
            assert!(
                !headline.contains(char::is_control),
                "{field}: {headline:?}"
            );
        }
        // A terminal gets what `ip` prints.
        assert!(transcript(&report("stdout")).contains("===\nx\nchainsaw: ok"));
    }
}
