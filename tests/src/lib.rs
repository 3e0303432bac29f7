//! What the tests stand on: real containerds on machines made of namespaces, pods, and twin network namespaces in which
//! iproute2 judges us. `tests/README.md` shows how to write a test.

pub mod api;
pub mod bed;
pub mod builder;
pub mod call;
mod certificate;
mod cgroup;
pub mod child;
pub mod container;
pub mod control;
pub mod corpus;
pub mod cri;
pub mod daemon;
pub mod documents;
pub mod guest;
pub mod image;
pub mod judge;
pub mod kernel;
pub mod kubelet;
pub mod loopback;
pub mod machine;
pub mod manifest;
pub mod network;
pub mod node;
pub mod parts;
pub mod pod;
pub mod process;
pub mod reader;
pub mod scratch;
pub mod times;
pub mod twins;
mod volume;

pub use guest::Guest;
pub use kernel::Kernel;
pub use network::{bridge, chainsaw, dual_stack_bridge};
pub use node::Node;
pub use parts::Containerd;
pub use twins::Twins;
