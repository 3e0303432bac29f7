//! A pod's annotations: the runtime sent them, or the daemon or the API is asked for them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Bound;

use chainsaw_common::annotations::{CAPABILITY, NRI_PREFIX};
use chainsaw_common::meeting::SOCKET;
use chainsaw_common::pod::Pod;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::string;
use crate::agent;
use crate::api::{self, ApiError, Found};
use crate::environment::Environment;
use crate::error::Error;
use crate::netconf::{NetConf, present};
use crate::networks::{ARGUMENT, NETWORKS, unreached};

/// A pod's annotations, by who told them.
pub enum Annotations<'a> {
    /// The runtime: taken apart no further than needed.
    Sent(BTreeMap<Cow<'a, str>, &'a RawValue>),
    /// The API, by the daemon or asked for this pod alone.
    Asked(BTreeMap<String, String>),
}

impl Annotations<'_> {
    /// Whether there is a key of the NRI entrance: one look into the map.
    pub fn ask_nri(&self) -> bool {
        let from = (Bound::Included(NRI_PREFIX), Bound::Unbounded);
        let first = match self {
            Self::Sent(annotations) => annotations
                .range::<str, _>(from)
                .next()
                .map(|(key, _)| &**key),
            Self::Asked(annotations) => annotations
                .range::<str, _>(from)
                .next()
                .map(|(key, _)| &**key),
        };
        first.is_some_and(|key| key.starts_with(NRI_PREFIX))
    }

    /// What was meant for us in the pod's network selections, and reaches nobody. Where we are not named, nothing is parsed.
    pub fn unreached(&self) -> Vec<String> {
        let written = match self {
            Self::Sent(annotations) => annotations.get(NETWORKS).map(|raw| raw.get()),
            Self::Asked(annotations) => annotations.get(NETWORKS).map(String::as_str),
        };
        match written {
            Some(written) if written.contains(ARGUMENT) => {
                let text = self.text(NETWORKS).ok().flatten();
                text.map_or_else(Vec::new, |text| unreached(&text))
            }
            _ => Vec::new(),
        }
    }

    pub fn text(&self, key: &str) -> Result<Option<String>, Error> {
        let sent = match self {
            Self::Sent(annotations) => annotations.get(key),
            Self::Asked(annotations) => return Ok(annotations.get(key).cloned()),
        };
        let wrong = || Error::Annotations {
            place: CAPABILITY,
            why: format!("{key} is no string"),
        };
        sent.map(|raw| string(raw).ok_or_else(wrong)).transpose()
    }
}

/// The pod's annotations, if the runtime sent them. Present means known: `null` is what containerd sends for none.
pub fn sent<'a>(conf: &NetConf<'a>) -> Result<Option<Annotations<'a>>, Error> {
    #[derive(Deserialize)]
    struct RuntimeConfig<'a> {
        #[serde(
            borrow,
            rename = "io.kubernetes.cri.pod-annotations",
            default,
            deserialize_with = "present"
        )]
        annotations: Option<&'a RawValue>,
    }
    let wrong = |place| {
        move |error: serde_json::Error| Error::Annotations {
            place,
            why: error.to_string(),
        }
    };
    let Some(raw) = conf.runtime_config.filter(|raw| raw.get() != "null") else {
        return Ok(None);
    };
    let config: RuntimeConfig<'a> =
        serde_json::from_str(raw.get()).map_err(wrong("runtimeConfig"))?;
    config
        .annotations
        .map(|raw| {
            serde_json::from_str::<Option<_>>(raw.get())
                .map(|sent| Annotations::Sent(sent.unwrap_or_default()))
        })
        .transpose()
        .map_err(wrong(CAPABILITY))
}

/// The pod, by the daemon, which mostly knows it; else by the API, if there is a kubeconfig to ask it with. Whoever comes
/// here had no other source.
pub fn looked_up(conf: &NetConf<'_>, environment: &Environment, pod: &Pod) -> Result<Found, Error> {
    let by_the_daemon = match agent::lookup(pod) {
        Ok(answer) => match api::read("chainsawd", &answer) {
            Ok(found) => return Ok(found),
            Err(wrong) => Some(wrong),
        },
        Err(source) if matches!(source.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            Some(ApiError::Silent {
                socket: SOCKET,
                source,
            })
        }
        // None is there, or it knows of no cluster.
        Err(_) => None,
    };
    match (
        api::kubeconfig(conf.kubeconfig.map(RawValue::get))?,
        by_the_daemon,
    ) {
        (Some(kubeconfig), _) => Ok(api::pod(environment, &kubeconfig, pod)?),
        (None, Some(wrong)) => Err(wrong.into()),
        (None, None) => Err(Error::Unknown {
            pod: format!("{}/{}", pod.namespace, pod.name),
        }),
    }
}
