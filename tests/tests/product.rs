//! What the product promises, kept: in real pods, called as a plugin, called as a tool, and word by word as iproute2.

mod product {
    mod admission;
    mod agent;
    mod api;
    mod capabilities;
    mod cluster;
    mod command_line;
    mod commands;
    mod deploy;
    mod dialect;
    mod escapes;
    mod kernels;
    mod last_good;
    mod limits;
    mod links;
    mod nri;
    mod nri_killed;
    mod plugin;
    mod pods;
    mod policy;
    mod readme;
    mod reports;
    mod security;
}
