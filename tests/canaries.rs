//! What nobody may do behind either wall: native code tries it behind the second one alone (`tests/walls`), and a
//! guest behind the first one alone (`tests/cli/second_wall.rs`). Both find a directory `read` that may be read,
//! one `write` that may be written, and beside them what they were not given.

/// What is there, each file with [`CANARY`] in it.
pub(crate) const FILES: [&str; 5] =
    ["canary", "beside/canary", "read/file", "write/file", "read/below/file"];

pub(crate) const CANARY: &str = "canary";

/// An operation, its path below the directory that holds both, and the second one.
pub(crate) type Attempt = (&'static str, &'static str, &'static str);

pub(crate) const ATTEMPTS: [Attempt; 28] = [
    // Beside what was granted.
    ("read", "canary", ""),
    ("write", "canary", ""),
    ("append", "canary", ""),
    ("truncate", "canary", ""),
    ("remove", "canary", ""),
    ("write", "new", ""),
    ("mkdir", "new", ""),
    ("rmdir", "beside", ""),
    ("list", "beside", ""),
    ("read", "beside/canary", ""),
    ("write", "beside/canary", ""),
    ("remove", "beside/canary", ""),
    ("write", "beside/new", ""),
    // By way of what was granted.
    ("read", "read/../canary", ""),
    ("write", "write/../canary", ""),
    ("remove", "write/below/../../canary", ""),
    ("rename", "canary", "write/taken"),
    ("rename", "beside", "write/taken"),
    ("link", "canary", "write/taken"),
    ("rename", "write/file", "new"),
    ("link", "write/file", "new"),
    // What may be read is not written.
    ("write", "read/file", ""),
    ("truncate", "read/file", ""),
    ("remove", "read/below/file", ""),
    ("rename", "read/file", "write/taken"),
    ("rename", "write/file", "read/file"),
    ("mkdir", "read/new", ""),
    // The system's, as native code knows it.
    ("read", "../../../../../../etc/passwd", ""),
];
