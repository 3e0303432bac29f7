//! ADD: the pod's value, if it has one, is served in its namespace; `prevResult` goes on down the chain.

use std::fs;
use std::io;

use chainsaw_common::config::{self, Config, OnFailure};
use chainsaw_common::engine::{self, Value};
use chainsaw_common::ip::device;
use chainsaw_common::kernel::Kernel;
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::Namespace;
use chainsaw_common::pod::{Entrance, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::{Outcome, Report, transcript};
use chainsaw_common::surroundings;
use chainsaw_common::tokens::{Surroundings, ask_for_a_gateway};
use chainsaw_common::value;

use crate::error::Error;
use crate::netconf::NetConf;
use crate::plugin::Environment;
use crate::result::PrevResult;
use crate::source;

/// Answers ADD. For a pod that asks for nothing that is `prevResult` byte for byte, and nothing else is read, opened or
/// asked.
pub fn add(
    environment: &Environment,
    conf: &NetConf<'_>,
    log: &mut String,
) -> Result<Vec<u8>, Error> {
    let prev_result = conf.prev_result()?;
    let asked = match source::value(conf, environment) {
        Ok(Some(value)) if asks(&value) => Ok(value),
        Ok(_) => return Ok(prev_result.into()),
        Err(error) => Err(error),
    };
    let config = configuration(config::PATH)?;
    let done = asked.and_then(|value| serve(environment, prev_result, &value, &config, log));
    match done {
        Ok(()) => Ok(prev_result.into()),
        Err(error) if tolerated(&error, &config) => {
            log.push_str(&format!(
                "chainsaw: {error} (reason={}, continuing as configured)\n",
                error.reason()
            ));
            Ok(prev_result.into())
        }
        Err(error) => Err(error),
    }
}

/// Whether a value has commands, or mistakes to tell of.
fn asks(value: &Value) -> bool {
    value::lines(&value.text).map_or(true, |lines| !lines.is_empty())
}

/// The node's configuration. None is the built-in default.
fn configuration(path: &str) -> Result<Config, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Config::parse(&text, path)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Config::default()),
        Err(source) => Err(Error::ConfigFile {
            path: path.to_owned(),
            source,
        }),
    }
}

fn tolerated(error: &Error, config: &Config) -> bool {
    let decided = match error {
        Error::Unknown { .. } => config.failure.unknown,
        _ => config.failure.cni,
    };
    decided == OnFailure::Continue
}

/// Enters the namespace for good: the process ends with this call.
fn serve(
    environment: &Environment,
    prev_result: &str,
    value: &Value,
    config: &Config,
    log: &mut String,
) -> Result<(), Error> {
    let netns = environment.netns()?;
    let ifname = environment.ifname()?;
    let subject = Subject {
        pod: source::pod(environment),
        sandbox: environment.container.clone(),
        entrance: Entrance::Cni,
        trigger: "ADD",
        interface: Some(ifname.to_owned()),
        netns: Some(netns.to_owned()),
    };
    Namespace::open(netns.as_ref())?.enter()?;
    let mut socket = Socket::open().map_err(|source| Error::Socket {
        netns: netns.to_owned(),
        source,
    })?;
    let surroundings = around(ifname, prev_result, value, &mut socket);
    let policy = Policy::of(config, config::PATH);
    let report = engine::serve(
        &subject,
        std::slice::from_ref(value),
        &surroundings,
        &policy,
        &mut socket,
    );
    drop(socket);
    tell(&report, log);
    match report.outcome {
        Outcome::Ok => Ok(()),
        _ => Err(Error::Commands(Box::new(report))),
    }
}

/// The current interface is CNI_IFNAME if the namespace has it, else the last one that the result puts in a sandbox;
/// addresses and gateways are the result's, a gateway that it does not tell is the kernel's.
fn around(ifname: &str, prev_result: &str, value: &Value, kernel: &mut dyn Kernel) -> Surroundings {
    let result = PrevResult::read(prev_result);
    let interface = match device(ifname, kernel) {
        Some(_) => Some(ifname),
        None => result.last_interface(),
    };
    let Some(interface) = interface else {
        return Surroundings::default();
    };
    let mut gateways = result.gateways(interface);
    if gateways.is_empty() && ask_for_a_gateway([value.text.as_str()]) {
        gateways = surroundings::gateways(interface, kernel);
    }
    Surroundings {
        interface: Some(interface.to_owned()),
        addresses: result.addresses(interface),
        gateways,
        ..Surroundings::default()
    }
}

/// The transcript, for the runtime's log: standard output is the protocol's.
fn tell(report: &Report, log: &mut String) {
    let pod = report
        .pod
        .as_ref()
        .map(|pod| format!(" for {}/{}", pod.namespace, pod.name))
        .unwrap_or_default();
    let interface = report.interface.as_deref().unwrap_or_default();
    log.push_str(&format!(
        "chainsaw: {}{pod} at {interface}, {} us\n",
        report.outcome.word(),
        report.micros
    ));
    log.push_str(&transcript(report));
}
