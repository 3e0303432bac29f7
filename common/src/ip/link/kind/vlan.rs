//! `type vlan` (`IFLA_VLAN_*`).

use serde_json::json;

use super::ethertype;
use super::option::{Row, Setting, Spec, Value, Wrong, plain, row};
use super::shape::{Shape, Width};
use crate::ip::args::Args;
use crate::ip::devices::Names;
use crate::ip::keyword::{Keyword, prefix};
use crate::ip::mistake::Mistake;
use crate::ip::number;
use crate::ip::page::Entry;
use crate::wire::{Attributes, Received, u32_of};

const ID: u16 = 1;
const FLAGS: u16 = 2;
const EGRESS: u16 = 3;
const INGRESS: u16 = 4;
const PROTOCOL: u16 = 5;
/// `IFLA_VLAN_QOS_MAPPING`, `struct ifla_vlan_qos_mapping`.
const MAPPING: u16 = 1;

const fn bit(bit: u32) -> Row {
    row(FLAGS, Shape::OnOffBit(bit), Wrong::IsInvalid)
}

const fn map(attribute: u16) -> Row {
    row(
        attribute,
        Shape::Own(mapping, write_mapping),
        Wrong::Invalid,
    )
}

/// In iproute2's order.
const TABLE: &[Keyword<Row>] = &[
    prefix("protocol", row(PROTOCOL, Shape::Protocol, Wrong::IsInvalid)),
    prefix("id", row(ID, Shape::Number(Width::U16), Wrong::IsInvalid)),
    prefix("reorder_hdr", bit(1)),
    prefix("gvrp", bit(1 << 1)),
    prefix("mvrp", bit(1 << 3)),
    prefix("loose_binding", bit(1 << 2)),
    prefix("bridge_binding", bit(1 << 4)),
    prefix("ingress-qos-map", map(INGRESS)),
    prefix("egress-qos-map", map(EGRESS)),
];

pub const SPEC: Spec = Spec {
    calls: "command",
    table: TABLE,
    print: Some(print),
    ..plain("vlan")
};

/// `FROM:TO`, as often as a colon is in the next word.
fn mapping(row: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    args.value()?;
    args.put_back();
    let mut pairs = Vec::new();
    while let Some((from, to)) = args.peek().and_then(|word| word.text.split_once(':')) {
        args.take();
        let pair = number::fitting(from).zip(number::fitting(to));
        pairs.push(pair.ok_or_else(|| Mistake::wrong(from, &format!("invalid {}", row.word)))?);
    }
    Ok(Value::Map(pairs))
}

fn write_mapping(value: &Value, attribute: u16, data: &mut Attributes) {
    let mut pairs = Attributes::default();
    if let Value::Map(map) = value {
        for (from, to) in map {
            let pair = [from.to_ne_bytes(), to.to_ne_bytes()].concat();
            pairs.put(MAPPING, &pair);
        }
    }
    data.put_nested(attribute, &pairs);
}

/// `VLAN_FLAG_*`, in iproute2's order.
const NAMES: [(u32, &str); 5] = [
    (1, "REORDER_HDR"),
    (1 << 1, "GVRP"),
    (1 << 3, "MVRP"),
    (1 << 2, "LOOSE_BINDING"),
    (1 << 4, "BRIDGE_BINDING"),
];

fn print(data: &Received<'_>, entry: &mut Entry, _: &mut dyn Names) {
    ethertype::put("protocol", data.bytes(PROTOCOL), entry);
    if let Some(id) = data.number(ID) {
        entry.put("id", id, format_args!("id {id} "));
    }
    if let Some(bits) = data.bytes(FLAGS).and_then(u32_of) {
        let set = NAMES.iter().filter(|(bit, _)| bits & bit != 0);
        let words: Vec<&str> = set.map(|(_, word)| *word).collect();
        entry.text(format_args!("<{}> ", words.join(",")));
        entry.json("flags", words);
    }
    maps(data, INGRESS, "ingress_qos", "ingress-qos-map", entry);
    maps(data, EGRESS, "egress_qos", "egress-qos-map", entry);
}

fn maps(data: &Received<'_>, attribute: u16, key: &str, word: &str, entry: &mut Entry) {
    let Some(nested) = data.nested(attribute) else {
        return;
    };
    let pairs: Vec<(u32, u32)> = nested
        .iter()
        .filter_map(|(_, pair)| u32_of(pair).zip(pair.get(4..).and_then(u32_of)))
        .collect();
    entry.break_line();
    entry.text(format_args!("      {word} {{ "));
    for (from, to) in &pairs {
        entry.text(format_args!("{from}:{to} "));
    }
    entry.text(format_args!("}} "));
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(from, to)| json!({"from": from, "to": to}))
        .collect();
    entry.json(key, pairs);
}
