//! What is answered at the plugin's socket. A report is only ever told: nothing is decided by it.

use std::sync::Arc;

use chainsaw_common::pod::{Entrance, Pod};
use chainsaw_common::report::Report;
use chainsaw_lookup::pod::Wanted;
use chainsaw_lookup::to_json;
use chainsaw_nri::agent::{
    LookupRequest, LookupResponse, PingRequest, PingResponse, ReportRequest, ReportResponse,
    SERVICE,
};
use chainsaw_nri::ttrpc::{Call, Service, code};
use chainsaw_nri::{State, Status};
use prost::Message;
use tokio::sync::watch;
use tracing::debug;

use crate::cluster::Cluster;
use crate::news::{News, Sinks};

/// The most commands that a report may have: a pod's, and those of the operator before them, each at its limit.
const COMMANDS: usize = 256;

/// The furthest column that a command can have, which is as long as one may be, in bytes.
const COLUMN: usize = 1024 + 1;

/// The longest word for why ADD was refused, in bytes.
const REASON_BYTES: usize = 64;

/// Who answers.
#[derive(Debug)]
pub struct Agent {
    nri: Option<watch::Receiver<State>>,
    cluster: Option<Arc<Cluster>>,
    sinks: Sinks,
}

impl Agent {
    /// With how the NRI session stands, and the cluster, if there is one; what is delivered is told to the sinks.
    pub fn new(
        nri: Option<watch::Receiver<State>>,
        cluster: Option<Arc<Cluster>>,
        sinks: Sinks,
    ) -> Self {
        Self {
            nri,
            cluster,
            sinks,
        }
    }

    /// Whether there is an NRI session.
    pub fn serves_nri(&self) -> bool {
        self.nri.is_some()
    }

    async fn lookup(&self, request: LookupRequest) -> Result<LookupResponse, Status> {
        let Some(cluster) = &self.cluster else {
            let why =
                "this daemon knows of no cluster, or does not serve the CNI entrance (--hooks)";
            return Err(Status::new(code::FAILED_PRECONDITION, why));
        };
        let wanted = Wanted {
            namespace: request.namespace,
            name: request.name,
            uid: (!request.uid.is_empty()).then_some(request.uid),
        };
        let found = cluster.find(&wanted).await;
        if let Err(wrong) = &found {
            debug!(reason = wrong.reason(), "{wanted} was asked for: {wrong}");
        }
        let answer = to_json(&found).into_bytes();
        Ok(LookupResponse { answer })
    }

    fn ping(&self) -> PingResponse {
        let running = |state: &watch::Receiver<State>| state.borrow().is_running();
        PingResponse {
            nri: self.nri.as_ref().is_some_and(running),
        }
    }

    /// Tells a delivered report as one of our own.
    fn tell(&self, request: &ReportRequest) -> Result<(), Status> {
        let mut report = read(request).map_err(|why| invalid(&why))?;
        if let Some(cluster) = &self.cluster {
            complete(&mut report, |pod| cluster.uid(&pod.namespace, &pod.name));
        }
        self.sinks
            .tell(if request.reason.is_empty() && report.outcome.is_good() {
                News::Ran(&report)
            } else {
                News::RefusedThere {
                    report: &report,
                    reason: &request.reason,
                    goes_on: request.goes_on,
                }
            });
        Ok(())
    }
}

impl Service for Agent {
    async fn call(&self, call: Call) -> Result<Vec<u8>, Status> {
        match (call.service.as_str(), call.method.as_str()) {
            (SERVICE, "Report") => {
                self.tell(&decode(&call.payload)?)?;
                Ok(ReportResponse {}.encode_to_vec())
            }
            (SERVICE, "Ping") => {
                let PingRequest {} = decode(&call.payload)?;
                Ok(self.ping().encode_to_vec())
            }
            (SERVICE, "Lookup") => {
                let answer = self.lookup(decode(&call.payload)?).await?;
                Ok(answer.encode_to_vec())
            }
            (service, method) => {
                let why = format!("{service} {method:?} is no call of this daemon");
                Err(Status::new(code::UNIMPLEMENTED, why))
            }
        }
    }
}

fn decode<M: Message + Default>(payload: &[u8]) -> Result<M, Status> {
    M::decode(payload).map_err(|error| invalid(&error.to_string()))
}

