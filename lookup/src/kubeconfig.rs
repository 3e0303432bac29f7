//! The kubeconfig: where the API is, and who asks.

use std::path::Path;

use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};

use crate::error::LookupError;

/// Reads a kubeconfig and takes its current context.
pub async fn read(path: &Path) -> Result<Config, LookupError> {
    let wrong = |error| unusable(path, &error);
    let file = Kubeconfig::read_from(path).map_err(wrong)?;
    refuse_programs(path, &file)?;
    let mut config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
        .await
        .map_err(wrong)?;
    // One question; who tries again is the runtime, which knows how often.
    config.default_retry = false;
    Ok(config)
}

/// The client would run `exec` and some an `auth-provider` names: as root, on the node, from a file that is only meant to
/// say where and who.
fn refuse_programs(path: &Path, file: &Kubeconfig) -> Result<(), LookupError> {
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
