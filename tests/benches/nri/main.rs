//! What an event costs at the NRI entrance, beside a plugin that says yes to everything: over a socket, where this
//! program is the runtime, and on real containerds. `make bench` runs it.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

mod asked;
mod laps;
mod node;
mod shield;
mod socket;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use chainsaw_tests::Containerd;

/// The rule that allows what is asked for.
const RULE: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";

fn main() -> Result<ExitCode> {
    let held = socket::compare()?;
    for containerd in Containerd::ALL {
        node::compare(containerd)?;
    }
    Ok(if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The plugin that says yes, `nri/src/bin/least.rs`, built as `chainsawd` is.
fn least() -> Result<PathBuf> {
    let path = std::env::var_os("CHAINSAW_LEAST");
    path.map(PathBuf::from)
        .context("CHAINSAW_LEAST is not set: run `make bench`")
}
