//! `type vxlan` (`IFLA_VXLAN_*`).

use std::net::IpAddr;

use serde_json::{Value as Json, json};

use super::option::{Row, Setting, Spec, Value, Wrong, row};
use super::shape::{Reader, Shape, Width, Writer, wrong};
use crate::family::Family;
use crate::ip::args::Args;
use crate::ip::devices::Names;
use crate::ip::keyword::{Keyword, exact, prefix};
use crate::ip::mistake::{Mistake, USAGE};
use crate::ip::page::Entry;
use crate::ip::prefix::{address, address_text};
use crate::ip::{names, number};
use crate::wire::{Attributes, Received};

const ID: u16 = 1;
const GROUP: u16 = 2;
const LINK: u16 = 3;
const LOCAL: u16 = 4;
const TTL: u16 = 5;
const TOS: u16 = 6;
const LEARNING: u16 = 7;
const PORT_RANGE: u16 = 10;
const PORT: u16 = 15;
const GBP: u16 = 23;
const METADATA: u16 = 25;
const LABEL: u16 = 26;
const GPE: u16 = 27;
const TTL_INHERIT: u16 = 28;
const DF: u16 = 29;
const VNIFILTER: u16 = 30;
const LOCALBYPASS: u16 = 31;
const RESERVED_BITS: u16 = 33;

const fn flag(attribute: u16, on: u64) -> Row {
    row(
        attribute,
        Shape::Fixed(Some((Width::U8, on))),
        Wrong::Invalid,
    )
}

const fn own(attribute: u16, read: Reader, write: Writer, wrong: Wrong) -> Row {
    row(attribute, Shape::Own(read, write), wrong)
}

const fn number_of(attribute: u16, width: Width, wrong: &'static str) -> Row {
    row(attribute, Shape::Number(width), Wrong::Text(wrong))
}

const VNI: Row = own(ID, vni, write_u32, Wrong::Text("invalid id"));
const TTL_ROW: Row = own(TTL, ttl, write_ttl, Wrong::Text("invalid TTL"));
const TOS_ROW: Row = own(TOS, tos, write_u8, Wrong::Text("bad TOS value"));
const LABEL_ROW: Row = own(LABEL, label, write_label, Wrong::Text("invalid flowlabel"));
const PORTS: Row = own(PORT_RANGE, ports, write_ports, Wrong::Invalid);

/// In iproute2's order. Of two rows of one attribute the first names it where it is given twice.
const TABLE: &[Keyword<Row>] = &[
    prefix("id", VNI),
    prefix("vni", VNI),
    prefix(
        "group",
        own(
            GROUP,
            far,
            write_address,
            Wrong::Text("invalid group address"),
        ),
    ),
    prefix(
        "remote",
        own(
            GROUP,
            far,
            write_address,
            Wrong::Text("invalid remote address"),
        ),
    ),
    prefix(
        "local",
        own(
            LOCAL,
            near,
            write_address,
            Wrong::Text("invalid local address"),
        ),
    ),
    prefix("dev", row(LINK, Shape::Device(no_device), Wrong::Invalid)),
    prefix("ttl", TTL_ROW),
    prefix("hoplimit", TTL_ROW),
    prefix("tos", TOS_ROW),
    prefix("dsfield", TOS_ROW),
    prefix(
        "df",
        own(
            DF,
            df,
            write_u8,
            Wrong::Text("DF must be 'unset', 'set' or 'inherit'"),
        ),
    ),
    prefix("flowlabel", LABEL_ROW),
    prefix("label", LABEL_ROW),
    prefix(
        "ageing",
        own(8, ageing, write_u32, Wrong::Text("ageing timer")),
    ),
    prefix(
        "maxaddress",
        own(9, limit, write_u32, Wrong::Text("max addresses")),
    ),
    prefix("srcport", PORTS),
    prefix("port", PORTS),
    prefix("dstport", number_of(PORT, Width::Be16, "dst port")),
    prefix("nolearning", flag(LEARNING, 0)),
    prefix("learning", flag(LEARNING, 1)),
    prefix("noproxy", flag(11, 0)),
    prefix("proxy", flag(11, 1)),
    prefix("norsc", flag(12, 0)),
    prefix("rsc", flag(12, 1)),
    prefix("nol2miss", flag(13, 0)),
    prefix("l2miss", flag(13, 1)),
    prefix("nol3miss", flag(14, 0)),
    prefix("l3miss", flag(14, 1)),
    prefix("udpcsum", flag(18, 1)),
    prefix("noudpcsum", flag(18, 0)),
    prefix("udp6zerocsumtx", flag(19, 1)),
    prefix("noudp6zerocsumtx", flag(19, 0)),
    prefix("udp6zerocsumrx", flag(20, 1)),
    prefix("noudp6zerocsumrx", flag(20, 0)),
    prefix("remcsumtx", flag(21, 1)),
    prefix("noremcsumtx", flag(21, 0)),
    prefix("remcsumrx", flag(22, 1)),
    prefix("noremcsumrx", flag(22, 0)),
    exact("localbypass", flag(LOCALBYPASS, 1)),
    exact("nolocalbypass", flag(LOCALBYPASS, 0)),
    exact(
        "reserved_bits",
        number_of(RESERVED_BITS, Width::Be64, "reserved_bits"),
    ),
    prefix("external", flag(METADATA, 1)),
    prefix("noexternal", flag(METADATA, 0)),
    prefix("gbp", row(GBP, Shape::Fixed(None), Wrong::Invalid)),
    prefix("gpe", row(GPE, Shape::Fixed(None), Wrong::Invalid)),
    exact("vnifilter", flag(VNIFILTER, 1)),
    exact("novnifilter", flag(VNIFILTER, 0)),
];

