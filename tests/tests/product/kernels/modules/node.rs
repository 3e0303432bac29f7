//! A node on another kernel, with every module of the kernel on its disk, and what of it a pod must not change.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_guest::Program;
use chainsaw_guest::place::CHAINSAW;
use chainsaw_tests::call::Call;
use chainsaw_tests::guest::Netns;
use chainsaw_tests::process::{Output, wait_until};
use chainsaw_tests::{Guest, Kernel};
use serde_json::{Value, json};

/// How long a namespace may take to go: until then it holds the modules of its devices.
const GONE: Duration = Duration::from_secs(60);

/// What the kernel starts when it looks for a module: it notes what was asked for, then does it.
const MODPROBE: &str = "#!/bin/sh\necho \"$*\" >>/run/asked\nexec /bin/busybox modprobe \"$@\"\n";

/// The node, and a second pod on it.
pub struct Node {
    pub guest: Guest,
    second: Netns,
    calls: Cell<usize>,
}

/// What there is, beside the first pod's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The modules that are loaded.
    pub modules: BTreeSet<String>,
    /// The devices of the node's own namespace.
    pub node: BTreeSet<String>,
    /// The devices of the second pod's.
    pub second: BTreeSet<String>,
    /// What the kernel has looked for so far.
    pub asked: Vec<String>,
}

impl Node {
    /// Boots it with these modules loaded.
    pub fn boot(kernel: Kernel, loaded: &[&str]) -> Result<Self> {
        let builder = kernel.builder().bare().modules(loaded.iter().copied());
        let guest = builder.offering_all().memory(768).boot()?;
        let node = Self {
            second: guest.netns()?,
            guest,
            calls: Cell::new(0),
        };
        node.guest.write("/run/modprobe", MODPROBE)?;
        node.shell("chmod +x /run/modprobe; echo /run/modprobe >/proc/sys/kernel/modprobe; touch /run/asked")?;
        node.names(&[])?;
        Ok(node)
    }

    /// Writes the node's configuration: pods have every right there is, and the operator names these modules.
    pub fn names(&self, load: &[&str]) -> Result<()> {
        self.configure(load, "")
    }

    /// The same, with more of a configuration.
    pub fn configure(&self, load: &[&str], more: &str) -> Result<()> {
        let text = format!(
            "[hooks.cni]\ncommands = true\n[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n[modules]\nload = {}\n{more}",
            json!(load)
        );
        self.guest.write("/etc/chainsaw/config.toml", &text)
    }

    /// Runs a line of a shell, and gives what it prints.
    pub fn shell(&self, line: &str) -> Result<String> {
        let ended = self.guest.run(None, ["/bin/busybox", "sh", "-c", line])?;
        Ok(ended.success(line)?.stdout)
    }

    /// What there is now.
    pub fn seen(&self) -> Result<Seen> {
        let lines = |text: String| -> Vec<String> { text.lines().map(str::to_owned).collect() };
        let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
        let second = self
            .second
            .run([CHAINSAW, "ip", "-br", "link"])?
            .success("ip link")?
            .stdout;
        let name = |line: &str| line.split([' ', '@']).next().map(str::to_owned);
        Ok(Seen {
            modules: words(self.shell("cut -d' ' -f1 /proc/modules")?),
            node: words(
                self.shell("cd /sys/class/net; for device in */; do echo ${device%/}; done")?,
            ),
            second: second.lines().filter_map(name).collect(),
            asked: lines(self.shell("cat /run/asked")?),
        })
    }

    /// ADD for a pod of this namespace, with this value and these fields more. It has no other network than what is there.
    pub fn add(&self, pod: &Netns, value: &Value, more: &Value) -> Result<Output> {
        self.calls.set(self.calls.get() + 1);
        let container = format!("c{}", self.calls.get());
        let netns = pod.path().to_string_lossy();
        let call = Call {
            container: &container,
            netns: &netns,
            ..Call::default()
        };
        let annotations = json!({"k8s.v1.cni.cncf.io/chainsaw": value.to_string()});
        let mut conf = json!({
            "cniVersion": "1.0.0", "name": "n", "type": "chainsaw",
            "runtimeConfig": {"io.kubernetes.cri.pod-annotations": annotations},
            "prevResult": {"cniVersion": "1.0.0", "interfaces": [{"name": "eth0", "sandbox": netns}], "ips": []},
        });
        if let (Some(conf), Some(more)) = (conf.as_object_mut(), more.as_object()) {
            conf.extend(more.clone());
        }
        let variables = call.variables();
        self.guest.run_with(Program {
            words: vec![CHAINSAW.to_owned()],
            environment: variables
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            stdin: conf.to_string(),
            ..Program::default()
        })
    }

    /// Unloads what was not loaded before, and waits until it is as it was; but for what is never unloaded.
    pub fn back_to(&self, before: &Seen) -> Result<()> {
        self.shell(": >/run/asked")?;
        let kept = self.shell("grep -F '[permanent]' /proc/modules | cut -d' ' -f1; true")?;
        let kept: BTreeSet<_> = kept.lines().collect();
        let mut now = self.seen()?;
        let gone = wait_until("the modules to go", GONE, || {
            now = self.seen()?;
            let more: Vec<&str> = now
                .modules
                .difference(&before.modules)
                .map(String::as_str)
                .filter(|module| !kept.contains(module))
                .collect();
            for module in &more {
                // One that another needs, or whose namespace is not gone yet, goes later.
                self.guest.run(None, ["/bin/busybox", "rmmod", module])?;
            }
            Ok(more.is_empty())
        });
        gone.with_context(|| format!("{:?} are there", &now.modules - &before.modules))?;
        ensure!(
            now.node == before.node && now.second == before.second,
            "{now:?} is not {before:?}"
        );
        Ok(())
    }
}
