//! The pods that a file of Kubernetes objects describes: pods themselves, and the templates of whatever makes pods.

use std::collections::BTreeMap;
use std::{fs, io};

use serde_json::Value;

/// A pod, or the template of pods.
#[derive(Debug, PartialEq, Eq)]
pub struct Described {
    /// Its namespace, if it says one.
    pub namespace: Option<String>,
    /// `Kind/name`.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations, whatever they hold.
    pub annotations: Vec<(String, Value)>,
    /// Whether it is on the host's network.
    pub host_network: bool,
    /// `runtimeClassName`.
    pub runtime_class: Option<String>,
    /// The names of its containers, init containers too.
    pub containers: Vec<String>,
}

/// The text of a file, or of standard input by the name `-`.
///
/// # Errors
/// It cannot be read.
pub fn text(path: &str) -> Result<String, String> {
    let text = match path {
        "-" => io::read_to_string(io::stdin()),
        path => fs::read_to_string(path),
    };
    text.map_err(|error| format!("cannot read {path}: {error}"))
}

/// Reads YAML or JSON, one document or several.
///
/// # Errors
/// It is neither, or has no pod.
pub fn read(path: &str, text: &str) -> Result<Vec<Described>, String> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).map_err(|error| format!("{path} is no YAML: {error}"))?;
    let described: Vec<Described> = documents
        .iter()
        .flat_map(objects)
        .filter_map(described)
        .collect();
    if described.is_empty() {
        return Err(format!(
            "{path} describes no pod: it takes a Pod, or what makes pods (Deployment, Job, CronJob …)"
        ));
    }
    Ok(described)
}

/// A list is what is in it.
fn objects(document: &Value) -> Vec<&Value> {
    match document.get("items").and_then(Value::as_array) {
        Some(items) => items.iter().collect(),
        None => vec![document],
    }
}

/// Where a pod's metadata and spec are: in the object itself, its template, or its job's template.
const PODS: [&str; 3] = ["", "/spec/template", "/spec/jobTemplate/spec/template"];

fn described(object: &Value) -> Option<Described> {
    let kind = object.get("kind")?.as_str()?;
    let pod = PODS.iter().rev().find_map(|path| {
        object
            .pointer(path)
            .filter(|pod| pod.pointer("/spec/containers").is_some())
    })?;
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let containers = ["/spec/initContainers", "/spec/containers"]
        .into_iter()
        .filter_map(|list| pod.pointer(list)?.as_array());
    let name = |container: &Value| container.get("name")?.as_str().map(str::to_owned);
    Some(Described {
        namespace: text("/metadata/namespace").map(str::to_owned),
        name: format!(
            "{kind}/{}",
            text("/metadata/name")
                .or(text("/metadata/generateName"))
                .unwrap_or("?")
        ),
        labels: pairs(pod, "/metadata/labels")
            .filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())))
            .collect(),
        annotations: pairs(pod, "/metadata/annotations").collect(),
        host_network: pod.pointer("/spec/hostNetwork") == Some(&Value::Bool(true)),
        runtime_class: pod
            .pointer("/spec/runtimeClassName")
            .and_then(|class| class.as_str().map(str::to_owned)),
        containers: containers.flatten().filter_map(name).collect(),
    })
}

fn pairs(pod: &Value, pointer: &str) -> impl Iterator<Item = (String, Value)> {
    let table = pod.pointer(pointer).and_then(Value::as_object).cloned();
    table.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<Described>, String> {
        read("x.yaml", text)
    }

    const POD: &str = "kind: Pod\nmetadata: {name: p, namespace: shop, annotations: {a: b}}\nspec: {containers: [{name: c}]}\n";

    #[test]
    fn a_pod_and_every_template_of_pods_are_found() {
        let template = "template: {metadata: {annotations: {a: b}}, spec: {initContainers: [{name: i}], containers: [{name: c}]}}";
        let deployment = format!("kind: Deployment\nmetadata: {{name: d}}\nspec: {{{template}}}\n");
        let cron = format!(
            "kind: CronJob\nmetadata: {{name: j}}\nspec: {{jobTemplate: {{spec: {{{template}}}}}}}\n"
        );
        let all = read_text(&format!(
            "{POD}---\n{deployment}---\n{cron}---\nkind: Service\nspec: {{}}\n"
        ))
        .unwrap();
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["Pod/p", "Deployment/d", "CronJob/j"]);
        assert!(
            all.iter()
                .all(|one| one.annotations == [("a".to_owned(), "b".into())])
        );
        assert_eq!(all[0].namespace.as_deref(), Some("shop"));
        assert_eq!(all[2].containers, ["i", "c"]);
    }

    #[test]
    fn a_list_is_what_is_in_it() {
        let list = r#"{"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": []}}]}"#;
        assert_eq!(read_text(list).unwrap()[0].name, "Pod/p");
    }

    #[test]
    fn a_file_without_pods_says_so() {
        assert!(
            read_text("kind: Service\n")
                .unwrap_err()
                .contains("describes no pod")
        );
        assert!(read_text("a: [").unwrap_err().contains("is no YAML"));
        assert!(
            super::text("/nowhere/x.yaml")
                .unwrap_err()
                .contains("cannot read")
        );
    }
}
