//! The messages in the source are those of the `.proto` files.
//!
//! After a change to a file in `proto/`, make them again:
//! `CHAINSAW_GENERATE=1 cargo test -p chainsaw-nri --test generated`. It needs no protoc.

use std::path::Path;

/// Each file, what is made of it, and where that is kept.
const MADE: [(&str, &str, &str); 2] = [
    (
        "nri.proto",
        "nri.pkg.api.v1alpha1.rs",
        "src/api/generated.rs",
    ),
    (
        "agent.proto",
        "chainsaw.agent.v1.rs",
        "src/agent/generated.rs",
    ),
];

#[test]
fn the_messages_in_the_source_are_made_of_the_proto_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (proto, output, kept) in MADE {
        let files = protox::compile([proto], [root.join("../proto")]).unwrap();
        let out = tempfile::tempdir().unwrap();
        prost_build::Config::new()
            .btree_map(["."])
            .out_dir(out.path())
            .compile_fds(files)
            .unwrap();
        let made = std::fs::read_to_string(out.path().join(output)).unwrap();
        let source = root.join(kept);
        if std::env::var_os("CHAINSAW_GENERATE").is_some() {
            std::fs::write(&source, &made).unwrap();
        }
        let kept = std::fs::read_to_string(&source).unwrap();
        assert!(
            kept == made,
            "{} is not what proto/{proto} makes; this test's head says how to make it again",
            source.display()
        );
    }
}
