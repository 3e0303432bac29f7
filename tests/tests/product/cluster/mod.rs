//! The daemon in a cluster: it tells the plugin what pods ask for, out of its watch of the node's pods.

mod bed;
mod found;
mod multus;
mod unknown;
