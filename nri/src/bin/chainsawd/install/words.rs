//! The words behind `install` and `uninstall`.

use std::ffi::OsString;
use std::path::PathBuf;

use chainsaw_common::meeting::KUBECONFIG;
use lexopt::Arg::{Long, Short};

use super::InstallError;

/// What a person may write.
pub const USAGE: &str = "\
chainsawd install puts the CNI plugin on this node; chainsawd uninstall takes it away.

    chainsawd install [--kubeconfig[=FILE]] [--stay]
    chainsawd uninstall [--kubeconfig[=FILE]] [--remove] [--stay]

        --bin-dir DIR        where the runtime looks for CNI plugins (/opt/cni/bin)
                             k3s: /var/lib/rancher/k3s/data/cni
        --conf-dir DIR       where its network configuration is, which is read and never written (/etc/cni/net.d)
                             k3s: /var/lib/rancher/k3s/agent/etc/cni/net.d
        --kubeconfig[=FILE]  also write (take away) the kubeconfig by which the plugin asks the Kubernetes API
                             (/etc/cni/net.d/chainsaw.d/chainsaw.kubeconfig), for runtimes that hand on no annotations
        --service-account DIR  whose token and CA go into it (/var/run/secrets/kubernetes.io/serviceaccount)
        --from DIR           where chainsaw and chainsaw-lookup are (beside chainsawd)
        --remove             uninstall takes the plugin away as well; pods do not start as long as a configuration names it
        --stay               then stay until SIGTERM; install writes the kubeconfig anew when its token or CA changes
    -h, --help               prints this

The plugin is chained by whoever owns the network configuration: install prints the entry to paste.
";

/// What to install, from where, to where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Where the runtime looks for plugins.
    pub bin_dir: PathBuf,
    /// Where its network configuration is.
    pub conf_dir: PathBuf,
    /// The kubeconfig, if there is to be one.
    pub kubeconfig: Option<PathBuf>,
    /// Whose token goes into it.
    pub service_account: PathBuf,
    /// Where the programs are taken from.
    pub from: Option<PathBuf>,
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
            kubeconfig: None,
            service_account: "/var/run/secrets/kubernetes.io/serviceaccount".into(),
            from: None,
            remove: false,
            stay: false,
        }
    }
}

/// Reads the words.
///
/// # Errors
/// What is wrong with them, for a person.
pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Said, lexopt::Error> {
    let mut said = Words::default();
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(word) = parser.next()? {
        match word {
            Long("bin-dir") => said.bin_dir = parser.value()?.into(),
            Long("conf-dir") => said.conf_dir = parser.value()?.into(),
            Long("kubeconfig") => {
                let file = parser.optional_value();
                said.kubeconfig = Some(file.unwrap_or_else(|| KUBECONFIG.into()).into());
            }
            Long("service-account") => said.service_account = parser.value()?.into(),
            Long("from") => said.from = Some(parser.value()?.into()),
            Long("remove") => said.remove = true,
            Long("stay") => said.stay = true,
            Long("help") | Short('h') => return Ok(Said::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Said::Do(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> Words {
        match read(words.iter().map(OsString::from)) {
            Ok(Said::Do(words)) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_said_is_a_kubeadm_node_without_a_kubeconfig() {
        let words = said(&[]);
        assert_eq!(words, Words::default());
        assert_eq!(words.kubeconfig, None);
    }

    #[test]
    fn a_kubeconfig_is_where_the_plugin_looks_unless_it_is_said() {
        let file = |words| said(words).kubeconfig.unwrap();
        assert_eq!(file(&["--kubeconfig"]), PathBuf::from(KUBECONFIG));
        assert!(USAGE.contains(KUBECONFIG));
        assert_eq!(file(&["--kubeconfig=/k"]), PathBuf::from("/k"));
        assert!(said(&["--kubeconfig", "--stay"]).stay);
    }

    #[test]
    fn a_word_that_is_not_known_is_an_error() {
        for wrong in ["--force", "now"] {
            assert!(read([OsString::from(wrong)]).is_err());
        }
    }
}
