//! A tun or tap device (`IFLA_TUN_*`). None is made here, since that opens a device of the node; one that is there is shown.

use super::super::printed::{Field, Form, fields};
use crate::ip::devices::Names;
use crate::ip::page::Entry;
use crate::wire::Received;

const OWNER: u16 = 1;
const GROUP: u16 = 2;
const TYPE: u16 = 3;
const MULTI_QUEUE: u16 = 7;

const SWITCHES: &[Field] = &[
    (4, "pi", "pi", Form::Switch),
    (5, "vnet_hdr", "vnet_hdr", Form::Switch),
];
const QUEUES: &[Field] = &[
    (8, "numqueues", "numqueues", Form::Number),
    (9, "numdisabled", "numdisabled", Form::Number),
];
const PERSIST: &[Field] = &[(6, "persist", "persist", Form::Switch)];

pub fn print(data: &Received<'_>, entry: &mut Entry, names: &mut dyn Names) {
    if let Some(kind) = data.u8(TYPE).map(kind) {
        entry.put("type", kind.clone(), format_args!("type {kind} "));
    }
    fields(SWITCHES, data, entry, names);
    let several = data.u8(MULTI_QUEUE).is_some_and(|queues| queues != 0);
    let word = if several { "multi_queue " } else { "" };
    entry.put("multi_queue", several, format_args!("{word}"));
    if several {
        fields(QUEUES, data, entry, names);
    }
    fields(PERSIST, data, entry, names);
    for (word, attribute) in [("user", OWNER), ("group", GROUP)] {
        match data.u32(attribute) {
            // 0 is root everywhere; the other names are in files of the node, which are not read for a pod.
            Some(0) => entry.put(word, "root", format_args!("{word} root ")),
            Some(id) => entry.put(word, id, format_args!("{word} {id} ")),
            None => {}
        }
    }
}

/// `IFF_TUN` and `IFF_TAP`.
fn kind(number: u8) -> String {
    match number {
        1 => "tun".to_owned(),
        2 => "tap".to_owned(),
        _ => format!("UNKNOWN:{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ip::live::Live;
    use crate::ip::options::Options;
    use crate::kernel::{Answer, Kernel};
    use crate::wire::{Attributes, Request};

    /// Nobody: no name is asked for.
    struct Nobody;

    impl Kernel for Nobody {
        fn exchange(&mut self, _: &Request) -> Answer {
            Answer::default()
        }
    }

    fn shown(attributes: &Attributes, json: bool) -> String {
        let options = Options {
            json,
            ..Options::default()
        };
        let mut entry = Entry::new(&options);
        let bytes = attributes.bytes();
        print(
            &Received::read(&bytes),
            &mut entry,
            &mut Live::new(&mut Nobody, &[]),
        );
        crate::ip::page::render(vec![entry], &options)
    }

    /// Such a device lives as long as a program that has it open, and its queues are those that are open.
    #[test]
    fn a_device_that_is_open_is_not_persistent_and_has_queues() {
        let mut data = Attributes::default();
        data.put(TYPE, &[2])
            .put(4, &[0])
            .put(5, &[1])
            .put(6, &[0])
            .put(MULTI_QUEUE, &[1])
            .put_u32(8, 3)
            .put_u32(9, 1)
            .put_u32(GROUP, 1000);
        assert_eq!(
            shown(&data, false),
            "type tap pi off vnet_hdr on multi_queue numqueues 3 numdisabled 1 persist off group 1000 "
        );
        assert_eq!(
            shown(&data, true),
            "[{\"type\":\"tap\",\"pi\":false,\"vnet_hdr\":true,\"multi_queue\":true,\"numqueues\":3,\"numdisabled\":1,\
             \"persist\":false,\"group\":1000}]\n"
        );
    }

    #[test]
    fn what_the_kernel_does_not_tell_is_not_shown() {
        let mut data = Attributes::default();
        data.put(TYPE, &[7]).put_u32(OWNER, 0);
        assert_eq!(shown(&data, false), "type UNKNOWN:7 user root ");
        assert_eq!(
            shown(&data, true),
            "[{\"type\":\"UNKNOWN:7\",\"multi_queue\":false,\"user\":\"root\"}]\n"
        );
    }
}
