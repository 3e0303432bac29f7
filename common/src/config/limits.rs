//! `[limits]`: how much commands may leave in one sandbox.

use std::collections::BTreeMap;

use toml::Spanned;

use super::Wrong;
use crate::limits::{Kind, Limits, MOST};

/// The limits as they are written, by their keys.
pub(super) type Written = BTreeMap<String, Spanned<i64>>;

/// Those that are not written are the built-in ones.
pub(super) fn checked(written: Written) -> Result<Limits, Wrong> {
    let mut limits = Limits::default();
    for (key, number) in written {
        let at = number.span().start;
        let within = u32::try_from(number.into_inner()).ok();
        let Some(number) = within.filter(|number| *number <= MOST) else {
            return Err((at, format!("{key} is a number from 0 to {MOST}")));
        };
        let known = Kind::ALL.into_iter().chain([Kind::Queues]);
        for kind in known.filter(|kind| kind.key() == key) {
            limits.set(kind, number);
        }
    }
    Ok(limits)
}
