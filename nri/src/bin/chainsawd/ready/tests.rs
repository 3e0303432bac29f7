//! The daemon's side and the asking one together, over real sockets.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use chainsaw_common::record::Records;
use chainsaw_nri::{Cause, State};
use tokio::sync::watch;

use super::ask::{Unanswered, ask};
use super::*;
use crate::settings::Settings;

/// A folder as a kubelet makes an `emptyDir`, and a daemon whose session stands as a test says.
struct Bed {
    folder: tempfile::TempDir,
    session: watch::Sender<State>,
    standing: Arc<Standing>,
}

impl Bed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let settings = Settings::of(path("config.toml").leak(), path("last-good.toml").leak());
        let session = watch::Sender::new(State::Connecting);
        let standing = Arc::new(Standing {
            nri: Some(session.subscribe()),
            settings: Arc::new(settings),
            records: Records::at(path("sandboxes")),
        });
        Self {
            folder,
            session,
            standing,
        }
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("ready.sock")
    }

    fn start(&self) {
        start(Some(&self.socket()), Arc::clone(&self.standing));
    }

    async fn wrong(&self) -> Unanswered {
        ask(&self.socket()).await.unwrap_err()
    }
}

#[tokio::test]
async fn it_is_ready_as_its_own_session_is_and_says_why() {
    let bed = Bed::new();
    bed.start();
    for (state, is_ready) in [
        (State::Connecting, false),
        (State::Running, true),
        (State::Closed(Cause::Stopped), false),
    ] {
        bed.session.send_replace(state);
        let answer = ask(&bed.socket()).await.unwrap();
        assert_eq!(answer, bed.standing.ready());
        assert_eq!(answer.0, is_ready, "{}", answer.1);
    }
}

#[tokio::test]
async fn the_folder_and_the_socket_become_the_daemons_own() {
    let bed = Bed::new();
    // Killed, a container leaves its socket to the next one of its pod.
    drop(std::os::unix::net::UnixListener::bind(bed.socket()).unwrap());
    assert!(bed.wrong().await.to_string().contains("has ended"));
    bed.start();
    assert!(ask(&bed.socket()).await.is_ok());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(bed.folder.path()), mode(&bed.socket())),
        (0o700, 0o600)
    );
}

#[tokio::test]
async fn a_folder_that_is_a_link_is_not_taken() {
    let bed = Bed::new();
    let link = bed.folder.path().join("link");
    symlink(bed.folder.path(), &link).unwrap();
    start(Some(&link.join("ready.sock")), Arc::clone(&bed.standing));
    assert!(!bed.socket().exists());
    let mode = fs::metadata(bed.folder.path())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o777);
}

#[tokio::test]
async fn where_nobody_answers_it_says_what_to_do() {
    let bed = Bed::new();
    let said = bed.wrong().await.to_string();
    assert!(said.contains("ready.sock: there is no socket"), "{said}");
    let elsewhere = bed.folder.path().join("none/ready.sock");
    let said = ask(&elsewhere).await.unwrap_err().to_string();
    assert!(said.contains("an emptyDir"), "{said}");
}

#[tokio::test]
async fn an_answer_without_a_verdict_is_none() {
    let bed = Bed::new();
    let listener = UnixListener::bind(bed.socket()).unwrap();
    for part in [
        "",
        "nri: running\nconfigura",
        "configuration: in force\nready or so\n",
    ] {
        let answered = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(part.as_bytes()).await.unwrap();
        };
        let path = bed.socket();
        let (answer, ()) = tokio::join!(ask(&path), answered);
        let wrong = answer.unwrap_err();
        assert!(
            matches!(wrong, Unanswered::BrokeOff { bytes, .. } if bytes == part.len()),
            "{wrong}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_hangs_is_not_waited_for_longer_than_a_probe_does() {
    let bed = Bed::new();
    let _listener = UnixListener::bind(bed.socket()).unwrap();
    let said = bed.wrong().await.to_string();
    assert!(said.contains("has not answered within 3s"), "{said}");
}
