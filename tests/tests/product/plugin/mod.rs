//! `chainsaw` called as a CNI runtime calls it, in a machine with a pod's namespace.

use serde_json::Value;

mod again;
mod ends;
mod operator;
mod refusals;
mod results;

const GRANT: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n";
/// All of it, with room for hosts on the link.
const GRANT_WIDE: &str = "[limits]\nonlink = 4294967295\n[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n";
const GRANT_ALL: &str = "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"net-admin\"\n";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
