//! Tunnels of IPsec: `vti`, `vti6` (`IFLA_VTI_*`) and `xfrm` (`IFLA_XFRM_*`).

use super::tunnel::{end, external, key, lower, mark};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::wire::Received;

pub fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    end(data, 5, "remote", entry);
    end(data, 4, "local", entry);
    lower(data, 1, entry, names);
    for (attribute, word) in [(2, "ikey"), (3, "okey")] {
        if data.u32(attribute).is_some_and(|key| key != 0) {
            key(data, attribute, word, entry);
        }
    }
    mark(data, 6, entry);
}

pub fn print_xfrm(data: &Received<'_>, entry: &mut Entry, _: &mut dyn Names) {
    if !external(data, 3, entry)
        && let Some(id) = data.u32(2)
    {
        let id = format!("{id:#x}");
        entry.put("if_id", id.clone(), format_args!("if_id {id} "));
    }
}
