//! The words of a command for which a kernel loads a module, and which of these modules it may load for a pod.
//!
//! This is the allow-list: a word that is not here has no representation as a command. Tried on Debian's 6.1, 6.12 and 7.2
//! with all their modules on disk; no other word of the dialect made one of them look for a module.
//!
//! | words | the kernel asks for | since |
//! |---|---|---|
//! | `link add`, `link replace` of a device that is not there | `rtnl-link-KIND` | always |
//! | `link set … type KIND`, `link replace` of a device that is there | `rtnl-link-KIND` | 6.13 |
//! | `congctl NAME` of a route that is added, changed or deleted | `tcp_NAME` | always |
//! | `encap TYPE` of a route that is added, changed or deleted | `rtnl-lwt-TYPE`, none for `ip` and `ip6` | always |
//!
//! `link show type KIND` and `link delete … type KIND` ask for none.

use super::link::Kind;
use super::{Command, link, route};
use crate::ip::Action;

/// A word, the module that a kernel loads for it, and whether it may.
#[derive(Debug, PartialEq, Eq)]
pub struct Module {
    /// The word of the command.
    pub word: &'static str,
    /// The module, as `modprobe` and `lsmod` call it; empty if there is none.
    pub name: &'static str,
    /// Whether a kernel may load it.
    pub load: Load,
}

/// Whether a kernel may load a module for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// There is nothing to load: every kernel that knows the word has it built in, or knows it by another module.
    Nothing,
    /// It may. The module makes no device but those that are asked for.
    Freely,
    /// Only if `[modules] load` names it. Whether it is loaded already can be asked (`RTM_GETLINK`), and then nothing is
    /// loaded. It makes devices where nobody asked for them: these, in the node's own namespace.
    IfNamed(&'static str),
    /// Only if `[modules] load` names it: no question tells whether it is loaded already. It becomes a part of the network
    /// stack of every pod.
    IfNamedUnasked,
}

use Load::{Freely, IfNamed, IfNamedUnasked, Nothing};

impl Module {
    /// Whether it may be loaded only if the operator of the node names it.
    #[must_use]
    pub fn must_be_named(&self) -> bool {
        matches!(self.load, IfNamed(_) | IfNamedUnasked)
    }
}

const fn module(word: &'static str, name: &'static str, load: Load) -> Module {
    Module { word, name, load }
}

/// Kinds of devices, `type KIND`.
const KINDS: &[Module] = &[
    module("dummy", "dummy", IfNamed("dummy0")),
    module("ifb", "ifb", IfNamed("ifb0 and ifb1")),
    module("bond", "bonding", IfNamed("bond0")),
    module("veth", "veth", Freely),
    module("bridge", "bridge", Freely),
    module("vlan", "8021q", Freely),
    module("macvlan", "macvlan", Freely),
    module("ipvlan", "ipvlan", Freely),
    module("vrf", "vrf", Freely),
    module("vxlan", "vxlan", Freely),
    // What a device is as a part of another, whose module is loaded.
    module("bridge_slave", "", Nothing),
    module("bond_slave", "", Nothing),
    module("vrf_slave", "", Nothing),
];

/// TCP congestion controls, `congctl NAME`.
pub(super) const CONGESTION_CONTROLS: &[Module] = &[
    module("reno", "", Nothing),
    // The default of nearly every kernel, and built into those.
    module("cubic", "tcp_cubic", Freely),
    module("bbr", "tcp_bbr", IfNamedUnasked),
    module("dctcp", "tcp_dctcp", IfNamedUnasked),
];

/// Encapsulations, `encap TYPE`.
const ENCAPSULATIONS: &[Module] = &[
    module("ip", "", Nothing),
    module("ip6", "", Nothing),
    module("seg6", "", Nothing),
    module("mpls", "mpls_iptunnel", IfNamedUnasked),
];

/// What is read as a command and stands in no table: nobody can name its module, so it never runs where modules are judged.
const UNLISTED: Module = module("", "", IfNamedUnasked);

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Module> {
    [KINDS, CONGESTION_CONTROLS, ENCAPSULATIONS]
        .into_iter()
        .flatten()
}

impl Command {
    /// The modules that a kernel may load for it, in the order of its words.
    #[must_use]
    pub fn modules(&self) -> Vec<&'static Module> {
        match &self.action {
            Action::Link(action) => match &**action {
                link::Action::Add(settings)
                | link::Action::Replace(settings)
                | link::Action::Set(settings) => {
                    let kind = settings.kind.as_ref().map(Kind::name);
                    kind.map(|word| of(KINDS, word)).into_iter().collect()
                }
                _ => Vec::new(),
            },
            Action::Route(action) => match &**action {
                route::Action::Change(_, route) => of_route(route),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}

fn of_route(route: &route::Route) -> Vec<&'static Module> {
    let controls = route.metrics.iter().filter_map(route::Metric::control);
    let encaps = route.nexthops.iter().map(|nexthop| &nexthop.encap);
    let encaps = [&route.encap].into_iter().chain(encaps).flatten();
    let encaps = encaps.map(|encap| of(ENCAPSULATIONS, encap.word()));
    controls.chain(encaps).collect()
}

fn of(table: &'static [Module], word: &str) -> &'static Module {
    let row = table.iter().find(|row| row.word == word);
    row.unwrap_or(&UNLISTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ip::{link, read};

    #[test]
    fn every_kind_and_encapsulation_that_can_be_said_is_in_the_table() {
        let encaps = ["ip id 5", "ip6 id 5", "mpls 5", "seg6 mode encap segs ::1"];
        let kinds = link::kind_names()
            .into_iter()
            .map(|kind| format!("link set x type {kind}"));
        let encaps = encaps.map(|encap| format!("route add 10/8 encap {encap} dev x"));
        let mut count = 0;
        for line in kinds.chain(encaps) {
            let words = crate::words::split(&line).unwrap();
            let read = read(&words).command;
            // An option of the kind may be wanted, which says nothing of the kind.
            let Ok(command) = read else { continue };
            assert_ne!(command.modules(), [&UNLISTED], "{line}");
            count += 1;
        }
        assert_eq!(count, KINDS.len() + ENCAPSULATIONS.len());
    }

    #[test]
    fn what_makes_devices_elsewhere_is_loaded_only_if_it_is_named() {
        let judged: Vec<(&str, &str)> = all()
            .filter(|module| module.must_be_named())
            .map(|module| (module.word, module.name))
            .collect();
        assert_eq!(
            judged,
            [
                ("dummy", "dummy"),
                ("ifb", "ifb"),
                ("bond", "bonding"),
                ("bbr", "tcp_bbr"),
                ("dctcp", "tcp_dctcp"),
                ("mpls", "mpls_iptunnel"),
            ]
        );
    }
}
