//! `[metrics]`: where the daemon tells how it is.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Deserializer, de::Error};

/// The port, unless an operator says otherwise: none of Kubernetes' own (10248 to 10260), of NodePorts (30000 to 32767), of
/// the kernel's ephemeral ones, or of Prometheus' register (9100 to 9999, which is full).
const PORT: u16 = 10290;

/// Where the daemon tells how it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Metrics {
    /// Where it listens for HTTP; nowhere if the text is empty. Read when the daemon starts.
    #[serde(default = "usual", deserialize_with = "address")]
    pub listen: Option<SocketAddr>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { listen: usual() }
    }
}

/// On loopback alone: what it tells is for the node's own kubelet, and a Prometheus is let in on purpose.
#[expect(
    clippy::unnecessary_wraps,
    reason = "serde wants a default of the field's type"
)]
fn usual() -> Option<SocketAddr> {
    Some((Ipv4Addr::LOCALHOST, PORT).into())
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let wrong = format!(
            "{text:?} is no address and port: write \"127.0.0.1:{PORT}\", \"[::1]:{PORT}\", or \"\" for none"
        );
        D::Error::custom(wrong)
    })
}
