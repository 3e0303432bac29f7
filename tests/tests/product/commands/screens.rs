//! What our pages show of a screen is what comes on it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chainsaw_tests::control::Control;
use chainsaw_tests::documents::{self, Block, code};
use chainsaw_tests::process::{Program, wait_until};
use chainsaw_tests::reader::Reader;
use chainsaw_tests::{Containerd, Node, bridge, chainsaw, parts};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(30);
const CONFIGURATION: &str = "/etc/chainsaw/config.toml";

/// A command, and what it shows.
fn screen(block: &Block) -> Result<(&str, &str)> {
    let command = block.text.strip_prefix("$ ").context("no command")?;
    command.split_once('\n').context("it shows nothing")
}

/// The one screen that needs a cluster.
const DESCRIBE: (&str, &str) = ("docs/operating.md", "$ kubectl describe pod web\n");

/// Whether a screen is compared here with what comes on it.
pub(super) fn is_judged(block: &Block) -> bool {
    let (page, command) = DESCRIBE;
    let is_it = block.page == page && block.text.starts_with(command);
    is_it || block.text.starts_with("$ chainsaw ")
}

/// Whether a line is what a program's help says, which is compared here, and no command.
pub(super) fn is_a_synopsis(line: &str) -> bool {
    line.starts_with("chainsaw ") || line.starts_with("chainsawd ")
}

#[test]
fn every_screen_is_what_the_command_shows() -> Result<()> {
    let node = Node::builder(Containerd::V2).nri().start()?;
    let mut count = 0;
    node.in_cluster(|control| {
        let reader = Reader::new(&node, control.api())?;
        for page in documents::all()? {
            for block in code(&page)? {
                if block.language != "console" {
                    continue;
                }
                let (command, shown) = screen(&block).with_context(|| format!("{block:?}"))?;
                if command.starts_with("kubectl ") {
                    // In the next test.
                    continue;
                }
                let output = reader.line(&format!("exec 2>&1; {command}"))?;
                ensure!(
                    output.stdout == shown,
                    "{page}, line {}: {command}\nshows\n{}\nand not\n{shown}",
                    block.line,
                    output.stdout
                );
                count += 1;
            }
        }
        Ok(())
    })?;
    ensure!(count >= 3, "{count}");
    Ok(())
}

#[test]
fn kubectl_describe_tells_a_pods_author_what_the_page_shows() -> Result<()> {
    let (page, command) = DESCRIBE;
    let mut blocks = code(page)?.into_iter();
    let block = blocks.find(|block| block.text.starts_with(command));
    let block = block.context("no screen of kubectl describe")?;
    let (command, shown) = screen(&block)?;
    let node = Node::builder(Containerd::V2)
        .nri()
        .cni_chain([bridge(), chainsaw()])
        .file(CONFIGURATION, "[[rule]]\nnamespaces = [\"default\"]\nprofile = \"route\"\n[cluster]\nkubeconfig = \"/run/reader/kubeconfig\"\nnode = \"node-1\"\n")
        .start()?;
    node.in_cluster(|control| describe(&node, control, command, shown))
}

fn describe(node: &Node, control: &Control, command: &str, shown: &str) -> Result<()> {
    let reader = Reader::new(node, control.api())?;
    let _daemon = node.daemon("chainsawd", &["--hooks", "cni,nri"])?;
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "annotations":
        {"k8s.v1.cni.cncf.io/chainsaw": "ip link set eth0 mtu 9000"}},
        "spec": {"containers": [{"name": "app", "image": "busybox:stable", "command": ["sleep", "1000"]}]}});
    reader
        .line(&format!("kubectl apply -f - <<'END'\n{pod}\nEND"))?
        .success("kubectl apply")?;
    let mut screen = String::new();
    let told = wait_until("a repeated Event", LIMIT, || {
        screen = reader.line(command)?.success(command)?.stdout;
        Ok(screen
            .lines()
            .any(|line| line.contains("ChainsawDenied") && line.contains(" over ")))
    });
    told.with_context(|| screen.clone())?;
    // The ages differ: their columns, `9s (x3 over 40s)`, stand between the reason and who says it.
    let said = |text: &str| -> Result<String> {
        let (_, event) = text.split_once("ChainsawDenied").context("no Event")?;
        let (age, rest) = event
            .split_once("chainsaw.noderesource.dev/chainsawd")
            .context("of nobody")?;
        ensure!(age.contains("(x") && age.contains(" over "), "{age}");
        let lines: Vec<&str> = rest.lines().map(str::trim).collect();
        Ok(lines.join("\n"))
    };
    let (said, wanted) = (said(&screen)?, said(shown)?);
    ensure!(said.contains(wanted.trim()), "{screen}\nand not\n{shown}");
    Ok(())
}

#[test]
fn every_synopsis_is_what_the_program_says_of_itself() -> Result<()> {
    let programs = [
        ("chainsaw ", parts::chainsaw()?),
        ("chainsawd ", parts::chainsawd()?),
    ];
    let mut count = 0;
    for page in documents::all()? {
        for block in code(&page)?.iter().filter(|block| block.language == "text") {
            for line in block.text.lines() {
                let program = programs.iter().find(|(name, _)| line.starts_with(name));
                let Some((_, program)) = program else {
                    continue;
                };
                let help = Program::new(program).arg("--help").stdout()?;
                let synopsis = line.split("   ").next().unwrap_or_default();
                ensure!(
                    help.contains(synopsis),
                    "{page}: {synopsis} is not in\n{help}"
                );
                count += 1;
            }
        }
    }
    ensure!(count >= 4, "{count}");
    Ok(())
}
