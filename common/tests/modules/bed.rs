//! A kernel that knows some kinds of device and notes what it is asked, and values that are served with it.

use chainsaw_common::config::Config;
use chainsaw_common::engine::{self, Ask, Value};
use chainsaw_common::kernel::{Answer, Kernel};
use chainsaw_common::plan::{Author, Run};
use chainsaw_common::pod::{Entrance, Pod, Subject};
use chainsaw_common::policy::Policy;
use chainsaw_common::report::Report;
use chainsaw_common::tokens::Surroundings;
use chainsaw_common::uapi::{ifla, rtm};
use chainsaw_common::wire::{Attributes, Received, Reply, Request};
use netlink_packet_core::NLM_F_DUMP;

/// A kernel that knows some kinds, has every device that is asked for, takes every change, and notes all it is asked.
#[derive(Default)]
pub struct Knowing {
    kinds: Vec<&'static str>,
    pub asked: Vec<Request>,
}

impl Knowing {
    pub fn of(kinds: &[&'static str]) -> Self {
        Self {
            kinds: kinds.to_vec(),
            asked: Vec::new(),
        }
    }

    /// The kinds by which listings were to be narrowed.
    pub fn narrowed(&self) -> Vec<String> {
        let dumps = self.asked.iter().filter(|request| is_dump(request));
        dumps.filter_map(kind_of).collect()
    }

    pub fn changes(&self) -> impl Iterator<Item = &Request> {
        self.asked.iter().filter(|request| request.kind % 4 < 2)
    }
}

impl Kernel for Knowing {
    fn exchange(&mut self, request: &Request) -> Answer {
        self.asked.push(request.clone());
        let lo = || vec![link("lo", 1)];
        let replies = match request.kind {
            rtm::GETLINK if is_dump(request) => match kind_of(request) {
                Some(kind) if self.kinds.contains(&&*kind) => Vec::new(),
                _ => lo(),
            },
            rtm::GETLINK => {
                let name = Received::behind(&request.body, 16).text(ifla::IFNAME);
                vec![link(&name.unwrap_or_default(), 2)]
            }
            _ => Vec::new(),
        };
        Answer {
            replies,
            complete: true,
            ..Answer::default()
        }
    }
}

pub fn is_dump(request: &Request) -> bool {
    request.flags & NLM_F_DUMP == NLM_F_DUMP
}

/// `IFLA_INFO_KIND` of a message about links.
pub fn kind_of(request: &Request) -> Option<String> {
    let info = Received::behind(&request.body, 16).nested(ifla::LINKINFO)?;
    info.text(ifla::INFO_KIND)
}

pub fn link(name: &str, index: u8) -> Reply {
    let mut attributes = Attributes::default();
    attributes.put_text(ifla::IFNAME, name);
    attributes.put(ifla::ADDRESS, &[2, 0, 0, 0, 0, index]);
    let mut body = vec![0; 16];
    body[4] = index;
    body.extend(attributes.bytes());
    Reply {
        kind: rtm::NEWLINK,
        body,
    }
}

/// What the namespace may do, and what the operator names.
pub fn policy(load: &str) -> Policy {
    let config = format!(
        "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n[modules]\nload = [{load}]\n"
    );
    Policy::of(&Config::parse(&config, "c.toml").unwrap(), "c.toml")
}

/// Has the engine do something with a value of this author.
pub fn done(
    policy: &Policy,
    author: Author,
    text: &str,
    run: Run,
    act: impl FnOnce(&Ask<'_>) -> Report,
) -> Report {
    let subject = Subject {
        pod: Some(Pod {
            namespace: "default".into(),
            name: "p".into(),
            uid: None,
            labels: None,
        }),
        sandbox: None,
        entrance: Entrance::Cni,
        trigger: "ADD",
        interface: Some("eth0".into()),
        mtu: Some(1500),
        netns: None,
    };
    let values = [Value {
        source: "k".into(),
        author,
        text: text.into(),
    }];
    act(&Ask {
        subject: &subject,
        values: &values,
        surroundings: &Surroundings::default(),
        policy,
        run,
    })
}

pub fn served(policy: &Policy, text: &str, kernel: &mut dyn Kernel) -> Report {
    done(policy, Author::Pod, text, Run::First, |ask| {
        engine::serve(ask, &mut (), kernel)
    })
}

pub fn outcomes(report: &Report) -> Vec<&'static str> {
    let outcomes = report.commands.iter().map(|one| one.outcome.word());
    outcomes.collect()
}

/// What is said of a command, and what to do about it.
pub fn said(report: &Report, command: usize) -> (String, String) {
    let advice = report.commands[command].advice.as_ref().unwrap();
    (
        advice.why.clone(),
        advice.instead.clone().unwrap_or_default(),
    )
}

/// The names in the configuration that a remedy says to write.
pub fn written(remedy: &str) -> String {
    let (_, toml) = remedy.split_once(":\n").unwrap();
    Config::parse(toml, "c.toml").unwrap();
    let (_, list) = toml.split_once('[').unwrap().1.split_once('[').unwrap();
    list.trim_end_matches(']').to_owned()
}
