//! A node without a container runtime: a pod's namespace, another pod's, canaries, and the product.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::{Context, Result};
use chainsaw_tests::judge::Judge;
use chainsaw_tests::machine::Machine;
use chainsaw_tests::process::{Output, Program, wait_until};
use chainsaw_tests::scratch::Scratch;
use serde_json::{Value, json};

use super::operator;
use super::runtime::Runtime;

/// A file that only root may read, every line of which begins with [`SECRET`].
pub const CANARY: &str = "/run/canary/secret";
/// What no output may have in it.
pub const SECRET: &str = "CANARY-4711";
/// A file of commands which would be seen if it were read as a batch.
const BATCH: &str = "/run/canary/batch";
/// The name of another pod's namespace.
pub const OTHER: &str = "secret-of-another-pod";
/// The pod's namespace.
pub const POD: &str = "/run/netns/pod";
/// The node's configuration.
pub const CONFIGURATION: &str = "/etc/chainsaw/config.toml";

/// Kubernetes namespaces, by what their pods are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// The built-in default.
    Default,
    /// Profile `route`.
    Route,
    /// Profile `net-admin`: the widest there is.
    All,
}

impl Right {
    /// The Kubernetes namespace that has it.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Default => "nobody",
            Self::Route => "routed",
            Self::All => "all",
        }
    }
}

/// The node. What is put through its doors is given beforehand, as operators' sources stand in its configuration.
pub struct Bed {
    // Dropped in this order: the daemon before its machine.
    pub runtime: Runtime,
    pub machine: Machine,
    pub judge: Judge,
    pub forms: Vec<String>,
    /// What was said of each that an operator's configuration cannot have.
    pub refused: Vec<Option<String>>,
    /// What the programs' environment has beside the protocol's.
    pub environment: Vec<(&'static str, &'static str)>,
    _scratch: Scratch,
    count: Cell<usize>,
}

impl Bed {
    /// A node on which an operator wants each of these forms for pods of a namespace of its own.
    pub fn new(forms: impl IntoIterator<Item = impl Into<String>>) -> Result<Self> {
        Self::with(forms, Vec::new())
    }

    /// The same, with an environment for the daemon and for whatever is called.
    pub fn with(
        forms: impl IntoIterator<Item = impl Into<String>>,
        environment: Vec<(&'static str, &'static str)>,
    ) -> Result<Self> {
        let forms: Vec<String> = forms.into_iter().map(Into::into).collect();
        let (scratch, machine, judge) = (Scratch::new()?, Machine::boot()?, Judge::new()?);
        canaries(&machine)?;
        namespaces(&machine)?;
        let refused = operator::refused(&forms, &scratch)?;
        machine.write(CONFIGURATION, operator::configuration(&forms, &refused))?;
        let runtime = Runtime::start(&machine, &scratch, &environment)?;
        let bed = Self {
            runtime,
            machine,
            judge,
            forms,
            refused,
            environment,
            _scratch: scratch,
            count: Cell::new(0),
        };
        bed.furnish()?;
        bed.settle()?;
        Ok(bed)
    }

    /// Waits until the kernel has told that the wires are up, which it does up to a second later (`linkwatch`), and
    /// which a picture shows.
    fn settle(&self) -> Result<()> {
        for words in [
            &["-br", "link", "show", "wire"][..],
            &["-n", OTHER, "-br", "link", "show", "eth0"],
            &["-n", "pod", "-br", "link", "show", "eth0"],
            &["-n", "pod", "-br", "link", "show", "node0"],
        ] {
            let up = || Ok(self.ip(words, "")?.stdout.contains(" UP "));
            wait_until(&words.join(" "), Duration::from_secs(10), up)?;
        }
        Ok(())
    }

    /// A name that none had before.
    pub fn fresh(&self, prefix: &str) -> String {
        self.count.set(self.count.get() + 1);
        format!("{prefix}{}", self.count.get())
    }

