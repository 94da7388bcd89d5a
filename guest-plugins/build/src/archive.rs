//! The archives, equal byte for byte wherever and whenever they are made.
//!
//! The members are sorted by path. Each has the time 1980-01-01 00:00:00 UTC (the first that a zip file
//! can tell), mode 0644, and in a tar file the user and the group 0 without names. Nothing else is
//! recorded: no directories, no comments, no extra fields.

mod tar;
mod zip;

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroU64;
use std::path::PathBuf;

use crate::content::{Content, Verified};
use crate::relative_path::RelativePath;
use crate::settings::Format;

/// The mode of each member: the sandbox cannot see whether a file may be executed.
const MODE: u32 = 0o644;

/// A file in an archive.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name there.
    pub(crate) path: RelativePath,
    /// What it must hold.
    pub(crate) content: Content,
    /// Where it is.
    pub(crate) place: Place,
}

/// Where the bytes of a member are.
#[derive(Debug)]
pub(crate) enum Place {
    /// In a file.
    File(PathBuf),
    /// In memory.
    Memory(Vec<u8>),
}

/// How hard to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Quickly, as everybody does.
    Ordinary,
    /// As far as deflate goes, with zopfli.
    Most,
}

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    /// With flate2, at this level.
    Deflate(u32),
    /// With zopfli, which tries to do better this often.
    Zopfli(NonZeroU64),
}

/// Writes an archive of members that are sorted by path, and tells of each before it is packed.
pub(crate) fn write(
    format: Format,
    members: &[Member],
    effort: Effort,
    to: &mut File,
    on_member: &mut dyn FnMut(&RelativePath),
) -> io::Result<()> {
    let size = members.iter().map(|member| member.content.size).sum();
    let compression = Compression::of(effort, size);
    match format {
        Format::TarGz => tar::write(members, compression, to, on_member),
        Format::Zip => zip::write(members, compression, to, on_member),
    }
}

impl Compression {
    /// Zopfli takes a second for some 50 to 300 KB. It advises to try 15 times, and 5 times from some
    /// megabytes on; where it would take more than minutes, deflate does its best without it.
    fn of(effort: Effort, size: u64) -> Self {
        const MIB: u64 = 1024 * 1024;
        const FIVE: NonZeroU64 = NonZeroU64::new(5).expect("five is not zero");
        const FIFTEEN: NonZeroU64 = NonZeroU64::new(15).expect("fifteen is not zero");
        match (effort, size / MIB) {
            (Effort::Ordinary, _) => Self::Deflate(6),
            (Effort::Most, 0..4) => Self::Zopfli(FIFTEEN),
            (Effort::Most, 4..32) => Self::Zopfli(FIVE),
            (Effort::Most, _) => Self::Deflate(9),
        }
    }
}

impl Member {
    fn open(&self) -> io::Result<Verified<'_, Box<dyn Read + '_>>> {
        let bytes: Box<dyn Read> = match &self.place {
            Place::File(path) => Box::new(File::open(path)?),
            Place::Memory(bytes) => Box::new(bytes.as_slice()),
        };
        Ok(Verified::new(bytes, &self.content))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, SeekFrom};

    use super::*;

    fn members(contents: &[(&str, &[u8])]) -> Vec<Member> {
        let member = |(path, bytes): &(&str, &[u8])| Member {
            path: RelativePath::parse(path).expect("a path"),
            content: Content::of(bytes),
            place: Place::Memory(bytes.to_vec()),
        };
        contents.iter().map(member).collect()
    }

    fn archive(format: Format, effort: Effort, members: &[Member]) -> File {
        let mut file = tempfile::tempfile().expect("a file");
        write(format, members, effort, &mut file, &mut |_| {}).expect("it works");
        file.seek(SeekFrom::Start(0)).expect("a file has a start");
        file
    }

    /// The names, the modes, the times and the bytes of all members.
    fn listing(format: Format, file: File) -> Vec<(String, u32, String, Vec<u8>)> {
        match format {
            Format::TarGz => {
                let mut archive = ::tar::Archive::new(flate2::read::GzDecoder::new(file));
                let mut found = Vec::new();
                for entry in archive.entries().expect("a tar file") {
                    let mut entry = entry.expect("an entry");
                    let mut bytes = Vec::new();
                    entry.read_to_end(&mut bytes).expect("bytes");
                    let (name, header) = (entry.path().expect("a path"), entry.header());
                    let name = name.to_str().expect("text").to_owned();
                    assert_eq!(header.uid().expect("a number"), 0);
                    let time = header.mtime().expect("a number").to_string();
                    found.push((name, header.mode().expect("a mode"), time, bytes));
                }
                found
            }
            Format::Zip => {
                let mut archive = ::zip::ZipArchive::new(file).expect("a zip file");
                let count = archive.len();
                let read = |index| {
                    let mut entry = archive.by_index(index).expect("an entry");
                    let mut bytes = Vec::new();
                    entry.read_to_end(&mut bytes).expect("bytes");
                    let time = entry.last_modified().expect("a time").to_string();
                    let mode = entry.unix_mode().expect("a mode") & 0o7777;
                    (entry.name().expect("text").into_owned(), mode, time, bytes)
                };
                (0..count).map(read).collect()
            }
        }
    }

    #[test]
    fn an_archive_holds_its_members_and_nothing_of_its_time() {
        let long = format!("{}/{}", "d".repeat(120), "ö".repeat(100));
        let text = b"some text, some text, some text".repeat(1000);
        let contents = [("a/b.txt", &text[..]), (&long, b"x"), ("empty", b"")];
        for (format, time) in [(Format::TarGz, "315532800"), (Format::Zip, "1980-01-01 00:00:00")] {
            for effort in [Effort::Ordinary, Effort::Most] {
                let found = listing(format, archive(format, effort, &members(&contents)));
                let expected = contents
                    .map(|(name, bytes)| (name.to_owned(), 0o644, time.to_owned(), bytes.to_vec()));
                assert_eq!(found, expected, "{format:?} {effort:?}");
            }
        }
    }

    #[test]
    fn the_most_effort_gives_the_smaller_archive() {
        let text: Vec<u8> =
            (0..4_000_u32).flat_map(|n| (n * n % 977).to_string().into_bytes()).collect();
        for format in [Format::TarGz, Format::Zip] {
            let size = |effort| {
                let file = archive(format, effort, &members(&[("a", &text)]));
                file.metadata().expect("metadata").len()
            };
            assert!(size(Effort::Most) < size(Effort::Ordinary), "{format:?}");
        }
    }

    #[test]
    fn zopfli_is_left_out_where_it_would_take_too_long() {
        let of = |size| Compression::of(Effort::Most, size);
        assert!(matches!(of(0), Compression::Zopfli(times) if times.get() == 15));
        assert!(matches!(of(5 << 20), Compression::Zopfli(times) if times.get() == 5));
        assert_eq!(of(1 << 30), Compression::Deflate(9));
        assert_eq!(Compression::of(Effort::Ordinary, 0), Compression::Deflate(6));
    }

    #[test]
    fn a_member_that_changed_is_an_error() {
        for format in [Format::TarGz, Format::Zip] {
            let mut members = members(&[("a", b"abc")]);
            members[0].place = Place::Memory(b"abd".to_vec());
            let mut file = tempfile::tempfile().expect("a file");
            let error = write(format, &members, Effort::Ordinary, &mut file, &mut |_| {})
                .expect_err("it changed");
            assert!(error.to_string().contains("changed"), "{error}");
        }
    }
}
