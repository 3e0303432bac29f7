//! Where the plugin and the daemon meet on a node: what both have to call by the same name.

/// Where the daemon listens for the plugin.
pub const SOCKET: &str = "/run/chainsaw/agent.sock";

/// Beside the plugin: that it is uninstalled, and lets pods pass that ask for nothing. `chainsawd uninstall` leaves it, and
/// the plugin looks for it.
pub const UNINSTALLED: &str = "chainsaw.uninstalled";

/// The kubeconfig that `chainsawd install --kubeconfig` writes, and the plugin takes where its network configuration names
/// none.
pub const KUBECONFIG: &str = "/etc/cni/net.d/chainsaw.d/chainsaw.kubeconfig";
