//! Container images without a registry: docker archives of static busybox.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

use crate::process::Program;

/// The image of test containers: busybox, and nothing else.
pub const BUSYBOX: &str = "localhost/busybox:1";

/// The same by the name that the samples know it by.
const SAMPLE: &str = "busybox:stable";

/// The image of the sandbox's own container, which waits for ever.
pub const PAUSE: &str = "localhost/pause:1";

/// The names under which busybox is in the image's `/bin`.
const APPLETS: [&str; 14] = [
    "cat", "echo", "env", "false", "hostname", "ip", "ls", "mkdir", "ping", "sh", "sleep", "test",
    "touch", "true",
];

/// Writes one archive with both images, which share their only layer, to `path`.
pub fn write_archive(path: &Path) -> Result<()> {
    let mut archive = Builder::new(File::create(path)?);
    let images = [
        (json!([BUSYBOX, SAMPLE]), "busybox.json", json!(["sh"])),
        (json!([PAUSE]), "pause.json", json!(["sleep", "2147483647"])),
    ];
    let layer = layer()?;
    let digest = format!("sha256:{}", sha256(&layer)?);
    append(&mut archive, "layer.tar", 0o644, &layer)?;
    let mut manifest = Vec::new();
    for (names, config, command) in images {
        append(
            &mut archive,
            config,
            0o644,
            &serde_json::to_vec(&configuration(&command, &digest))?,
        )?;
        manifest.push(json!({"Config": config, "RepoTags": names, "Layers": ["layer.tar"]}));
    }
    append(
        &mut archive,
        "manifest.json",
        0o644,
        &serde_json::to_vec(&manifest)?,
    )?;
    archive.into_inner()?.flush()?;
    Ok(())
}

fn configuration(command: &Value, digest: &str) -> Value {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    json!({
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": command, "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [digest]},
    })
}

fn layer() -> Result<Vec<u8>> {
    let busybox = fs::read("/bin/busybox")
        .context("read /bin/busybox (package busybox-static): run `make parts`")?;
    let mut layer = Builder::new(Vec::new());
    append(&mut layer, "bin/busybox", 0o755, &busybox)?;
    for applet in APPLETS {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_mode(0o777);
        header.set_size(0);
        layer.append_link(&mut header, format!("bin/{applet}"), "busybox")?;
    }
    Ok(layer.into_inner()?)
}

fn sha256(bytes: &[u8]) -> Result<String> {
    let line = Program::new("sha256sum").stdin(bytes).stdout()?;
    let digest = line.split(' ').next().context("sha256sum gave no digest")?;
    Ok(digest.to_owned())
}

fn append<W: Write>(archive: &mut Builder<W>, path: &str, mode: u32, content: &[u8]) -> Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(mode);
    header.set_size(u64::try_from(content.len())?);
    archive.append_data(&mut header, path, content)?;
    Ok(())
}
