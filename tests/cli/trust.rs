//! Files that come with a workspace widen nothing until the user trusts them, as they are.

use std::path::Path;

use serde_json::json;

use crate::harness::{Call, Project, guests};

/// Grants a variable, which leaves the workspace.
const GRANTS: &str = "permissions:\n  greedy:\n    env: [SECRET]\n";

fn project() -> Project {
    Project::new().guest(guests::GREEDY).file("taskrunner.yaml", GRANTS)
}

fn greedy(project: &Project) -> Call<'_> {
    project.call(["greedy"]).env("SECRET", "hush")
}

/// The one record of trust.
fn record(project: &Project) -> std::path::PathBuf {
    let mut records = std::fs::read_dir(project.beside_path("state/taskrunner/trust"))
        .expect("the directory of records")
        .map(|entry| entry.expect("an entry").path());
    records.next().expect("a record")
}

#[track_caller]
fn is_trusted(project: &Project) {
    let _ = greedy(project).exits(1).printing("variable: true").without("not trusted");
}

#[track_caller]
fn is_not_trusted(project: &Project, why: &str) {
    let ended = greedy(project).exits(1).printing("variable: false").reporting(why);
    assert_eq!(ended.stderr().matches("not trusted").count(), 1, "{ended}");
}

#[test]
fn what_leaves_the_workspace_takes_trust() {
    let project = project();
    let ended = greedy(&project).exits(1).printing("variable: false");
    insta::assert_snapshot!(ended.stderr());
    let ended = project.call(["trust", "--yes"]).succeeds();
    insta::assert_snapshot!(ended.stderr());
    assert_eq!(ended.stdout(), "trusted: [WORKSPACE]\n");
    is_trusted(&project);
    project.call(["trust", "--revoke"]).succeeds().prints("not trusted any more: [WORKSPACE]\n");
    project.call(["trust", "--revoke"]).succeeds().prints("was not trusted: [WORKSPACE]\n");
    is_not_trusted(&project, "not trusted");
}

#[test]
fn what_stays_in_the_workspace_takes_none() {
    let text = "permissions: {greedy: {read: [.], write: [out]}, clean: {deny: {read: [x]}}}\n";
    let project =
        Project::new().guest(guests::GREEDY).directory("out").file("taskrunner.yaml", text);
    project.call(["greedy"]).exits(1).prints("read: true\nwrite: true\nvariable: false\n");
    project.call(["greedy"]).exits(1).without("not trusted");
}

#[test]
fn directories_outside_take_trust() {
    let project = Project::new()
        .guest(guests::FILES)
        .file("taskrunner.yaml", "permissions: {files: {read: [../outside]}}\n")
        .beside("outside/file.txt", "text");
    let file = project.beside_text("outside/file.txt");
    let read = || project.call(["files", "read", &file]).succeeds();
    let _ = read().printing("error: ").reporting("taskrunner.yaml:1: read ../outside");
    project.call(["trust", "--yes"]).succeeds();
    let _ = read().prints("ok: text\n").quietly();
}

#[test]
fn it_is_asked_for() {
    let project = project();
    project
        .call(["trust"])
        .exits(126)
        .prints("")
        .reporting("no terminal to ask on")
        .reporting("  greedy: env SECRET");
    is_not_trusted(&project, "not trusted");
    #[cfg(unix)]
    {
        for answer in ["n\n", "\n", "\u{4}", "o\n"] {
            project.call(["trust"]).answering(answer).exits(126).printing("the answer was no");
        }
        project.call(["trust"]).typed_ahead("y\n").answering("\n").exits(126);
        project.call(["trust"]).answering("y\n").env("CI", "1").exits(126);
        is_not_trusted(&project, "not trusted");
        project.call(["trust"]).answering("y\n").succeeds();
        is_trusted(&project);
    }
}

