//! A pod's value by the Kubernetes API: the plugin's ADD, its `chainsaw-lookup`, a server over real HTTPS.

mod answer;
pub(super) mod bed;
mod connection;
mod start;
