//! What the operator of a bed's node wants: its configuration.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use chainsaw_tests::parts;
use chainsaw_tests::process::Program;
use chainsaw_tests::scratch::Scratch;
use serde_json::json;

/// What the operator of this node says: who is granted what, each form for pods of one namespace an entrance, and its
/// words as values.
pub fn configuration(forms: &[String], refused: &[Option<String>]) -> String {
    let mut text = String::from(
        "[hooks.cni]\ncommands = true\n[[rule]]\nnamespaces = [\"all\"]\nprofile = \"net-admin\"\n\
         [[rule]]\nnamespaces = [\"routed\"]\nprofile = \"route\"\n",
    );
    for (number, form) in forms.iter().enumerate() {
        if refused.get(number).is_some_and(Option::is_none) {
            text.push_str(&wish("cni", number, form));
            text.push_str(&wish("nri", number, form));
        }
    }
    text.push_str("[values]\n");
    for (number, form) in forms.iter().enumerate() {
        for (key, value) in smuggled(number, form).1 {
            writeln!(text, "{key} = {}", json!(value)).ok();
        }
    }
    text
}

/// A form, for pods of a namespace of its own.
fn wish(entrance: &str, number: usize, form: &str) -> String {
    format!(
        "[[apply]]\nnamespaces = [\"{entrance}-{number}\"]\nentrance = \"{entrance}\"\ncommands = {}\n",
        json!([form])
    )
}

/// What is said of each form that no configuration may have: such a one never comes into force.
pub fn refused(forms: &[String], scratch: &Scratch) -> Result<Vec<Option<String>>> {
    let file = scratch.path().join("wish.toml");
    let path = file.to_str().context("a path of UTF-8")?;
    let said = |(number, form): (usize, &String)| {
        std::fs::write(&file, wish("cni", number, form))?;
        let output = Program::new(parts::chainsaw()?)
            .args(["check", "--policy", path, "ip link"])
            .run()?;
        Ok((output.status != 0).then_some(output.stdout + &output.stderr))
    };
    forms.iter().enumerate().map(said).collect()
}

/// Ways to bring a form's words in by the node's values, and the values for them: every word by one of its own; the
/// last two words by one, as in `link set eth0 NODE_T`; all but the first by one.
pub fn smuggled(number: usize, form: &str) -> (Vec<String>, Vec<(String, String)>) {
    let words: Vec<&str> = form.split_whitespace().collect();
    let key = |part: &str| format!("F{number}{part}");
    let mut values = Vec::new();
    let mut each = Vec::new();
    for (at, word) in words.iter().enumerate() {
        values.push((key(&format!("W{at}")), (*word).to_owned()));
        each.push(format!("NODE_{}", key(&format!("W{at}"))));
    }
    let mut lines = vec![each.join(" ")];
    for (part, kept) in [("T", words.len().saturating_sub(2)), ("R", 1)] {
        let (Some(head), Some(tail)) = (words.get(..kept), words.get(kept..)) else {
            continue;
        };
        if !head.is_empty() && !tail.is_empty() {
            values.push((key(part), tail.join(" ")));
            lines.push(format!("{} NODE_{}", head.join(" "), key(part)));
        }
    }
    (lines, values)
}
