//! From values to a plan. A [`Draft`] is parsed and has been judged by nobody; only a [`Approved`] plan can run, and
//! only the policy's judgement of a draft without fault makes one.

use crate::family::Family;
use crate::hints;
use crate::ip::{self, Command, Lookup, Mistake, Reading};
use crate::limits::{self, Bounds, Excess};
use crate::pod::Subject;
use crate::policy::{Denial, Policy, Tried};
use crate::tokens::{Surroundings, TokenError};
use crate::value::Line;
use crate::words::{self, WordError};

mod approved;

pub(crate) use approved::micros;
pub use approved::{Approved, Done, Ended, Journal, Left, Run, Step};

/// Who wrote a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The pod's author: what the policy grants to the pod's namespace.
    Pod,
    /// The operator of the node, who is trusted with everything that is a command.
    Operator,
}

/// One command of a value, parsed as far as it can be.
#[derive(Debug)]
pub struct Drafted {
    /// Where it came from.
    pub source: String,
    /// Who wrote it.
    pub author: Author,
    /// As given.
    pub given: String,
    /// Whether later commands run although this one failed.
    pub ignore_failure: bool,
    /// The columns of its words, for pointing at one.
    pub columns: Vec<usize>,
    reading: Result<Reading, Unread>,
}

/// Why a line did not even become words to parse.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unread {
    column: usize,
    why: String,
    hint: Option<String>,
}

/// What is wrong with one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It does not become words: a quote, a control character, a token.
    Word {
        /// Where, in characters from 1.
        column: usize,
        /// Why.
        why: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// `ip` would not take it, or no profile does.
    Mistake(Mistake),
    /// The policy does not allow it. Of those that the same rule denies, the first has the remedy for all.
    Denied {
        /// What is missing.
        denial: Denial,
        /// What to write, and where.
        remedy: Option<String>,
    },
}

/// Everything that was asked for, in order, not yet judged.
#[derive(Debug, Default)]
pub struct Draft {
    commands: Vec<Drafted>,
}

impl Draft {
    /// Adds the lines of a value.
    pub fn extend(
        &mut self,
        source: &str,
        author: Author,
        lines: Vec<Line>,
        surroundings: &Surroundings,
    ) {
        let drafted = |line| drafted(source, author, line, surroundings);
        self.commands.extend(lines.into_iter().map(drafted));
    }

    /// One command from words that a shell has split already.
    #[must_use]
    pub fn of_words(words: &[String]) -> Self {
        let words: Vec<words::Word> = (1..)
            .zip(words)
            .map(|(column, text)| words::Word {
                text: text.clone(),
                column,
                replaced: false,
            })
            .collect();
        let drafted = Drafted {
            source: "words".to_owned(),
            author: Author::Operator,
            given: String::new(),
            ignore_failure: false,
            columns: Vec::new(),
            reading: Ok(ip::read(&words)),
        };
        Self {
            commands: vec![drafted],
        }
    }

    /// What each rule says of each command; nothing of one that is none.
    #[must_use]
    pub fn tried(&self, policy: &Policy, subject: &Subject) -> Vec<Vec<Tried>> {
        let tried = |drafted: &Drafted| match &drafted.reading {
            Ok(Reading {
                command: Ok(command),
                ..
            }) => policy.tried(subject, drafted.author, command),
            _ => Vec::new(),
        };
        self.commands.iter().map(tried).collect()
    }

    /// Judges the whole: a plan if every command is right and allowed.
    ///
    /// # Errors
    /// Every command, and what is wrong with it.
    pub fn approve(self, policy: &Policy, subject: &Subject) -> Result<Approved, Vec<Judged>> {
        let bounds = policy.bounds();
        let beyond = self.beyond(bounds.as_ref());
        let judged: Vec<Judged> = self
            .commands
            .into_iter()
            .zip(beyond)
            .map(|(drafted, beyond)| drafted.judged(policy, subject, beyond))
            .collect();
        if judged
            .iter()
            .all(|judged| matches!(judged, Judged::Right(_)))
        {
            let steps = judged.into_iter().filter_map(Judged::step).collect();
            return Ok(Approved::of(steps, bounds, policy.gate()));
        }
        Err(remedied(judged, policy, subject))
    }

    /// Which commands make more than a sandbox may hold, whatever is in it.
    fn beyond(&self, bounds: Option<&Bounds>) -> Vec<Option<Excess>> {
        match bounds {
            Some(bounds) => limits::beyond(bounds, self.commands.iter().map(Drafted::step)),
            None => vec![None; self.commands.len()],
        }
    }
}

/// Of the commands that the same rule denies, the first tells what to write so that none of them is denied.
fn remedied(mut judged: Vec<Judged>, policy: &Policy, subject: &Subject) -> Vec<Judged> {
    let mut told = Vec::new();
    let mut remedies = Vec::new();
    for one in &judged {
        let remedy = one.denied().and_then(|(denial, _)| {
            let because = Because::of(denial);
            let is_new = because == Because::ForGood || !told.contains(&because);
            is_new.then(|| {
                let same = judged.iter().filter_map(Judged::denied);
                let same = same.filter(|(denial, _)| Because::of(denial) == because);
                let commands: Vec<&Command> = same.map(|(_, command)| command).collect();
                told.push(because);
                policy.remedy(subject, denial, &commands)
            })
        });
        remedies.push(remedy);
    }
    for (one, remedy) in judged.iter_mut().zip(remedies) {
        if let Judged::Wrong(_, Fault::Denied { remedy: to, .. }) = one {
            *to = remedy;
        }
    }
    judged
}

