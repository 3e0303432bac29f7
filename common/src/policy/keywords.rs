//! The keywords of the full form, an object each, so that a pattern can tell them from values.
//!
//! A word that is missing here would be taken for a value; that none is missing is held by a test that takes the full
//! form of every command of the corpus apart.

use crate::ip;

/// How many values follow a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Exactly so many, as long as they do not look like keywords.
    Just(usize),
    /// All up to the next keyword.
    Rest,
}

/// Keywords of an object: without a value, with one, and those that are neither.
struct Table {
    object: &'static str,
    verbs: &'static [&'static str],
    /// Verbs that do to the object what their sisters do.
    families: &'static [&'static [&'static str]],
    /// It names what the verb is about, and may be left out in front of it.
    leading: &'static str,
    bare: &'static [&'static str],
    one: &'static [&'static str],
    two: &'static [&'static str],
}

const ADDRESS: Table = Table {
    object: "address",
    verbs: &["show", "add", "change", "replace", "del", "flush"],
    // The kernel makes the address for `change`, too, though iproute2 does not ask for that (`inet_rtm_newaddr`).
    families: &[&["add", "change", "replace"], &["del", "flush"]],
    leading: "dev",
    bare: &[
        "secondary",
        "temporary",
        "nodad",
        "optimistic",
        "dadfailed",
        "home",
        "deprecated",
        "tentative",
        "permanent",
        "mngtmpaddr",
        "noprefixroute",
        "autojoin",
        "stable-privacy",
        "up",
        "down",
        "nomaster",
        "novf",
    ],
    one: &[
        "peer",
        "broadcast",
        "anycast",
        "dev",
        "scope",
        "label",
        "metric",
        "valid_lft",
        "preferred_lft",
        "proto",
        "to",
        "group",
        "master",
        "vrf",
        "type",
    ],
    two: &[],
};

const LINK: Table = Table {
    object: "link",
    verbs: &["show", "add", "replace", "set", "delete", "property"],
    // `set` makes no device, and `replace` changes none that is there (`rtnl_changelink`).
    families: &[&["add", "replace"]],
    leading: "dev",
    bare: &["up", "down", "nomaster", "novf"],
    one: &[
        "dev",
        "name",
        "link",
        "index",
        "multicast",
        "allmulticast",
        "promisc",
        "trailers",
        "arp",
        "dynamic",
        "address",
        "broadcast",
        "mtu",
        "txqueuelen",
        "numtxqueues",
        "numrxqueues",
        "gso_max_size",
        "gso_max_segs",
        "gro_max_size",
        "gso_ipv4_max_size",
        "gro_ipv4_max_size",
        "carrier",
        "mode",
        "state",
        "protodown",
        "addrgenmode",
        "master",
        "vrf",
        "group",
        "parentdev",
        "alias",
        "altname",
        "type",
    ],
    two: &["protodown_reason"],
};

const NEIGH: Table = Table {
    object: "neigh",
    verbs: &["show", "get", "add", "change", "replace", "del", "flush"],
    // `change` makes an entry of the kernel's own into one that was set.
    families: &[&["add", "change", "replace"], &["del", "flush"]],
    leading: "to",
    bare: &[
        "proxy",
        "managed",
        "router",
        "use",
        "extern_learn",
        "nomaster",
        "unused",
    ],
    one: &["dev", "lladdr", "nud", "protocol", "to", "master", "vrf"],
    two: &[],
};

const ROUTE: Table = Table {
    object: "route",
    verbs: &[
        "show", "get", "add", "change", "replace", "prepend", "append", "test", "del", "flush",
    ],
    // `change` gives a route that is there what `add` gives a new one; `-6 route test` makes the route (`fib6_add`).
    families: &[
        &["add", "change", "replace", "prepend", "append", "test"],
        &["del", "flush"],
    ],
    leading: "to",
    bare: &[
        "encap",
        "ip",
        "ip6",
        "seg6",
        "key",
        "csum",
        "seq",
        "unicast",
        "local",
        "broadcast",
        "multicast",
        "throw",
        "unreachable",
        "prohibit",
        "blackhole",
        "nat",
        "anycast",
        "xresolve",
        "nexthop",
        "onlink",
        "cached",
        "notify",
        "fibmatch",
        "connected",
    ],
    one: &[
        "mpls",
        "id",
        "src",
        "dst",
        "tos",
        "tc",
        "ttl",
        "mode",
        "segs",
        "from",
        "as",
        "nhid",
        "via",
        "inet",
        "inet6",
        "link",
        "bridge",
        "dev",
        "table",
        "vrf",
        "proto",
        "scope",
        "metric",
        "realms",
        "expires",
        "ttl-propagate",
        "weight",
        "lock",
        "mtu",
        "hoplimit",
        "advmss",
        "reordering",
        "rtt",
        "rto_min",
        "window",
        "cwnd",
        "initcwnd",
        "initrwnd",
        "features",
        "quickack",
        "congctl",
        "rttvar",
        "ssthresh",
        "fastopen_no_cookie",
        "pref",
        "to",
        "root",
        "match",
        "exact",
        "type",
        "iif",
        "oif",
        "mark",
        "uid",
        "sport",
        "dport",
        "ipproto",
        "flowlabel",
    ],
    two: &[],
};

