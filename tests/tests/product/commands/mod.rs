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

/// Programs that a page may tell people to run.
const PROGRAMS: [&str; 13] = [
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
    "cp",
];

fn begins_a_command(line: &str) -> bool {
    let word = line.trim_start().trim_start_matches("$ ").split(' ').next();
    word.is_some_and(|word| PROGRAMS.contains(&word))
}

#[test]
fn every_block_is_of_a_kind_that_is_judged_and_commands_are_of_a_place_that_is_run() -> Result<()> {
    let places = [cluster::PLACES, node::PLACES, house::PLACES].concat();
    let mut count = 0;
    for page in documents::all()? {
        for block in code(&page)? {
            let at = format!("{page}, line {}, below {:?}", block.line, block.heading);
            let here = |place: &Place| *place == (block.page.as_str(), block.heading.as_str());
            let mut lines = block.text.lines();
            match block.language.as_str() {
                "sh" => {
                    ensure!(places.iter().any(here), "nothing runs the commands of {at}");
                    count += 1;
                }
                "console" => ensure!(
                    screens::is_judged(&block),
                    "nothing judges the screen of {at}"
                ),
                "text" => ensure!(
                    lines.all(|line| !begins_a_command(line) || screens::is_a_synopsis(line)),
                    "nothing runs the command in {at}"
                ),
                "yaml" | "toml" | "json" | "rust" => {
                    ensure!(
                        !lines.any(begins_a_command),
                        "nothing runs the command in {at}"
                    );
                }
                other => anyhow::bail!("nothing judges {other:?} of {at}"),
            }
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
    for page in documents::all()? {
        let text = documents::text(&page)?;
        let mut blocks = code(&page)?;
        blocks.retain(|block| ["sh", "console"].contains(&block.language.as_str()));
        let is_in_a_block = |span: &str| blocks.iter().any(|block| block.text.contains(span));
        let prose: Vec<&str> = text.split("\n```").step_by(2).collect();
        for span in prose
            .iter()
            .flat_map(|prose| prose.split('`').skip(1).step_by(2))
        {
            // A verb or an option is the name of something; what is longer is a command.
            let is_long = span.split_whitespace().count() > 3;
            ensure!(
                !begins_a_command(span) || !is_long || is_in_a_block(span),
                "{page}: `{span}` is in no block, so nothing runs it"
            );
        }
        // A fence that is not at the margin is none for `code`.
        ensure!(
            !text.contains(" ```") && !text.contains("~~~"),
            "{page}: a block is indented"
        );
        for line in prose.iter().flat_map(|prose| prose.lines()) {
            let is_indented = line.starts_with("    ") || line.starts_with('\t');
            ensure!(
                !is_indented || !begins_a_command(line),
                "{page}: {line:?} is in no block, so nothing runs it"
            );
        }
    }
    Ok(())
}
