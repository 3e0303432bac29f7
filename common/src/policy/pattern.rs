//! Command patterns: object, verb, then words, over the full form that a command is shown in.
//!
//! An `allow` pattern covers a command only if each of the command's keywords is named by it, so nothing that is added to
//! a command can slip through; a `deny` pattern hits if all of its words are in the command, whatever else is. Both look
//! at the full form: abbreviations, and the order in which the pod's author wrote the words, are gone by then.

use std::fmt;

use super::keywords::{Keywords, Parts, parts};
use super::profile::Profile;
use super::stretch::Stretch;
use crate::family::Family;
use crate::ip::{Action, Prefix};
use crate::nearest::nearest;
use crate::words;

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
        if !self.is_about(full) {
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
            let hit = [&[keyword.clone()], values.as_slice()].concat().join(" ");
            return Err(Some(format!("it does not name {hit:?}")));
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
    /// keyword.
    pub fn hits(&self, full: &Full) -> Option<Vec<String>> {
        if !self.is_about(full) {
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

    fn is_about(&self, full: &Full) -> bool {
        self.object == full.object && self.verb.is_none_or(|verb| verb == full.verb)
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::keywords::{Keywords, parts};
    use super::super::tests::command;
    use super::*;
    use crate::{ip, words};

    fn covers(pattern: &str, line: &str) -> bool {
        let command = command(line);
        let full = Full::of(&command.action).unwrap();
        let pattern = Pattern::read(pattern, 1).unwrap();
        pattern.covers(&full, Profile::needed(&command)).is_ok()
    }

    fn hits(pattern: &str, line: &str) -> bool {
        let full = Full::of(&command(line).action).unwrap();
        Pattern::read(pattern, 1).unwrap().hits(&full).is_some()
    }

    #[test]
    fn an_allow_pattern_covers_what_it_names_and_nothing_more() {
        for (pattern, line, is) in [
            ("route add", "r a 10/8 via 10.0.0.1 metric 5", true),
            ("route add", "route del 10/8", false),
            ("route add", "route add table local 10/8 dev lo", false),
            ("route add", "route add 10/8 encap mpls 5 dev eth0", false),
            (
                "route add default",
                "route add default via 10.0.0.1 dev eth0",
                true,
            ),
            ("route add 0.0.0.0/0", "route add default dev eth0", true),
            ("route add default", "route add 0/0 dev eth0", true),
            ("route add 10/8", "route add 10.0.0.0/8 dev eth0", true),
            ("addr add 10/8", "addr add 10.0.0.1/8 dev eth0", false),
            ("route add default", "route add 10/8 dev eth0", false),
            ("route add * dev *", "route add 10/8 dev eth0", true),
            (
                "route add * dev *",
                "route add 10/8 via 10.0.0.1 dev eth0",
                false,
            ),
            ("route add * dev *", "route add 10/8 via 10.0.0.1", false),
            ("route add dev eth0", "route add 10/8 dev eth0", true),
            (
                "route add * dev eth0",
                "route add blackhole 10/8 dev eth0",
                false,
            ),
            ("route add blackhole *", "route add blackhole 10/8", true),
            (
                "route add * dev * table *",
                "route add 10/8 dev lo table local",
                false,
            ),
            (
                "route add * dev * table 7",
                "route add 10/8 dev lo t 7",
                true,
            ),
            (
                "route add * dev * mtu",
                "route add 10/8 dev lo mtu lock 1400",
                false,
            ),
            (
                "route add * dev * mtu lock 1400",
                "route add 10/8 dev lo mtu lock 1400",
                true,
            ),
            ("route * *", "route replace 10/8 dev lo", true),
            (
                "route add * nexthop dev eth0",
                "route add 10/8 nexthop dev eth0 nexthop dev eth0",
                true,
            ),
            (
                "route add * nexthop dev eth0",
                "route add 10/8 nexthop dev eth0 nexthop dev eth1",
                false,
            ),
            ("link set * mtu", "link set eth0 mtu 1400", true),
            ("link set dev * mtu", "link set eth0 mtu 1400", true),
            ("link set eth0 mtu", "l s eth1 mtu 1400", false),
            ("link set * mtu", "link set eth0 up mtu 1400", false),
            ("link set * mtu up", "link set eth0 up mtu 1400", true),
            ("link set * mtu", "link set group 0 mtu 1400", false),
            ("link set * mtu 1400", "link set eth0 mtu 1500", false),
            ("link set eth0", "link set eth0 promisc on", true),
            ("link set", "link set eth0 name eth1", true),
            ("link add * type dummy", "link add d0 type dummy", true),
            ("link add * type dummy", "link add d0 type ifb", false),
            (
                "link add * type vlan id * link *",
                "link add link eth0 name v type vlan id 5",
                true,
            ),
            (
                "link add * type vlan id * link *",
                "link add link eth0 name v type vlan id 5 gvrp on",
                false,
            ),
            ("addr add * dev lo", "addr add 192.0.2.1/32 dev lo", true),
            ("addr add * dev lo", "addr add 192.0.2.1/32 dev eth0", false),
            (
                "addr add * dev lo",
                "addr add 192.0.2.1/32 dev lo label lo",
                false,
            ),
            (
                "rule add from * table *",
                "rule add from 10/8 table 100",
                true,
            ),
            ("rule add from * table *", "rule add table 100", false),
            (
                "rule add from * table *",
                "rule add not from 10/8 table 100",
                false,
            ),
            ("rule add", "rule add pref 0 table 100", false),
            (
                "rule add priority 0 table *",
                "rule add pref 0 table 100",
                true,
            ),
            ("neigh add", "neigh add proxy 192.0.2.1 dev eth0", false),
            (
                "link property add dev * altname *",
                "link property add dev eth0 altname x",
                true,
            ),
            (
                "link property del dev * altname *",
                "link property add dev eth0 altname x",
                false,
            ),
        ] {
            assert_eq!(covers(pattern, line), is, "{pattern}: {line}");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_keyword_covers_nothing_more() {
        for (pattern, line) in [
            ("link set * up", "link set dev up up"),
            ("link set * mtu", "link set dev mtu mtu 1400"),
            ("route add * dev *", "route add 10/8 dev via"),
            (
                "route add * dev * via *",
                "route add 10/8 via 10.0.0.1 dev dev",
            ),
        ] {
            assert!(!covers(pattern, line), "{pattern}: {line}");
        }
    }

    #[test]
    fn a_deny_pattern_hits_whatever_else_is_there() {
        for (pattern, line, is) in [
            ("route add default", "r a 0/0 dev eth0", true),
            ("route add default", "route add ::/0 dev eth0", true),
            ("route add default", "-6 route add default dev eth0", true),
            ("route add default", "route add blackhole default", true),
            (
                "route add default",
                "route add default encap mpls 5 dev eth0",
                true,
            ),
            ("route add default", "route replace default dev eth0", false),
            ("route * default", "route replace default dev eth0", true),
            ("route add 10.0.0.0/8", "route add 10/8 dev eth0", true),
            ("route add 10/8", "route add 10.0.0.0/8 dev eth0", true),
            (
                "route add 192.0.2.1",
                "route add 192.0.2.1/32 dev eth0",
                true,
            ),
            ("route *", "route flush cache", true),
            ("route", "route flush cache", true),
            (
                "link set * promisc on",
                "l s mtu 5 promisc on dev eth0",
                true,
            ),
            ("link set * promisc on", "l s promisc off dev eth0", false),
            ("link set mtu up", "l s up dev eth0 mtu 5", true),
            (
                "route add * mtu 1400",
                "route add 10/8 dev eth0 mtu lock 1400",
                true,
            ),
            (
                "route add via 10.0.0.1",
                "route add 10/8 nexthop via 10.0.0.2 nexthop via 10.0.0.1",
                true,
            ),
            (
                "route add via fe80::1",
                "route add 10/8 via inet6 fe80::1 dev eth0",
                true,
            ),
            ("link change * mtu", "link set eth0 mtu 5", true),
            ("link del", "link delete eth0", true),
            ("link set * netns", "link set eth0 up", false),
        ] {
            if pattern.contains("netns") {
                assert!(Pattern::read(pattern, 1).is_err());
                continue;
            }
            assert_eq!(hits(pattern, line), is, "{pattern}: {line}");
        }
    }

    /// Every command of the corpus that is one.
    fn corpus() -> Vec<ip::Command> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus");
        let files = fs::read_dir(folder).unwrap();
        let lines = files.flat_map(|file| {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        });
        lines
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| ip::read(&words::split(&line).ok()?).command.ok())
            .collect()
    }

    #[test]
    fn no_keyword_of_the_full_form_is_taken_for_a_value() {
        let commands = corpus();
        assert!(commands.len() > 1000, "{}", commands.len());
        for command in commands {
            let text = command.action.to_string();
            let words: Vec<String> = words::split(&text)
                .unwrap()
                .into_iter()
                .map(|word| word.text)
                .collect();
            let keywords = Keywords::of(&words[0]).unwrap();
            assert_eq!(keywords.object(), words[0], "{text}");
            assert!(keywords.verbs().contains(&words[1].as_str()), "{text}");
            let most = usize::from(words[0] != "rule") + usize::from(words[1] == "property");
            let parts = parts(keywords, &words[2..]);
            assert!(parts.start.len() <= most, "{text}: {:?}", parts.start);
            // What follows a kind's option may be many values, and none of them is a word for another option.
            for (keyword, values) in &parts.groups {
                let many = ["ingress-qos-map", "egress-qos-map", "macaddr", "srcport"];
                assert!(
                    values.len() <= 2 || many.contains(&keyword.as_str()),
                    "{text}: {keyword}"
                );
            }
        }
    }

    /// Options of each object that a command may get besides.
    const MORE: &[(&str, &[&str])] = &[
        (
            "route",
            &[
                "metric 7",
                "via 10.0.0.1",
                "src 10.0.0.2",
                "table 7",
                "onlink",
                "mtu 1400",
                "proto static",
                "scope link",
                "tos 4",
                "realms 5",
                "advmss 1300",
            ],
        ),
        (
            "link",
            &[
                "up",
                "promisc on",
                "mtu 1400",
                "alias x",
                "group 5",
                "nomaster",
                "txqueuelen 7",
                "arp off",
                "address 02:00:00:00:00:01",
            ],
        ),
        (
            "address",
            &[
                "scope link",
                "label eth0",
                "metric 7",
                "noprefixroute",
                "valid_lft forever",
                "broadcast +",
            ],
        ),
        (
            "rule",
            &[
                "from 10.0.0.0/8",
                "to 10.0.0.0/8",
                "fwmark 5",
                "priority 7",
                "not",
                "iif lo",
                "suppress_prefixlength 0",
                "goto 9",
            ],
        ),
        ("neigh", &["nud stale", "router", "use", "protocol static"]),
    ];

    const BASES: &[&str] = &[
        "route add 10.1.0.0/16 dev eth0",
        "route replace default dev eth0",
        "link set dev eth0",
        "address add 192.0.2.1/24 dev eth0",
        "rule add table 100",
        "neigh add 10.0.0.9 dev eth0 lladdr 02:00:00:00:00:01",
    ];

    const PATTERNS: &[&str] = &[
        "route add",
        "route add *",
        "route * default",
        "route add * dev *",
        "route add * dev eth0 via *",
        "route add * dev * metric *",
        "link set",
        "link set * mtu",
        "link set eth0",
        "link set * up",
        "address add * dev *",
        "address add",
        "rule add",
        "rule add table *",
        "rule add from * table 100",
        "neigh add",
        "neigh add * dev * lladdr *",
    ];

    fn line(base: usize, more: &[usize]) -> (String, Vec<&'static str>) {
        let base = BASES[base % BASES.len()];
        let object = base.split(' ').next().unwrap();
        let (_, options) = MORE.iter().find(|(own, _)| *own == object).unwrap();
        let mut chosen: Vec<&str> = more
            .iter()
            .map(|one| options[one % options.len()])
            .collect();
        chosen.sort_unstable();
        chosen.dedup();
        (format!("{base} {}", chosen.join(" ")), chosen)
    }

    fn read(line: &str) -> Option<ip::Command> {
        ip::read(&words::split(line).unwrap()).command.ok()
    }

    proptest! {
        #[test]
        fn what_an_allow_pattern_does_not_name_turns_no_denial_into_a_grant(
            base in 0..BASES.len(),
            more in proptest::collection::vec(0..20usize, 0..4),
            other in 0..20usize,
            pattern in 0..PATTERNS.len(),
        ) {
            let (short, chosen) = line(base, &more);
            let (long, with) = line(base, &[more.as_slice(), &[other]].concat());
            let added = with.iter().find(|one| !chosen.contains(one));
            let pattern = Pattern::read(PATTERNS[pattern], 1).unwrap();
            let judge = |command: &ip::Command| {
                let full = Full::of(&command.action).unwrap();
                pattern.covers(&full, Profile::needed(command)).is_ok()
            };
            if let (Some(added), Some(short), Some(long)) = (added, read(&short), read(&long)) {
                let keyword = added.split(' ').next().unwrap();
                let names = |word: &str| pattern.words.groups.iter().any(|(own, _)| own == word);
                if judge(&long) && !names(keyword) {
                    prop_assert!(judge(&short), "{pattern}: {long}");
                }
                if !pattern.words.groups.is_empty() && judge(&long) {
                    prop_assert!(names(keyword), "{pattern}: {long}");
                }
            }
        }

        #[test]
        fn a_deny_pattern_that_hits_a_command_hits_it_with_more_words_in_any_order(
            base in 0..BASES.len(),
            more in proptest::collection::vec(0..20usize, 0..5),
            pattern in 0..PATTERNS.len(),
        ) {
            let (_, chosen) = line(base, &more);
            let base = BASES[base];
            let pattern = Pattern::read(PATTERNS[pattern], 1).unwrap();
            let hit = |line: &str| {
                let command = read(line)?;
                Some(pattern.hits(&Full::of(&command.action)?).is_some())
            };
            let turned: Vec<&str> = chosen.iter().rev().copied().collect();
            let (one, other) = (hit(&format!("{base} {}", chosen.join(" "))), hit(&format!("{base} {}", turned.join(" "))));
            if hit(base) == Some(true) {
                prop_assert!(one != Some(false) && other != Some(false), "{pattern}");
            }
            if one.is_some() && other.is_some() {
                prop_assert_eq!(one, other);
            }
        }

        #[test]
        fn a_deny_pattern_hits_every_abbreviation(object in 1..6usize, verb in 1..4usize, net in 0..3usize) {
            let net = ["default", "0/0", "0.0.0.0/0"][net];
            let line = format!("{} {} {net} dev eth0", &"route"[..object.min(5)], &"add"[..verb.min(3)]);
            if let Some(command) = read(&line) {
                let full = Full::of(&command.action).unwrap();
                if full.object == "route" {
                    prop_assert!(Pattern::read("route add default", 1).unwrap().hits(&full).is_some(), "{line}");
                }
            }
        }
    }
}
