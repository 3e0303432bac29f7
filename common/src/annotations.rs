//! The annotations by which a pod asks for something, and whose annotations they are.

/// Asks for commands at the CNI entrance, at every attachment; with `.IFNAME` behind it, at that one.
pub const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";

/// Before the annotations that ask for something at the NRI entrance.
pub const NRI_PREFIX: &str = "chainsaw.noderesource.dev/";

/// The capability by which containerd and CRI-O hand on a pod's annotations, and the name under which they come.
pub const CAPABILITY: &str = "io.kubernetes.cri.pod-annotations";

/// What a static pod's UID is called at the API: the kubelet makes its own of the pod's file, and the API server gives
/// the mirror pod another.
pub const CONFIG_HASH: &str = "kubernetes.io/config.hash";

/// Whether an annotation asks for something.
#[must_use]
pub fn is_ours(key: &str) -> bool {
    let cni = |rest: &str| rest.is_empty() || rest.starts_with('.');
    key.starts_with(NRI_PREFIX) || key.strip_prefix(KEY).is_some_and(cni)
}

/// Whether the pod for which a sandbox is made is the one that the API has: by its UID, or, a static pod, by the hash of
/// its file. A pod that was made again under its name is another.
#[must_use]
pub fn is_same_pod(sandbox_uid: &str, uid: &str, config_hash: Option<&str>) -> bool {
    sandbox_uid == uid || config_hash == Some(sandbox_uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ours_to_the_letter() {
        for (key, ours) in [
            (KEY, true),
            ("k8s.v1.cni.cncf.io/chainsaw.net1", true),
            ("k8s.v1.cni.cncf.io/chainsaw-status", false),
            ("k8s.v1.cni.cncf.io/chainsaws", false),
            ("chainsaw.noderesource.dev/sandbox", true),
            ("chainsaw.noderesource.dev/frob", true),
            ("chainsaw.noderesource.dev", false),
            (CONFIG_HASH, false),
        ] {
            assert_eq!(is_ours(key), ours, "{key}");
        }
    }

    #[test]
    fn a_pod_is_known_by_its_uid_or_the_hash_of_its_file() {
        assert!(is_same_pod("u1", "u1", None));
        assert!(!is_same_pod("u2", "u1", None));
        assert!(is_same_pod("h", "u1", Some("h")));
        assert!(!is_same_pod("u2", "u1", Some("h")));
    }
}
