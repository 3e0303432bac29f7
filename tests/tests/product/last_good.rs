//! A configuration that cannot be taken: the last good one, which the daemon has published, stays in force.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::Duration;

use anyhow::{Result, ensure};
use chainsaw_tests::bed::{Bed, CONFIGURATION, KEY};
use chainsaw_tests::machine::Machine;
use chainsaw_tests::pod::refusal;
use chainsaw_tests::process::wait_until;
use chainsaw_tests::{Containerd, Node, bridge, chainsaw, parts};

const SANDBOX: &str = "chainsaw.noderesource.dev/sandbox";
const PUBLISHED: &str = "/run/chainsaw/last-good.toml";
const GRANT: &str =
    "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n[limits]\nonlink = 4096\n";
const ROUTE: &str = "ip route add 192.0.3.0/24 dev eth0";
const BROKEN: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofil = \"route\"\n";
const MEND: &str = "/etc/chainsaw/config.toml line 3 cannot be taken, so an older configuration is in force: mend that first";
const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn an_invalid_file_keeps_the_last_good_policy_in_force_at_both_entrances_and_through_a_restart()
-> Result<()> {
    for containerd in Containerd::ALL {
        let node = Node::builder(containerd)
            .nri()
            .cni_chain([bridge(), chainsaw()])
            .file(CONFIGURATION, GRANT)
            .start()?;
        let mut daemon = node.daemon("first", &[])?;
        let said = daemon.log()?;
        ensure!(
            said.contains("serves nri: /etc/chainsaw/config.toml is in force (1 rule, 0 applies, mode enforce)"),
            "{said}"
        );
        node.machine().write(CONFIGURATION, BROKEN)?;
        daemon.wait_for("line 3: unknown key profil, did you mean profile?; the last good configuration stays in force")?;
        let both = |name: &str| {
            let pod = node.pod(name);
            let pod = pod.annotation(KEY, ROUTE);
            let pod = pod.annotation(SANDBOX, "ip route add 192.0.4.0/24 dev eth0");
            let pod = pod.run()?;
            let _app = pod.container("app", ["sleep", "1000"])?;
            let routes = pod.in_netns(["route"])?.stdout;
            ensure!(
                routes.contains("192.0.3.0/24") && routes.contains("192.0.4.0/24"),
                "{containerd:?}: {routes}"
            );
            pod.remove()
        };
        both("web")?;
        ensure!(
            node.log()?.contains("line 3: unknown key profil")
                && node
                    .log()?
                    .contains("published at /run/chainsaw/last-good.toml, stays in force"),
            "{}",
            node.log()?
        );
        // Lines of denials are those of the file that counts.
        let more = node
            .pod("more")
            .annotation(SANDBOX, "ip link set eth0 mtu 1400 promisc on");
        let said = refusal(more.run())?;
        ensure!(
            said.contains(MEND) && !said.contains("to allow it"),
            "{said}"
        );
        let there = node.pod("there").annotation(KEY, "ip link set eth0 down");
        refusal(there.run())?;
        daemon.wait_for("refused default/there")?;
        let said = daemon.log()?;
        ensure!(
            said.matches(MEND).count() > 1 && !said.contains("to allow it"),
            "{said}"
        );
        ensure!(
            said.contains(
                "(rule at line 1 of the configuration as last taken (/run/chainsaw/last-good.toml))"
            ),
            "{said}"
        );

        daemon.kill()?;
        // The plugin goes on without a daemon, and the next daemon with what the last one has left.
        let alone = node.pod("alone");
        let alone = alone.annotation(KEY, ROUTE);
        alone.run()?.remove()?;
        let second = node.daemon("second", &[])?;
        second.wait_for("stays in force")?;
        both("again")?;
    }
    Ok(())
}

/// Waits until what was written counts: nobody writes it any more.
fn settled(machine: &Machine, inside: &str) -> Result<()> {
    let changed = fs::metadata(machine.path(inside))?.ctime();
    wait_until("the file to be left alone", LIMIT, || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        Ok(i64::try_from(now.as_secs())? - changed > 3)
    })
}

