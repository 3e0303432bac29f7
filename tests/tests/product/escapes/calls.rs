//! How a door is knocked at: each of the product's programs, called as whoever has it calls it.

use anyhow::{Context, Result};
use chainsaw_tests::call::Call;
use chainsaw_tests::parts;
use chainsaw_tests::process::Output;
use serde_json::Value;

use super::bed::{Bed, POD, network_configuration};
use super::doors::{APP, Outcome, Told};
use super::runtime::Sandbox;

impl Bed {
    /// ADD, as a runtime calls it for a pod of this namespace.
    pub fn add(&self, namespace: &str, conf: &Value) -> Result<Told> {
        let output = self.add_at(POD, namespace, conf)?;
        let said: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
        let outcome = match (output.status, said.get("code").and_then(Value::as_u64)) {
            (0, _) => Outcome::Ran,
            (_, Some(101)) => Outcome::Denied,
            (_, Some(_)) => Outcome::Failed,
            _ => anyhow::bail!("ADD answers no error: {output:?}"),
        };
        Ok(Told {
            outcome,
            text: output.stdout + &output.stderr,
        })
    }

    /// ADD with the namespace at this path.
    pub fn add_at(&self, netns: &str, namespace: &str, conf: &Value) -> Result<Output> {
        let args = format!("IgnoreUnknown=1;K8S_POD_NAMESPACE={namespace};K8S_POD_NAME=web");
        let call = Call {
            container: &self.fresh("c"),
            netns,
            args: &args,
            ..Call::default()
        };
        let plugin = call.of(self.program(parts::chainsaw()?));
        plugin.stdin(network_configuration(conf)?).run()
    }

    /// An event of NRI for a pod of this namespace, and what the daemon says of it.
    pub fn sandbox(&self, namespace: &str, key: &str, value: Option<&str>) -> Result<Told> {
        let before = self.runtime.log()?.len();
        let annotations: Vec<(&str, &str)> = value.map(|value| (key, value)).into_iter().collect();
        let id = self.fresh("s");
        let sandbox = Sandbox {
            id: &id,
            namespace,
            annotations: &annotations,
            netns: POD.as_ref(),
        };
        let answer = if key == APP {
            self.runtime.container(&sandbox)
        } else {
            self.runtime.sandbox(&sandbox)
        };
        let log = self.runtime.log()?;
        let log = log.get(before..).unwrap_or_default();
        let outcome = match &answer {
            Ok(()) => Outcome::Ran,
            Err(_) if log.contains("reason=\"CommandDenied\"") => Outcome::Denied,
            Err(_) => Outcome::Failed,
        };
        Ok(Told {
            outcome,
            text: answer.err().unwrap_or_default() + log,
        })
    }

    /// A form of the command line that reports.
    pub fn report(&self, words: &[&str]) -> Result<Told> {
        let output = self.program(parts::chainsaw()?).args(words).run()?;
        let report: Value = serde_json::from_str(&output.stdout)
            .with_context(|| format!("no report: {output:?}"))?;
        let outcome = match (output.status, report.get("outcome").and_then(Value::as_str)) {
            (0, Some("ok" | "unchanged")) => Outcome::Ran,
            (1, Some("denied")) => Outcome::Denied,
            (1, Some("failed")) => Outcome::Failed,
            _ => anyhow::bail!("status and report are at odds: {output:?}"),
        };
        let commands = report.get("commands").and_then(Value::as_array);
        let told = commands.into_iter().flatten();
        let outputs = told.filter_map(|command| command.get("stdout")?.as_str());
        Ok(Told {
            outcome,
            text: outputs.collect::<String>() + &output.stdout + &output.stderr,
        })
    }

    /// `chainsaw ip`, called in the pod's namespace: one command after the other.
    pub fn words(&self, value: &str) -> Result<Told> {
        let items: Vec<String> = serde_json::from_str(value)?;
        let mut told = Told {
            outcome: Outcome::Ran,
            text: String::new(),
        };
        for line in items {
            let words = line.strip_prefix("ip ").unwrap_or(&line).split_whitespace();
            let entered = [format!("--net={POD}"), "--".to_owned()];
            let program = self
                .program("nsenter")
                .args(entered)
                .arg(parts::chainsaw()?);
            let output = program.arg("ip").args(words).run()?;
            if output.status != 0 {
                told.outcome = Outcome::Failed;
            }
            told.text += &(output.stdout + &output.stderr);
        }
        Ok(told)
    }
}
