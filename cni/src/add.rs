//! ADD: what the operator and the pod ask for is done in the pod's namespace; the result goes on down the chain.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chainsaw_common::config::{self, Config, Mode, OnFailure};
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::in_force::{self, PUBLISHED, UNWRITTEN};
use chainsaw_common::interface::Link;
use chainsaw_common::kernel::Kernel;
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::Namespace;
use chainsaw_common::plan::{Author, Run};
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::recall::Recall;
use chainsaw_common::record::{self, Records};
use chainsaw_common::report::{Report, escaped, rehearsal, transcript};
use chainsaw_common::surroundings;
use chainsaw_common::tokens::{Surroundings, ask_for_a_gateway};

use crate::agent;
use crate::effects::Watch;
use crate::error::Error;
use crate::memory::Memory;
use crate::netconf::NetConf;
use crate::plugin::Environment;
use crate::result::PrevResult;
use crate::source::{self, Asked};
use crate::uninstalled;

/// What the operator decided, and the file where it stands.
struct Rules<'a> {
    config: &'a Config,
    file: &'static str,
}

/// Answers ADD. For a pod for which nothing is asked that is `prevResult` byte for byte, and nothing else is read,
/// opened or asked, unless the network configuration says that the operator may have done something in it.
pub fn add(
    environment: &Environment,
    conf: &NetConf<'_>,
    log: &mut String,
) -> Result<Vec<u8>, Error> {
    let prev_result = conf.prev_result()?;
    let mut asked = source::asked(conf, environment);
    let nothing = asked.as_ref().is_ok_and(Asked::is_nothing);
    if nothing && !conf.applies() {
        return Ok(prev_result.into());
    }
    if let Some(marker) = uninstalled::marker() {
        return uninstalled::passed(asked, &marker).map(|()| prev_result.into());
    }
    let (config, file) = match (configuration(log, conf.applies()), &asked) {
        (Ok(now), _) => now,
        // It may well have asked for nothing: that nobody can say so comes before what else is wrong.
        (Err(_), Err(_)) => (Config::default(), config::PATH),
        (Err(error), Ok(_)) if nothing => {
            // Whether the operator wants something here cannot be said; the pod does not.
            log.push_str(&format!(
                "chainsaw: {error} (reason={}, the pod asks for nothing and goes on without [[apply]])\n",
                error.reason()
            ));
            return Ok(prev_result.into());
        }
        (Err(error), Ok(_)) => {
            deliver(&subject(environment, None), None, Some(&error), false);
            return Err(error);
        }
    };
    let labels = asked.as_mut().ok().and_then(|asked| asked.labels.take());
    let subject = subject(environment, labels);
    let values = asked
        .and_then(|asked| guarded(asked, &config))
        .map(|values| applied(values, &subject, conf, &config, log));
    if values.as_ref().is_ok_and(Vec::is_empty) {
        return Ok(prev_result.into());
    }
    let mut report = None;
    // Of a pod that nobody knows to ask for anything the daemon does not hear.
    let asks = values.is_ok();
    let rules = Rules {
        config: &config,
        file,
    };
    let done = values.and_then(|values| {
        serve(
            environment,
            &subject,
            conf,
            &values,
            &rules,
            log,
            &mut report,
        )
    });
    let goes_on = done.as_ref().is_err_and(|error| tolerated(error, &config));
    // Nor of what would run: nothing did.
    if asks && (config.mode == Mode::Enforce || done.is_err()) {
        deliver(&subject, report, done.as_ref().err(), goes_on);
    }
    match done {
        Ok(result) => Ok(result.unwrap_or_else(|| prev_result.to_owned()).into()),
        Err(error) if goes_on => {
            log.push_str(&format!(
                "chainsaw: {error} (reason={}, continuing as configured)\n",
                error.reason()
            ));
            Ok(prev_result.into())
        }
        Err(error) => Err(error),
    }
}

/// What is to be done here, unless the pod asks for something at the NRI entrance too, which is guarded and not served.
fn guarded(asked: Asked, config: &Config) -> Result<Vec<Value>, Error> {
    if asked.nri && config.hooks.cni.guard {
        agent::serves_nri().map_err(|why| Error::Guard { why })?;
    }
    Ok(asked.values)
}

/// Tells the daemon, if there is one, also of what was refused before there was a report.
fn deliver(subject: &Subject, report: Option<Report>, wrong: Option<&Error>, goes_on: bool) {
    let report = report.unwrap_or_else(|| Report::about(subject));
    agent::deliver(&report, wrong, goes_on);
}

/// The values, with what `[[apply]]` has to say behind the operator's own and before the pod's.
fn applied(
    values: Vec<Value>,
    subject: &Subject,
    conf: &NetConf<'_>,
    config: &Config,
    log: &mut String,
) -> Vec<Value> {
    let is_cni = |apply: &config::Apply| apply.who.entrance == Some(Entrance::Cni);
    if !conf.applies() {
        if config.applies.iter().any(is_cni) {
            log.push_str("chainsaw: [[apply]] has no effect here: chainsaw's entry of the network configuration does not say \"apply\": true\n");
        }
        return values;
    }
    let (own, pods): (Vec<_>, Vec<_>) = values
        .into_iter()
        .partition(|value| value.author == Author::Operator);
    let applied = Value::applied(config, subject);
    own.into_iter().chain(applied).chain(pods).collect()
}

