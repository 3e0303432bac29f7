//! The judge: iproute2 6.15, with its own name tables and nothing of this host's.

use std::path::Path;

use anyhow::Result;

use crate::guest::Guest;
use crate::process::Output;

/// The judge, on this machine's kernel.
pub struct Judge(Guest);

impl Judge {
    /// Makes the mount namespace in which it runs. Needs root with CAP_SYS_ADMIN, and fails saying so without.
    pub fn new() -> Result<Self> {
        Guest::here().map(Self)
    }

    /// Runs `ip WORDS` in the network namespace at `netns`.
    pub fn run<W: AsRef<str>>(
        &self,
        netns: &Path,
        words: impl IntoIterator<Item = W>,
    ) -> Result<Output> {
        self.0.judge(netns, words, "")
    }

    /// Runs commands, one a line, by one `ip` with these options in the network namespace at `netns`, and gives what
    /// they print. It is an error if one of them fails.
    pub fn batch(&self, netns: &Path, options: &[&str], lines: &str) -> Result<String> {
        let words = options.iter().chain(&["-batch", "-"]);
        let output = self.0.judge(netns, words, lines)?;
        Ok(output.success("`ip -batch -`")?.stdout)
    }
}
