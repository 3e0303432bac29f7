//! A kind's data as it is printed: a row a field, of attribute, key in JSON, words in text, and form.

use serde_json::Value;

use crate::ip::devices::Names;
use crate::ip::link::settings::link_address;
use crate::ip::page::Entry;
use crate::wire::Received;

/// One field: attribute, key in JSON, word in text (none: not in text), form.
pub type Field = (u16, &'static str, &'static str, Form);

/// How a field is printed.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// A number.
    Number,
    /// A number with a sign, of 32 bits.
    Integer,
    /// `on` or `off`; true or false.
    Switch,
    /// The same, in text alone.
    SwitchText,
    /// Hundredths of a second.
    Timer,
    /// Priority and address of a bridge.
    BridgeId,
    /// A number in hexadecimal, as a string.
    Hex,
    /// The same, but a bare 0.
    Mask,
    /// A link-layer address.
    LinkAddress,
    /// A device, by index.
    Device,
    /// A word of a list.
    Word(&'static [&'static str]),
}

/// Prints the fields that the kernel sent, in order.
pub fn fields(table: &[Field], data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    for (attribute, key, word, form) in table {
        let Some(bytes) = data.bytes(*attribute) else {
            continue;
        };
        let number = data.number(*attribute).unwrap_or(0);
        let (json, text) = match form {
            Form::SwitchText => {
                entry.text(format_args!("{word} {} ", on_off(number != 0)));
                continue;
            }
            Form::BridgeId => same(bridge_id(bytes)),
            Form::LinkAddress => same(link_address(bytes)),
            form => shown(*form, number, names),
        };
        entry.put(key, json, format_args!("{word} {text} "));
    }
}

fn shown(form: Form, number: u64, names: &mut dyn Names) -> (Value, String) {
    let small = u32::try_from(number).unwrap_or(u32::MAX);
    match form {
        Form::Switch => (Value::Bool(number != 0), on_off(number != 0).to_owned()),
        Form::Timer => {
            let seconds = seconds(number);
            (seconds.into(), format!("{seconds:7.2}"))
        }
        Form::Integer => (small.cast_signed().into(), small.cast_signed().to_string()),
        Form::Hex => same(format!("{number:#x}")),
        Form::Mask => same(mask(number)),
        Form::Device => same(names.name(small)),
        Form::Word(words) => same(word(words, number)),
        _ => (number.into(), number.to_string()),
    }
}

fn same(text: String) -> (Value, String) {
    (text.clone().into(), text)
}

/// A word of a list; its number where there is none.
pub fn word(words: &[&str], number: u64) -> String {
    usize::try_from(number)
        .ok()
        .and_then(|place| words.get(place))
        .map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// The words for a switch.
pub fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// As C's `%#x` prints it: nothing before a 0.
pub fn mask(number: u64) -> String {
    match number {
        0 => "0".to_owned(),
        _ => format!("{number:#x}"),
    }
}

fn seconds(hundredths: u64) -> f64 {
    u32::try_from(hundredths).map_or(f64::MAX, f64::from) / 100.0
}

/// `struct ifla_bridge_id`.
fn bridge_id(bytes: &[u8]) -> String {
    let (priority, address) = bytes.split_at_checked(2).unwrap_or_default();
    let priority: String = priority.iter().map(|byte| format!("{byte:02x}")).collect();
    let address: Vec<String> = address.iter().map(|byte| format!("{byte:x}")).collect();
    format!("{priority}.{}", address.join(":"))
}
