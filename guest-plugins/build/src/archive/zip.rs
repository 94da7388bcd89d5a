//! Zip files.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{Compression, MODE, Member};
use crate::relative_path::RelativePath;

/// The level of zip's writer above which the number says how often zopfli tries.
const ZOPFLI: i64 = 9;

/// From this size on, a member needs the wider fields of zip64.
const LARGE: u64 = u32::MAX as u64 - 64 * 1024 * 1024;

/// Each member is a stream of its own.
pub(super) fn write(
    members: &[Member],
    compression: Compression,
    to: &mut File,
    on_member: &mut dyn FnMut(&RelativePath),
) -> io::Result<()> {
    let level = match compression {
        Compression::Deflate(level) => level.into(),
        Compression::Zopfli(times) => ZOPFLI.saturating_add_unsigned(times.get()),
    };
    let mut writer = ZipWriter::new(BufWriter::new(to));
    for member in members {
        on_member(&member.path);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(level))
            .last_modified_time(DateTime::default())
            .unix_permissions(MODE)
            .large_file(member.content.size >= LARGE);
        writer.start_file(member.path.as_str(), options)?;
        io::copy(&mut member.open()?, &mut writer)?;
    }
    writer.finish()?.flush()
}
