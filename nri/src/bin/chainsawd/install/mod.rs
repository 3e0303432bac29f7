//! `chainsawd install` and `chainsawd uninstall`: the plugin's programs on the node, and the kubeconfig they ask with.
//!
//! Every change is a step of a [`journal`], which knows how to undo it: whoever is killed in the middle is completed, or
//! undone, by the next. Nobody's network configuration is edited: [`chain`] says what to write into it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chainsaw_common::in_force;
use chainsaw_common::meeting::UNINSTALLED;
use tokio::time::sleep;

mod chain;
mod entry;
mod error;
mod journal;
mod kubeconfig;
mod place;
mod state;
pub mod words;

use error::InstallError;
use journal::Journal;
use kubeconfig::{Api, Turn};
use place::write_down;
use state::Removed;
use words::{Said, Words};

use crate::{complain, say, stop};

/// The programs, each after those that it needs.
const PROGRAMS: [&str; 2] = ["chainsaw-lookup", "chainsaw"];

/// What is in that file.
const WHY_UNINSTALLED: &str = "\
`chainsawd uninstall` left this file, and chainsaw beside it: a network configuration may still name the plugin. As long as
it is here, chainsaw runs nothing: a pod that asks for nothing passes, one that asks for commands is told.
";

/// Between two looks at the service account.
const LOOK: Duration = Duration::from_secs(5);

/// Between two looks whether a daemon still answers.
const KNOCK: Duration = Duration::from_secs(1);

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Put everything there.
    Install,
    /// Take it away.
    Uninstall,
}

impl Verb {
    /// The verb of a command line's first word, if it is one.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "install" => Some(Self::Install),
            "uninstall" => Some(Self::Uninstall),
            _ => None,
        }
    }

    /// That word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Uninstall => "uninstall",
        }
    }
}

/// Does what the words behind the verb say.
pub fn main(verb: Verb, words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words = match words::read(verb, words) {
        Ok(Said::Help) => return say(words::usage(verb)),
        Ok(Said::Do(words)) => words,
        Err(wrong) => {
            let text = format!("{wrong}; see chainsawd {} --help", verb.word());
            return complain(&text, 2);
        }
    };
    let done = match verb {
        Verb::Install => install(&words).map(|told| (told, true)),
        Verb::Uninstall => uninstall(&words),
    };
    let (told, is_whole) = match done {
        Ok(done) => done,
        Err(wrong) => return complain(&format!("{wrong} (reason={})", wrong.reason()), 1),
    };
    say(&told);
    if !words.stay {
        return if is_whole {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    match stay(verb, &words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => complain(&wrong.to_string(), 1),
    }
}

/// Puts everything there, or nothing; what is already so stays untouched. Gives what to tell.
fn install(words: &Words) -> Result<String, InstallError> {
    trusted(words)?;
    let mut journal = Journal::open(&words.bin_dir)?;
    let told = steps(&mut journal, words);
    match told {
        Ok(mut told) => {
            journal.complete()?;
            told.push_str(&chain::told(&words.conf_dir, words.kubeconfig.is_some()));
            Ok(told)
        }
        Err(wrong) => match journal.undo() {
            Ok(()) => Err(wrong),
            Err(undo) => Err(InstallError::Both(Box::new(wrong), Box::new(undo))),
        },
    }
}

/// Commands in the node's network configuration would be judged as the pods' from now on, unless the node's file says that
/// they are the operator's: then nothing is changed.
fn trusted(words: &Words) -> Result<(), InstallError> {
    let Some(entry) = chain::with_commands(&words.conf_dir) else {
        return Ok(());
    };
    let untrusted = |why: String| InstallError::Untrusted {
        entry,
        config: words.config.clone(),
        why,
    };
    match in_force::operators(words.config.clone().leak()) {
        Ok(now) if now.config.hooks.cni.commands => Ok(()),
        Ok(now) if now.is_unwritten => Err(untrusted("which is not there".to_owned())),
        Ok(_) => Err(untrusted("which does not say so".to_owned())),
        Err(wrong) => Err(untrusted(format!(
            "which cannot be taken ({})",
            wrong.what()
        ))),
    }
}

fn steps(journal: &mut Journal, words: &Words) -> Result<String, InstallError> {
    let from = words.from()?;
    let mut told = String::new();
    let mut put = |path: PathBuf, content: &[u8], mode| -> Result<(), InstallError> {
        let changed = journal.put(&path, content, mode)?;
        let word = if changed { "installed" } else { "unchanged" };
        told.push_str(&format!("{word} {}\n", path.display()));
        Ok(())
    };
    for program in PROGRAMS {
        let source = from.join(program);
        let content = fs::read(&source).map_err(InstallError::io("read", &source))?;
        put(words.bin_dir.join(program), &content, 0o755)?;
    }
    if let Some(path) = &words.kubeconfig {
        kubeconfig::make_folder(path)?;
        let content = kubeconfig::current(&Api::of_this_pod()?, &words.service_account)?;
        put(path.clone(), &content, kubeconfig::MODE)?;
    }
    // The last: from now on the plugin serves.
    journal.take(&words.bin_dir.join(UNINSTALLED))?;
    Ok(told)
}

/// Takes away what [`install`] put there, in reverse order. Each removal is whole, so this is completed by doing it again.
/// Gives what to tell, and whether nothing is left to do.
fn uninstall(words: &Words) -> Result<(String, bool), InstallError> {
    let mut journal = Journal::open(&words.bin_dir)?;
    journal.undo()?;
    let plugin = words.bin_dir.join("chainsaw");
    let leaves = !words.remove && plugin.exists();
    let ours = [PROGRAMS.as_slice(), &[UNINSTALLED]].concat();
    let mut told = if ours.iter().any(|name| words.bin_dir.join(name).exists()) {
        String::new()
    } else {
        let folder = words.bin_dir.display();
        format!(
            "nothing of chainsaw is in {folder} (is it the runtime's folder? --bin-dir says another)\n"
        )
    };
    if leaves {
        let marker = words.bin_dir.join(UNINSTALLED);
        write_down(&marker, WHY_UNINSTALLED.as_bytes(), 0o644)?;
        told.push_str(&format!(
            "left {} to let pods pass: {}\n",
            plugin.display(),
            chain::left(&words.conf_dir)
        ));
    }
    if let Some(path) = &words.kubeconfig {
        told.push_str(&removed(path)?);
        kubeconfig::remove_folder(path);
    }
    told.push_str(&removed(&words.bin_dir.join("chainsaw-lookup"))?);
    if !leaves {
        told.push_str(&removed(&plugin)?);
        told.push_str(&removed(&words.bin_dir.join(UNINSTALLED))?);
        told.push_str(&chain::warned(&words.conf_dir));
    }
    // The last: from now on no plugin makes anew what goes.
    let (state, is_whole) = match state::remove(&words.run_dir)? {
        Removed::All(told) => (told, true),
        Removed::InUse => {
            let folder = words.run_dir.display();
            let next = if words.stay {
                "it goes when that has ended"
            } else {
                "end it, and run this again"
            };
            let told = format!("left {folder}: a daemon still answers there; {next}\n");
            (told, false)
        }
    };
    Ok((told + &state, is_whole))
}

fn removed(path: &Path) -> Result<String, InstallError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(format!("removed {}\n", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(InstallError::io("remove", path)(source)),
    }
}

/// Stays until somebody says stop, so that a pod can hold it. An installation keeps its kubeconfig up to date, an
/// uninstallation outlasts a daemon that is still ending.
fn stay(verb: Verb, words: &Words) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = stop()?;
        tokio::select! {
            () = stop => {}
            () = keep(words), if verb == Verb::Install => {}
            () = outlast(words), if verb == Verb::Uninstall => {}
        }
        Ok(())
    })
}

