//! What is said at the end, on standard output.

use std::fmt;

use crate::bundle_manifest::BundleManifest;
use crate::relative_path::RelativePath;

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Report {
    /// What would be bundled.
    Listed(Vec<RelativePath>),
    /// Everything was there already, and nothing was written.
    Unchanged(Bundle),
    /// A bundle was written.
    Built {
        /// How many files were made anew.
        built: usize,
        /// How many stale files were removed.
        removed: usize,
        /// The bundle.
        bundle: Bundle,
    },
}

/// A bundle that is there.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// The output directory, as the user knows it.
    pub(crate) output: String,
    /// Its manifest.
    pub(crate) manifest: BundleManifest,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(paths) => paths.iter().try_for_each(|path| writeln!(f, "{path}")),
            Self::Unchanged(bundle) => {
                let count = bundle.manifest.files.len();
                writeln!(f, "files    {count} (nothing changed: nothing was built)")?;
                bundle.fmt(f)
            }
            Self::Built { built, removed, bundle } => {
                let count = bundle.manifest.files.len();
                write!(f, "files    {count} ({built} built, {} unchanged", count - built)?;
                match removed {
                    0 => writeln!(f, ")")?,
                    _ => writeln!(f, ", {removed} stale removed)")?,
                }
                bundle.fmt(f)
            }
        }
    }
}

impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = &self.manifest.files;
        let before: u64 = files.iter().map(|file| file.source.size).sum();
        let after: u64 = files.iter().map(|file| file.output.size).sum();
        writeln!(f, "bytes    {before} → {after}")?;
        writeln!(f, "output   {}", self.output)?;
        let archives = &self.manifest.archives;
        let width = archives.iter().map(|archive| archive.path.as_str().len()).max().unwrap_or(0);
        let digits = archives.iter().map(|archive| archive.content.size.to_string().len()).max();
        let digits = digits.unwrap_or(0);
        for archive in archives {
            let (path, content) = (archive.path.as_str(), &archive.content);
            let (size, sha256) = (content.size, &content.sha256);
            let output = &self.output;
            writeln!(f, "archive  {output}/{path:width$}  {size:digits$} bytes  sha256:{sha256}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle_manifest::{FileEntry, Written};
    use crate::content::Content;

    #[test]
    fn the_lines_are_aligned() {
        let path = |text| RelativePath::parse(text).expect("a path");
        let file = FileEntry {
            path: path("src/a"),
            source: Content::of(b"{ }"),
            output: Content::of(b"{}"),
        };
        let mut manifest = BundleManifest::new(true, vec![file]);
        let archive =
            |name, bytes: &[u8]| Written { path: path(name), content: Content::of(bytes) };
        manifest.archives = vec![archive("b.tar.gz", &[0; 1000]), archive("b.zip", b"")];
        let bundle = Bundle { output: "dist".to_owned(), manifest };
        let text = Report::Built { built: 1, removed: 2, bundle }.to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "files    1 (1 built, 0 unchanged, 2 stale removed)");
        assert_eq!(lines[1..3], ["bytes    3 → 2", "output   dist"]);
        assert!(
            lines[3].starts_with("archive  dist/b.tar.gz  1000 bytes  sha256:541b3e9d"),
            "{text}"
        );
        assert!(
            lines[4].starts_with("archive  dist/b.zip        0 bytes  sha256:e3b0c442"),
            "{text}"
        );
    }
}
