//! The messages of NRI, as far as a plugin needs them that watches and refuses: made of `proto/nri.proto`.

#[rustfmt::skip]
mod generated;

pub use generated::*;

/// The service that a plugin serves.
pub(crate) const PLUGIN: &str = "nri.pkg.api.v1alpha1.Plugin";

/// The service that a runtime serves.
pub(crate) const RUNTIME: &str = "nri.pkg.api.v1alpha1.Runtime";

impl PodSandbox {
    /// The namespaces that the runtime tells, which may be none: see [`LinuxPodSandbox::namespaces`].
    #[must_use]
    pub fn namespaces(&self) -> &[LinuxNamespace] {
        self.linux.as_ref().map_or(&[], |linux| &linux.namespaces)
    }
}

impl Container {
    /// The namespaces that the runtime tells.
    #[must_use]
    pub fn namespaces(&self) -> &[LinuxNamespace] {
        self.linux.as_ref().map_or(&[], |linux| &linux.namespaces)
    }
}
