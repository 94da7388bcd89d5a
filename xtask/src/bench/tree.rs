//! Trees of many small files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// How many files a directory of a tree holds.
const FILES: usize = 100;

/// Makes a directory with so many files, a hundred in each of its directories, ten of which are below each
/// of those between.
pub(crate) fn make(root: &Path, files: usize) -> Result<()> {
    for number in 0..files.div_ceil(FILES) {
        let directory = root.join(format!("d{:03}/e{}", number / 10, number % 10));
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        for file in number * FILES..files.min((number + 1) * FILES) {
            let path = directory.join(format!("file-{file:06}.o"));
            fs::write(&path, b"built\n")
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_so_many_files() {
        let directory = tempfile::tempdir().expect("a directory");
        make(directory.path(), 250).expect("it can be made");
        let count = |path: &str| fs::read_dir(directory.path().join(path)).expect("there").count();
        assert_eq!((count("d000"), count("d000/e0"), count("d000/e2")), (3, 100, 50));
    }
}
