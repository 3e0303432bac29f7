//! Who may run what. A plan is approved here and nowhere else.

use std::fmt;

use serde::Deserialize;

use crate::config::{self, Config};
use crate::ip::{Action, Command, addr, link, route};
use crate::pod::Subject;
use crate::uapi::{rt, rtn};

/// What a pod may do. Each profile lies within the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Look. The default, also where nothing is configured.
    Inspect,
    /// Routes outside table local, addresses on `lo`.
    Route,
    /// Any change the dialect knows that stays inside the pod's namespace.
    NetAdmin,
}

impl Profile {
    /// The least profile that allows a command. What no profile allows is no [`Command`].
    #[must_use]
    pub fn needed(command: &Command) -> Self {
        match &command.action {
            Action::Addr(addr::Action::Show(_)) => Self::Inspect,
            Action::Addr(addr::Action::Change(_, address)) if address.dev == "lo" => Self::Route,
            Action::Addr(addr::Action::Flush(filter)) if filter.dev.as_deref() == Some("lo") => {
                Self::Route
            }
            Action::Addr(addr::Action::Change(..) | addr::Action::Flush(_)) => Self::NetAdmin,
            Action::Link(action) => match **action {
                link::Action::Show(_) => Self::Inspect,
                _ => Self::NetAdmin,
            },
            Action::Route(action) => match &**action {
                route::Action::Show(_) | route::Action::Get(_) => Self::Inspect,
                route::Action::Change(_, route) if is_more_than_a_route(route) => Self::NetAdmin,
                route::Action::Flush(filter) if flushes_local(filter) => Self::NetAdmin,
                route::Action::Change(..) | route::Action::Flush(_) => Self::Route,
            },
        }
    }
}

/// Table local decides what the namespace takes for its own addresses, and a VRF's table may be that one.
fn is_local(route: &route::Route) -> bool {
    may_be_local(route.table.as_ref())
        || matches!(
            route.kind,
            Some(rtn::LOCAL | rtn::BROADCAST | rtn::ANYCAST | rtn::NAT)
        )
}

fn may_be_local(table: Option<&route::Table>) -> bool {
    match table {
        Some(route::Table::Id(id)) => *id == rt::TABLE_LOCAL,
        Some(route::Table::Vrf(_)) => true,
        None => false,
    }
}

/// What wraps packets, or may have the kernel load a module, is more than a route.
fn is_more_than_a_route(route: &route::Route) -> bool {
    is_local(route)
        || route.encap.is_some()
        || route.nexthops.iter().any(|nexthop| nexthop.encap.is_some())
        || route.metrics.iter().any(route::Metric::may_load_a_module)
}

fn flushes_local(filter: &route::Filter) -> bool {
    filter.all_tables() || may_be_local(filter.table.as_ref())
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inspect => "inspect",
            Self::Route => "route",
            Self::NetAdmin => "net-admin",
        })
    }
}

/// The rules in force.
#[derive(Debug, Clone)]
pub struct Policy {
    rules: Vec<config::Rule>,
    default: Profile,
    file: String,
}

/// What a subject is granted, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The profile.
    pub profile: Profile,
    /// The rule, for people.
    pub by: String,
}

/// A command that the subject may not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("profile {} does not allow this, it needs profile {needs} ({})", .granted.profile, .granted.by)]
pub struct Denial {
    /// The profile it would take.
    pub needs: Profile,
    /// What there is.
    pub granted: Grant,
    /// What to add, and where.
    pub remedy: String,
}

impl Policy {
    /// The policy of a configuration that was read from `file`.
    #[must_use]
    pub fn of(config: &Config, file: &str) -> Self {
        Self {
            rules: config.rules.clone(),
            default: Profile::Inspect,
            file: file.to_owned(),
        }
    }

    /// The policy of the command line, which acts with its caller's rights.
    #[must_use]
    pub fn of_the_caller() -> Self {
        Self {
            rules: Vec::new(),
            default: Profile::NetAdmin,
            file: config::PATH.to_owned(),
        }
    }

    /// What the subject is granted: by the last rule that names its namespace, else by default.
    #[must_use]
    pub fn grant(&self, subject: &Subject) -> Grant {
        let namespace = subject.pod.as_ref().map(|pod| pod.namespace.as_str());
        let rule = self.rules.iter().rfind(|rule| {
            rule.namespaces
                .iter()
                .any(|name| Some(name.as_str()) == namespace)
        });
        match (rule, namespace) {
            (Some(rule), _) => Grant {
                profile: *rule.profile.get_ref(),
                by: format!("line {} of {}", rule.line, self.file),
            },
            (None, Some(namespace)) => Grant {
                profile: self.default,
                by: format!("no rule in {} names namespace {namespace}", self.file),
            },
            (None, None) => Grant {
                profile: self.default,
                by: "no pod is named".to_owned(),
            },
        }
    }

