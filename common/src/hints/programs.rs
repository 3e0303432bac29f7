//! Other programs that network namespaces are set up with, and what to write instead of each.

use crate::words::Word;

/// What is said of a program of which there is nothing better to say.
pub(super) const PROGRAM: &str =
    "no program runs here: a command is one of ip link, ip address, ip route, ip rule and ip neigh";

const SHELL: &str = "there is no shell: write the ip command alone, one a line";
const WRAPPER: &str = "leave it out: a command runs with the rights that it needs";
const INSIDE: &str = "leave it out: a command runs in the pod's own network namespace already";
const FILTER: &str =
    "packets cannot be filtered or translated here: a NetworkPolicy of Kubernetes filters them";
const SENDING: &str =
    "nothing can be sent or watched from here: a container of the pod can do that";
const SERVICE: &str = "no service manages a pod's network: write ip commands instead, for example ip address add ADDRESS/LENGTH dev DEVICE";
const MODULE: &str = "kernel modules are the node's: ask its operator to load this one";
const DHCP: &str = "no DHCP client runs here: write ip address add ADDRESS/LENGTH dev DEVICE, or have the network's IPAM ask for the address (CNI's dhcp)";

/// Programs, and what to write instead.
const INSTEAD: &[(&[&str], &str)] = &[
    (
        &["ifconfig", "ipconfig"],
        "write ip address add ADDRESS/LENGTH dev DEVICE, ip link set DEVICE up, or ip address show",
    ),
    (&["ifup"], "write ip link set DEVICE up"),
    (&["ifdown"], "write ip link set DEVICE down"),
    (
        &["arp"],
        "write ip neigh show, or ip neigh replace ADDRESS lladdr MAC dev DEVICE",
    ),
    (
        &["netstat"],
        "write ip route show for routes, or ip -s link show for counters; sockets cannot be listed here",
    ),
    (
        &["brctl"],
        "write ip link add BRIDGE type bridge, and ip link set DEVICE master BRIDGE",
    ),
    (
        &["vconfig"],
        "write ip link add link DEVICE name DEVICE.ID type vlan id ID",
    ),
    (&["ifenslave"], "write ip link set DEVICE master BOND"),
    (&["ip6"], "write ip -6"),
    (&["iplink"], "write ip link"),
    (&["ipaddr"], "write ip address"),
    (&["iproute", "iproute2"], "write ip route"),
    (&["iprule"], "write ip rule"),
    (&["ipneigh"], "write ip neigh"),
    (&["dhclient", "udhcpc", "dhcpcd", "dhcp"], DHCP),
    (
        &[
            "arptables",
            "ebtables",
            "firewall-cmd",
            "ip6tables",
            "ip6tables-restore",
            "ipset",
            "iptables",
            "iptables-legacy",
            "iptables-nft",
            "iptables-restore",
            "nft",
            "ufw",
        ],
        FILTER,
    ),
    (
        &[
            "arping",
            "curl",
            "dig",
            "host",
            "iperf3",
            "mtr",
            "nc",
            "nslookup",
            "ping",
            "ping6",
            "tcpdump",
            "tracepath",
            "traceroute",
            "wget",
        ],
        SENDING,
    ),
    (
        &[
            "netplan",
            "networkctl",
            "nmcli",
            "resolvectl",
            "service",
            "systemctl",
            "wicked",
        ],
        SERVICE,
    ),
    (
        &["doas", "env", "exec", "su", "sudo", "time", "timeout"],
        WRAPPER,
    ),
    (
        &[
            "chroot", "crictl", "ctr", "docker", "kubectl", "nerdctl", "nsenter", "podman",
            "unshare",
        ],
        INSIDE,
    ),
    (&["depmod", "insmod", "modprobe", "rmmod"], MODULE),
    (
        &[
            "ash", "bash", "busybox", "cat", "cd", "echo", "exit", "export", "for", "grep", "if",
            "set", "sh", "sleep", "source", "test", "true", "until", "while",
        ],
        SHELL,
    ),
    (
        &[
            "bridge",
            "conntrack",
            "ethtool",
            "hostname",
            "lsof",
            "mount",
            "ss",
            "sysctl",
            "tc",
            "wg",
        ],
        PROGRAM,
    ),
];

/// What to write instead of a command that begins with a word, if it is a program's.
pub(super) fn instead(words: &[Word], about: usize) -> Option<String> {
    let first = words.first().filter(|_| about == 0)?;
    let (path, name) = first.text.rsplit_once('/').unwrap_or(("", &first.text));
    let is_path = first.text.contains('/');
    if name == "ip" && is_path {
        let path = format!("{path}/");
        return Some(format!("write ip alone, without {path}"));
    }
    let known = INSTEAD.iter().find(|(names, _)| names.contains(&name));
    let known = known.map(|(_, instead)| *instead);
    Some(known.or(is_path.then_some(PROGRAM))?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_program_is_in_two_rows() {
        let mut all: Vec<&str> = INSTEAD
            .iter()
            .flat_map(|(names, _)| *names)
            .copied()
            .collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