fn invalid(why: &str) -> Status {
    let why = format!("the request is not what it should be: {why}");
    Status::new(code::INVALID_ARGUMENT, why)
}

/// Reads a report, and checks what its text would be made of. Fields that a newer plugin has are passed over.
fn read(request: &ReportRequest) -> Result<Report, String> {
    let report: Report =
        serde_json::from_slice(&request.report).map_err(|error| error.to_string())?;
    let reason = &request.reason;
    if reason.len() > REASON_BYTES || !reason.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("its reason is no word".to_owned());
    }
    if report.entrance != Entrance::Cni {
        return Err("only the CNI entrance delivers reports".to_owned());
    }
    if report.commands.len() > COMMANDS {
        return Err(format!("it has more than {COMMANDS} commands"));
    }
    let advice = report
        .commands
        .iter()
        .filter_map(|command| command.advice.as_ref());
    // A column is made of spaces, and the widest field that can be printed is 65535.
    if advice.filter_map(|advice| advice.column).max() > Some(COLUMN) {
        return Err(format!("it has a column beyond {COLUMN}"));
    }
    Ok(report)
}

/// Says which pod a report is of where the runtime did not: without a UID nothing is shown in `kubectl describe pod`.
fn complete(report: &mut Report, uid: impl FnOnce(&Pod) -> Option<String>) {
    if let Some(pod) = report.pod.as_mut().filter(|pod| pod.uid.is_none()) {
        pod.uid = uid(pod);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(report: &str, reason: &str) -> Result<Report, String> {
        read(&ReportRequest {
            report: report.as_bytes().to_vec(),
            reason: reason.to_owned(),
            goes_on: false,
        })
    }

    fn with(entrance: &str, column: usize) -> String {
        serde_json::json!({
            "entrance": entrance, "trigger": "ADD", "outcome": "denied", "newer": 1, "micros": 7,
            "commands": [{"given": "x", "source": "k", "outcome": "denied",
                          "advice": {"command": 1, "column": column, "why": "y"}}],
        })
        .to_string()
    }

    #[test]
    fn a_report_is_read_and_what_cannot_be_told_is_refused() {
        let report = said(&with("cni", 1), "CommandDenied").unwrap();
        assert_eq!(
            report.headline().as_deref(),
            Some("command 1 'x' denied: y")
        );
        for (report, reason, why) in [
            (with("nri", 1), "", "CNI entrance"),
            (with("cni", 70_000), "", "column"),
            (with("cni", 1), "two words", "no word"),
            ("{".to_owned(), "", "EOF"),
            ("[".repeat(100_000), "", ""),
        ] {
            let wrong = said(&report, reason).unwrap_err();
            assert!(wrong.contains(why), "{wrong}");
        }
    }

    #[test]
    fn a_pod_whose_uid_the_runtime_does_not_say_is_told_of_by_the_one_that_is_known() {
        let mut report = said(&with("cni", 1), "").unwrap();
        let uid = |pod: &Pod| Some(format!("uid of {}", pod.name));
        complete(&mut report, uid);
        assert_eq!(report.pod, None);
        for (given, wanted) in [(None, "uid of web"), (Some("given"), "given")] {
            report.pod = Some(Pod {
                namespace: "shop".into(),
                name: "web".into(),
                uid: given.map(str::to_owned),
                labels: None,
            });
            complete(&mut report, uid);
            let pod = report.pod.as_ref().unwrap();
            assert_eq!(pod.uid.as_deref(), Some(wanted));
        }
    }

    #[tokio::test]
    async fn without_a_cluster_no_pod_is_looked_for() {
        let agent = Agent::new(None, None, Sinks::default());
        let refused = agent.lookup(LookupRequest::default()).await.unwrap_err();
        assert_eq!(refused.code, code::FAILED_PRECONDITION);
    }

    #[tokio::test]
    async fn a_ping_says_whether_the_session_runs() {
        let (state, states) = watch::channel(State::Connecting);
        let agent = Agent::new(Some(states), None, Sinks::default());
        assert!(!agent.ping().nri);
        state.send_replace(State::Running);
        assert!(agent.ping().nri);
        assert!(!Agent::new(None, None, Sinks::default()).ping().nri);
    }
}
