//! The kubeconfig by which the plugin asks the Kubernetes API.
//!
//! The plugin runs on the node and sees no file of a pod, so the token itself is in it, not its path. That one expires:
//! [`super::keep`] writes the file anew as the kubelet renews the token.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::InstallError;
use super::journal::make_private_folder;

/// Root's alone: there is a token in it.
pub const MODE: u32 = 0o600;

/// What it has to say now, in JSON, which is YAML.
pub fn current(service_account: &Path) -> Result<Vec<u8>, InstallError> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let host = variable("KUBERNETES_SERVICE_HOST")
        .ok_or(InstallError::NoApi("KUBERNETES_SERVICE_HOST"))?;
    let port = variable("KUBERNETES_SERVICE_PORT")
        .ok_or(InstallError::NoApi("KUBERNETES_SERVICE_PORT"))?;
    let token = service_account.join("token");
    let text = fs::read_to_string(&token).map_err(InstallError::io("read", &token))?;
    let ca = service_account.join("ca.crt");
    let authority = fs::read(&ca).map_err(InstallError::io("read", &ca))?;
    match text.trim() {
        "" => Err(InstallError::NoToken(token)),
        text => Ok(of(&server(&host, &port), text, &authority)),
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

/// Removes its folder, unless something else is in it, or it is where a folder of the node is mounted.
pub fn remove_folder(path: &Path) {
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
