//! `plugin embed`: a manifest inside a program's file.

use crate::harness::{Project, guests};

const MANIFEST: &str = "name: present\nsummary: Present what it is given\nversion: 1.2.3\n\
                        arguments: [{name: word, positional: {type: text}}]\n";

/// A program, with the manifest's file elsewhere.
fn project() -> Project {
    Project::new()
        .file("show.wasm", include_bytes!("../fixtures/programs/prebuilt/c.wasm"))
        .file("manifests/show.yaml", MANIFEST)
}

const EMBED: [&str; 5] = ["plugin", "embed", "show.wasm", "--manifest", "manifests/show.yaml"];

#[test]
fn a_program_carries_its_manifest_along() {
    let project = project();
    project
        .call(EMBED)
        .with(["--output", "out.wasm"])
        .succeeds()
        .printing("out.wasm: command present 1.2.3, ")
        .quietly();
    let before = std::fs::read(project.path("show.wasm")).expect("it is there");
    let after = std::fs::read(project.path("out.wasm")).expect("it is there");
    assert!(after.starts_with(&before) && after.len() < before.len() + 1000);

    project.call(["plugin", "check", "out.wasm"]).succeeds().printing("; command present 1.2.3, ");
    let project = project.file(".taskrunner/plugins/any-name.wasm", &after);
    project.call(["present", "x"]).succeeds().printing("[x]");
    project.call(["present", "--help"]).succeeds().printing("Present what it is given");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_written_to_and_not_replaced() {
    use std::io::Read;
    use std::os::unix::fs::FileTypeExt;

    let project = project();
    let pipe = project.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
    // Opened for both, it waits for nobody.
    let mut held = std::fs::File::options().read(true).write(true).open(&pipe).expect("it opens");
    project.call(EMBED).with(["--output", "pipe"]).succeeds().quietly();
    assert!(pipe.symlink_metadata().expect("it is there").file_type().is_fifo());
    let mut begin = [0; 4];
    held.read_exact(&mut begin).expect("it was written to");
    assert_eq!(&begin, b"\0asm");
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_reads_is_not_waited_for() {
    let project = project();
    let pipe = project.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
    project
        .call(EMBED)
        .with(["--output", "pipe"])
        .exits(125)
        .prints("")
        .reporting("pipe`: No such device");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_where_a_link_leads_out_to() {
    let program = include_bytes!("../fixtures/programs/prebuilt/c.wasm");
    let project = project().beside("outside/other.wasm", program);
    let project = project.beside("outside/victim", "mine").link("out.wasm", "../outside/victim");
    let project =
        project.link("directory", "../outside").link("other.wasm", "../outside/other.wasm");
    for output in ["out.wasm", "directory/new.wasm", "directory/victim"] {
        project.call(EMBED).with(["--output", output]).exits(2).prints("").reporting(output);
    }
    let other = ["plugin", "embed", "other.wasm", "--manifest", "manifests/show.yaml"];
    project.call(other).exits(2).prints("").reporting("other.wasm");
    assert_eq!(std::fs::read(project.beside_path("outside/victim")).expect("there"), b"mine");
    assert_eq!(std::fs::read(project.beside_path("outside/other.wasm")).expect("there"), program);
    assert_eq!(std::fs::read_dir(project.beside_path("outside")).expect("there").count(), 2);
    // A symlink within the workspace is the project's as well.
    let project = project.link("link.wasm", "show.wasm");
    let before = std::fs::read(project.path("show.wasm")).expect("there");
    let link = ["plugin", "embed", "link.wasm", "--manifest", "manifests/show.yaml"];
    project.call(link).exits(2).prints("").reporting("link.wasm");
    assert!(project.path("link.wasm").is_symlink());
    assert_eq!(std::fs::read(project.path("show.wasm")).expect("there"), before);
}

#[test]
fn it_takes_the_place_of_the_one_before() {
    let project = project();
    project.call(EMBED).succeeds();
    let once = std::fs::read(project.path("show.wasm")).expect("it is there");
    project.call(EMBED).succeeds();
    assert_eq!(std::fs::read(project.path("show.wasm")).expect("it is there"), once);
    let project = project.file("manifests/show.yaml", "summary: Another\n");
    project.call(EMBED).succeeds().printing("show.wasm: command show 0.0.0, ");
    project.call(["plugin", "check", "show.wasm"]).succeeds().printing("; command show 0.0.0, ");
}

#[cfg(unix)]
#[test]
fn it_keeps_the_permissions_of_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let project = project();
    let mode = || {
        let metadata = std::fs::metadata(project.path("show.wasm")).expect("it is there");
        metadata.permissions().mode() & 0o777
    };
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(project.path("show.wasm"), private).expect("its permissions");
    project.call(EMBED).succeeds().leaving(&["manifests/show.yaml", "show.wasm"]);
    assert_eq!(mode(), 0o600);
}

#[test]
fn nothing_is_written_that_is_no_plugin() {
    for (manifest, code, reason) in [
        ("sumary: Show", 1, "unknown field `sumary`"),
        ("summary: ''", 1, "the summary is empty"),
        ("summary: a\nname: trust", 1, "trust"),
        ("summary: a\nrequests: [{http: example.org, reason: a}]", 1, "imports nothing for it"),
        ("summary: [", 2, "manifests/show.yaml"),
    ] {
        let project = project().file("manifests/show.yaml", manifest);
        let before = std::fs::read(project.path("show.wasm")).expect("it is there");
        project.call(EMBED).exits(code).prints("").reporting(reason);
        assert_eq!(std::fs::read(project.path("show.wasm")).expect("it is there"), before);
    }
}

#[test]
fn only_programs_have_one() {
    let project = project().file("hello.wasm", guests::HELLO.bytes).file("text.wasm", "text");
    let embed = |file| project.call(["plugin", "embed", file, "--manifest", "manifests/show.yaml"]);
    embed("hello.wasm").exits(1).prints("").reporting("which says itself what it is");
    embed("text.wasm").exits(1).prints("").reporting("not a WebAssembly file");
    embed("missing.wasm").exits(125).prints("").reporting("[NOT FOUND]");
}
