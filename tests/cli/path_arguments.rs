//! A path on the command line grants that path, in the mode that the manifest says, for this run; and it
//! reaches the file that the user meant.

use serde_json::{Value, json};

use crate::harness::{Project, guests};

fn project() -> Project {
    Project::new()
        .guest(guests::FILES)
        .guest(guests::ECHO)
        .file("taskrunner.yaml", "")
        .file("a.txt", "a")
        .file("b.txt", "b")
        .file("sub/a.txt", "sub a")
        .beside("outside/x.txt", "x")
        .beside("outside/y.txt", "y")
}

/// What came of one operation.
fn files(project: &Project, words: &[&str]) -> Result<String, String> {
    files_within(project, "", words)
}

fn files_within(project: &Project, directory: &str, words: &[&str]) -> Result<String, String> {
    let call = project.call(["files"]).with(words.iter().copied()).within(directory);
    let text = call.succeeds().stdout();
    let text = text.strip_suffix('\n').expect("a line");
    match text.strip_prefix("ok: ") {
        Some(result) => Ok(result.to_owned()),
        None => Err(text.to_owned()),
    }
}

#[test]
fn a_file_to_read_grants_that_file_and_no_more() {
    let project = project();
    let named = ["--reads", "a.txt"];
    let call = |words: &[&str]| files(&project, &[words, &named].concat());
    assert_eq!(call(&["read", "/a.txt"]), Ok("a".into()));
    assert_eq!(call(&["stat", "/a.txt"]), Ok("1 bytes".into()));
    assert_eq!(call(&["list", "/"]), Ok("a.txt".into()));
    for words in [
        &["read", "/b.txt"][..],
        &["read", "/a.txt/../b.txt"],
        &["read", "/a.txt/b.txt"],
        &["stat", "/b.txt"],
        &["list", "/a.txt"],
        &["write", "/a.txt", "x"],
        &["append", "/a.txt", "x"],
        &["truncate", "/a.txt"],
        &["remove", "/a.txt"],
        &["write", "/b.txt", "x"],
        &["write", "/new.txt", "x"],
        &["mkdir", "/new"],
        &["rename", "/a.txt", "/c.txt"],
        &["link", "/a.txt", "/c.txt"],
        &["symlink", "b.txt", "/a.txt"],
    ] {
        assert!(call(words).is_err(), "{words:?}");
    }
    assert_eq!(project.files(), ["a.txt", "b.txt", "sub/a.txt", "taskrunner.yaml"]);
    assert_eq!((project.text("a.txt"), project.text("b.txt")), ("a".into(), "b".into()));
}

#[test]
fn a_file_to_write_grants_that_file_and_no_more() {
    let project = project();
    let named = ["--writes", "a.txt"];
    let call = |words: &[&str]| files(&project, &[words, &named].concat());
    assert_eq!(call(&["read", "/a.txt"]), Ok("a".into()));
    assert_eq!(call(&["append", "/a.txt", "b"]), Ok("done".into()));
    assert_eq!(project.text("a.txt"), "ab");
    assert_eq!(call(&["truncate", "/a.txt"]), Ok("done".into()));
    assert_eq!(call(&["write", "/a.txt", "new"]), Ok("done".into()));
    assert_eq!(project.text("a.txt"), "new");
    for words in [
        &["read", "/b.txt"][..],
        &["write", "/b.txt", "x"],
        &["write", "/a.txt/../b.txt", "x"],
        &["write", "/new.txt", "x"],
        &["mkdir", "/new"],
        &["rename", "/a.txt", "/b.txt"],
        &["rename", "/b.txt", "/a.txt"],
        &["link", "/a.txt", "/c.txt"],
        &["link", "/b.txt", "/a.txt"],
    ] {
        assert!(call(words).is_err(), "{words:?}");
    }
    assert_eq!(project.files(), ["a.txt", "b.txt", "sub/a.txt", "taskrunner.yaml"]);
    assert_eq!(project.text("b.txt"), "b");
}

#[test]
fn a_file_to_write_need_not_be_there() {
    let project = project();
    assert_eq!(files(&project, &["write", "/new.txt", "x", "--writes=new.txt"]), Ok("done".into()));
    assert_eq!(project.text("new.txt"), "x");
}

