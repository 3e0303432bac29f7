//! What to write into the node's network configuration, and whether it is there. It is somebody else's: it is read here,
//! and never written.

use std::fs;
use std::path::{Path, PathBuf};

use chainsaw_common::annotations::CAPABILITY;
use serde_json::Value;

use super::entry;

/// The entry, as it is pasted.
const ENTRY: &str =
    r#"{ "type": "chainsaw", "capabilities": { "io.kubernetes.cri.pod-annotations": true } }"#;

/// The same where the API is asked.
const ENTRY_FOR_THE_API: &str = r#"{ "type": "chainsaw" }"#;

/// How a network configuration stands to us.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Chain {
    /// It has no list of plugins.
    NoList,
    /// It is no JSON, as the parser says.
    Broken(String),
    /// Its list does not name us.
    Absent,
    /// We come first.
    First,
    /// We come behind portmap.
    BehindPortmap,
    /// We are there, and are not told a pod's annotations.
    Untold,
    /// All is as it should be.
    Right,
}

/// What to tell after an installation; `api` is whether the plugin has a kubeconfig.
pub fn told(folder: &Path, api: bool) -> String {
    let Some(file) = in_force(folder) else {
        return format!(
            "{} has no network configuration, or is not mounted here; chain chainsaw when there is one\n{}",
            folder.display(),
            paste(api)
        );
    };
    let text = match fs::read(&file) {
        Ok(text) => text,
        Err(error) => {
            return format!(
                "{} cannot be read ({error}), so nobody can say whether chainsaw is in its chain; run as root, with that folder of the node mounted\n{}",
                file.display(),
                paste(api)
            );
        }
    };
    let mistakes = entry::mistakes(&text);
    let (said, needs_entry) = match read(&text, api) {
        Chain::Right if mistakes.is_empty() => (
            "has chainsaw in its chain, in the right place: nothing is left to do",
            false,
        ),
        Chain::Right => (
            "has chainsaw in its chain, in the right place, but with mistakes in its entry:",
            false,
        ),
        Chain::NoList => (
            "is one plugin and no list (\"plugins\"): make it a .conflist, and chain chainsaw behind that plugin. If it is Multus, chain chainsaw in the configuration of the delegate or of the network-attachment-definition",
            true,
        ),
        Chain::Broken(why) => {
            return format!(
                "{} cannot be read as JSON ({why}): the runtime takes it no more than we do\n{}",
                file.display(),
                paste(api)
            );
        }
        Chain::Absent => (
            "does not name chainsaw: paste this entry into its \"plugins\"",
            true,
        ),
        Chain::First => (
            "has chainsaw as its first plugin, where it fails every pod: it needs the main plugin's result. Move it",
            true,
        ),
        Chain::BehindPortmap => (
            "has chainsaw behind portmap, which then maps ports to addresses that the commands may change. Move it",
            true,
        ),
        Chain::Untold => (
            "has chainsaw without the capability: the runtime does not tell what a pod asks for, and as long as no chainsawd that serves the CNI entrance and knows the cluster answers instead, NO POD STARTS. Add it",
            true,
        ),
    };
    let paste = if needs_entry {
        paste(api)
    } else {
        String::new()
    };
    format!("{} {said}\n{mistakes}{paste}", file.display())
}

/// What to tell when the plugin was taken away.
pub fn warned(folder: &Path) -> String {
    match naming(folder).join(", ").as_str() {
        "" => String::new(),
        named => format!(
            "still named in {named}: NO POD of these networks starts until the entry is taken out\n"
        ),
    }
}

/// Why the plugin was left, and whether it may go.
pub fn left(folder: &Path) -> String {
    let shown = folder.display();
    if let Err(error) = fs::read_dir(folder) {
        return format!(
            "{shown} cannot be read ({error}), so a network configuration may still name it (--remove takes it away)"
        );
    }
    match naming(folder).join(", ").as_str() {
        "" => format!(
            "no network configuration in {shown} names it, so as far as these go --remove can take it away; one that is elsewhere may (a network-attachment-definition)"
        ),
        named => format!(
            "{named} still names it; take the entry out there first, then --remove takes it away"
        ),
    }
}

