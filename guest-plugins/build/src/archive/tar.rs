//! Tar files, compressed with gzip.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use flate2::GzBuilder;
use tar::{Builder, EntryType, Header};
use zopfli::{BlockType, GzipEncoder, Options};

use super::{Compression, MODE, Member};
use crate::relative_path::RelativePath;

/// 1980-01-01 00:00:00 UTC.
const TIME: u64 = 315_532_800;

/// In the header of a gzip file: the operating system is not known.
const UNKNOWN: u8 = 255;

/// All members are one stream to gzip, so that likeness across files counts too.
pub(super) fn write(
    members: &[Member],
    compression: Compression,
    to: &mut File,
    on_member: &mut dyn FnMut(&RelativePath),
) -> io::Result<()> {
    let to = BufWriter::new(to);
    match compression {
        Compression::Deflate(level) => {
            let header = GzBuilder::new().mtime(0).operating_system(UNKNOWN);
            let encoder = header.write(to, flate2::Compression::new(level));
            append(members, encoder, on_member)?.finish()?.flush()
        }
        Compression::Zopfli(iteration_count) => {
            let options = Options { iteration_count, ..Options::default() };
            let encoder = GzipEncoder::new_buffered(options, BlockType::Dynamic, to)?;
            let encoder = append(members, encoder, on_member)?.into_inner()?;
            encoder.finish()?.flush()
        }
    }
}

fn append<W: Write>(
    members: &[Member],
    to: W,
    on_member: &mut dyn FnMut(&RelativePath),
) -> io::Result<W> {
    let mut builder = Builder::new(to);
    for member in members {
        on_member(&member.path);
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(member.content.size);
        header.set_mode(MODE);
        header.set_mtime(TIME);
        header.set_uid(0);
        header.set_gid(0);
        builder.append_data(&mut header, member.path.as_str(), member.open()?)?;
    }
    builder.into_inner()
}
