//! Keeps other work of the machine out of what is measured.

use anyhow::Result;
use chainsaw_tests::process::Program;

/// While this lives, this thread and the programs that it starts run before all others, as far as the system lets them
/// (CAP_SYS_NICE): what else a machine does would make up most of a 99th percentile, on all sides.
pub struct Shield {
    /// Whether the system let them.
    pub holds: bool,
}

impl Shield {
    pub fn raise() -> Result<Self> {
        let raised = chrt(["--fifo", "--pid", "1"])?;
        Ok(Self {
            holds: raised.status == 0,
        })
    }

    /// For a heading.
    pub fn words(&self) -> &'static str {
        if self.holds {
            "at real-time priority"
        } else {
            "beside all that this machine does"
        }
    }
}

impl Drop for Shield {
    fn drop(&mut self) {
        chrt(["--other", "--pid", "0"]).ok();
    }
}

/// Sets the scheduling policy of this thread, the process's first.
fn chrt(words: [&str; 3]) -> Result<chainsaw_tests::process::Output> {
    let own = std::process::id().to_string();
    Program::new("chrt").args(words).arg(own).run()
}