/// The network configurations that name us.
fn naming(folder: &Path) -> Vec<String> {
    configurations(folder)
        .into_iter()
        .filter(|file| fs::read_to_string(file).is_ok_and(|text| text.contains("\"chainsaw\"")))
        .map(|file| file.display().to_string())
        .collect()
}

/// The first entry of ours that has commands, in any configuration that the runtime may take.
pub fn with_commands(folder: &Path) -> Option<String> {
    configurations(folder).into_iter().find_map(|file| {
        let place = entry::with_commands(&fs::read(&file).ok()?)?;
        Some(format!("{} {place}", file.display()))
    })
}

fn paste(api: bool) -> String {
    let (entry, why) = if api {
        (
            ENTRY_FOR_THE_API,
            "Without the capability, because the plugin asks the Kubernetes API with its kubeconfig.",
        )
    } else {
        (
            ENTRY,
            "The capability makes containerd and CRI-O hand on the pod's annotations.",
        )
    };
    format!(
        "\n    {entry}\n\nBehind the main plugin, whose interface the commands are for, and before portmap, which acts on what they leave. {why}\n"
    )
}

/// The file that the runtime takes: the first, by name.
fn in_force(folder: &Path) -> Option<PathBuf> {
    configurations(folder).into_iter().next()
}

/// All that could be, in the runtime's order.
fn configurations(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_one = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("conf" | "conflist" | "json")) && path.is_file()
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_one)
        .collect();
    files.sort();
    files
}

