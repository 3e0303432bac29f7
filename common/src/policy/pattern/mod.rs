//! Command patterns: object, verb, then words, over the full form that a command is shown in.
//!
//! An `allow` pattern covers a command only if each of the command's keywords is named by it, so nothing that is added to
//! a command can slip through; a `deny` pattern hits if all of its words are in the command, whatever else is, and if its
//! verb is the command's or a twin of it: `link add` hits `link replace`. Both look at the full form: abbreviations, and
//! the order in which the pod's author wrote the words, are gone by then.

use std::fmt;

use super::keywords::{Keywords, Parts, parts};
use super::profile::Profile;
use super::stretch::Stretch;
use crate::family::Family;
use crate::ip::{Action, Prefix};
use crate::nearest::nearest;
use crate::words;

#[cfg(test)]
mod tests;

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    /// Where it stands in the file, from 1.
    pub line: usize,
    object: &'static str,
    /// None is any.
    verb: Option<&'static str>,
    words: Parts<Word>,
}

/// A value of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// `*`.
    Any,
    /// This.
    Is(String),
}

/// A command in full, taken apart.
#[derive(Debug)]
pub struct Full {
    object: &'static str,
    verb: String,
    rest: Vec<String>,
    parts: Parts<String>,
}

impl Full {
    /// Takes a command apart.
    pub fn of(action: &Action) -> Option<Self> {
        let words = words::split(&action.to_string()).ok()?;
        let mut words = words.into_iter().map(|word| word.text);
        let keywords = Keywords::of(&words.next()?)?;
        let verb = words.next()?;
        let rest: Vec<String> = words.collect();
        Some(Self {
            object: keywords.object(),
            verb,
            parts: parts(keywords, &rest),
            rest,
        })
    }
}

impl Pattern {
    /// Reads a pattern that stands at a line.
    ///
    /// # Errors
    /// A word that can be in no command there, so that the pattern would never match.
    pub fn read(text: &str, line: usize) -> Result<Self, String> {
        let split = words::split(text).map_err(|error| error.to_string())?;
        let mut words = split.into_iter().map(|word| word.text);
        let (object, verb) = (words.next().unwrap_or_default(), words.next());
        let keywords = Keywords::of(&object).ok_or_else(|| {
            let objects = Keywords::objects();
            let meant = meant(&object, objects);
            format!(
                "the pattern {text:?} begins with no object{meant}: it is one of {}",
                objects.join(", ")
            )
        })?;
        let verb = verb.unwrap_or_else(|| "*".to_owned());
        let verb = match verb.as_str() {
            "*" => None,
            word => Some(keywords.verb(word).ok_or_else(|| {
                let verbs = keywords.verbs();
                let meant = meant(word, verbs.iter().copied());
                format!("{word:?} in the pattern {text:?} is no verb of {object}{meant}: it is *, or one of {}", verbs.join(", "))
            })?),
        };
        let rest: Vec<String> = words.collect();
        let parts = parts(keywords, &rest);
        is_possible(text, keywords, &parts)?;
        Ok(Self {
            text: text.to_owned(),
            line,
            object: keywords.object(),
            verb,
            words: typed(parts),
        })
    }

    /// Whether it covers a command that needs this profile.
    ///
    /// # Errors
    /// Why it does not, if it is about such commands at all.
    pub fn covers(&self, full: &Full, needs: Profile) -> Result<(), Option<String>> {
        let is_about = self.object == full.object && self.verb.is_none_or(|verb| verb == full.verb);
        if !is_about {
            return Err(None);
        }
        let given = &full.parts;
        if !self.words.start.is_empty() && !all_are(&self.words.start, &given.start) {
            return Err(Some(format!("it is not for {}", given.start.join(" "))));
        }
        if self.words.groups.is_empty() {
            return self.is_plain(full, needs);
        }
        if self.words.start.is_empty() && given.start.len() > 1 {
            return Err(Some(format!("it does not name {}", given.start.join(" "))));
        }
        let fits = |(keyword, values): &(String, Vec<String>)| {
            self.words.groups.iter().any(|(own, wanted)| {
                own == keyword && (wanted.is_empty() || all_are(wanted, values))
            })
        };
        if let Some((keyword, values)) = given.groups.iter().find(|group| !fits(group)) {
            let hit = format!("{keyword} {}", values.join(" "));
            return Err(Some(format!("it does not name {:?}", hit.trim_end())));
        }
        let used = |(own, wanted): &&(String, Vec<Word>)| {
            !given.groups.iter().any(|(keyword, values)| {
                own == keyword && (wanted.is_empty() || all_are(wanted, values))
            })
        };
        match self.words.groups.iter().find(used) {
            Some((missing, _)) => Err(Some(format!("the command has no {missing}"))),
            None => Ok(()),
        }
    }

