//! Generates the CRI client from `proto/cri.proto`, without a `protoc` on the machine, and passes on the triple under
//! which the product is built.

use std::env;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let (file, include) = ("../proto/cri.proto", "../proto");
    let descriptors = protox::compile([file], [include])?;
    tonic_prost_build::configure()
        .build_server(false)
        .compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed={file}");
    println!("cargo::rustc-env=CHAINSAW_TARGET={}", env::var("TARGET")?);
    Ok(())
}
