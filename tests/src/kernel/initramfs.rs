//! What a kernel under emulation finds in its memory: the guest as process 1, our programs, the judge with its own tables,
//! busybox, and modules.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chainsaw_guest::place;

use crate::parts;
use crate::process::Program;
use crate::scratch::Scratch;

/// A tree that becomes an initramfs.
pub struct Initramfs {
    scratch: Scratch,
    root: PathBuf,
}

impl Initramfs {
    /// An empty one.
    pub fn new() -> Result<Self> {
        let scratch = Scratch::new()?;
        let root = scratch.path().join("root");
        fs::create_dir(&root)?;
        Ok(Self { scratch, root })
    }

    /// The programs: ours, the judge's, and busybox' applets by their names. The judge is not one of them by its name.
    pub fn tools(&self) -> Result<()> {
        self.copy(&parts::guest()?, "init")?;
        self.copy(&parts::chainsaw()?, place::CHAINSAW)?;
        self.copy(&parts::judge_server()?, place::SERVER)?;
        self.copy(
            &parts::judge_share()?.join("iproute2"),
            "usr/share/iproute2",
        )?;
        // The C library's names of protocols, which the judge asks for.
        self.copy(Path::new("/etc/protocols"), "etc/protocols")?;
        self.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")?;
        self.write("etc/group", "root:x:0:\n")?;
        let judge = parts::judge_ip()?;
        self.copy(&judge, place::JUDGE)?;
        for library in libraries(&judge)? {
            self.copy(&library, &library.to_string_lossy())?;
        }
        let busybox = Path::new("/bin/busybox");
        self.copy(busybox, "bin/busybox")?;
        for applet in Program::new(busybox).arg("--list").stdout()?.lines() {
            symlink("/bin/busybox", self.root.join("bin").join(applet)).ok();
        }
        fs::create_dir_all(self.root.join("sbin"))?;
        Ok(symlink("/bin/busybox", self.root.join("sbin/modprobe"))?)
    }

    /// Puts these modules, and what they depend on, where a kernel looks for them. Gives the files to be loaded at boot, a
    /// path a line, in order.
    pub fn modules(&self, part: &Path, loaded: &[String]) -> Result<String> {
        let releases = fs::read_dir(part.join("lib/modules"))?;
        let release = releases.flatten().next().context("no modules")?.file_name();
        let mut inside = Vec::new();
        for name in loaded {
            let text = Program::new("modprobe")
                .arg("-d")
                .arg(part)
                .arg("-S")
                .arg(&release)
                .args(["--show-depends", name])
                .stdout()?;
            for insmod in text.lines().filter_map(|line| line.strip_prefix("insmod ")) {
                // A module's parameters come after its file.
                let file = Path::new(insmod.split(' ').next().unwrap_or_default());
                let place = format!("/{}", file.strip_prefix(part)?.display());
                if !inside.contains(&place) {
                    self.copy(file, &place)?;
                    inside.push(place);
                }
            }
        }
        let folder = Path::new("lib/modules").join(&release);
        for list in ["modules.builtin", "modules.order"] {
            self.copy(
                &part.join(&folder).join(list),
                &folder.join(list).to_string_lossy(),
            )?;
        }
        Program::new("depmod")
            .arg("-b")
            .arg(&self.root)
            .arg(&release)
            .stdout()?;
        Ok(inside.join("\n"))
    }

    /// A file with this content.
    pub fn write(&self, inside: &str, content: impl AsRef<[u8]>) -> Result<()> {
        Ok(fs::write(self.place(inside)?, content)?)
    }

    /// A file or a folder of this machine, links followed.
    pub fn copy(&self, outside: &Path, inside: &str) -> Result<()> {
        let place = self.place(inside)?;
        Program::new("cp")
            .args(["-rL", "--preserve=mode"])
            .arg(outside)
            .arg(&place)
            .stdout()?;
        Ok(())
    }

    /// The archive, and the folder that it is in.
    pub fn pack(self) -> Result<(Scratch, PathBuf)> {
        let archive = self.scratch.path().join("initramfs");
        Program::new("sh")
            .args([
                "-c",
                r#"cd "$1" && find . | cpio --quiet -o -H newc >"$2""#,
                "pack",
            ])
            .arg(&self.root)
            .arg(&archive)
            .stdout()?;
        fs::remove_dir_all(&self.root)?;
        Ok((self.scratch, archive))
    }

    fn place(&self, inside: &str) -> Result<PathBuf> {
        let place = self.root.join(inside.trim_start_matches('/'));
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(place)
    }
}

/// The libraries of a program, its loader too, as `ldd` lists them.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let listed = Program::new("ldd").arg(program).stdout()?;
    let words = listed
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    Ok(words.map(PathBuf::from).collect())
}
