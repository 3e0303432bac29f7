//! Keys that ask for something and have no effect: who wrote one is told, as nothing else says so.

use std::collections::BTreeMap;

use chainsaw_common::annotations::KEY;
use chainsaw_common::pod::Entrance;
use chainsaw_common::record::Entry;
use chainsaw_common::value;

/// Why a key has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unused {
    /// No container has its name.
    NoContainer,
    /// No attachment has its interface.
    NoAttachment,
    /// No attachment has a chain with chainsaw.
    NoChain,
    /// The pod has no attachments: it is on the host's network.
    HostNetwork,
}

impl Unused {
    /// What became of the key.
    pub fn why(self) -> &'static str {
        match self {
            Self::NoContainer => {
                "ran for no container: the pod had none of that name, it never started, or it started while the runtime told no daemon"
            }
            Self::NoAttachment => {
                "ran at no attachment: none of the pod's has that interface and a CNI chain with chainsaw, or its cni-args came first"
            }
            Self::NoChain => {
                "ran at no attachment: chainsaw is in no CNI chain of the pod's, or was told nothing of the annotation"
            }
            Self::HostNetwork => {
                "has no effect: the pod is on the host's network, where commands would change the node"
            }
        }
    }

    /// What to do.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::NoContainer => "name one of the pod's containers, or take the annotation away",
            Self::NoAttachment => "name one of the pod's interfaces, or take the annotation away",
            Self::NoChain => {
                "have chainsaw put into the node's CNI chain, or take the annotation away"
            }
            Self::HostNetwork => "take the annotation away, or hostNetwork",
        }
    }
}

/// The keys for interfaces that ran at no attachment, by what is recorded of the sandbox once all its attachments are made.
pub fn at_no_attachment<'a>(
    annotations: &'a BTreeMap<String, String>,
    entries: &[Entry],
) -> Vec<&'a str> {
    let is_used = |key: &str| {
        let mut works = entries.iter().map(|entry| &entry.work);
        works.any(|work| work.entrance == Entrance::Cni && work.source == key)
    };
    let asking = asking(annotations).filter(|key| *key != KEY);
    asking.filter(|key| !is_used(key)).collect()
}

/// The plain key, if it asks for something and nothing at all of the CNI entrance is recorded of the sandbox: where
/// chainsaw is in a chain, that key, or what came before it, would be.
pub fn in_no_chain<'a>(
    annotations: &'a BTreeMap<String, String>,
    entries: &[Entry],
) -> Option<&'a str> {
    let mut works = entries.iter().map(|entry| &entry.work);
    if works.any(|work| work.entrance == Entrance::Cni) {
        return None;
    }
    asking(annotations).find(|key| *key == KEY)
}

/// The keys of the CNI entrance that ask for something.
pub fn asking(annotations: &BTreeMap<String, String>) -> impl Iterator<Item = &str> {
    let ours = annotations.range(KEY.to_owned()..);
    ours.take_while(|(key, _)| key.starts_with(KEY))
        .filter(|(key, _)| key.strip_prefix(KEY).is_some_and(is_suffix))
        .filter(|(_, text)| !value::lines(text).is_ok_and(|lines| lines.is_empty()))
        .map(|(key, _)| key.as_str())
}

fn is_suffix(suffix: &str) -> bool {
    suffix.is_empty() || suffix.starts_with('.')
}

#[cfg(test)]
mod tests {
    use chainsaw_common::record::{Event, Work, hash};

    use super::*;

    fn annotations(keys: &[&str]) -> BTreeMap<String, String> {
        let pair = |key: &&str| ((*key).to_owned(), "ip route".to_owned());
        keys.iter().map(pair).collect()
    }

    fn ran(entrance: Entrance, source: &str) -> Entry {
        let work = Work {
            entrance,
            network: None,
            interface: "eth0".into(),
            container: None,
            source: source.into(),
            value: hash("ip route"),
        };
        Entry::new(work, Event::Ok)
    }

    #[test]
    fn an_interfaces_key_that_ran_nowhere_is_told_and_no_other() {
        let mut given = annotations(&[
            "k8s.v1.cni.cncf.io/chainsaw",
            "k8s.v1.cni.cncf.io/chainsaw-status",
            "k8s.v1.cni.cncf.io/chainsaw.eth0",
            "k8s.v1.cni.cncf.io/chainsaw.net1",
            "k8s.v1.cni.cncf.io/networks",
        ]);
        given.insert("k8s.v1.cni.cncf.io/chainsaw.net2".into(), "[]".into());
        let ran_at_eth0 = [ran(Entrance::Cni, "k8s.v1.cni.cncf.io/chainsaw.eth0")];
        assert_eq!(
            at_no_attachment(&given, &ran_at_eth0),
            ["k8s.v1.cni.cncf.io/chainsaw.net1"]
        );
        let elsewhere = [ran(Entrance::Nri, "k8s.v1.cni.cncf.io/chainsaw.net1")];
        assert_eq!(at_no_attachment(&given, &elsewhere).len(), 2);
    }

    #[test]
    fn the_plain_key_is_told_only_where_nothing_of_the_cni_entrance_is_recorded() {
        let given = annotations(&[KEY, "k8s.v1.cni.cncf.io/chainsaw.eth0"]);
        assert_eq!(in_no_chain(&given, &[]), Some(KEY));
        let other = [ran(Entrance::Nri, "a")];
        assert_eq!(in_no_chain(&given, &other), Some(KEY));
        for source in [KEY, "k8s.v1.cni.cncf.io/chainsaw.eth0", "args.cni.chainsaw"] {
            assert_eq!(in_no_chain(&given, &[ran(Entrance::Cni, source)]), None);
        }
        for nothing in ["[]", "# a comment\n", ""] {
            let quiet = [(KEY.to_owned(), nothing.to_owned())].into();
            assert_eq!(in_no_chain(&quiet, &[]), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_pod_asks_at_the_cni_entrance_by_our_keys_alone() {
        let given = annotations(&[
            "k8s.v1.cni.cncf.io/chainsaw",
            "k8s.v1.cni.cncf.io/chainsaw-status",
            "k8s.v1.cni.cncf.io/chainsaw.net1",
            "k8s.v1.cni.cncf.io/chainsaws",
        ]);
        let keys: Vec<&str> = asking(&given).collect();
        assert_eq!(
            keys,
            [
                "k8s.v1.cni.cncf.io/chainsaw",
                "k8s.v1.cni.cncf.io/chainsaw.net1"
            ]
        );
        assert_eq!(asking(&annotations(&["a", "z"])).count(), 0);
    }
}
