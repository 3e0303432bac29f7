//! The installer, killed as a node kills: at any time, with SIGKILL.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::parts;
use chainsaw_tests::process::{Output, Program, wait_until};
use chainsaw_tests::scratch::Scratch;

const KILLS: usize = 24;
const LIMIT: Duration = Duration::from_secs(20);
const PROGRAMS: [&str; 2] = ["chainsaw", "chainsaw-lookup"];

/// Two images of which the second has a byte more in each program, and a node's folder.
struct Bed {
    scratch: Scratch,
}

impl Bed {
    fn new() -> Result<Self> {
        let scratch = Scratch::new()?;
        for folder in ["bin", "conf", "image-1", "image-2"] {
            fs::create_dir(scratch.path().join(folder))?;
        }
        for name in PROGRAMS {
            let mut content = fs::read(parts::chainsaw()?)?;
            fs::write(scratch.path().join("image-1").join(name), &content)?;
            content.push(0);
            fs::write(scratch.path().join("image-2").join(name), &content)?;
        }
        Ok(Self { scratch })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn act(&self, verb: &str, image: &str) -> Result<Program> {
        let words = Program::new(parts::chainsawd()?)
            .arg(verb)
            .arg("--bin-dir")
            .arg(self.at("bin"))
            .arg("--conf-dir")
            .arg(self.at("conf"));
        Ok(match verb {
            "install" => words.arg("--from").arg(self.at(image)),
            _ => words.arg("--run-dir").arg(self.at("run")),
        })
    }

    /// What a plugin and a daemon that was killed leave behind.
    fn served(&self) -> Result<()> {
        let run = self.at("run");
        fs::create_dir_all(run.join("sandboxes"))?;
        for name in ["last-good.toml", "sandboxes/a", "sandboxes/b"] {
            fs::write(run.join(name), "x")?;
        }
        Ok(())
    }

    /// The plugin, as a runtime calls it.
    fn plugin(&self) -> Result<Output> {
        let plugin = Program::new(self.at("bin/chainsaw")).env("CNI_COMMAND", "VERSION");
        plugin.stdin("{\"cniVersion\": \"1.0.0\"}").run()
    }

    fn names(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(self.at("bin"))?;
        let mut names: Vec<String> = entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<_>>()?;
        names.sort();
        Ok(names)
    }

    /// Starts a program and kills it as soon as the folder has changed so often; says what is in it then.
    fn killed(&self, program: Program, changes: usize) -> Result<Vec<String>> {
        let (mut last, mut seen) = (self.names()?, 0);
        let mut child = program.start(&self.at("log"))?;
        while seen < changes && child.ended()?.is_none() {
            let now = self.names()?;
            if now != last {
                (last, seen) = (now, seen + 1);
            }
        }
        child.kill()?;
        self.names()
    }

    fn is(&self, name: &str, image: &str) -> Result<bool> {
        let read = |path: &Path| fs::read(path).with_context(|| format!("read {}", path.display()));
        Ok(read(&self.at("bin").join(name))? == read(&self.at(image).join(name))?)
    }
}

#[test]
fn killed_at_any_time_every_program_is_whole_and_runs_and_the_next_one_ends_it() -> Result<()> {
    let bed = Bed::new()?;
    bed.act("install", "image-1")?.stdout()?;
    let mut in_the_midst = 0;
    for kill in 0..KILLS {
        let image = if kill % 2 == 0 { "image-2" } else { "image-1" };
        let left = bed.killed(bed.act("install", image)?, 1 + kill % 10)?;
        in_the_midst += usize::from(left != PROGRAMS);
        for name in PROGRAMS {
            ensure!(
                bed.is(name, "image-1")? || bed.is(name, "image-2")?,
                "kill {kill}: {name} is neither"
            );
        }
        let output = bed.plugin()?;
        ensure!(output.status == 0, "kill {kill}: {output:?}");
        bed.act("install", image)?.stdout()?;
        for name in PROGRAMS {
            ensure!(bed.is(name, image)?, "kill {kill}: {name}");
        }
        ensure!(bed.names()? == PROGRAMS, "kill {kill}: {:?}", bed.names()?);
    }
    ensure!(in_the_midst > KILLS / 3, "{in_the_midst} of {KILLS}");
    Ok(())
}

#[test]
fn a_plugin_that_is_called_while_it_is_replaced_always_answers() -> Result<()> {
    let bed = Bed::new()?;
    bed.act("install", "image-1")?.stdout()?;
    thread::scope(|scope| {
        let replaced = scope.spawn(|| -> Result<()> {
            for round in 0..20 {
                let image = if round % 2 == 0 { "image-2" } else { "image-1" };
                bed.act("install", image)?.stdout()?;
            }
            Ok(())
        });
        let mut calls = 0;
        while !replaced.is_finished() {
            let output = bed.plugin()?;
            ensure!(output.status == 0, "call {calls}: {output:?}");
            calls += 1;
        }
        ensure!(calls > 20, "{calls}");
        replaced
            .join()
            .map_err(|_| anyhow::anyhow!("it panicked"))?
    })
}

#[test]
fn killed_while_it_uninstalls_the_next_one_leaves_what_lets_pods_pass_and_no_more() -> Result<()> {
    let bed = Bed::new()?;
    let mut in_the_midst = 0;
    for kill in 0..KILLS {
        bed.act("install", "image-1")?.stdout()?;
        bed.served()?;
        let left = bed.killed(bed.act("uninstall", "image-1")?, 1 + kill % 3)?;
        in_the_midst += usize::from(left.len() > 2);
        bed.act("uninstall", "image-1")?.stdout()?;
        let names = bed.names()?;
        ensure!(
            names == ["chainsaw", "chainsaw.uninstalled"],
            "kill {kill}: {names:?}"
        );
        let is_left = |name: &str| bed.at("run").join(name).exists();
        ensure!(
            !is_left("last-good.toml") && is_left("sandboxes/a"),
            "kill {kill}"
        );
        ensure!(bed.plugin()?.status == 0);
    }
    ensure!(in_the_midst > KILLS / 6, "{in_the_midst} of {KILLS}");
    bed.act("uninstall", "image-1")?.arg("--remove").stdout()?;
    ensure!(bed.names()?.is_empty());
    Ok(())
}

#[test]
fn the_chain_is_told_of_and_never_written() -> Result<()> {
    let bed = Bed::new()?;
    let list = bed.at("conf/10-pods.conflist");
    let text = fs::read_to_string(parts::deployments().join("cni/10-example.conflist"))?;
    fs::write(&list, &text)?;
    let told = bed.act("install", "image-1")?.stdout()?;
    ensure!(told.contains("nothing is left to do"), "{told}");
    let without = text.replace("\"type\": \"chainsaw\"", "\"type\": \"tuning\"");
    fs::write(&list, &without)?;
    let told = bed.act("install", "image-1")?.stdout()?;
    ensure!(told.contains("does not name chainsaw: paste"), "{told}");
    ensure!(fs::read_to_string(&list)? == without);
    let told = bed.act("uninstall", "image-1")?.arg("--remove").stdout()?;
    ensure!(!told.contains("still named"), "{told}");
    fs::write(&list, &text)?;
    let told = bed.act("uninstall", "image-1")?.arg("--remove").stdout()?;
    ensure!(
        told.contains("still named in") && told.contains("10-pods.conflist"),
        "{told}"
    );
    Ok(())
}

#[test]
fn one_that_stays_takes_away_what_a_daemon_needs_as_soon_as_that_has_ended() -> Result<()> {
    let bed = Bed::new()?;
    bed.act("install", "image-1")?.stdout()?;
    bed.served()?;
    let daemon = UnixListener::bind(bed.at("run/agent.sock"))?;
    let log = bed.at("uninstall.log");
    let mut child = bed.act("uninstall", "image-1")?.arg("--stay").start(&log)?;
    let says = |text: &str| Ok(fs::read_to_string(&log)?.contains(text));
    wait_until("it to say that a daemon answers", LIMIT, || {
        says("a daemon still answers there; it goes when that has ended")
    })?;
    ensure!(bed.at("run/last-good.toml").exists() && bed.at("run/sandboxes/a").exists());
    drop(daemon);
    wait_until("it to be gone", LIMIT, || {
        Ok(!bed.at("run/last-good.toml").exists() && !bed.at("run/agent.sock").exists())
    })?;
    ensure!(bed.at("run/sandboxes/a").exists());
    ensure!(child.ended()?.is_none(), "it did not stay");
    child.kill()
}
