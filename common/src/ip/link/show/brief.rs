//! A device in one line of columns (`-brief`).

use super::{Shown, head};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::uapi::ifla;

/// Name, state, address, flags.
pub fn print(link: &Shown<'_>, entry: &mut Entry, names: &mut dyn Names) {
    let lower_is_down = name_and_state(link, entry, names);
    if let Some(address) = link.lladdr(ifla::ADDRESS) {
        entry.put("address", address.clone(), format_args!("{address} "));
    }
    head::flags(link, lower_is_down, entry);
    entry.text(format_args!("\n"));
}

/// The two columns that `ip address` has too; tells whether the device below is down.
pub fn name_and_state(link: &Shown<'_>, entry: &mut Entry, names: &mut dyn Names) -> bool {
    let name = link.name();
    let (behind, lower_is_down) = head::lower(link, entry, names);
    let whole = format!("{name}{behind}");
    entry.put("ifname", name, format_args!("{whole:<16} "));
    if let Some(state) = head::state(link) {
        entry.put("operstate", state.clone(), format_args!("{state:<14} "));
    }
    lower_is_down
}
