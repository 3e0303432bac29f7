//! What of a packet is a number, for `ip route get`.

use super::super::{ip_protocols, number};
use crate::uapi::rta;
use crate::wire::Attributes;

/// What is a number, each with its attribute and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// `mark`.
    Mark,
    /// `uid`.
    Uid,
    /// `sport`.
    Sport,
    /// `dport`.
    Dport,
    /// `ipproto`.
    Ipproto,
    /// `flowlabel`.
    Flowlabel,
}

impl Number {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::Uid => "uid",
            Self::Sport => "sport",
            Self::Dport => "dport",
            Self::Ipproto => "ipproto",
            Self::Flowlabel => "flowlabel",
        }
    }

    pub(super) fn read(self, word: &str) -> Option<u32> {
        match self {
            Self::Sport | Self::Dport => number::fitting::<u16>(word).map(u32::from),
            Self::Ipproto => ip_protocols::number_of(word).map(u32::from),
            Self::Mark | Self::Uid | Self::Flowlabel => number::fitting(word),
        }
    }

    pub(super) fn wrong(self, word: &str) -> String {
        match self {
            Self::Mark => "invalid mark value".to_owned(),
            Self::Flowlabel => "invalid flowlabel".to_owned(),
            Self::Uid => "invalid UID\n".to_owned(),
            Self::Ipproto => "Invalid \"ipproto\" value\n".to_owned(),
            Self::Sport | Self::Dport => format!("invalid {word}\n"),
        }
    }

    pub(super) fn put(self, value: u32, attributes: &mut Attributes) {
        let port = u16::try_from(value).unwrap_or(0).to_be_bytes();
        match self {
            Self::Mark => attributes.put_u32(rta::MARK, value),
            Self::Uid => attributes.put_u32(rta::UID, value),
            Self::Sport => attributes.put(rta::SPORT, &port),
            Self::Dport => attributes.put(rta::DPORT, &port),
            Self::Ipproto => attributes.put(rta::IP_PROTO, &[u8::try_from(value).unwrap_or(0)]),
            Self::Flowlabel => attributes.put(rta::FLOWLABEL, &value.to_be_bytes()),
        };
    }
}
