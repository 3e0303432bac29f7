//! The judge as a server: the real `ip`, loaded once, that runs each command in a new process of its own (`judge.c`).

use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ExitStatus};

use anyhow::{Context, Result};
use chainsaw_guest::{Judged, Output};

use crate::{Tools, program};

/// Where its commands find what they read, and leave what they print.
const FOLDER: &str = "/tmp";

pub struct Judge {
    server: Child,
    name: String,
}

impl Judge {
    pub fn start(tools: &Tools, library: &str) -> Result<Self> {
        Ok(Self {
            server: program::server(&tools.judge, library)?,
            name: tools.judge.clone(),
        })
    }

    pub fn run(&mut self, judged: &Judged) -> Result<Output> {
        let [stdin, stdout, stderr] =
            ["stdin", "stdout", "stderr"].map(|name| Path::new(FOLDER).join(name));
        fs::write(&stdin, &judged.stdin)?;
        let paths = [&judged.netns, &stdin, &stdout, &stderr];
        let mut request = Vec::new();
        for word in paths
            .map(|path| path.to_string_lossy())
            .iter()
            .map(|path| path.as_ref())
            .chain([self.name.as_str()])
            .chain(judged.words.iter().map(String::as_str))
        {
            request.extend(word.as_bytes());
            request.push(0);
        }
        let status = self.ask(&request).context("ask the judge's server")?;
        let text = |path: &Path| -> Result<String> {
            Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
        };
        Ok(Output {
            status: program::status_number(status),
            stdout: text(&stdout)?,
            stderr: text(&stderr)?,
        })
    }

    fn ask(&mut self, request: &[u8]) -> Result<ExitStatus> {
        let (requests, answers) = (self.server.stdin.as_mut(), self.server.stdout.as_mut());
        let (requests, answers) = requests.zip(answers).context("it has no pipes")?;
        requests.write_all(&u32::try_from(request.len())?.to_ne_bytes())?;
        requests.write_all(request)?;
        let mut status = [0; 4];
        answers.read_exact(&mut status)?;
        Ok(ExitStatus::from_raw(i32::from_ne_bytes(status)))
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        self.server.wait().ok();
    }
}