    /// A program in the machine, with the bed's environment.
    pub fn program(&self, name: impl AsRef<std::ffi::OsStr>) -> Program {
        let program = self.machine.program(name);
        let set = |program: Program, (name, value): &(&str, &str)| program.env(name, value);
        self.environment.iter().fold(program, set)
    }

    /// The pod's own network as it was at first, whatever became of it.
    pub fn furnish(&self) -> Result<()> {
        let clear = "link del esc0\nlink del esc1\nlink del eth0\nrule del pref 0\nrule add pref 0 table local\nroute flush table 100\n";
        // What is not there cannot go.
        self.ip(&["-n", "pod", "-force", "-batch", "-"], clear)?;
        let furnish = "link set lo up\nlink add eth0 type veth peer name node0\n\
                       link set eth0 addrgenmode none\nlink set node0 addrgenmode none\n\
                       link set node0 up\nlink set eth0 up\naddress add 192.0.2.10/24 dev eth0\n\
                       route add default via 192.0.2.1\n";
        self.ip(&["-n", "pod", "-batch", "-"], furnish)?
            .success("furnishing the pod's namespace")?;
        Ok(())
    }

    /// The system's own `ip`, in the machine.
    pub fn ip(&self, words: &[&str], stdin: &str) -> Result<Output> {
        ip(&self.machine, words, stdin)
    }
}

fn ip(machine: &Machine, words: &[&str], stdin: &str) -> Result<Output> {
    machine.program("ip").args(words).stdin(stdin).run()
}

fn canaries(machine: &Machine) -> Result<()> {
    let secret = format!("{SECRET} link\n{SECRET}-2 route\n");
    machine.write(CANARY, secret)?;
    machine.write(BATCH, format!("link add esc0 type bridge\n{SECRET} x\n"))?;
    for file in [CANARY, BATCH] {
        let only_root = fs::Permissions::from_mode(0o600);
        fs::set_permissions(machine.path(file), only_root)?;
    }
    Ok(())
}

/// The pod's namespace, another pod's, the node's own under a name that the pod's can refer to by a number too, and a
/// wire between the node and the other pod.
fn namespaces(machine: &Machine) -> Result<()> {
    let lines = format!(
        "netns add pod\nnetns add {OTHER}\nnetns attach node 1\n\
         link add wire type veth peer name eth0 netns {OTHER}\nlink set wire addrgenmode none\n\
         link set wire up\naddress add 198.51.100.1/24 dev wire\n\
         route add 203.0.113.0/24 via 198.51.100.2\nrule add from 203.0.113.0/24 table 100\n\
         neigh add 198.51.100.3 lladdr 02:00:00:00:00:03 dev wire\n"
    );
    ip(machine, &["-batch", "-"], &lines)?.success("furnishing the node")?;
    let other = "link set lo up\nlink set eth0 addrgenmode none\nlink set eth0 up\n\
                 address add 198.51.100.2/24 dev eth0\nroute add default via 198.51.100.1\n";
    ip(machine, &["-n", OTHER, "-batch", "-"], other)?.success("furnishing another pod")?;
    ip(machine, &["-n", "pod", "netns", "set", "node", "0"], "")?.success("numbering the node")?;
    Ok(())
}

/// The network configuration of an ADD, with these fields too.
pub fn network_configuration(more: &Value) -> Result<String> {
    let mut conf = json!({
        "cniVersion": "1.0.0", "name": "n", "type": "chainsaw",
        "prevResult": {
            "cniVersion": "1.0.0",
            "interfaces": [{"name": "eth0", "sandbox": POD}],
            "ips": [{"address": "192.0.2.10/24", "gateway": "192.0.2.1", "interface": 0}],
        },
    });
    let fields = more.as_object().context("the fields are an object")?;
    let own = conf
        .as_object_mut()
        .context("the configuration is an object")?;
    own.extend(fields.clone());
    Ok(conf.to_string())
}