#[test]
fn it_is_bound_to_every_file() {
    let project = project();
    let trust = |project: &Project| {
        project.call(["trust", "--yes"]).succeeds();
        is_trusted(project);
    };
    trust(&project);
    let project = project.file("taskrunner.yaml", format!("{GRANTS}# more\n"));
    is_not_trusted(&project, "not trusted any more (changed: taskrunner.yaml)");
    // What was trusted is what counts, not when.
    let project = project.file("taskrunner.yaml", GRANTS);
    is_trusted(&project);
    let project = project.guest(guests::HELLO);
    is_not_trusted(&project, "(added: .taskrunner/plugins/hello.wasm)");
    trust(&project);
    let project = project.guest_as(guests::CLOCK, "hello");
    is_not_trusted(&project, "(changed: .taskrunner/plugins/hello.wasm)");
    std::fs::remove_file(project.path(".taskrunner/plugins/hello.wasm")).expect("it is there");
    is_not_trusted(&project, "(removed: .taskrunner/plugins/hello.wasm)");
    trust(&project);
    let project = project.file("taskrunner.lock", "version: 1\n");
    is_not_trusted(&project, "(added: taskrunner.lock)");
    trust(&project);
    let project = project.file("taskrunner.lock", "version: 1\nplugins: {}\n");
    is_not_trusted(&project, "(changed: taskrunner.lock)");
    // Other files are the project's own business.
    let project =
        project.file("src/main.rs", "fn main() {}").file("taskrunner.lock", "version: 1\n");
    is_trusted(&project);
    // So is another configuration file, which is named.
    let project = project.file("other.yaml", GRANTS);
    greedy(&project).with(["--config=other.yaml"]).exits(1).printing("variable: false");
}

#[test]
fn it_is_bound_to_the_path() {
    let project = project();
    project.call(["trust", "--yes"]).succeeds();
    // Copied.
    let project = project
        .beside("outside/copy/taskrunner.yaml", GRANTS)
        .beside("outside/copy/.taskrunner/plugins/greedy.wasm", guests::GREEDY.bytes);
    greedy(&project)
        .within_beside("outside/copy")
        .exits(1)
        .printing("variable: false")
        .reporting("not trusted");
    is_trusted(&project);
    // Moved, and another one put in its place.
    let (from, to) = (project.path(""), project.beside_path("outside/moved"));
    std::fs::rename(&from, &to).expect("it can be moved");
    greedy(&project).within_beside("outside/moved").exits(1).printing("variable: false");
    std::fs::rename(project.beside_path("outside/copy"), &from).expect("it can be moved");
    is_trusted(&project);
    let project = project.file("taskrunner.yaml", format!("{GRANTS}# other\n"));
    is_not_trusted(&project, "changed: taskrunner.yaml");
}

