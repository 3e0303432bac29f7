//! What the daemon tells of what happened: metrics and health, Events on the pods, and their status annotation.

mod admission;
mod bed;
mod events;
mod metrics;
mod trouble;
