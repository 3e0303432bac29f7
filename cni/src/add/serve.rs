//! The part of ADD that is done in the pod's namespace.

use chainsaw_common::config::Mode;
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::interface::Link;
use chainsaw_common::netlink::Socket;
use chainsaw_common::netns::Namespace;
use chainsaw_common::plan::Run;
use chainsaw_common::pod::Subject;
use chainsaw_common::policy::Policy;
use chainsaw_common::recall::Recall;
use chainsaw_common::record::{self, Records};
use chainsaw_common::report::{Report, line, logged, rehearsal};
use chainsaw_common::tokens::Surroundings;

use super::around::around;
use super::rules::Rules;
use crate::effects::Watch;
use crate::environment::Environment;
use crate::error::Error;
use crate::memory::Memory;
use crate::netconf::NetConf;

/// One attachment, and what is to be done at it.
pub struct Attachment<'a> {
    pub environment: &'a Environment,
    pub conf: &'a NetConf<'a>,
    pub subject: &'a Subject,
    pub values: &'a [Value],
    pub rules: &'a Rules,
}

impl Attachment<'_> {
    /// Enters the namespace for good: the process ends with this call. Gives the new result if there is one, and `told` is
    /// what happened, as far as it came to that.
    pub fn serve(
        &self,
        log: &mut String,
        told: &mut Option<Report>,
    ) -> Result<Option<String>, Error> {
        let Rules { config, file, .. } = self.rules;
        let (netns, ifname) = (self.environment.netns()?, self.environment.ifname()?);
        let prev_result = self.conf.prev_result()?;
        let namespace = Namespace::open(netns.as_ref())?;
        // What is only rehearsed leaves no record: it has not run when it is meant to.
        let mut memory = match config.mode {
            Mode::Enforce => Some(self.memory(&namespace)?),
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
        let subject = Subject {
            mtu: link.as_ref().map(|link| link.mtu),
            ..self.subject.clone()
        };
        let surroundings = Surroundings {
            values: config.values.clone(),
            ..around(named, prev_result, self.values, &mut kernel)
        };
        let policy = Policy::of(config, file);
        let ask = Ask {
            subject: &subject,
            values: self.values,
            surroundings: &surroundings,
            policy: &policy,
            run: memory.as_ref().map_or(Run::First, Memory::run),
        };
        let Some(memory) = &mut memory else {
            return rehearsed(self.told(engine::rehearse(&ask, &mut kernel)), log);
        };
        let mut watch = Watch::over(&mut kernel, ifname, link);
        let report = self.told(engine::serve(&ask, memory, &mut watch));
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
        memory.end(ask.run, report, done.is_ok())?;
        done
    }

    /// As a report tells of it where an older configuration is in force.
    fn told(&self, report: Report) -> Report {
        match &self.rules.mend {
            Some(first) => report.mending(first),
            None => report,
        }
    }

    fn memory(&self, namespace: &Namespace) -> Result<Memory, Error> {
        let records = Records::at(record::FOLDER);
        Memory::open(
            &records,
            self.environment,
            self.conf,
            self.values,
            namespace,
        )
    }
}

/// Says what would have run; nothing does.
fn rehearsed(report: Report, log: &mut String) -> Result<Option<String>, Error> {
    log.push_str("chainsaw: mode is report, nothing changes\n");
    if report.outcome.is_good() {
        log.push_str(&rehearsal(&report));
        return Ok(None);
    }
    log.push_str(&logged(&report));
    Err(Error::Commands {
        hint: None,
        report: Box::new(report),
    })
}

/// The transcript, for the runtime's log: standard output is the protocol's.
fn tell(report: &Report, log: &mut String) {
    let pod = report
        .pod
        .as_ref()
        .map(|pod| line(&format!(" for {}/{}", pod.namespace, pod.name)))
        .unwrap_or_default();
    let interface = line(report.interface.as_deref().unwrap_or_default());
    log.push_str(&format!(
        "chainsaw: {}{pod} at {interface}, {} us\n",
        report.outcome.word(),
        report.micros
    ));
    log.push_str(&logged(report));
}
