//! The words behind `install` and `uninstall`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use chainsaw_common::config;
use chainsaw_common::meeting::{KUBECONFIG, SOCKET};
use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt as _;

use super::{InstallError, Verb};

/// What a person may write behind `install`.
const INSTALL: &str = "\
chainsawd install puts the CNI plugin on this node, whole or not at all; what is already so stays untouched.

    chainsawd install [OPTION]…

        --bin-dir DIR            where the runtime looks for CNI plugins (/opt/cni/bin)
                                 k3s: /var/lib/rancher/k3s/data/cni
        --conf-dir DIR           where its network configuration is, which is read and never written (/etc/cni/net.d)
                                 k3s: /var/lib/rancher/k3s/agent/etc/cni/net.d
        --config FILE            the node's configuration, which says whether commands in a network configuration are the
                                 operator's (/etc/chainsaw/config.toml)
        --kubeconfig[=FILE]      also writes the kubeconfig by which the plugin asks the Kubernetes API, for runtimes
                                 that hand on no annotations (none; /etc/cni/net.d/chainsaw.d/chainsaw.kubeconfig)
        --service-account DIR    whose token and CA go into it (/var/run/secrets/kubernetes.io/serviceaccount)
        --from DIR               where chainsaw and chainsaw-lookup are (beside chainsawd)
        --stay                   then stays until SIGTERM, and writes the kubeconfig anew when its token or CA changes
    -h, --help                   prints this

The plugin is chained by whoever owns the network configuration: install prints the entry to paste.

Examples:
    chainsawd install
    chainsawd install --bin-dir /var/lib/rancher/k3s/data/cni --conf-dir /var/lib/rancher/k3s/agent/etc/cni/net.d

It ends with 0 if everything is there, 1 if it is as it was before, 2 for a wrong use.
";

/// What a person may write behind `uninstall`.
const UNINSTALL: &str = "\
chainsawd uninstall takes away what install has put on this node. The plugin stays, to let pods pass, and runs nothing.

    chainsawd uninstall [OPTION]…

        --bin-dir DIR          where the runtime looks for CNI plugins (/opt/cni/bin)
                               k3s: /var/lib/rancher/k3s/data/cni
        --conf-dir DIR         where its network configuration is, which is read and never written (/etc/cni/net.d)
                               k3s: /var/lib/rancher/k3s/agent/etc/cni/net.d
        --kubeconfig[=FILE]    also takes away the kubeconfig (none; /etc/cni/net.d/chainsaw.d/chainsaw.kubeconfig)
        --run-dir DIR          where a daemon has published its configuration, which goes as well, unless one still
                               answers there; the records of sandboxes stay (/run/chainsaw)
        --remove               takes the plugin away as well: pods do not start as long as a configuration names it
        --stay                 then stays until SIGTERM, and outlasts a daemon that is still ending
    -h, --help                 prints this

Examples:
    chainsawd uninstall --kubeconfig
    chainsawd uninstall --remove

It ends with 0 if it is done, 1 if not all of it is (run it again), 2 for a wrong use.
";

/// The options that both take; what follows is that of one.
const BOTH: [&str; 4] = ["bin-dir", "conf-dir", "kubeconfig", "stay"];
const INSTALLS: [&str; 3] = ["config", "service-account", "from"];
const UNINSTALLS: [&str; 2] = ["run-dir", "remove"];

/// What a person may write behind a verb.
pub fn usage(verb: Verb) -> &'static str {
    match verb {
        Verb::Install => INSTALL,
        Verb::Uninstall => UNINSTALL,
    }
}

/// The options that a verb takes, beside `--help`.
fn taken(verb: Verb) -> impl Iterator<Item = &'static str> {
    let own: &[&str] = match verb {
        Verb::Install => &INSTALLS,
        Verb::Uninstall => &UNINSTALLS,
    };
    BOTH.iter().chain(own).copied()
}

/// What to install, from where, to where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Where the runtime looks for plugins.
    pub bin_dir: PathBuf,
    /// Where its network configuration is.
    pub conf_dir: PathBuf,
    /// The node's configuration.
    pub config: String,
    /// The kubeconfig, if there is to be one.
    pub kubeconfig: Option<PathBuf>,
    /// Whose token goes into it.
    pub service_account: PathBuf,
    /// Where the programs are taken from.
    pub from: Option<PathBuf>,
    /// Where plugin and daemon keep what they know of the node's sandboxes.
    pub run_dir: PathBuf,
    /// Whether the plugin goes as well.
    pub remove: bool,
    /// Whether to stay.
    pub stay: bool,
}

/// What the words say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// To do it.
    Do(Words),
    /// To explain it.
    Help,
}

