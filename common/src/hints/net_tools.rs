//! net-tools' `route`, whose name `ip` has as well: the whole command, as `ip route` has it.

use std::net::Ipv4Addr;

use crate::words::Word;

/// What no `ip route` has, and net-tools' `route` does.
const THEIRS: [&str; 14] = [
    "--inet", "--inet6", "-4", "-6", "-A", "-C", "-F", "-e", "-ee", "-en", "-host", "-n", "-ne",
    "-net",
];

const FORM: &str = "ip route add PREFIX/LENGTH via GATEWAY dev DEVICE";

/// The form to write, if the line is net-tools'.
pub(super) fn instead(words: &[Word], about: usize) -> Option<String> {
    let (first, rest) = words.split_first()?;
    let about = words.get(about)?;
    let marks = ["gw", "netmask", "reject"];
    let is_theirs = THEIRS.contains(&&*about.text) || marks.contains(&&*about.text);
    if first.text != "route" || first.replaced || !is_theirs {
        return None;
    }
    let texts: Vec<&str> = rest.iter().map(|word| word.text.as_str()).collect();
    let form = translated(&texts).unwrap_or_else(|| FORM.to_owned());
    Some(format!("that is the route of net-tools; write {form}"))
}

/// What is said of a route, in the order of `ip route`.
#[derive(Default)]
struct Said<'a> {
    is_six: bool,
    verb: Option<&'a str>,
    target: Option<&'a str>,
    mask: Option<&'a str>,
    is_network: bool,
    is_rejected: bool,
    options: Vec<String>,
}

fn translated(words: &[&str]) -> Option<String> {
    let mut said = Said::default();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "-A" => said.is_six = words.next()? == "inet6",
            "-6" | "--inet6" => said.is_six = true,
            "-net" => said.is_network = true,
            "-host" => {}
            "add" | "del" if said.verb.is_none() => said.verb = Some(word),
            "netmask" => said.mask = Some(words.next()?),
            "gw" => said.option("via", words.next()?),
            "dev" => said.option("dev", words.next()?),
            "metric" => said.option("metric", words.next()?),
            "mss" => said.option("advmss", words.next()?),
            "window" => said.option("window", words.next()?),
            "irtt" => said.option("rtt", words.next()?),
            "reject" => said.is_rejected = true,
            _ if word.starts_with('-') => {}
            _ if said.verb.is_none() => return None,
            _ if said.target.is_none() => said.target = Some(word),
            // The device, at the end, needs no word before it.
            device => said.option("dev", device),
        }
    }
    said.form()
}

impl Said<'_> {
    fn option(&mut self, name: &str, value: &str) {
        self.options.push(format!("{name} {value}"));
    }

    fn form(&self) -> Option<String> {
        let family = if self.is_six { "-6 " } else { "" };
        let Some(verb) = self.verb else {
            return Some(format!("ip {family}route show"));
        };
        let kind = if self.is_rejected { "unreachable " } else { "" };
        let target = self.target?;
        let length = match self.mask {
            Some(mask) => format!("/{}", length(mask)?),
            None if self.is_network && target != "default" && !target.contains('/') => {
                "/LENGTH".to_owned()
            }
            None => String::new(),
        };
        let options: String = self.options.iter().map(|it| format!(" {it}")).collect();
        Some(format!(
            "ip {family}route {verb} {kind}{target}{length}{options}"
        ))
    }
}

/// How many bits a mask has, if they are all in front.
pub(super) fn length(mask: &str) -> Option<u32> {
    let bits = u32::from(mask.parse::<Ipv4Addr>().ok()?);
    (bits.leading_ones() == bits.count_ones()).then_some(bits.count_ones())
}
