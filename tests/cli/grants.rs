//! Which files a plugin reaches: none by default, and those in the directories that the user granted for
//! this run.

use crate::harness::{Ended, Project, guests};

/// A project with a file at the top, one below, one beside it, and one outside the workspace.
fn project() -> Project {
    Project::new()
        .guest(guests::FILES)
        .file("taskrunner.yaml", "")
        .file("top.txt", "top")
        .file("in/file.txt", "inside")
        .file("in/deep/file.txt", "deep")
        .file("beside/file.txt", "beside")
        .beside("outside/secret.txt", "secret")
}

const FILES: &[&str] =
    &["beside/file.txt", "in/deep/file.txt", "in/file.txt", "taskrunner.yaml", "top.txt"];

/// What came of one operation: the words behind `ok: ` or `error: `.
fn files(project: &Project, words: &[&str], options: &[&str]) -> Result<String, String> {
    let call = project.call(["files"]).with(words.iter().copied()).with(options.iter().copied());
    said(&call.succeeds())
}

fn said(ended: &Ended<'_>) -> Result<String, String> {
    let text = ended.stdout();
    let text = text.strip_suffix('\n').expect("a line");
    match text.split_once(": ").expect("what came of it") {
        ("ok", result) => Ok(result.to_owned()),
        ("error", error) => Err(error.to_owned()),
        other => panic!("{other:?}"),
    }
}

/// Everything that would change something.
const CHANGES: &[&[&str]] = &[
    &["write", "/in/new.txt", "x"],
    &["write", "/in/file.txt", "x"],
    &["append", "/in/file.txt", "x"],
    &["truncate", "/in/file.txt"],
    &["mkdir", "/in/new"],
    &["remove", "/in/file.txt"],
    &["rmdir", "/in/deep"],
    &["rename", "/in/file.txt", "/in/other.txt"],
    &["link", "/in/file.txt", "/in/other.txt"],
    &["symlink", "file.txt", "/in/other.txt"],
];

#[test]
fn nothing_is_granted_by_default() {
    let project = project();
    for looks in [
        ["read", "/top.txt"],
        ["read", "top.txt"],
        ["read", "/in/file.txt"],
        ["list", "/"],
        ["list", "."],
        ["list", "/in"],
        ["stat", "/top.txt"],
        ["stat", "/"],
        ["read", "/etc/hostname"],
        ["read", "../outside/secret.txt"],
    ] {
        assert!(files(&project, &looks, &[]).is_err(), "{looks:?}");
    }
    for change in CHANGES {
        assert!(files(&project, change, &[]).is_err(), "{change:?}");
    }
    assert_eq!(project.files(), FILES);
    assert_eq!(project.text("in/file.txt"), "inside");
}

#[test]
fn what_may_be_read_can_be_read_and_no_more() {
    let project = project();
    let read = ["--allow-read", "in"];
    assert_eq!(files(&project, &["read", "/in/file.txt"], &read), Ok("inside".into()));
    assert_eq!(files(&project, &["read", "/in/deep/file.txt"], &read), Ok("deep".into()));
    assert_eq!(files(&project, &["list", "/in"], &read), Ok("deep file.txt".into()));
    for looks in [
        ["read", "/beside/file.txt"],
        ["read", "/in/../top.txt"],
        ["read", "/in/../../outside/secret.txt"],
        ["read", "/"],
    ] {
        assert!(files(&project, &looks, &read).is_err(), "{looks:?}");
    }
    // What leads there shows nothing else.
    assert_eq!(files(&project, &["list", "/"], &read), Ok("in".into()));
    assert_eq!(files(&project, &["list", "/in/.."], &read), Ok("in".into()));
    for change in CHANGES {
        assert!(files(&project, change, &read).is_err(), "{change:?}");
    }
    assert_eq!(project.files(), FILES);
    assert_eq!(project.text("in/file.txt"), "inside");
    // Several directories, and all of the workspace.
    let both = ["--allow-read=in", "--allow-read=beside"];
    assert_eq!(files(&project, &["read", "/beside/file.txt"], &both), Ok("beside".into()));
    assert_eq!(files(&project, &["read", "top.txt"], &["--allow-read=."]), Ok("top".into()));
}

