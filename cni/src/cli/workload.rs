//! The pods that a file of Kubernetes objects describes: pods themselves, and the templates of whatever makes pods.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

mod strays;

use strays::strays;

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
    /// Where its annotations stand, in the object.
    pub place: String,
    /// What holds it, and is no pod: the object itself, and the job of a `CronJob`.
    pub holders: Vec<Holder>,
    /// What is wrong with where keys of ours stand.
    pub strays: Vec<String>,
    /// The keys of all labels, its own and those of what holds it.
    pub labelled: BTreeSet<String>,
    /// Whether it is on the host's network.
    pub host_network: bool,
    /// `runtimeClassName`.
    pub runtime_class: Option<String>,
    /// The names of its containers, init containers too.
    pub containers: Vec<String>,
}

/// Something that makes pods, as far as it can be taken for one.
#[derive(Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its kind.
    pub kind: String,
    /// The keys of its own annotations.
    pub annotations: BTreeSet<String>,
}

/// Where a pod's metadata and spec are: in the object itself, its template, or its job's template.
const PODS: [&str; 3] = [OBJECT, "/spec/template", "/spec/jobTemplate/spec/template"];

const OBJECT: &str = "";
/// Where a `CronJob` says what its jobs are.
const JOB: &str = "/spec/jobTemplate";

/// The pod that an object is, or has a template of.
pub fn described(object: &Value) -> Option<Described> {
    let kind = object.get("kind")?.as_str()?;
    let (place, pod) = PODS.iter().rev().find_map(|path| {
        let pod = object.pointer(path)?;
        pod.pointer("/spec/containers").map(|_| (*path, pod))
    })?;
    let holders: Vec<(&str, &Value)> = [(OBJECT, kind), (JOB, "Job")]
        .into_iter()
        .filter(|(path, _)| place.starts_with(path) && place != *path)
        .filter_map(|(path, kind)| Some((kind, object.pointer(path)?)))
        .collect();
    let labelled = |one| keys(one, "/metadata/labels");
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let containers = ["/spec/initContainers", "/spec/containers"]
        .into_iter()
        .filter_map(|list| pod.pointer(list)?.as_array());
    let name = |container: &Value| container.get("name")?.as_str().map(str::to_owned);
    let annotations = format!("{}.metadata.annotations", place.replace('/', "."));
    let annotations = annotations.trim_start_matches('.');
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
        place: annotations.to_owned(),
        strays: strays(object, annotations),
        labelled: (holders.iter().map(|(_, holder)| *holder))
            .chain([pod])
            .flat_map(labelled)
            .collect(),
        holders: holders.into_iter().map(holder).collect(),
        host_network: pod.pointer("/spec/hostNetwork") == Some(&Value::Bool(true)),
        runtime_class: pod
            .pointer("/spec/runtimeClassName")
            .and_then(|class| class.as_str().map(str::to_owned)),
        containers: containers.flatten().filter_map(name).collect(),
    })
}

fn holder((kind, object): (&str, &Value)) -> Holder {
    Holder {
        kind: kind.to_owned(),
        annotations: keys(object, "/metadata/annotations").collect(),
    }
}

fn keys(object: &Value, pointer: &str) -> impl Iterator<Item = String> {
    pairs(object, pointer).map(|(key, _)| key)
}

fn pairs(pod: &Value, pointer: &str) -> impl Iterator<Item = (String, Value)> {
    let table = pod.pointer(pointer).and_then(Value::as_object).cloned();
    table.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::super::file::{Found, read};
    use super::*;

    fn read_text(text: &str) -> Result<Vec<Described>, String> {
        let pods = read("x.yaml", text)?.into_iter().map(|found| match found {
            Found::Pods(described) => described,
            Found::Network(network) => panic!("{network:?}"),
        });
        Ok(pods.collect())
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
    fn what_holds_a_pod_is_known_with_its_annotations_and_labels() {
        let all = read_text(
            "kind: CronJob\n\
             metadata: {name: j, annotations: {a: b}, labels: {x: y}}\n\
             spec: {jobTemplate: {metadata: {annotations: {c: d}}, spec: {template: {metadata: {labels: {z: [1]}}, spec: {containers: []}}}}}\n",
        )
        .unwrap();
        let one = &all[0];
        let holders: Vec<(&str, Vec<&str>)> = one
            .holders
            .iter()
            .map(|holder| {
                let keys = holder.annotations.iter().map(String::as_str);
                (holder.kind.as_str(), keys.collect())
            })
            .collect();
        assert_eq!(holders, [("CronJob", vec!["a"]), ("Job", vec!["c"])]);
        assert_eq!(one.labelled, ["x".to_owned(), "z".to_owned()].into());
        assert_eq!(
            one.place,
            "spec.jobTemplate.spec.template.metadata.annotations"
        );
        let pod = &read_text(POD).unwrap()[0];
        assert_eq!(
            (pod.holders.len(), pod.place.as_str()),
            (0, "metadata.annotations")
        );
    }

    #[test]
    fn a_key_that_stands_where_nobody_looks_is_told_with_where_it_belongs() {
        let key = "k8s.v1.cni.cncf.io/chainsaw";
        let no_map = "metadata.annotations is text, and has to be a map: ";
        for (metadata, spec, said) in [
            (format!("annotations: {{{key}: ip route}}"), "", None),
            (
                format!("annotation: {{{key}: ip route}}"),
                "",
                Some(format!(
                    "{key} stands in metadata.annotation, where it is no annotation: move it to metadata.annotations"
                )),
            ),
            (
                format!("{key}: ip route"),
                "",
                Some(format!(
                    "{key} stands in metadata, where it is no annotation: move it to metadata.annotations"
                )),
            ),
            (
                "labels: {a: b}".to_owned(),
                "annotations: {chainsaw.noderesource.dev/sandbox: ip route}, ",
                Some(
                    "chainsaw.noderesource.dev/sandbox stands in spec.annotations, where it is no annotation: move it to metadata.annotations"
                        .to_owned(),
                ),
            ),
            (
                format!("annotations: [{{{key}: ip route}}]"),
                "",
                Some("metadata.annotations is a list, and has to be a map: write each KEY: VALUE without a dash".to_owned()),
            ),
            (
                format!("annotations: {key}=ip route"),
                "",
                Some(format!(
                    "{no_map}write KEY: VALUE, a line each, with a colon and a space between"
                )),
            ),
            (
                format!("annotations: \"{key}:\u{a0}ip route\""),
                "",
                Some(format!(
                    "{no_map}the space at column 29 is a NO-BREAK SPACE (U+00A0): write a plain space"
                )),
            ),
        ] {
            let text = format!(
                "kind: Pod\nmetadata: {{name: p, {metadata}}}\nspec: {{{spec}containers: [{{name: c}}]}}\n"
            );
            let strays = &read_text(&text).unwrap()[0].strays;
            assert_eq!(strays.first(), said.as_ref(), "{text}");
        }
    }

    #[test]
    fn a_list_is_what_is_in_it() {
        let list = r#"{"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": []}}]}"#;
        assert_eq!(read_text(list).unwrap()[0].name, "Pod/p");
    }
}
