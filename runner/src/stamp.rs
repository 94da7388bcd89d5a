//! Whether a file is still the one that was looked at, without reading it.

use std::fs::Metadata;

use serde::{Deserialize, Serialize};

/// What a file was like when somebody looked at it.
///
/// If it has not changed, neither has the file. A file system gives each of its files a number, and the
/// kernel notes the time of the last change of whatever belongs to a file (content, length, mode, owner,
/// names), to which nobody can set it: who sets the time of its last *modification* changes the file, and
/// that is noted. So another file has another number or another time; a copy, an unpacked archive and a
/// file that was synchronised from elsewhere are other files.
///
/// What that rests on: the clock goes forward, and the file system is one of the kernel's that keeps times
/// (who can mount one that lies about them has the user's rights already); and nobody had the file mapped for writing
/// when it was looked at: of several stores to one page the kernel notes the first. Kernels before 6.13 note the time
/// in steps of some milliseconds: what changes a file of that length in the very step in which it was looked at
/// is not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    /// Seconds and nanoseconds.
    changed: (i64, i64),
}

impl Stamp {
    /// None on a system that does not note such a time.
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;

        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Option<Self> {
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, File, FileTimes};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    fn stamp(path: &Path) -> Stamp {
        Stamp::of(&fs::metadata(path).expect("it is there")).expect("Unix has them")
    }

    #[test]
    fn whatever_changes_a_file_changes_its_stamp() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        let other = directory.path().join("other");
        let changes: [(&str, &dyn Fn()); 6] = [
            ("a byte", &|| fs::write(&path, "One").expect("written")),
            ("its length", &|| fs::write(&path, "on").expect("written")),
            ("its mode", &|| {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is mine");
            }),
            ("another name", &|| fs::hard_link(&path, &other).expect("a link")),
            ("a copy in its place", &|| {
                fs::remove_file(&other).expect("it was there");
                fs::copy(&path, &other).expect("a copy");
                fs::rename(&other, &path).expect("moved");
            }),
            ("a link in its place", &|| {
                fs::rename(&path, &other).expect("moved");
                symlink(&other, &path).expect("a link");
            }),
        ];
        fs::write(&path, "one").expect("written");
        for (change, make) in changes {
            let before = fs::metadata(&path).expect("it is there");
            sleep(Duration::from_millis(15)); // A step of an older kernel's clock.
            make();
            // Who puts the time of its modification back does not put this one back.
            let file = File::options().write(true).open(&path).expect("it opens");
            let time = before.modified().expect("a time");
            file.set_times(FileTimes::new().set_modified(time)).expect("it is mine");
            assert_ne!(Stamp::of(&before), Some(stamp(&path)), "{change}");
        }
        assert_eq!(stamp(&path), stamp(&path));
    }
}
