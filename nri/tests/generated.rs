//! The messages in the source are those of the `.proto` file.
//!
//! After a change to `proto/nri.proto`, make them again:
//! `CHAINSAW_GENERATE=1 cargo test -p chainsaw-nri --test generated`. It needs no protoc.

use std::path::Path;

#[test]
fn the_messages_in_the_source_are_made_of_the_proto_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = protox::compile(["nri.proto"], [root.join("../proto")]).unwrap();
    let out = tempfile::tempdir().unwrap();
    prost_build::Config::new()
        .btree_map(["."])
        .out_dir(out.path())
        .compile_fds(files)
        .unwrap();
    let made = std::fs::read_to_string(out.path().join("nri.pkg.api.v1alpha1.rs")).unwrap();
    let source = root.join("src/api/generated.rs");
    if std::env::var_os("CHAINSAW_GENERATE").is_some() {
        std::fs::write(&source, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&source).unwrap();
    assert!(
        kept == made,
        "{} is not what proto/nri.proto makes; this test's head says how to make it again",
        source.display()
    );
}