#[test]
fn what_is_published_counts_only_if_it_is_roots_alone_and_no_link() -> Result<()> {
    let bed = Bed::new(BROKEN)?;
    let machine = &bed.machine;
    machine.write(PUBLISHED, GRANT)?;
    settled(machine, CONFIGURATION)?;
    let published = machine.path(PUBLISHED);
    let mode = |mode| fs::set_permissions(&published, Permissions::from_mode(mode));
    let refused = |why: &str| -> Result<()> {
        let output = bed.add(ROUTE)?;
        ensure!(
            output.status == 1
                && output.stdout.contains("\"code\":103")
                && output.stderr.contains("line 3: unknown key profil")
                && output.stderr.contains(why),
            "{why}: {output:?}"
        );
        Ok(())
    };
    mode(0o644)?;
    refused("others can read it (it has to be 0600)")?;
    mode(0o600)?;
    std::os::unix::fs::chown(&published, Some(65534), None)?;
    refused("it belongs to user 65534")?;
    std::os::unix::fs::chown(&published, Some(0), None)?;
    let output = bed.add(ROUTE)?;
    ensure!(output.status == 0, "{output:?}");
    fs::rename(&published, machine.path("/run/chainsaw/real"))?;
    symlink("real", &published)?;
    refused("does not count")?;
    fs::remove_file(&published)?;
    refused("")?;
    ensure!(!bed.add(ROUTE)?.stderr.contains("does not count"));
    Ok(())
}

#[test]
fn a_daemon_whose_configuration_lies_elsewhere_publishes_it_for_the_plugin() -> Result<()> {
    let bed = Bed::unconfigured()?;
    let machine = &bed.machine;
    let output = bed.add(ROUTE)?;
    ensure!(output.stdout.contains("\"code\":101"), "{output:?}");
    // As Kubernetes mounts a ConfigMap.
    machine.write("/run/map/..1/config.toml", GRANT)?;
    symlink("..1", machine.path("/run/map/..data"))?;
    symlink("..data/config.toml", machine.path("/run/map/config.toml"))?;
    let words = ["--hooks", "cni", "--config", "/run/map/config.toml"];
    let log = chainsaw_tests::scratch::Scratch::new()?;
    let _daemon = machine
        .program(parts::chainsawd()?)
        .args(words)
        .start(&log.path().join("log"))?;
    let published = machine.path(PUBLISHED);
    wait_until("a configuration to be published", LIMIT, || {
        Ok(published.exists())
    })?;
    let metadata = fs::metadata(&published)?;
    ensure!((metadata.uid(), metadata.mode() & 0o7777) == (0, 0o600));
    let folder = fs::metadata(machine.path("/run/chainsaw"))?;
    ensure!((folder.uid(), folder.mode() & 0o7777) == (0, 0o700));
    let output = bed.add(ROUTE)?;
    ensure!(output.status == 0, "{output:?}");

    machine.write("/run/map/..2/config.toml", "")?;
    symlink("..2", machine.path("/run/map/..new"))?;
    fs::rename(
        machine.path("/run/map/..new"),
        machine.path("/run/map/..data"),
    )?;
    wait_until("the change to be published", LIMIT, || {
        Ok(fs::read_to_string(&published)?.is_empty())
    })?;
    ensure!(bed.add(ROUTE)?.stdout.contains("\"code\":101"));
    Ok(())
}

#[test]
fn what_counts_at_the_start_alone_is_told_once_when_it_changes() -> Result<()> {
    let node = Node::builder(Containerd::V2)
        .nri()
        .file(CONFIGURATION, GRANT)
        .start()?;
    let daemon = node.daemon("daemon", &[])?;
    daemon.wait_for("running")?;
    let later = "[log], [status] of /etc/chainsaw/config.toml: what has changed there counts from the daemon's next start";
    let changed = format!("{GRANT}[log]\nformat = \"json\"\n[status]\nannotation = true\n");
    node.machine().write(CONFIGURATION, &changed)?;
    daemon.wait_for(later)?;
    // The next change is taken, and says nothing of those again.
    node.machine()
        .write(CONFIGURATION, format!("{changed}# and more\n"))?;
    let taken = "the configuration has changed and is in force";
    wait_until("the next change to be taken", LIMIT, || {
        Ok(daemon.log()?.matches(taken).count() == 2)
    })?;
    ensure!(
        daemon.log()?.matches(later).count() == 1,
        "{}",
        daemon.log()?
    );
    Ok(())
}

#[test]
fn a_file_that_is_not_there_is_told_at_the_start_and_when_it_vanishes() -> Result<()> {
    let node = Node::builder(Containerd::V2).nri().start()?;
    let file = "/etc/chainsaw/other.toml";
    let daemon = node.daemon("daemon", &["--config", file])?;
    let absent = format!(
        " WARN there is no {file}: every pod may look, none may change anything, until it is there"
    );
    let told = |many: usize| {
        wait_until("the file to be told as absent", LIMIT, || {
            Ok(daemon.log()?.matches(&absent).count() == many)
        })
    };
    told(1)?;
    let said = daemon.log()?;
    ensure!(
        said.contains(&format!(
            "serves nri: {file} is not there, what is built in is in force (0 rules"
        )),
        "{said}"
    );
    node.machine().write(file, GRANT)?;
    daemon.wait_for("the configuration has changed and is in force")?;
    told(1)?;
    fs::remove_file(node.machine().path(file))?;
    told(2)
}
