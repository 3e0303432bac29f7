//! Where the CNI entrance finds a pod's value: the first source that can answer ends the search, also with "none".

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Bound;

use chainsaw_common::annotations::CAPABILITY;
pub use chainsaw_common::annotations::{KEY, NRI_PREFIX};
use chainsaw_common::engine::Value;
use chainsaw_common::plan::Author;
use chainsaw_common::pod::Pod;
use chainsaw_common::value;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::agent;
use crate::api::{self, ApiError, Found};
use crate::error::Error;
use crate::netconf::{NetConf, present};
use crate::plugin::Environment;

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// At this attachment, in order: the operator's, then the pod's.
    pub values: Vec<Value>,
    /// Whether the pod asks for something at the NRI entrance as well.
    pub nri: bool,
    /// The pod's labels, if whoever told its annotations tells them.
    pub labels: Option<BTreeMap<String, String>>,
}

impl Asked {
    /// Whether nothing is asked for, at either entrance.
    pub fn is_nothing(&self) -> bool {
        self.values.is_empty() && !self.nri
    }
}

/// Everything that is asked for at this attachment.
pub fn asked(conf: &NetConf<'_>, environment: &Environment) -> Result<Asked, Error> {
    let operators = conf
        .commands
        .map(|raw| text(raw, "commands", Author::Operator))
        .transpose()?;
    let Pods { value, nri, labels } = of_the_pod(conf, environment)?;
    Ok(Asked {
        values: operators
            .into_iter()
            .chain(value)
            .filter(has_commands)
            .collect(),
        nri,
        labels,
    })
}

/// Whether a value has commands, or mistakes to tell of.
fn has_commands(value: &Value) -> bool {
    value::lines(&value.text).map_or(true, |lines| !lines.is_empty())
}

/// What the pod itself asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pods {
    /// Its value, if there is one: of `args.cni.chainsaw`, else of `KEY.IFNAME`, else of `KEY`.
    value: Option<Value>,
    /// Whether it has keys of the NRI entrance.
    nri: bool,
    labels: Option<BTreeMap<String, String>>,
}

fn of_the_pod(conf: &NetConf<'_>, environment: &Environment) -> Result<Pods, Error> {
    if let Some(raw) = conf.args.and_then(argument) {
        // What is wrong with annotations that nobody needs is nobody's trouble.
        let sent = annotations(conf).ok().flatten();
        let nri = sent.is_some_and(|annotations| annotations.ask_nri());
        let value = Some(text(raw, "args.cni.chainsaw", Author::Pod)?);
        return Ok(Pods {
            value,
            nri,
            labels: None,
        });
    }
    let (annotations, labels) = match annotations(conf)? {
        // Nobody else is asked then, not even for labels: whatever is broken on the node, such a pod neither fails nor waits.
        Some(annotations) => (annotations, None),
        None => match pod(environment) {
            Some(pod) => {
                let found = looked_up(conf, environment, &pod)?;
                (Annotations::Asked(found.annotations), found.labels)
            }
            // No pod is named, so there is nobody to ask for.
            None => return Ok(Pods::default()),
        },
    };
    let own = environment
        .ifname
        .as_ref()
        .map(|ifname| format!("{KEY}.{ifname}"));
    let keys = own.into_iter().chain([KEY.to_owned()]);
    let nri = annotations.ask_nri();
    for key in keys {
        if let Some(text) = annotations.text(&key)? {
            let value = Some(Value {
                source: key,
                author: Author::Pod,
                text,
            });
            return Ok(Pods { value, nri, labels });
        }
    }
    Ok(Pods {
        value: None,
        nri,
        labels,
    })
}

/// A pod's annotations, by who told them.
enum Annotations<'a> {
    /// The runtime: taken apart no further than needed.
    Sent(BTreeMap<Cow<'a, str>, &'a RawValue>),
    /// The API, by the daemon or asked for this pod alone.
    Asked(BTreeMap<String, String>),
}

