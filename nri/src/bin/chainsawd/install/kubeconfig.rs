//! The kubeconfig by which the plugin asks the Kubernetes API.
//!
//! The plugin runs on the node and sees no file of a pod, so the token itself is in it, not its path. That one expires:
//! [`super::keep`] writes the file anew as the kubelet renews the token.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::InstallError;
use super::place::make_private_folder;

/// Root's alone: there is a token in it.
pub const MODE: u32 = 0o600;

/// Where the API is.
#[derive(Debug)]
pub struct Api {
    pub host: String,
    pub port: String,
}

impl Api {
    /// As the kubelet tells it to every container.
    pub fn of_this_pod() -> Result<Self, InstallError> {
        let variable = |name| {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty());
            value.ok_or(InstallError::NoApi(name))
        };
        Ok(Self {
            host: variable("KUBERNETES_SERVICE_HOST")?,
            port: variable("KUBERNETES_SERVICE_PORT")?,
        })
    }
}

/// What it has to say now, in JSON, which is YAML.
pub fn current(api: &Api, service_account: &Path) -> Result<Vec<u8>, InstallError> {
    let token = service_account.join("token");
    let text = fs::read_to_string(&token).map_err(InstallError::io("read", &token))?;
    let ca = service_account.join("ca.crt");
    let authority = fs::read(&ca).map_err(InstallError::io("read", &ca))?;
    match text.trim() {
        "" => Err(InstallError::NoToken(token)),
        text => Ok(of(&server(&api.host, &api.port), text, &authority)),
    }
}

fn of(server: &str, token: &str, authority: &[u8]) -> Vec<u8> {
    let name = "chainsaw";
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {
            "server": server,
            "certificate-authority-data": STANDARD.encode(authority),
        }}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    });
    format!("{kubeconfig:#}\n").into_bytes()
}

/// An IPv6 address stands in brackets (RFC 3986, section 3.2.2).
fn server(host: &str, port: &str) -> String {
    if host.contains(':') {
        format!("https://[{host}]:{port}")
    } else {
        format!("https://{host}:{port}")
    }
}

/// Makes its folder. One that is there keeps its mode.
pub fn make_folder(path: &Path) -> Result<(), InstallError> {
    make_private_folder(path.parent().unwrap_or(path))
}

/// The turn to keep it up to date: a lock of a file beside it, which the kernel gives back when its holder ends, however it
/// does.
#[derive(Debug)]
pub struct Turn {
    _lock: File,
}

impl Turn {
    /// None as long as another process has it.
    pub fn take(path: &Path) -> Result<Option<Self>, InstallError> {
        let place = Self::place(path);
        let lock = || -> std::io::Result<Option<File>> {
            let mut options = OpenOptions::new();
            let file = options.create(true).append(true).mode(MODE).open(&place)?;
            match file.try_lock() {
                Ok(()) => Ok(Some(file)),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(error),
            }
        };
        let locked = lock().map_err(InstallError::io("lock", &place))?;
        Ok(locked.map(|file| Self { _lock: file }))
    }

    fn place(path: &Path) -> PathBuf {
        path.with_extension("turn")
    }
}

/// Removes its folder, unless something else is in it, or it is where a folder of the node is mounted.
pub fn remove_folder(path: &Path) {
    fs::remove_file(Turn::place(path)).ok();
    if let Some(folder) = path.parent() {
        fs::remove_dir(folder).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_the_server_the_token_and_the_authority() {
        let text = of("https://10.96.0.1:443", "secret", b"PEM");
        let read: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let at = |pointer| read.pointer(pointer).unwrap().as_str().unwrap();
        assert_eq!(at("/clusters/0/cluster/server"), "https://10.96.0.1:443");
        assert_eq!(at("/clusters/0/cluster/certificate-authority-data"), "UEVN");
        assert_eq!(at("/users/0/user/token"), "secret");
        assert_eq!(at("/current-context"), at("/contexts/0/name"));
    }

    #[test]
    fn an_ipv6_server_stands_in_brackets() {
        assert_eq!(server("fd00::1", "443"), "https://[fd00::1]:443");
    }
}