/// The node's configuration, and its file. Which one counts is said where it is not the operator's own.
fn configuration(log: &mut String, applies: bool) -> Result<(Config, &'static str), Error> {
    let now = in_force::read(config::PATH, PUBLISHED)?;
    if let Some(wrong) = now.passed_over {
        log.push_str(&format!(
            "chainsaw: {} (reason={}, the last good configuration, published at {PUBLISHED}, stays in force)\n",
            escaped(&wrong.what()),
            wrong.reason(),
        ));
    }
    if now.is_unwritten {
        let without = if applies {
            ", the pod goes on without [[apply]]"
        } else {
            ""
        };
        log.push_str(&format!(
            "chainsaw: there is no {}, and chainsawd has published nothing at {PUBLISHED} (reason=ConfigurationAbsent, the built-in default is in force{without})\n",
            now.file,
        ));
        return Ok((now.config, UNWRITTEN));
    }
    Ok((now.config, now.file))
}

fn tolerated(error: &Error, config: &Config) -> bool {
    if config.mode == Mode::Report {
        return true;
    }
    let decided = match error {
        // Whoever wants pods to start all the same sets no guard.
        Error::Guard { .. } => OnFailure::Fail,
        Error::Unknown { .. } | Error::Api(_) => config.failure.unknown,
        _ => config.failure.cni,
    };
    decided == OnFailure::Continue
}

/// Enters the namespace for good: the process ends with this call. Gives the new result if there is one, and `told` is
/// what happened, as far as it came to that.
fn serve(
    environment: &Environment,
    subject: &Subject,
    conf: &NetConf<'_>,
    values: &[Value],
    &Rules { config, file }: &Rules<'_>,
    log: &mut String,
    told: &mut Option<Report>,
) -> Result<Option<String>, Error> {
    if values.is_empty() {
        return Ok(None);
    }
    let (netns, ifname) = (environment.netns()?, environment.ifname()?);
    let prev_result = conf.prev_result()?;
    let mut subject = subject.clone();
    let namespace = Namespace::open(netns.as_ref())?;
    // What is only rehearsed leaves no record: it has not run when it is meant to.
    let mut memory = match config.mode {
        Mode::Enforce => Some(Memory::open(
            &Records::at(record::FOLDER),
            environment,
            conf,
            values,
            &namespace,
        )?),
        Mode::Report => None,
    };
    namespace.enter()?;
    let mut socket = Socket::open().map_err(|source| Error::Socket {
        netns: netns.to_owned(),
        source,
    })?;
    let mut kernel = Recall::over(&mut socket);
    let link = Link::named(ifname, &mut kernel);
    let named = link.is_some().then_some(ifname);
    subject.mtu = link.as_ref().map(|link| link.mtu);
    let surroundings = Surroundings {
        values: config.values.clone(),
        ..around(named, prev_result, values, &mut kernel)
    };
    let policy = Policy::of(config, file);
    let ask = Ask {
        subject: &subject,
        values,
        surroundings: &surroundings,
        policy: &policy,
        run: memory.as_ref().map_or(Run::First, Memory::run),
    };
    let Some(memory) = &mut memory else {
        return rehearsed(&ask, log);
    };
    let run = ask.run;
    let mut watch = Watch::over(&mut kernel, ifname, link);
    let report = engine::serve(&ask, memory, &mut watch);
    let done = match report.outcome {
        outcome if outcome.is_good() => watch.told_on(prev_result, log),
        _ => Err(Error::Commands {
            hint: memory.hint(),
            report: Box::new(report.clone()),
        }),
    };
    // An open socket keeps the namespace alive.
    drop(socket);
    let report = told.insert(report);
    // What happened is told even where that it happened cannot be recorded.
    tell(report, log);
    memory.wrong()?;
    memory.end(run, report, done.is_ok())?;
    done
}

/// Says what would have run; nothing does.
fn rehearsed(ask: &Ask<'_>, log: &mut String) -> Result<Option<String>, Error> {
    let report = engine::check(ask);
    log.push_str("chainsaw: mode is report, nothing changes\n");
    if report.outcome.is_good() {
        log.push_str(&rehearsal(&report));
        return Ok(None);
    }
    log.push_str(&transcript(&report));
    Err(Error::Commands {
        hint: None,
        report: Box::new(report),
    })
}

fn subject(environment: &Environment, labels: Option<BTreeMap<String, String>>) -> Subject {
    Subject {
        pod: source::pod(environment).map(|pod| Pod { labels, ..pod }),
        sandbox: environment.container.clone(),
        entrance: Entrance::Cni,
        trigger: "ADD",
        interface: environment.ifname.clone(),
        mtu: None,
        netns: environment.netns.clone(),
    }
}

/// The current interface is CNI_IFNAME where the namespace has it, else the last one that the result puts in a sandbox;
/// addresses and gateways are the result's, a gateway that it does not tell is the kernel's.
fn around(
    named: Option<&str>,
    prev_result: &str,
    values: &[Value],
    kernel: &mut dyn Kernel,
) -> Surroundings {
    let result = PrevResult::read(prev_result);
    let Some(interface) = named.or_else(|| result.last_interface()) else {
        return Surroundings::default();
    };
    let mut gateways = result.gateways(interface);
    if ask_for_a_gateway(values.iter().map(|value| value.text.as_str())) {
        // The result's come first, and the kernel's of a family that it does not tell.
        let told = |v4| {
            gateways
                .iter()
                .any(|gateway: &IpAddr| gateway.is_ipv4() == v4)
        };
        let (v4, v6) = (told(true), told(false));
        let more = surroundings::gateways(interface, kernel).into_iter();
        gateways.extend(more.filter(|gateway| if gateway.is_ipv4() { !v4 } else { !v6 }));
    }
    let addresses = result.addresses(interface);
    Surroundings {
        interface: Some(interface.to_owned()),
        addresses,
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
