//! Files that are refused before anyone looks at what they say.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::super::read::MAX_BYTES;
use super::super::{Document, DocumentError};
use super::underlined;

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn file(directory: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, bytes).expect("a file written");
    path
}

#[track_caller]
fn refused(path: &Path, reason: &str) -> DocumentError {
    let error = Document::read(path).expect_err("a file that is refused");
    let message = error.to_string();
    assert!(message.starts_with("cannot read the configuration file `"), "{message}");
    assert!(message.contains(reason), "{message:?} does not say {reason:?}");
    assert_eq!(error.path, path);
    error
}

#[test]
fn a_file_is_read_by_its_extension() {
    let directory = directory();
    for (name, text) in
        [("a.json", "{\"a\": 1}"), ("a.yaml", "a: 1"), ("a.yml", "a: 1"), ("a.YAML", "a: 1")]
    {
        let path = file(&directory, name, text);
        let document = Document::read(&path).expect("a valid file");
        assert_eq!(document.value().get("a"), Some(&1.into()));
        assert_eq!(document.path(), path);
    }
}

#[test]
fn a_missing_file() {
    let error = refused(&directory().path().join("a.json"), "(os error 2)");
    assert_eq!(error.location(), None);
}

#[test]
fn another_format() {
    let directory = directory();
    for name in ["a.toml", "a", ".json", "a.json.bak"] {
        let error = refused(&file(&directory, name, "a = 1"), "its format is not known");
        let help = miette::Diagnostic::help(&error).expect("help").to_string();
        assert!(help.contains(".json, .yaml or .yml"), "{help}");
    }
}

#[test]
fn a_directory() {
    let directory = directory();
    let path = directory.path().join("a.json");
    fs::create_dir(&path).expect("a directory");
    refused(&path, "it is a directory");
}

#[cfg(unix)]
#[test]
fn what_is_not_a_file_is_not_waited_for() {
    let directory = directory();
    let fifo = directory.path().join("fifo.json");
    let status = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
    assert!(status.success());
    let link = directory.path().join("zero.json");
    std::os::unix::fs::symlink("/dev/zero", &link).expect("a link");
    for path in [fifo, link] {
        refused(&path, "it is not a regular file");
    }
}

#[test]
fn a_file_that_is_too_long() {
    let directory = directory();
    let path = file(&directory, "a.json", "{}");
    let long = fs::File::options().write(true).open(&path).expect("the file");
    for length in [MAX_BYTES + 1, 100_000_000] {
        long.set_len(length).expect("a longer file");
        refused(&path, "it is longer than 256 KiB");
    }
    let text = format!("{{}}{}", " ".repeat(usize::try_from(MAX_BYTES).expect("a size") - 2));
    Document::read(&file(&directory, "b.json", text)).expect("the longest file");
}

#[test]
fn byte_order_marks() {
    let directory = directory();
    let texts: [(&[u8], &str); 3] = [
        (b"\xef\xbb\xbf{}", "a UTF-8 byte order mark"),
        (b"\xff\xfe{\0}\0", "a UTF-16 byte order mark"),
        (b"\xfe\xff\0{\0}", "a UTF-16 byte order mark"),
    ];
    for (bytes, reason) in texts {
        for name in ["a.json", "a.yaml"] {
            let error = refused(&file(&directory, name, bytes), reason);
            assert_eq!(underlined(&error), "1:1 ");
        }
    }
}

#[test]
fn bytes_that_are_not_text() {
    let directory = directory();
    let path = file(&directory, "a.yaml", b"a: 1\n\xc3\xa9: \xe4\xf6\n");
    assert_eq!(underlined(&refused(&path, "it is not UTF-8: the byte 0xe4")), "2:4 \u{fffd}");
    let path = file(&directory, "a.json", b"{\"a\": \"\xe2\x82");
    assert_eq!(underlined(&refused(&path, "the byte 0xe2")), "1:8 \u{fffd}");
    let path = file(&directory, "b.yaml", "a: 1 # \u{1b}[31m\n");
    assert_eq!(underlined(&refused(&path, "the control character U+001B")), "1:8 \u{fffd}");
    let path = file(&directory, "c.yaml", "a: 1\0: 2");
    assert_eq!(underlined(&refused(&path, "the control character U+0000")), "1:5 \u{fffd}");
}
