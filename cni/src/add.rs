//! ADD: what the operator and the pod ask for is done in the pod's namespace; the result goes on down the chain.

use std::collections::BTreeMap;

use chainsaw_common::config::{self, Config, Mode};
use chainsaw_common::engine::Value;
use chainsaw_common::plan::Author;
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::report::{Report, line};

use crate::agent;
use crate::environment::Environment;
use crate::error::Error;
use crate::netconf::NetConf;
use crate::source::{self, Asked};
use crate::uninstalled;

mod around;
mod rules;
mod serve;

use rules::Rules;
use serve::Attachment;

/// Answers ADD. For a pod for which nothing is asked that is `prevResult` byte for byte, and nothing else is read,
/// opened or asked, unless the network configuration says that the operator may have done something in it.
pub fn add(
    environment: &Environment,
    conf: &NetConf<'_>,
    log: &mut String,
) -> Result<Vec<u8>, Error> {
    let prev_result = conf.prev_result()?;
    let asked = source::asked(conf, environment);
    let nothing = asked.as_ref().is_ok_and(Asked::is_nothing);
    for unreached in asked.iter().flat_map(|asked| &asked.unreached) {
        log.push_str(&format!("chainsaw: {}\n", line(unreached)));
    }
    if nothing && !conf.applies() {
        return Ok(prev_result.into());
    }
    if let Some(marker) = uninstalled::marker() {
        return uninstalled::passed(asked, &marker).map(|()| prev_result.into());
    }
    let rules = match (Rules::read(log, conf.applies()), &asked) {
        (Ok(rules), _) => rules,
        // It may well have asked for nothing: that nobody can say so comes before what else is wrong.
        (Err(_), Err(_)) => Rules::default(),
        (Err(error), Ok(_)) if nothing => {
            // Whether the operator wants something here cannot be said; the pod does not.
            let why = "the pod asks for nothing and goes on without [[apply]]";
            goes_on_after(&error, why, log);
            return Ok(prev_result.into());
        }
        (Err(error), Ok(_)) => {
            deliver(&subject(environment, None), None, Some(&error), false);
            return Err(error);
        }
    };
    let result = told(environment, conf, asked, &rules, log)?;
    Ok(result.map_or_else(|| prev_result.into(), String::into_bytes))
}

/// Does what is asked for and tells the daemon how it went. Gives the new result if there is one.
fn told(
    environment: &Environment,
    conf: &NetConf<'_>,
    mut asked: Result<Asked, Error>,
    rules: &Rules,
    log: &mut String,
) -> Result<Option<String>, Error> {
    let config = &rules.config;
    let labels = asked.as_mut().ok().and_then(|asked| asked.labels.take());
    let subject = subject(environment, labels);
    let values = asked
        .and_then(|asked| guarded(asked, config))
        .map(|values| applied(values, &subject, conf, config, log));
    if values.as_ref().is_ok_and(Vec::is_empty) {
        return Ok(None);
    }
    let mut report = None;
    // Of a pod that nobody knows to ask for anything the daemon does not hear.
    let asks = values.is_ok();
    let done = values.and_then(|values| {
        let attachment = Attachment {
            environment,
            conf,
            subject: &subject,
            values: &values,
            rules,
        };
        attachment.serve(log, &mut report)
    });
    let wrong = done.as_ref().err();
    let goes_on = wrong.is_some_and(|error| rules.tolerate(error));
    // Nor of what would run: nothing did.
    if asks && (config.mode == Mode::Enforce || wrong.is_some()) {
        deliver(&subject, report, wrong, goes_on);
    }
    match done {
        Err(error) if goes_on => {
            goes_on_after(&error, "continuing as configured", log);
            Ok(None)
        }
        done => done,
    }
}

/// Says in the runtime's log what was wrong, and why the pod starts all the same.
fn goes_on_after(error: &Error, why: &str, log: &mut String) {
    let reason = error.reason();
    let error = line(&error.to_string());
    log.push_str(&format!("chainsaw: {error} (reason={reason}, {why})\n"));
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

/// The values, with what `[[apply]]` has to say after the network configuration's and before the pod's.
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
        .partition(|value| value.author != Author::Pod);
    let applied = Value::applied(config, subject);
    own.into_iter().chain(applied).chain(pods).collect()
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
