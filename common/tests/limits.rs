//! Limits in namespaces of their own: nothing that runs, in whatever order, however often and however it ends, leaves more
//! in a sandbox than there may be, and what may run is not refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may"
)]

mod limits {
    mod bed;
    mod counted;
    mod deaths;
    mod on_link;
    mod room;
}
