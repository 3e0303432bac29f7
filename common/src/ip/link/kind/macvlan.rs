//! `type macvlan` (`IFLA_MACVLAN_*`).

use super::option::{Row, Setting, Spec, Value, Wrong, row, usage};
use super::shape::{Shape, Width};
use crate::ip::args::Args;
use crate::ip::devices::Names;
use crate::ip::keyword::{Keyword, exact, prefix};
use crate::ip::link::settings::{link_address, lladdr};
use crate::ip::mistake::Mistake;
use crate::ip::number;
use crate::ip::page::Entry;
use crate::wire::{Attributes, Received, u32_of};

const MODE: u16 = 1;
const FLAGS: u16 = 2;
const MACADDR_MODE: u16 = 3;
const MACADDR: u16 = 4;
const MACADDR_DATA: u16 = 5;
const MACADDR_COUNT: u16 = 6;

const NOPROMISC: u64 = 1;
const NODST: u64 = 2;

/// `MACVLAN_MODE_*`.
const MODES: [(&str, u64); 5] = [
    ("private", 1),
    ("vepa", 2),
    ("bridge", 4),
    ("passthru", 8),
    ("source", 16),
];
const FLAG_WORDS: [(&str, u64); 3] = [("nopromisc", NOPROMISC), ("nodst", NODST), ("null", 0)];
/// `MACVLAN_MACADDR_*`.
const VERBS: [(&str, u32); 4] = [("add", 0), ("del", 1), ("set", 3), ("flush", 2)];

const fn own(attribute: u16, read: super::shape::Reader, write: super::shape::Writer) -> Row {
    row(attribute, Shape::Own(read, write), Wrong::Invalid)
}

/// In iproute2's order.
const TABLE: &[Keyword<Row>] = &[
    prefix("mode", own(MODE, mode, write_mode)),
    prefix("flag", own(FLAGS, flag, together)),
    prefix("macaddr", own(MACADDR_MODE, addresses, write_addresses)),
    prefix(
        "nopromisc",
        own(FLAGS, |_, _, _| Ok(Value::Nothing), together),
    ),
    prefix("nodst", own(FLAGS, |_, _, _| Ok(Value::Nothing), together)),
    prefix("bcqueuelen", own(7, queue, write_u32)),
    exact("bclim", own(9, limit, write_u32)),
];

pub const SPEC: Spec = Spec {
    name: "macvlan",
    calls: "option",
    table: TABLE,
    before: |_, _, _| Ok(()),
    check,
    finish,
    print: Some(print),
};

fn one_of(
    words: &'static [(&'static str, u64)],
    must: &str,
    args: &mut Args<'_>,
) -> Result<Value, Mistake> {
    let given = args.value()?;
    let known = words.iter().find(|(word, _)| *word == given);
    known
        .map(|(word, number)| Value::Word(word, *number))
        .ok_or_else(|| Mistake::new(format!("Error: argument of {must}, not \"{given}\""), 1))
}

fn mode(_: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let must = r#""mode" must be "private", "vepa", "bridge", "passthru" or "source""#;
    one_of(&MODES, must, args)
}

fn flag(_: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let must = r#""flag" must be "nopromisc", "nodst" or "null""#;
    one_of(&FLAG_WORDS, must, args)
}

fn queue(_: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    number::fitting::<u32>(word)
        .map(|length| Value::Number(length.into()))
        .ok_or_else(|| {
            let must = "must be a positive integer [0-4294967295]";
            let text = format!("Error: argument of \"bcqueuelen\" {must}, not \"{word}\"");
            Mistake::new(text, 1)
        })
}

fn limit(_: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    let text = format!("Error: illegal value for \"bclim\": \"{word}\"");
    number::integer(word)
        .map(Value::Integer)
        .ok_or_else(|| Mistake::new(text, 1))
}

/// `add` and `del` take one address, `set` all that follow, `flush` none.
fn addresses(_: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    let (verb, _) = VERBS
        .iter()
        .find(|(verb, _)| *verb == word)
        .ok_or_else(|| Mistake::new(usage("macvlan"), 1))?;
    let mut list = Vec::new();
    match *verb {
        "add" | "del" => {
            let address = lladdr(args.value()?)?;
            if address.len() != 6 {
                let right = Some("an address of six octets".to_owned());
                return Err(Mistake::silent(1).at(args.last()).hinting(right));
            }
            list.push(address);
        }
        "set" => {
            while let Some(word) = args.take() {
                list.push(lladdr(&word.text)?);
            }
        }
        _ => {}
    }
    Ok(Value::LinkAddresses(verb, list))
}

