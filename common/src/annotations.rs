//! The annotations by which a pod asks for something, and whose annotations they are.

use strsim::osa_distance;

use crate::nearest::nearest;

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

/// The most edits by which the domain of a key is taken for a misspelt one of ours: fewer than to any other that is known.
const DOMAIN_EDITS: usize = 4;

/// The key that one that is not ours was probably meant to be: of a domain near to one of ours, or of none.
#[must_use]
pub fn meant(key: &str) -> Option<String> {
    let (domain, name) = key.rsplit_once('/').unwrap_or(("", key));
    let (cni, plain) = KEY.split_once('/')?;
    let (first, rest) = match name.split_once('.') {
        Some((first, rest)) => (first, format!(".{rest}")),
        None => (name, String::new()),
    };
    if let Some(interface) = key
        .strip_prefix(KEY)
        .and_then(|rest| rest.strip_prefix('/'))
    {
        return Some(format!("{KEY}.{interface}"));
    }
    let is_near = |known| osa_distance(&domain.to_lowercase(), known) <= DOMAIN_EDITS;
    if is_near(NRI_PREFIX.trim_end_matches('/')) {
        let name = meant_at_nri(name).unwrap_or_else(|| name.to_owned());
        return Some(format!("{NRI_PREFIX}{name}"));
    }
    let is_plain = match domain {
        "" => first.eq_ignore_ascii_case(plain),
        _ => is_near(cni) && nearest(&first.to_lowercase(), [plain]).is_some(),
    };
    is_plain.then(|| format!("{KEY}{rest}"))
}

/// What an unknown word behind [`NRI_PREFIX`] was probably meant to be.
#[must_use]
pub fn meant_at_nri(suffix: &str) -> Option<String> {
    let (first, container) = suffix.split_once('.').unwrap_or((suffix, "NAME"));
    match nearest(&first.to_lowercase(), ["sandbox", "container"])? {
        "sandbox" => Some("sandbox".to_owned()),
        known => Some(format!("{known}.{container}")),
    }
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
    fn a_key_that_is_nearly_ours_is_known_for_what_was_meant() {
        for (key, wanted) in [
            ("k8s.v1.cni.cncf.io/chainsw", "k8s.v1.cni.cncf.io/chainsaw"),
            ("k8s.v1.cni.cncf.io/Chainsaw", "k8s.v1.cni.cncf.io/chainsaw"),
            (
                "k8s.v1.cni.cncf.io/chainsaws.net1",
                "k8s.v1.cni.cncf.io/chainsaw.net1",
            ),
            (
                "v1.cni.cncf.io/chainsaw.Net1",
                "k8s.v1.cni.cncf.io/chainsaw.Net1",
            ),
            ("chainsaw", "k8s.v1.cni.cncf.io/chainsaw"),
            (
                "k8s.v1.cni.cncf.io/chainsaw/net1",
                "k8s.v1.cni.cncf.io/chainsaw.net1",
            ),
            (
                "chainsaw.noderesources.dev/sandbox",
                "chainsaw.noderesource.dev/sandbox",
            ),
            (
                "Chainsaw.noderesource.io/Container.app",
                "chainsaw.noderesource.dev/container.app",
            ),
        ] {
            assert_eq!(meant(key).as_deref(), Some(wanted), "{key}");
        }
        assert_eq!(meant_at_nri("Sandbox").as_deref(), Some("sandbox"));
        assert_eq!(meant_at_nri("contianer").as_deref(), Some("container.NAME"));
        assert_eq!(meant_at_nri("frob"), None);
    }

    #[test]
    fn what_others_ask_for_is_none_of_ours_misspelt() {
        for key in [
            "k8s.v1.cni.cncf.io/networks",
            "k8s.v1.cni.cncf.io/network-status",
            "k8s.v1.cni.cncf.io/chainsaw-status",
            "devices.noderesource.dev/container.app",
            "required-plugins.noderesource.dev/pod",
            "chainsaw.kyverno.io/sandbox",
            "example.com/chainsaw",
            "sandbox",
            CONFIG_HASH,
        ] {
            assert_eq!(meant(key), None, "{key}");
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
