//! The kubeconfig: where the API is, and who asks.

use std::path::{Path, PathBuf};

use kube::config::{self, Config, KubeConfigOptions, KubeconfigError};

use crate::error::LookupError;

/// A kubeconfig that was read.
pub struct Kubeconfig {
    path: PathBuf,
    read: config::Kubeconfig,
}

impl Kubeconfig {
    /// Reads one. What it names is not read yet.
    pub fn read(path: &Path) -> Result<Self, LookupError> {
        let read = config::Kubeconfig::read_from(path).map_err(|error| unusable(path, &error))?;
        refuse_programs(path, &read)?;
        Ok(Self {
            path: path.to_owned(),
            read,
        })
    }

    /// The files that it names.
    pub fn files(&self) -> Vec<PathBuf> {
        let clusters = self.read.clusters.iter();
        let authorities =
            clusters.filter_map(|named| named.cluster.as_ref()?.certificate_authority.as_ref());
        let users = self.read.auth_infos.iter();
        let of_users = users
            .filter_map(|named| named.auth_info.as_ref())
            .flat_map(|user| [&user.token_file, &user.client_certificate, &user.client_key])
            .flatten();
        authorities.chain(of_users).map(PathBuf::from).collect()
    }

    /// Takes its current context.
    pub async fn config(self) -> Result<Config, LookupError> {
        let options = KubeConfigOptions::default();
        let made = Config::from_custom_kubeconfig(self.read, &options).await;
        made.map_err(|error| unusable(&self.path, &error))
    }
}

/// The client would run `exec` and some an `auth-provider` names: as root, on the node, from a file that is only meant to
/// say where and who.
fn refuse_programs(path: &Path, file: &config::Kubeconfig) -> Result<(), LookupError> {
    for user in file
        .auth_infos
        .iter()
        .filter_map(|named| named.auth_info.as_ref())
    {
        let what = match (&user.exec, &user.auth_provider) {
            (Some(_), _) => "exec",
            (_, Some(_)) => "an auth-provider",
            (None, None) => continue,
        };
        return Err(LookupError::Program {
            path: path.display().to_string(),
            what,
        });
    }
    Ok(())
}

fn unusable(path: &Path, error: &KubeconfigError) -> LookupError {
    let why = match error {
        // The parser quotes the lines around its error, and there the token is.
        KubeconfigError::Parse(_) => "it is no kubeconfig in YAML".to_owned(),
        KubeconfigError::ReadConfig(source, _) => source.to_string(),
        other => other.to_string(),
    };
    invalid(path, why)
}

/// The client cannot be made of what the kubeconfig says.
pub fn unfit(path: &Path, error: &kube::Error) -> LookupError {
    let why = match error {
        // These show the proxy's URL, and a password may be in it.
        kube::Error::ProxyProtocolUnsupported { .. }
        | kube::Error::ProxyProtocolDisabled { .. } => {
            "it has a proxy-url, and no proxy is spoken with".to_owned()
        }
        other => other.to_string(),
    };
    invalid(path, why)
}

fn invalid(path: &Path, why: String) -> LookupError {
    LookupError::Kubeconfig {
        path: path.display().to_string(),
        why,
    }
}
