//! The counters of a device (`-statistics`, twice for the kinds of errors).

use super::Shown;
use super::counters::{Column, Counters, TRANSITIONS};
use crate::ip::options::Options;
use crate::ip::page::Entry;

const RX: &[Column] = &[
    (2, "bytes", "bytes"),
    (0, "packets", "packets"),
    (4, "errors", "errors"),
    (6, "dropped", "dropped"),
    (15, "over_errors", "missed"),
    (8, "multicast", "mcast"),
];
const RX_ERRORS: &[Column] = &[
    (10, "length_errors", "length"),
    (12, "crc_errors", "crc"),
    (13, "frame_errors", "frame"),
    (14, "fifo_errors", "fifo"),
    (11, "missed_errors", "overrun"),
];
const RX_COMPRESSED: Column = (21, "compressed", "compressed");
const TX: &[Column] = &[
    (3, "bytes", "bytes"),
    (1, "packets", "packets"),
    (5, "errors", "errors"),
    (7, "dropped", "dropped"),
    (17, "carrier_errors", "carrier"),
    (9, "collisions", "collsns"),
];
const TX_ERRORS: &[Column] = &[
    (16, "aborted_errors", "aborted"),
    (18, "fifo_errors", "fifo"),
    (20, "window_errors", "window"),
    (19, "heartbeat_errors", "heartbt"),
    (TRANSITIONS, "carrier_changes", "transns"),
];
const TX_COMPRESSED: Column = (22, "compressed", "compressed");

/// The least widths of the columns; the last is for compressed packets, which few devices know.
const WIDTHS: [usize; 7] = [10, 7, 6, 7, 7, 7, 10];

/// Prints the counters, from the start of a line to the end of one, which is left open.
pub fn print(link: &Shown<'_>, options: &Options, entry: &mut Entry) {
    let Some(counters) = Counters::read(&link.attributes) else {
        return;
    };
    let errors = options.statistics > 1;
    let mut table = Table {
        counters: &counters,
        widths: WIDTHS,
        options,
    };
    for (columns, first) in [(RX, 0), (TX, 0), (RX_ERRORS, 1), (TX_ERRORS, 1)] {
        if first == 0 || errors {
            table.widen(columns, first);
        }
    }
    let mut all = entry.within();
    for (name, key, columns, compressed, kinds) in [
        ("RX", "rx", RX, RX_COMPRESSED, RX_ERRORS),
        ("TX", "tx", TX, TX_COMPRESSED, TX_ERRORS),
    ] {
        let mut side = all.within();
        if name == "TX" {
            side.break_line();
        }
        table.counts(name, columns, compressed, &mut side);
        if errors {
            side.break_line();
            table.errors(name, kinds, &mut side);
        }
        all.nest(key, side);
    }
    entry.nest("stats64", all);
}

struct Table<'a> {
    counters: &'a Counters,
    widths: [usize; 7],
    options: &'a Options,
}

