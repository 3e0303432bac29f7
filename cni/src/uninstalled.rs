//! After `chainsawd uninstall`: the plugin stays where a network configuration may still name it, and runs nothing.

use std::path::{Path, PathBuf};

use chainsaw_common::meeting::UNINSTALLED;
use chainsaw_common::plan::Author;

use crate::error::Error;
use crate::source::Asked;

/// The file, if it is there. Nobody looks for it for a pod that is known to ask for nothing.
pub fn marker() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let marker = own.with_file_name(UNINSTALLED);
    marker.exists().then_some(marker)
}

/// Whether a pod passes: one that asks for commands itself would start without them, and is told. What the operator wanted
/// ended with the uninstalling; so did asking whether a pod wants something, where the runtime does not say.
pub fn passed(asked: Result<Asked, Error>, marker: &Path) -> Result<(), Error> {
    let asks = match asked {
        Ok(asked) => asked.values.iter().any(|value| value.author == Author::Pod),
        Err(Error::Unknown { .. } | Error::Api(_)) => false,
        Err(error) => return Err(error),
    };
    if asks {
        let marker = marker.display().to_string();
        return Err(Error::Uninstalled { marker });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chainsaw_common::engine::Value;

    use super::*;

    fn asked(author: Author) -> Result<Asked, Error> {
        let value = Value {
            source: "k".to_owned(),
            author,
            text: "ip route".to_owned(),
        };
        Ok(Asked {
            values: vec![value],
            nri: true,
            ..Asked::default()
        })
    }

    #[test]
    fn a_pod_that_asks_is_told_and_every_other_one_passes() {
        let passed = |asked| passed(asked, "/bin/chainsaw.uninstalled".as_ref());
        let refused = passed(asked(Author::Pod)).unwrap_err();
        assert_eq!((refused.reason(), refused.code()), ("Uninstalled", 103));
        assert!(refused.to_string().contains("/bin/chainsaw.uninstalled"));
        passed(asked(Author::Operator)).unwrap();
        passed(asked(Author::Network)).unwrap();
        passed(Ok(Asked::default())).unwrap();
        let pod = "default/web".to_owned();
        passed(Err(Error::Unknown { pod })).unwrap();
        let why = "it is no string".to_owned();
        let place = "annotations";
        passed(Err(Error::Annotations { place, why })).unwrap_err();
    }
}