impl Annotations<'_> {
    /// Whether there is a key of the NRI entrance: one look into the map.
    fn ask_nri(&self) -> bool {
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

    fn text(&self, key: &str) -> Result<Option<String>, Error> {
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

/// The pod, by the daemon, which mostly knows it; else by the API, if there is a kubeconfig to ask it with. Whoever comes
/// here had no other source.
fn looked_up(conf: &NetConf<'_>, environment: &Environment, pod: &Pod) -> Result<Found, Error> {
    let by_the_daemon = match agent::lookup(pod) {
        Ok(answer) => match api::read("chainsawd", &answer) {
            Ok(found) => return Ok(found),
            Err(wrong) => Some(wrong),
        },
        Err(source) if matches!(source.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            let socket = chainsaw_common::meeting::SOCKET;
            Some(ApiError::Silent { socket, source })
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

/// The pod's annotations, if the runtime sent them. Present means known: `null` is what containerd sends for none.
fn annotations<'a>(conf: &NetConf<'a>) -> Result<Option<Annotations<'a>>, Error> {
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

/// `args.cni.chainsaw`. What else stands in `args` is other plugins' business, its shape included.
fn argument(args: &RawValue) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct Args<'a> {
        #[serde(borrow, default)]
        cni: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Cni<'a> {
        #[serde(borrow, default, deserialize_with = "present")]
        chainsaw: Option<&'a RawValue>,
    }
    let cni = serde_json::from_str::<Args<'_>>(args.get()).ok()?.cni?;
    serde_json::from_str::<Cni<'_>>(cni.get()).ok()?.chainsaw
}

/// A value in a configuration is a string as in an annotation, or the JSON array itself.
fn text(raw: &RawValue, source: &'static str, author: Author) -> Result<Value, Error> {
    let text = match raw.get().as_bytes().first() {
        Some(b'[') => Some(raw.get().to_owned()),
        _ => string(raw),
    };
    let text = text.ok_or(Error::Annotations {
        place: source,
        why: "it is neither a string nor an array".to_owned(),
    })?;
    Ok(Value {
        source: source.to_owned(),
        author,
        text,
    })
}

fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// The pod that `CNI_ARGS` names (`K8S_POD_NAMESPACE` and so on, as kubelet's runtimes pass them, in any order).
pub fn pod(environment: &Environment) -> Option<Pod> {
    Some(Pod {
        namespace: environment.argument("K8S_POD_NAMESPACE")?,
        name: environment.argument("K8S_POD_NAME")?,
        uid: environment.argument("K8S_POD_UID"),
        // Whoever told its annotations may know.
        labels: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rest: &str) -> Result<Option<Value>, Error> {
        both(rest).map(|(value, _)| value)
    }

    fn both(rest: &str) -> Result<(Option<Value>, bool), Error> {
        let conf = format!("{{\"cniVersion\": \"1.0.0\"{rest}}}");
        let environment = Environment {
            ifname: Some("net1".into()),
            args: Some(
                "K8S_POD_NAME=web;IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_UID=u".into(),
            ),
            ..Environment::default()
        };
        let pods = of_the_pod(&NetConf::read(conf.as_bytes()).unwrap(), &environment)?;
        Ok((pods.value, pods.nri))
    }

    fn annotations(pairs: &str) -> String {
        format!(", \"runtimeConfig\": {{\"{CAPABILITY}\": {pairs}}}")
    }

    fn text(rest: &str) -> Option<(String, String)> {
        found(rest).unwrap().map(|value| (value.source, value.text))
    }

    #[test]
    fn the_key_of_the_interface_wins_over_the_plain_one() {
        let both = annotations(&format!(
            "{{\"{KEY}\": \"plain\", \"{KEY}.net1\": \"own\", \"{KEY}.net2\": \"other\"}}"
        ));
        assert_eq!(text(&both), Some((format!("{KEY}.net1"), "own".into())));
        assert_eq!(
            text(&annotations(&format!("{{\"{KEY}\": \"plain\"}}"))),
            Some((KEY.into(), "plain".into()))
        );
        assert_eq!(
            text(&annotations(&format!("{{\"{KEY}.net2\": \"other\"}}"))),
            None
        );
    }

    #[test]
    fn the_argument_wins_over_the_keys_and_may_be_an_array() {
        let both = annotations(&format!("{{\"{KEY}\": \"plain\"}}"))
            + r#", "args": {"cni": {"chainsaw": ["ip route"], "x": 1}}"#;
        assert_eq!(
            text(&both),
            Some(("args.cni.chainsaw".into(), "[\"ip route\"]".into()))
        );
        assert_eq!(
            text(r#", "args": {"cni": {"chainsaw": "ip addr"}}"#)
                .unwrap()
                .1,
            "ip addr"
        );
        assert!(found(r#", "args": {"cni": {"chainsaw": 7}}"#).is_err());
    }

    #[test]
    fn keys_of_the_other_entrance_are_seen_wherever_the_value_comes_from() {
        for (keys, nri) in [
            (r#"{"chainsaw.noderesource.dev/sandbox": "ip route"}"#, true),
            (
                r#"{"a": "", "chainsaw.noderesource.dev/container.x": 7, "z": ""}"#,
                true,
            ),
            (
                r#"{"chainsaw.noderesource.de": "", "chainsaw.noderesource.dev0": ""}"#,
                false,
            ),
            ("{}", false),
            ("null", false),
        ] {
            let sent = annotations(keys);
            assert_eq!(both(&sent).unwrap(), (None, nri), "{keys}");
            let with = sent + r#", "args": {"cni": {"chainsaw": "ip addr"}}"#;
            assert_eq!(both(&with).unwrap().1, nri, "{keys}");
        }
    }

    #[test]
    fn arguments_of_other_plugins_are_their_own() {
        for args in [
            r#"{"cni": {"ips": []}}"#,
            r#"{"cni": null}"#,
            "[]",
            "7",
            r#"{"labels": [{"key": 1}]}"#,
        ] {
            assert_eq!(
                text(&(annotations("{}") + ", \"args\": " + args)),
                None,
                "{args}"
            );
        }
    }

    #[test]
    fn present_means_known_also_when_it_is_null() {
        assert_eq!(text(&annotations("null")), None);
        assert_eq!(text(&annotations("{}")), None);
        for unknown in ["", ", \"runtimeConfig\": {}", ", \"runtimeConfig\": null"] {
            assert!(
                matches!(found(unknown), Err(Error::Unknown { pod }) if pod == "default/web"),
                "{unknown}"
            );
        }
    }

    #[test]
    fn without_a_pod_there_is_nothing_to_ask() {
        let conf = NetConf::read(br#"{"cniVersion": "1.0.0"}"#).unwrap();
        assert_eq!(
            of_the_pod(&conf, &Environment::default()).unwrap(),
            Pods::default()
        );
    }

    #[test]
    fn a_value_that_is_no_string_is_an_error() {
        assert!(matches!(
            found(&annotations(&format!("{{\"{KEY}\": [1]}}"))),
            Err(Error::Annotations { .. })
        ));
        assert!(found(&annotations("7")).is_err());
    }
}
