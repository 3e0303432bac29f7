//! `hsr`: rings of two devices (`IFLA_HSR_*`, `linux/if_link.h`).

use serde_json::Value;

use super::super::printed::{Field, Form, fields};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::wire::Received;

const FIELDS: &[Field] = &[
    (8, "interlink", "interlink", Form::Device),
    (5, "seq_nr", "sequence", Form::Number),
    (4, "supervision_addr", "supervision", Form::LinkAddress),
    (7, "proto", "proto", Form::Number),
];

pub fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    for (attribute, word) in [(1, "slave1"), (2, "slave2")] {
        match data.u32(attribute).map(|index| names.name(index)) {
            Some(name) => entry.put(word, name.clone(), format_args!("{word} {name} ")),
            None => entry.put(word, Value::Null, format_args!("{word} <none> ")),
        }
    }
    fields(FIELDS, data, entry, names);
}
