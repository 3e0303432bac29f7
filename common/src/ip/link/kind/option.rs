//! Options of a kind: a table of keyword, attribute and shape says how each is read, written in full and sent.

use std::fmt;
use std::net::IpAddr;

use super::listed::Print;
use super::shape::{self, Shape};
use crate::ip::args::{Args, is_help};
use crate::ip::devices::Devices;
use crate::ip::help;
use crate::ip::host::Host;
use crate::ip::keyword::{self, Keyword};
use crate::ip::link::settings::link_address;
use crate::ip::mistake::Mistake;
use crate::ip::prefix::address_text;
use crate::nearest::nearest;
use crate::wire::Attributes;
use crate::words::quoted;

/// Judges a keyword with its value, before they are read, by what was given so far.
pub type Judge = fn(&Keyword<Row>, &str, &[Setting]) -> Result<(), Mistake>;

/// A kind: its name, its options, and how the kernel's data of it is printed.
pub struct Spec {
    pub name: &'static str,
    /// What iproute2 calls a word that is none of the kind's.
    pub calls: &'static str,
    pub table: &'static [Keyword<Row>],
    /// Judges each option.
    pub before: Judge,
    /// Judges all of them together; `true` for a device that is to be made.
    pub check: fn(&[Setting], bool) -> Result<(), Mistake>,
    /// Adds attributes that several options make together; `true` for a device that is to be made.
    pub finish: fn(&[Setting], bool, &mut Attributes),
    /// Prints what the kernel sent, if there is anything to say.
    pub print: Option<Print>,
}

impl Spec {
    /// Whether it is what a device is as a part of another.
    pub fn is_slave(&self) -> bool {
        self.name.ends_with("_slave")
    }
}

impl PartialEq for Spec {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A kind without options and without data.
pub const fn plain(name: &'static str) -> Spec {
    Spec {
        name,
        calls: "",
        table: &[],
        before: |_, _, _| Ok(()),
        check: |_, _| Ok(()),
        finish: |_, _, _| (),
        print: None,
    }
}

/// A row: attribute, how the value is written, what is said of a wrong one.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub attribute: u16,
    pub shape: Shape,
    pub wrong: Wrong,
}

/// What iproute2 says of a wrong value.
#[derive(Debug, Clone, Copy)]
pub enum Wrong {
    /// `invalid KEYWORD`.
    Invalid,
    /// `KEYWORD is invalid`.
    IsInvalid,
    /// This.
    Text(&'static str),
}

/// A row of a table.
pub const fn row(attribute: u16, shape: Shape, wrong: Wrong) -> Row {
    Row {
        attribute,
        shape,
        wrong,
    }
}

/// One option as given.
#[derive(Debug, Clone)]
pub struct Setting {
    pub word: &'static str,
    pub row: Row,
    pub value: Value,
}

impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word && self.value == other.value
    }
}

/// The value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The keyword says it all.
    Nothing,
    /// A number.
    Number(u64),
    /// A number that is written in hexadecimal.
    Hex(u64),
    /// A number that may be below zero.
    Integer(i32),
    /// A word that stands for a number.
    Word(&'static str, u64),
    /// A device.
    Device(String),
    /// A link-layer address.
    LinkAddress(Vec<u8>),
    /// A word and link-layer addresses.
    LinkAddresses(&'static str, Vec<Vec<u8>>),
    /// An address, or a word for every address.
    Host(Host),
    /// Addresses.
    Addresses(Vec<IpAddr>),
    /// From here to there.
    Range(u16, u16),
    /// This becomes that.
    Map(Vec<(u32, u32)>),
}

impl Value {
    /// Its numbers; of a map what is mapped.
    pub fn numbers(&self) -> Vec<i64> {
        let wide = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        match self {
            Self::Number(number) | Self::Hex(number) => vec![wide(*number)],
            Self::Integer(number) => vec![i64::from(*number)],
            Self::Map(pairs) => pairs.iter().map(|(from, _)| i64::from(*from)).collect(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)?;
        let joined = |list: Vec<String>, by: &str| list.join(by);
        let text = match &self.value {
            Value::Nothing => return Ok(()),
            Value::Number(number) => number.to_string(),
            Value::Hex(number) => format!("{number:#x}"),
            Value::Integer(number) => number.to_string(),
            Value::Word(word, _) => (*word).to_owned(),
            Value::Device(name) => quoted(name),
            Value::LinkAddress(bytes) => link_address(bytes),
            Value::LinkAddresses(verb, list) => {
                let list = list.iter().map(|bytes| format!(" {}", link_address(bytes)));
                format!("{verb}{}", list.collect::<String>())
            }
            Value::Host(host) => host.to_string(),
            Value::Addresses(list) => joined(list.iter().map(|a| address_text(*a)).collect(), ","),
            Value::Range(from, to) => format!("{from} {to}"),
            Value::Map(pairs) => joined(
                pairs
                    .iter()
                    .map(|(from, to)| format!("{from}:{to}"))
                    .collect(),
                " ",
            ),
        };
        if text.is_empty() {
            Ok(())
        } else {
            write!(f, " {text}")
        }
    }
}

/// Reads the options of a kind up to the line's end.
pub fn read(spec: &Spec, args: &mut Args<'_>, make: bool) -> Result<Vec<Setting>, Mistake> {
    let mut given = Vec::new();
    while let Some(word) = args.take() {
        let row = args
            .spelt(spec.table, word)
            .ok_or_else(|| unknown(spec, &word.text))?;
        let value = match row.key.shape {
            Shape::Fixed(..) => &word.text,
            _ => args.peek().map_or(&word.text, |next| &next.text),
        };
        // A value that is missing is told before one that is there once too often.
        if matches!(row.key.shape, Shape::Fixed(..)) || args.peek().is_some() {
            (spec.before)(row, value, &given)?;
        }
        let value = shape::read(row, args, &given)?;
        given.push(Setting {
            word: row.word,
            row: row.key,
            value,
        });
    }
    (spec.check)(&given, make)?;
    Ok(given)
}

/// iproute2's sentence, and a line of our own instead of its help.
fn unknown(spec: &Spec, word: &str) -> Mistake {
    let near = nearest(word, keyword::words(spec.table)).map(str::to_owned);
    if is_help(word) {
        return if spec.table.is_empty() {
            Mistake::help(help::LINK)
        } else {
            Mistake::new(usage(spec.name), 1)
        };
    }
    if spec.table.is_empty() {
        let text = format!("Garbage instead of arguments \"{word} ...\". Try \"ip link help\".");
        return Mistake::new(text, 1);
    }
    let (name, calls) = (spec.name, spec.calls);
    let text = format!("{name}: unknown {calls} \"{word}\"?\n{}", usage(name));
    Mistake::new(text, 1).hinting(near)
}

/// Where the options of a kind are told: docs/values.md, "What can be said".
pub fn usage(kind: &str) -> String {
    format!("Usage: ip link {{ add | set }} ... type {kind} [ OPTION ]...")
}

/// The kind's data as attributes.
pub fn data(spec: &Spec, given: &[Setting], make: bool, devices: &Devices) -> Attributes {
    let mut data = Attributes::default();
    for setting in given {
        shape::write(setting, devices, &mut data);
    }
    if let Some(bits) = given
        .iter()
        .find(|setting| matches!(setting.row.shape, Shape::Bit(_) | Shape::OnOffBit(_)))
    {
        data.put(bits.row.attribute, &shape::bits(given));
    }
    (spec.finish)(given, make, &mut data);
    data
}
