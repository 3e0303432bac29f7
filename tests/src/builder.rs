//! What a node is to be like, and the files that make it so.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::image;
use crate::machine::Machine;
use crate::network::{bridge, configuration_list};
use crate::node::{CONFLIST, Node};
use crate::parts::{self, Containerd};
use crate::scratch::Scratch;

/// The directory of CNI plugins on the node.
const CNI_BIN: &str = "/opt/cni/bin";

/// What a node is to be like.
pub struct Builder {
    containerd: Containerd,
    chain: Vec<Value>,
    cni_version: String,
    scripts: Vec<(String, String)>,
    files: Vec<(PathBuf, String)>,
    nri: bool,
    handler: String,
}

impl Builder {
    pub(crate) fn new(containerd: Containerd) -> Self {
        Self {
            containerd,
            chain: vec![bridge()],
            cni_version: "1.0.0".to_owned(),
            scripts: Vec::new(),
            files: Vec::new(),
            nri: false,
            handler: String::new(),
        }
    }

    /// The chain of CNI plugins; just [`bridge`] if not given. Those that are named must be reference plugins,
    /// `chainsaw`, or be given by [`Builder::cni_script`].
    pub fn cni_chain(mut self, chain: impl IntoIterator<Item = Value>) -> Self {
        self.chain = chain.into_iter().collect();
        self
    }

    /// The `cniVersion` of the chain; 1.0.0 if not given.
    pub fn cni_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.cni_version);
        self
    }

    /// A CNI plugin of the test's own, as a shell script.
    pub fn cni_script(mut self, name: &str, script: &str) -> Self {
        self.scripts.push((name.to_owned(), script.to_owned()));
        self
    }

    /// A file on the node, say `/etc/chainsaw/config.toml`, there before containerd starts. A second list in
    /// `/etc/cni/net.d` is a second attachment of every pod, `eth1`.
    pub fn file(mut self, path: impl Into<PathBuf>, content: &str) -> Self {
        self.files.push((path.into(), content.to_owned()));
        self
    }

    /// Turns NRI on, with its socket at `/run/nri/nri.sock`; it is off otherwise.
    pub fn nri(mut self) -> Self {
        self.nri = true;
        self
    }

    /// Gives the node one more runtime handler, which is runc by another name.
    pub fn runtime_handler(mut self, name: &str) -> Self {
        name.clone_into(&mut self.handler);
        self
    }

    /// Makes the machine, starts containerd on it, and waits until pods can start.
    pub fn start(self) -> Result<Node> {
        let scratch = Scratch::new()?;
        let machine = Machine::boot()?;
        self.furnish(&machine)?;
        Node::start(self.containerd, machine, scratch)
    }

    fn furnish(&self, machine: &Machine) -> Result<()> {
        machine.write(
            "/etc/containerd/config.toml",
            self.containerd_configuration(),
        )?;
        let list = configuration_list(&self.cni_version, &self.chain);
        machine.write(CONFLIST, list.to_string())?;
        self.install_plugins(&machine.path(CNI_BIN))?;
        for (path, content) in &self.files {
            machine.write(path, content)?;
        }
        Ok(())
    }

    fn install_plugins(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        for plugin in fs::read_dir(parts::cni()?)? {
            let plugin = plugin?;
            let link = folder.join(plugin.file_name());
            // The host's own plugins may show through.
            fs::remove_file(&link).ok();
            symlink(plugin.path(), link)?;
        }
        for (name, script) in &self.scripts {
            let path = folder.join(name);
            fs::write(&path, script)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
        for name in self
            .chain
            .iter()
            .filter_map(|plugin| plugin.get("type")?.as_str())
        {
            let path = folder.join(name);
            if name == "chainsaw" {
                fs::copy(parts::chainsaw()?, &path).context("install chainsaw")?;
                let lookup = folder.join("chainsaw-lookup");
                fs::copy(parts::lookup()?, lookup).context("install chainsaw-lookup")?;
            }
            ensure!(
                path.symlink_metadata().is_ok(),
                "the chain names `{name}`, which is no plugin of this node"
            );
        }
        Ok(())
    }

    fn containerd_configuration(&self) -> String {
        let nri_off = !self.nri;
        let nri = format!(
            "disable = {nri_off}\nsocket_path = '/run/nri/nri.sock'\nplugin_path = '/opt/nri/plugins'\n\
             plugin_config_path = '/etc/nri/conf.d'\n"
        );
        let (pause, bin) = (image::PAUSE, CNI_BIN);
        let handlers = self.runtime_handlers();
        match self.containerd {
            // Without restrict_oom_score_adj runc fails where root lacks CAP_SYS_RESOURCE.
            Containerd::V1_7 => format!(
                "version = 2\n[plugins.'io.containerd.grpc.v1.cri']\nsandbox_image = '{pause}'\n\
                 restrict_oom_score_adj = true\n\
                 [plugins.'io.containerd.grpc.v1.cri'.cni]\nbin_dir = '{bin}'\nconf_dir = '/etc/cni/net.d'\nmax_conf_num = 0\n{handlers}\
                 [plugins.'io.containerd.nri.v1.nri']\n{nri}"
            ),
            Containerd::V2 => format!(
                "version = 3\n[plugins.'io.containerd.cri.v1.runtime']\nrestrict_oom_score_adj = true\n\
                 [plugins.'io.containerd.cri.v1.runtime'.cni]\nbin_dirs = ['{bin}']\nconf_dir = '/etc/cni/net.d'\nmax_conf_num = 0\n{handlers}\
                 [plugins.'io.containerd.cri.v1.images'.pinned_images]\nsandbox = '{pause}'\n\
                 [plugins.'io.containerd.nri.v1.nri']\n{nri}"
            ),
        }
    }

    /// The default handler, which a list of others would hide, and the one that was asked for.
    fn runtime_handlers(&self) -> String {
        if self.handler.is_empty() {
            return String::new();
        }
        let plugin = match self.containerd {
            Containerd::V1_7 => "io.containerd.grpc.v1.cri",
            Containerd::V2 => "io.containerd.cri.v1.runtime",
        };
        let handler = |name: &str| {
            format!(
                "[plugins.'{plugin}'.containerd.runtimes.'{name}']\nruntime_type = 'io.containerd.runc.v2'\n"
            )
        };
        handler("runc") + &handler(&self.handler)
    }
}
