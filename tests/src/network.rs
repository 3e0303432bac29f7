//! The network of a node's pods. The addresses are the same on every node: each node has a network namespace of its own,
//! so nothing collides, and tests can name them.

use serde_json::{Value, json};

/// Where the pods' IPv4 addresses come from; the first is the bridge's.
pub const SUBNET: &str = "10.88.0.0/16";

/// The bridge's IPv4 address, the pods' gateway.
pub const GATEWAY: &str = "10.88.0.1";

/// Where the pods' IPv6 addresses come from, on a dual-stack network.
pub const SUBNET_V6: &str = "fd00:88::/64";

/// The bridge's IPv6 address.
pub const GATEWAY_V6: &str = "fd00:88::1";

/// The usual first plugin of a chain: a bridge with IPv4 addresses and a default route.
pub fn bridge() -> Value {
    bridge_with(&[(SUBNET, "0.0.0.0/0")])
}

/// The same with IPv4 and IPv6.
pub fn dual_stack_bridge() -> Value {
    bridge_with(&[(SUBNET, "0.0.0.0/0"), (SUBNET_V6, "::/0")])
}

/// The product behind it, as README chains it: the runtime tells it the pod's annotations.
pub fn chainsaw() -> Value {
    json!({"type": "chainsaw", "capabilities": {"io.kubernetes.cri.pod-annotations": true}})
}

fn bridge_with(families: &[(&str, &str)]) -> Value {
    let ranges: Vec<_> = families
        .iter()
        .map(|(subnet, _)| json!([{"subnet": subnet}]))
        .collect();
    let routes: Vec<_> = families
        .iter()
        .map(|(_, all)| json!({"dst": all}))
        .collect();
    json!({
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": true,
        "ipMasq": false,
        "ipam": {"type": "host-local", "ranges": ranges, "routes": routes},
    })
}

/// The configuration list that a node's `/etc/cni/net.d` gets.
pub(crate) fn configuration_list(version: &str, chain: &[Value]) -> Value {
    json!({"cniVersion": version, "name": "pods", "plugins": chain})
}
