//! A node without a container runtime: a machine with a pod's namespace, in which the plugin is called as a runtime would.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::call::{self, Call};
use crate::machine::Machine;
use crate::parts;
use crate::process::Output;

/// The key that asks.
pub const KEY: &str = "k8s.v1.cni.cncf.io/chainsaw";
/// The node's configuration.
pub const CONFIGURATION: &str = "/etc/chainsaw/config.toml";
/// What the plugin before says. Odd on purpose: order, spacing, unknown fields.
pub const PREV_RESULT: &str = "{ \"ips\": [{\"address\": \"192.0.2.10/24\",\"gateway\":\"192.0.2.1\", \"interface\" :0}],\n \
     \"x\": 1.50, \"interfaces\": [{\"name\": \"eth0\", \"sandbox\": \"/run/netns/pod\"}], \"cniVersion\": \"1.0.0\"}";

/// A machine with a pod's namespace: `eth0`, an address, a default route.
pub struct Bed {
    /// The machine.
    pub machine: Machine,
}

impl Bed {
    /// With this configuration of the node.
    pub fn new(configuration: &str) -> Result<Self> {
        let bed = Self::unconfigured()?;
        bed.machine.write(CONFIGURATION, configuration)?;
        Ok(bed)
    }

    /// Without a configuration of the node.
    pub fn unconfigured() -> Result<Self> {
        let bed = Self {
            machine: Machine::boot()?,
        };
        for line in [
            "netns add pod",
            "-n pod link set lo up",
            "-n pod link add eth0 type veth peer name node0",
            "-n pod link set node0 up",
            "-n pod link set eth0 up",
            "-n pod address add 192.0.2.10/24 dev eth0",
            "-n pod route add default via 192.0.2.1",
        ] {
            bed.ip(line)?;
        }
        Ok(bed)
    }

    /// The system's own `ip`, in the machine.
    pub fn ip(&self, line: &str) -> Result<String> {
        self.machine.program("ip").args(line.split(' ')).stdout()
    }

    /// A call of the plugin for `eth0`.
    pub fn call(&self, verb: &str, netns: &str, stdin: impl Into<Vec<u8>>) -> Result<Output> {
        self.call_at("eth0", verb, netns, stdin)
    }

    /// A call of the plugin for this interface.
    pub fn call_at(
        &self,
        ifname: &str,
        verb: &str,
        netns: &str,
        stdin: impl Into<Vec<u8>>,
    ) -> Result<Output> {
        let call = Call {
            verb,
            netns,
            ifname,
            ..Call::default()
        };
        let plugin = self.machine.program(parts::chainsaw()?);
        call.of(plugin).stdin(stdin).run()
    }

    /// ADD for a pod with this value.
    pub fn add(&self, value: &str) -> Result<Output> {
        self.call("ADD", call::POD, conf(&json!({ KEY: value })))
    }

    /// The pod's routes.
    pub fn routes(&self) -> Result<String> {
        self.ip("-n pod route")
    }

    /// The sandboxes that have a record, a line each.
    pub fn records(&self) -> Result<String> {
        let list = ["-c", "ls /run/chainsaw/sandboxes"];
        self.machine.program("sh").args(list).stdout()
    }
}

/// The network configuration for a pod with these annotations.
pub fn conf(annotations: &Value) -> String {
    call::conf(annotations, PREV_RESULT)
}

/// The error object with which a call failed.
pub fn error(output: &Output) -> Result<Value> {
    assert_ne!(output.status, 0, "{output:?}");
    serde_json::from_str(&output.stdout).with_context(|| format!("{output:?}"))
}
