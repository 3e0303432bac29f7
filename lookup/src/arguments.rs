//! The command line: which pod, asked how.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

use crate::error::LookupError;
use crate::pod::Wanted;

/// Said when the words are not understood.
pub const USAGE: &str =
    "chainsaw-lookup --kubeconfig PATH --namespace NS --name NAME [--uid UID] [--timeout-ms N]";

/// What a person may write.
pub const HELP: &str = "\
chainsaw-lookup asks the Kubernetes API for one pod's annotations and labels. The CNI plugin starts it; a person may, too.

    chainsaw-lookup --kubeconfig PATH --namespace NS --name NAME [OPTION]…

        --kubeconfig PATH    where the API is, and who asks; it has to be given
        --namespace NS       the pod's namespace; it has to be given
        --name NAME          the pod; it has to be given
        --uid UID            its UID, a static pod's kubernetes.io/config.hash: another pod of that name is an error (any)
        --timeout-ms MS      when there has to be an answer (5000)
    -h, --help               prints this
    -V, --version            prints the version

Examples:
    chainsaw-lookup --kubeconfig /etc/cni/net.d/chainsaw.d/chainsaw.kubeconfig --namespace default --name web

It prints one JSON object, {\"annotations\": {…}, \"labels\": {…}} with what asks for something, or {\"error\": {…}}. It ends
with 0 if it has an answer, 1 if it has none, 2 for a wrong use, which it says on standard error as well.
";

/// The deadline unless one is given.
const TIMEOUT_MS: u64 = 5000;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Where the API is, and who asks.
    pub kubeconfig: PathBuf,
    /// The pod.
    pub pod: Wanted,
    /// When the whole program has to be done.
    pub timeout: Duration,
}

/// What the words say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// To ask.
    Ask(Question),
    /// To print [`HELP`].
    Help,
    /// To print the version.
    Version,
}

/// Reads the words behind the program's name.
///
/// # Errors
/// What is wrong with them, or a name that no pod has.
pub fn parse(parser: lexopt::Parser) -> Result<Said, LookupError> {
    let said = words(parser).map_err(|error| LookupError::Usage {
        why: error.to_string(),
    })?;
    if let Said::Ask(question) = &said {
        question.pod.check()?;
    }
    Ok(said)
}

fn words(mut parser: lexopt::Parser) -> Result<Said, lexopt::Error> {
    let (mut kubeconfig, mut namespace, mut name, mut uid) = (None, None, None, None);
    let mut timeout = TIMEOUT_MS;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("kubeconfig") => kubeconfig = Some(PathBuf::from(parser.value()?)),
            Long("namespace") => namespace = Some(parser.value()?.string()?),
            Long("name") => name = Some(parser.value()?.string()?),
            Long("uid") => uid = Some(parser.value()?.string()?),
            Long("timeout-ms") => timeout = parser.value()?.parse()?,
            Short('h') | Long("help") => return Ok(Said::Help),
            Short('V') | Long("version") => return Ok(Said::Version),
            _ => return Err(argument.unexpected()),
        }
    }
    let missing = |option: &str| lexopt::Error::Custom(format!("{option} is missing").into());
    Ok(Said::Ask(Question {
        kubeconfig: kubeconfig.ok_or_else(|| missing("--kubeconfig"))?,
        pod: Wanted {
            namespace: namespace.ok_or_else(|| missing("--namespace"))?,
            name: name.ok_or_else(|| missing("--name"))?,
            uid,
        },
        timeout: Duration::from_millis(timeout),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Result<Question, LookupError> {
        match parse(lexopt::Parser::from_args(words.split_whitespace()))? {
            Said::Ask(question) => Ok(question),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_question_names_a_pod_and_a_kubeconfig() {
        let question = read("--name web-0.a --namespace=default --kubeconfig /k --uid u").unwrap();
        assert_eq!(question.pod.to_string(), "default/web-0.a");
        assert_eq!(question.pod.uid.as_deref(), Some("u"));
        assert_eq!(question.timeout, Duration::from_secs(5));
        let hasty = read("--name a --namespace b --kubeconfig /k --timeout-ms 300").unwrap();
        assert_eq!((hasty.pod.uid, hasty.timeout.as_millis()), (None, 300));
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        for (words, part) in [
            ("--namespace b --kubeconfig /k", "--name is missing"),
            ("--name a --kubeconfig /k", "--namespace is missing"),
            ("--name a --namespace b", "--kubeconfig is missing"),
            ("--name a --frob", "--frob"),
            ("pod", "pod"),
            ("--timeout-ms soon", "soon"),
        ] {
            let error = read(words).unwrap_err();
            assert_eq!(error.reason(), "UsageInvalid");
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn a_name_is_never_a_path() {
        for name in [
            "..",
            "a/b",
            "a..b",
            "-a",
            "a-",
            "A",
            "a?b",
            "a%2fb",
            "é",
            &"a".repeat(254),
        ] {
            let pod = read(&format!("--name {name} --namespace b --kubeconfig /k")).unwrap_err();
            let namespace = read(&format!("--name a --namespace {name} --kubeconfig /k"));
            assert_eq!(pod.reason(), "NameInvalid", "{name}");
            assert_eq!(namespace.unwrap_err().reason(), "NameInvalid", "{name}");
        }
        assert!(read("--name a --namespace a.b --kubeconfig /k").is_err());
    }
}
