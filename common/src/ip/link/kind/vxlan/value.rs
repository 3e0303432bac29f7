//! Values of a vxlan's options: how each is read, and how it is sent.

use super::super::option::{Row, Setting, Value};
use super::super::shape::{Width, wrong};
use super::{GROUP, TTL_INHERIT};
use crate::family::Family;
use crate::ip::args::Args;
use crate::ip::host::Host;
use crate::ip::keyword::Keyword;
use crate::ip::mistake::Mistake;
use crate::ip::{names, number};
use crate::wire::Attributes;

pub fn vni(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    number::fitting::<u32>(word)
        .filter(|id| *id < 1 << 24)
        .map(|id| Value::Number(id.into()))
        .ok_or_else(|| wrong(row, word))
}

/// `group` and `remote`: the one is a multicast address, the other is not.
pub fn far(row: &Keyword<Row>, args: &mut Args<'_>, given: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    let host = of_the_same_family(word, given)?;
    if host != Host::ANY && (row.word == "group") == is_multicast(host) {
        Ok(Value::Host(host))
    } else {
        Err(wrong(row, word))
    }
}

pub fn near(row: &Keyword<Row>, args: &mut Args<'_>, given: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    let host = of_the_same_family(word, given)?;
    if host != Host::ANY && !is_multicast(host) {
        Ok(Value::Host(host))
    } else {
        Err(wrong(row, word))
    }
}

fn is_multicast(host: Host) -> bool {
    matches!(host, Host::Is(address) if address.is_multicast())
}

/// A word for every address is one only where an address before it says of which family.
fn of_the_same_family(word: &str, given: &[Setting]) -> Result<Host, Mistake> {
    let family = given
        .iter()
        .find_map(|setting| match &setting.value {
            Value::Host(host) => Some(host.family()),
            _ => None,
        })
        .unwrap_or_default();
    Ok(Host::read(word, family)?.of(family))
}

pub fn ttl(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    match args.value()? {
        "inherit" => Ok(Value::Word("inherit", 0)),
        "auto" => Ok(Value::Word("auto", 0)),
        word => match number::fitting::<u32>(word) {
            None => Err(wrong(row, word)),
            Some(256..) => Err(Mistake::wrong(word, "TTL must be <= 255")),
            Some(ttl) => Ok(Value::Number(ttl.into())),
        },
    }
}

/// A DS field is written in hexadecimal, and read back so.
pub fn tos(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    match args.value()? {
        "inherit" => Ok(Value::Word("inherit", 1)),
        word => match names::dsfield(word) {
            Some(field) => Ok(Value::Hex(field.into())),
            None => Err(wrong(row, word)),
        },
    }
}

pub fn df(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    (0..)
        .zip(DF_WORDS)
        .find(|(_, known)| *known == word)
        .map(|(number, known)| Value::Word(known, number))
        .ok_or_else(|| wrong(row, word))
}

/// `VXLAN_DF_*`.
pub const DF_WORDS: [&str; 3] = ["unset", "set", "inherit"];

pub fn label(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    number::fitting::<u32>(word)
        .filter(|label| *label < 1 << 20)
        .map(|label| Value::Number(label.into()))
        .ok_or_else(|| wrong(row, word))
}

fn unless(none: &'static str, row: &Keyword<Row>, args: &mut Args<'_>) -> Result<Value, Mistake> {
    let word = args.value()?;
    if word == none {
        return Ok(Value::Word(none, 0));
    }
    number::fitting::<u32>(word)
        .map(|number| Value::Number(number.into()))
        .ok_or_else(|| wrong(row, word))
}

pub fn ageing(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    unless("none", row, args)
}

pub fn limit(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    unless("unlimited", row, args)
}

pub fn ports(_: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let low = args.number("min port")?;
    Ok(Value::Range(low, args.number("max port")?))
}

fn plain(value: &Value) -> u64 {
    match value {
        Value::Number(number) | Value::Word(_, number) | Value::Hex(number) => *number,
        _ => 0,
    }
}

pub fn write_u8(value: &Value, attribute: u16, data: &mut Attributes) {
    data.put(attribute, &Width::U8.bytes(plain(value)));
}

pub fn write_u32(value: &Value, attribute: u16, data: &mut Attributes) {
    data.put(attribute, &Width::U32.bytes(plain(value)));
}

pub fn write_label(value: &Value, attribute: u16, data: &mut Attributes) {
    data.put(attribute, &Width::Be32.bytes(plain(value)));
}

pub fn write_ttl(value: &Value, attribute: u16, data: &mut Attributes) {
    match value {
        Value::Word("inherit", _) => data.put(TTL_INHERIT, &[]),
        _ => data.put(attribute, &Width::U8.bytes(plain(value))),
    };
}

pub fn write_ports(value: &Value, attribute: u16, data: &mut Attributes) {
    if let Value::Range(low, high) = value {
        data.put(attribute, &[low.to_be_bytes(), high.to_be_bytes()].concat());
    }
}

/// IPv6 addresses have attributes of their own: `IFLA_VXLAN_GROUP6`, `IFLA_VXLAN_LOCAL6`.
pub fn write_address(value: &Value, attribute: u16, data: &mut Attributes) {
    if let Value::Host(host) = value {
        let attribute = match (host.family(), attribute) {
            (Family::Inet6, GROUP) => 16,
            (Family::Inet6, _) => 17,
            _ => attribute,
        };
        data.put(attribute, &host.bytes());
    }
}
