//! Why a pod was refused at the CNI entrance, as a label: what the plugin says is text, and a label's values are a fixed set.

/// The plugin's own words.
const WORDS: [&str; 23] = [
    "AddressDuplicate",
    "AnnotationsInvalid",
    "AnnotationsUnknown",
    "CommandDenied",
    "CommandFailed",
    "CommandsNotOk",
    "ConfigurationInvalid",
    "ConfigurationUnreadable",
    "EnvironmentInvalid",
    "InterfaceGone",
    "InterfaceTaken",
    "LastAddressTaken",
    "LimitReached",
    "NamespaceRefused",
    "NetworkConfigurationInvalid",
    "NriNotServed",
    "PrevResultMissing",
    "RecordFailed",
    "SocketFailed",
    "StdinUnreadable",
    "Uninstalled",
    "VersionNotSupported",
    "",
];

/// A word of a plugin that this daemon does not know: it is newer.
const OTHER: &str = "Other";

/// The label for what the plugin said.
pub fn known(said: &str) -> &'static str {
    let known = WORDS.iter().find(|word| **word == said);
    known.copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_plugin_is_known_and_another_is_none_of_its_own() {
        let plugin = include_str!("../../../../../cni/src/error.rs");
        let words = plugin
            .split_once("pub fn reason(")
            .and_then(|(_, behind)| behind.split_once("\n    }\n"))
            .map(|(body, _)| body.split('"').skip(1).step_by(2))
            .unwrap();
        let mut count = 0;
        for word in words {
            assert_eq!(known(word), word);
            count += 1;
        }
        assert!(count >= 18, "{count}");
        for foreign in ["web-7f9c", "Frob", &"A".repeat(64)] {
            assert_eq!(known(foreign), OTHER);
        }
    }
}
