//! `type ipvlan` (`IFLA_IPVLAN_*`): the modes, and how the devices of one parent see each other.

use super::option::{Row, Setting, Spec, Value, Wrong, row};
use super::printed::word;
use super::shape::{Shape, Width};
use crate::ip::args::Args;
use crate::ip::devices::Names;
use crate::ip::keyword::{Keyword, prefix};
use crate::ip::mistake::Mistake;
use crate::ip::page::Entry;
use crate::wire::{Attributes, Received};

const MODE: u16 = 1;
const FLAGS: u16 = 2;
const MODES: [&str; 3] = ["l2", "l3", "l3s"];

const fn flag(bits: u64) -> Row {
    row(
        FLAGS,
        Shape::Fixed(Some((Width::U16, bits))),
        Wrong::Invalid,
    )
}

/// In iproute2's order.
const TABLE: &[Keyword<Row>] = &[
    prefix("mode", row(MODE, Shape::Own(mode, write), Wrong::Invalid)),
    prefix("private", flag(1)),
    prefix("vepa", flag(2)),
    prefix("bridge", flag(0)),
];

pub const SPEC: Spec = Spec {
    name: "ipvlan",
    calls: "option",
    table: TABLE,
    before: once,
    check: |_, _| Ok(()),
    finish,
    print: Some(print),
};

fn mode(_: &Keyword<Row>, args: &mut Args<'_>, _: &[Setting]) -> Result<Value, Mistake> {
    let word = args.value()?;
    (0..)
        .zip(MODES)
        .find(|(_, mode)| *mode == word)
        .map(|(number, mode)| Value::Word(mode, number))
        .ok_or_else(|| {
            Mistake::new(
                "Error: argument of \"mode\" must be either \"l2\", \"l3\" or \"l3s\"",
                1,
            )
        })
}

fn write(value: &Value, attribute: u16, data: &mut Attributes) {
    if let Value::Word(_, number) = value {
        data.put(attribute, &Width::U16.bytes(*number));
    }
}

/// Of the three flags one can be given; iproute2 does not know a second one.
fn once(row: &Keyword<Row>, _: &str, given: &[Setting]) -> Result<(), Mistake> {
    let flagged = given.iter().any(|setting| setting.row.attribute == FLAGS);
    if flagged && row.key.attribute == FLAGS {
        let usage = super::option::usage("ipvlan");
        return Err(Mistake::new(
            format!("ipvlan: unknown option \"{}\"?\n{usage}", row.word),
            1,
        ));
    }
    Ok(())
}

/// With any option the flags go out too.
fn finish(given: &[Setting], _: bool, data: &mut Attributes) {
    if !given.iter().any(|setting| setting.row.attribute == FLAGS) {
        data.put(FLAGS, &Width::U16.bytes(0));
    }
}

pub fn print(data: &Received<'_>, entry: &mut Entry, _: &mut dyn Names) {
    if let Some(mode) = data.number(MODE) {
        let mode = word(&MODES, mode);
        entry.put("mode", mode.clone(), format_args!(" mode {mode} "));
    }
    if let Some(flags) = data.number(FLAGS) {
        let flag = match flags {
            1 => "private",
            2 => "vepa",
            _ => "bridge",
        };
        entry.put(flag, true, format_args!("{flag} "));
    }
}
