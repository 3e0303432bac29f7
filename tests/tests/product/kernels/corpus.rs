//! The corpus on kernels that have every kind of device; and whether it leaves out a keyword.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use chainsaw_common::ip;
use chainsaw_common::words::Word;
use chainsaw_tests::Kernel;
use chainsaw_tests::corpus::Corpus;
use chainsaw_tests::guest::Gone;

use super::KINDS;

/// The folder of the files that this machine's kernel does not run.
const OTHERS: &str = "kernels";

fn read(folder: &str) -> Result<Vec<Corpus>> {
    let names = Corpus::names(folder)?;
    names.iter().map(|name| Corpus::read(name)).collect()
}

/// Runs files, those together that need no modules of their own. Gives how many forms there were.
fn judge(kernel: Kernel, files: &[Corpus]) -> Result<usize> {
    let mut boots: BTreeSet<Vec<&str>> = files.iter().map(Corpus::modules).collect();
    let mut differences = Vec::new();
    while let Some(modules) = boots.pop_first() {
        let guest = kernel.boot(KINDS.iter().chain(&modules).copied())?;
        for file in files.iter().filter(|file| file.modules() == modules) {
            match file.judge(&guest) {
                Err(error) if error.is::<Gone>() => return Err(error),
                judged => differences.extend(judged.err().map(|error| error.to_string())),
            }
        }
    }
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    let forms: Result<Vec<_>> = files.iter().map(Corpus::forms).collect();
    Ok(forms?.iter().map(Vec::len).sum())
}

/// Every second file of those that this machine's kernel runs too: a half, so that two kernels share them.
fn half(first: usize) -> Result<Vec<Corpus>> {
    Ok(read(".")?.into_iter().skip(first).step_by(2).collect())
}

#[test]
fn one_half_of_the_corpus_is_iproute2s_to_the_byte_on_6_12() -> Result<()> {
    let forms = judge(Kernel::V6_12, &half(0)?)?;
    ensure!(forms > 2_000, "{forms} forms");
    Ok(())
}

#[test]
fn the_other_half_of_the_corpus_is_iproute2s_to_the_byte_on_6_12() -> Result<()> {
    let forms = judge(Kernel::V6_12, &half(1)?)?;
    ensure!(forms > 2_000, "{forms} forms");
    Ok(())
}

#[test]
fn kinds_of_devices_are_iproute2s_to_the_byte_on_6_12() -> Result<()> {
    let forms = judge(Kernel::V6_12, &read(OTHERS)?)?;
    ensure!(forms > 1_000, "{forms} forms");
    Ok(())
}

#[test]
fn kinds_of_devices_are_iproute2s_to_the_byte_on_6_1() -> Result<()> {
    on_another(Kernel::V6_1, "6.1")
}

#[test]
fn kinds_of_devices_are_iproute2s_to_the_byte_on_the_newest_kernel() -> Result<()> {
    on_another(Kernel::Newest, "newest")
}

fn on_another(kernel: Kernel, name: &str) -> Result<()> {
    let files = read(OTHERS)?.into_iter();
    let files: Vec<Corpus> = files.filter(|file| file.runs_on(name)).collect();
    let forms = judge(kernel, &files)?;
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
    for file in [read(".")?, read(OTHERS)?].iter().flatten() {
        for form in file.forms()? {
            let form: Vec<_> = form.into_iter().map(word).collect();
            said.extend(ip::keywords_of(&form));
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
