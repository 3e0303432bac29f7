//! `CURRENT_…` and `NODE_…`: words of a command that the node fills in, once, before the command is parsed.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::family::Family;
use crate::nearest::nearest;
use crate::words::Word;

/// The tokens with a fixed name.
pub const CURRENT: [&str; 7] = [
    "CURRENT_INTERFACE",
    "CURRENT_ADDRESS",
    "CURRENT_ADDRESS_V4",
    "CURRENT_ADDRESS_V6",
    "CURRENT_GATEWAY",
    "CURRENT_GATEWAY_V4",
    "CURRENT_GATEWAY_V6",
];

/// What tokens stand for, at this entrance, in this namespace.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The current interface.
    pub interface: Option<String>,
    /// Its addresses, in order of preference; never link-local.
    pub addresses: Vec<IpAddr>,
    /// Its gateways, in order of preference.
    pub gateways: Vec<IpAddr>,
    /// The node's `[values]`, by what follows `NODE_`.
    pub values: BTreeMap<String, String>,
    /// How whoever asks can tell the interface, where there is a way.
    pub interface_option: Option<&'static str>,
    /// Whether whoever asks tells addresses and gateways with `--address` and `--gateway`, of which each has one family.
    pub address_options: bool,
}

/// A token that cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is no token of that name.
    #[error("{token} is no token{}", .nearest.map(|known| format!(", did you mean {known}?")).unwrap_or_default())]
    Unknown {
        /// As given.
        token: String,
        /// A known one that is near.
        nearest: Option<&'static str>,
    },
    /// It is written as a shell's variable.
    #[error("there is no shell: write {token}, without $ and braces")]
    Variable {
        /// The token itself.
        token: String,
    },
    /// The node has no such value.
    #[error("NODE_{key} is none of the node's [values], {}", known_values(.known, .key))]
    NoValue {
        /// What follows `NODE_`.
        key: String,
        /// What the node has.
        known: Vec<String>,
    },
    /// The token is known and nothing here gives it a value.
    #[error("{token} has no value here: {}write the value itself", .option.map(|option| format!("give {option}, or ")).unwrap_or_default())]
    Unresolved {
        /// As given.
        token: String,
        /// What would give it one.
        option: Option<&'static str>,
    },
}

/// The values that there are; the nearest first.
fn known_values(known: &[String], key: &str) -> String {
    let all: Vec<String> = known.iter().map(|key| format!("NODE_{key}")).collect();
    match nearest(key, known.iter().map(String::as_str)) {
        _ if all.is_empty() => "there are none: add it to the node's configuration".to_owned(),
        Some(near) => format!("did you mean NODE_{near}? There are {}", all.join(", ")),
        None => format!("there are {}", all.join(", ")),
    }
}

impl Surroundings {
    /// Replaces the tokens in `word`. What was put in is never looked at again.
    ///
    /// # Errors
    /// A token that is unknown or has no value.
    pub fn replace(&self, word: &mut Word, family: Family) -> Result<(), TokenError> {
        let mut text = String::with_capacity(word.text.len());
        let mut rest = word.text.as_str();
        while let Some(start) = token_start(rest) {
            let (before, tail) = rest.split_at(start);
            let end =
                tail.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
            let (token, after) = tail.split_at(end.unwrap_or(tail.len()));
            text.push_str(before);
            if before.ends_with('$') || before.ends_with("${") {
                return Err(TokenError::Variable {
                    token: token.to_owned(),
                });
            }
            text.push_str(&self.value(token, family)?);
            word.replaced = true;
            rest = after;
        }
        if word.replaced {
            text.push_str(rest);
            word.text = text;
        }
        Ok(())
    }

    fn value(&self, token: &str, family: Family) -> Result<String, TokenError> {
        if let Some(key) = token.strip_prefix("NODE_") {
            return self
                .values
                .get(key)
                .cloned()
                .ok_or_else(|| TokenError::NoValue {
                    key: key.to_owned(),
                    known: self.values.keys().cloned().collect(),
                });
        }
        match token {
            "CURRENT_INTERFACE" => self.interface.clone(),
            "CURRENT_ADDRESS" => first(&self.addresses, family),
            "CURRENT_ADDRESS_V4" => first(&self.addresses, Family::Inet),
            "CURRENT_ADDRESS_V6" => first(&self.addresses, Family::Inet6),
            "CURRENT_GATEWAY" => first(&self.gateways, family),
            "CURRENT_GATEWAY_V4" => first(&self.gateways, Family::Inet),
            "CURRENT_GATEWAY_V6" => first(&self.gateways, Family::Inet6),
            _ => {
                return Err(TokenError::Unknown {
                    token: token.to_owned(),
                    nearest: nearest(token, CURRENT),
                });
            }
        }
        .ok_or_else(|| TokenError::Unresolved {
            token: token.to_owned(),
            option: self.option(token, family),
        })
    }
}

impl Surroundings {
    /// What would give a token its value.
    fn option(&self, token: &str, family: Family) -> Option<&'static str> {
        let is_six = token.ends_with("_V6") || family == Family::Inet6 && !token.ends_with("_V4");
        let told = match (token.starts_with("CURRENT_GATEWAY"), is_six) {
            (true, true) => "--gateway an IPv6 address too",
            (true, false) => "--gateway an IPv4 address too",
            (false, true) => "--address an IPv6 address too",
            (false, false) => "--address an IPv4 address too",
        };
        if self.interface.is_none() {
            self.interface_option
        } else {
            self.address_options.then_some(told)
        }
    }
}

