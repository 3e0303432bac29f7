//! The Kubernetes API, as far as pods' annotations are asked for there: by `chainsaw-lookup`, once, for one pod, and by
//! the daemon `chainsawd`, for as long as it lives, for the pods of its node.
//!
//! [`access`] is who asks where, [`pod`] one question for one pod, [`watch`] what keeps a [`cache`] of a node's pods, and
//! [`ask()`] takes the shortest of these ways. Nothing here decides what becomes of a pod.

pub mod access;
mod answer;
pub mod arguments;
#[cfg(feature = "watch")]
mod ask;
mod broken;
#[cfg(feature = "watch")]
pub mod cache;
pub mod error;
mod kubeconfig;
mod metadata;
pub mod pod;
#[cfg(feature = "watch")]
pub mod watch;

pub use access::{Access, Api, Credentials};
pub use answer::to_json;
#[cfg(feature = "watch")]
pub use ask::{Patience, ask};
pub use error::LookupError;
