//! Whose file counts, and for how long.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::in_force::bed::{Bed, GOOD};

impl Bed {
    fn text(&self, now: SystemTime) -> Result<String, Doubt> {
        text(&self.published, now)
    }

    fn doubt(&self) -> String {
        match self.text(SystemTime::now()) {
            Err(Doubt::Told(why)) => why,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_roots_alone_and_kept_counts() {
    let bed = Bed::new();
    assert_eq!(bed.text(SystemTime::now()), Ok(GOOD.to_owned()));
}

#[test]
fn a_published_file_of_others_or_open_to_others_does_not_count() {
    let bed = Bed::new();
    for mode in [0o644, 0o660, 0o602, 0o4600] {
        fs::set_permissions(&bed.published, Permissions::from_mode(mode)).unwrap();
        let doubt = bed.doubt();
        assert!(
            doubt.contains("mode") || doubt.contains("0600"),
            "{mode:o}: {doubt}"
        );
    }
    fs::set_permissions(&bed.published, Permissions::from_mode(0o600)).unwrap();
    let folder = bed.published.parent().unwrap();
    fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
    assert!(bed.doubt().contains("its folder can be written by others"));
}

#[test]
fn a_symbolic_link_a_folder_and_a_pipe_do_not_count() {
    let bed = Bed::new();
    let real = bed.published.with_extension("real");
    fs::rename(&bed.published, &real).unwrap();
    symlink(&real, &bed.published).unwrap();
    assert!(matches!(bed.text(SystemTime::now()), Err(Doubt::Told(_))));
    fs::remove_file(&bed.published).unwrap();
    fs::create_dir(&bed.published).unwrap();
    assert!(bed.doubt().contains("is no plain file"));
    fs::remove_dir(&bed.published).unwrap();
    nix::unistd::mkfifo(&bed.published, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(bed.doubt().contains("is no plain file"));
    fs::remove_file(&bed.published).unwrap();
    assert_eq!(bed.text(SystemTime::now()), Err(Doubt::Absent));
}

#[test]
fn what_no_daemon_keeps_does_not_count() {
    let bed = Bed::new();
    let later = SystemTime::now() + COUNTS_FOR + Duration::from_secs(1);
    assert!(matches!(bed.text(later), Err(Doubt::Told(_))));
    let earlier = SystemTime::now() - Duration::from_secs(60);
    assert!(matches!(bed.text(earlier), Err(Doubt::Told(_))));
}
