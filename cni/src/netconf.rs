//! The network configuration on standard input. What we do not act on is never taken apart: `prevResult` goes out as
//! the bytes it came in.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::plugin::VERSIONS;

/// The fields we look at; unknown ones are ignored, as CNI asks.
#[derive(Debug, Deserialize)]
pub struct NetConf<'a> {
    #[serde(borrow, rename = "cniVersion", default)]
    version: Cow<'a, str>,
    /// The network's name.
    #[serde(borrow, default)]
    pub name: Option<Cow<'a, str>>,
    /// `commands`: those of whoever may write the network configuration, before the pod's.
    #[serde(borrow, default, deserialize_with = "present")]
    pub commands: Option<&'a RawValue>,
    /// `apply`: whether the node's configuration is asked what the operator has done in pods.
    #[serde(borrow, default, deserialize_with = "present")]
    apply: Option<&'a RawValue>,
    /// `cni.dev/valid-attachments`: what GC is to leave alone.
    #[serde(rename = "cni.dev/valid-attachments", default)]
    pub valid_attachments: Option<Vec<Attachment>>,
    #[serde(borrow, rename = "prevResult", default, deserialize_with = "present")]
    prev_result: Option<&'a RawValue>,
    /// `runtimeConfig`: what the runtime injects for the capabilities that the configuration names.
    #[serde(
        borrow,
        rename = "runtimeConfig",
        default,
        deserialize_with = "present"
    )]
    pub runtime_config: Option<&'a RawValue>,
    /// `args`: what Multus passes on from a network selection.
    #[serde(borrow, default, deserialize_with = "present")]
    pub args: Option<&'a RawValue>,
    /// `kubeconfig`: how the API is asked where nothing else can tell. It is looked at only then, so what stands in it
    /// can fail nobody else.
    #[serde(borrow, default, deserialize_with = "present")]
    pub kubeconfig: Option<&'a RawValue>,
}

/// An attachment, as GC names it (spec section 4).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Attachment {
    /// CNI_CONTAINERID of its ADD.
    #[serde(rename = "containerID")]
    pub container: String,
    /// CNI_IFNAME of its ADD.
    pub ifname: String,
}

/// A field that is there, whatever it holds: `null` is not the same as absent.
pub fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> NetConf<'a> {
    /// Reads the configuration and checks its version.
    pub fn read(stdin: &'a [u8]) -> Result<Self, Error> {
        if stdin.len() as u64 > crate::plugin::STDIN_BYTES {
            return Err(Error::Decode(format!(
                "it is longer than {} bytes",
                crate::plugin::STDIN_BYTES
            )));
        }
        let conf: Self =
            serde_json::from_slice(stdin).map_err(|error| Error::Decode(error.to_string()))?;
        if VERSIONS.contains(&conf.version.as_ref()) {
            Ok(conf)
        } else {
            Err(Error::Version {
                given: conf.version.into_owned(),
            })
        }
    }

    /// Whether `[[apply]]` holds here. Whatever is not `true` is no: it must fail no pod that asks for nothing.
    pub fn applies(&self) -> bool {
        self.apply.is_some_and(|raw| raw.get() == "true")
    }

    /// `prevResult`, as it came.
    pub fn prev_result(&self) -> Result<&'a str, Error> {
        self.prev_result
            .map(RawValue::get)
            .filter(|raw| *raw != "null")
            .ok_or(Error::NoPrevResult)
    }
}

/// The configuration's version, as far as it can be told.
pub fn version(stdin: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Version {
        #[serde(rename = "cniVersion")]
        version: String,
    }
    serde_json::from_slice::<Version>(stdin)
        .ok()
        .map(|conf| conf.version)
}
