//! Kinds of device that this machine's kernel does not have, a file of the corpus each; and whether the corpus leaves out a
//! keyword.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use chainsaw_common::ip;
use chainsaw_common::words::Word;
use chainsaw_tests::Kernel;
use chainsaw_tests::corpus::Corpus;

use super::KINDS;

const FOLDER: &str = "kernels";

/// Runs files, those together that need no modules of their own. Gives how many forms there were.
fn judge(kernel: Kernel, wanted: impl Fn(&Corpus) -> bool) -> Result<usize> {
    let files: Result<Vec<_>> = Corpus::names(FOLDER)?
        .iter()
        .map(|name| Corpus::read(name))
        .collect();
    let files: Vec<Corpus> = files?.into_iter().filter(wanted).collect();
    let mut boots: BTreeSet<Vec<&str>> = files.iter().map(Corpus::modules).collect();
    let mut differences = Vec::new();
    while let Some(modules) = boots.pop_first() {
        let guest = kernel.boot(KINDS.iter().chain(&modules).copied())?;
        for file in files.iter().filter(|file| file.modules() == modules) {
            differences.extend(file.judge(&guest).err().map(|error| error.to_string()));
        }
    }
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    let forms: Result<Vec<_>> = files.iter().map(Corpus::forms).collect();
    Ok(forms?.iter().map(Vec::len).sum())
}

#[test]
fn kinds_of_devices_are_iproute2s_to_the_byte_on_6_12() -> Result<()> {
    let forms = judge(Kernel::V6_12, |_| true)?;
    ensure!(forms > 1_000, "{forms} forms");
    Ok(())
}

#[test]
fn kinds_of_devices_are_iproute2s_to_the_byte_on_6_1() -> Result<()> {
    let forms = judge(Kernel::V6_1, |file| file.runs_on("6.1"))?;
    ensure!(forms > 500, "{forms} forms");
    Ok(())
}

#[test]
fn kinds_of_devices_are_iproute2s_to_the_byte_on_the_newest_kernel() -> Result<()> {
    let forms = judge(Kernel::Newest, |file| file.runs_on("newest"))?;
    ensure!(forms > 500, "{forms} forms");
    Ok(())
}

fn word(text: String) -> Word {
    Word {
        text,
        column: 1,
        replaced: false,
    }
}

#[test]
fn every_keyword_of_the_dialect_is_in_a_form_of_the_corpus() -> Result<()> {
    let mut said = BTreeSet::new();
    for folder in [".", FOLDER] {
        for name in Corpus::names(folder)? {
            for form in Corpus::read(&name)?.forms()? {
                let form: Vec<_> = form.into_iter().map(word).collect();
                said.extend(ip::keywords_of(&form));
            }
        }
    }
    let mut missing = Vec::new();
    for (table, keywords) in ip::tables() {
        for keyword in keywords {
            if !said.contains(&(table.clone(), keyword)) {
                missing.push(format!("{table}: {keyword}"));
            }
        }
    }
    ensure!(missing.is_empty(), "no form says:\n{}", missing.join("\n"));
    Ok(())
}
