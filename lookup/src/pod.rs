//! One GET of a pod's metadata, and what its answer means.

use std::fmt;

use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use kube::core::Request;
use kube::core::params::GetParams;

use crate::access::Api;
use crate::error::LookupError;
pub use crate::metadata::{Annotations, Metadata};

/// The longest answer that is read: annotations may have 256 KiB, and managed fields repeat their keys.
const ANSWER_BYTES: usize = 4 << 20;

/// The pod that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID as the runtime has it.
    pub uid: Option<String>,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Wanted {
    /// RFC 1123, as Kubernetes has it. So nothing that is asked for can be another path than a pod's.
    ///
    /// # Errors
    /// The namespace or the name is none.
    pub fn check(&self) -> Result<(), LookupError> {
        let (what, given) = match self {
            Self { namespace, .. } if !(namespace.len() <= 63 && is_label(namespace)) => {
                ("namespace", namespace)
            }
            Self { name, .. } if !(name.len() <= 253 && name.split('.').all(is_label)) => {
                ("pod", name)
            }
            _ => return Ok(()),
        };
        let given = given.clone();
        Err(LookupError::Name { what, given })
    }

    /// Whether it is a pod that the API has, of that name.
    #[must_use]
    pub fn is(&self, found: &Metadata) -> bool {
        self.uid.as_deref().is_none_or(|uid| found.is_of(uid))
    }
}

fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    label.bytes().all(inner)
        && !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Asks for the pod, whose name was checked. The metadata alone is asked for, and `get` on `pods` is all that is to be
/// granted for it.
///
/// # Errors
/// There is no such pod, or nobody can say.
pub async fn metadata(wanted: &Wanted, api: &Api) -> Result<Metadata, LookupError> {
    let exchange = Exchange { wanted, api };
    let path = format!("/api/v1/namespaces/{}/pods", wanted.namespace);
    let request = Request::new(path)
        .get_metadata(&wanted.name, &GetParams::default())
        .map_err(|_| LookupError::Name {
            what: "pod",
            given: wanted.name.clone(),
        })?;
    let response = api.client.send(request.map(Body::from)).await;
    let response = response.map_err(|error| exchange.broken(&error))?;
    exchange.status(response.status())?;
    let body = Limited::new(response.into_body(), ANSWER_BYTES)
        .collect()
        .await
        .map_err(|error| exchange.broken(error.as_ref()))?;
    exchange.read(&body.to_bytes())
}

/// Whom we ask for what.
struct Exchange<'a> {
    wanted: &'a Wanted,
    api: &'a Api,
}

impl Exchange<'_> {
    fn status(&self, status: StatusCode) -> Result<(), LookupError> {
        let (pod, server) = (self.wanted.to_string(), self.api.server.clone());
        let credentials = self.api.credentials.clone();
        Err(match status {
            StatusCode::OK => return Ok(()),
            StatusCode::NOT_FOUND => LookupError::PodGone { pod, server },
            StatusCode::FORBIDDEN => LookupError::Forbidden {
                pod,
                server,
                credentials,
            },
            StatusCode::UNAUTHORIZED => LookupError::Unauthorized {
                server,
                credentials,
            },
            other => LookupError::Status {
                pod,
                server,
                status: other.as_u16(),
            },
        })
    }

    fn read(&self, body: &[u8]) -> Result<Metadata, LookupError> {
        read(self.wanted, &self.api.server, body)
    }

    /// There was no answer, or not all of one.
    fn broken(&self, error: &(dyn std::error::Error + 'static)) -> LookupError {
        let answer = |why| no_pod(self.wanted, &self.api.server, why);
        crate::broken::broken(self.api, error, ANSWER_BYTES).unwrap_or_else(answer)
    }
}

/// Takes an answer apart.
fn read(wanted: &Wanted, server: &str, body: &[u8]) -> Result<Metadata, LookupError> {
    let found = Metadata::of_object(body).map_err(|why| no_pod(wanted, server, why))?;
    if found.name != wanted.name || found.namespace != wanted.namespace {
        return Err(no_pod(wanted, server, "it bears another name".to_owned()));
    }
    if wanted.is(&found) {
        return Ok(found);
    }
    Err(LookupError::UidDiffers {
        pod: wanted.to_string(),
        server: server.to_owned(),
        given: wanted.uid.clone().unwrap_or_default(),
        found: found.uid,
    })
}

fn no_pod(wanted: &Wanted, server: &str, why: String) -> LookupError {
    LookupError::Answer {
        pod: wanted.to_string(),
        server: server.to_owned(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use chainsaw_common::annotations::{CONFIG_HASH, KEY};
    use serde_json::{Value, json};

    use super::*;

    fn read(uid: Option<&str>, body: &Value) -> Result<Annotations, &'static str> {
        let wanted = Wanted {
            namespace: "default".to_owned(),
            name: "web".to_owned(),
            uid: uid.map(str::to_owned),
        };
        let read = super::read(&wanted, "https://192.0.2.1", body.to_string().as_bytes());
        read.map(|found| found.annotations)
            .map_err(|error| error.reason())
    }

    fn pod(uid: &str, annotations: &Value) -> Value {
        json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata":
            {"name": "web", "namespace": "default", "uid": uid, "annotations": annotations, "later": [1]}})
    }

    #[test]
    fn a_pods_annotations_are_those_of_its_own_uid() {
        let found = pod("u1", &json!({KEY: "b"}));
        let annotations = Annotations::from([(KEY.to_owned(), "b".to_owned())]);
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
}
