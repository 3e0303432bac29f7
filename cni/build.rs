//! Where the functions lie that an ADD runs: next to each other, in the order of `order.txt` (docs/costs.md, "Why it is
//! built so").

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=order.txt");
    let variable = |name| env::var(name).unwrap_or_default();
    // rustc links this target with lld, which knows the option; names that are not there are passed over.
    if variable("PROFILE") == "release" && variable("TARGET") == "x86_64-unknown-linux-gnu" {
        let order = format!("{}/order.txt", variable("CARGO_MANIFEST_DIR"));
        for option in [
            format!("--symbol-ordering-file={order}"),
            "--no-warn-symbol-ordering".to_owned(),
        ] {
            println!("cargo::rustc-link-arg-bin=chainsaw=-Wl,{option}");
        }
    }
}
