use std::fs;
use std::io::Write;

use super::*;

const CODE: &[u8] = b"the code of a plugin";

struct Kept {
    _directory: tempfile::TempDir,
    path: std::path::PathBuf,
}

impl Kept {
    /// None on a file system that does not tell who writes to a file.
    #[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
    fn new() -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("code");
        fs::write(&path, CODE).expect("written");
        if matches!(lease(&File::open(&path).expect("it is there")), Lease::Unknown) {
            println!("SKIPPED: this file system tells nothing of who writes to a file");
            return None;
        }
        Some(Self { _directory: directory, path })
    }

    fn seal(&self) -> io::Result<Seal> {
        let entry = Digest::of(b"an entry");
        Seal::new(&entry, Kind::Module, Digest::of(CODE), &File::open(&self.path)?)
    }

    /// How the file fits a seal of that age.
    fn fits(&self, seal: &Seal, age: Duration) -> Fit {
        let file = File::open(&self.path).expect("it is there");
        let metadata = file.metadata().expect("it is open");
        seal.fits(&file, &metadata, age).expect("it can be read")
    }

    fn writer(&self) -> File {
        File::options().read(true).write(true).open(&self.path).expect("it is mine")
    }
}

#[test]
fn a_file_that_somebody_has_open_for_writing_is_not_sealed() {
    let Some(kept) = Kept::new() else { return };
    let seal = kept.seal().expect("nobody writes to it");
    assert_eq!(kept.fits(&seal, Duration::ZERO), Fit::Known);
    assert_eq!(kept.fits(&seal, FRESH), Fit::Read);
    let writer = kept.writer();
    assert_eq!(kept.fits(&seal, FRESH), Fit::Broken);
    assert!(kept.seal().is_err());
    drop(writer);
    assert_eq!(kept.fits(&seal, FRESH), Fit::Read);
}

/// The trick that a stamp does not show: a store to a page that is changed already.
#[test]
fn a_file_that_somebody_has_mapped_for_writing_is_not_sealed() {
    let Some(kept) = Kept::new() else { return };
    let seal = kept.seal().expect("nobody writes to it");
    let mapping = Mapping::of(kept.writer());
    mapping.store(CODE[0]);
    assert_eq!(
        kept.fits(&seal, Duration::ZERO),
        Fit::Broken,
        "its time has changed, so it is read"
    );
    assert!(kept.seal().is_err(), "a stamp of now would not change any more");
    mapping.store(b'X');
    drop(mapping);
    assert!(kept.seal().is_err(), "it is something else");
}

#[test]
fn whoever_opens_a_sealed_file_later_changes_its_stamp() {
    let Some(kept) = Kept::new() else { return };
    let mapping = Mapping::of(kept.writer());
    mapping.store(CODE[0]);
    drop(mapping);
    // The page is still to be written back.
    let seal = kept.seal().expect("nobody writes to it any more");
    std::thread::sleep(Duration::from_millis(15)); // A step of an older kernel's clock.
    let mapping = Mapping::of(kept.writer());
    assert_eq!(kept.fits(&seal, Duration::ZERO), Fit::Known, "nothing was stored yet");
    mapping.store(b'X');
    assert_eq!(kept.fits(&seal, Duration::ZERO), Fit::Broken);
    drop(mapping);
    let seal = Seal { stamp: None, ..seal };
    assert_eq!(kept.fits(&seal, Duration::ZERO), Fit::Broken);
    let mut writer = kept.writer();
    writer.write_all(CODE).expect("written");
    drop(writer);
    assert_eq!(kept.fits(&seal, Duration::ZERO), Fit::Read);
}

/// A file that is mapped and shared, whose descriptor is closed.
struct Mapping(*mut u8);

const LENGTH: usize = 4096;

impl Mapping {
    fn of(file: File) -> Self {
        use std::os::fd::AsRawFd;

        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let descriptor = file.as_raw_fd();
        // SAFETY: a new mapping, of a file that is open.
        let start = unsafe {
            libc::mmap(std::ptr::null_mut(), LENGTH, protection, libc::MAP_SHARED, descriptor, 0)
        };
        assert_ne!(start, libc::MAP_FAILED);
        Self(start.cast())
    }

    fn store(&self, byte: u8) {
        // SAFETY: the file has this byte, and nobody else has the mapping.
        unsafe { self.0.write_volatile(byte) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: it is this mapping, and nobody uses it any more.
        unsafe { libc::munmap(self.0.cast(), LENGTH) };
    }
}
