//! Reads the WIT of a world, a file or a directory, as hostile input: regular files, few and short, and none that
//! a link of the workspace leads out to.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{PackageId, Resolve, SourceMap, UnresolvedPackageGroup};

use crate::permission::Paths;
use crate::plugin::check_nesting;
use crate::regular::{self, Longest};

/// The most bytes of all files together. The largest known worlds have some hundred thousand.
const MAX_BYTES: u64 = 4 << 20;

/// The most entries of the directories.
const MAX_ENTRIES: usize = 2_000;

/// Reads files as long as there are not too many.
struct Reader<'a> {
    paths: &'a Paths,
    bytes: u64,
    entries: usize,
}

/// What a file holds.
enum Content {
    Text(String),
    /// A package that was encoded.
    Package(Box<Resolve>, PackageId),
}

/// Adds the package of a file or of a directory, with those in its directory `deps`.
pub(super) fn read(resolve: &mut Resolve, path: &Path, paths: &Paths) -> Result<PackageId, String> {
    let mut reader = Reader { paths, bytes: MAX_BYTES, entries: MAX_ENTRIES };
    if !reader.find(path)?.is_dir() {
        return match reader.file(path)? {
            Content::Text(text) => {
                let group = parse(path, [(path.to_owned(), text)])?;
                resolve.push_group(group).map_err(whole)
            }
            Content::Package(package, id) => {
                let merged = resolve.merge(*package).map_err(whole)?;
                Ok(merged.packages[id.index()])
            }
        };
    }
    let main = reader.directory(path)?;
    let mut groups = Vec::new();
    let deps = path.join("deps");
    let entries = match deps.symlink_metadata() {
        Ok(_) => reader.entries(&deps)?,
        Err(_) => Vec::new(),
    };
    for entry in entries {
        if reader.find(&entry)?.is_dir() {
            groups.push(reader.directory(&entry)?);
        } else if has_extension(&entry, &["wit", "wasm"]) {
            match reader.file(&entry)? {
                Content::Text(text) => groups.push(parse(&entry, [(entry.clone(), text)])?),
                Content::Package(package, _) => drop(resolve.merge(*package).map_err(whole)?),
            }
        }
    }
    resolve.push_groups(main, groups).map_err(whole)
}

impl Reader<'_> {
    /// The files of one package.
    fn directory(&mut self, path: &Path) -> Result<UnresolvedPackageGroup, String> {
        let mut files = Vec::new();
        for entry in self.entries(path)? {
            if !has_extension(&entry, &["wit"]) || self.find(&entry)?.is_dir() {
                continue;
            }
            match self.file(&entry)? {
                Content::Text(text) => files.push((entry, text)),
                Content::Package(..) => return Err(at(&entry, "it is no text")),
            }
        }
        parse(path, files)
    }

    fn file(&mut self, path: &Path) -> Result<Content, String> {
        let found = self.find(path)?;
        let bytes = regular::read(&found, Longest(self.bytes, "what is left of a package"))
            .map_err(|error| at(path, error))?
            .0;
        self.bytes -= bytes.len() as u64;
        if !wasmparser::Parser::is_component(&bytes) {
            let text = String::from_utf8(bytes).map_err(|_| at(path, "it is not UTF-8"))?;
            return Ok(Content::Text(text));
        }
        check_nesting(&bytes).map_err(|error| at(path, error))?;
        match decode(&bytes).map_err(|error| at(path, format_args!("{error:#}")))? {
            DecodedWasm::WitPackage(resolve, id) => Ok(Content::Package(Box::new(resolve), id)),
            DecodedWasm::Component(..) => Err(at(path, "it is a component, and no package of WIT")),
        }
    }

    /// What is in a directory, sorted.
    fn entries(&mut self, path: &Path) -> Result<Vec<PathBuf>, String> {
        let unreadable = |error: io::Error| at(path, error);
        let mut entries = Vec::new();
        for entry in self.find(path)?.read_dir().map_err(unreadable)? {
            self.entries = self.entries.checked_sub(1).ok_or_else(|| {
                at(path, format_args!("there are more than {MAX_ENTRIES} files and directories"))
            })?;
            entries.push(path.join(entry.map_err(unreadable)?.file_name()));
        }
        entries.sort();
        Ok(entries)
    }

    fn find(&self, path: &Path) -> Result<PathBuf, String> {
        self.paths.file(path).map_err(|error| error.to_string())
    }
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|found| extensions.iter().any(|extension| found == *extension))
}

fn parse(
    path: &Path,
    files: impl IntoIterator<Item = (PathBuf, String)>,
) -> Result<UnresolvedPackageGroup, String> {
    let mut map = SourceMap::default();
    for (path, text) in files {
        map.push(&path, text);
    }
    map.parse().map_err(|(map, error)| {
        let (span, problem) = (error.kind().span(), error.kind());
        // The line itself may hold anything.
        match span.is_known() {
            true => format!("{}: {problem}", map.render_location(span)),
            false => at(path, problem),
        }
    })
}

/// An error with all of its causes.
fn whole(error: impl Display) -> String {
    format!("{error:#}")
}

fn at(path: &Path, problem: impl Display) -> String {
    format!("{}: {problem}", path.display())
}