const RULE: Table = Table {
    object: "rule",
    verbs: &["show", "add", "del", "flush"],
    families: &[&["del", "flush"]],
    leading: "",
    bare: &["not", "l3mdev"],
    one: &[
        "from",
        "to",
        "tos",
        "fwmark",
        "iif",
        "oif",
        "uidrange",
        "ipproto",
        "sport",
        "dport",
        "tun_id",
        "dscp",
        "flowlabel",
        "priority",
        "table",
        "suppress_prefixlength",
        "suppress_ifgroup",
        "realms",
        "protocol",
        "goto",
        "nat",
        "type",
    ],
    two: &[],
};

/// The keywords of one object.
#[derive(Clone, Copy)]
pub struct Keywords(&'static Table);

impl Keywords {
    /// Those of the object that a word names, `addr` and `neighbour` too.
    pub fn of(word: &str) -> Option<Self> {
        let table = match word {
            "address" | "addr" => &ADDRESS,
            "link" => &LINK,
            "neigh" | "neighbor" | "neighbour" => &NEIGH,
            "route" => &ROUTE,
            "rule" => &RULE,
            _ => return None,
        };
        Some(Self(table))
    }

    /// The names of the objects.
    pub fn objects() -> [&'static str; 5] {
        [&ADDRESS, &LINK, &NEIGH, &ROUTE, &RULE].map(|table| table.object)
    }

    /// The object.
    pub fn object(self) -> &'static str {
        self.0.object
    }

    /// Its verbs in full.
    pub fn verbs(self) -> &'static [&'static str] {
        self.0.verbs
    }

    /// The verb that a word names: one in full, or another word that iproute2 has for it.
    pub fn verb(self, word: &str) -> Option<&'static str> {
        let full = match word {
            "list" | "lst" | "ls" => "show",
            "delete" | "del" if self.0.object == "link" => "delete",
            "delete" => "del",
            "change" if self.0.object == "link" => "set",
            "chg" => "change",
            word => word,
        };
        self.0.verbs.iter().find(|verb| **verb == full).copied()
    }

    /// Whether one verb does what the other does: both make such objects, or both take them away.
    pub fn are_twins(self, one: &str, other: &str) -> bool {
        let has_both = |family: &&[&str]| family.contains(&one) && family.contains(&other);
        one == other || self.0.families.iter().any(has_both)
    }

    /// The keyword that may be left out directly behind the verb.
    pub fn leading(self) -> &'static str {
        self.0.leading
    }

    /// Whether a word looks like a keyword, and how many values it takes. In a filter a flag may have a dash.
    pub fn find(self, word: &str) -> Option<Values> {
        let has = |list: &[&str]| list.contains(&word);
        let dashed = |bare: &&&str| word.strip_prefix('-') == Some(**bare);
        if has(self.0.bare) || self.0.bare.iter().any(|bare| dashed(&bare)) {
            return Some(Values::Just(0));
        }
        if has(self.0.one) {
            return Some(Values::Just(1));
        }
        if has(self.0.two) {
            return Some(Values::Just(2));
        }
        let kinds = self.0.object == "link" && ip::kind_words().any(|known| known == word);
        kinds.then_some(Values::Rest)
    }

    /// All of them but those of kinds, for naming the nearest.
    pub fn all(self) -> impl Iterator<Item = &'static str> {
        let Table { bare, one, two, .. } = self.0;
        bare.iter().chain(*one).chain(*two).copied()
    }
}

/// Words behind a verb, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts<W> {
    /// Values without a keyword.
    pub start: Vec<W>,
    /// Keywords, each with its values.
    pub groups: Vec<(String, Vec<W>)>,
}

/// Takes words apart. A word that looks like a keyword is one wherever it stands: a value that does can but make
/// matching stricter.
pub fn parts<W: AsRef<str> + Clone>(keywords: Keywords, words: &[W]) -> Parts<W> {
    let leading = words
        .first()
        .filter(|word| word.as_ref() == keywords.leading());
    let mut parts = Parts {
        start: Vec::new(),
        groups: Vec::new(),
    };
    let mut room = Values::Just(0);
    for word in words.iter().skip(usize::from(leading.is_some())) {
        if let Some(values) = keywords.find(word.as_ref()) {
            parts.groups.push((word.as_ref().to_owned(), Vec::new()));
            room = values;
            continue;
        }
        match (parts.groups.last_mut(), room) {
            (Some((_, values)), Values::Rest) => values.push(word.clone()),
            (Some((_, values)), Values::Just(n)) if values.len() < n => values.push(word.clone()),
            _ => parts.start.push(word.clone()),
        }
    }
    parts
}
