//! A pod's value by the Kubernetes API: the plugin's ADD, its `chainsaw-lookup`, a server over real HTTPS.

mod answer;
mod bed;
mod connection;
mod start;
