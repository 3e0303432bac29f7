//! Addresses that are nearly one.

use std::net::IpAddr;

use super::net_tools::length;
use crate::ip::Mistake;
use crate::words::Word;

/// What to write instead of a word where an address, or a prefix, is expected.
pub(super) fn instead(words: &[Word], about: usize, mistake: &Mistake) -> Option<String> {
    let word = &words.get(about)?.text;
    if !mistake.stderr.contains("is expected rather than") {
        return None;
    }
    let (address, bits) = match word.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (word.as_str(), None),
    };
    if is_beyond_a_byte(address) {
        return Some("each number of an IPv4 address is at most 255".to_owned());
    }
    match (address.parse::<IpAddr>(), bits) {
        (Ok(address), Some(bits)) => {
            of_a_prefix(address, bits, mistake.stderr.contains("prefix is expected"))
        }
        (Ok(_), None) => None,
        (Err(_), _) => {
            let is_in_a_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            let is_name = address.contains('.')
                && address.starts_with(|c: char| c.is_ascii_alphabetic())
                && address.chars().all(is_in_a_name);
            is_name.then(|| format!("no name is looked up: write an address in place of {word}"))
        }
    }
}

fn of_a_prefix(address: IpAddr, bits: &str, is_expected: bool) -> Option<String> {
    let (family, most) = if address.is_ipv4() {
        ("IPv4", 32)
    } else {
        ("IPv6", 128)
    };
    match bits.parse::<u32>() {
        // It is one of the other family.
        Ok(bits) if bits <= most && is_expected => None,
        Ok(bits) if bits <= most => Some(format!(
            "an address stands here, without a length: {address}"
        )),
        _ => Some(format!(
            "behind the / of an {family} address stands its length, 0 to {most}"
        )),
    }
}

fn is_beyond_a_byte(address: &str) -> bool {
    let numbers: Vec<Option<u32>> = address.split('.').map(|part| part.parse().ok()).collect();
    numbers.len() == 4
        && numbers.iter().all(Option::is_some)
        && numbers.iter().flatten().any(|number| *number > 255)
}

/// `ADDRESS MASK`, and `ADDRESS netmask MASK`.
pub(super) fn mask(words: &[Word], about: usize) -> Option<String> {
    let text = |place: usize| words.get(place).map(|word| word.text.as_str());
    let (address, mask) = match text(about)? {
        "netmask" => (text(about.checked_sub(1)?)?, text(about + 1)?),
        mask => (text(about.checked_sub(1)?)?, mask),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits = length(mask)?;
    Some(format!("a mask is written as a length: {address}/{bits}"))
}
