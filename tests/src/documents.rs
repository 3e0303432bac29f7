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

/// Every block of code in this language.
///
/// # Errors
/// There is no such page, or a block in it does not end.
pub fn blocks(name: &str, language: &str) -> Result<Vec<String>> {
    let page = text(name)?;
    let begin = format!("\n```{language}\n");
    let behind = page.split(&begin).skip(1);
    behind
        .map(|rest| {
            let (block, _) = rest
                .split_once("\n```")
                .with_context(|| format!("{name}: a block of {language} has no end"))?;
            Ok(format!("{block}\n"))
        })
        .collect()
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
    let earlier = before.matches(&format!("\n```{language}\n")).count();
    let block = blocks(name, language)?.into_iter().nth(earlier);
    block.with_context(|| format!("{name} has no {language} behind {behind:?}"))
}
