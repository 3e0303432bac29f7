//! What Multus gives a delegate's plugins: its own CNI_ARGS with the runtime's behind them, `cni-args` of the pod's
//! network selection in every plugin's `args.cni`, and of `runtimeConfig` only what it knows itself (`ips`, `mac` and so
//! on). The capability that asks for annotations is never served.

use anyhow::Result;
use chainsaw_tests::process::Output;
use serde_json::{Value, json};

use super::bed::{Bed, KEY, ROUTE, UID, web};

/// The plugin as a delegate's chain calls it. Multus takes configurations apart and sorts their keys.
fn delegated(bed: &Bed, more: &Value) -> Result<Output> {
    let mut conf = json!({
        "capabilities": {"io.kubernetes.cri.pod-annotations": true, "ips": true},
        "cniVersion": "1.0.0",
        "name": "site-net",
        "prevResult": {"cniVersion": "1.0.0", "interfaces": [{"name": "lo", "sandbox": "/run/netns/pod"}]},
        "runtimeConfig": {"ips": ["192.0.2.9/24"]},
        "type": "chainsaw",
    });
    if let (Some(conf), Some(more)) = (conf.as_object_mut(), more.as_object()) {
        conf.extend(more.clone());
    }
    let own = format!(
        "IgnoreUnknown=true;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID={UID}"
    );
    let runtimes = format!(
        "K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID={UID};IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web"
    );
    bed.plugin
        .machine
        .program("/opt/cni/bin/chainsaw")
        .env("CNI_COMMAND", "ADD")
        .env("CNI_CONTAINERID", "c1")
        .env("CNI_NETNS", "/run/netns/pod")
        .env("CNI_IFNAME", "lo")
        .env("CNI_PATH", "/opt/cni/bin")
        .env("CNI_ARGS", format!("{own};{runtimes}"))
        .stdin(conf.to_string())
        .run()
}

#[test]
fn the_pods_annotation_reaches_a_delegate_by_the_daemon() -> Result<()> {
    let bed = Bed::with([web(ROUTE)])?;
    let output = delegated(&bed, &Value::Null)?;
    assert_eq!(output.status, 0, "{output:?}");
    assert!(bed.plugin.routes()?.contains("192.0.3.0/24"), "{output:?}");
    assert_eq!(bed.gets(), 0);
    Ok(())
}

#[test]
fn the_key_of_the_delegates_interface_wins() -> Result<()> {
    let own = web("ip route add 192.0.4.0/24 dev lo").annotation(&format!("{KEY}.lo"), ROUTE);
    let bed = Bed::with([own])?;
    let output = delegated(&bed, &Value::Null)?;
    assert_eq!(output.status, 0, "{output:?}");
    let routes = bed.plugin.routes()?;
    assert!(
        routes.contains("192.0.3.0/24") && !routes.contains("192.0.4.0/24"),
        "{routes}"
    );
    Ok(())
}

#[test]
fn cni_args_of_a_network_selection_win_and_nobody_is_asked() -> Result<()> {
    let bed = Bed::with([web("ip route add 192.0.4.0/24 dev lo")])?;
    let args = json!({"args": {"cni": {"chainsaw": [ROUTE], "ips": ["192.0.2.9/24"]}}});
    let output = delegated(&bed, &args)?;
    assert_eq!(output.status, 0, "{output:?}");
    let routes = bed.plugin.routes()?;
    assert!(
        routes.contains("192.0.3.0/24") && !routes.contains("192.0.4.0/24"),
        "{routes}"
    );
    assert_eq!(bed.gets(), 0);
    Ok(())
}
