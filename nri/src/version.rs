//! Versions of runtimes, and what follows from them.

use std::time::Duration;

use crate::api::ConfigureRequest;
use crate::events::Events;

/// A version as runtimes print it: `v2.1.9`, `2.1.9`, `1.7.24~ds1`, `v2.2.0-beta.1`. Ordered by its numbers, and a
/// preview before what it is a preview of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
    released: bool,
}

impl Version {
    /// A release.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
            released: true,
        }
    }

    /// Reads a version; a missing patch level is 0. Text that does not begin with two numbers is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let (major, rest) = number(text)?;
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        let (patch, rest) = rest.strip_prefix('.').and_then(number).unwrap_or((0, rest));
        let suffix = rest.trim_start_matches(['-', '~', '+', '.']);
        let preview = ["alpha", "beta", "rc", "pre", "dev"];
        let released = !preview.iter().any(|word| suffix.starts_with(word));
        Some(Self {
            major,
            minor,
            patch,
            released,
        })
    }
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

/// Whether this containerd leaves the pause container behind when RunPodSandbox is refused, and with it a name that
/// stops containerd at its next start. The rollback came with 2.2.6 and 2.3.3; 1.7 never needed it.
///
/// A version that cannot be read is taken for one that leaks, and so is a preview: refusing the containers instead is
/// right everywhere.
#[must_use]
pub fn leaks_refused_sandboxes(version: &str) -> bool {
    let Some(version) = Version::parse(version) else {
        return true;
    };
    let mended = match (version.major, version.minor) {
        (2, 0 | 1) => return true,
        (2, 2) => Version::new(2, 2, 6),
        (2, 3) => Version::new(2, 3, 3),
        (2, _) => Version::new(2, 4, 0),
        _ => return false,
    };
    version < mended
}

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

    /// [`leaks_refused_sandboxes`] for this runtime; one that is not containerd does not.
    #[must_use]
    pub fn leaks_refused_sandboxes(&self) -> bool {
        self.is_containerd() && leaks_refused_sandboxes(&self.version)
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

    #[test]
    fn versions_are_read_as_runtimes_and_distributions_write_them() {
        for (text, major, minor, patch, released) in [
            ("v2.1.9", 2, 1, 9, true),
            ("2.1.9", 2, 1, 9, true),
            ("1.7.24~ds1", 1, 7, 24, true),
            ("2.2.6-1+b2", 2, 2, 6, true),
            ("v2.2.6-k3s1", 2, 2, 6, true),
            ("v2.1.9.m", 2, 1, 9, true),
            ("v2.2.0-beta.1", 2, 2, 0, false),
            ("2.3.3~rc1", 2, 3, 3, false),
            ("2.2", 2, 2, 0, true),
        ] {
            let expected = Version {
                major,
                minor,
                patch,
                released,
            };
            assert_eq!(Version::parse(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "unknown",
            "v2",
            "2.x",
            "0123abc",
            "v.1.2",
            "99999999999.1",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_preview_comes_before_its_release() {
        assert!(Version::parse("2.2.6-rc.1") < Version::parse("2.2.6"));
        assert!(Version::parse("2.2.5") < Version::parse("2.2.6-rc.1"));
    }

    #[test]
    fn the_versions_that_leak_are_those_between_1_7_and_the_rollback() {
        for leaks in [
            "2.0.0",
            "v2.0.11",
            "2.1.9",
            "2.1",
            "2.2.0",
            "2.2.5",
            "2.2.6-rc.1",
            "2.3.0",
            "v2.3.2",
            "2.4.0-beta.1",
            "unknown",
            "",
        ] {
            assert!(leaks_refused_sandboxes(leaks), "{leaks}");
        }
        for does_not in [
            "1.7.24~ds1",
            "1.7.0",
            "1.6.36",
            "2.2.6",
            "2.2.7",
            "v2.3.3",
            "2.4.0",
            "2.10.1",
            "3.0.0",
        ] {
            assert!(!leaks_refused_sandboxes(does_not), "{does_not}");
        }
    }

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
        assert!(!runtime("cri-o", "2.1.9", "").leaks_refused_sandboxes());
        assert!(!runtime("containerd", "1.7.24~ds1", "").synchronizes_launched_plugins());
        assert!(info.synchronizes_launched_plugins());
    }
}
