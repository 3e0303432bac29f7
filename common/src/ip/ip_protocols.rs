//! Names of IP protocols: the list that Debian installs as `/etc/protocols`, where IANA's numbers have names that the
//! C library knows. As data, so that a node's file cannot change what a pod's words mean.

use super::number;

/// Number, name, alias.
const TABLE: &[(u8, &str, &str)] = &[
    (0, "ip", "IP"),
    (0, "hopopt", "HOPOPT"),
    (1, "icmp", "ICMP"),
    (2, "igmp", "IGMP"),
    (3, "ggp", "GGP"),
    (4, "ipencap", "IP-ENCAP"),
    (5, "st", "ST"),
    (6, "tcp", "TCP"),
    (8, "egp", "EGP"),
    (9, "igp", "IGP"),
    (12, "pup", "PUP"),
    (17, "udp", "UDP"),
    (20, "hmp", "HMP"),
    (22, "xns-idp", "XNS-IDP"),
    (27, "rdp", "RDP"),
    (29, "iso-tp4", "ISO-TP4"),
    (33, "dccp", "DCCP"),
    (36, "xtp", "XTP"),
    (37, "ddp", "DDP"),
    (38, "idpr-cmtp", "IDPR-CMTP"),
    (41, "ipv6", "IPv6"),
    (43, "ipv6-route", "IPv6-Route"),
    (44, "ipv6-frag", "IPv6-Frag"),
    (45, "idrp", "IDRP"),
    (46, "rsvp", "RSVP"),
    (47, "gre", "GRE"),
    (50, "esp", "IPSEC-ESP"),
    (51, "ah", "IPSEC-AH"),
    (57, "skip", "SKIP"),
    (58, "ipv6-icmp", "IPv6-ICMP"),
    (59, "ipv6-nonxt", "IPv6-NoNxt"),
    (60, "ipv6-opts", "IPv6-Opts"),
    (73, "rspf", "RSPF"),
    (81, "vmtp", "VMTP"),
    (88, "eigrp", "EIGRP"),
    (89, "ospf", "OSPFIGP"),
    (93, "ax.25", "AX.25"),
    (94, "ipip", "IPIP"),
    (97, "etherip", "ETHERIP"),
    (98, "encap", "ENCAP"),
    (103, "pim", "PIM"),
    (108, "ipcomp", "IPCOMP"),
    (112, "vrrp", "VRRP"),
    (115, "l2tp", "L2TP"),
    (124, "isis", "ISIS"),
    (132, "sctp", "SCTP"),
    (133, "fc", "FC"),
    (135, "mobility-header", "Mobility-Header"),
    (136, "udplite", "UDPLite"),
    (137, "mpls-in-ip", "MPLS-in-IP"),
    (138, "manet", ""),
    (139, "hip", "HIP"),
    (140, "shim6", "Shim6"),
    (141, "wesp", "WESP"),
    (142, "rohc", "ROHC"),
    (143, "ethernet", "Ethernet"),
];

/// The number of a name or alias, or a number in decimal.
#[must_use]
pub fn number_of(word: &str) -> Option<u8> {
    if word.is_empty() {
        return None;
    }
    // MPTCP is 262, and what fits the attribute's one byte is TCP's number: so iproute2 has it.
    if matches!(word, "mptcp" | "MPTCP") {
        return Some(6);
    }
    let number = number::decimal(word).and_then(|number| number.try_into().ok());
    number.or_else(|| {
        TABLE
            .iter()
            .find(|(_, name, alias)| *name == word || *alias == word)
            .map(|(number, ..)| *number)
    })
}

/// The name of a number; `ipproto-N` where there is none or none is wanted.
#[must_use]
pub fn name_of(number: u8, numeric: bool) -> String {
    TABLE
        .iter()
        .find(|(known, ..)| *known == number && !numeric)
        .map_or_else(
            || format!("ipproto-{number}"),
            |(_, name, _)| (*name).to_owned(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_named_or_numbered_in_decimal() {
        assert_eq!(number_of("tcp"), Some(6));
        assert_eq!(number_of("IPv6-ICMP"), Some(58));
        assert_eq!(number_of("010"), Some(10));
        for wrong in ["", "0x6", "256", "Tcp", "-1"] {
            assert_eq!(number_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_without_a_name_is_shown_as_one() {
        assert_eq!(name_of(6, false), "tcp");
        assert_eq!(name_of(6, true), "ipproto-6");
        assert_eq!(name_of(200, false), "ipproto-200");
    }
}
