use proptest::prelude::*;

use super::*;
use crate::permission::Targets;
use crate::permission::{Capability, Kind, Statement};
use crate::plugin::Digest;

fn read(text: &str) -> Result<LockFile, DocumentError> {
    LockFile::of(&Document::of_yaml(Path::new("/ws/taskrunner.lock"), text.to_owned())?)
}

fn entry(requests: Vec<Capability>) -> Entry {
    Entry {
        version: semver::Version::new(1, 2, 3),
        source: ".taskrunner/plugins/x.wasm".into(),
        sha256: Digest::of(b"x"),
        manifest: None,
        wit: "0.1.0".into(),
        imports: vec!["wasi:cli/environment@0.2.6".into()],
        requests: Targets::new(requests.clone()),
        grants: Targets::new(requests),
    }
}

fn name(name: &str) -> Name {
    Name::new(name).expect("a name")
}

#[test]
fn it_reads_as_people_review_it() {
    let requests = vec![Capability::new(Kind::Read, "."), Capability::new(Kind::Env, "CARGO_*")];
    let entries = BTreeMap::from([(name("x"), entry(requests)), (name("a"), entry(Vec::new()))]);
    let file = LockFile::compose(Path::new("/ws/taskrunner.lock"), &entries).expect("a file");
    assert_eq!(file.entries, entries);
    insta::assert_snapshot!(file.text);
}

#[test]
fn what_is_not_its_shape_is_an_error_with_its_line() {
    let good = "version: 1\nplugins:\n  x: {version: 1.0.0, source: s, wit: 0.1.0, sha256: \
                ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert!(read(&format!("{good}}}\n")).is_ok());
    for (text, line, problem) in [
        (String::new(), None, "`version` is missing"),
        ("version: 2\n".into(), Some(1), "version 2 is not known"),
        ("version: one\n".into(), Some(1), "invalid type: string"),
        ("version: 1\nextra: 1\n".into(), Some(2), "unknown key `extra`"),
        ("version: 1\nplugins: []\n".into(), Some(2), "invalid type"),
        (format!("{good}, extra: 1}}\n"), Some(3), "unknown field `extra`"),
        (format!("{good}, grants: {{exec: [a]}}}}\n"), Some(3), "unknown field `exec`"),
        (format!("{good}, grants: {{read: ['']}}}}\n"), Some(3), "an empty path"),
        (format!("{good}, grants: {{read: ['*/../x']}}}}\n"), Some(3), "is no glob"),
        (format!("{good}, requests: {{env: [a=b]}}}}\n"), Some(3), "not the name of"),
        (format!("{}}}\n", good.replace("  x:", "  CLEAN:")), Some(3), "no name for a command"),
        (format!("{}}}\n", good.replace("  x:", "  cle\u{430}n:")), Some(3), "no name for"),
        (format!("{}}}\n", good.replace("  x:", "  list:")), Some(3), "the runner's own"),
        (format!("{}}}\n", good.replace("ba78", "BA78")), Some(3), "64 hexadecimal digits"),
        (format!("{}}}\n", good.replace("1.0.0", "one")), Some(3), "unexpected character"),
        (format!("{good}}}\n  x: {{}}\n"), Some(4), "twice"),
    ] {
        let error = read(&text).expect_err(&text);
        assert!(error.to_string().contains(problem), "{error} of {text}");
        assert!(error.to_string().starts_with("the lock file") || line.is_some(), "{error}");
        assert_eq!(error.location().map(|(_, line, _)| line), line, "{error} of {text}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(targets: Vec<String>, source: String) {
        let requests = targets
            .into_iter()
            .map(|target| Capability::new(Kind::Read, target))
            .filter(|capability| Statement::check(capability).is_ok())
            .collect();
        let entries = BTreeMap::from([(name("x"), Entry { source, ..entry(requests) })]);
        // A text that the document's bounds refuse is never written; any other one survives.
        if let Ok(file) = LockFile::compose(Path::new("/ws/taskrunner.lock"), &entries) {
            prop_assert_eq!(file.entries, entries);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(
        text in ".{0,80}",
        at: prop::sample::Index,
        length in 0..40_usize,
    ) {
        let requests = vec![Capability::new(Kind::Read, "."), Capability::new(Kind::Env, "A")];
        let entries = BTreeMap::from([(name("x"), entry(requests))]);
        let path = Path::new("/ws/taskrunner.lock");
        let mut whole = LockFile::compose(path, &entries).expect("a file").text;
        let start = whole.floor_char_boundary(at.index(whole.len()));
        let end = whole.floor_char_boundary((start + length).min(whole.len()));
        whole.replace_range(start..end, &text);
        // What is read is what would be written again.
        if let Ok(file) = read(&whole) {
            let again = LockFile::compose(path, &file.entries).expect("a file");
            prop_assert_eq!(again.entries, file.entries);
        }
    }
}
