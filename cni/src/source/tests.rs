//! Which of a pod's values counts.

use chainsaw_common::annotations::CAPABILITY;

use super::*;

fn found(rest: &str) -> Result<Option<Value>, Error> {
    both(rest).map(|(value, _)| value)
}

fn both(rest: &str) -> Result<(Option<Value>, bool), Error> {
    let conf = format!("{{\"cniVersion\": \"1.0.0\"{rest}}}");
    let environment = Environment {
        ifname: Some("net1".into()),
        args: Some(
            "K8S_POD_NAME=web;IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_UID=u".into(),
        ),
        ..Environment::default()
    };
    let pods = of_the_pod(&NetConf::read(conf.as_bytes()).unwrap(), &environment)?;
    Ok((pods.value, pods.nri))
}

fn annotations(pairs: &str) -> String {
    format!(", \"runtimeConfig\": {{\"{CAPABILITY}\": {pairs}}}")
}

fn text(rest: &str) -> Option<(String, String)> {
    found(rest).unwrap().map(|value| (value.source, value.text))
}

#[test]
fn the_key_of_the_interface_wins_over_the_plain_one() {
    let both = annotations(&format!(
        "{{\"{KEY}\": \"plain\", \"{KEY}.net1\": \"own\", \"{KEY}.net2\": \"other\"}}"
    ));
    assert_eq!(text(&both), Some((format!("{KEY}.net1"), "own".into())));
    assert_eq!(
        text(&annotations(&format!("{{\"{KEY}\": \"plain\"}}"))),
        Some((KEY.into(), "plain".into()))
    );
    assert_eq!(
        text(&annotations(&format!("{{\"{KEY}.net2\": \"other\"}}"))),
        None
    );
}

#[test]
fn the_argument_wins_over_the_keys_and_may_be_an_array() {
    let both = annotations(&format!("{{\"{KEY}\": \"plain\"}}"))
        + r#", "args": {"cni": {"chainsaw": ["ip route"], "x": 1}}"#;
    assert_eq!(
        text(&both),
        Some(("args.cni.chainsaw".into(), "[\"ip route\"]".into()))
    );
    assert_eq!(
        text(r#", "args": {"cni": {"chainsaw": "ip addr"}}"#)
            .unwrap()
            .1,
        "ip addr"
    );
    assert!(found(r#", "args": {"cni": {"chainsaw": 7}}"#).is_err());
}

#[test]
fn keys_of_the_other_entrance_are_seen_wherever_the_value_comes_from() {
    for (keys, nri) in [
        (r#"{"chainsaw.noderesource.dev/sandbox": "ip route"}"#, true),
        (
            r#"{"a": "", "chainsaw.noderesource.dev/container.x": 7, "z": ""}"#,
            true,
        ),
        (
            r#"{"chainsaw.noderesource.de": "", "chainsaw.noderesource.dev0": ""}"#,
            false,
        ),
        ("{}", false),
        ("null", false),
    ] {
        let sent = annotations(keys);
        assert_eq!(both(&sent).unwrap(), (None, nri), "{keys}");
        let with = sent + r#", "args": {"cni": {"chainsaw": "ip addr"}}"#;
        assert_eq!(both(&with).unwrap().1, nri, "{keys}");
    }
}

#[test]
fn arguments_of_other_plugins_are_their_own() {
    for args in [
        r#"{"cni": {"ips": []}}"#,
        r#"{"cni": null}"#,
        "[]",
        "7",
        r#"{"labels": [{"key": 1}]}"#,
    ] {
        assert_eq!(
            text(&(annotations("{}") + ", \"args\": " + args)),
            None,
            "{args}"
        );
    }
}

#[test]
fn present_means_known_also_when_it_is_null() {
    assert_eq!(text(&annotations("null")), None);
    assert_eq!(text(&annotations("{}")), None);
    for unknown in ["", ", \"runtimeConfig\": {}", ", \"runtimeConfig\": null"] {
        assert!(
            matches!(found(unknown), Err(Error::Unknown { pod }) if pod == "default/web"),
            "{unknown}"
        );
    }
}

#[test]
fn without_a_pod_there_is_nothing_to_ask() {
    let conf = NetConf::read(br#"{"cniVersion": "1.0.0"}"#).unwrap();
    assert_eq!(
        of_the_pod(&conf, &Environment::default()).unwrap(),
        Pods::default()
    );
}

#[test]
fn a_value_that_is_no_string_is_an_error() {
    assert!(matches!(
        found(&annotations(&format!("{{\"{KEY}\": [1]}}"))),
        Err(Error::Annotations { .. })
    ));
    assert!(found(&annotations("7")).is_err());
}

#[test]
fn commands_that_multus_hands_on_to_nobody_are_told_and_ask_for_nothing() {
    let of = |networks: &str| {
        let networks = serde_json::to_string(networks).unwrap();
        let sent = annotations(&format!("{{\"k8s.v1.cni.cncf.io/networks\": {networks}}}"));
        let conf = format!("{{\"cniVersion\": \"1.0.0\"{sent}}}");
        let conf = NetConf::read(conf.as_bytes()).unwrap();
        asked(&conf, &Environment::default()).unwrap()
    };
    let said = of(r#"[{"name": "a"}, {"name": "b", "cniArgs": {"chainsaw": ["ip route"]}}]"#);
    assert!(said.is_nothing());
    assert_eq!(
        said.unreached,
        [
            "k8s.v1.cni.cncf.io/networks[1].cniArgs: Multus does not know this field, so its commands reach no plugin; write \"cni-args\": {\"chainsaw\": [\"ip …\"]}"
        ]
    );
    for right in [
        "a, chainsaw-net@net2",
        r#"[{"name": "a", "cni-args": {"chainsaw": ["ip route"]}}]"#,
        r#"[{"name": "a", "interfce": "chainsaw"}]"#,
        "[{\"chainsaw",
    ] {
        assert_eq!(of(right).unreached, Vec::<String>::new(), "{right}");
    }
}
