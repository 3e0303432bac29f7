//! `type vxlan` (`IFLA_VXLAN_*`): its options, and what holds of several of them together.

use super::option::{Row, Setting, Spec, Wrong, row};
use super::shape::{Reader, Shape, Width, Writer};
use crate::ip::keyword::{Keyword, exact, prefix};
use crate::ip::mistake::{Mistake, USAGE};
use crate::wire::Attributes;

mod show;
mod value;

use value::{
    ageing, df, far, label, limit, near, ports, tos, ttl, vni, write_address, write_label,
    write_ports, write_ttl, write_u8, write_u32,
};

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
    print: Some(show::print),
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

fn is_on(given: &[Setting], attribute: u16) -> bool {
    given_as(given, attribute)
        .is_some_and(|setting| matches!(setting.row.shape, Shape::Fixed(Some((_, 1)))))
}

/// iproute2 checks what was given: of a device without options it asks nothing.
fn check(given: &[Setting], make: bool) -> Result<(), Mistake> {
    let external = is_on(given, METADATA);
    let group = given.iter().any(|setting| setting.word == "group");
    let text = if external && given_as(given, ID).is_some() {
        "vxlan: both 'external' and vni cannot be specified"
    } else if !external && is_on(given, VNIFILTER) {
        "vxlan: vnifilter is valid only when 'external' is set"
    } else if make && !external && !given.is_empty() && given_as(given, ID).is_none() {
        "vxlan: missing virtual network identifier"
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

/// Whether addresses are learnt is always said of a new device: not, where it is told from outside.
fn finish(given: &[Setting], make: bool, data: &mut Attributes) {
    if make && given_as(given, LEARNING).is_none() {
        data.put(LEARNING, &[u8::from(!is_on(given, METADATA))]);
    }
}
