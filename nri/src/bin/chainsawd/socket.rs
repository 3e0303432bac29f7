//! A socket's place in the file system, which daemons take over from one another.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use tokio::net::UnixListener;

/// What the name begins with that a socket has until it is put in its place.
pub const NEW: &str = "new.";

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {path}: {source}")]
pub struct PlaceError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// Our socket at its path. It is removed when this is dropped, unless another daemon has taken the path over.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    /// Device and inode.
    ours: (u64, u64),
}

impl Place {
    /// Makes a socket and puts it at the path, whatever is there: a dead daemon's, or that of an older one, which from
    /// then on hears nothing new. There is no moment without a socket. The folder is taken first, by whoever knows what
    /// may be in it.
    pub fn take(
        path: &Path,
        take_folder: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(Self, UnixListener), PlaceError> {
        let folder = path.parent().unwrap_or(path);
        let failed = |what, path: &Path| {
            let path = path.to_owned();
            move |source| PlaceError { what, path, source }
        };
        take_folder(folder).map_err(failed("take the folder", folder))?;
        let _held = held(folder).map_err(failed("lock", folder))?;
        // Two daemons, each alone in its container, may have the same process id.
        let own = folder.join(format!("{NEW}{:016x}.sock", fastrand::u64(..)));
        let listener = UnixListener::bind(&own).map_err(failed("listen at", &own))?;
        let placed = put(&own, path);
        if placed.is_err() {
            fs::remove_file(&own).ok();
        }
        let ours = placed.map_err(failed("put a socket at", path))?;
        let path = path.to_owned();
        Ok((Self { path, ours }, listener))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nobody listens there: the daemon that took it over has gone, with its socket or without.
    pub fn is_deserted(&self) -> bool {
        match identity(&self.path) {
            Ok(there) if there == self.ours => false,
            Ok(_) => matches!(knock(&self.path), Err(Errno::CONNREFUSED)),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(folder) = self.path.parent() else {
            return;
        };
        // Without the lock a newer daemon's socket might be the one that goes. One that stays refuses connections.
        if let Ok(_held) = held(folder)
            && identity(&self.path).is_ok_and(|there| there == self.ours)
        {
            fs::remove_file(&self.path).ok();
        }
    }
}

/// Connects without waiting: a newer daemon that is stuck, with a full queue, is there all the same, and must not get
/// this one stuck too.
pub fn knock(path: &Path) -> Result<(), Errno> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)
}

/// The folder's lock, held until the file is dropped; nobody holds it longer than a moment.
pub fn held(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}

fn put(own: &Path, path: &Path) -> io::Result<(u64, u64)> {
    fs::set_permissions(own, Permissions::from_mode(0o600))?;
    let ours = identity(own)?;
    fs::rename(own, path)?;
    Ok(ours)
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use rustix::net::{bind, listen, socket};

    use super::*;
    use crate::folder;

    fn take(path: &Path) -> Result<(Place, UnixListener), PlaceError> {
        Place::take(path, folder::take)
    }

    #[tokio::test]
    async fn the_newer_takes_the_path_over_and_the_older_leaves_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chainsaw/agent.sock");
        let (older, _older) = take(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let (newer, listener) = take(&path).unwrap();
        drop(older);
        UnixStream::connect(&path).unwrap();
        listener.accept().await.unwrap();
        drop(newer);
        assert!(!path.exists());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn the_older_sees_that_the_newer_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        let (older, _older) = take(&path).unwrap();
        assert!(!older.is_deserted());
        let (newer, listener) = take(&path).unwrap();
        assert!(!older.is_deserted());
        // Killed, it leaves its socket.
        drop(listener);
        assert!(older.is_deserted());
        drop(newer);
        assert!(older.is_deserted());
    }

    #[tokio::test]
    async fn a_newer_that_is_stuck_with_a_full_queue_does_not_get_the_older_stuck() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        let (older, _older) = take(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let stuck = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        bind(&stuck, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        listen(&stuck, 0).unwrap();
        let _first = UnixStream::connect(&path).unwrap();
        assert_eq!(knock(&path), Err(Errno::AGAIN), "the queue is not full");
        assert!(!older.is_deserted());
    }

    #[tokio::test]
    async fn a_dead_daemons_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(UnixStream::connect(&path).is_err());
        let _place = take(&path).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[tokio::test]
    async fn a_folder_that_is_not_ours_alone_is_refused_and_stays_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        let (open, link) = (place.path().join("open"), place.path().join("link"));
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        std::os::unix::fs::symlink(&open, &link).unwrap();
        for (folder, why) in [
            (&open, "can be written by others (mode 777)"),
            (&link, "is no folder"),
        ] {
            let said = take(&folder.join("agent.sock")).unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        }
        assert_eq!(
            fs::metadata(&open).unwrap().permissions().mode() & 0o777,
            0o777
        );
        assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn an_error_names_the_place_and_what_it_means() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let said = take(&file.join("agent.sock")).unwrap_err().to_string();
        assert!(
            said.starts_with(&format!("cannot take the folder {}", file.display())),
            "{said}"
        );
    }
}
