//! The way to a file: every directory and every link on it decides what is found at its end.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// How many links are followed on the way to one file.
const MAX_LINKS: u32 = 40;

/// The user id that the kernel shows for users that a user namespace does not map.
const OVERFLOW: u32 = 65534;

/// How many directories below the root may belong to a user that this user namespace does not map.
const SYSTEM_DEPTH: usize = 1;

/// Refuses a path, whose end must be there, where another user could write to what is at its end, or put something
/// else in its place: each directory on the way belongs to the user or to root, and neither its group nor all
/// users can write to it. That is what sshd's `StrictModes` asks. A directory in which only owners move things
/// (as `/tmp`) may be written by all, since what is in it is checked as well.
pub(crate) fn check(path: &Path) -> io::Result<PathBuf> {
    let me = rustix::process::geteuid().as_raw();
    if is_unmapped(me) {
        let message = "this user namespace does not tell your files from other users'";
        return Err(io::Error::other(message));
    }
    Way { me, links: 0 }.walk(&std::path::absolute(path)?)
}

struct Way {
    me: u32,
    links: u32,
}

impl Way {
    /// The path without links.
    fn walk(&mut self, path: &Path) -> io::Result<PathBuf> {
        let mut here = PathBuf::new();
        for component in path.components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => drop(here.pop()),
                Component::Prefix(_) | Component::RootDir => {
                    here.push(component);
                    self.refuse_others(&here, &fs::symlink_metadata(&here)?)?;
                }
                Component::Normal(name) => {
                    here.push(name);
                    let metadata = fs::symlink_metadata(&here)?;
                    self.refuse_others(&here, &metadata)?;
                    if metadata.is_symlink() {
                        let target = fs::read_link(&here)?;
                        here.pop();
                        here = self.follow(&here.join(target))?;
                    }
                }
            }
        }
        Ok(here)
    }

    fn follow(&mut self, target: &Path) -> io::Result<PathBuf> {
        self.links += 1;
        match self.links {
            ..=MAX_LINKS => self.walk(target),
            _ => Err(io::Error::other("too many links")),
        }
    }

    fn refuse_others(&self, path: &Path, metadata: &Metadata) -> io::Result<()> {
        let owner = metadata.uid();
        let is_system = || is_unmapped(owner) && path.components().count() <= 1 + SYSTEM_DEPTH;
        if owner != 0 && owner != self.me && !is_system() {
            let message = format!("another user owns `{}`", path.display());
            return Err(io::Error::other(message));
        }
        // Nobody can write to a link, whatever its mode says.
        let is_sticky_directory = metadata.is_dir() && metadata.mode() & 0o1000 != 0;
        if metadata.mode() & 0o022 != 0 && !metadata.is_symlink() && !is_sticky_directory {
            return Err(writable(&format!("`{}`", path.display()), path));
        }
        Ok(())
    }
}

/// The refusal of what others can write, by the name that the message has for it.
pub(super) fn writable(name: &str, path: &Path) -> io::Error {
    let mends = format!("`chmod go-w {}` changes that", path.display());
    io::Error::other(format!("others can write to {name}: {mends}"))
}

/// Whether a user id stands for all users that this user namespace does not map. Root's own directories then look like
/// any other user's, so that only those next to the root of the file system are taken for the system's.
fn is_unmapped(user: u32) -> bool {
    user == OVERFLOW && fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| !maps(&map, user))
}

/// Whether a `uid_map` has a user: each line is a first id inside, one outside, and a count.
fn maps(map: &str, user: u32) -> bool {
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().flat_map(str::parse).collect();
        let [first, _, count] = numbers[..] else { return false };
        (first..first.saturating_add(count)).contains(&u64::from(user))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    /// A directory below one that is not the user's alone.
    fn below(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().expect("a directory");
        let above = dunce::canonicalize(root.path()).expect("it is there").join("above");
        fs::create_dir_all(above.join("mine/state")).expect("made");
        fs::set_permissions(&above, fs::Permissions::from_mode(mode)).expect("it is mine");
        (root, above)
    }

    #[test]
    fn a_directory_on_the_way_that_others_can_write_is_refused_by_its_name() {
        for mode in [0o775, 0o757, 0o777, 0o2775, 0o770, 0o720] {
            let (_root, above) = below(mode);
            let error = check(&above.join("mine/state")).expect_err("others can write there");
            let mends = format!("chmod go-w {}", above.display());
            assert!(error.to_string().contains(&mends), "{mode:o}: {error}");
        }
        for mode in [0o755, 0o700, 0o1777, 0o1775, 0o2755] {
            let (_root, above) = below(mode);
            let path = above.join("mine/state");
            assert_eq!(check(&path).expect("only owners move things there"), path, "{mode:o}");
        }
    }

    #[test]
    fn a_link_on_the_way_leads_through_all_that_is_checked() {
        let (_root, above) = below(0o775);
        let (_other, mine) = below(0o755);
        symlink(above.join("mine"), mine.join("link")).expect("a link");
        assert!(check(&mine.join("link/state")).is_err());
        symlink("mine", mine.join("good")).expect("a link");
        assert_eq!(check(&mine.join("good/state")).expect("it is mine"), mine.join("mine/state"));
        symlink("loop", mine.join("loop")).expect("a link");
        assert!(check(&mine.join("loop/state")).is_err());
    }

    /// Only root can give files away; the test says nothing where it does not run as root.
    #[test]
    fn what_another_user_owns_on_the_way_is_refused_by_its_name() {
        let (_root, above) = below(0o755);
        if chown(&above, Some(12345), None).is_err() {
            return;
        }
        let error = check(&above.join("mine/state")).expect_err("it is another user's");
        assert_eq!(error.to_string(), format!("another user owns `{}`", above.display()));
        // So is a link, which its owner can exchange where all may write.
        let (_root, above) = below(0o1777);
        let link = above.join("link");
        symlink("mine", &link).expect("a link");
        std::os::unix::fs::lchown(&link, Some(12345), None).expect("root may");
        assert!(check(&link.join("state")).is_err());
        // A user whom this namespace has is a user like others.
        let (_root, above) = below(0o755);
        chown(&above, Some(OVERFLOW), None).expect("root may");
        assert!(check(&above.join("mine/state")).is_err());
    }

    #[test]
    fn a_user_namespace_says_whom_it_has() {
        assert!(maps("         0          0 4294967295\n", OVERFLOW));
        assert!(!maps("         0       1000          1\n", OVERFLOW));
        assert!(maps("0 100000 1000\n65000 200000 1000\n", OVERFLOW));
        assert!(!maps("", OVERFLOW) && !maps("0 1\n", OVERFLOW));
    }
}
