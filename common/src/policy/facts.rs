//! What the routes of a pod's namespace say of a command, where the policy asks for it, and what denies the command then.

use std::net::IpAddr;

use super::{Denial, Policy};
use crate::ip::{Action, Command, neigh};
use crate::plan::Author;
use crate::pod::Subject;

/// What holds of a command in a pod's namespace, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// The neighbour is the gateway of a route: what is said of it affects every destination.
    pub is_gateway: bool,
    /// No route reaches the neighbour on its device without a gateway.
    pub is_off_link: bool,
}

/// A command is denied where a fact holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The fact, alone.
    pub fact: Facts,
    /// Why the command may not run where it holds.
    pub denial: Denial,
    /// What to write, and where.
    pub remedy: String,
}

const FACTS: [Facts; 2] = [
    Facts {
        is_gateway: true,
        is_off_link: false,
    },
    Facts {
        is_gateway: false,
        is_off_link: true,
    },
];

impl Facts {
    /// Whether all of these hold there.
    #[must_use]
    pub fn hold(self, there: Self) -> bool {
        (!self.is_gateway || there.is_gateway) && (!self.is_off_link || there.is_off_link)
    }

    /// Why the routes of the namespace decide.
    #[must_use]
    pub fn reason(self) -> &'static str {
        if self.is_off_link {
            "the neighbour has to be on-link: a route of the pod reaches it on that device without a gateway"
        } else {
            "the neighbour may not be the gateway of a route: its entry affects every destination"
        }
    }
}

impl Policy {
    /// What denies a command that is allowed by its words, in a namespace where it holds.
    #[must_use]
    pub fn conditions(
        &self,
        subject: &Subject,
        author: Author,
        command: &Command,
    ) -> Vec<Condition> {
        if author != Author::Pod || self.is_the_callers() || neighbour(command).is_none() {
            return Vec::new();
        }
        let condition = |fact| {
            let denial = self.granted_to(subject, command, fact).err()?;
            Some(Condition {
                fact,
                remedy: self.remedy_by(subject, fact, &denial, &[command]),
                denial,
            })
        };
        FACTS.into_iter().filter_map(condition).collect()
    }
}

/// The neighbour that a command changes.
pub fn neighbour(command: &Command) -> Option<IpAddr> {
    let Action::Neigh(action) = &command.action else {
        return None;
    };
    match &**action {
        neigh::Action::Change(_, neighbour) => neighbour.key.address.address(),
        _ => None,
    }
}