#[test]
fn what_may_be_written_can_be_changed_and_no_more() {
    // The directory is not empty; and Windows lets few users make links.
    let possible =
        |change: &&&[&str]| change[0] != "rmdir" && (cfg!(unix) || change[0] != "symlink");
    for change in CHANGES.iter().filter(possible) {
        let project = project();
        let write = ["--allow-write", "in"];
        assert_eq!(files(&project, change, &write), Ok("done".into()), "{change:?}");
        let unchanged = project.files() == FILES
            && project.text("in/file.txt") == "inside"
            && change[0] != "mkdir";
        assert!(!unchanged, "{change:?} did nothing");
        for beside in [
            ["write", "/beside/file.txt", "x"],
            ["write", "/new.txt", "x"],
            ["rename", "/beside/file.txt", "/in/taken.txt"],
            ["rename", "/in/deep/file.txt", "/beside/file.txt"],
            ["link", "/beside/file.txt", "/in/taken.txt"],
        ] {
            assert!(files(&project, &beside, &write).is_err(), "{beside:?}");
        }
        assert_eq!(project.text("beside/file.txt"), "beside");
        assert_eq!(project.text("in/deep/file.txt"), "deep");
    }
}

#[test]
fn reading_all_and_writing_some() {
    let project = project();
    let both = ["--allow-read=.", "--allow-write=in"];
    assert_eq!(files(&project, &["read", "/top.txt"], &both), Ok("top".into()));
    assert_eq!(files(&project, &["write", "/in/new.txt", "x"], &both), Ok("done".into()));
    assert!(files(&project, &["write", "/top.txt", "x"], &both).is_err());
    assert!(files(&project, &["write", "/beside/file.txt", "x"], &both).is_err());
    assert_eq!((project.text("in/new.txt"), project.text("top.txt")), ("x".into(), "top".into()));
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_outside() {
    let project = project().link("in/out", "../../outside").link("in/top", "../top.txt");
    let absolute = project.beside_text("outside/secret.txt");
    let project = project.link("in/absolute", &absolute);
    for options in [["--allow-read=in"], ["--allow-write=in"]] {
        for looks in [
            ["read", "/in/out/secret.txt"],
            ["list", "/in/out"],
            ["read", "/in/top"],
            ["read", "/in/absolute"],
        ] {
            assert!(files(&project, &looks, &options).is_err(), "{looks:?}");
        }
    }
    let write = ["--allow-write=in"];
    assert!(files(&project, &["write", "/in/out/new.txt", "x"], &write).is_err());
    assert!(files(&project, &["write", "/in/absolute", "x"], &write).is_err());
    // And the plugin can make none that does.
    let targets =
        ["../../outside/secret.txt", "..", "deep/../../top.txt", "deep/../file.txt", &absolute];
    for target in targets {
        let made = files(&project, &["symlink", target, "/in/own"], &write);
        assert_eq!(made, Err("not-permitted".into()), "{target}");
    }
    let makes = |target, link| files(&project, &["symlink", target, link], &write);
    assert_eq!(makes("./file.txt", "/in/own"), Ok("done".into()));
    assert_eq!(files(&project, &["read", "/in/own"], &write), Ok("inside".into()));
    // Nor can it move one, or give it another name, so that it does.
    assert_eq!(makes("../file.txt", "/in/deep/up"), Ok("done".into()));
    for change in ["rename", "link"] {
        assert!(files(&project, &[change, "/in/deep/up", "/in/up"], &write).is_err(), "{change}");
    }
    assert_eq!(
        files(&project, &["rename", "/in/deep/up", "/in/deep/other"], &write),
        Ok("done".into())
    );
    assert!(!project.beside_path("outside/new.txt").exists());
    // A link within what was granted is followed.
    let project = project.link("in/near", "deep/file.txt");
    assert_eq!(files(&project, &["read", "/in/near"], &["--allow-read=in"]), Ok("deep".into()));
}

#[test]
fn some_directories_are_granted_to_nobody() {
    let project = project();
    let home = project.beside_text("home");
    let above_home = project.beside_text("");
    let mut forbidden = vec![home.as_str(), above_home.as_str(), ".."];
    if cfg!(target_os = "linux") {
        forbidden.extend(["/", "/proc", "/proc/self", "/sys", "/dev", "/usr/..", "/dev/shm"]);
    }
    for directory in forbidden {
        for option in ["--allow-read", "--allow-write", "--lists", "--fills"] {
            project
                .call(["files", "list", "/", option, directory])
                .exits(126)
                .prints("")
                .reporting("is never granted: it is");
        }
    }
    let ended = project.call(["files", "list", "/", "--allow-read", &home]).exits(126);
    insta::assert_snapshot!(ended.stderr());
    let json = project.call(["files", "list", "/", "--allow-read", &home, "--format=json"]);
    assert_eq!(json.exits(126).json_lines()[0]["error"]["exit-code"], 126);
}

#[cfg(unix)]
#[test]
fn nor_by_another_name() {
    let project = project().link("root", "/").link("user", "../home");
    for directory in ["root", "user", "root/proc", "in/../user"] {
        let refusals =
            [("--allow-read", "is never granted"), ("--lists", "is a link out of the workspace")];
        for (option, refusal) in refusals {
            project
                .call(["files", "list", "/", option, directory])
                .exits(126)
                .prints("")
                .reporting(refusal);
        }
    }
}

#[test]
fn what_is_not_there_cannot_be_granted() {
    project()
        .call(["files", "list", "/", "--allow-read", "none"])
        .exits(2)
        .prints("")
        .reporting("is not there");
}

#[test]
fn a_single_file_is_granted_alone() {
    let project = project();
    let read = ["--allow-read=top.txt"];
    assert_eq!(files(&project, &["read", "/top.txt"], &read), Ok("top".into()));
    assert!(files(&project, &["read", "/in/file.txt"], &read).is_err());
    assert!(files(&project, &["write", "/top.txt", "x"], &read).is_err());
}

#[cfg(unix)]
#[test]
fn a_directory_outside_has_its_own_name_inside() {
    let project = project();
    let outside = project.beside_text("outside");
    let secret = project.beside_text("outside/secret.txt");
    let read = ["--allow-read", &outside];
    assert_eq!(files(&project, &["read", &secret], &read), Ok("secret".into()));
    assert!(files(&project, &["write", &secret, "x"], &read).is_err());
    assert!(files(&project, &["read", "/secret.txt"], &read).is_err());
    let first = outside.split('/').nth(1).expect("it is absolute");
    assert_eq!(files(&project, &["list", "/"], &read), Ok(first.into()));
    // By a relative path it is the same one; a link of the workspace's leads nowhere outside.
    assert_eq!(
        files(&project, &["read", &secret], &["--allow-read=../outside"]),
        Ok("secret".into())
    );
    let project = project.link("link", "../outside");
    let call = project.call(["files", "read", &secret, "--allow-read=link"]);
    call.exits(126).prints("").reporting("`link` is a link out of the workspace");
    // Nor does one that the user's own file names.
    let policy = "permissions: {files: {read: [link]}}\n";
    let project = project.beside("config/taskrunner/config.yaml", policy);
    let call = project.call(["files", "read", &secret]);
    call.exits(2).prints("").reporting("`link` is a link out of the workspace");
}

#[test]
fn a_directory_that_a_glob_grants_is_not_moved_to_where_more_is_granted() {
    let project = project();
    let flags = ["--allow-write=in/*", "--allow-write=beside"];
    assert!(files(&project, &["read", "/in/deep/file.txt"], &flags).is_err());
    assert!(files(&project, &["rename", "/in/deep", "/beside/deep"], &flags).is_err());
    let flags = ["--allow-write=in", "--allow-write=beside"];
    assert_eq!(files(&project, &["rename", "/in/deep", "/beside/deep"], &flags), Ok("done".into()));
}

#[test]
fn a_directory_is_relative_to_where_the_user_stands() {
    let project = project();
    let call = |words: &[&str]| {
        said(&project.call(["files"]).with(words.iter().copied()).within("in").succeeds())
    };
    assert_eq!(call(&["read", "/in/deep/file.txt", "--allow-read=deep"]), Ok("deep".into()));
    assert!(call(&["read", "/in/file.txt", "--allow-read=deep"]).is_err());
    assert_eq!(call(&["read", "/beside/file.txt", "--allow-read=../beside"]), Ok("beside".into()));
}
