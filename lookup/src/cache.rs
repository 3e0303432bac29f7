//! What a watch has told of the node's pods. It holds as much as a node's pods may sensibly have; of a pod beyond that
//! nothing is known, and the API is asked for it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::metadata::Metadata;
use crate::pod::Wanted;

/// The most that is kept of one pod, in bytes: a value has at most 16 KiB.
const POD_BYTES: usize = 64 << 10;

/// The most that is kept of all pods, in bytes: what is usual is about 1 KiB a pod.
const ALL_BYTES: usize = 8 << 20;

/// What a pod takes beside its texts, about.
const OVERHEAD: usize = 256;

/// The node's pods, as far as they are known.
#[derive(Debug)]
pub struct Cache {
    pods: Mutex<Pods>,
    standing: watch::Sender<Standing>,
}

/// How the watch stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether it tells of changes now, and has told of all pods there are.
    pub live: bool,
    /// How many changes it has told of.
    pub changes: u64,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            pods: Mutex::default(),
            standing: watch::Sender::new(Standing::default()),
        }
    }
}

impl Cache {
    /// The pod, if it is known. Without a UID none is: another pod may have had that name.
    #[must_use]
    pub fn find(&self, wanted: &Wanted) -> Option<Metadata> {
        self.pods().find(wanted).cloned()
    }

    /// The UID at the API of the pod for which a sandbox is made, if it is known: a static pod has another on its node.
    #[must_use]
    pub fn uid_at_the_api(&self, wanted: &Wanted) -> Option<String> {
        Some(self.pods().find(wanted)?.uid.clone())
    }

    /// The UID of the pod that has a name now, as a runtime would have it, if a live watch can say. What is done for a pod is
    /// not to hang on it: another may have had that name a moment ago.
    #[must_use]
    pub fn uid(&self, namespace: &str, name: &str) -> Option<String> {
        let live = self.standing.borrow().live;
        let pods = self.pods();
        let known = pods.known.get(&key(namespace, name)).filter(|_| live)?;
        let of_its_node = known.pod.config_hash.as_ref();
        Some(of_its_node.unwrap_or(&known.pod.uid).clone())
    }

    /// The pod, if it is known by then: what a live watch has not told of yet it is about to tell. A watch that is not
    /// live is not waited for.
    pub async fn find_until(&self, wanted: &Wanted, limit: Instant) -> Option<Metadata> {
        let mut standing = self.standing.subscribe();
        loop {
            // First of all, so that no change falls between the look and the wait.
            let live = standing.borrow_and_update().live;
            let found = self.find(wanted);
            if found.is_some() || !live || wanted.uid.is_none() {
                return found;
            }
            match timeout_at(limit, standing.changed()).await {
                Ok(Ok(())) => {}
                _ => return None,
            }
        }
    }

    /// How the watch stands, now and from now on.
    #[must_use]
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// How many pods are known.
    #[must_use]
    pub fn count(&self) -> usize {
        self.pods().known.len()
    }

    pub(crate) fn apply(&self, pod: Metadata) {
        self.pods().apply(pod);
        self.standing.send_modify(|standing| standing.changes += 1);
    }

    pub(crate) fn delete(&self, pod: &Metadata) {
        self.pods().delete(pod);
    }

    /// From here on all pods are told of anew.
    pub(crate) fn begin(&self) {
        self.pods().round += 1;
    }

    /// All have been told of: whoever was not is gone.
    pub(crate) fn end(&self) {
        self.pods().end();
    }

    pub(crate) fn set_live(&self, live: bool) {
        self.standing.send_if_modified(|standing| {
            let changed = standing.live != live;
            standing.live = live;
            changed
        });
    }

    fn pods(&self) -> MutexGuard<'_, Pods> {
        self.pods.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Pods {
    /// By namespace and name, which is how a pod is asked for.
    known: HashMap<String, Known>,
    bytes: usize,
    round: u64,
}

#[derive(Debug)]
struct Known {
    pod: Metadata,
    bytes: usize,
    /// The round in which it was last told of.
    round: u64,
}

impl Pods {
    fn find(&self, wanted: &Wanted) -> Option<&Metadata> {
        let uid = wanted.uid.as_deref()?;
        let known = self.known.get(&key(&wanted.namespace, &wanted.name))?;
        known.pod.is_of(uid).then_some(&known.pod)
    }

    /// Takes a pod in place of what was known under its name, or forgets that.
    fn apply(&mut self, pod: Metadata) {
        let key = key(&pod.namespace, &pod.name);
        self.forget(&key);
        let bytes = weight(&pod);
        if bytes <= POD_BYTES && self.bytes + bytes <= ALL_BYTES {
            self.bytes += bytes;
            let round = self.round;
            self.known.insert(key, Known { pod, bytes, round });
        }
    }

    fn delete(&mut self, pod: &Metadata) {
        let key = key(&pod.namespace, &pod.name);
        if self
            .known
            .get(&key)
            .is_some_and(|known| known.pod.uid == pod.uid)
        {
            self.forget(&key);
        }
    }

    fn end(&mut self) {
        let (round, mut left) = (self.round, 0);
        self.known.retain(|_, known| {
            let stays = known.round == round;
            left += if stays { known.bytes } else { 0 };
            stays
        });
        self.bytes = left;
    }

