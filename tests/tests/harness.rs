//! The harness is true to what it stands for.

mod harness {
    mod killed;
    mod pods;
    mod twins;
}
