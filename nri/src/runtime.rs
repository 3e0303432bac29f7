//! The runtime: who it is, and what it can do.

use std::time::Duration;

use crate::api::ConfigureRequest;
use crate::events::Events;
use crate::version::{self, Version};

/// The runtime, as it introduced itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeInfo {
    /// Its name: `containerd`, `cri-o`.
    pub name: String,
    /// Its version, as it writes it.
    pub version: String,
    /// The version of its NRI; only 0.12 and newer tell.
    pub nri_version: Option<String>,
    /// How long a registration may take; only NRI 0.7 and newer tell.
    pub registration_timeout: Option<Duration>,
    /// How long an event may take; only NRI 0.7 and newer tell.
    pub request_timeout: Option<Duration>,
}

impl RuntimeInfo {
    /// What the runtime says of itself.
    #[must_use]
    pub fn of(request: &ConfigureRequest) -> Self {
        let millis = |millis: i64| {
            let millis = u64::try_from(millis).ok().filter(|millis| *millis > 0);
            millis.map(Duration::from_millis)
        };
        let nri_version = Some(request.nri_version.clone());
        Self {
            name: request.runtime_name.clone(),
            version: request.runtime_version.clone(),
            nri_version: nri_version.filter(|version| !version.is_empty()),
            registration_timeout: millis(request.registration_timeout),
            request_timeout: millis(request.request_timeout),
        }
    }

    /// The events that it knows: it closes on a plugin that wants others. Newer ones are only wanted of a runtime that
    /// is sure to know them.
    #[must_use]
    pub fn known_events(&self) -> Events {
        if self.nri_version.is_some() || self.is_containerd_since(Version::new(2, 2, 0)) {
            Events::ALL
        } else {
            Events::OLDEST
        }
    }

    /// [`version::leaks_refused_sandboxes`] for this runtime. What one does that is not containerd is not known, and to
    /// refuse a pod's containers is right everywhere.
    #[must_use]
    pub fn leaks_refused_sandboxes(&self) -> bool {
        !self.is_containerd() || version::leaks_refused_sandboxes(&self.version)
    }

    /// Whether it synchronises a plugin that it started itself: containerd 1.7 does since 1.7.26 only.
    #[must_use]
    pub fn synchronizes_launched_plugins(&self) -> bool {
        !self.is_containerd() || self.is_containerd_since(Version::new(1, 7, 26))
    }

    fn is_containerd(&self) -> bool {
        self.name == "containerd"
    }

    fn is_containerd_since(&self, since: Version) -> bool {
        self.is_containerd()
            && Version::parse(&self.version).is_some_and(|version| version >= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime(name: &str, version: &str, nri: &str) -> RuntimeInfo {
        RuntimeInfo::of(&ConfigureRequest {
            runtime_name: name.into(),
            runtime_version: version.into(),
            nri_version: nri.into(),
            request_timeout: 2000,
            ..ConfigureRequest::default()
        })
    }

    #[test]
    fn new_events_are_only_known_to_runtimes_that_are_sure_to_know_them() {
        for (name, version, nri, mask) in [
            ("containerd", "1.7.24~ds1", "", 0x7ff),
            ("containerd", "v2.1.9", "", 0x7ff),
            ("containerd", "v2.2.0-beta.1", "", 0x7ff),
            ("containerd", "v2.2.0", "", 0x3fff),
            ("containerd", "unknown", "", 0x7ff),
            ("containerd", "unknown", "v0.12.0", 0x3fff),
            ("cri-o", "1.35.0", "", 0x7ff),
            ("cri-o", "1.36.0", "v0.12.0", 0x3fff),
        ] {
            let known = runtime(name, version, nri).known_events();
            assert_eq!(known.mask(), mask, "{name} {version} {nri}");
        }
    }

    #[test]
    fn what_was_not_told_is_absent() {
        let info = runtime("containerd", "v2.1.9", "");
        assert_eq!(info.nri_version, None);
        assert_eq!(info.registration_timeout, None);
        assert_eq!(info.request_timeout, Some(Duration::from_secs(2)));
        assert!(info.leaks_refused_sandboxes());
        assert!(runtime("cri-o", "1.36.0", "").leaks_refused_sandboxes());
        assert!(!runtime("containerd", "1.7.24~ds1", "").leaks_refused_sandboxes());
        assert!(!runtime("containerd", "1.7.24~ds1", "").synchronizes_launched_plugins());
        assert!(info.synchronizes_launched_plugins());
    }
}
