//! Shapes of option values: how one is read, and how it lies in its attribute.

use super::ethertype;
use super::option::{Row, Setting, Value, Wrong};
use crate::ip::args::Args;
use crate::ip::devices::Devices;
use crate::ip::keyword::Keyword;
use crate::ip::link::settings::{lladdr, on_off, switch};
use crate::ip::mistake::Mistake;
use crate::ip::names;
use crate::ip::number;
use crate::wire::Attributes;

/// How wide a number is in its attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    U8,
    U16,
    U32,
    U64,
    /// In network byte order.
    Be16,
    Be32,
    Be64,
}

impl Width {
    fn largest(self) -> u64 {
        match self {
            Self::U8 => u8::MAX.into(),
            Self::U16 | Self::Be16 => u16::MAX.into(),
            Self::U32 | Self::Be32 => u32::MAX.into(),
            Self::U64 | Self::Be64 => u64::MAX,
        }
    }

    /// The number's bytes; it was read as one that fits.
    pub fn bytes(self, number: u64) -> Vec<u8> {
        let big = number.to_be_bytes();
        let tail = |len: usize| big.get(8 - len..).unwrap_or_default().to_vec();
        let native = |len: usize| {
            let mut bytes = tail(len);
            if cfg!(target_endian = "little") {
                bytes.reverse();
            }
            bytes
        };
        match self {
            Self::U8 => tail(1),
            Self::U16 => native(2),
            Self::U32 => native(4),
            Self::U64 => native(8),
            Self::Be16 => tail(2),
            Self::Be32 => tail(4),
            Self::Be64 => tail(8),
        }
    }
}

/// Reads a value of its own shape; knows what was given before.
pub type Reader = fn(&Keyword<Row>, &mut Args<'_>, &[Setting]) -> Result<Value, Mistake>;
/// Writes it.
pub type Writer = fn(&Value, u16, &mut Attributes);

/// How an option's value is written.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A number.
    Number(Width),
    /// A number of 32 bits, with a sign.
    Integer,
    /// One of these, or its place among them.
    Choice(Width, &'static [&'static str]),
    /// `on` or `off`, in one byte.
    Switch,
    /// A bit that several options share an attribute for: a number other than 0 sets it.
    Bit(u32),
    /// Such a bit, `on` or `off`, with an older sentence about other words.
    OnOffBit(u32),
    /// A link-layer address.
    LinkAddress,
    /// No value: the keyword stands for this number, or for an empty attribute.
    Fixed(Option<(Width, u64)>),
    /// A device; what to say and how to end if it is not there.
    Device(fn(&str) -> Mistake),
    /// A routing table.
    Table,
    /// An EtherType.
    Protocol,
    /// Something else.
    Own(Reader, Writer),
}

/// The sentence about a wrong value.
pub fn wrong(row: &Keyword<Row>, value: &str) -> Mistake {
    let text = match row.key.wrong {
        Wrong::Invalid => format!("invalid {}", row.word),
        Wrong::IsInvalid => format!("{} is invalid", row.word),
        Wrong::Text(text) => text.to_owned(),
    };
    Mistake::wrong(value, &text)
}

/// Reads the value of an option.
pub fn read(row: &Keyword<Row>, args: &mut Args<'_>, given: &[Setting]) -> Result<Value, Mistake> {
    match row.key.shape {
        Shape::Fixed(_) => return Ok(Value::Nothing),
        Shape::Own(reader, _) => return reader(row, args, given),
        _ => {}
    }
    let word = args.value()?;
    let fitting = |width: Width| number::unsigned(word).filter(|n| *n <= width.largest());
    let value = match row.key.shape {
        Shape::Number(width) => fitting(width).map(Value::Number),
        Shape::Bit(_) => fitting(Width::U8).map(Value::Number),
        Shape::Integer => number::integer(word).map(Value::Integer),
        Shape::Choice(_, words) => choice(words, word),
        Shape::OnOffBit(_) => Some(worded(on_off(row.word, word)?)),
        Shape::Switch => Some(worded(switch(row.word, word, 1)?)),
        Shape::LinkAddress => Some(Value::LinkAddress(lladdr(word)?)),
        Shape::Device(missing) => {
            args.look_up(word, missing(word));
            Some(Value::Device(word.to_owned()))
        }
        Shape::Table => {
            names::number_of::<u32>(names::TABLES, word).map(|id| Value::Number(id.into()))
        }
        Shape::Protocol => protocol(word),
        Shape::Fixed(_) | Shape::Own(..) => None,
    };
    value.ok_or_else(|| wrong(row, word))
}

fn worded(on: bool) -> Value {
    if on {
        Value::Word("on", 1)
    } else {
        Value::Word("off", 0)
    }
}

/// A word of a list, or its number.
fn choice(words: &'static [&'static str], word: &str) -> Option<Value> {
    let place = words
        .iter()
        .position(|known| *known == word)
        .or_else(|| number::fitting(word))?;
    let number = u64::try_from(place).ok()?;
    words.get(place).map(|known| Value::Word(known, number))
}

fn protocol(word: &str) -> Option<Value> {
    let (number, name) = ethertype::read(word)?;
    Some(match name {
        Some(name) => Value::Word(name, number.into()),
        None => Value::Number(number.into()),
    })
}

/// Writes an option into the kind's data.
pub fn write(setting: &Setting, devices: &Devices, data: &mut Attributes) {
    let attribute = setting.row.attribute;
    let number = match &setting.value {
        Value::Number(number) | Value::Word(_, number) => *number,
        _ => 0,
    };
    match (setting.row.shape, &setting.value) {
        (Shape::Own(_, writer), value) => writer(value, attribute, data),
        (Shape::Number(width) | Shape::Choice(width, _), _) => {
            data.put(attribute, &width.bytes(number));
        }
        (Shape::Switch, _) => {
            data.put(attribute, &Width::U8.bytes(number));
        }
        (Shape::Table, _) => {
            data.put(attribute, &Width::U32.bytes(number));
        }
        (Shape::Protocol, _) => {
            data.put(attribute, &Width::Be16.bytes(number));
        }
        (Shape::Fixed(Some((width, number))), _) => {
            data.put(attribute, &width.bytes(number));
        }
        (Shape::Fixed(None), _) => {
            data.put(attribute, &[]);
        }
        (Shape::Integer, Value::Integer(number)) => {
            data.put(attribute, &number.to_ne_bytes());
        }
        (Shape::LinkAddress, Value::LinkAddress(bytes)) => {
            data.put(attribute, bytes);
        }
        (Shape::Device(_), Value::Device(name)) => {
            data.put_u32(attribute, devices.index(name));
        }
        // Bits go out together.
        _ => {}
    }
}

/// What several options share: the bits' values, and which are meant (`struct br_boolopt_multi`, `struct ifla_vlan_flags`).
pub fn bits(given: &[Setting]) -> Vec<u8> {
    let (mut values, mut mask) = (0, 0);
    for setting in given {
        if let Shape::Bit(bit) | Shape::OnOffBit(bit) = setting.row.shape {
            mask |= bit;
            match setting.value {
                Value::Number(0) | Value::Word(_, 0) => values &= !bit,
                _ => values |= bit,
            }
        }
    }
    [values, mask]
        .iter()
        .flat_map(|bits| bits.to_ne_bytes())
        .collect()
}