    /// Without a keyword it covers any, as far as the verb is plain: of routes, rules and neighbours no more than profile
    /// `route` has. What goes beyond (`encap`, `table local`, the kernel's own rules …) has to be named.
    fn is_plain(&self, full: &Full, needs: Profile) -> Result<(), Option<String>> {
        let most = match full.object {
            "address" | "link" => Profile::NetAdmin,
            _ => Profile::Route,
        };
        if needs <= most {
            return Ok(());
        }
        let keywords: Vec<&str> = full
            .parts
            .groups
            .iter()
            .map(|(word, _)| word.as_str())
            .collect();
        Err(Some(format!(
            "object and verb alone cover no more than profile {most} does: name each of {}",
            keywords.join(", ")
        )))
    }

    /// The words of a command that it hits; none if it does not. Each of its words has to be there, values behind their
    /// keyword; the verb may be a twin.
    pub fn hits(&self, full: &Full) -> Option<Vec<String>> {
        if !self.is_against(full) {
            return None;
        }
        let mut hit = vec![full.object.to_owned(), full.verb.clone()];
        for word in &self.words.start {
            hit.extend(found(word, &full.rest)?.1);
        }
        for (keyword, values) in &self.words.groups {
            hit.extend(group(keyword, values, &full.rest)?);
        }
        Some(hit)
    }

    fn is_against(&self, full: &Full) -> bool {
        let Some(verb) = self.verb else {
            return self.object == full.object;
        };
        let keywords = Keywords::of(self.object);
        let are_twins = |keywords: Keywords| keywords.are_twins(verb, &full.verb);
        self.object == full.object && keywords.is_some_and(are_twins)
    }
}

/// Words of the command that a keyword with its values hits, at any place where the keyword stands.
fn group(keyword: &str, values: &[Word], rest: &[String]) -> Option<Vec<String>> {
    let places = (1..).zip(rest).filter(|(_, word)| *word == keyword);
    places
        .map(|(behind, _)| {
            let mut rest = rest.get(behind..)?;
            let mut hit = vec![keyword.to_owned()];
            for value in values {
                let (next, word) = found(value, rest)?;
                hit.extend(word);
                rest = rest.get(next..)?;
            }
            Some(hit)
        })
        .find_map(|hit| hit)
}

/// The first word that a value of a `deny` pattern hits, and what follows it.
fn found(value: &Word, words: &[String]) -> Option<(usize, Option<String>)> {
    let hits = |word: &String| match value {
        Word::Any => true,
        Word::Is(value) => {
            value == word
                || Stretch::same(value, word)
                || (Stretch::is_all(value) && Stretch::is_all(word))
        }
    };
    let (next, word) = (1..).zip(words).find(|(_, word)| hits(word))?;
    Some((next, matches!(value, Word::Is(_)).then(|| word.clone())))
}

/// Whether values are exactly as wanted, each one.
fn all_are(wanted: &[Word], values: &[String]) -> bool {
    let is = |(wanted, value): (&Word, &String)| match wanted {
        Word::Any => true,
        Word::Is(word) => word == value || (is_default(word) && is_default(value)),
    };
    wanted.len() == values.len() && wanted.iter().zip(values).all(is)
}

fn is_default(word: &str) -> bool {
    matches!(word, "default" | "0.0.0.0/0" | "::/0")
}

fn typed(parts: Parts<String>) -> Parts<Word> {
    let word = |word: String| match word.as_str() {
        "*" => Word::Any,
        short => match Prefix::read(short, Family::Inet) {
            // `10/8` is shown in full.
            Ok(prefix) if short.contains('/') && prefix.address.is_some() => {
                Word::Is(prefix.to_string())
            }
            _ => Word::Is(word),
        },
    };
    let words = |words: Vec<String>| words.into_iter().map(word).collect();
    Parts {
        start: words(parts.start),
        groups: parts
            .groups
            .into_iter()
            .map(|(own, values)| (own, words(values)))
            .collect(),
    }
}

/// Whether a command can have these words: a misspelt keyword would make a denial that never hits.
fn is_possible(text: &str, keywords: Keywords, parts: &Parts<String>) -> Result<(), String> {
    let object = keywords.object();

    let most = match object {
        "rule" => 0,

        _ => 1,
    };
    let is_value = |word: &str| {
        word == "*" || Stretch::is_all(word) || Stretch::read(word).is_ok() || {
            let (address, _) = word.split_once('/').unwrap_or((word, ""));
            address.parse::<std::net::IpAddr>().is_ok() || address.parse::<u32>().is_ok()
        }
    };
    // Where a device may stand without its keyword, any word may be its name.
    let named = keywords.leading() == "dev";
    let wrong = |(place, word): &(usize, &String)| *place >= most || !(named || is_value(word));
    match parts.start.iter().enumerate().find(wrong) {
        None => Ok(()),
        Some((_, word)) => {
            let meant = meant(word, keywords.all());
            Err(format!(
                "{word:?} in the pattern {text:?} is no keyword of {object} in its full form{meant}; `chainsaw check` shows the full form of a command"
            ))
        }
    }
}

fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!(", did you mean {near}?"))
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
