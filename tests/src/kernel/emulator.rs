//! QEMU: a kernel and its initramfs, a console that is kept in a file, and the serial line of the guest.

use std::path::Path;

use crate::guest::line::CONSOLE;
use crate::process::Program;

/// No more than a console; a kernel that panics ends the emulator; what a processor's faults cost is not tested here.
const KERNEL_LINE: &str = "console=ttyS0 quiet panic=-1 oops=panic mitigations=off";

/// A kernel with one processor, so many MiB of memory, no network and no disk. It comes to `socket`, beside which it writes
/// its console.
pub fn program(kernel: &Path, initramfs: &Path, megabytes: u32, socket: &Path) -> Program {
    let console = socket.with_file_name(CONSOLE);
    Program::new("qemu-system-x86_64")
        .args(["-accel", "tcg", "-nodefaults", "-display", "none"])
        .args(["-no-reboot", "-smp", "1", "-m", &megabytes.to_string()])
        .args(["-serial", &format!("file:{}", console.display())])
        .arg("-chardev")
        .arg(format!("socket,id=line,path={}", socket.display()))
        .args(["-serial", "chardev:line", "-append", KERNEL_LINE])
        .args([
            Path::new("-kernel"),
            kernel,
            Path::new("-initrd"),
            initramfs,
        ])
}
