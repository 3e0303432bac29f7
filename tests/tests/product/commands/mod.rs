//! Every command that our pages tell people to run is run here, as it stands there: by the real `kubectl` and `ctr`, on
//! real containerds.

use anyhow::{Result, ensure};
use chainsaw_tests::documents::{self, Block, code};

mod cluster;
mod house;
mod node;
mod screens;

/// A page, and a heading in it: all commands below it, up to the next heading.
type Place = (&'static str, &'static str);

/// The blocks of commands at a place.
fn commands((page, heading): Place) -> Result<Vec<Block>> {
    let mut all = code(page)?;
    all.retain(|block| block.language == "sh" && block.heading == heading);
    ensure!(!all.is_empty(), "{page} has no commands below {heading:?}");
    Ok(all)
}

#[test]
fn every_block_of_commands_is_of_a_place_whose_commands_are_run() -> Result<()> {
    let places = [cluster::PLACES, node::PLACES, house::PLACES].concat();
    let mut count = 0;
    for page in documents::all()? {
        for block in code(&page)? {
            let here = |place: &Place| *place == (block.page.as_str(), block.heading.as_str());
            ensure!(
                block.language != "sh" || places.iter().any(here),
                "nothing runs the commands at line {} of {page}, below {:?}",
                block.line,
                block.heading
            );
            count += usize::from(block.language == "sh");
        }
    }
    ensure!(count > 15, "{count}");
    // A place whose commands have gone is one too many.
    for place in places {
        commands(place)?;
    }
    Ok(())
}

#[test]
fn commands_with_arguments_stand_in_blocks_alone() -> Result<()> {
    const PROGRAMS: [&str; 12] = [
        "chainsaw",
        "chainsawd",
        "chainsaw-lookup",
        "kubectl",
        "ctr",
        "k3s",
        "make",
        "cargo",
        "sudo",
        "kustomize",
        "sh",
        "mv",
    ];
    for page in documents::all()? {
        let text = documents::text(&page)?;
        let blocks = code(&page)?;
        let is_in_a_block = |span: &str| blocks.iter().any(|block| block.text.contains(span));
        let prose = text.split("\n```").step_by(2);
        for span in prose.flat_map(|prose| prose.split('`').skip(1).step_by(2)) {
            let mut words = span.split_whitespace();
            let is_ours = words.next().is_some_and(|word| PROGRAMS.contains(&word));
            // A verb or an option is the name of something; what is longer is a command.
            ensure!(
                !is_ours || words.count() <= 2 || is_in_a_block(span),
                "{page}: `{span}` is in no block, so nothing runs it"
            );
        }
        let indented = text.lines().find(|line| {
            let command = line
                .strip_prefix("    ")
                .and_then(|rest| rest.split(' ').next());
            command.is_some_and(|word| PROGRAMS.contains(&word))
        });
        ensure!(
            indented.is_none_or(is_in_a_block),
            "{page}: {indented:?} is in no block, so nothing runs it"
        );
    }
    Ok(())
}
