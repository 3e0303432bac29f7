//! The variables of the CNI protocol (spec 1.1.0, section 2).

use crate::error::Error;

/// The variables of the protocol, as they are.
#[derive(Debug, Default)]
pub struct Environment {
    /// `CNI_COMMAND`.
    pub command: Option<String>,
    /// `CNI_CONTAINERID`.
    pub container: Option<String>,
    /// `CNI_NETNS`.
    pub netns: Option<String>,
    /// `CNI_IFNAME`.
    pub ifname: Option<String>,
    /// `CNI_ARGS`.
    pub args: Option<String>,
    /// `CNI_PATH`.
    pub path: Option<String>,
}

impl Environment {
    /// Reads the variables; an empty one is an absent one.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let read = |name| variable(name).filter(|value: &String| !value.is_empty());
        Self {
            command: read("CNI_COMMAND"),
            container: read("CNI_CONTAINERID"),
            netns: read("CNI_NETNS"),
            ifname: read("CNI_IFNAME"),
            args: read("CNI_ARGS"),
            path: read("CNI_PATH"),
        }
    }

    /// Whether the verb reads the network configuration. DEL reads nothing, so that nothing can keep it.
    pub fn needs_input(&self) -> bool {
        self.command.as_deref() != Some("DEL")
    }

    /// A value of `CNI_ARGS`. One that is given twice, and not the same, is none: it decides who is asked for and what
    /// the policy grants, so it is not for order to choose.
    pub fn argument(&self, name: &str) -> Option<String> {
        let pairs = self
            .args
            .as_deref()?
            .split(';')
            .filter_map(|pair| pair.split_once('='));
        let mut values = pairs
            .filter(|(key, value)| *key == name && !value.is_empty())
            .map(|(_, value)| value);
        let first = values.next()?;
        values.all(|other| other == first).then(|| first.to_owned())
    }

    /// `CNI_CONTAINERID`.
    pub fn container(&self) -> Result<&str, Error> {
        needed("CNI_CONTAINERID", self.container.as_deref())
    }

    /// `CNI_NETNS`.
    pub fn netns(&self) -> Result<&str, Error> {
        needed("CNI_NETNS", self.netns.as_deref())
    }

    /// `CNI_IFNAME`.
    pub fn ifname(&self) -> Result<&str, Error> {
        needed("CNI_IFNAME", self.ifname.as_deref())
    }
}

/// What a variable says, where the verb needs it.
pub fn needed<'a>(variable: &'static str, value: Option<&'a str>) -> Result<&'a str, Error> {
    value.ok_or_else(|| Error::Environment {
        variable,
        why: "is not set".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_that_is_given_twice_and_differs_is_none() {
        let argument = |args: &str| {
            let environment = Environment {
                args: Some(args.into()),
                ..Environment::default()
            };
            environment.argument("K8S_POD_NAMESPACE")
        };
        assert_eq!(argument("a=b;K8S_POD_NAMESPACE=x").as_deref(), Some("x"));
        assert_eq!(
            argument("K8S_POD_NAMESPACE=x;K8S_POD_NAMESPACE=x").as_deref(),
            Some("x")
        );
        assert_eq!(
            argument("K8S_POD_NAMESPACE=x;K8S_POD_NAMESPACE=kube-system"),
            None
        );
        assert_eq!(argument("K8S_POD_NAMESPACE="), None);
    }
}
