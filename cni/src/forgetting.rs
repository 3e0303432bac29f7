//! DEL and GC: an attachment that has gone is forgotten, and nothing keeps either from succeeding.

use chainsaw_common::pod::Entrance;
use chainsaw_common::record::Records;

use crate::environment::Environment;
use crate::netconf::NetConf;

/// Nothing was made that outlives the namespace. The record is forgotten if it can be; what cannot is GC's.
pub fn del(environment: &Environment, records: &Records) {
    if let (Some(container), Some(ifname)) = (&environment.container, &environment.ifname) {
        // Who leaves a record behind takes away some that were left before, and whose namespaces have gone since: they do
        // not add up, and every other DEL looks at its own alone.
        if forget(records, container, ifname) {
            records.sweep_behind(container);
        }
    }
}

/// Forgets an attachment; whether the record is left behind all of them.
fn forget(records: &Records, container: &str, ifname: &str) -> bool {
    // A record that stays does no harm: ids of sandboxes do not come again.
    let found = records.find(container).ok().flatten();
    found.is_some_and(|record| record.forget(ifname).unwrap_or_default())
}

/// Forgets the attachments of this network that are not valid, and what was left behind by others that have gone.
/// Without a list of valid ones nothing is forgotten.
pub fn gc(conf: &NetConf<'_>, records: &Records) {
    let Some(valid) = &conf.valid_attachments else {
        return;
    };
    for sandbox in records.sandboxes() {
        let Ok(Some(record)) = records.find(&sandbox) else {
            continue;
        };
        let of_this_network = record
            .entries()
            .iter()
            .map(|entry| &entry.work)
            .filter(|work| {
                work.entrance == Entrance::Cni && work.network.as_deref() == conf.name.as_deref()
            });
        let mut stale: Vec<String> = of_this_network.map(|work| work.interface.clone()).collect();
        stale.sort();
        stale.dedup();
        stale.retain(|ifname| {
            !valid
                .iter()
                .any(|one| one.container == sandbox && one.ifname == *ifname)
        });
        drop(record);
        for ifname in &stale {
            forget(records, &sandbox, ifname);
        }
    }
    records.sweep();
}

#[cfg(test)]
mod tests {
    use std::fs;

    use chainsaw_common::record::{Entry, Event, Work, hash};

    use super::*;

    #[test]
    fn a_del_takes_away_what_was_left_behind_only_if_it_leaves_a_record_itself() {
        let folder = tempfile::tempdir().unwrap();
        let records = Records::at(folder.path().join("sandboxes"));
        let made = |sandbox: &str| {
            let netns = folder.path().join(sandbox);
            fs::write(&netns, "").unwrap();
            let mut record = records.open(sandbox).unwrap();
            record.is_of(&netns, None);
            let work = Work {
                entrance: Entrance::Cni,
                network: None,
                interface: "eth0".into(),
                container: None,
                source: "k".into(),
                value: hash("v"),
            };
            let makes = vec![serde_json::from_str("\"r2.a\"").unwrap()];
            let entry = Entry::new(work, Event::Ok);
            record.add(Entry { makes, ..entry }).unwrap();
            netns
        };
        let del = |sandbox: &str| {
            let environment = Environment {
                container: Some(sandbox.into()),
                ifname: Some("eth0".into()),
                ..Environment::default()
            };
            super::del(&environment, &records);
        };
        let gone = made("gone");
        del("gone");
        fs::remove_file(gone).unwrap();
        del("quiet");
        assert_eq!(records.sandboxes(), ["gone"]);
        made("next");
        del("next");
        assert_eq!(records.sandboxes(), ["next"]);
    }
}