fn write_mode(value: &Value, attribute: u16, data: &mut Attributes) {
    if let Value::Word(_, mode) = value {
        data.put(attribute, &Width::U32.bytes(*mode));
    }
}

fn write_u32(value: &Value, attribute: u16, data: &mut Attributes) {
    match value {
        Value::Number(number) => data.put(attribute, &Width::U32.bytes(*number)),
        Value::Integer(number) => data.put(attribute, &number.to_ne_bytes()),
        _ => data,
    };
}

fn write_addresses(value: &Value, attribute: u16, data: &mut Attributes) {
    let Value::LinkAddresses(verb, list) = value else {
        return;
    };
    let mode = VERBS.iter().find(|(word, _)| word == verb);
    data.put_u32(attribute, mode.map_or(0, |(_, mode)| *mode));
    if *verb == "set" {
        let mut all = Attributes::default();
        for address in list {
            all.put(MACADDR, address);
        }
        data.put_nested(MACADDR_DATA, &all);
    } else {
        for address in list {
            data.put(MACADDR, address);
        }
    }
}

/// Flags go out together, at the end.
fn together(_: &Value, _: u16, _: &mut Attributes) {}

fn flags(given: &[Setting]) -> Option<u64> {
    given
        .iter()
        .filter(|setting| setting.row.attribute == FLAGS)
        .map(|setting| match (&setting.value, setting.word) {
            (Value::Word(_, bits), _) => *bits,
            (_, "nopromisc") => NOPROMISC,
            _ => NODST,
        })
        .reduce(|all, bits| all | bits)
}

fn check(given: &[Setting], _: bool) -> Result<(), Mistake> {
    let passthru = given
        .iter()
        .rfind(|setting| setting.row.attribute == MODE)
        .is_some_and(|setting| setting.value == Value::Word("passthru", 8));
    if !passthru && flags(given).is_some_and(|bits| bits & NOPROMISC != 0) {
        let usage = usage("macvlan");
        let text = format!("macvlan: nopromisc flag only valid in passthru mode\n{usage}");
        return Err(Mistake::new(text, 1));
    }
    Ok(())
}

fn finish(given: &[Setting], _: bool, data: &mut Attributes) {
    if let Some(flags) = flags(given) {
        data.put(FLAGS, &Width::U16.bytes(flags));
    }
}

pub fn print(data: &Received<'_>, entry: &mut Entry, _: &mut dyn Names) {
    let mode = data.number(MODE).unwrap_or(0);
    if data.number(MODE).is_some() {
        let word = MODES.iter().find(|(_, number)| *number == mode);
        let word = word.map_or("<unknown>", |(word, _)| word);
        entry.put("mode", word, format_args!("mode {word} "));
    }
    let flags = data.number(FLAGS).unwrap_or(0);
    for (word, _) in FLAG_WORDS.iter().filter(|(_, bit)| flags & bit != 0) {
        entry.put(word, true, format_args!("{word} "));
    }
    for (attribute, word) in [(7, "bcqueuelen"), (8, "usedbcqueuelen")] {
        if let Some(length) = data.u32(attribute) {
            entry.put(word, length, format_args!("{word} {length} "));
        }
    }
    if let Some(limit) = data.u32(9).map(u32::cast_signed) {
        entry.put("bclim", limit, format_args!("bclim {limit} "));
    }
    if mode == 16 {
        remotes(data, entry);
    }
}

/// From where a device of mode `source` takes frames.
fn remotes(data: &Received<'_>, entry: &mut Entry) {
    if let Some(count) = data.bytes(MACADDR_COUNT).and_then(u32_of) {
        entry.put("macaddr_count", count, format_args!("remotes ({count}) "));
    }
    let Some(all) = data.nested(MACADDR_DATA) else {
        return;
    };
    let addresses: Vec<String> = all.iter().map(|(_, bytes)| link_address(bytes)).collect();
    for address in &addresses {
        entry.text(format_args!("{address} "));
    }
    entry.json("macaddr_data", addresses);
}
