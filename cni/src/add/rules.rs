//! What the operator of the node decided, and what that says of an ADD that fails.

use chainsaw_common::config::{self, Config, Mode, OnFailure};
use chainsaw_common::in_force::{self, PUBLISHED, UNWRITTEN};
use chainsaw_common::report::line;

use crate::error::Error;

/// What the operator decided.
pub struct Rules {
    pub config: Config,
    /// Where it stands.
    pub file: &'static str,
    /// What is to be done before anything is written into it, where it is an older one.
    pub mend: Option<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            config: Config::default(),
            file: config::PATH,
            mend: None,
        }
    }
}

impl Rules {
    /// The configuration that counts. Which one does is said where it is not the operator's own.
    pub fn read(log: &mut String, applies: bool) -> Result<Self, Error> {
        let now = in_force::read(config::PATH, PUBLISHED)?;
        let mend = now.passed_over.as_ref().map(in_force::mend_first);
        if let Some(wrong) = now.passed_over {
            log.push_str(&format!(
                "chainsaw: {} (reason={}, the last good configuration, published at {PUBLISHED}, stays in force)\n",
                line(&wrong.what()),
                wrong.reason(),
            ));
        }
        let mut file = now.file;
        if now.is_unwritten {
            let without = if applies {
                ", the pod goes on without [[apply]]"
            } else {
                ""
            };
            log.push_str(&format!(
                "chainsaw: there is no {file}, and chainsawd has published nothing at {PUBLISHED} (reason=ConfigurationAbsent, the built-in default is in force{without})\n",
            ));
            file = UNWRITTEN;
        }
        let config = now.config;
        Ok(Self { config, file, mend })
    }

    /// Whether the pod starts all the same.
    pub fn tolerate(&self, error: &Error) -> bool {
        if self.config.mode == Mode::Report {
            return true;
        }
        let decided = match error {
            // Whoever wants pods to start all the same sets no guard.
            Error::Guard { .. } => OnFailure::Fail,
            Error::Unknown { .. } | Error::Api(_) => self.config.failure.unknown,
            _ => self.config.failure.cni,
        };
        decided == OnFailure::Continue
    }
}