#[test]
fn a_link_to_a_workspace_is_the_workspace() {
    let project = project();
    project.call(["trust", "--yes"]).succeeds();
    #[cfg(unix)]
    {
        let link = project.beside_path("outside/link");
        std::os::unix::fs::symlink(project.path(""), link).expect("a link");
        greedy(&project).within_beside("outside/link").exits(1).printing("variable: true");
    }
    let project = project.directory("sub");
    greedy(&project).within("sub").exits(1).printing("variable: true");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_later_is_not_what_was_trusted() {
    let project = Project::new()
        .guest(guests::FILES)
        .directory("in")
        .link("data", "in")
        .file("taskrunner.yaml", "permissions: {files: {read: [data]}}\n")
        .beside("outside/file.txt", "text");
    project.call(["trust", "--yes"]).succeeds();
    let file = project.beside_text("outside/file.txt");
    let read = |project: &Project| {
        let _ = project
            .call(["files", "read", &file])
            .succeeds()
            .printing("error: ")
            .reporting("(leads outside: files: read [ROOT]/outside)");
    };
    std::fs::remove_file(project.path("data")).expect("the link");
    let project = project.link("data", "../outside");
    read(&project);
    project.call(["trust", "--yes"]).succeeds().reporting("files: read [ROOT]/outside");
    project.call(["files", "read", &file]).succeeds().prints("ok: text\n").quietly();
    let project = project.beside("outside/other/file.txt", "");
    std::fs::remove_file(project.path("data")).expect("the link");
    let project = project.link("data", "../outside/other");
    project
        .call(["files", "read", &project.beside_text("outside/other/file.txt")])
        .succeeds()
        .printing("error: ")
        .reporting("leads elsewhere: files: read [ROOT]/outside");
}

#[test]
fn ceilings_are_raised_only_with_trust() {
    let text = "commands: {sleep: {limits: {time: 30s}}}\nlimits: {handles: 5000}\n";
    let project = Project::new()
        .guest(guests::SLEEP)
        .beside("config/taskrunner/config.yaml", "limits: {time: 1s}\n")
        .file("taskrunner.yaml", text);
    let ended = project.call(["sleep", "2"]).exits(124);
    let _ = ended
        .reporting("taskrunner.yaml:1: limits.time: 30s")
        .reporting("taskrunner.yaml:2: limits.handles: 5000");
    // Who types more means it.
    project.call(["sleep", "2", "--time-limit=30s"]).succeeds().without("limits.time");
    project.call(["trust", "--yes"]).succeeds().reporting("taskrunner.yaml:1: limits.time: 30s");
    project.call(["sleep", "2"]).succeeds().quietly();
    // A lower ceiling holds without.
    let project = project.file("taskrunner.yaml", "limits: {time: 100ms}\n");
    project.call(["sleep", "2"]).exits(124).without("not trusted");
}

#[test]
fn directories_of_plugins_outside_take_trust() {
    let project = Project::new()
        .file("taskrunner.yaml", "plugins:\n  path: [../outside/plugins, tools]\n")
        .file("tools/clock.wasm", guests::CLOCK.bytes)
        .beside("outside/plugins/hello.wasm", guests::HELLO.bytes);
    project.call(["clock"]).succeeds();
    project
        .call(["hello"])
        .exits(127)
        .reporting("taskrunner.yaml:2: plugins.path: [WORKSPACE]/../outside/plugins");
    project.call(["list"]).succeeds().reporting("plugins.path").without("Say hello");
    project.call(["trust", "--yes"]).succeeds().reporting("plugins.path").without("not trusted");
    project.call(["hello"]).succeeds().quietly();
    // Those plugins are among what is trusted.
    let project = project.beside("outside/plugins/say.wasm", guests::SAY.bytes);
    project.call(["hello"]).exits(127).reporting("added: [ROOT]/outside/plugins/say.wasm");
    let project = project.file("tools/say.wasm", "");
    project.call(["list"]).succeeds().reporting("added: tools/say.wasm");
}

#[cfg(unix)]
#[test]
fn a_directory_of_plugins_that_is_a_link_out_takes_trust() {
    let project = Project::new()
        .file("taskrunner.yaml", "plugins: {path: [tools]}\n")
        .beside("outside/plugins/hello.wasm", guests::HELLO.bytes)
        .link("tools", "../outside/plugins");
    project.call(["hello"]).exits(127).reporting("plugins.path");
}

#[test]
fn embedded_commands_are_replaced_only_with_trust() {
    let project = Project::new()
        .guest(guests::IMPOSTOR)
        .file("taskrunner.yaml", "plugins: {replace: [clean]}\n");
    let clean = || project.call(["clean", "--dry-run"]).succeeds();
    let _ =
        clean().without("this is not clean").reporting("taskrunner.yaml:1: plugins.replace: clean");
    project.call(["build", "--help"]).succeeds();
    let trusted = project.call(["trust", "--yes"]).succeeds();
    let _ = trusted.reporting("plugins.replace: clean").without("not trusted");
    project.call(["clean"]).succeeds().printing("this is not clean");
}

#[test]
fn all_of_them_are_listed() {
    let project = project();
    project.call(["trust", "--list"]).succeeds().prints("");
    project.call(["trust", "--yes"]).succeeds();
    let project = project
        .beside("outside/other/taskrunner.yaml", GRANTS)
        .beside("outside/gone/taskrunner.yaml", GRANTS);
    for directory in ["outside/other", "outside/gone"] {
        project.call(["trust", "--yes"]).within_beside(directory).succeeds();
    }
    let project = project.beside("outside/other/.taskrunner/plugins/x.wasm", "");
    std::fs::remove_dir_all(project.beside_path("outside/gone")).expect("it is there");
    project.call(["trust", "--list"]).succeeds().quietly().prints(
        "gone       [ROOT]/outside/gone\n\
         changed    [ROOT]/outside/other (added: .taskrunner/plugins/x.wasm)\n\
         trusted    [WORKSPACE]\n",
    );
    let json = project.call(["trust", "--list", "--format=json"]).succeeds().json();
    assert_eq!(json["version"], 1);
    assert_eq!(json["workspaces"][1]["state"], "changed");
    let added = json!([{ "file": ".taskrunner/plugins/x.wasm", "how": "added" }]);
    assert_eq!(json["workspaces"][1]["differences"], added);
    let json = project.call(["trust", "--yes", "--format=json"]).succeeds().json();
    assert_eq!(json["trust"]["state"], "trusted");
    assert_eq!(json["trust"]["lines"][0]["what"], "greedy: env SECRET");
    let json = project.call(["trust", "--revoke", "--format=json"]).succeeds().json();
    assert_eq!(json["trust"]["was-trusted"], true);
    let warning = greedy(&project).with(["--format=json"]).exits(1);
    let lines = warning.json_lines();
    assert_eq!(lines[0]["warning"]["lines"][0]["what"], "env SECRET", "{lines:?}");
}

#[test]
fn what_cannot_be_read_cannot_be_trusted() {
    let project = project().directory(".taskrunner/plugins/broken.wasm");
    project.call(["trust", "--yes"]).exits(125).reporting("not a regular file");
    is_not_trusted(&project, "not trusted");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"\xff.wasm");
        let project = self::project();
        let project =
            project.file(Path::new(".taskrunner/plugins").join(name), guests::HELLO.bytes);
        project.call(["trust", "--yes"]).exits(125).reporting("is not Unicode");
    }
}

