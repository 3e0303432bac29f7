//! The configuration by which values are judged, or which is judged itself.

use std::fs;

use chainsaw_common::config::{Config, Mode};
use chainsaw_common::report::{Outcome, Report};

use super::super::{Failure, subject};

/// A configuration and its file, if one is given; or what is wrong with it.
pub type Taken<'a> = Result<Option<(Config, &'a str)>, String>;

/// Without a policy a check is one of words alone. With one, `NODE_…` stands for what its `[values]` say. Nothing is
/// refused by a file that no node has: what is wrong is told, and no more.
pub fn taken(file: Option<&str>) -> Result<Taken<'_>, Failure> {
    let Some(file) = file else {
        return Ok(Ok(None));
    };
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let taken = Config::parse(&text, file).map_err(|wrong| wrong.what());
    Ok(taken.map(|config| Some((config, file))))
}

/// What there is in a configuration that can be taken. Of such a report the first note is the verdict.
pub fn good(config: &Config, file: &str) -> Report {
    let counted = |count: usize, one: &str, more: &str| {
        let word = if count == 1 { one } else { more };
        format!("{count} {word}")
    };
    let mode = match config.mode {
        Mode::Enforce => "enforce",
        Mode::Report => "report",
    };
    let verdict = format!(
        "{file}: good: {}, {}, mode {mode}",
        counted(config.rules.len(), "rule", "rules"),
        counted(config.applies.len(), "apply", "applies"),
    );
    let mut notes = vec![verdict];
    notes.extend(in_effect(config.mode));
    Report {
        outcome: Outcome::Ok,
        notes,
        ..Report::about(&subject("check", None, None))
    }
}

/// What a mode makes of a judgement, where that is not what it says.
pub fn in_effect(mode: Mode) -> Option<String> {
    let note = "mode = \"report\": the pod starts, and nothing runs";
    (mode == Mode::Report).then(|| note.to_owned())
}
