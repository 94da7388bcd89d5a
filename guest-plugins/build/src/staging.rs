//! The staging directory: what a build makes waits there until all of it is made.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use taskrunner_plugin::Failure;

use crate::during::During;

/// A directory of files with numbers for names. It is emptied and removed at the end, however the
/// build ends.
#[derive(Debug)]
pub(crate) struct Staging {
    directory: PathBuf,
    shown: String,
    next: u64,
}

impl Staging {
    /// Makes the directory. What an interrupted build left in it goes.
    pub(crate) fn open(directory: PathBuf, shown: String) -> Result<Self, Failure> {
        if directory.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            return Err(Failure::failed(format!("`{shown}` is no directory"))
                .hint("build makes its files there: take it away"));
        }
        fs::create_dir_all(&directory).during("create", &shown)?;
        clear(&directory);
        Ok(Self { directory, shown, next: 0 })
    }

    /// Makes a new file with `fill`.
    pub(crate) fn file<T>(
        &mut self,
        fill: impl FnOnce(&mut File) -> Result<T, Failure>,
    ) -> Result<(PathBuf, T), Failure> {
        let path = self.directory.join(self.next.to_string());
        self.next += 1;
        let mut file = File::create_new(&path)
            .during("create", format_args!("{}/{}", self.shown, self.next - 1))?;
        let filled = fill(&mut file)?;
        Ok((path, filled))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        clear(&self.directory);
        // It fails where somebody else put something there, which then stays.
        let _ = fs::remove_dir(&self.directory);
    }
}

/// Removes what has a name that only [`Staging::file`] gives. What cannot be removed is in the way of
/// the next file, which then says so.
fn clear(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn nothing_is_left_but_what_others_put_there() {
        let root = tempfile::tempdir().expect("a directory");
        let directory = root.path().join("staging");
        fs::create_dir(&directory).expect("a directory");
        fs::write(directory.join("0"), "left by an interrupted build").expect("a file");
        let open = || Staging::open(directory.clone(), "staging".to_owned()).expect("it is fine");
        let mut staging = open();
        let (path, ()) = staging
            .file(|file| file.write_all(b"new").during("write", "it"))
            .expect("the old file is not in the way");
        assert_eq!(fs::read(&path).expect("a file"), b"new");
        drop(staging);
        assert!(!directory.exists());
        let staging = open();
        fs::write(directory.join("mine"), "").expect("a file");
        drop(staging);
        assert!(directory.join("mine").exists());
    }
}
