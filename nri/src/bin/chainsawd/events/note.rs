//! What an Event says, made of what there is to tell: pure text, within the API's limits.
//!
//! `kubectl describe pod` is where a pod's author looks, who has no way to the daemon's log: the first line says what is
//! wrong, the next what to change, the last what that means for the pod.

use std::fmt::Write as _;

use chainsaw_common::config::{Config, Told};
use chainsaw_common::pod::{Pod, Subject};
use chainsaw_common::report::{CommandReport, Outcome, Report, cut, escaped, line, logged, place};

use crate::error::HookError;
use crate::news::{News, Whose};

/// The longest note that an API server takes, in bytes (`NoteLengthLimit` of `k8s.io/kubernetes/pkg/apis/core/validation`).
pub const NOTE_BYTES: usize = 1024;

/// What is said of a pod. What is the same in all of it is one Event, however often it is said.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Note {
    /// The pod.
    pub about: About,
    /// What happened to it.
    pub reason: Reason,
    /// What was done.
    pub action: Action,
    /// For people, at most [`NOTE_BYTES`] long.
    pub text: String,
}

/// A pod, as an Event names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct About {
    /// Its Kubernetes namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID, by which `kubectl describe` finds its Events. A static pod's is the kubelet's own, which is what the API has
    /// as the annotation `kubernetes.io/config.mirror` of its mirror: there kubectl looks for that.
    pub uid: Option<String>,
}

/// An Event's reason. Each but the last is a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Commands failed, or could not be tried.
    Failed,
    /// Commands are not allowed.
    Denied,
    /// Something that the pod asks for was not done.
    Missed,
    /// Commands ran.
    Ran,
}

/// An Event's action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The pod, or a container of it, was refused.
    Refuse,
    /// It was let pass.
    Pass,
    /// Nothing ran.
    Skip,
    /// Commands ran.
    Run,
}

impl Reason {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "ChainsawFailed",
            Self::Denied => "ChainsawDenied",
            Self::Missed => "ChainsawMissed",
            Self::Ran => "ChainsawRan",
        }
    }

    /// The Event's type.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Failed | Self::Denied | Self::Missed => "Warning",
            Self::Ran => "Normal",
        }
    }

    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Denied => Self::Denied,
            _ => Self::Failed,
        }
    }
}

impl Action {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Refuse => "Refuse",
            Self::Pass => "Pass",
            Self::Skip => "Skip",
            Self::Run => "Run",
        }
    }
}

/// What the pod's author is told of it, if anything. The configuration in force says whether they hear of what went well.
pub fn note(news: &News<'_>, config: Option<&Config>) -> Option<Note> {
    match *news {
        News::Ran(report) => ran(report, config?),
        News::Refused {
            whose,
            trigger,
            wrong,
            goes_on,
        } => {
            let text = match wrong {
                HookError::Commands(report) => problem(report),
                _ => line(&wrong.to_string()),
            };
            let reason = Reason::of(wrong.outcome());
            Some(refused(whose.pod, reason, &text, trigger, goes_on))
        }
        News::RefusedThere {
            report, goes_on, ..
        } => {
            let (pod, reason) = (report.pod.as_ref()?, Reason::of(report.outcome));
            let text = problem(report);
            Some(refused(pod, reason, &text, &report.trigger, goes_on))
        }
        News::KeyUnused(whose, key, unused) => {
            let text = format!("{} {}\n{}", line(key), unused.why(), unused.remedy());
            Some(skipped(whose, &text))
        }
        News::Missed {
            whose,
            key,
            why,
            remedy,
        } => {
            let key = line(key);
            let text = format!("{key} was missed: {why}; it is not run late\n{remedy}");
            Some(skipped(whose, &text))
        }
        // Its containers are told of, if anything comes of it.
        News::WouldRun(_) | News::Late(_) => None,
    }
}

fn ran(report: &Report, config: &Config) -> Option<Note> {
    let pod = report.pod.as_ref()?;
    let subject = Subject {
        pod: Some(pod.clone()),
        sandbox: report.sandbox.clone(),
        entrance: report.entrance,
        trigger: "",
        interface: report.interface.clone(),
        mtu: None,
        netns: None,
    };
    if !config.tells(Told::Ran, &subject) {
        return None;
    }
    let text = match report.outcome {
        Outcome::Unchanged => format!("what was asked for is so already\n{}", logged(report)),
        _ => logged(report),
    };
    Some(Note {
        about: About::of(pod),
        reason: Reason::Ran,
        action: Action::Run,
        text: cut(text.trim_end(), NOTE_BYTES),
    })
}

/// The headline, where it was written, and what to write instead.
fn problem(report: &Report) -> String {
    let mut text = report.headline().unwrap_or_default();
    let decided = report
        .commands
        .iter()
        .find(|command| command.is_fatal() && command.outcome == report.outcome);
    if let Some(command) = decided.filter(|_| report.problems.is_empty()) {
        let _ = write!(
            text,
            "\nin {}: {}",
            line(place(&command.source)),
            shown(command)
        );
        let hint = command.advice.as_ref().and_then(|advice| advice.hint());
        if let Some(hint) = hint {
            let _ = write!(text, "\n{}", escaped(&hint));
        }
    }
    text
}

/// The command as it was given, which is where its author finds it.
fn shown(command: &CommandReport) -> String {
    cut(&line(&command.given), NOTE_BYTES / 4)
}

fn refused(pod: &Pod, reason: Reason, text: &str, trigger: &str, goes_on: bool) -> Note {
    let (action, means) = match (trigger, goes_on) {
        // Nobody waits for an answer here, and what is unfinished is tried again when one of its containers is made.
        ("Synchronize", _) => (Action::Pass, ""),
        ("StartContainer", true) => (Action::Pass, "\nthe container starts all the same"),
        ("StartContainer", false) => (Action::Refuse, "\nthe container does not start"),
        (_, true) => (Action::Pass, "\nthe pod starts all the same"),
        (_, false) => (Action::Refuse, "\nthe pod does not start"),
    };
    Note {
        about: About::of(pod),
        reason,
        action,
        text: format!("{}{means}", cut(text, NOTE_BYTES - means.len())),
    }
}

fn skipped(whose: Whose<'_>, text: &str) -> Note {
    Note {
        about: About::of(whose.pod),
        reason: Reason::Missed,
        action: Action::Skip,
        text: cut(text, NOTE_BYTES),
    }
}

impl About {
    fn of(pod: &Pod) -> Self {
        Self {
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            uid: pod.uid.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
