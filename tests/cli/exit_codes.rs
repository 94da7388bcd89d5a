//! Exit codes: a command's own pass through, and the runner's are apart from them.

use crate::harness::{Project, guests};

#[test]
fn a_commands_own_codes_pass_through() {
    let project = Project::new().guest(guests::EXIT);
    for code in [0, 1, 2, 3, 75, 123] {
        for by in ["return", "wasi"] {
            project.call(["exit", &code.to_string(), "--by", by]).exits(code).prints("").quietly();
        }
    }
    // In WASI 0.2, Rust's own way knows success and failure, and no more.
    for (code, arrives) in [(0, 0), (1, 1), (3, 1)] {
        project.call(["exit", "--by=process", &code.to_string()]).exits(arrives).quietly();
    }
}

#[test]
fn codes_of_the_runners_are_not_a_commands_to_use() {
    let project = Project::new().guest(guests::EXIT);
    for code in ["124", "125", "126", "127", "134", "137", "255"] {
        for by in ["return", "wasi"] {
            project.call(["exit", code, "--by", by]).exits(123).quietly();
        }
    }
}

#[test]
fn each_kind_of_failure_has_its_code() {
    let project = Project::new().guest(guests::FAIL);
    for (kind, code) in [("usage", 2), ("configuration", 2), ("retryable", 75), ("failed", 1)] {
        project.call(["fail", kind]).exits(code).prints("").reports("  × fail: it did not work\n");
        let error = project.call(["fail", kind, "--format=json"]).exits(code).json_lines();
        assert_eq!(error.len(), 1);
        assert_eq!(error[0]["error"]["outcome"], kind);
        assert_eq!(error[0]["error"]["exit-code"], code);
        assert_eq!(error[0]["error"]["message"], "fail: it did not work");
        assert_eq!(error[0]["error"]["command"], "fail");
    }
}

#[test]
fn a_failure_is_shown_with_its_hint() {
    let project = Project::new().guest(guests::FAIL);
    project
        .call(["fail", "--message", "cannot read `x`", "--hint", "make it first"])
        .exits(1)
        .reports("  × fail: cannot read `x`\n  help: make it first\n");
}

#[test]
fn a_failure_says_a_bounded_lot() {
    let project = Project::new().guest(guests::FAIL);
    let long = "é".repeat(20_000);
    let call = project.call(["fail", "--message", &long, "--hint", &long, "--format=json"]);
    let error = call.exits(1).json_lines().remove(0)["error"].take();
    for text in ["message", "help"] {
        let length = error[text].as_str().expect("a text").len();
        assert!((16 * 1024..16 * 1024 + 10).contains(&length), "{text} has {length} bytes");
    }
}

#[test]
fn a_failure_cannot_steer_the_terminal() {
    let project = Project::new().guest(guests::FAIL);
    let hostile = "\u{1b}[2J\u{202e}x\u{9b}31m\r";
    project
        .call(["fail", "--message", hostile, "--hint", hostile, "--color=always"])
        .exits(1)
        .reporting(r"\u{1b}[2J\u{202e}x\u{9b}31m\r")
        .without("\u{1b}[2J")
        .without("\u{202e}")
        .without("\u{9b}")
        .without("\r");
}

#[test]
fn a_panic_is_a_crash() {
    let project = Project::new().guest(guests::PANIC);
    let ended = project
        .call(["panic"])
        .exits(134)
        .prints("")
        // The guest's own words, and then the runner's.
        .reporting("this is a mistake in the plugin")
        .reporting("panic: crashed: wasm trap: wasm `unreachable` instruction executed");
    assert!(!ended.stderr().contains("0x"), "no backtrace: {ended}");
    project
        .call(["panic", "--log-level=debug"])
        .exits(134)
        .reporting("DEBUG taskrunner::sandbox::guest the guest ended");
}

#[test]
fn the_runners_own_codes() {
    let project = Project::new().guest(guests::EXIT).file(".taskrunner/plugins/broken.wasm", "");
    project.call([""; 0]).exits(1);
    project.call(["exit"]).exits(2);
    project.call(["exit", "0", "--config", "none.yaml"]).exits(2);
    project.call(["broken"]).exits(125);
    project.call(["exit", "0", "--allow-read", "/"]).exits(126);
    project.call(["none"]).exits(127);
}
