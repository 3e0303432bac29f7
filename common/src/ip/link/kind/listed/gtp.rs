//! `gtp`: GPRS' tunnels (`IFLA_GTP_*`, `linux/if_link.h`).

use super::super::printed::{Field, Form, fields};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::wire::Received;

const FIELDS: &[Field] = &[
    (4, "role", "role", Form::Word(&["ggsn", "sgsn"])),
    (3, "hsize", "hsize", Form::Number),
    (6, "restart_count", "restart_count", Form::Number),
];

pub fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    fields(FIELDS, data, entry, names);
}
