//! Versions of runtimes, and what follows from them.

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
}