impl Words {
    /// Where the programs are taken from.
    pub fn from(&self) -> Result<PathBuf, InstallError> {
        if let Some(from) = &self.from {
            return Ok(from.clone());
        }
        let own = std::env::current_exe().map_err(InstallError::io("find", "chainsawd"))?;
        Ok(own.parent().unwrap_or(&own).to_owned())
    }
}

impl Default for Words {
    fn default() -> Self {
        Self {
            bin_dir: "/opt/cni/bin".into(),
            conf_dir: "/etc/cni/net.d".into(),
            config: config::PATH.to_owned(),
            kubeconfig: None,
            service_account: "/var/run/secrets/kubernetes.io/serviceaccount".into(),
            from: None,
            run_dir: Path::new(SOCKET)
                .parent()
                .map(Path::to_owned)
                .unwrap_or_default(),
            remove: false,
            stay: false,
        }
    }
}

/// Reads the words.
///
/// # Errors
/// What is wrong with them, for a person.
pub fn read(verb: Verb, words: impl IntoIterator<Item = OsString>) -> Result<Said, lexopt::Error> {
    let mut said = Words::default();
    let mut is_behind_kubeconfig = false;
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(word) = parser.next()? {
        let was_behind_kubeconfig = std::mem::take(&mut is_behind_kubeconfig);
        match word {
            Long("help") | Short('h') => return Ok(Said::Help),
            Value(file) if was_behind_kubeconfig => {
                return Err(format!("write --kubeconfig={}", file.display()).into());
            }
            Long(other) if !taken(verb).any(|one| one == other) => {
                return Err(format!("{} does not take --{other}", verb.word()).into());
            }
            Long("bin-dir") => said.bin_dir = parser.value()?.into(),
            Long("conf-dir") => said.conf_dir = parser.value()?.into(),
            Long("config") => said.config = parser.value()?.string()?,
            Long("kubeconfig") => {
                let file = parser.optional_value();
                is_behind_kubeconfig = file.is_none();
                said.kubeconfig = Some(file.unwrap_or_else(|| KUBECONFIG.into()).into());
            }
            Long("service-account") => said.service_account = parser.value()?.into(),
            Long("from") => said.from = Some(parser.value()?.into()),
            Long("run-dir") => said.run_dir = parser.value()?.into(),
            Long("remove") => said.remove = true,
            Long("stay") => said.stay = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Said::Do(said))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn said(words: &[&str]) -> Words {
        match read(Verb::Install, words.iter().map(OsString::from)) {
            Ok(Said::Do(words)) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_said_is_a_kubeadm_node_without_a_kubeconfig() {
        let words = said(&[]);
        assert_eq!(words, Words::default());
        assert_eq!(words.kubeconfig, None);
        assert_eq!(words.run_dir, PathBuf::from("/run/chainsaw"));
    }

    #[test]
    fn a_kubeconfig_is_where_the_plugin_looks_unless_it_is_said() {
        let file = |words| said(words).kubeconfig.unwrap();
        assert_eq!(file(&["--kubeconfig"]), PathBuf::from(KUBECONFIG));
        assert!(INSTALL.contains(KUBECONFIG) && UNINSTALL.contains(KUBECONFIG));
        assert_eq!(file(&["--kubeconfig=/k"]), PathBuf::from("/k"));
        assert!(said(&["--kubeconfig", "--stay"]).stay);
    }

    #[test]
    fn a_word_that_is_not_known_is_an_error() {
        for verb in [Verb::Install, Verb::Uninstall] {
            for wrong in ["--force", "now"] {
                assert!(read(verb, [OsString::from(wrong)]).is_err());
            }
        }
        for verb in [Verb::Install, Verb::Uninstall] {
            let wrong = read(verb, ["--kubeconfig", "/k"].map(OsString::from)).unwrap_err();
            assert_eq!(wrong.to_string(), "write --kubeconfig=/k");
            let apart = ["--kubeconfig", "--stay", "/k"].map(OsString::from);
            let wrong = read(verb, apart).unwrap_err();
            assert!(!wrong.to_string().contains("--kubeconfig="), "{wrong}");
        }
        let wrong = read(Verb::Install, ["--remove".into()]).unwrap_err();
        assert_eq!(wrong.to_string(), "install does not take --remove");
    }

    #[test]
    fn the_help_of_a_verb_has_each_option_that_it_takes_and_no_other() {
        for verb in [Verb::Install, Verb::Uninstall] {
            let lines = usage(verb).lines().map(str::trim_start);
            let named = lines
                .filter(|line| line.starts_with('-'))
                .filter_map(|line| line.split_once("--")?.1.split(['[', ' ']).next());
            let named: BTreeSet<&str> = named.collect();
            let taken: BTreeSet<&str> = taken(verb).chain(["help"]).collect();
            assert_eq!(named, taken, "{}", verb.word());
        }
    }
}
