//! The other names that bind mounts give a directory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// One mount, as `/proc/self/mountinfo` has it (`proc_pid_mountinfo(5)`).
struct Mount {
    /// The file system, by its device.
    device: String,
    /// Which directory of the file system is mounted.
    root: PathBuf,
    /// Where.
    point: PathBuf,
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(' ').skip(2);
        let device = fields.next()?.to_owned();
        let (root, point) = (unescaped(fields.next()?), unescaped(fields.next()?));
        Some(Self { device, root, point })
    }

    /// Whether a path is in it. There can be hundreds of mounts, so the texts are compared, and not part by part.
    fn holds(&self, path: &Path) -> bool {
        let (point, path) = (self.point.as_os_str().as_bytes(), path.as_os_str().as_bytes());
        let rest = path.strip_prefix(point);
        rest.is_some_and(|rest| point.ends_with(b"/") || matches!(rest.first(), None | Some(b'/')))
    }

    /// Where a directory of its file system is found in it; the mount itself, where all of it is in that directory.
    fn name_of(&self, inside: &Path) -> Option<PathBuf> {
        match inside.strip_prefix(&self.root) {
            // Joined with nothing, a path would end with a separator.
            Ok(below) => Some(self.point.join(below).components().collect()),
            Err(_) => self.root.starts_with(inside).then(|| self.point.clone()),
        }
    }
}

/// The names that each of these paths has in other mounts of its file system. Device and inode would tell that two
/// directories are one, but not of a file, or of a directory below, that is mounted alone.
pub(super) fn others<T: Copy>(paths: &BTreeMap<OsString, T>) -> Vec<(PathBuf, T)> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    names_in(&mounts, paths)
}

fn names_in<T: Copy>(mountinfo: &str, paths: &BTreeMap<OsString, T>) -> Vec<(PathBuf, T)> {
    let mounts: Vec<Mount> = mountinfo.lines().filter_map(Mount::parse).collect();
    let mut by_device: BTreeMap<&str, Vec<&Mount>> = BTreeMap::new();
    for mount in &mounts {
        by_device.entry(&mount.device).or_default().push(mount);
    }
    let mut names = Vec::new();
    for (path, owner) in paths {
        let path = Path::new(path);
        // The one that was mounted last hides those before it.
        let holds = mounts.iter().filter(|mount| mount.holds(path));
        let Some(here) = holds.max_by_key(|mount| mount.point.as_os_str().len()) else { continue };
        let same = by_device.get(here.device.as_str()).filter(|same| same.len() > 1);
        let Ok(below) = path.strip_prefix(&here.point) else { continue };
        let inside: PathBuf = here.root.join(below).components().collect();
        let found = same.into_iter().flatten().filter_map(|mount| mount.name_of(&inside));
        names.extend(found.filter(|name| name != path).map(|name| (name, *owner)));
    }
    names
}

/// A path, in which spaces, line feeds, tabs and backslashes are written as `\040`.
fn unescaped(field: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let number = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match number.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if first == b'\\' => {
                bytes.push(byte);
                rest = &after[3..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_a_name_in_each_mount_that_shows_it() {
        let mountinfo = r"
21 1 8:1 / / rw - ext4 /dev/sda1 rw
22 21 0:5 / /proc rw - proc proc rw
23 21 8:1 /ws/.git /ws/other rw - ext4 /dev/sda1 rw
24 21 8:1 /ws/.git/hooks /ws/my\040hooks rw - ext4 /dev/sda1 rw
25 21 8:1 /home/me /ws/home rw - ext4 /dev/sda1 rw
26 21 8:2 / /data rw - ext4 /dev/sda2 rw
27 26 8:1 /ws /data/ws rw - ext4 /dev/sda1 rw
28 21 8:1 /ws/taskrunner.yaml /ws/a.yaml rw - ext4 /dev/sda1 rw
";
        let names = |path: &str| {
            let paths = BTreeMap::from([(OsString::from(path), ())]);
            let mut names: Vec<String> = names_in(mountinfo, &paths)
                .into_iter()
                .map(|(path, ())| path.to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names("/ws/.git"), ["/data/ws/.git", "/ws/my hooks", "/ws/other"]);
        assert_eq!(names("/home/me/.local/state"), ["/ws/home/.local/state"]);
        assert_eq!(names("/ws/home/.local/state"), ["/home/me/.local/state"]);
        assert_eq!(names("/ws/taskrunner.yaml"), ["/data/ws/taskrunner.yaml", "/ws/a.yaml"]);
        assert_eq!(names("/data/x"), [""; 0], "no other mount shows it");
    }
}
