//! Who may do what: RBAC, by the roles and bindings that there are. Kubernetes, "Using RBAC Authorization".

use serde_json::Value;

use super::request::Asked;
use super::store::Store;

/// Whether a service account, `NAMESPACE:NAME`, is allowed what is asked.
pub(super) fn allows(store: &Store, account: &str, asked: &Asked) -> bool {
    let (namespace, name) = account.split_once(':').unwrap_or_default();
    let all = |resource| store.list(resource, None);
    let mut bindings = all("clusterrolebindings");
    let here = |binding: &Value| {
        asked
            .namespace
            .as_deref()
            .is_some_and(|ns| binding["metadata"]["namespace"] == ns)
    };
    bindings.extend(all("rolebindings").into_iter().filter(here));
    bindings.iter().any(|binding| {
        let is_it = |subject: &Value| subject["name"] == name && subject["namespace"] == namespace;
        let roles = match binding["roleRef"]["kind"].as_str() {
            Some("ClusterRole") => all("clusterroles"),
            _ => all("roles"),
        };
        let role = roles.iter().find(|role| {
            role["metadata"]["name"] == binding["roleRef"]["name"]
                && (role["kind"] == "ClusterRole"
                    || role["metadata"]["namespace"] == binding["metadata"]["namespace"])
        });
        any(&binding["subjects"], is_it)
            && role.is_some_and(|role| any(&role["rules"], |rule| grants(rule, asked)))
    })
}

fn grants(rule: &Value, asked: &Asked) -> bool {
    let resource = match &asked.subresource {
        Some(subresource) => format!("{}/{subresource}", asked.kind.resource),
        None => asked.kind.resource.to_owned(),
    };
    any(&rule["apiGroups"], |group| group == asked.kind.group)
        && any(&rule["resources"], |one| *one == resource)
        && any(&rule["verbs"], |verb| verb == asked.verb)
        && names_it(&rule["resourceNames"], asked)
}

/// Whether a rule that names objects names this one; one that names none is of all.
fn names_it(names: &Value, asked: &Asked) -> bool {
    names.is_null()
        || any(names, |name| {
            asked.name.as_deref().is_some_and(|asked| name == asked)
        })
}

fn any(list: &Value, mut is_it: impl FnMut(&Value) -> bool) -> bool {
    list.as_array().into_iter().flatten().any(&mut is_it)
}
