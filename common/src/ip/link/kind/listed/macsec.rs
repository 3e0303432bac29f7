//! `macsec` (`IFLA_MACSEC_*`, `linux/if_link.h`): what is set of a device, not its keys.

use super::super::printed::{Field, Form, fields, on_off};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::wire::Received;

const SCI: u16 = 1;
const CIPHER: u16 = 4;
const WINDOW: u16 = 5;
const REPLAY: u16 = 12;

/// `MACSEC_CIPHER_ID_*` (`linux/if_macsec.h`).
const CIPHERS: [(u64, &str); 5] = [
    (0x0080_0200_0100_0001, "GCM-AES-128"),
    (0x0080_c200_0100_0001, "GCM-AES-128"),
    (0x0080_c200_0100_0002, "GCM-AES-256"),
    (0x0080_c200_0100_0003, "GCM-AES-XPN-128"),
    (0x0080_c200_0100_0004, "GCM-AES-XPN-256"),
];

const MIDDLE: &[Field] = &[
    (3, "icv_len", "icvlen", Form::Number),
    (6, "encoding_sa", "encodingsa", Form::Number),
    (
        13,
        "validation",
        "validate",
        Form::Word(&["disabled", "check", "strict"]),
    ),
    (15, "offload", "offload", Form::Word(&["off", "phy", "mac"])),
    (7, "encrypt", "encrypt", Form::Switch),
    (9, "inc_sci", "send_sci", Form::Switch),
    (10, "es", "end_station", Form::Switch),
    (11, "scb", "scb", Form::Switch),
];

pub fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    if let Some(bytes) = data.bytes(SCI) {
        let sci: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        entry.put("sci", sci.clone(), format_args!("sci {sci} "));
    }
    fields(
        &[(8, "protect", "protect", Form::Switch)],
        data,
        entry,
        names,
    );
    if let Some(id) = data.number(CIPHER) {
        let known = CIPHERS.iter().find(|(known, _)| *known == id);
        let name = known.map_or("(unknown)", |(_, name)| *name);
        entry.put("cipher_suite", name, format_args!("cipher {name} "));
    }
    fields(MIDDLE, data, entry, names);
    if let Some(on) = data.u8(REPLAY).map(|on| on != 0) {
        entry.put("replay_protect", on, format_args!("replay {} ", on_off(on)));
        if let Some(window) = data.u32(WINDOW).filter(|_| on) {
            entry.put("window", window, format_args!("window {window} "));
        }
    }
}
