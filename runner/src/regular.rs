//! Files that may be anybody's: only a regular file of a bounded size is read, and nothing is waited for.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// Opens a regular file to read. A FIFO without a writer, or a terminal, does not make it wait.
pub(crate) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    let irregular = |kind| Err(io::Error::new(kind, "not a regular file"));
    let file = match options.open(path) {
        // Not every system opens a directory.
        Err(_) if path.is_dir() => return irregular(io::ErrorKind::IsADirectory),
        opened => opened?,
    };
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return irregular(io::ErrorKind::IsADirectory);
    }
    if !metadata.is_file() {
        return irregular(io::ErrorKind::InvalidInput);
    }
    Ok((file, metadata))
}

/// The longest file of a kind, and what people call one of that kind: `a plugin`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Longest(pub(crate) u64, pub(crate) &'static str);

/// Reads such a file, if it is not too long; what the file was like when it was opened comes with it.
pub(crate) fn read(path: &Path, longest: Longest) -> io::Result<(Vec<u8>, File, Metadata)> {
    let (file, metadata) = open(path)?;
    let bytes = read_opened(&file, &metadata, longest)?;
    Ok((bytes, file, metadata))
}

/// Reads a file that was opened by [`open`]. It may grow meanwhile, or not know its length (as in `/proc`).
pub(crate) fn read_opened(
    file: &File,
    metadata: &Metadata,
    Longest(longest, kind): Longest,
) -> io::Result<Vec<u8>> {
    let too_long = |length: u64| {
        let message = format!("{length} bytes are more than the {longest} that {kind} may have");
        Err(io::Error::new(io::ErrorKind::FileTooLarge, message))
    };
    if metadata.len() > longest {
        return too_long(metadata.len());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    file.take(longest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
        return too_long(bytes.len() as u64);
    }
    Ok(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_a_regular_file_of_a_bounded_size_is_read() {
        let root = tempfile::tempdir().expect("a directory");
        let path = |name: &str| root.path().join(name);
        let seven = Longest(7, "a test");
        std::fs::write(path("file"), "content").expect("written");
        let (bytes, ..) = read(&path("file"), seven).expect("it is no longer");
        assert_eq!(bytes, b"content");
        let kind = |name: &str, longest| {
            read(&path(name), Longest(longest, "a test")).expect_err(name).kind()
        };
        assert_eq!(kind("file", 6), io::ErrorKind::FileTooLarge);
        // A file of 50 GB that takes no place on the disk.
        let sparse = File::create_new(path("sparse")).expect("created");
        sparse.set_len(50_000_000_000).expect("it takes no place");
        assert_eq!(kind("sparse", 1 << 20), io::ErrorKind::FileTooLarge);
        assert_eq!(kind(".", 7), io::ErrorKind::IsADirectory);
        assert_eq!(kind("none", 7), io::ErrorKind::NotFound);
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path("fifo"), fifo, mode, 0).expect("a FIFO");
        symlink("fifo", path("to-fifo")).expect("a link");
        symlink("/dev/zero", path("to-device")).expect("a link");
        for name in ["fifo", "to-fifo", "to-device"] {
            let error = read(&path(name), seven).expect_err(name);
            assert_eq!(error.to_string(), "not a regular file", "{name}");
        }
    }
}
