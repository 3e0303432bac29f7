//! Link layers (`ARPHRD_*`, `linux/if_arp.h`): their words, and how an address of each is written.

use super::prefix::address_text;
use crate::wire::address_of;

/// A link layer whose number is not known.
pub const VOID: u16 = 65535;

const NETROM: u16 = 0;
const AX25: u16 = 3;
const ROSE: u16 = 270;
const TUNNEL: u16 = 768;
const TUNNEL6: u16 = 769;
const SIT: u16 = 776;
const IPGRE: u16 = 778;
const IP6GRE: u16 = 823;
/// `ARPHRD_FCFABRIC`, the first of thirteen.
const FABRIC: u16 = 787;

/// Numbers that have a word; fabrics of Fibre Channel aside.
const WORDS: &[(u16, &str)] = &[
    (NETROM, "netrom"),
    (1, "ether"),
    (2, "eether"),
    (AX25, "ax25"),
    (4, "pronet"),
    (5, "chaos"),
    (6, "ieee802"),
    (7, "arcnet"),
    (8, "atalk"),
    (15, "dlci"),
    (19, "atm"),
    (23, "metricom"),
    (24, "ieee1394"),
    (32, "infiniband"),
    (256, "slip"),
    (257, "cslip"),
    (258, "slip6"),
    (259, "cslip6"),
    (260, "rsrvd"),
    (264, "adapt"),
    (ROSE, "rose"),
    (271, "x25"),
    (272, "hwx25"),
    (280, "can"),
    (512, "ppp"),
    (513, "hdlc"),
    (516, "lapb"),
    (517, "ddcmp"),
    (518, "rawhdlc"),
    (TUNNEL, "ipip"),
    (TUNNEL6, "tunnel6"),
    (770, "frad"),
    (771, "skip"),
    (772, "loopback"),
    (773, "ltalk"),
    (774, "fddi"),
    (775, "bif"),
    (SIT, "sit"),
    (777, "ip/ddp"),
    (IPGRE, "gre"),
    (779, "pimreg"),
    (780, "hippi"),
    (781, "ash"),
    (782, "econet"),
    (783, "irda"),
    (784, "fcpp"),
    (785, "fcal"),
    (786, "fcpl"),
    (800, "tr"),
    (801, "ieee802.11"),
    (802, "ieee802.11/prism"),
    (803, "ieee802.11/radiotap"),
    (804, "ieee802.15.4"),
    (805, "ieee802.15.4/monitor"),
    (820, "phonet"),
    (821, "phonet_pipe"),
    (822, "caif"),
    (IP6GRE, "gre6"),
    (824, "netlink"),
    (825, "6lowpan"),
    (65534, "none"),
    (VOID, "void"),
];

/// The word for a link layer; its number in brackets where there is none, or where numbers are asked for.
pub fn word(hardware: u16, numeric: bool) -> String {
    let known = WORDS.iter().find(|(number, _)| *number == hardware);
    match (known, hardware.checked_sub(FABRIC)) {
        _ if numeric => format!("[{hardware}]"),
        (Some((_, word)), _) => (*word).to_owned(),
        (None, Some(fabric @ 0..=12)) => format!("fcfb{fabric}"),
        (None, _) => format!("[{hardware}]"),
    }
}

/// Whether addresses of this length are written as octets whatever the link layer is.
pub fn is_of_octets(len: usize) -> bool {
    !matches!(len, 4 | 5 | 7 | 16)
}

/// A link-layer address. That of a tunnel is the IP address of its end.
pub fn address(bytes: &[u8], hardware: u16) -> String {
    let ip = || address_of(bytes).map(address_text);
    let text = match (hardware, bytes) {
        (TUNNEL | SIT | IPGRE, [_, _, _, _]) => ip(),
        (TUNNEL6 | IP6GRE, bytes) if bytes.len() == 16 => ip(),
        (NETROM | AX25, [call @ .., station]) if call.len() == 6 => Some(callsign(call, *station)),
        (ROSE, bytes) if bytes.len() == 5 => Some(octets(bytes, "")),
        _ => None,
    };
    text.unwrap_or_else(|| octets(bytes, ":"))
}

fn octets(bytes: &[u8], between: &str) -> String {
    let octets: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    octets.join(between)
}

/// A call sign of amateur radio and the number of a station: letters a bit to the left, filled up with spaces.
fn callsign(call: &[u8], station: u8) -> String {
    let letters = call.iter().map(|byte| char::from(byte >> 1));
    let letters: String = letters.filter(|letter| *letter != ' ').collect();
    let number = station >> 1 & 0xf;
    match letters.split_once('\0') {
        _ if letters.is_empty() => "*".to_owned(),
        Some(("", _)) => "*".to_owned(),
        Some((ended, _)) => ended.to_owned(),
        None => format!("{letters}-{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tunnels_address_is_that_of_its_end() {
        let (four, sixteen) = ([192, 0, 2, 1], [0x20; 16]);
        for hardware in [TUNNEL, SIT, IPGRE] {
            assert_eq!(address(&four, hardware), "192.0.2.1");
        }
        for hardware in [TUNNEL6, IP6GRE] {
            let text = "2020:2020:2020:2020:2020:2020:2020:2020";
            assert_eq!(address(&sixteen, hardware), text);
            assert_eq!(address(&[0; 16], hardware), "::");
        }
    }

    #[test]
    fn the_length_counts_too() {
        assert_eq!(address(&[192, 0, 2, 1], 1), "c0:00:02:01");
        assert_eq!(address(&[1, 2, 3, 4], TUNNEL6), "01:02:03:04");
        assert_eq!(address(&[0; 6], TUNNEL), "00:00:00:00:00:00");
        assert_eq!(address(&[0; 6], NETROM), "00:00:00:00:00:00");
        assert_eq!(address(&[], 280), "");
        for len in 0..32 {
            let bytes = vec![0x82; len];
            let as_octets = [NETROM, AX25, ROSE, TUNNEL, TUNNEL6]
                .iter()
                .all(|hardware| address(&bytes, *hardware) == octets(&bytes, ":"));
            assert_eq!(as_octets, is_of_octets(len), "{len}");
        }
    }

    /// Each was tried with iproute2 6.15.
    #[test]
    fn radio_has_call_signs() {
        let call = |letters: &str, station: u8| {
            let letters = format!("{letters:<6}");
            let mut bytes: Vec<u8> = letters.bytes().map(|letter| letter << 1).collect();
            bytes.push(station);
            address(&bytes, NETROM)
        };
        assert_eq!(call("DL1ABC", 0), "DL1ABC-0");
        assert_eq!(call("DL1AB", 2), "DL1AB-1");
        assert_eq!(call("DL1AB", 0xff), "DL1AB-15");
        assert_eq!(call("AB C", 0x20), "ABC-0");
        assert_eq!(call("", 2), "*");
        assert_eq!(call("\0\0\0\0\0\0", 2), "*");
        assert_eq!(call("AB\0C", 2), "AB");
        assert_eq!(address(&[0xab, 0xcd, 0xef, 0, 1], ROSE), "abcdef0001");
    }

    #[test]
    fn a_link_layer_without_a_word_is_its_number() {
        assert_eq!(word(768, false), "ipip");
        assert_eq!(word(768, true), "[768]");
        assert_eq!(word(787, false), "fcfb0");
        assert_eq!(word(799, false), "fcfb12");
        assert_eq!(word(826, false), "[826]");
        assert_eq!(word(786, false), "fcpl");
    }
}
