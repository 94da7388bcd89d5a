//! Tar files, compressed with gzip.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};
use zopfli::{BlockType, GzipEncoder, Options};

use super::{Effort, MODE, Member, iterations};

/// 1980-01-01 00:00:00 UTC.
const TIME: u64 = 315_532_800;

/// What is between two members is one stream to gzip, so that likeness across files counts too.
pub(super) fn write(members: &[Member], effort: Effort, to: &mut File) -> io::Result<()> {
    match effort {
        Effort::Ordinary => {
            let encoder = GzBuilder::new().mtime(0).operating_system(255).write(
                BufWriter::new(to),
                Compression::new(6),
            );
            append(members, encoder)?.finish()?.flush()
        }
        Effort::Most => {
            let size = members.iter().map(|member| member.content.size).sum();
            let options = Options { iteration_count: iterations(size), ..Options::default() };
            let encoder = GzipEncoder::new_buffered(options, BlockType::Dynamic, BufWriter::new(to))?;
            let encoder = append(members, encoder)?.into_inner().map_err(io::Error::from)?;
            encoder.finish()?.flush()
        }
    }
}

fn append<W: Write>(members: &[Member], to: W) -> io::Result<W> {
    let mut builder = Builder::new(to);
    for member in members {
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
