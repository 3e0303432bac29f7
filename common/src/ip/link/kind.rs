//! `type KIND`: the kinds of device that can be made, and the words that belong to each.

use super::Kind;
use super::read::{named_once, settings};
use crate::ip::args::Args;
use crate::ip::mistake::{Mistake, USAGE};
use crate::ip::options::not_spoken;
use crate::nearest::nearest;

/// The kinds that can be made, by name.
const KINDS: [&str; 4] = ["bridge", "dummy", "ifb", "veth"];

/// Reads a kind and the rest of the line.
pub(super) fn read(args: &mut Args<'_>) -> Result<Kind, Mistake> {
    let word = args.value()?;
    let kind = match word {
        "bridge" => Kind::Bridge,
        "dummy" => Kind::Dummy,
        "ifb" => Kind::Ifb,
        "veth" => return veth(args),
        _ => {
            let text = format!("\"{word}\" is not a kind of device that can be made here.");
            return Err(Mistake::new(text, USAGE).hinting(nearest(word, KINDS).map(str::to_owned)));
        }
    };
    match args.take() {
        None => Ok(kind),
        Some(word) => Err(not_spoken(&word.text)),
    }
}

/// `peer` reads the whole of a device's settings again, and refuses again what is refused.
fn veth(args: &mut Args<'_>) -> Result<Kind, Mistake> {
    let Some(word) = args.take() else {
        return Ok(Kind::Veth { peer: None });
    };
    if word.text != "peer" {
        return Err(Mistake::new(
            format!(
                "A veth takes \"peer\" and nothing else, not \"{}\".",
                word.text
            ),
            1,
        ));
    }
    let mut peer = settings(args)?;
    named_once(&mut peer)?;
    Ok(Kind::Veth {
        peer: Some(Box::new(peer)),
    })
}
