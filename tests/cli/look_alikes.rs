//! Names that look like a command's, and are another's or none: nobody gets in under them.

use crate::harness::{Project, guests};
use crate::imports::replaced;

#[test]
fn a_plugin_has_no_such_name() {
    // In upper case, with a Cyrillic letter, with one that is not seen, as a path, an option, a file.
    for name in [
        "CLEAN",
        "Clean",
        "cl\u{435}n",
        "c\u{200b}n",
        "clea ",
        "./cle",
        "-clea",
        "clea.",
        "cl\u{1b}[m",
    ] {
        let bytes = replaced(guests::HELLO.bytes, "hello", name);
        let project = Project::new().file(".taskrunner/plugins/hello.wasm", bytes);
        let ended = project.call(["list"]).succeeds().without("\u{1b}");
        assert!(ended.stderr().contains("hello.wasm: "), "{name}: {ended}");
        assert_eq!(ended.stdout().matches("clean").count(), 1, "{name}: {ended}");
    }
    // What it says of itself is its name, whatever its file is called.
    let project = Project::new()
        .file(".taskrunner/plugins/CLEAN.wasm", guests::HELLO.bytes)
        .file(".taskrunner/plugins/cle\u{430}n.wasm", guests::CLOCK.bytes)
        .file(".taskrunner/plugins/clean.wasm", guests::ECHO.bytes);
    let ended = project.call(["list", "--format=json"]).succeeds().json();
    let names: Vec<&str> = ended["commands"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|command| command["name"].as_str())
        .collect();
    assert_eq!(names, ["build", "clean", "clock", "echo", "hello"]);
    let clean = &ended["commands"][1];
    assert_eq!(clean["origin"], "embedded");
}

#[test]
fn none_is_called_by_it() {
    let project = Project::new().file("taskrunner.yaml", "");
    for name in
        ["CLEAN", "Clean", "cle\u{430}n", "clean ", "clean\u{200b}", "clean.wasm", "./clean"]
    {
        let ended = project.call([name]).exits(127).prints("").without("\u{200b}");
        assert!(ended.stderr().contains("there is no command"), "{name}: {ended}");
    }
}

#[test]
fn nothing_is_granted_to_it() {
    for name in ["CLEAN", "cle\u{430}n", "clean\u{200b}"] {
        let text = format!("permissions: {{\"{name}\": {{write: [out]}}}}\n");
        let project = Project::new().file("taskrunner.yaml", text).directory("out");
        project.call(["clean"]).exits(2).prints("").reporting("taskrunner.yaml");
        let project = Project::new();
        project.call(["permissions", "grant", name, "--allow-read=."]).exits(127).prints("");
    }
}
