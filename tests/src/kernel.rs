//! Debian's kernels, under emulation: what a machine of a test's own cannot show, for it has this machine's kernel.

use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use anyhow::{Context, Result};
use chainsaw_guest::place;

use crate::guest::{Guest, RELAY};
use crate::parts;

mod emulator;
mod initramfs;

use initramfs::Initramfs;

/// A kernel that the product must work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// bookworm's.
    V6_1,
    /// trixie's: the one on which the whole corpus is judged.
    V6_12,
    /// sid's, the newest at hand.
    Newest,
}

/// What the judge's listings and a pod's usual devices need.
const USUAL: [&str; 2] = ["veth", "bridge"];

impl Kernel {
    /// The folder of its part.
    pub(crate) fn folder(self) -> Result<PathBuf> {
        parts::kernel(match self {
            Self::V6_1 => "kernel-6.1",
            Self::V6_12 => "kernel-6.12",
            Self::Newest => "kernel-newest",
        })
    }

    /// A boot to be prepared: with the modules `veth` and `bridge`.
    pub fn builder(self) -> Builder {
        Builder {
            kernel: self,
            loaded: USUAL.map(str::to_owned).to_vec(),
            offers_all: false,
            files: Vec::new(),
            megabytes: 512,
        }
    }

    /// Boots with these modules loaded, `veth` and `bridge` too.
    pub fn boot<M: Into<String>>(self, modules: impl IntoIterator<Item = M>) -> Result<Guest> {
        self.builder().modules(modules).boot()
    }
}

/// A kernel about to be booted. It has no network and no disk.
pub struct Builder {
    kernel: Kernel,
    loaded: Vec<String>,
    offers_all: bool,
    files: Vec<(String, PathBuf)>,
    megabytes: u32,
}

impl Builder {
    /// Loads no module but those that are named from here on.
    pub fn bare(mut self) -> Self {
        self.loaded.clear();
        self
    }

    /// Modules that are loaded at boot, by their names, with what they depend on.
    pub fn modules<M: Into<String>>(mut self, names: impl IntoIterator<Item = M>) -> Self {
        self.loaded.extend(names.into_iter().map(Into::into));
        self
    }

    /// The kernel finds every module of the part when it asks for one (`/proc/sys/kernel/modprobe`).
    pub fn offering_all(mut self) -> Self {
        self.offers_all = true;
        self
    }

    /// A file of this machine, or a folder with all that is in it, at an absolute path in the guest.
    pub fn file(mut self, inside: impl Into<String>, outside: impl Into<PathBuf>) -> Self {
        self.files.push((inside.into(), outside.into()));
        self
    }

    /// How much memory the guest has, in MiB; 512 unless this says otherwise.
    pub fn memory(mut self, megabytes: u32) -> Self {
        self.megabytes = megabytes;
        self
    }

    /// Boots, and waits until commands can be run.
    ///
    /// # Errors
    /// A part is missing, or the kernel does not come up; the error has the last lines of its console.
    pub fn boot(self) -> Result<Guest> {
        let folder = self.kernel.folder()?;
        let initramfs = Initramfs::new()?;
        initramfs.tools()?;
        if self.offers_all {
            initramfs.copy(&folder.join("lib/modules"), "lib/modules")?;
        }
        let modules = initramfs.modules(&folder, &self.loaded)?;
        initramfs.write("modules", modules)?;
        for (inside, outside) in &self.files {
            initramfs.copy(outside, inside)?;
        }
        let (scratch, archive) = initramfs.pack()?;
        let kernel = folder.join("vmlinuz");
        let relay = UnixListener::bind(scratch.path().join(RELAY))?;
        Guest::start(scratch, place::CHAINSAW.into(), Some(relay), |socket| {
            emulator::program(&kernel, &archive, self.megabytes, socket)
        })
        .with_context(|| format!("boot {:?}", self.kernel))
    }
}
