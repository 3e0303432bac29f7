//! One GET of the pod's metadata, and what its answer means.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::path::Path;

use http::{StatusCode, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::Client;
use kube::client::Body;
use kube::config::Config;
use kube::core::params::GetParams;
use kube::core::{DynamicObject, PartialObjectMeta, Request};

use crate::arguments::Question;
use crate::error::LookupError;
use crate::kubeconfig;

/// A pod's annotations.
pub type Annotations = BTreeMap<String, String>;

/// The longest answer that is read: annotations may have 256 KiB, and managed fields repeat their keys.
const ANSWER_BYTES: usize = 4 << 20;

/// What a static pod's UID is called at the API: the kubelet makes its own of the pod's file, and the API server gives
/// the mirror pod another.
const CONFIG_HASH: &str = "kubernetes.io/config.hash";

/// Asks for the pod. The metadata alone is asked for, so `get` on `pods` is all that is to be granted.
pub async fn annotations(question: &Question, config: Config) -> Result<Annotations, LookupError> {
    let exchange = Exchange {
        question,
        server: server(&config.cluster_url),
    };
    let unfit = |error| kubeconfig::unfit(&question.kubeconfig, &error);
    let client = Client::try_from(config).map_err(unfit)?;
    let path = format!("/api/v1/namespaces/{}/pods", question.namespace);
    let request = Request::new(path)
        .get_metadata(&question.name, &GetParams::default())
        .map_err(|_| LookupError::Name {
            what: "pod",
            given: question.name.clone(),
        })?;
    let response = client.send(request.map(Body::from)).await;
    let response = response.map_err(|error| exchange.broken(&error))?;
    exchange.status(response.status())?;
    let body = Limited::new(response.into_body(), ANSWER_BYTES)
        .collect()
        .await
        .map_err(|error| exchange.broken(error.as_ref()))?;
    exchange.read(&body.to_bytes())
}

/// Where an API is, without what else an URL may hold.
pub fn server(url: &Uri) -> String {
    let (scheme, host) = (
        url.scheme_str().unwrap_or("http"),
        url.host().unwrap_or_default(),
    );
    match url.port_u16() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

/// An error and what caused it, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// Whom we ask for what.
struct Exchange<'a> {
    question: &'a Question,
    server: String,
}

impl Exchange<'_> {
    fn status(&self, status: StatusCode) -> Result<(), LookupError> {
        let (pod, server) = (self.question.pod(), self.server.clone());
        Err(match status {
            StatusCode::OK => return Ok(()),
            StatusCode::NOT_FOUND => LookupError::PodGone { pod, server },
            StatusCode::FORBIDDEN => LookupError::Forbidden { pod, server },
            StatusCode::UNAUTHORIZED => LookupError::Unauthorized {
                server,
                path: shown(&self.question.kubeconfig),
            },
            other => LookupError::Status {
                pod,
                server,
                status: other.as_u16(),
            },
        })
    }

    fn read(&self, body: &[u8]) -> Result<Annotations, LookupError> {
        let object: PartialObjectMeta<DynamicObject> = serde_json::from_slice(body)
            // The parser's own words would quote the body.
            .map_err(|error| {
                self.no_pod(format!(
                    "stopped at line {} column {}",
                    error.line(),
                    error.column()
                ))
            })?;
        let metadata = object.metadata;
        if metadata.name.as_deref() != Some(&self.question.name)
            || metadata.namespace.as_deref() != Some(&self.question.namespace)
        {
            return Err(self.no_pod("it bears another name".to_owned()));
        }
        let annotations = metadata.annotations.unwrap_or_default();
        let found = metadata.uid.unwrap_or_default();
        match &self.question.uid {
            Some(given) if *given != found && annotations.get(CONFIG_HASH) != Some(given) => {
                Err(LookupError::UidDiffers {
                    pod: self.question.pod(),
                    server: self.server.clone(),
                    given: given.clone(),
                    found,
                })
            }
            _ => Ok(annotations),
        }
    }

    fn no_pod(&self, why: String) -> LookupError {
        LookupError::Answer {
            pod: self.question.pod(),
            server: self.server.clone(),
            why,
        }
    }

    /// There was no answer, or not all of one.
    fn broken(&self, error: &(dyn Error + 'static)) -> LookupError {
        if causes(error).any(|cause| cause.is::<LengthLimitError>()) {
            return self.no_pod(format!("it is longer than {ANSWER_BYTES} bytes"));
        }
        let server = self.server.clone();
        if let Some(tls) = causes(error).find_map(tls) {
            let why = tls.to_string();
            return LookupError::Tls { server, why };
        }
        let why = causes(error).last().map(ToString::to_string);
        LookupError::Unreachable {
            server,
            why: why.unwrap_or_default(),
        }
    }
}

/// The error of TLS in an error: I/O errors carry it where `source` does not lead.
fn tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = |error: &'a io::Error| error.get_ref().and_then(|inner| tls(inner));
    error
        .downcast_ref()
        .or_else(|| error.downcast_ref().and_then(inner))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;

    fn read(uid: Option<&str>, body: &Value) -> Result<Annotations, &'static str> {
        let question = Question {
            kubeconfig: "/k".into(),
            namespace: "default".to_owned(),
            name: "web".to_owned(),
            uid: uid.map(str::to_owned),
            timeout: Duration::from_secs(1),
        };
        let exchange = Exchange {
            question: &question,
            server: "https://192.0.2.1".to_owned(),
        };
        let read = exchange.read(body.to_string().as_bytes());
        read.map_err(|error| error.reason())
    }

    fn pod(uid: &str, annotations: &Value) -> Value {
        json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata":
            {"name": "web", "namespace": "default", "uid": uid, "annotations": annotations, "later": [1]}})
    }

    #[test]
    fn a_pods_annotations_are_those_of_its_own_uid() {
        let found = pod("u1", &json!({"a": "b"}));
        let annotations = Annotations::from([("a".to_owned(), "b".to_owned())]);
        assert_eq!(read(Some("u1"), &found), Ok(annotations.clone()));
        assert_eq!(read(None, &found), Ok(annotations));
        assert_eq!(read(Some("u2"), &found), Err("UidDiffers"));
        assert_eq!(
            read(Some("u1"), &pod("u1", &Value::Null)),
            Ok(Annotations::new())
        );
    }

    #[test]
    fn a_static_pod_is_known_by_the_hash_of_its_file() {
        let found = pod("u1", &json!({CONFIG_HASH: "h"}));
        assert!(read(Some("h"), &found).is_ok());
        assert_eq!(read(Some("h2"), &found), Err("UidDiffers"));
        assert_eq!(read(Some(""), &pod("u1", &json!({}))), Err("UidDiffers"));
    }

    #[test]
    fn what_is_no_pod_of_that_name_is_no_answer() {
        for body in [
            json!({}),
            json!([1]),
            json!({"metadata": null}),
            json!({"metadata": {"name": "web"}}),
            json!({"metadata": {"name": "other", "namespace": "default"}}),
            json!({"metadata": {"name": "web", "namespace": "default", "annotations": 7}}),
        ] {
            assert_eq!(read(None, &body), Err("AnswerInvalid"), "{body}");
        }
    }

    #[test]
    fn a_server_is_shown_without_what_may_be_secret() {
        let url = "https://me:secret@192.0.2.1:6443/prefix".parse().unwrap();
        assert_eq!(server(&url), "https://192.0.2.1:6443");
        assert_eq!(
            server(&"https://[2001:db8::1]".parse().unwrap()),
            "https://[2001:db8::1]"
        );
    }
}
