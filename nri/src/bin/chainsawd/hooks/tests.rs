//! The hooks with a runtime in memory and real network namespaces. The protocol's own traps are held by the library's
//! tests.

mod bed;
mod late;
mod refusals;
mod traps;
mod unused_keys;