pub const SPEC: Spec = Spec {
    name: "vxlan",
    calls: "command",
    table: TABLE,
    before: once,
    check,
    finish,
    print,
};

fn no_device(name: &str) -> Mistake {
    Mistake {
        exit: USAGE,
        ..Mistake::no_device(name)
    }
}

fn given_as(given: &[Setting], attribute: u16) -> Option<&Setting> {
    given
        .iter()
        .find(|setting| setting.row.attribute == attribute)
}

/// Every option may be given once.
fn once(row: &Keyword<Row>, value: &str, given: &[Setting]) -> Result<(), Mistake> {
    let attribute = row.key.attribute;
    let Some(before) = given_as(given, attribute) else {
        return Ok(());
    };
    let first = TABLE.iter().find(|row| row.key.attribute == attribute);
    let key = match (attribute, row.key.shape) {
        (GROUP, _) if before.word != row.word => {
            return Err(Mistake::new(
                "vxlan: both group and remote cannot be specified",
                1,
            ));
        }
        (GROUP, _) | (_, Shape::Fixed(_)) => row.word,
        (RESERVED_BITS, _) => value,
        _ => first.map_or(row.word, |row| row.word),
    };
    let value = match row.key.shape {
        Shape::Fixed(_) => row.word,
        _ => value,
    };
    Err(Mistake::garbage(key, value))
}

fn vni(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    number::fitting::<u32>(word)
        .filter(|id| *id < 1 << 24)
        .map(|id| Value::Number(id.into()))
        .ok_or_else(|| wrong(row, word))
}

/// `group` and `remote`: the one is a multicast address, the other is not.
fn far(row: &Keyword<Row>, args: &mut Args<'_>, given: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    let address = of_the_same_family(word, given)?;
    let right = match address {
        None => false,
        Some(address) => (row.word == "group") == address.is_multicast(),
    };
    match address.filter(|_| right) {
        Some(address) => Ok(Value::Addresses(vec![address])),
        None => Err(wrong(row, word)),
    }
}

fn near(row: &Keyword<Row>, args: &mut Args<'_>, given: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    match of_the_same_family(word, given)? {
        Some(address) if !address.is_multicast() => Ok(Value::Addresses(vec![address])),
        _ => Err(wrong(row, word)),
    }
}

fn of_the_same_family(word: &str, given: &[Setting]) -> Result<Option<IpAddr>, Mistake> {
    let family = given
        .iter()
        .find_map(|setting| match &setting.value {
            Value::Addresses(list) => list.first().copied().map(Family::of),
            _ => None,
        })
        .unwrap_or_default();
    if matches!(word, "any" | "all" | "default") {
        return Ok(None);
    }
    address(word, family).map(Some)
}

