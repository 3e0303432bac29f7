//! Where a pod's network namespace is, by what the runtime tells of it.

use std::path::PathBuf;

use chainsaw_common::netns::{Namespace, NetnsError};
use chainsaw_nri::api::{Container, LinuxNamespace, PodSandbox};

/// The namespace's type (`linux.namespaces` of the OCI runtime specification).
const NETWORK: &str = "network";

/// Handlers of RuntimeClasses that run a pod's processes on the node's kernel; without a handler it is the default one.
const ON_THE_KERNEL: [&str; 4] = ["", "runc", "crun", "youki"];

/// Why a pod has no namespace to work in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTarget {
    /// It is the node's.
    #[error(
        "the pod is on the host's network, which is the node's own network namespace: commands would change the node, so there are none for it; take the annotation away, or hostNetwork"
    )]
    HostNetwork,
    /// Its network stack is not in the namespace.
    #[error(
        "the runtime handler {0:?} may keep a network stack of its own, where commands would have no effect; if it does not, list it in [hooks.nri] runtime_handlers"
    )]
    Handler(String),
    /// Nobody says where it is.
    #[error("the runtime does not say where the sandbox's network namespace is: has it stopped?")]
    Unknown,
}

/// The path of the pod's namespace, at which there is not the node's own. A runtime may tell a path for a pod on the
/// host's network as well (CRI-O keeps such a namespace mounted): what is opened there decides.
///
/// # Errors
/// There is none, it is the node's, or it says nothing of the pod's network. Whatever else is wrong with it is told when
/// it is opened to be entered.
pub fn netns(
    pod: &PodSandbox,
    container: Option<&Container>,
    handlers: &[String],
) -> Result<PathBuf, NoTarget> {
    let path = path(pod, container, handlers)?;
    match Namespace::open(&path) {
        Err(NetnsError::Node { .. }) => Err(NoTarget::HostNetwork),
        _ => Ok(path),
    }
}

/// The path of the pod's namespace: that which the runtime keeps mounted, else that of the pause process, else that of
/// the container that is about to start.
fn path(
    pod: &PodSandbox,
    container: Option<&Container>,
    handlers: &[String],
) -> Result<PathBuf, NoTarget> {
    let handler = pod.runtime_handler.as_str();
    if !ON_THE_KERNEL.contains(&handler) && !handlers.iter().any(|listed| listed == handler) {
        return Err(NoTarget::Handler(handler.to_owned()));
    }
    let namespaces = pod.namespaces();
    if let Some(path) = network(namespaces) {
        return Ok(path);
    }
    // A list without a network is that of a pod on the host's; no list at all says nothing.
    match (namespaces.is_empty(), pod.pid) {
        (false, pid) if pid != 0 => Err(NoTarget::HostNetwork),
        (true, pid) if pid != 0 => Ok(PathBuf::from(format!("/proc/{pid}/ns/net"))),
        (true, _) => container
            .and_then(|container| network(container.namespaces()))
            .ok_or(NoTarget::Unknown),
        (false, _) => Err(NoTarget::Unknown),
    }
}

/// The path that the runtime keeps mounted, if it tells one.
pub fn told(pod: &PodSandbox) -> Option<PathBuf> {
    network(pod.namespaces())
}

fn network(namespaces: &[LinuxNamespace]) -> Option<PathBuf> {
    let network = namespaces.iter().find(|one| one.r#type == NETWORK)?;
    (!network.path.is_empty()).then(|| PathBuf::from(&network.path))
}

#[cfg(test)]
mod tests {
    use chainsaw_nri::api::{LinuxContainer, LinuxPodSandbox};

    use super::*;

    fn namespaces(list: &[(&str, &str)]) -> Vec<LinuxNamespace> {
        let one = |(kind, path): &(&str, &str)| LinuxNamespace {
            r#type: (*kind).to_owned(),
            path: (*path).to_owned(),
        };
        list.iter().map(one).collect()
    }

    fn pod(pid: u32, list: &[(&str, &str)]) -> PodSandbox {
        PodSandbox {
            pid,
            linux: Some(LinuxPodSandbox {
                namespaces: namespaces(list),
            }),
            ..PodSandbox::default()
        }
    }

    #[test]
    fn the_runtimes_own_path_comes_first() {
        let pod = pod(7, &[("ipc", ""), ("network", "/run/netns/cni-1")]);
        assert_eq!(path(&pod, None, &[]), Ok("/run/netns/cni-1".into()));
    }

    #[test]
    fn what_is_at_the_path_decides_whatever_the_runtime_says() {
        let own = "/proc/self/ns/net";
        for kind in ["network", "ipc"] {
            let pod = pod(7, &[(kind, own)]);
            assert_eq!(netns(&pod, None, &[]), Err(NoTarget::HostNetwork), "{kind}");
        }
        // The process's, where the runtime says nothing, and a container's.
        let own_process = pod(std::process::id(), &[]);
        assert_eq!(netns(&own_process, None, &[]), Err(NoTarget::HostNetwork));
        let container = Container {
            linux: Some(LinuxContainer {
                namespaces: namespaces(&[("network", own)]),
            }),
            ..Container::default()
        };
        let told = netns(&pod(0, &[]), Some(&container), &[]);
        assert_eq!(told, Err(NoTarget::HostNetwork));
        // What is no namespace is told when it is entered.
        let none = pod(7, &[("network", "/nowhere")]);
        assert_eq!(netns(&none, None, &[]), Ok("/nowhere".into()));
    }

    #[test]
    fn a_list_without_a_network_is_the_hosts() {
        assert_eq!(
            path(&pod(7, &[("ipc", "")]), None, &[]),
            Err(NoTarget::HostNetwork)
        );
    }

    #[test]
    fn no_list_is_unknown_and_never_the_hosts() {
        assert_eq!(path(&pod(7, &[]), None, &[]), Ok("/proc/7/ns/net".into()));
        assert_eq!(path(&pod(0, &[]), None, &[]), Err(NoTarget::Unknown));
        assert_eq!(
            path(&pod(0, &[("ipc", "")]), None, &[]),
            Err(NoTarget::Unknown)
        );
        let container = Container {
            linux: Some(LinuxContainer {
                namespaces: namespaces(&[("network", "/proc/9/ns/net")]),
            }),
            ..Container::default()
        };
        assert_eq!(
            path(&pod(0, &[]), Some(&container), &[]),
            Ok("/proc/9/ns/net".into())
        );
        // A container of a pod on the host's network has a path as well: it is the host's.
        assert_eq!(
            path(&pod(7, &[("ipc", "")]), Some(&container), &[]),
            Err(NoTarget::HostNetwork)
        );
    }

    #[test]
    fn a_handler_that_may_keep_its_own_stack_is_listed_or_refused() {
        let kata = PodSandbox {
            runtime_handler: "kata".into(),
            ..pod(7, &[("network", "/n")])
        };
        assert_eq!(
            path(&kata, None, &[]),
            Err(NoTarget::Handler("kata".into()))
        );
        assert_eq!(path(&kata, None, &["kata".into()]), Ok("/n".into()));
    }
}
