//! What a request asks of a server of objects.

use std::time::Duration;

use http::Request;

use super::kind::{KINDS, Kind};

/// A request, taken apart.
pub(super) struct Asked {
    pub(super) verb: &'static str,
    pub(super) kind: &'static Kind,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) subresource: Option<String>,
    pub(super) select: Select,
    /// Only the metadata of objects is wanted.
    pub(super) metadata_only: bool,
    /// Since when a watch is to tell; nothing is from the present on.
    pub(super) version: Option<u64>,
    /// Whether a watch is to tell of what there is.
    pub(super) initial: bool,
    /// How long a watch is to tell.
    pub(super) limit: Duration,
    /// The container whose log is wanted.
    pub(super) container: Option<String>,
}

/// Which objects are meant: fields and labels with their values.
#[derive(Clone, Default)]
pub(super) struct Select {
    pub(super) fields: Vec<(String, String)>,
    pub(super) labels: Vec<(String, String)>,
}

impl Asked {
    /// Takes a request apart: `Err` is a path that names no resource.
    pub(super) fn of(request: &Request<()>) -> Result<Self, String> {
        let path = request.uri().path();
        let nothing = || format!("there is nothing at {path}");
        let kind_at = |kind: &&Kind| {
            let rest = path
                .strip_prefix(&kind.root())
                .and_then(|rest| rest.strip_prefix('/'));
            rest.is_some_and(|rest| place(rest).0 == kind.resource)
        };
        let kind = KINDS.iter().find(kind_at).ok_or_else(nothing)?;
        let rest = path.get(kind.root().len() + 1..).unwrap_or_default();
        let (_, namespace, name, subresource) = place(rest);
        let query = request.uri().query().unwrap_or_default();
        let parameter = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let pairs = |name| selector(&parameter(name).unwrap_or_default());
        let select = Select {
            fields: pairs("fieldSelector")?,
            labels: pairs("labelSelector")?,
        };
        let watches = matches!(parameter("watch").as_deref(), Some("true" | "1"));
        let accept = request
            .headers()
            .get("accept")
            .and_then(|value| value.to_str().ok());
        Ok(Self {
            verb: match (request.method().as_str(), &name) {
                ("GET", _) if watches => "watch",
                ("GET", Some(_)) => "get",
                ("GET", None) => "list",
                ("POST", None) => "create",
                ("PATCH", Some(_)) => "patch",
                ("DELETE", Some(_)) => "delete",
                (method, _) => return Err(format!("{method} of {path} is not known here")),
            },
            kind,
            namespace,
            name,
            subresource,
            select,
            metadata_only: accept.is_some_and(|accept| accept.contains("as=PartialObjectMetadata")),
            version: parameter("resourceVersion").and_then(|value| value.parse().ok()),
            initial: parameter("sendInitialEvents").as_deref() == Some("true"),
            limit: Duration::from_secs(
                parameter("timeoutSeconds")
                    .and_then(|value| value.parse().ok())
                    .unwrap_or(3600),
            ),
            container: parameter("container"),
        })
    }
}

/// A path behind its group's root: resource, namespace, name, subresource.
fn place(rest: &str) -> (&str, Option<String>, Option<String>, Option<String>) {
    let words: Vec<&str> = rest.split('/').collect();
    let (namespace, words) = match words.as_slice() {
        // `namespaces/NAME` is an object, what follows is in it.
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
        words => (None, words),
    };
    let word = |at: usize| words.get(at).map(|&word| word.to_owned());
    let resource = words.first().copied().unwrap_or_default();
    (resource, namespace.map(str::to_owned), word(1), word(2))
}

/// A selector's pairs. Only equality is known here: `KEY=VALUE`, `KEY==VALUE`.
fn selector(text: &str) -> Result<Vec<(String, String)>, String> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let pair = part.split_once("==").or_else(|| part.split_once('='));
            let is_plain = |key: &str| !key.contains(['!', '(', ')', ' ']);
            let pair = pair.filter(|(key, _)| is_plain(key));
            let (key, value) =
                pair.ok_or_else(|| format!("selector {part:?} is not known here"))?;
            Ok((key.to_owned(), value.to_owned()))
        })
        .collect()
}
