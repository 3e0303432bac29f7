//! The watch of a node's pods against an API server over real HTTPS, by the scenarios that a cluster's life has.

mod watch {
    mod bed;
    mod begins;
    mod breaks;
    mod rotates;
}
