//! Chainsaw's command engine: what a pod asks for becomes commands, a policy approves them, they run in the pod's own
//! network namespace over rtnetlink, and a report says what happened. It knows neither CNI nor NRI.
//!
//! The way of the data is [`engine`]. The layers, each using only what stands below it:
//!
//! | layer | modules |
//! |---|---|
//! | the order of work | [`engine`] |
//! | judging, telling, acting | [`policy`], [`report`], [`surroundings`], [`interface`], [`netns`], [`netlink`], [`own`], [`record`], [`in_force`] |
//! | what will run, once or again, and how much of it | [`plan`], [`again`], [`limits`], [`modules`], [`shared`], [`recall`] |
//! | what people write instead | [`hints`] |
//! | the `ip` dialect | [`ip`] |
//! | a value, its words and tokens | [`value`], [`words`], [`tokens`] |
//! | who and where; what everything speaks | [`pod`], [`annotations`], [`entry`], [`meeting`], [`config`], [`lookalike`], [`family`], [`kernel`], [`wire`], [`uapi`] |

pub mod again;
pub mod annotations;
pub mod config;
pub mod engine;
pub mod entry;
pub mod family;
pub mod glob;
mod hash;
pub mod hints;
pub mod in_force;
pub mod interface;
pub mod ip;
pub mod kernel;
pub mod limits;
pub mod lookalike;
pub mod meeting;
pub mod modules;
pub mod nearest;
pub mod netlink;
pub mod netns;
pub mod own;
pub mod plan;
pub mod pod;
pub mod policy;
pub mod recall;
pub mod record;
pub mod report;
pub mod shared;
pub mod surroundings;
pub mod tokens;
pub mod uapi;
pub mod value;
pub mod wire;
pub mod words;
