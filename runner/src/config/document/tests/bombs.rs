//! Texts made to exhaust a parser: each ends within a second and 100 MB of memory.
//!
//! Each is read in a process of its own, so that its memory can be told and a crash is seen.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use super::super::Document;
use super::super::read::MAX_BYTES;

const BOMB: &str = "DOCUMENT_TEST_BOMB";

/// A file's name, what starts it, what fills it, and what ends it.
type Bomb = (&'static str, &'static str, &'static str, &'static str);

const BOMBS: &[Bomb] = &[
    ("arrays.json", "", "[", ""),
    ("arrays in an object.json", "{\"a\":", "[", ""),
    ("objects.json", "", "{\"a\":", ""),
    ("flat.json", "{\"a\":[0", ",0", "]}"),
    ("small arrays.json", "{\"a\":[0", ",[0]", "]}"),
    ("small objects.json", "{\"a\":[0", ",{\"\":0}", "]}"),
    ("string.json", "{\"a\":\"", "\\n", "\"}"),
    ("escapes.json", "{\"a\":\"", "\\", ""),
    ("digits.json", "{\"a\":", "9", "}"),
    ("blank.json", "", "\n", ""),
    ("arrays.yaml", "", "[", ""),
    ("arrays in an object.yaml", "a: ", "[", ""),
    ("arrays on lines.yaml", "{a: ", "[\n", ""),
    ("dashes.yaml", "a:\n  ", "- ", ""),
    ("objects.yaml", "", "{a: ", ""),
    ("question marks.yaml", "", "? ", ""),
    ("question marks in an array.yaml", "a: [", "? ", ""),
    ("colons in an array.yaml", "a: [", ": ", ""),
    ("keys without space.yaml", "", "a:", ""),
    ("anchors.yaml", "a:\n", "- &a x\n", ""),
    ("aliases.yaml", "a: &a [x]\nb: [*a", ",*a", "]"),
    ("flat.yaml", "a: [0", ",a", "]"),
    ("small objects.yaml", "a: [0", ",{}", "]"),
    ("small full objects.yaml", "a: [0", ",{a: }", "]"),
    ("lines.yaml", "a:\n", "- 0\n", ""),
    ("one plain scalar.yaml", "a: ", "a", ""),
    ("words.yaml", "a: ", "a ", ""),
    ("lines of words.yaml", "a: ", "\n a", ""),
    ("quoted lines.yaml", "a: \"", "a\n ", "\""),
    ("escapes.yaml", "a: \"", "\\n", "\""),
    ("block.yaml", "a: |\n", "  \n", ""),
    ("comments.yaml", "", "#\n", ""),
    ("blank.yaml", "", "\n", ""),
    ("spaces.yaml", "", " ", ""),
    ("documents.yaml", "", "---\n", ""),
    ("directives.yaml", "", "%A b\n", ""),
    ("tag directives.yaml", "", "%TAG !a! b\n", ""),
    ("tag.yaml", "a: !", "a", " x"),
    ("anchor.yaml", "a: &", "a", " x"),
    ("bangs.yaml", "", "! ", ""),
    ("quotes.yaml", "a: ", "''", ""),
    ("dispute.yaml", "# \u{2028}", "[", ""),
];

/// Each of these is built, for its parts differ.
const BUILT: &[&str] =
    &["alias bomb.yaml", "indentation.yaml", "keys.yaml", "keys.json", "anchored.yaml"];

fn limit() -> usize {
    usize::try_from(MAX_BYTES).expect("a size")
}

fn text(name: &str) -> String {
    let mut text = String::new();
    if let Some((_, start, fill, end)) = BOMBS.iter().find(|bomb| bomb.0 == name) {
        let count = (limit() - start.len() - end.len()) / fill.len();
        return format!("{start}{}{end}", fill.repeat(count));
    }
    for number in 0.. {
        let before = text.len();
        let added = match name {
            "alias bomb.yaml" if number == 0 => writeln!(text, "a0: &a0 [x, x]"),
            "alias bomb.yaml" => {
                let last = number - 1;
                writeln!(text, "a{number}: &a{number} [{}]", format!("*a{last},").repeat(9))
            }
            "indentation.yaml" => writeln!(text, "{:number$}a:", ""),
            "keys.yaml" => writeln!(text, "k{number}: 1"),
            "keys.json" if number == 0 => write!(text, "{{\"\":0"),
            "keys.json" => write!(text, ",\"{number}\":0"),
            "anchored.yaml" => writeln!(text, "k{number}: &a{number} x"),
            other => panic!("no bomb {other}"),
        };
        added.expect("more text");
        if text.len() > limit() - 1 {
            text.truncate(before);
            break;
        }
    }
    text + if name.ends_with(".json") { "}" } else { "" }
}

#[test]
fn bombs_are_borne() {
    let this = std::env::current_exe().expect("this program");
    let (_, module) = module_path!().split_once("::").expect("a module");
    let mut failed = String::new();
    for name in BOMBS.iter().map(|bomb| bomb.0).chain(BUILT.iter().copied()) {
        let output = Command::new(&this)
            .args(["--ignored", "--exact", "--nocapture", &format!("{module}::one_bomb")])
            .env(BOMB, name)
            .output()
            .expect("this program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() || !said.contains("borne") {
            writeln!(failed, "{name}: {} {said}", output.status).expect("text");
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

#[test]
#[ignore = "run by `bombs_are_borne`, for one bomb"]
#[expect(clippy::print_stderr, reason = "it tells the test that runs it what was measured")]
fn one_bomb() {
    let name = std::env::var(BOMB).expect("the name of a bomb");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join(&name);
    std::fs::write(&path, text(&name)).expect("a file written");
    let start = Instant::now();
    let outcome = Document::read(&path).map(|document| document.value().len());
    let took = start.elapsed();
    let report = outcome.map_or_else(|error| error.to_string(), |keys| format!("{keys} keys"));
    // A tenth of that on an idle machine; without the bounds it would be many seconds.
    assert!(took < Duration::from_secs(3), "{took:?}: {report}");
    let memory = peak_memory();
    assert!(memory < 100_000, "{memory} kB: {report}");
    eprintln!("borne in {took:.1?} and {memory} kB: {report}");
}

/// The most memory that this process has held, in kB; 0 where nothing tells.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
