//! Zip files.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{Effort, MODE, Member, iterations};

/// The level of zip's writer above which the number says how often zopfli tries.
const ZOPFLI: i64 = 9;

/// From this size on, a member needs the wider fields of zip64.
const LARGE: u64 = u32::MAX as u64 - 64 * 1024 * 1024;

pub(super) fn write(members: &[Member], effort: Effort, to: &mut File) -> io::Result<()> {
    let mut writer = ZipWriter::new(BufWriter::new(to));
    for member in members {
        let size = member.content.size;
        let level = match effort {
            Effort::Ordinary => 6,
            Effort::Most => ZOPFLI + i64::try_from(iterations(size).get()).unwrap_or(1),
        };
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(level))
            .last_modified_time(DateTime::default())
            .unix_permissions(MODE)
            .large_file(size >= LARGE);
        writer.start_file(member.path.as_str(), options)?;
        io::copy(&mut member.open()?, &mut writer)?;
    }
    writer.finish()?.flush()
}
