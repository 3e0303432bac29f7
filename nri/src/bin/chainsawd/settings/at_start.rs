//! What counts of a configuration only when the daemon starts: where it logs, listens and whom it asks.

use chainsaw_common::config::{Cluster, Config, Log, Metrics, Status};

/// Those parts as they were at the start, and which of them are known to be another by now.
#[derive(Debug)]
pub struct AtStart {
    log: Log,
    metrics: Metrics,
    status: Status,
    cluster: Cluster,
    told: Vec<&'static str>,
}

impl AtStart {
    /// As this configuration has them.
    pub fn of(config: &Config) -> Self {
        Self {
            log: config.log.clone(),
            metrics: config.metrics.clone(),
            status: config.status.clone(),
            cluster: config.cluster.clone(),
            told: Vec::new(),
        }
    }

    /// The parts that are other than at the start, if that is news: what was told once is not told again until it has
    /// been as at the start.
    pub fn news(&mut self, config: &Config) -> Vec<&'static str> {
        let parts = [
            ("[cluster]", self.cluster != config.cluster),
            ("[log]", self.log != config.log),
            ("[metrics]", self.metrics != config.metrics),
            ("[status]", self.status != config.status),
        ];
        let differ = |(part, differs): (&'static str, bool)| differs.then_some(part);
        let now: Vec<_> = parts.into_iter().filter_map(differ).collect();
        let is_new = |part: &&'static str| !self.told.contains(part);
        let news = now.iter().copied().filter(is_new).collect();
        self.told = now;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse(text, "c.toml").unwrap()
    }

    #[test]
    fn each_part_that_counts_at_the_start_alone_is_told_once() {
        let mut start = AtStart::of(&config("[log]\nformat = \"json\"\n"));
        let mut news = |text| start.news(&config(text)).join(" ");
        assert_eq!(news("mode = \"report\"\n[log]\nformat = \"json\"\n"), "");
        let other = "[log]\nformat = \"text\"\n[cluster]\nnode = \"a\"\n";
        assert_eq!(news(other), "[cluster] [log]");
        assert_eq!(news(other), "");
        let more = format!("{other}[metrics]\nlisten = \"\"\n[status]\nannotation = true\n");
        assert_eq!(news(&more), "[metrics] [status]");
        // As at the start, and away from it again.
        assert_eq!(news("[log]\nformat = \"json\"\n"), "");
        assert_eq!(news(other), "[cluster] [log]");
    }
}