fn read(text: &[u8], api: bool) -> Chain {
    let list = match serde_json::from_slice::<Value>(text) {
        Ok(list) => list,
        Err(error) => return Chain::Broken(error.to_string()),
    };
    let Some(plugins) = list.get("plugins").and_then(Value::as_array) else {
        return Chain::NoList;
    };
    let is = |name: &'static str| {
        move |plugin: &Value| plugin.get("type").and_then(Value::as_str) == Some(name)
    };
    let Some(ours) = plugins.iter().position(is("chainsaw")) else {
        return Chain::Absent;
    };
    if ours == 0 {
        return Chain::First;
    }
    if plugins.iter().take(ours).any(is("portmap")) {
        return Chain::BehindPortmap;
    }
    let told = plugins
        .get(ours)
        .and_then(|plugin| plugin.get("capabilities")?.get(CAPABILITY)?.as_bool());
    if told == Some(true) || api {
        Chain::Right
    } else {
        Chain::Untold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(plugins: &str) -> String {
        format!(r#"{{"cniVersion": "1.0.0", "name": "n", "plugins": [{plugins}]}}"#)
    }

    const BRIDGE: &str = r#"{"type": "bridge"}"#;
    const PORTMAP: &str = r#"{"type": "portmap", "capabilities": {"portMappings": true}}"#;

    #[test]
    fn the_place_in_the_chain_is_judged() {
        let of = |plugins: &[&str]| read(list(&plugins.join(", ")).as_bytes(), false);
        assert_eq!(of(&[BRIDGE, ENTRY]), Chain::Right);
        assert_eq!(of(&[BRIDGE, ENTRY, PORTMAP]), Chain::Right);
        assert_eq!(of(&[BRIDGE, PORTMAP, ENTRY]), Chain::BehindPortmap);
        assert_eq!(of(&[ENTRY, BRIDGE]), Chain::First);
        assert_eq!(of(&[BRIDGE, PORTMAP]), Chain::Absent);
        assert_eq!(of(&[BRIDGE, ENTRY_FOR_THE_API]), Chain::Untold);
        assert_eq!(
            read(
                list(&[BRIDGE, ENTRY_FOR_THE_API].join(", ")).as_bytes(),
                true
            ),
            Chain::Right
        );
        assert_eq!(read(BRIDGE.as_bytes(), false), Chain::NoList);
        let broken = read(b"{\n  \"plugins\" []}", false);
        let place = |why: &str| why.ends_with("at line 2 column 13");
        assert!(
            matches!(&broken, Chain::Broken(why) if place(why)),
            "{broken:?}"
        );
    }

    #[test]
    fn the_file_in_force_is_the_first_by_name_and_is_told_with_the_entry_to_paste() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        assert!(told(folder.path(), false).contains("has no network configuration"));
        write("20-b.conflist", &list(&[BRIDGE, ENTRY].join(", ")));
        write("00-note.txt", "nothing");
        let said = told(folder.path(), false);
        assert!(
            said.contains("20-b.conflist") && said.contains("nothing is left to do"),
            "{said}"
        );
        write("10-a.conflist", &list(BRIDGE));
        let said = told(folder.path(), false);
        assert!(
            said.contains("10-a.conflist does not name chainsaw") && said.contains(ENTRY),
            "{said}"
        );
        assert!(warned(folder.path()).contains("20-b.conflist"));
        assert!(!warned(folder.path()).contains("10-a.conflist"));
    }

    #[test]
    fn a_list_that_is_no_json_is_told_with_the_place() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("10-a.conflist"), "{\n  \"plugins\" []}").unwrap();
        let said = told(folder.path(), false);
        assert!(
            said.contains("cannot be read as JSON (expected `:` at line 2 column 13): the runtime"),
            "{said}"
        );
    }

    #[test]
    fn an_entry_with_mistakes_is_not_all_there_is_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let said = |entry: &str| {
            let text = list(&[BRIDGE, entry].join(", "));
            fs::write(folder.path().join("10-a.conflist"), text).unwrap();
            told(folder.path(), false)
        };
        let right = said(
            r#"{"type": "chainsaw", "comands": [], "capabilities": {"io.kubernetes.cri.pod-annotations": true}}"#,
        );
        assert!(
            right.contains(
                "with mistakes in its entry:\nplugins[1], chainsaw's: field comands is not known"
            ) && !right.contains("nothing is left to do"),
            "{right}"
        );
        let untold = said(
            r#"{"type": "chainsaw", "capabilites": {"io.kubernetes.cri.pod-annotations": true}}"#,
        );
        assert!(
            untold.contains("without the capability")
                && untold.contains("did you mean capabilities?"),
            "{untold}"
        );
    }

    #[test]
    fn a_plugin_that_was_left_is_told_with_who_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("10-a.conflist", &list(BRIDGE));
        let said = left(folder.path());
        assert!(
            said.starts_with("no network configuration in ") && said.contains("--remove can"),
            "{said}"
        );
        write("20-b.conflist", &list(&[BRIDGE, ENTRY].join(", ")));
        let said = left(folder.path());
        assert!(
            said.contains("20-b.conflist still names it") && !said.contains("10-a"),
            "{said}"
        );
        let said = left(Path::new("/nowhere/net.d"));
        assert!(
            said.starts_with("/nowhere/net.d cannot be read") && said.contains("may still name it"),
            "{said}"
        );
    }

    #[test]
    fn a_folder_that_is_said_from_where_one_stands_is_that_folder() {
        // Tests run in their package's folder.
        let folder = tempfile::tempdir_in(".").unwrap();
        let text = list(&[BRIDGE, ENTRY].join(", "));
        fs::write(folder.path().join("10-a.conflist"), text).unwrap();
        let relative = Path::new(folder.path().file_name().unwrap());
        let said = told(relative, false);
        assert!(said.contains("nothing is left to do"), "{said}");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_why_and_not_as_bad_json() {
        let folder = tempfile::tempdir().unwrap();
        // A link to a file that is there, and whose reading fails with EIO or EINVAL for root as well.
        let link = folder.path().join("10-a.conflist");
        std::os::unix::fs::symlink("/proc/self/mem", link).unwrap();
        let said = told(folder.path(), false);
        assert!(
            said.contains("10-a.conflist cannot be read (") && said.contains("os error"),
            "{said}"
        );
        assert!(!said.contains("JSON"), "{said}");
    }
}
