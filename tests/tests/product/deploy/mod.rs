//! What is applied to a cluster: the manifests, the image, the installer, and the samples.

mod article;
mod installed;
mod manifests;
mod running;
mod variants;
