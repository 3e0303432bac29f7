//! What people read: README, the guide in `docs/`, and the other pages that lead to them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::parts::workspace;

/// The pages outside of `docs/`.
const PAGES: [&str; 5] = [
    "README.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "tests/README.md",
];

/// Every page, by its path from the repository's root.
///
/// # Errors
/// There is no `docs/`.
pub fn all() -> Result<Vec<String>> {
    let mut names: Vec<String> = PAGES.map(str::to_owned).to_vec();
    for entry in fs::read_dir(path("docs"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.push(format!("docs/{name}"));
    }
    Ok(names)
}

/// Where a page is, or anything else by its path from the repository's root.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    workspace().join(name)
}

/// A page's text.
///
/// # Errors
/// There is no such page.
pub fn text(name: &str) -> Result<String> {
    fs::read_to_string(path(name)).with_context(|| name.to_owned())
}

/// A block of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The page.
    pub page: String,
    /// The number of its first line.
    pub line: usize,
    /// The last heading before it.
    pub heading: String,
    /// What it says it is: `sh`.
    pub language: String,
    /// Its lines.
    pub text: String,
}

/// Every block of code of a page, in their order.
///
/// # Errors
/// There is no such page, or a block in it does not end.
pub fn code(name: &str) -> Result<Vec<Block>> {
    let text = text(name)?;
    let (mut blocks, mut heading) = (Vec::new(), "");
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim();
        }
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let mut text = String::new();
        loop {
            let (line, _) = lines
                .next()
                .with_context(|| format!("{name}: the block at line {number} has no end"))?;
            if line == "```" {
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        blocks.push(Block {
            page: name.to_owned(),
            line: number + 1,
            heading: heading.to_owned(),
            language: language.to_owned(),
            text,
        });
    }
    Ok(blocks)
}

/// The text of every block of code in this language.
///
/// # Errors
/// There is no such page, or a block in it does not end.
pub fn blocks(name: &str, language: &str) -> Result<Vec<String>> {
    let mut blocks = code(name)?;
    blocks.retain(|block| block.language == language);
    Ok(blocks.into_iter().map(|block| block.text).collect())
}

/// The first block of code in this language behind a text.
///
/// # Errors
/// The page has no such text, or no such block behind it.
pub fn block(name: &str, language: &str, behind: &str) -> Result<String> {
    let page = text(name)?;
    let (before, _) = page
        .split_once(behind)
        .with_context(|| format!("{name} has no {behind:?}"))?;
    let line = before.lines().count();
    let mut blocks = code(name)?.into_iter();
    let block = blocks.find(|block| block.language == language && block.line > line);
    let block = block.with_context(|| format!("{name} has no {language} behind {behind:?}"))?;
    Ok(block.text)
}
