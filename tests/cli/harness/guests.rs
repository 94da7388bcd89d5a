//! The test guests. One that no test uses is dead code, which the compiler tells; one that is missing
//! here fails a test.

/// A test guest: the name of its file, and its bytes.
#[derive(Clone, Copy)]
pub(crate) struct Guest {
    pub(crate) name: &'static str,
    pub(crate) bytes: &'static [u8],
}

macro_rules! guests {
    ($($constant:ident = $name:literal,)*) => {
        $(
            pub(crate) const $constant: Guest = Guest {
                name: $name,
                bytes: include_bytes!(concat!("../../fixtures/prebuilt/", $name, ".wasm")),
            };
        )*

        const NAMES: &[&str] = &[$($name),*];
    };
}

guests! {
    BAD_NAME = "bad-name",
    BAD_SCHEMA = "bad-schema",
    CAT = "cat",
    CLASHING_OPTION = "clashing-option",
    CLOCK = "clock",
    CONNECT = "connect",
    DESCRIBE_BOASTS = "describe-boasts",
    DESCRIBE_HOARDS = "describe-hoards",
    DESCRIBE_READS_FILES = "describe-reads-files",
    DESCRIBE_SPINS = "describe-spins",
    ECHO = "echo",
    ENV = "env",
    EXIT = "exit",
    FAIL = "fail",
    FETCH = "fetch",
    FILES = "files",
    FILL = "fill",
    FLAKY = "flaky",
    FLOOD = "flood",
    GRAB = "grab",
    GREEDY = "greedy",
    GREEDY_2 = "greedy-2",
    GREEDY_BEFORE = "greedy-before",
    HELLO = "hello",
    HOARD = "hoard",
    HOSTILE_REASON = "hostile-reason",
    HOSTILE_SUMMARY = "hostile-summary",
    IMPOSTOR = "impostor",
    NEEDY = "needy",
    NO_VERSION = "no-version",
    PANIC = "panic",
    PROBE = "probe",
    RACE = "race",
    RECITE = "recite",
    RECURSE = "recurse",
    RESERVED = "reserved",
    SAY = "say",
    SLEEP = "sleep",
    SOCKETS = "sockets",
    SPIN = "spin",
    STALL = "stall",
    SWAP = "swap",
}

#[test]
fn every_guest_is_here() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/prebuilt");
    let mut there: Vec<String> = std::fs::read_dir(directory)
        .expect("the prebuilt guests")
        .filter_map(|entry| {
            let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
            Some(name.strip_suffix(".wasm")?.to_owned())
        })
        .collect();
    there.sort();
    assert_eq!(there, NAMES);
}
