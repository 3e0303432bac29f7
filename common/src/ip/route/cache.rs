//! What the kernel says of a route in use: how an answer is cached, how long it lives, who uses it.

use serde_json::Value;

use super::super::options::Options;
use super::super::page::Entry;
use super::show::Shown;
use crate::family::Family;
use crate::uapi::{rta, rtf};
use crate::wire::u32_of;

/// `RTCF_*` that have a word, in iproute2's order.
const FLAGS: &[(u32, &str)] = &[
    (0x8000_0000, "local"),
    (0x4000_0000, "reject"),
    (0x2000_0000, "mc"),
    (0x1000_0000, "brd"),
    (0x0800_0000, "dst-nat"),
    (0x0080_0000, "src-nat"),
    (0x0040_0000, "masq"),
    (0x0002_0000, "dst-direct"),
    (0x0400_0000, "src-direct"),
    (0x0004_0000, "redirected"),
    (0x0100_0000, "redirect"),
    (0x0020_0000, "fastroute"),
    (0x0001_0000, "notify"),
    (0x0008_0000, "proxy"),
];

/// The line `cache` of an IPv4 answer, and the times of any.
pub(super) fn print(route: &Shown<'_>, options: &Options, entry: &mut Entry) {
    if route.family == Family::Inet && route.flags & rtf::CLONED != 0 {
        cached(route.flags, entry);
    }
    if let Some(info) = route.attributes.bytes(rta::CACHEINFO) {
        times(info, options, entry);
    }
}

fn cached(flags: u32, entry: &mut Entry) {
    let mut words = Vec::new();
    let mut rest = flags & 0xffff_0000;
    for (bit, word) in FLAGS.iter().filter(|(bit, _)| flags & bit != 0) {
        words.push((*word).to_owned());
        rest &= !bit;
    }
    if rest != 0 {
        words.push(format!("{rest:x}"));
    }
    entry.break_line();
    entry.text(format_args!("    cache "));
    if !words.is_empty() {
        entry.text(format_args!("<{}> ", words.join(",")));
    }
    entry.json("cache", Value::from(words));
}

/// `struct rta_cacheinfo`: users, last use, what is left of its life (both in hundredths of a second), an error.
fn times(info: &[u8], options: &Options, entry: &mut Entry) {
    let field = |at: usize| info.get(at * 4..).and_then(u32_of).unwrap_or(0);
    let (users, last_use, expires, error) = (field(0), field(1), field(2).cast_signed(), field(3));
    if expires != 0 {
        let seconds = expires / 100;
        entry.put("expires", seconds, format_args!("expires {seconds}sec "));
    }
    if error != 0 {
        let error = error.cast_signed();
        entry.put("error", error, format_args!("error {error} "));
    }
    if options.statistics == 0 {
        return;
    }
    if users != 0 {
        entry.put("users", users, format_args!("users {users} "));
    }
    let used = field(4);
    if used != 0 {
        entry.put("used", used, format_args!("used {used} "));
    }
    if last_use != 0 {
        let age = last_use / 100;
        entry.put("age", age, format_args!("age {age}sec "));
    }
}
