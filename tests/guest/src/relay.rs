//! A socket of the guest's that leads out of it: who connects speaks with the test.

use std::fs;
use std::io::{Read, Write, copy};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result};
use chainsaw_guest::place;

use crate::init;

/// Takes one connection at this socket, and hands bytes on between it and the second serial line.
pub fn start(socket: &Path) -> Result<()> {
    if let Some(folder) = socket.parent() {
        fs::create_dir_all(folder)?;
    }
    let listener =
        UnixListener::bind(socket).with_context(|| format!("bind {}", socket.display()))?;
    let line = init::line(place::RELAY)?;
    thread::spawn(move || -> Result<()> {
        let (stream, _) = listener.accept()?;
        let (outwards, from) = (line.try_clone()?, stream.try_clone()?);
        thread::spawn(move || hand_on(from, outwards));
        Ok(hand_on(line, stream)?)
    });
    Ok(())
}

fn hand_on(mut from: impl Read, mut to: impl Write) -> std::io::Result<()> {
    copy(&mut from, &mut to).map(drop)
}