#[test]
fn a_file_to_write_in_a_directory_that_is_not_there_is_a_mistake() {
    let project = project();
    project
        .call(["files", "write", "/none/new.txt", "x", "--writes=none/new.txt"])
        .exits(2)
        .prints("")
        .reporting("--writes");
}

#[test]
fn a_directory_grants_what_is_below_it() {
    let project = project();
    let lists = ["--lists", "sub"];
    let call = |words: &[&str]| files(&project, &[words, &lists].concat());
    assert_eq!(call(&["read", "/sub/a.txt"]), Ok("sub a".into()));
    assert_eq!(call(&["list", "/sub"]), Ok("a.txt".into()));
    assert!(call(&["write", "/sub/a.txt", "x"]).is_err());
    assert!(call(&["read", "/a.txt"]).is_err());

    // One to write is made where it is not there.
    let fills = ["--fills", "made/deep"];
    let call = |words: &[&str]| files(&project, &[words, &fills].concat());
    assert_eq!(call(&["write", "/made/deep/new.txt", "x"]), Ok("done".into()));
    assert_eq!(project.text("made/deep/new.txt"), "x");
    assert!(call(&["write", "/made/new.txt", "x"]).is_err());
    assert!(call(&["write", "/sub/a.txt", "x"]).is_err());
    assert_eq!(project.text("sub/a.txt"), "sub a");
}

#[test]
fn several_paths_each_grant_their_own() {
    let project = project();
    let options = ["--reads=a.txt", "--reads=b.txt", "--writes=sub/a.txt"];
    let call = |words: &[&str]| files(&project, &[words, &options].concat());
    assert_eq!(call(&["read", "/a.txt"]), Ok("a".into()));
    assert_eq!(call(&["read", "/b.txt"]), Ok("b".into()));
    assert_eq!(call(&["write", "/sub/a.txt", "x"]), Ok("done".into()));
    assert!(call(&["write", "/a.txt", "x"]).is_err());
}

#[test]
fn a_path_means_what_it_means_where_the_user_stands() {
    let project = project();
    let within = |words: &[&str]| files_within(&project, "sub", words);
    assert_eq!(within(&["read", "/sub/a.txt", "--reads=a.txt"]), Ok("sub a".into()));
    assert_eq!(within(&["read", "/a.txt", "--reads=../a.txt"]), Ok("a".into()));
    assert!(within(&["read", "/a.txt", "--reads=a.txt"]).is_err());
    let source = |arguments: &[&str], directory: &str| -> Value {
        let call = project.call(["echo", "-"]).with(arguments.iter().copied());
        call.within(directory).succeeds().json()["arguments"]["source"].clone()
    };
    assert_eq!(source(&["--source=a.txt"], ""), json!(["command-line", "/a.txt"]));
    assert_eq!(source(&["--source=a.txt"], "sub"), json!(["command-line", "/sub/a.txt"]));
    assert_eq!(
        source(&["--source=./../sub/./a.txt"], "sub"),
        json!(["command-line", "/sub/a.txt"])
    );
    assert_eq!(source(&["--source=a.txt", "-C", "sub"], ""), json!(["command-line", "/sub/a.txt"]));
}

#[test]
fn a_path_of_the_configuration_is_relative_to_the_workspace() {
    let project = project().file("taskrunner.yaml", "echo: {source: sub/a.txt}");
    let ended = project.call(["echo", "-"]).within("sub").succeeds();
    assert_eq!(ended.json()["arguments"]["source"], json!(["configuration", "/sub/a.txt"]));
    // One of the environment is relative to where the user stands, as everything that is typed.
    let call = project.call(["echo", "-"]).within("sub").env("TASKRUNNER_ECHO_SOURCE", "a.txt");
    let ended = call.succeeds();
    assert_eq!(ended.json()["arguments"]["source"], json!(["environment", "/sub/a.txt"]));
}

#[test]
fn a_path_that_was_not_typed_grants_nothing() {
    let project = project().file("taskrunner.yaml", "files: {reads: [a.txt]}");
    assert!(files(&project, &["read", "/a.txt"]).is_err());
    let call = project.call(["files", "read", "/b.txt"]).env("TASKRUNNER_FILES_READS", "b.txt");
    call.succeeds().printing("error: ");
    assert_eq!(files(&project, &["read", "/a.txt", "--reads=a.txt"]), Ok("a".into()));
}