#[cfg(unix)]
#[test]
fn no_name_of_a_file_steers_the_terminal() {
    let hostile = ".taskrunner/plugins/\u{1b}[2J\u{202e}.wasm";
    let project = project();
    project.call(["trust", "--yes"]).succeeds();
    let project = project.file(hostile, guests::HELLO.bytes);
    let calls = [
        (vec!["greedy"], 1),
        (vec!["trust", "--list"], 0),
        (vec!["trust", "--yes"], 0),
        (vec!["update", "--accept"], 0),
        (vec!["trust", "--list"], 0),
    ];
    for (words, code) in calls {
        for format in ["human", "json"] {
            let color = ["--color=never", "--format", format];
            let ended = project.call(&words).with(color).exits(code).without("\u{1b}");
            let _ = ended.without("\u{202e}");
        }
    }
    project.call(["trust", "--yes"]).succeeds().reporting(r"\u{1b}[2J\u{202e}.wasm sha256");
}

#[test]
fn a_record_that_was_tampered_with_is_none() {
    let project = project();
    project.call(["trust", "--yes"]).succeeds();
    let path = record(&project);
    let good = std::fs::read_to_string(&path).expect("the record");
    let key = path.file_name().expect("a name").to_owned();
    for bad in [
        String::new(),
        "{}".into(),
        "[".repeat(100_000),
        good.replace("\"version\": 1", "\"version\": 2"),
        good.replace("{\n", "{\n\"more\": 1,\n"),
        good.replacen(|c: char| c.is_ascii_digit(), "x", 40),
        good.replace("workspace\",", "elsewhere\","),
        good.replace("taskrunner.yaml\":", "taskrunner.yml\":"),
        format!("{good}{}", " ".repeat(5 * 1024 * 1024)),
    ] {
        assert_ne!(bad, good);
        std::fs::write(&path, &bad).expect("a file");
        is_not_trusted(&project, "not trusted");
        project.call(["trust", "--list"]).succeeds();
    }
    std::fs::write(&path, &good).expect("a file");
    is_trusted(&project);
    // Under another name it is the record of nothing.
    std::fs::rename(&path, path.with_file_name("0.json")).expect("it can be moved");
    is_not_trusted(&project, "not trusted");
    std::fs::rename(path.with_file_name("0.json"), path.with_file_name(key)).expect("back");
    is_trusted(&project);
}

