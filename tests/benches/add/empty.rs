//! The least a static binary can cost: what the benchmark of ADD is measured against.
fn main() {}