fn ttl(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
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
fn tos(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    match args.value()? {
        "inherit" => Ok(Value::Word("inherit", 1)),
        word => match names::dsfield(word) {
            Some(field) => Ok(Value::Hex(field.into())),
            None => Err(wrong(row, word)),
        },
    }
}

fn df(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    (0..)
        .zip(DF_WORDS)
        .find(|(_, known)| *known == word)
        .map(|(number, known)| Value::Word(known, number))
        .ok_or_else(|| wrong(row, word))
}

const DF_WORDS: [&str; 3] = ["unset", "set", "inherit"];

fn label(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
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

fn ageing(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    unless("none", row, args)
}

fn limit(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    unless("unlimited", row, args)
}

fn ports(_: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let low = args.number("min port")?;
    Ok(Value::Range(low, args.number("max port")?))
}

fn plain(value: &Value) -> u64 {
    match value {
        Value::Number(number) | Value::Word(_, number) | Value::Hex(number) => *number,
        _ => 0,
    }
}

fn write_u8(value: &Value, attribute: u16, data: &mut Attributes) {
    data.put(attribute, &Width::U8.bytes(plain(value)));
}

fn write_u32(value: &Value, attribute: u16, data: &mut Attributes) {
    data.put(attribute, &Width::U32.bytes(plain(value)));
}

fn write_label(value: &Value, attribute: u16, data: &mut Attributes) {
    data.put(attribute, &Width::Be32.bytes(plain(value)));
}

fn write_ttl(value: &Value, attribute: u16, data: &mut Attributes) {
    match value {
        Value::Word("inherit", _) => data.put(TTL_INHERIT, &[]),
        _ => data.put(attribute, &Width::U8.bytes(plain(value))),
    };
}

fn write_ports(value: &Value, attribute: u16, data: &mut Attributes) {
    if let Value::Range(low, high) = value {
        data.put(attribute, &[low.to_be_bytes(), high.to_be_bytes()].concat());
    }
}

/// IPv6 addresses have attributes of their own: `IFLA_VXLAN_GROUP6`, `IFLA_VXLAN_LOCAL6`.
fn write_address(value: &Value, attribute: u16, data: &mut Attributes) {
    if let Value::Addresses(list) = value
        && let Some(address) = list.first()
    {
        let attribute = match (address, attribute) {
            (IpAddr::V4(_), _) => attribute,
            (IpAddr::V6(_), GROUP) => 16,
            (IpAddr::V6(_), _) => 17,
        };
        data.put_address(attribute, *address);
    }
}

fn is_on(given: &[Setting], attribute: u16) -> bool {
    given_as(given, attribute)
        .is_some_and(|setting| matches!(setting.row.shape, Shape::Fixed(Some((_, 1)))))
}

fn check(given: &[Setting]) -> Result<(), Mistake> {
    let external = is_on(given, METADATA);
    let group = given.iter().any(|setting| setting.word == "group");
    let text = if external && given_as(given, ID).is_some() {
        "vxlan: both 'external' and vni cannot be specified"
    } else if !external && is_on(given, VNIFILTER) {
        "vxlan: vnifilter is valid only when 'external' is set"
    } else if group && given_as(given, LINK).is_none() {
        "vxlan: 'group' requires 'dev' to be specified"
    } else {
        return Ok(());
    };
    Err(Mistake::new(text, 1))
}

/// What iproute2 remarks on a new device whose port was left to the kernel.
pub fn remark(given: &[Setting]) -> &'static str {
    if given.is_empty() || given_as(given, PORT).is_some() || given_as(given, GPE).is_some() {
        return "";
    }
    "vxlan: destination port not specified\n\
     Will use Linux kernel default (non-standard value)\n\
     Use 'dstport 4789' to get the IANA assigned value\n\
     Use 'dstport 0' to get default and quiet this message\n"
}

/// Whether addresses are learnt is always said: not, where the device is told from outside.
fn finish(given: &[Setting], data: &mut Attributes) {
    if given_as(given, LEARNING).is_none() {
        data.put(LEARNING, &[u8::from(!is_on(given, METADATA))]);
    }
}

fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    if let Some(id) = data.u32(ID) {
        entry.put("id", id, format_args!("id {id} "));
    }
    addresses(data, entry);
    if let Some(link) = data.u32(LINK).filter(|link| *link != 0) {
        let link = names.name(link);
        entry.put("link", link.clone(), format_args!("dev {link} "));
    }
    numbers(data, entry);
    marks(data, entry);
    flags(data, entry);
}