#[cfg(unix)]
#[test]
fn what_others_can_write_is_not_believed() {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    let project = project();
    project.call(["trust", "--yes"]).succeeds();
    let record = record(&project);
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&record), 0o600);
    let set = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is mine");
    };
    for path in [
        record.clone(),
        project.beside_path("state/taskrunner/trust"),
        project.beside_path("state/taskrunner"),
        project.beside_path("state"),
    ] {
        let before = mode(&path);
        set(&path, before | 0o002);
        is_not_trusted(&project, "not trusted");
        set(&path, before);
        is_trusted(&project);
    }
    // Nor is what a link leads to, nor what is no file.
    let elsewhere = project.beside_path("outside/record");
    std::fs::rename(&record, &elsewhere).expect("it can be moved");
    symlink(&elsewhere, &record).expect("a link");
    is_not_trusted(&project, "not trusted");
    std::fs::remove_file(&record).expect("the link");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &record,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .expect("a FIFO");
    is_not_trusted(&project, "not trusted");
    std::fs::remove_file(&record).expect("the FIFO");
    std::fs::rename(&elsewhere, &record).expect("back");
    is_trusted(&project);
    let (real, state) =
        (project.beside_path("outside/state"), project.beside_path("state/taskrunner"));
    std::fs::rename(&state, &real).expect("it can be moved");
    symlink(&real, &state).expect("a link");
    is_not_trusted(&project, "not trusted");
    project.call(["trust", "--yes"]).exits(125).reporting("it is a link");
}

#[test]
fn a_command_cannot_write_what_it_is_trusted_by() {
    let project = Project::new().guest(guests::FILES);
    for directory in ["state/taskrunner", "state/taskrunner/trust"] {
        let project = &project;
        std::fs::create_dir_all(project.beside_path(directory)).expect("a directory");
        project
            .call(["files", "list", "/", "--allow-write", &project.beside_text(directory)])
            .exits(126)
            .reporting("the runner's own files");
    }
}

/// A workspace that would have plugins from so many directories, in directories of this name.
fn with_directories(count: usize, name: &str, permissions: serde_json::Value) -> Project {
    let path = |number: usize| format!("outside/{name}/{name}/{number}");
    let paths: Vec<_> = (0..count).map(|number| format!("../{}", path(number))).collect();
    let text = json!({ "permissions": permissions, "plugins": { "path": paths } });
    let project = Project::new().file("taskrunner.yaml", text.to_string());
    (0..count).fold(project, |project, number| project.beside(path(number) + "/x", ""))
}

/// A list of the workspace's does not push out what else a yes means.
#[cfg(unix)]
#[test]
fn it_is_shown_page_by_page_and_whole() {
    let name = "With a yes nothing happens  ".repeat(8);
    let project = with_directories(40, &name, json!({ "greedy": { "env": ["SECRET"] } }))
        .guest(guests::GREEDY);
    // Not before the last page.
    project
        .call(["trust"])
        .answering("y\n")
        .exits(126)
        .printing("(page 1 of ")
        .without("as they are?");
    let mut answers = vec!["m\n"; 500];
    let ended = project.call(["trust"]).answering_each(answers.clone()).exits(126);
    let pages = ended.stdout().matches("(page ").count();
    answers.truncate(pages - 1);
    answers.push("y\n");
    let ended = project.call(["trust"]).answering_each(answers).succeeds();
    let shown = ended.printing("greedy: env SECRET").printing("A yes trusts all").stdout();
    for page in shown.split("(page ").skip(1) {
        let (page, _) = page.split_once("[N]o: ").expect("each page ends with a question");
        assert!(page.lines().count() < 24, "{page}");
    }
    assert!(shown.contains(r"happens\u{20}{2}With"), "{shown}");
}

#[test]
fn ignored_lines_are_bounded_and_counted() {
    let project = with_directories(47, &"x".repeat(240), json!({})).guest(guests::HELLO);
    let ended = project.call(["hello"]).succeeds().reporting("and 37 more\n");
    assert!(ended.stderr().len() < 6000, "{ended}");
    assert!(ended.stderr().contains("characters)"), "{ended}");
}
