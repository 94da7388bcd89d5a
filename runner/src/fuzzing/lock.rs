//! The lock file: what is read is what is written again, and what is wrong is shown.

use std::path::Path;

use super::configuration::{read, shown};
use crate::plugin::lock::LockFile;

/// The text of a `taskrunner.lock`.
pub fn lock(bytes: &[u8]) {
    // The lock is YAML under a name of its own.
    let Ok(document) = read("lock.yaml", bytes) else { return };
    match LockFile::of(&document) {
        Err(error) => shown(&error),
        Ok(lock) => {
            let path = Path::new("taskrunner.lock");
            let again =
                LockFile::compose(path, &lock.entries).expect("what was read can be written");
            assert_eq!(again.entries, lock.entries, "{}", again.text);
            let same = LockFile::compose(path, &again.entries).expect("it can be written again");
            assert_eq!(same.text, again.text, "the same entries are the same text");
        }
    }
}
