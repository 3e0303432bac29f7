//! What the status annotation says, made of what there is to tell.

use chainsaw_common::pod::Pod;
use chainsaw_common::report::{Report, cut, line};
use chainsaw_lookup::pod::Wanted;
use k8s_openapi::jiff::Timestamp;
use serde::Serialize;

use crate::error::HookError;
use crate::news::{News, Whose};

/// The longest text of one entry, in bytes.
const SAYS_BYTES: usize = 256;

/// A pod, as its node knows it: the UID keeps a pod that was made again under its name from having another's status.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Whole {
    /// Its Kubernetes namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its UID on the node. A static pod has another at the API.
    pub uid: String,
}

/// How what was asked for at one place ended last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The entrance.
    pub entrance: &'static str,
    /// The attachment's interface, at the CNI entrance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Where the value came from, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How it ended.
    pub outcome: &'static str,
    /// Why, where it did not end well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// When.
    pub time: String,
}

impl Entry {
    /// Whether it is of the same place as another, which it then replaces.
    pub fn replaces(&self, other: &Self) -> bool {
        (self.entrance, &self.interface, &self.source)
            == (other.entrance, &other.interface, &other.source)
    }
}

/// What is to be kept of it, and in which pod; nothing where that is not known for certain.
pub fn entry(news: &News<'_>, time: Timestamp) -> Option<(Whole, Entry)> {
    let (pod, entry) = match *news {
        News::Ran(report) | News::RefusedThere { report, .. } => {
            (report.pod.as_ref()?, of_report(report))
        }
        News::Refused { whose, wrong, .. } => (whose.pod, of_error(wrong)),
        News::Missed {
            whose, key, why, ..
        } => (whose.pod, missed(key, why)),
        News::KeyUnused(whose, key, unused) => (whose.pod, missed(key, unused.why())),
        News::WouldRun(_) | News::Late(Whose { .. }) => return None,
    };
    let entry = Entry {
        time: time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        ..entry
    };
    Some((Whole::of(pod)?, entry))
}

impl Whole {
    /// The pod as it is looked for.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            uid: Some(self.uid.clone()),
        }
    }

    fn of(pod: &Pod) -> Option<Self> {
        Some(Self {
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            uid: pod.uid.clone()?,
        })
    }
}

fn of_report(report: &Report) -> Entry {
    // The pod's own comes last.
    let source = report.commands.last().map(|command| command.source.clone());
    Entry {
        entrance: report.entrance.word(),
        interface: report.interface.clone(),
        source,
        outcome: report.outcome.word(),
        says: report.headline().map(|text| said(&text)),
        time: String::new(),
    }
}

fn of_error(wrong: &HookError) -> Entry {
    match wrong {
        HookError::Commands(report) => of_report(report),
        _ => Entry {
            outcome: wrong.outcome().word(),
            says: Some(said(&wrong.to_string())),
            ..nri(None)
        },
    }
}

fn missed(key: &str, why: &str) -> Entry {
    Entry {
        outcome: "missed",
        says: Some(said(why)),
        ..nri(Some(key))
    }
}

fn nri(source: Option<&str>) -> Entry {
    Entry {
        entrance: "nri",
        interface: None,
        source: source.map(str::to_owned),
        outcome: "",
        says: None,
        time: String::new(),
    }
}

fn said(text: &str) -> String {
    cut(&line(text), SAYS_BYTES)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::unused::Unused;

    fn report(outcome: &str) -> Report {
        let report = json!({
            "pod": {"namespace": "shop", "name": "web", "uid": "uid-1"},
            "entrance": "cni", "trigger": "ADD", "interface": "eth0", "outcome": outcome, "micros": 7,
            "commands": [
                {"given": "ip r", "source": "[[apply]]", "outcome": "ok", "exit": 0},
                {"given": "x", "source": "k8s.v1.cni.cncf.io/chainsaw", "outcome": outcome, "exit": 2, "stderr": "no\u{1b} "},
            ],
        });
        serde_json::from_value(report).unwrap()
    }

    fn kept(news: &News<'_>) -> serde_json::Value {
        let (pod, entry) = entry(news, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((pod.name.as_str(), pod.uid.as_str()), ("web", "uid-1"));
        serde_json::to_value(entry).unwrap()
    }

    #[test]
    fn how_it_ended_is_kept_with_its_place() {
        let mut wanted = json!({
            "entrance": "cni", "interface": "eth0", "source": "k8s.v1.cni.cncf.io/chainsaw", "outcome": "ok",
            "time": "1970-01-01T00:00:00Z",
        });
        assert_eq!(kept(&News::Ran(&report("ok"))), wanted);
        let failed = report("failed");
        let news = News::RefusedThere {
            report: &failed,
            reason: "CommandFailed",
            goes_on: false,
        };
        wanted["outcome"] = "failed".into();
        wanted["says"] = "command 2 'x' failed: no\\u{1b}  (exit 2)".into();
        assert_eq!(kept(&news), wanted);
    }

    #[test]
    fn what_did_not_run_is_kept_as_missed() {
        let pod = report("ok").pod.unwrap();
        let whose = Whose {
            pod: &pod,
            sandbox: "s1",
        };
        let kept = kept(&News::KeyUnused(whose, "a/b", Unused::NoContainer));
        assert_eq!(
            (&kept["outcome"], &kept["source"]),
            (&json!("missed"), &json!("a/b"))
        );
        assert!(
            kept["says"]
                .as_str()
                .unwrap()
                .starts_with("ran for no container")
        );
    }

    #[test]
    fn nothing_is_kept_in_a_pod_that_is_not_known_for_certain() {
        let mut report = report("ok");
        report.pod.as_mut().unwrap().uid = None;
        assert_eq!(entry(&News::Ran(&report), Timestamp::UNIX_EPOCH), None);
        report.pod = None;
        assert_eq!(entry(&News::Ran(&report), Timestamp::UNIX_EPOCH), None);
    }
}
