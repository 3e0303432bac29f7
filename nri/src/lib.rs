//! NRI, the Node Resource Interface, from a plugin's side.
//!
//! So far it knows how bytes lie on the trunk: [`trunk`]. The session, the typed plugin and `chainsawd` build on it.

pub mod trunk;
