//! Who asks where: a kubeconfig, or the service account of the pod that asks. Whatever is rotated in their files, a token,
//! an authority, a certificate, counts from the next question on.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kube::Client;
use kube::config::Config;
use tokio::sync::Mutex;

use crate::error::LookupError;
use crate::kubeconfig::{self, Kubeconfig};

/// What the kubelet mounts for a pod's service account, beside the namespace, which nobody here needs.
const SERVICE_ACCOUNT: [&str; 2] = [
    "/var/run/secrets/kubernetes.io/serviceaccount/token",
    "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
];

/// What is asked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A kubeconfig's current context.
    Kubeconfig(PathBuf),
    /// The service account of the pod in which this runs.
    ServiceAccount,
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kubeconfig(path) => write!(f, "kubeconfig {}", path.display()),
            Self::ServiceAccount => f.write_str("the pod's service account"),
        }
    }
}

impl Credentials {
    /// The service account of the pod in which this runs, if it has one.
    #[must_use]
    pub fn of_this_pod() -> Option<Self> {
        let [token, _] = SERVICE_ACCOUNT;
        let in_a_pod = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        (in_a_pod && Path::new(token).exists()).then_some(Self::ServiceAccount)
    }
}

/// A way to an API server, made of credentials as their files were.
#[derive(Clone)]
pub struct Api {
    /// Speaks with it.
    pub client: Client,
    /// Its URL, without what else an URL may hold.
    pub server: String,
    /// What is asked with, for people.
    pub credentials: String,
}

/// Credentials, and the client that was made of them. Clones share it.
#[derive(Clone)]
pub struct Access {
    credentials: Credentials,
    made: Arc<Mutex<Option<(Files, Api)>>>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Access").field(&self.credentials).finish()
    }
}

impl Access {
    /// Nothing is read yet.
    #[must_use]
    pub fn by(credentials: Credentials) -> Self {
        Self {
            credentials,
            made: Arc::default(),
        }
    }

    /// The API, by a client that is made anew when a file of the credentials has changed: kube reads a token again after a
    /// minute, and what a kubeconfig names as its authority never.
    ///
    /// # Errors
    /// The credentials cannot be read or used.
    pub async fn api(&self) -> Result<Api, LookupError> {
        let mut made = self.made.lock().await;
        if let Some((files, api)) = made.as_ref()
            && files.are_as_they_were()
        {
            return Ok(api.clone());
        }
        // Who is in the middle of an answer keeps the old one until then.
        *made = None;
        let (files, config) = self.read().await?;
        let server = server(&config.cluster_url);
        let client = Client::try_from(config).map_err(|error| self.unfit(&error))?;
        let credentials = self.credentials.to_string();
        let api = Api {
            client,
            server,
            credentials,
        };
        Ok(made.insert((files, api)).1.clone())
    }

    /// The configuration, and the files as they were before they were read for it: a change in between is seen at the
    /// next question.
    async fn read(&self) -> Result<(Files, Config), LookupError> {
        // The one provider that is linked in. Elsewhere in the workspace nothing may choose another by its features.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (files, mut config) = match &self.credentials {
            Credentials::Kubeconfig(path) => {
                let mut files = Files::default();
                files.add(path);
                let kubeconfig = Kubeconfig::read(path)?;
                kubeconfig.files().iter().for_each(|path| files.add(path));
                (files, kubeconfig.config().await?)
            }
            Credentials::ServiceAccount => {
                let mut files = Files::default();
                SERVICE_ACCOUNT
                    .iter()
                    .for_each(|path| files.add(Path::new(path)));
                let config = Config::incluster_env().map_err(|error| {
                    let why = error.to_string();
                    LookupError::ServiceAccount { why }
                })?;
                (files, config)
            }
        };
        // One way of seeing that it was rotated is enough.
        config.root_cert_file = None;
        // Who tries again is who asks: it knows how often, and until when.
        config.default_retry = false;
        Ok((files, config))
    }

    fn unfit(&self, error: &kube::Error) -> LookupError {
        match &self.credentials {
            Credentials::Kubeconfig(path) => kubeconfig::unfit(path, error),
            Credentials::ServiceAccount => LookupError::ServiceAccount {
                why: error.to_string(),
            },
        }
    }
}

/// Files and what they held; a file that could not be read held nothing. They are small, and the text tells a change
/// that a time stamp may not.
#[derive(Default)]
struct Files(Vec<(PathBuf, Option<Vec<u8>>)>);

impl Files {
    fn add(&mut self, path: &Path) {
        self.0.push((path.to_owned(), fs::read(path).ok()));
    }

    fn are_as_they_were(&self) -> bool {
        let same = |(path, held): &(PathBuf, Option<Vec<u8>>)| fs::read(path).ok() == *held;
        self.0.iter().all(same)
    }
}

/// Where an API is, without what else an URL may hold.
fn server(url: &http::Uri) -> String {
    let (scheme, host) = (
        url.scheme_str().unwrap_or("http"),
        url.host().unwrap_or_default(),
    );
    match url.port_u16() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_shown_without_what_may_be_secret() {
        let url = "https://me:secret@192.0.2.1:6443/prefix".parse().unwrap();
        assert_eq!(server(&url), "https://192.0.2.1:6443");
        assert_eq!(
            server(&"https://[2001:db8::1]".parse().unwrap()),
            "https://[2001:db8::1]"
        );
    }
}
