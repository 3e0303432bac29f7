//! Which kernel modules commands may have loaded: those that `ip/modules.rs` lets a kernel load, and those that the operator
//! names.
//!
//! * Where no question tells whether a module is loaded, the policy denies the command ([`Gate::judge`]).
//! * Else the kernel is asked once for each module before the first command of a plan runs ([`Gate::barred`]). A plan
//!   without such a command costs no exchange.

use std::collections::BTreeSet;
use std::fmt;

use crate::ip::modules::{Load, Module};
use crate::ip::{Command, link};
use crate::kernel::Kernel;

/// The modules that the operator of a node lets commands have loaded, as `[modules] load` names them.
pub type Named = BTreeSet<&'static str>;

/// What may be loaded, and the file that can change it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gate {
    /// What the operator names.
    pub named: Named,
    /// The configuration.
    pub file: String,
}

/// Why a command may not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Barred {
    /// Its module is not loaded, and may not be.
    Denied(Unloadable),
    /// It could not be asked.
    Unasked(String),
}

/// A module that a command needs and may not have loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unloadable {
    module: &'static Module,
    /// What `[modules] load` has to name for this command and the others that are denied with it.
    load: Named,
    /// Those of it that it does not name yet.
    missing: Named,
    file: String,
}

impl Gate {
    fn bars(&self, module: &Module) -> bool {
        module.must_be_named() && !self.named.contains(module.name)
    }

    /// The modules of a command that may not be loaded, and of which no question tells whether they are.
    fn unaskable(&self, command: &Command) -> Vec<&'static Module> {
        let mut modules = command.modules();
        modules.retain(|module| self.bars(module) && module.load == Load::IfNamedUnasked);
        modules
    }

    /// The module of a command that may not be loaded, and of which the kernel tells whether it is.
    fn askable(&self, command: &Command) -> Option<&'static Module> {
        let mut modules = command.modules().into_iter();
        modules.find(|module| self.bars(module) && module.load != Load::IfNamedUnasked)
    }

    fn unloadable(&self, module: &'static Module, with: &[&'static Module]) -> Unloadable {
        let missing: Named = with.iter().map(|module| module.name).collect();
        Unloadable {
            module,
            load: &self.named | &missing,
            missing,
            file: self.file.clone(),
        }
    }

    /// Judges a command by its words alone.
    ///
    /// # Errors
    /// It needs a module that nobody named.
    pub fn judge(&self, command: &Command) -> Result<(), Unloadable> {
        let modules = self.unaskable(command);
        match modules.first() {
            Some(first) => Err(self.unloadable(first, &modules)),
            None => Ok(()),
        }
    }

    /// What to write so that none of these commands is denied by its words.
    pub(crate) fn remedy(&self, commands: &[&Command]) -> Option<String> {
        let all = commands.iter().flat_map(|command| self.unaskable(command));
        let all: Vec<_> = all.collect();
        let first = all.first()?;
        Some(self.unloadable(first, &all).remedy())
    }

    /// What a command depends on that only its node can tell.
    pub(crate) fn depends(&self, command: &Command) -> Option<String> {
        if let Some(module) = self.askable(command) {
            let name = module.name;
            return Some(format!(
                "it depends on the node: module {name} has to be loaded there, or named in [modules] load"
            ));
        }
        let names: Vec<&str> = self
            .unaskable(command)
            .iter()
            .map(|module| module.name)
            .collect();
        let has = match names.len() {
            0 => return None,
            1 => "module",
            _ => "modules",
        };
        let verb = if names.len() == 1 { "has" } else { "have" };
        let names = names.join(" and ");
        Some(format!(
            "it depends on the node: {has} {names} {verb} to be named in [modules] load there"
        ))
    }

    /// For each command why it may not run; nothing if all may. Each module is asked for once.
    pub(crate) fn barred<'a>(
        &self,
        commands: impl Iterator<Item = &'a Command>,
        mut goes_on: impl FnMut() -> Result<(), String>,
        kernel: &mut dyn Kernel,
    ) -> Vec<Option<Barred>> {
        let modules: Vec<_> = commands.map(|command| self.askable(command)).collect();
        let mut asked: Vec<(&'static Module, Result<bool, String>)> = Vec::new();
        for module in modules.iter().flatten() {
            if asked.iter().all(|(known, _)| known != module) {
                let there = goes_on().and_then(|()| is_loaded(module, kernel));
                asked.push((module, there));
            }
        }
        let missing = asked.iter().filter(|(_, there)| *there == Ok(false));
        let missing: Vec<_> = missing.map(|(module, _)| *module).collect();
        let barred = |module: &'static Module| {
            let (_, there) = asked.iter().find(|(known, _)| *known == module)?;
            match there {
                Ok(true) => None,
                Ok(false) => Some(Barred::Denied(self.unloadable(module, &missing))),
                Err(why) => Some(Barred::Unasked(why.clone())),
            }
        };
        if asked.iter().all(|(_, there)| *there == Ok(true)) {
            return Vec::new();
        }
        modules.into_iter().map(|module| barred(module?)).collect()
    }
}

fn is_loaded(module: &Module, kernel: &mut dyn Kernel) -> Result<bool, String> {
    let Module { word, name, .. } = module;
    link::is_known(word, kernel).map_err(|why| {
        format!("cannot tell whether module {name} is loaded, and it may not be loaded: {why}")
    })
}

/// Names as a list of the configuration.
fn list(names: &Named) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    format!("load = [{}]", names.join(", "))
}

impl Unloadable {
    /// The line to write below `[modules]`.
    pub(crate) fn line(&self) -> String {
        list(&self.load)
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        let Self { file, missing, .. } = self;
        let line = self.line();
        let ask = match self.module.load {
            Load::IfNamedUnasked => "ask the operator of the node".to_owned(),
            _ => {
                let names: Vec<&str> = missing.iter().copied().collect();
                let word = if names.len() == 1 {
                    "module"
                } else {
                    "modules"
                };
                let names = names.join(" and ");
                format!("ask the operator of the node to load {word} {names}, or")
            }
        };
        format!("{ask} to write in {file}:\n[modules]\n{line}")
    }
}

impl fmt::Display for Unloadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Module { word, name, load } = self.module;
        match load {
            Load::IfNamed(devices) => write!(
                f,
                "module {name} is not loaded on this node, and loading it would make {devices} in the node's own network namespace"
            ),
            _ => write!(
                f,
                "{word} needs module {name}, which is loaded only if [modules] load names it"
            ),
        }
    }
}
