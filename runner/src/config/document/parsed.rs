//! What long documents said, remembered by their text.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::plugin::Digest;
use crate::{kept, private};

/// The directory in the user's own directory.
const DIRECTORY: &str = "parsed";

/// Shorter texts are parsed as fast as they are looked up.
const SHORTEST: usize = 512;

/// The largest entry: JSON escapes may make a text six times as long.
const MAX_ENTRY: u64 = 8 * 1024 * 1024;

/// A directory with a file for each text that was parsed, and passed all checks: two parsers of YAML go through it
/// otherwise, which takes as long as a whole command.
///
/// It is in the directory for the user's state, since what it says is believed like a decision of the user's: only
/// if nobody else can have written it. An entry is written whole or not at all; losing one costs parsing again.
pub(crate) struct Parsed<'a> {
    state: Option<&'a Path>,
}

impl<'a> Parsed<'a> {
    /// `state` is the user's directory; without one, nothing is remembered.
    pub(crate) fn new(state: Option<&'a Path>) -> Self {
        Self { state }
    }

    /// What a text said.
    pub(super) fn get(&self, text: &str) -> Option<Map<String, Value>> {
        let state = self.state.filter(|_| text.len() >= SHORTEST)?;
        private::check(state).ok()?;
        let path = private::inside(state, DIRECTORY).ok()?.join(name(text));
        serde_json::from_slice(&private::read(&path, MAX_ENTRY).ok()?.0).ok()
    }

    /// Remembers. A failure is no reason to stop.
    pub(super) fn put(&self, text: &str, value: &Map<String, Value>) {
        let Some(state) = self.state.filter(|_| text.len() >= SHORTEST) else { return };
        if let Err(error) = write(state, text, value) {
            tracing::debug!("cannot remember what a file says: {error}");
        }
    }
}

fn write(state: &Path, text: &str, value: &Map<String, Value>) -> io::Result<()> {
    let json = serde_json::to_vec(value)?;
    // What JSON does not give back as it was (a number, perhaps) is parsed each time.
    if serde_json::from_slice::<Map<String, Value>>(&json)? != *value {
        return Ok(());
    }
    private::prepare(state)?;
    let directory = private::prepare_inside(state, DIRECTORY)?;
    kept::write(&directory.join(name(text)), &json)?;
    kept::files(&directory).filter(|file| file.age > kept::AGE).for_each(|file| file.remove());
    Ok(())
}

/// The runner's version stands in the name, since it decides what a text says.
fn name(text: &str) -> PathBuf {
    let version = env!("CARGO_PKG_VERSION");
    Digest::of(format!("{version}\0{text}").as_bytes()).to_string().into()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_text_is_known_by_all_of_it_and_only_from_where_nobody_else_writes() {
        let root = tempfile::tempdir().expect("a directory");
        let state = dunce::canonicalize(root.path()).expect("it is there").join("state");
        let parsed = Parsed::new(Some(&state));
        let value: Map<String, Value> = [("a".to_owned(), Value::from(1))].into_iter().collect();
        let text = "a: 1 # ".repeat(200);
        assert!(parsed.get(&text).is_none());
        parsed.put(&text, &value);
        assert_eq!(parsed.get(&text), Some(value.clone()));
        assert!(parsed.get(&format!("{text} ")).is_none(), "another text");
        parsed.put("a: 1", &value);
        assert!(parsed.get("a: 1").is_none(), "it is short");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |mode| fs::set_permissions(&state, fs::Permissions::from_mode(mode));
            mode(0o777).expect("it is mine");
            assert!(parsed.get(&text).is_none(), "others can write there");
            mode(0o700).expect("it is mine");
        }
        let entry = fs::read_dir(state.join(DIRECTORY)).expect("a directory").next();
        fs::write(entry.expect("an entry").expect("it is there").path(), "{").expect("written");
        assert!(parsed.get(&text).is_none(), "it is broken");
    }
}
