//! Which modules commands may have loaded: what the kernel is asked, what is refused, and what to write then.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails is a test that failed"
)]

mod modules {
    mod bed;
    mod corpus;
    mod judged;
}