    /// Judges one command.
    ///
    /// # Errors
    /// It needs more than is granted.
    pub fn judge(&self, subject: &Subject, command: &Command) -> Result<(), Denial> {
        let granted = self.grant(subject);
        let needs = Profile::needed(command);
        if needs <= granted.profile {
            return Ok(());
        }
        let namespace = subject
            .pod
            .as_ref()
            .map_or("NAMESPACE", |pod| pod.namespace.as_str());
        let rule = format!("[[rule]]\nnamespaces = [\"{namespace}\"]\nprofile = \"{needs}\"");
        Err(Denial {
            needs,
            granted,
            remedy: format!("to allow it, add to {}:\n{rule}", self.file),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::{Entrance, Pod};
    use crate::{ip, words};

    fn command(line: &str) -> Command {
        ip::read(&words::split(line).unwrap()).command.unwrap()
    }

    fn subject(namespace: &str) -> Subject {
        let pod = Pod {
            namespace: namespace.into(),
            name: "p".into(),
            uid: None,
        };
        Subject {
            pod: Some(pod),
            sandbox: None,
            entrance: Entrance::Cni,
            trigger: "ADD",
            interface: None,
            netns: None,
        }
    }

    fn policy(text: &str) -> Policy {
        Policy::of(&Config::parse(text, "c.toml").unwrap(), "c.toml")
    }

    #[test]
    fn each_command_needs_its_profile() {
        for (line, profile) in [
            ("route", Profile::Inspect),
            ("address show", Profile::Inspect),
            ("link", Profile::Inspect),
            ("route add 192.0.2.0/24 dev eth0", Profile::Route),
            ("route del default", Profile::Route),
            ("route get 192.0.2.1", Profile::Inspect),
            ("route flush 192.0.2.0/24", Profile::Route),
            ("route flush cache", Profile::Route),
            ("route flush table 100", Profile::Route),
            ("route flush table local", Profile::NetAdmin),
            ("route flush table all proto static", Profile::NetAdmin),
            ("route flush vrf blue", Profile::NetAdmin),
            ("route add default dev eth0 congctl cubic", Profile::Route),
            ("route add default dev eth0 congctl bbr", Profile::NetAdmin),
            (
                "route add default dev eth0 encap ip id 5",
                Profile::NetAdmin,
            ),
            (
                "route add default nexthop dev eth0 encap mpls 5 ttl 5",
                Profile::NetAdmin,
            ),
            ("route add default dev eth0 vrf blue", Profile::NetAdmin),
            ("address flush dev lo", Profile::Route),
            ("address flush dev eth0", Profile::NetAdmin),
            ("address flush up", Profile::NetAdmin),
            ("address add 192.0.2.1/32 dev lo", Profile::Route),
            ("route add local 192.0.2.0/24 dev lo", Profile::NetAdmin),
            ("route del 192.0.2.0/24 table local", Profile::NetAdmin),
            ("address add 192.0.2.1/32 dev eth0", Profile::NetAdmin),
            ("link set eth0 down", Profile::NetAdmin),
        ] {
            assert_eq!(Profile::needed(&command(line)), profile, "{line}");
        }
    }

    #[test]
    fn without_a_rule_a_namespace_may_look_and_nothing_else() {
        let policy = policy("");
        assert!(
            policy
                .judge(&subject("default"), &command("route show"))
                .is_ok()
        );
        let denial = policy
            .judge(&subject("default"), &command("route del default"))
            .unwrap_err();
        assert_eq!(
            denial.to_string(),
            "profile inspect does not allow this, it needs profile route (no rule in c.toml names namespace default)"
        );
        assert!(
            denial
                .remedy
                .ends_with("[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\""),
            "{}",
            denial.remedy
        );
    }

    #[test]
    fn the_last_rule_that_names_a_namespace_counts() {
        let policy = policy(
            "[[rule]]\nnamespaces = [\"a\", \"b\"]\nprofile = \"net-admin\"\n[[rule]]\nnamespaces = [\"a\"]\nprofile = \"inspect\"\n",
        );
        let by = policy.grant(&subject("a"));
        assert_eq!(
            (by.profile, by.by.as_str()),
            (Profile::Inspect, "line 6 of c.toml")
        );
        assert_eq!(policy.grant(&subject("b")).profile, Profile::NetAdmin);
        assert_eq!(policy.grant(&subject("c")).profile, Profile::Inspect);
    }

    #[test]
    fn the_remedy_is_a_configuration_that_allows_it() {
        let denial = policy("")
            .judge(&subject("web"), &command("link set eth0 mtu 1400"))
            .unwrap_err();
        let (_, rule) = denial.remedy.split_once('\n').unwrap();
        assert!(
            policy(rule)
                .judge(&subject("web"), &command("link set eth0 mtu 1400"))
                .is_ok()
        );
    }
}
