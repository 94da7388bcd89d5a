//! Real paths, as the system knows them, of what is open.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use filepath::FilePath;

/// Where an open file is now: every decision begins with this question, and no answer is kept.
pub(super) fn real_path(file: &File) -> io::Result<PathBuf> {
    #[cfg(target_os = "linux")]
    if let Some(open_files) = linux::open_files() {
        return linux::path_in(open_files, file);
    }
    file.path()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsString;
    use std::fs::File;
    use std::io;
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStringExt;
    use std::path::PathBuf;
    use std::process;
    use std::sync::OnceLock;

    use rustix::fs::{Mode, OFlags, open, readlinkat};
    use rustix::path::DecInt;

    /// The directory in which the system shows what this process has open. It stays open, since the way to
    /// it costs more than all the rest of the question.
    struct OpenFiles {
        /// Whose files it shows.
        process: u32,
        directory: OwnedFd,
    }

    static OPEN_FILES: OnceLock<Option<OpenFiles>> = OnceLock::new();

    /// That directory. None where there is none, or where it shows the files of another process: that from
    /// which this one was forked. Then the long way is the right one.
    pub(super) fn open_files() -> Option<&'static OwnedFd> {
        let found = OPEN_FILES.get_or_init(|| {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let directory = open("/proc/self/fd", flags, Mode::empty()).ok()?;
            Some(OpenFiles { process: process::id(), directory })
        });
        let own = found.as_ref().filter(|found| found.process == process::id())?;
        Some(&own.directory)
    }

    /// Room for most paths, and for the name that is put behind them.
    const USUAL: usize = 512;

    pub(super) fn path_in(open_files: &OwnedFd, file: &File) -> io::Result<PathBuf> {
        let path = readlinkat(open_files, DecInt::from_fd(file), Vec::with_capacity(USUAL))?;
        Ok(OsString::from_vec(path.into_bytes()).into())
    }

    #[cfg(test)]
    mod tests {
        use super::super::real_path;
        use super::*;

        #[test]
        fn it_is_asked_each_time() {
            let root = tempfile::tempdir().expect("a directory");
            let root = dunce::canonicalize(root.path()).expect("it is there");
            let long = "x".repeat(200);
            let names = ["a".to_owned(), format!("{long}/{long}/{long}/{long}")];
            std::fs::create_dir_all(root.join(&names[1])).expect("made");
            std::fs::create_dir(root.join("a")).expect("made");
            let file = File::open(root.join("a")).expect("it opens");
            assert_eq!(real_path(&file).expect("known"), root.join("a"));
            std::fs::rename(root.join("a"), root.join(&names[1])).expect("moved");
            assert_eq!(real_path(&file).expect("known"), root.join(&names[1]));
            std::fs::remove_dir(root.join(&names[1])).expect("removed");
            let gone = real_path(&file).expect("known").to_string_lossy().into_owned();
            assert!(gone.ends_with(" (deleted)"), "{gone}");
        }

        #[test]
        fn what_another_process_has_open_is_never_asked() {
            let own = open_files().expect("there is /proc");
            let shown =
                std::fs::read_link(format!("/proc/self/fd/{}", DecInt::from_fd(own).as_str()));
            let shown = shown.expect("it is open");
            assert_eq!(shown, PathBuf::from(format!("/proc/{}/fd", process::id())));
        }
    }
}