/// Takes away what a daemon still needs as soon as that has ended, and then stays.
async fn outlast(words: &Words) {
    let mut last = String::new();
    loop {
        match state::remove(&words.run_dir) {
            Ok(Removed::All(told)) => {
                say(&told);
                return std::future::pending().await;
            }
            Ok(Removed::InUse) => {}
            Err(wrong) => {
                let text = format!("{wrong} (reason={})\n", wrong.reason());
                // A trouble that lasts is told once.
                if text != last {
                    say(&text);
                }
                last = text;
            }
        }
        sleep(KNOCK).await;
    }
}

/// Writes the kubeconfig anew whenever its token or its CA is another: the kubelet renews a token long before it expires.
async fn keep(words: &Words) {
    let mut last = String::new();
    let mut turn = None;
    loop {
        sleep(LOOK).await;
        let Some(path) = &words.kubeconfig else {
            continue;
        };
        let refreshed = Api::of_this_pod().and_then(|api| refresh(&api, words, path, &mut turn));
        let text = match refreshed {
            Ok(false) => continue,
            Ok(true) => format!("renewed {}\n", path.display()),
            Err(wrong) => format!("{wrong} (reason={})\n", wrong.reason()),
        };
        // A trouble that lasts is told once.
        if text != last || text.starts_with("renewed") {
            say(&text);
        }
        last = text;
    }
}

/// In a rolling update there are two of us, each with a token of its own: whose turn it is writes, and the other begins when
/// that one has ended, and its token with it.
fn refresh(
    api: &Api,
    words: &Words,
    path: &Path,
    turn: &mut Option<Turn>,
) -> Result<bool, InstallError> {
    let content = kubeconfig::current(api, &words.service_account)?;
    kubeconfig::make_folder(path)?;
    if turn.is_none() {
        *turn = Turn::take(path)?;
    }
    if turn.is_none() || place::is_so(path, &content, kubeconfig::MODE) {
        return Ok(false);
    }
    let _held = Journal::open(&words.bin_dir)?;
    write_down(path, &content, kubeconfig::MODE).map(|()| true)
}

#[cfg(test)]
mod tests;