impl Table<'_> {
    /// A counter: as it is, or for humans with about three digits and a letter.
    fn shown(&self, count: u64) -> String {
        let base = if self.options.iec { 1024 } else { 1000 };
        if !self.options.human || count < base {
            return count.to_string();
        }
        let mut letters = "kMGTPE".chars().zip(1..);
        let fits = |power: u32| power == 6 || count / base < base.pow(power);
        let (letter, power) = letters.find(|(_, power)| fits(*power)).unwrap_or(('E', 6));
        let unit = base.pow(power);
        let digits = match count / unit {
            0..10 => 2,
            10..100 => 1,
            _ => 0,
        };
        #[allow(clippy::cast_precision_loss, reason = "as C does it")]
        let value = count as f64 / unit as f64;
        let behind = if self.options.iec { "i" } else { "" };
        format!("{value:.digits$}{letter}{behind}")
    }

    /// Makes the columns, from `first` on, as wide as their values.
    fn widen(&mut self, columns: &[Column], first: usize) {
        for (width, column) in self.widths.iter_mut().skip(first).zip(columns) {
            *width = (*width).max(self.counters.value(column).to_string().len());
        }
    }

    fn counts(&self, name: &str, columns: &[Column], compressed: Column, entry: &mut Entry) {
        let mut widths = self.widths.iter();
        let packed = self.counters.value(&compressed);
        let mut values = String::new();
        entry.text(format_args!("    {name}:"));
        for (place, (column, width)) in columns.iter().zip(&mut widths).enumerate() {
            let (_, key, word) = column;
            let value = self.counters.value(column);
            // The name of the line takes four places of the first column's.
            let inner = if place == 0 { width - 4 } else { *width };
            entry.text(format_args!(" {word:>inner$}"));
            let shown = self.shown(value);
            values += &format!("{}{shown:>width$}", if place == 0 { "" } else { " " });
            entry.json(key, value);
        }
        let width = widths.next().copied().unwrap_or_default();
        let word = if packed == 0 { "" } else { compressed.2 };
        entry.text(format_args!(" {word:>width$}"));
        entry.break_line();
        entry.text(format_args!("    {values} "));
        if packed != 0 {
            let shown = self.shown(packed);
            entry.put(compressed.1, packed, format_args!("{shown:>width$} "));
        }
    }

    fn errors(&self, name: &str, columns: &[Column], entry: &mut Entry) {
        let widths = || self.widths.iter().skip(1);
        let first = self.widths.first().copied().unwrap_or_default();
        let title = format!("{name} errors:");
        entry.text(format_args!("    {title:<first$}"));
        for (column, width) in columns.iter().zip(widths()) {
            let word = if self.counters.has(column) {
                column.2
            } else {
                ""
            };
            entry.text(format_args!(" {word:>width$}"));
        }
        entry.break_line();
        entry.text(format_args!("    {:first$}", ""));
        let told = columns.iter().zip(widths());
        for (column, width) in told.filter(|(column, _)| self.counters.has(column)) {
            let value = self.counters.value(column);
            let shown = self.shown(value);
            entry.put(column.1, value, format_args!(" {shown:>width$}"));
        }
        entry.text(format_args!(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uapi::ifla;
    use crate::wire::{Attributes, Received};

    fn text(received_bytes: u64, compressed: u64, statistics: u8) -> String {
        let mut values = [0u64; 25];
        values[2] = received_bytes;
        values[RX_COMPRESSED.0] = compressed;
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_ne_bytes())
            .collect();
        let mut attributes = Attributes::default();
        attributes
            .put(ifla::STATS64, &bytes)
            .put_u32(ifla::CARRIER_CHANGES, 0);
        printed(&attributes, statistics)
    }

    fn printed(attributes: &Attributes, statistics: u8) -> String {
        let bytes = attributes.bytes();
        let link = Shown {
            index: 1,
            flags: 0,
            hardware: 1,
            attributes: Received::read(&bytes),
        };
        let options = Options {
            statistics,
            ..Options::default()
        };
        let mut entry = Entry::new(&options);
        print(&link, &options, &mut entry);
        entry.into_text()
    }

    /// What family inet6 tells: the number of counters, then the counters.
    #[test]
    fn counters_of_ipv6_stand_where_those_of_the_device_would() {
        let counters: Vec<u8> = (1000..1038u64).flat_map(u64::to_ne_bytes).collect();
        let mut told = Attributes::default();
        told.put(ifla::INET6_STATS, &counters);
        let mut attributes = Attributes::default();
        attributes.put_nested(ifla::PROTINFO, &told);
        let text = printed(&attributes, 2);
        let expected = [
            "    RX:  bytes packets errors dropped  missed   mcast           ",
            "          1002    1001   1018       0       0    1028 ",
            "    RX errors:  length    crc   frame    fifo overrun",
            "                     0      0    1036       0       0 ",
            "    TX:  bytes packets errors dropped carrier collsns           ",
            "          1010    1009   1019       0       0       0 ",
            "    TX errors: aborted   fifo  window heartbt        ",
            "                     0      0       0       0 ",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn columns_are_as_wide_as_the_longest_value_in_either_direction() {
        let text = text(123_456_789_012, 0, 1);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "    RX:    bytes packets errors dropped  missed   mcast           "
        );
        assert_eq!(
            lines[1],
            "    123456789012       0      0       0       0       0 "
        );
        assert_eq!(
            lines[3],
            "               0       0      0       0       0       0 "
        );
    }

    #[test]
    fn compressed_packets_are_shown_by_devices_that_have_any() {
        let text = text(1, 7, 2);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "    RX:  bytes packets errors dropped  missed   mcast compressed"
        );
        assert_eq!(
            lines[1],
            "             1       0      0       0       0       0          7 "
        );
        assert_eq!(
            lines[2],
            "    RX errors:  length    crc   frame    fifo overrun"
        );
    }
}