/// What denies a command, as far as one remedy may do for several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Because {
    /// Each such denial has a remedy of its own.
    ForGood,
    /// The sandbox has no room.
    NoRoom,
    /// A module may not be loaded.
    Module,
    /// The rule at this line grants too little; none is the absence of one.
    Rule(Option<usize>),
}

impl Because {
    fn of(denial: &Denial) -> Self {
        match denial {
            Denial::Final { .. } => Self::ForGood,
            Denial::Full(_) => Self::NoRoom,
            Denial::Module(_) => Self::Module,
            Denial::Short { granted, .. } => Self::Rule(granted.line),
        }
    }
}

/// One command of a draft, judged.
#[derive(Debug)]
pub enum Judged {
    /// It is right and allowed.
    Right(Step),
    /// It is wrong, or not allowed.
    Wrong(Drafted, Fault),
}

impl Judged {
    fn step(self) -> Option<Step> {
        match self {
            Self::Right(step) => Some(step),
            Self::Wrong(..) => None,
        }
    }

    fn denied(&self) -> Option<(&Denial, &Command)> {
        match self {
            Self::Wrong(drafted, Fault::Denied { denial, .. }) => {
                let reading = drafted.reading.as_ref().ok()?;
                Some((denial, reading.command.as_ref().ok()?))
            }
            _ => None,
        }
    }
}

fn drafted(source: &str, author: Author, line: Line, surroundings: &Surroundings) -> Drafted {
    let mut columns = Vec::new();
    let reading = words(&line.text, surroundings).map(|words| {
        columns = words.iter().map(|word| word.column).collect();
        let reading = ip::read(&words);
        Reading {
            command: (reading.command)
                .map_err(|mistake| hints::noticed(mistake, &line.text, &words)),
            ..reading
        }
    });
    Drafted {
        source: source.to_owned(),
        author,
        given: line.text,
        ignore_failure: line.ignore_failure,
        columns,
        reading,
    }
}

fn words(line: &str, surroundings: &Surroundings) -> Result<Vec<words::Word>, Unread> {
    let unread = |column, why| Unread {
        column,
        why,
        hint: hints::of_an_unread_line(line),
    };
    let unsplit = |error: WordError| unread(error.column(), error.to_string());
    let mut words = words::split(line).map_err(unsplit)?;
    let family = ip::family_of(&words);
    let mut before = Family::Unspec;
    for word in &mut words {
        let column = word.column;
        // `via inet6 TOKEN` names the family of that one word.
        let own = if before == Family::Unspec {
            family
        } else {
            before
        };
        before = Family::named(&word.text).unwrap_or_default();
        surroundings
            .replace(word, own)
            .map_err(|error: TokenError| unread(column, error.to_string()))?;
    }
    Ok(words)
}

impl Drafted {
    fn step(&self) -> Option<limits::Step<'_>> {
        let reading = self.reading.as_ref().ok()?;
        let command = reading.command.as_ref().ok()?;
        Some((command, &reading.lookups, self.ignore_failure))
    }

    /// The full form, if it was understood.
    #[must_use]
    pub fn full(&self) -> Option<String> {
        let reading = self.reading.as_ref().ok()?;
        reading.command.as_ref().ok().map(full)
    }

    /// What `ip` would ask the kernel before it comes upon the mistake.
    #[must_use]
    pub fn lookups(&self) -> &[Lookup] {
        self.reading
            .as_ref()
            .map_or(&[], |reading| &reading.lookups)
    }

    fn judged(self, policy: &Policy, subject: &Subject, beyond: Option<Excess>) -> Judged {
        let (lookups, command) = match &self.reading {
            Err(unread) => {
                let fault = Fault::Word {
                    column: unread.column,
                    why: unread.why.clone(),
                    hint: unread.hint.clone(),
                };
                return Judged::Wrong(self, fault);
            }
            Ok(Reading {
                command: Err(mistake),
                ..
            }) => {
                let fault = Fault::Mistake(mistake.clone());
                return Judged::Wrong(self, fault);
            }
            Ok(Reading {
                lookups,
                command: Ok(command),
            }) => (lookups.clone(), command.clone()),
        };
        let within = |switch| beyond.map_or(Ok(switch), |excess| Err(Denial::Full(excess)));
        match policy
            .judge(subject, self.author, &command)
            .and_then(within)
        {
            Ok(switch) => Judged::Right(Step {
                source: self.source,
                given: self.given,
                ignore_failure: self.ignore_failure,
                lookups,
                command,
                switch,
            }),
            Err(denial) => Judged::Wrong(
                self,
                Fault::Denied {
                    denial,
                    remedy: None,
                },
            ),
        }
    }
}

fn full(command: &Command) -> String {
    format!("ip {command}")
}
