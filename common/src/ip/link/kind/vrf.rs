//! `type vrf` (`IFLA_VRF_*`), and a device in one. Its option is the routing table.

use super::option::{Row, Spec, Wrong, plain, row};
use super::printed::{Form, fields};
use super::shape::Shape;
use crate::ip::devices::Names;
use crate::ip::keyword::{Keyword, prefix};
use crate::ip::page::Entry;
use crate::wire::Received;

const TABLE: &[Keyword<Row>] = &[prefix(
    "table",
    row(1, Shape::Table, Wrong::Text("invalid table ID\n")),
)];

pub const SPEC: Spec = Spec {
    calls: "option",
    table: TABLE,
    print: Some(print),
    ..plain("vrf")
};

/// A device in a VRF; it has no options of its own.
pub const SLAVE: Spec = Spec {
    name: "vrf_slave",
    table: &[],
    ..SPEC
};

fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    fields(&[(1, "table", "table", Form::Number)], data, entry, names);
}
