//! Makes one file of the bundle from its source.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;

use taskrunner_plugin::{Failure, log};

use crate::bundle_manifest::FileEntry;
use crate::content::{Content, copy};
use crate::during::During;
use crate::minify::Language;
use crate::relative_path::RelativePath;

/// The longest text that is minified: a minifier holds it in memory several times over.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Writes the output of a source to a file: minified if that is wanted and possible, else as it is.
pub(crate) fn produce(
    root: &Path,
    path: &RelativePath,
    optimize: bool,
    to: &mut File,
) -> Result<FileEntry, Failure> {
    let mut from = File::open(path.below(root)).during("read", path)?;
    if optimize && let Some(language) = Language::of(path.name()) {
        let size = from.metadata().during("read", path)?.len();
        if size <= LIMIT {
            return minified(&mut from, path, language, to);
        }
        log::warn!("`{path}` is not minified: it is larger than {} MiB", LIMIT >> 20);
    }
    let content = copy(&mut from, to).during("copy", path)?;
    Ok(FileEntry { path: path.clone(), source: content.clone(), output: content })
}

fn minified(
    from: &mut File,
    path: &RelativePath,
    language: Language,
    to: &mut File,
) -> Result<FileEntry, Failure> {
    let mut bytes = Vec::new();
    from.rewind().during("read", path)?;
    let source = copy(from, &mut bytes).during("read", path)?;
    let smaller = match std::str::from_utf8(&bytes) {
        Ok(text) => language.minify(text),
        Err(_) => Err("it is not UTF-8".to_owned()),
    };
    let output = match smaller {
        Ok(minified) => {
            for remark in &minified.remarks {
                log::warn!("`{path}`: {remark}");
            }
            if minified.text.len() < bytes.len() { minified.text.into_bytes() } else { bytes }
        }
        Err(reason) => {
            log::warn!("`{path}` is not minified: {reason}");
            bytes
        }
    };
    to.write_all(&output).during("write the output of", path)?;
    let output = Content::of(&output);
    log::debug!("`{path}`: {} → {} bytes", source.size, output.size);
    Ok(FileEntry { path: path.clone(), source, output })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn run(name: &str, source: &[u8], optimize: bool) -> Vec<u8> {
        let root = tempfile::tempdir().expect("a directory");
        fs::write(root.path().join(name), source).expect("a file");
        let target = root.path().join("target");
        let path = RelativePath::parse(name).expect("a path");
        let mut file = File::create_new(&target).expect("a file");
        let entry = produce(root.path(), &path, optimize, &mut file).expect("it works");
        let output = fs::read(target).expect("a file");
        assert_eq!(entry.source, Content::of(source));
        assert_eq!(entry.output, Content::of(&output));
        output
    }

    #[test]
    fn a_file_is_minified_only_on_demand() {
        assert_eq!(run("a.json", b"{ }", true), b"{}");
        assert_eq!(run("a.json", b"{ }", false), b"{ }");
        assert_eq!(run("a.txt", b"{ }", true), b"{ }");
    }

    #[test]
    fn what_would_grow_is_copied() {
        assert_eq!(run("a.js", b"x", true), b"x");
        assert_eq!(run("b.js", b"x ;\n", true), b"x;");
    }

    #[test]
    fn what_cannot_be_minified_is_copied() {
        assert_eq!(run("a.json", b"{ ", true), b"{ ");
        assert_eq!(run("a.css", b"a { b: \xff }", true), b"a { b: \xff }");
        assert_eq!(run("a.js", b"let = =", true), b"let = =");
    }
}