/// Whether any of the texts asks for a gateway, which an entrance may have to ask the kernel for.
#[must_use]
pub fn ask_for_a_gateway<'a>(texts: impl IntoIterator<Item = &'a str>) -> bool {
    texts
        .into_iter()
        .any(|text| text.contains("CURRENT_GATEWAY"))
}

/// Whether there is a token in a word.
#[must_use]
pub fn is_in(word: &str) -> bool {
    token_start(word).is_some()
}

fn token_start(text: &str) -> Option<usize> {
    match (text.find("CURRENT_"), text.find("NODE_")) {
        (Some(current), Some(node)) => Some(current.min(node)),
        (current, node) => current.or(node),
    }
}

fn first(addresses: &[IpAddr], family: Family) -> Option<String> {
    addresses
        .iter()
        .find(|address| family == Family::Unspec || Family::of(**address) == family)
        .map(IpAddr::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings() -> Surroundings {
        Surroundings {
            interface: Some("net1".into()),
            addresses: vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()],
            gateways: vec!["192.0.2.1".parse().unwrap()],
            values: [("UPLINK".to_owned(), "CURRENT_INTERFACE".to_owned())].into(),
            interface_option: None,
            address_options: false,
        }
    }

    fn replaced(text: &str, family: Family) -> Result<String, TokenError> {
        let mut word = Word {
            text: text.into(),
            column: 1,
            replaced: false,
        };
        surroundings()
            .replace(&mut word, family)
            .map(|()| word.text)
    }

    #[test]
    fn replaces_inside_a_word() {
        assert_eq!(
            replaced("CURRENT_INTERFACE.100", Family::Unspec).unwrap(),
            "net1.100"
        );
        assert_eq!(
            replaced("CURRENT_ADDRESS/32", Family::Unspec).unwrap(),
            "192.0.2.7/32"
        );
    }

    #[test]
    fn the_family_decides_which_address() {
        assert_eq!(
            replaced("CURRENT_ADDRESS", Family::Inet6).unwrap(),
            "2001:db8::7"
        );
        assert_eq!(
            replaced("CURRENT_ADDRESS_V4", Family::Inet6).unwrap(),
            "192.0.2.7"
        );
        assert_eq!(
            replaced("CURRENT_GATEWAY_V6", Family::Unspec),
            Err(TokenError::Unresolved {
                token: "CURRENT_GATEWAY_V6".into(),
                option: None
            })
        );
    }

    #[test]
    fn what_was_put_in_is_not_replaced_again() {
        assert_eq!(
            replaced("NODE_UPLINK", Family::Unspec).unwrap(),
            "CURRENT_INTERFACE"
        );
    }

    #[test]
    fn an_unknown_token_names_the_nearest() {
        let error = replaced("CURRENT_INTERFACES", Family::Unspec).unwrap_err();
        assert_eq!(
            error.to_string(),
            "CURRENT_INTERFACES is no token, did you mean CURRENT_INTERFACE?"
        );
        let said = |text| replaced(text, Family::Unspec).unwrap_err().to_string();
        assert_eq!(
            said("NODE_NOTHING"),
            "NODE_NOTHING is none of the node's [values], there are NODE_UPLINK"
        );
        assert!(said("NODE_UPLNK").contains("did you mean NODE_UPLINK?"));
    }

    #[test]
    fn who_can_tell_the_interface_is_told_how() {
        let mut word = Word {
            text: "CURRENT_INTERFACE".into(),
            column: 1,
            replaced: false,
        };
        let nothing = Surroundings {
            interface_option: Some("--interface NAME"),
            ..Surroundings::default()
        };
        assert_eq!(
            nothing
                .replace(&mut word, Family::Unspec)
                .unwrap_err()
                .to_string(),
            "CURRENT_INTERFACE has no value here: give --interface NAME, or write the value itself"
        );
    }

    #[test]
    fn a_value_of_the_other_family_can_be_told_where_values_are_told() {
        let told = Surroundings {
            interface: Some("eth0".to_owned()),
            gateways: vec!["10.0.0.1".parse().unwrap()],
            address_options: true,
            ..Surroundings::default()
        };
        for (token, family, wanted) in [
            (
                "CURRENT_GATEWAY",
                Family::Inet6,
                "give --gateway an IPv6 address too, or ",
            ),
            (
                "CURRENT_GATEWAY_V6",
                Family::Inet,
                "give --gateway an IPv6 address too, or ",
            ),
            (
                "CURRENT_ADDRESS_V4",
                Family::Inet6,
                "give --address an IPv4 address too, or ",
            ),
        ] {
            let why = told.value(token, family).unwrap_err().to_string();
            assert!(why.contains(wanted), "{why}");
        }
    }

    #[test]
    fn a_token_is_no_variable_of_a_shell() {
        for text in [
            "$CURRENT_INTERFACE",
            "${CURRENT_INTERFACE}",
            "x.$CURRENT_INTERFACE.1",
        ] {
            let mut word = Word {
                text: text.into(),
                column: 1,
                replaced: false,
            };
            let why = Surroundings::default().replace(&mut word, Family::Unspec);
            assert_eq!(
                why.unwrap_err().to_string(),
                "there is no shell: write CURRENT_INTERFACE, without $ and braces"
            );
        }
    }
}
