//! What a request asks an API server for.

use std::time::Duration;

use http::Request;

/// What kind of request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// For one pod.
    Get,
    /// For a node's pods, as they are.
    List,
    /// For a node's pods, as they change.
    Watch,
    /// For what only a wrong client asks for.
    Else,
}

/// A request, taken apart.
pub(super) struct Question {
    pub(super) asks: Asks,
    /// The pod's name, where one is asked for.
    pub(super) name: String,
    pub(super) token: String,
    /// Since when a watch is to tell.
    pub(super) version: u64,
    /// Whether a watch is to tell of what there is.
    pub(super) initial: bool,
    /// How long a watch is to tell.
    pub(super) limit: Duration,
}

/// The node whose pods are asked for.
pub const NODE: &str = "node-1";

impl Question {
    pub(super) fn of(request: &Request<()>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let parameter = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let number = |name| parameter(name).and_then(|value| value.parse().ok());
        let selector = format!("spec.nodeName%3D{NODE}");
        let of_the_node = parameter("fieldSelector") == Some(&selector);
        let path = request.uri().path();
        let name = path.strip_prefix("/api/v1/namespaces/default/pods/");
        let asks = match (request.method().as_str(), path, name) {
            ("GET", _, Some(_)) => Asks::Get,
            ("GET", "/api/v1/pods", _) if of_the_node && parameter("watch") == Some("true") => {
                Asks::Watch
            }
            ("GET", "/api/v1/pods", _) if of_the_node => Asks::List,
            _ => Asks::Else,
        };
        let token = request.headers().get("authorization");
        let token = token.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        Self {
            asks,
            name: name.unwrap_or_default().to_owned(),
            token: token.unwrap_or_default().to_owned(),
            version: number("resourceVersion").unwrap_or_default(),
            initial: parameter("sendInitialEvents") == Some("true"),
            limit: Duration::from_secs(number("timeoutSeconds").unwrap_or(3600)),
        }
    }
}