fn addresses(data: &Received<'_>, entry: &mut Entry) {
    for (v4, v6, word) in [(GROUP, 16, "remote"), (LOCAL, 17, "local")] {
        let four = data.address(v4).filter(|address| !address.is_unspecified());
        let address = four.or_else(|| data.address(v6).filter(|a| !a.is_unspecified()));
        let Some(address) = address else { continue };
        let word = match word {
            "remote" if address.is_multicast() => "group",
            word => word,
        };
        let key = if address.is_ipv6() {
            format!("{word}6")
        } else {
            word.to_owned()
        };
        let text = address_text(address);
        entry.put(&key, text.clone(), format_args!("{word} {text} "));
    }
}

fn numbers(data: &Received<'_>, entry: &mut Entry) {
    if let Some([a, b, c, d]) = data.bytes(PORT_RANGE) {
        let (low, high) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        entry.text(format_args!("srcport {low} {high} "));
        entry.json("port_range", json!({"low": low, "high": high}));
    }
    if let Some([high, low]) = data.bytes(PORT) {
        let port = u16::from_be_bytes([*high, *low]);
        entry.put("port", port, format_args!("dstport {port} "));
    }
    match data.u8(TOS) {
        None | Some(0) => {}
        Some(1) => entry.put("tos", "0x1", format_args!("tos inherit ")),
        Some(tos) => entry.put("tos", format!("{tos:#x}"), format_args!("tos {tos:#x} ")),
    }
    let inherits = data.u8(TTL_INHERIT).is_some_and(|on| on != 0);
    match data.u8(TTL) {
        _ if inherits => entry.text(format_args!("ttl inherit ")),
        Some(ttl) if ttl != 0 => entry.put("ttl", ttl, format_args!("ttl {ttl} ")),
        _ => entry.put("ttl", 0, format_args!("ttl auto ")),
    }
    if let Some(df) = data.u8(DF) {
        let word = super::printed::word(&DF_WORDS, df.into());
        entry.json("df", word.clone());
        if df != 0 {
            entry.text(format_args!("df {word} "));
        }
    }
    if let Some(bytes) = data.bytes(LABEL).and_then(|bytes| bytes.try_into().ok()) {
        let label = u32::from_be_bytes(bytes);
        if label != 0 {
            let text = format!("{label:#x}");
            entry.put("label", text.clone(), format_args!("flowlabel {text} "));
        }
    }
}

fn marks(data: &Received<'_>, entry: &mut Entry) {
    if let Some(age) = data.u32(8) {
        if age == 0 {
            entry.put("ageing", 0, format_args!("ageing none "));
        } else {
            entry.put("ageing", age, format_args!("ageing {age} "));
        }
    }
    if let Some(limit) = data.u32(9).filter(|limit| *limit != 0) {
        entry.put("limit", limit, format_args!("maxaddr {limit} "));
    }
    if let Some(bytes) = data.bytes(RESERVED_BITS).and_then(|b| b.try_into().ok()) {
        let text = super::printed::mask(u64::from_be_bytes(bytes));
        entry.put(
            "reserved_bits",
            text.clone(),
            format_args!("reserved_bits {text} "),
        );
    }
    for (attribute, word) in [(GBP, "gbp"), (GPE, "gpe")] {
        if data.bytes(attribute).is_some() {
            entry.put(word, Json::Null, format_args!("{word} "));
        }
    }
}

/// Attribute, key in JSON, word in text when on, word in text when off. Text has what is not the default.
const FLAGS: &[(u16, &str, &str, &str)] = &[
    (METADATA, "external", "external ", ""),
    (VNIFILTER, "vnifilter", "vnifilter ", ""),
    (LEARNING, "learning", "", "nolearning "),
    (11, "proxy", "proxy ", ""),
    (12, "rsc", "rsc ", ""),
    (13, "l2miss", "l2miss ", ""),
    (14, "l3miss", "l3miss ", ""),
    (18, "udp_csum", "", "noudp_csum "),
    (19, "udp_zero_csum6_tx", "udp_zero_csum6_tx ", ""),
    (20, "udp_zero_csum6_rx", "udp_zero_csum6_rx ", ""),
    (21, "remcsum_tx", "remcsum_tx ", ""),
    (22, "remcsum_rx", "remcsum_rx ", ""),
    (LOCALBYPASS, "localbypass", "", "nolocalbypass "),
];

fn flags(data: &Received<'_>, entry: &mut Entry) {
    for (attribute, key, on, off) in FLAGS {
        if let Some(set) = data.u8(*attribute).map(|value| value != 0) {
            entry.put(key, set, format_args!("{}", if set { on } else { off }));
        }
    }
}
