//! What a person is told: of the tool, and of each of its verbs.

/// The tool as a whole.
pub const TOOL: &str = "\
chainsaw runs ip commands in a network namespace, over rtnetlink, without an ip binary.

    chainsaw try VALUE…                 in a throw-away namespace that looks like a pod's; no root is needed
    chainsaw run --netns PATH VALUE…    in the namespace at PATH, never the node's own or the caller's
    chainsaw check VALUE…               parses and judges, runs nothing
    chainsaw check -f FILE              the same for every pod, and every template of pods, in a file
    chainsaw ip WORD…                   one command in the caller's namespace, as ip itself would run it
    chainsaw help VERB                  what a verb takes; chainsaw VERB --help is the same

A VALUE is what a pod's annotation holds: a JSON array of commands, or one command a line.

    chainsaw try '[\"ip route add 192.0.3.0/24 dev CURRENT_INTERFACE\", \"ip route\"]'

    -h, --help       prints this
    -V, --version    prints the version

It ends with 0 if every command ran or may run, 1 if one was refused or failed, 2 for a wrong use of this tool.
With CNI_COMMAND set, or without words, it is a CNI plugin.
";

/// `try`.
const TRY: &str = "\
chainsaw try runs commands in a throw-away namespace that looks like a pod's, and shows what they print.

    chainsaw try [OPTION]… VALUE…

A VALUE is what a pod's annotation holds: a JSON array of commands, or one command a line. No root is needed where the
kernel allows user namespaces. The namespace has eth0 with 192.0.2.10/24 and 2001:db8::10/64, and default routes by
192.0.2.1 and 2001:db8::1. The commands act with the caller's rights: no profile and no limit applies.

    -o, --output FORM    text: a transcript, or json: the report, on one line (text)
    -h, --help           prints this

Examples:
    chainsaw try '[\"ip route add 192.0.3.0/24 dev CURRENT_INTERFACE\", \"ip route\"]'
    chainsaw try -o json 'ip link add link eth0 name eth0.7 type vlan id 7'

It ends with 0 if every command ran, 1 if one was refused or failed, 2 for a wrong use.
";

/// `run`.
const RUN: &str = "\
chainsaw run runs commands in the network namespace at a path, never the node's own or the caller's.

    chainsaw run --netns PATH [OPTION]… VALUE…

A VALUE is what a pod's annotation holds: a JSON array of commands, or one command a line. The commands act with the
caller's rights, and root has to be the caller: no profile and no limit applies, and nothing is recorded.

        --netns PATH        the namespace, as a path; it has to be given
        --interface NAME    what CURRENT_INTERFACE stands for (the device of the default route, else the first that is
                            not loopback)
    -o, --output FORM       text: a transcript, or json: the report, on one line (text)
    -h, --help              prints this

Examples:
    chainsaw run --netns /run/netns/pod 'ip route'
    chainsaw run --netns /proc/4711/ns/net --interface net1 '[\"ip route add 192.0.3.0/24 dev CURRENT_INTERFACE\"]'

It ends with 0 if every command ran, 1 if one was refused or failed, 2 for a wrong use.
";

/// `check`.
const CHECK: &str = "\
chainsaw check parses commands and judges them by a node's configuration. It runs nothing.

    chainsaw check [OPTION]… VALUE…
    chainsaw check [OPTION]… -f FILE
    chainsaw check --policy FILE

A VALUE is what a pod's annotation holds: a JSON array of commands, or one command a line. A file holds Kubernetes
objects: every pod, and every template of pods, is judged, each of its keys at its own interface. It may also hold a
network configuration of CNI, or a NetworkAttachmentDefinition, whose chainsaw entries are judged. Of every command it
says whether it is allowed. With a configuration alone it says whether a node could take that.

    -f, --file FILE            what holds them, as YAML or JSON; - is standard input; may be given again
        --policy FILE          the configuration that judges (none: only the words are checked)
    -n, --namespace NAME       the pod's namespace in Kubernetes, where a file does not say it (default)
        --label KEY=VALUE      a label of the pod; may be given again (those of a file count at the NRI entrance alone)
        --entrance ENTRANCE    cni or nri: which rules apply (each key's own; cni for a VALUE)
        --interface NAME       what CURRENT_INTERFACE stands for, where a key does not say it (eth0)
        --mtu BYTES            the interface's MTU, which profile route may not raise (1500)
        --address ADDR         what CURRENT_ADDRESS stands for; may be given again (192.0.2.10, 2001:db8::10)
        --gateway ADDR         what CURRENT_GATEWAY stands for; may be given again (192.0.2.1, 2001:db8::1)
        --explain              also tells what each rule says of each command, in order
    -o, --output FORM          text, or json: a report on one line for each pod (text)
    -h, --help                 prints this

Examples:
    chainsaw check '[\"ip route add 192.0.3.0/24 dev CURRENT_INTERFACE\"]'
    chainsaw check --policy /etc/chainsaw/config.toml --namespace shop --explain 'ip route del default'
    kubectl get deployment web -o yaml | chainsaw check --policy /etc/chainsaw/config.toml -f -

It ends with 0 if every command is allowed, 1 if one is refused or wrong, or the configuration is, 2 for a wrong use.
";

/// `ip`.
pub const IP: &str = "\
chainsaw ip runs one command in the caller's network namespace, with the caller's rights, as ip itself would.

    chainsaw ip WORD…

All words behind ip are iproute2's, options too, with its abbreviations: none of them is this tool's. chainsaw ip help
and chainsaw ip OBJECT help (link, address, route, rule, neigh) print what can be said, as ip does: to standard error,
with status 255.

    -h, --help    prints this, where it is the only word; elsewhere it is iproute2's

Examples:
    chainsaw ip -4 route show table all
    chainsaw ip -j address show dev eth0

It ends as ip does: 0 if the command ran, 2 if the kernel refused it, 1 or 255 if the words are wrong.
";

/// What there is to say of a verb, if it is one.
pub fn of(verb: &str) -> Option<&'static str> {
    match verb {
        "try" => Some(TRY),
        "run" => Some(RUN),
        "check" => Some(CHECK),
        "ip" => Some(IP),
        "help" => Some(TOOL),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::words::TAKEN;
    use super::*;

    /// The long options that a text explains, each at the start of its line.
    fn explained(text: &str) -> BTreeSet<&str> {
        let lines = text.lines().map(str::trim_start);
        let options = lines.filter(|line| line.starts_with('-'));
        options
            .filter_map(|line| line.split_once("--")?.1.split_whitespace().next())
            .collect()
    }

    #[test]
    fn the_help_of_a_verb_has_each_option_that_it_takes_and_no_other() {
        for (verb, taken) in TAKEN {
            let taken: BTreeSet<&str> = taken.iter().copied().chain(["help"]).collect();
            assert_eq!(explained(of(verb).unwrap()), taken, "{verb}");
        }
    }

    #[test]
    fn each_text_fits_a_terminal_and_has_examples_and_how_it_ends() {
        for verb in ["try", "run", "check", "ip"] {
            let text = of(verb).unwrap();
            assert!(text.starts_with(&format!("chainsaw {verb} ")), "{text}");
            for part in ["Examples:\n", "It ends ", "--help"] {
                assert!(text.contains(part), "{verb}: {part}");
            }
        }
        for verb in ["try", "run", "check", "ip", "help"] {
            let wide = of(verb)
                .unwrap()
                .lines()
                .find(|line| line.chars().count() > 120);
            assert_eq!(wide, None, "{verb}");
        }
    }
}
