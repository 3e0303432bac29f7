//! Every link of a page to another place in the repository leads to what is there: a file, and a heading in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use chainsaw_tests::documents;

/// Where a page leads, and what leads into it.
#[derive(Debug, Default)]
struct Page {
    /// The targets of its links, as they are written.
    links: Vec<String>,
    /// Its headings, as a link names them.
    anchors: Vec<String>,
}

/// Reads a page of Markdown. What is code has neither links nor headings.
fn read(text: &str) -> Result<Page> {
    let mut page = Page::default();
    let mut seen = BTreeMap::new();
    let mut prose = String::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            page.anchors.extend(anchor(line, &mut seen));
            prose.extend([line, "\n"]);
        }
    }
    ensure!(!is_code, "a block of code does not end");
    for paragraph in prose.split("\n\n") {
        let parts: Vec<&str> = paragraph.split('`').collect();
        ensure!(parts.len() % 2 == 1, "code does not end in: {paragraph}");
        // A link by a name, or one of HTML, would pass unseen.
        ensure!(
            !paragraph.lines().any(|line| line.starts_with('[')
                && line
                    .split_once("]:")
                    .is_some_and(|(name, _)| !name.contains("](")))
                && !paragraph.contains("<a "),
            "a link that is not written [text](target): {paragraph}"
        );
        let plain: String = parts.into_iter().step_by(2).collect();
        for behind in plain.split("](").skip(1) {
            let (target, _) = behind.split_once(')').context("a link does not end")?;
            page.links.push(target.to_owned());
        }
    }
    Ok(page)
}

/// What a link says to lead to this line, if it is a heading, as GitHub makes it: small letters, digits, `-` and `_`, a
/// hyphen for each space, and a number from the second heading of the same name on.
fn anchor(line: &str, seen: &mut BTreeMap<String, usize>) -> Option<String> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let heading = line.get(level..)?.strip_prefix(' ')?;
    if !(1..=6).contains(&level) {
        return None;
    }
    let name: String = shown(heading)
        .trim()
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect();
    let count = seen.entry(name.clone()).or_default();
    *count += 1;
    Some(match *count {
        1 => name,
        more => format!("{name}-{}", more - 1),
    })
}

/// A heading without the targets of its links.
fn shown(heading: &str) -> String {
    let mut parts = heading.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once(')').map_or(part, |(_, rest)| rest)
    })
}

/// The file that a link names, from the page's own, with the heading in it if it names one; nothing for another site.
fn target(page: &Path, link: &str) -> Option<(PathBuf, Option<String>)> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, heading) = match link.split_once('#') {
        Some((file, heading)) => (file, Some(heading.to_owned())),
        None => (link, None),
    };
    let path = match file {
        "" => page.to_owned(),
        file => page.parent()?.join(file),
    };
    Some((path, heading))
}

/// Why a link leads nowhere.
fn wrong(page: &Path, link: &str) -> Result<Option<String>> {
    let Some((path, heading)) = target(page, link) else {
        return Ok(None);
    };
    let Ok(path) = path.canonicalize() else {
        return Ok(Some("no such file".to_owned()));
    };
    let Some(heading) = heading else {
        return Ok(None);
    };
    let anchors = read(&std::fs::read_to_string(&path)?)?.anchors;
    let is_there = anchors.contains(&heading);
    Ok((!is_there).then(|| format!("it has {anchors:?}")))
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() -> Result<()> {
    let mut count = 0;
    let mut broken = Vec::new();
    for name in documents::all()? {
        let path = documents::path(&name);
        let page = read(&documents::text(&name)?).with_context(|| name.clone())?;
        for link in page.links {
            count += usize::from(target(&path, &link).is_some());
            let why = wrong(&path, &link).with_context(|| format!("{name}: {link}"))?;
            broken.extend(why.map(|why| format!("{name}: {link}: {why}")));
        }
    }
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    ensure!(count > 100, "{count} links");
    Ok(())
}

#[test]
fn every_page_of_the_guide_is_named_by_readme() -> Result<()> {
    let links = read(&documents::text("README.md")?)?.links;
    for name in documents::all()? {
        let is_named = links.contains(&name);
        ensure!(
            is_named || !name.starts_with("docs/"),
            "README leads nobody to {name}"
        );
    }
    Ok(())
}

#[test]
fn a_link_that_leads_nowhere_is_found_and_code_is_none() -> Result<()> {
    let text = "# A, and `b`: [c](d.md)!\n\n[x\ny](one.md) `[no](code.md)` | [z](#a) |\n\
                ```sh\n# no heading\n[no](block.md)\n```\n## Twice_or more\n## Twice_or more\n";
    let page = read(text)?;
    ensure!(page.links == ["d.md", "one.md", "#a"], "{page:?}");
    ensure!(
        page.anchors == ["a-and-b-c", "twice_or-more", "twice_or-more-1"],
        "{page:?}"
    );
    let readme = documents::path("README.md");
    for (link, is_right) in [
        ("docs/policy.md#rules", true),
        ("docs/policy.md#no-rules", false),
        ("docs/none.md", false),
        ("#uninstall", true),
        ("#rules", false),
        ("https://example.org/none.md", true),
    ] {
        let said = wrong(&readme, link)?;
        ensure!(said.is_none() == is_right, "{link}: {said:?}");
    }
    for text in ["```\nno end", "a `tick", "[by name]: docs/policy.md"] {
        ensure!(read(text).is_err(), "{text}");
    }
    Ok(())
}
