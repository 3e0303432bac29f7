//! Whether a rule is there (`struct fib_rule_hdr`).

use super::{Wish, holds, list};
use crate::kernel::Kernel;
use crate::uapi::rtm;
use crate::wire::{Attributes, Received, Request, u32_of};

const HEADER: usize = 12;
/// `FRA_TABLE`.
const TABLE: u16 = 15;
/// `FIB_RULE_INVERT`: of the flags, what a command gives. The rest says how the kernel finds the rule.
const INVERT: u32 = 2;

/// Whether the kernel lists a rule with everything that the message says, at whatever priority if it says none.
pub(super) fn is_there(request: &Request, wish: Wish, kernel: &mut dyn Kernel) -> Option<bool> {
    let Some(wanted) = Rule::read(&request.body) else {
        return Some(false);
    };
    let header = [wanted.family, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let found = list(rtm::GETRULE, &header, &Attributes::default(), kernel)?;
    let found = found
        .iter()
        .filter_map(|reply| Rule::read(&reply.body))
        .any(|found| found.is(&wanted, wish));
    Some(found)
}

struct Rule<'a> {
    family: u8,
    /// Lengths of destination and source, and the TOS.
    selector: [u8; 3],
    table: u32,
    action: u8,
    flags: u32,
    attributes: Received<'a>,
}

impl<'a> Rule<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let [family, dst_len, src_len, tos, table, _, _, action] = *body.first_chunk::<8>()?;
        let attributes = Received::behind(body, HEADER);
        let table = attributes.u32(TABLE).unwrap_or(table.into());
        let flags = body.get(8..).and_then(u32_of)?;
        Some(Self {
            family,
            selector: [dst_len, src_len, tos],
            table,
            action,
            flags,
            attributes,
        })
    }

    fn is(&self, wanted: &Self, wish: Wish) -> bool {
        // In a deletion 0 stands for any.
        let any = |wanted: u32| wish == Wish::Gone && wanted == 0;
        self.selector == wanted.selector
            && (self.table == wanted.table || any(wanted.table))
            && (self.action == wanted.action || any(wanted.action.into()))
            && self.flags & INVERT == wanted.flags & INVERT
            && holds(&wanted.attributes, &self.attributes, &[TABLE])
    }
}
