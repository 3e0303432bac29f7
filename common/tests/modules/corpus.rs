//! Every command of the differential tests, looked at as the kernel would see it.

use std::fs;
use std::path::Path;

use chainsaw_common::ip::modules;
use chainsaw_common::policy::Policy;
use chainsaw_common::uapi::{rta, rtax, rtm};
use chainsaw_common::wire::{Received, Request};

use super::bed::{Knowing, kind_of, policy, served};

/// `LWTUNNEL_ENCAP_MPLS` (`linux/lwtunnel.h`).
const ENCAP_MPLS: u16 = 1;

/// The commands of the differential tests that are ours, too.
fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus");
    let folders = [folder.join("kernels"), folder];
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = entries.map(|entry| entry.unwrap().path());
    let texts = files
        .filter(|file| file.is_file())
        .map(|file| fs::read_to_string(file).unwrap());
    let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines
        .filter(|line| !line.is_empty() && !line.starts_with(['#', '!']))
        .map(|line| line.trim_start_matches(['=', '~']).to_owned())
        .collect()
}

/// The words of a change for which a kernel would load a module that has to be named.
fn loads(request: &Request) -> Option<String> {
    let named = |word: String| {
        let module = modules::all().find(|module| module.word == word);
        module
            .is_none_or(|module| module.must_be_named())
            .then_some(word)
    };
    match request.kind {
        rtm::NEWLINK => kind_of(request).and_then(named),
        rtm::NEWROUTE | rtm::DELROUTE => {
            let route = Received::behind(&request.body, 12);
            let metrics = route.nested(rta::METRICS).unwrap_or_default();
            let mpls = request
                .body
                .windows(6)
                .any(|bytes| bytes == [6, 0, 21, 0, ENCAP_MPLS.to_ne_bytes()[0], 0]);
            let control = metrics.text(rtax::CC_ALGO).and_then(named);
            control.or(mpls.then(|| "mpls".to_owned()))
        }
        _ => None,
    }
}

#[test]
fn no_command_of_the_corpus_reaches_a_kernel_with_a_word_for_which_it_would_load_what_nobody_named()
{
    let known = [
        "veth", "bridge", "vlan", "macvlan", "ipvlan", "vrf", "vxlan",
    ];
    let seen = |policy: &Policy, line: &str| {
        let mut kernel = Knowing::of(&known);
        served(policy, line, &mut kernel);
        let words: Vec<String> = kernel.changes().filter_map(loads).collect();
        (kernel.changes().count(), words)
    };
    let (mut reached, mut kept) = (0, 0);
    for line in corpus() {
        let (changes, words) = seen(&policy(""), &line);
        assert!(words.is_empty(), "{line}: {words:?}");
        reached += changes;
        let (_, words) = seen(&Policy::of_the_caller(), &line);
        kept += usize::from(!words.is_empty());
    }
    // The net is no net if nothing is ever caught in it.
    assert!(reached > 1000 && kept > 20, "{reached} {kept}");
}