    fn forget(&mut self, key: &str) {
        if let Some(known) = self.known.remove(key) {
            self.bytes -= known.bytes;
        }
    }
}

fn key(namespace: &str, name: &str) -> String {
    // A namespace has no such byte.
    format!("{namespace}/{name}")
}

/// What a pod takes, about, in bytes.
fn weight(pod: &Metadata) -> usize {
    let pairs = pod.annotations.iter().chain(&pod.labels);
    let texts: usize = pairs.map(|(key, value)| key.len() + value.len() + 48).sum();
    OVERHEAD + 2 * (pod.namespace.len() + pod.name.len()) + pod.uid.len() + texts
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chainsaw_common::annotations::KEY;

    use super::*;

    fn pod(name: &str, uid: &str, value: &str) -> Metadata {
        Metadata {
            namespace: "n".into(),
            name: name.into(),
            uid: uid.into(),
            annotations: [(KEY.to_owned(), value.to_owned())].into(),
            ..Metadata::default()
        }
    }

    fn wanted(name: &str, uid: &str) -> Wanted {
        Wanted {
            namespace: "n".into(),
            name: name.into(),
            uid: Some(uid.into()),
        }
    }

    #[test]
    fn a_pod_is_found_by_its_name_and_uid_together() {
        let cache = Cache::default();
        cache.apply(pod("web-0", "u1", "old"));
        assert!(cache.find(&wanted("web-0", "u1")).is_some());
        assert_eq!(cache.find(&wanted("web-0", "u2")), None);
        assert_eq!(cache.find(&wanted("web-1", "u1")), None);
        let anyone = Wanted {
            uid: None,
            ..wanted("web-0", "")
        };
        assert_eq!(cache.find(&anyone), None);
    }

    #[test]
    fn whose_a_name_is_now_a_live_watch_can_say() {
        let cache = Cache::default();
        cache.apply(pod("web-0", "u1", ""));
        assert_eq!(cache.uid("n", "web-0"), None);
        cache.set_live(true);
        assert_eq!(cache.uid("n", "web-0").as_deref(), Some("u1"));
        assert_eq!(cache.uid("m", "web-0"), None);
        cache.apply(pod("web-0", "u2", ""));
        assert_eq!(cache.uid("n", "web-0").as_deref(), Some("u2"));
        // A static pod has another on its node.
        cache.apply(Metadata {
            config_hash: Some("h1".into()),
            ..pod("proxy", "u3", "")
        });
        assert_eq!(cache.uid("n", "proxy").as_deref(), Some("h1"));
    }

    #[test]
    fn a_pod_of_its_node_is_found_at_the_api_by_its_uid_there() {
        let cache = Cache::default();
        cache.apply(pod("web-0", "u1", ""));
        cache.apply(Metadata {
            config_hash: Some("h1".into()),
            ..pod("proxy", "u3", "")
        });
        let found = |name, uid| cache.uid_at_the_api(&wanted(name, uid));
        assert_eq!(found("web-0", "u1").as_deref(), Some("u1"));
        assert_eq!(found("proxy", "h1").as_deref(), Some("u3"));
        // A file of another content is another pod.
        assert_eq!(found("proxy", "h2"), None);
    }

    #[test]
    fn a_pod_made_again_takes_the_place_of_the_one_before() {
        let cache = Cache::default();
        let old = pod("web-0", "u1", "old");
        cache.apply(old.clone());
        cache.apply(pod("web-0", "u2", "new"));
        assert_eq!(cache.find(&wanted("web-0", "u1")), None);
        // Told late, the end of the old one is not that of the new one.
        cache.delete(&old);
        assert!(cache.find(&wanted("web-0", "u2")).is_some());
        assert_eq!(cache.count(), 1);
    }

    #[test]
    fn whoever_is_not_told_of_again_is_gone() {
        let cache = Cache::default();
        cache.apply(pod("a", "u1", ""));
        cache.apply(pod("b", "u2", ""));
        cache.begin();
        cache.apply(pod("b", "u2", ""));
        // Until the end of it nobody can say.
        assert_eq!(cache.count(), 2);
        cache.end();
        assert_eq!(cache.find(&wanted("a", "u1")), None);
        assert!(cache.find(&wanted("b", "u2")).is_some());
        assert_eq!(cache.pods().bytes, weight(&pod("b", "u2", "")));
    }

    #[test]
    fn what_is_kept_is_bounded_by_the_pod_and_in_all() {
        let cache = Cache::default();
        cache.apply(pod("big", "u", "small"));
        cache.apply(pod("big", "u", &"x".repeat(POD_BYTES)));
        // Nor is what it asked for before.
        assert_eq!((cache.count(), cache.pods().bytes), (0, 0));
        for number in 0..100_000 {
            cache.apply(pod(&format!("p{number}"), "u", &"x".repeat(1000)));
        }
        let kept = cache.pods().bytes;
        assert!(
            (ALL_BYTES - POD_BYTES..=ALL_BYTES).contains(&kept),
            "{kept}"
        );
        for number in 0..100_000 {
            cache.delete(&pod(&format!("p{number}"), "u", ""));
        }
        assert_eq!((cache.count(), cache.pods().bytes), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_live_watch_is_waited_for_and_no_other() {
        let cache = Cache::default();
        let (begun, limit) = (Instant::now(), Duration::from_millis(100));
        let found = cache.find_until(&wanted("a", "u"), begun + limit).await;
        assert_eq!((found, begun.elapsed()), (None, Duration::ZERO));

        cache.set_live(true);
        let found = cache.find_until(&wanted("a", "u"), begun + limit).await;
        assert_eq!((found, begun.elapsed()), (None, limit));

        let (a, soon) = (wanted("a", "u"), Instant::now() + limit);
        let told = async {
            cache.apply(pod("b", "u", ""));
            tokio::task::yield_now().await;
            cache.apply(pod("a", "u", "x"));
        };
        let (found, ()) = tokio::join!(cache.find_until(&a, soon), told);
        assert!(found.is_some());
    }
}