#[cfg(unix)]
#[test]
fn a_file_outside_the_workspace_has_its_own_name_inside() {
    let project = project();
    let (x, y) = (project.beside_text("outside/x.txt"), project.beside_text("outside/y.txt"));
    for typed in [x.as_str(), "../outside/x.txt"] {
        assert_eq!(files(&project, &["read", &x, "--reads", typed]), Ok("x".into()));
        assert!(files(&project, &["read", &y, "--reads", typed]).is_err());
        assert!(files(&project, &["write", &x, "z", "--reads", typed]).is_err());
    }
    assert_eq!(files(&project, &["write", &x, "z", "--writes", &x]), Ok("done".into()));
    assert_eq!(std::fs::read_to_string(&x).expect("it is there"), "z");
}

#[cfg(unix)]
#[test]
fn a_link_grants_what_it_leads_to() {
    let project = project()
        .link("link.txt", "a.txt")
        .link("out.txt", "../outside/x.txt")
        .link("dangling.txt", "nowhere");
    let a = files(&project, &["read", "/a.txt", "--reads=a.txt"]);
    assert!(a.is_ok());
    assert_eq!(files(&project, &["read", "/a.txt", "--reads=link.txt"]), a);
    assert!(files(&project, &["read", "/b.txt", "--reads=link.txt"]).is_err());
    // Who names a file of the workspace means no file of another place.
    for option in ["--reads=out.txt", "--writes=out.txt"] {
        let call = project.call(["files", "read", "/x", option]);
        call.exits(126).prints("").reporting("`out.txt` is a link out of the workspace");
    }
    for option in ["--reads", "--writes"] {
        let call = project.call(["files", "read", "/nowhere", option, "dangling.txt"]);
        call.exits(2).prints("").reporting("dangling.txt");
    }
}

#[cfg(unix)]
#[test]
fn only_a_regular_file_is_a_file() {
    let project = project();
    let made = std::process::Command::new("mkfifo").arg(project.path("fifo")).status();
    assert!(made.expect("mkfifo runs").success());
    for option in ["--reads", "--writes"] {
        let call = project.call(["files", "read", "/fifo", option, "fifo"]);
        call.exits(2).prints("").reporting("is not a regular file");
    }
    let call = project.call(["files", "read", "/dev/zero", "--reads=/dev/zero"]);
    call.exits(2).prints("").reporting("is not a regular file");
}

#[cfg(target_os = "linux")]
#[test]
fn nor_is_a_file_of_the_systems_granted() {
    project()
        .call(["files", "read", "/proc/self/environ", "--reads=/proc/self/environ"])
        .env("SECRET", "hush")
        .exits(126)
        .prints("")
        .reporting("is never granted: it is part of the system's own file systems");
}

#[cfg(unix)]
#[test]
fn two_files_of_one_name_in_the_sandbox_are_refused() {
    let project = project();
    let outside = project.beside_text("outside/x.txt");
    // The workspace has a file whose path from there is the other's path from the root.
    let inside = outside.trim_start_matches('/').to_owned();
    let project = project.file(&inside, "inside");
    project
        .call(["files", "read", &outside, "--reads", &outside, "--reads", &inside])
        .exits(126)
        .reporting("which has the same name inside the sandbox");
    project
        .call(["files", "read", &outside, "--reads", &outside, "--allow-read", "."])
        .exits(126)
        .reporting("which has the same name inside the sandbox");
    assert_eq!(files(&project, &["read", &outside, "--reads", &inside]), Ok("inside".into()));
}

#[test]
fn a_thousand_files_can_be_named() {
    let project = Project::new().guest(guests::FILES);
    let names: Vec<String> = (0..1000).map(|number| format!("{number}.txt")).collect();
    let project = names.iter().fold(project, |project, name| project.file(name, "text"));
    let read = ["files", "read", "/7.txt"].into_iter().map(ToOwned::to_owned);
    let named = names.iter().map(|name| format!("--reads={name}"));
    project.call(read.chain(named).collect::<Vec<_>>()).succeeds().printing("text");
}
