//! The real parts that judge us, as `tests/parts.sh` unpacked them, and the product as it was built.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

/// A containerd that the product must work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Containerd {
    /// 1.7, the oldest supported: version 2 configuration, NRI off unless asked for.
    V1_7,
    /// 2.x, the newest at hand: version 3 configuration, NRI on unless refused.
    V2,
}

impl Containerd {
    /// Both, for tests that hold on every containerd.
    pub const ALL: [Self; 2] = [Self::V1_7, Self::V2];

    /// The directory of its programs: `containerd`, `ctr`, the shim.
    pub fn bin_dir(self) -> Result<PathBuf> {
        let folder = match self {
            Self::V1_7 => "containerd-1.7",
            Self::V2 => "containerd-2",
        };
        part(&format!("{folder}/usr/bin"))
    }
}

/// The directory of the reference CNI plugins.
pub fn cni() -> Result<PathBuf> {
    part("cni/usr/lib/cni")
}

/// The `ip` of iproute2 6.15.
pub fn judge_ip() -> Result<PathBuf> {
    part("judge/bin/ip")
}

/// The name tables (`rt_tables`, `rt_protos`, ...) of the judge's own package.
pub fn judge_share() -> Result<PathBuf> {
    part("judge/usr/share")
}

/// A kernel, and its modules: the folder `name`.
pub(crate) fn kernel(name: &str) -> Result<PathBuf> {
    part(name)
}

/// The library that makes of the judge a server of its commands.
pub(crate) fn judge_server() -> Result<PathBuf> {
    let path = workspace().join("target/judge-server.so");
    ensure!(
        path.is_file(),
        "{} is missing: run `make guest`",
        path.display()
    );
    Ok(path)
}

/// The program that runs a test's commands, here or on another kernel.
pub(crate) fn guest() -> Result<PathBuf> {
    built("CHAINSAW_GUEST", "chainsaw-guest")
}

/// The `kustomize` that builds the manifests.
pub fn kustomize() -> Result<PathBuf> {
    part("kustomize/usr/bin/kustomize")
}

/// The `kubectl` that runs what README tells people to run.
pub fn kubectl() -> Result<PathBuf> {
    part("kubectl/usr/bin/kubectl")
}

/// The image that `make image` built.
pub fn product_image() -> Result<PathBuf> {
    let path = workspace().join("target/chainsaw-image.tar");
    ensure!(
        path.is_file(),
        "{} is missing: run `make image`",
        path.display()
    );
    Ok(path)
}

/// The folder of what is deployed.
pub fn deployments() -> PathBuf {
    workspace().join("deployments")
}

/// The built `chainsaw`: `CHAINSAW_BIN` if set, else the release build for this machine.
pub fn chainsaw() -> Result<PathBuf> {
    built("CHAINSAW_BIN", "chainsaw")
}

/// The built `chainsaw-lookup`: `CHAINSAW_LOOKUP` if set, else the release build for this machine.
pub fn lookup() -> Result<PathBuf> {
    built("CHAINSAW_LOOKUP", "chainsaw-lookup")
}

/// The built `chainsawd`: `CHAINSAWD_BIN` if set, else the release build for this machine.
pub fn chainsawd() -> Result<PathBuf> {
    built("CHAINSAWD_BIN", "chainsawd")
}

/// Fails if a program is older than what it is built of, so that no test builds it: that takes minutes, and changes the
/// programs that other tests run. Cargo writes beside each what it was built of.
pub fn are_fresh() -> Result<()> {
    for program in [chainsaw()?, lookup()?, chainsawd()?, guest()?] {
        let built = fs::metadata(&program)?.modified()?;
        let list = fs::read_to_string(program.with_extension("d"))?;
        let sources = list.split_whitespace().skip(1).map(Path::new);
        for source in sources {
            // One that has been taken away is a change as well.
            let changed = fs::metadata(source).and_then(|source| source.modified());
            ensure!(
                changed.is_ok_and(|changed| changed <= built),
                "{} is older than {}: run `make image`",
                program.display(),
                source.display()
            );
        }
    }
    Ok(())
}

fn built(variable: &str, name: &str) -> Result<PathBuf> {
    let folder = concat!("target/", env!("CHAINSAW_TARGET"), "/release");
    let path = match env::var_os(variable) {
        Some(path) => PathBuf::from(path),
        None => workspace().join(folder).join(name),
    };
    ensure!(
        path.is_file(),
        "{} is missing: run `make build`",
        path.display()
    );
    Ok(path)
}

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

fn part(relative: &str) -> Result<PathBuf> {
    let root = match env::var_os("CHAINSAW_PARTS") {
        Some(path) => PathBuf::from(path),
        None => workspace().join("target/parts"),
    };
    let path = root.join(relative);
    ensure!(
        path.exists(),
        "{} is missing: run `make parts`",
        path.display()
    );
    Ok(path)
}
