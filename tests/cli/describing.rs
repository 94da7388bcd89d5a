//! How a plugin is asked what it is: without any capability, within tight limits, and once.

use std::fs;
use std::time::Duration;

use crate::harness::{Input, Project, guests};

/// The summary of a command in the listing.
fn summary(project: &Project, name: &str) -> String {
    let listing =
        project.call(["list", "--format=json"]).input(Input::Bytes(b"secret".into())).succeeds();
    let listing = listing.json();
    let commands = listing["commands"].as_array().expect("a list");
    let command = commands.iter().find(|command| command["name"] == name).expect("it is there");
    command["summary"].as_str().expect("a text").to_owned()
}

#[test]
fn it_holds_nothing_while_it_is_asked() {
    let project = Project::new().guest(guests::DESCRIBE_READS_FILES);
    let said = "Files: false, variables: 0, input: 0 bytes";
    assert_eq!(summary(&project, "describe-reads-files"), said);
    // Nor where the user allows it to run with more.
    project
        .call(["list", "--allow-read=.", "--allow-env=HOME"])
        .input(Input::Bytes(b"secret".into()))
        .succeeds()
        .printing(said);
}

#[test]
fn it_is_cut_short_where_it_takes_too_much() {
    let project = [guests::DESCRIBE_SPINS, guests::DESCRIBE_HOARDS, guests::DESCRIBE_BOASTS]
        .into_iter()
        .fold(Project::new().guest(guests::HELLO), Project::guest);
    let ended =
        project.call(["list"]).succeeds().printing("hello").in_time(Duration::from_secs(30));
    insta::assert_snapshot!(ended.stderr());
}

/// A dozen plugins of different bytes, none of which ever says what it is.
fn dozen() -> Project {
    let project = Project::new().guest(guests::HELLO).guest(guests::DESCRIBE_SPINS);
    let spinning =
        fs::read(project.path(".taskrunner/plugins/describe-spins.wasm")).expect("it is there");
    (0..12_u8).fold(project, |project, n| {
        // A section that says nothing.
        let bytes = [spinning.as_slice(), &[0, 3, 1, b'n', n]].concat();
        project.file(format!(".taskrunner/plugins/spins-{n:02}.wasm"), bytes)
    })
}

#[test]
fn all_together_are_asked_for_a_bounded_time() {
    let project = dozen();
    let left = |project: &Project| {
        let ended =
            project.call(["list"]).succeeds().printing("hello").in_time(Duration::from_secs(80));
        ended.stderr().matches("not examined").count()
    };
    let first = left(&project);
    assert!((1..12).contains(&first), "{first} were not examined");
    // That is no fault of theirs, so it is not remembered as one: the next calls go on.
    let mut before = first;
    for _ in 0..12 {
        if before == 0 {
            break;
        }
        let now = left(&project);
        assert!(now < before, "{now} after {before}");
        before = now;
    }
    assert_eq!(before, 0);
}

#[test]
fn a_name_is_not_taken_while_one_that_may_be_called_so_was_not_examined() {
    let project = dozen();
    let elsewhere = project.beside_path("data/taskrunner/plugins");
    fs::create_dir_all(&elsewhere).expect("a directory");
    fs::rename(project.path(".taskrunner/plugins/hello.wasm"), elsewhere.join("hello.wasm"))
        .expect("it is moved");
    let said = project.call(["hello"]).exits(125).in_time(Duration::from_secs(80)).stderr();
    assert!(said.contains("not examined") && said.contains("the next call goes on"), "{said}");
}

#[test]
fn it_is_asked_once_for_each_digest() {
    let project = Project::new().guest(guests::HELLO);
    // What is known of the file, which it need not be asked for either, is another matter (`discovery`).
    let summary = |project: &Project, name| {
        let _ = fs::remove_dir_all(project.beside_path("cache/taskrunner/plugins"));
        summary(project, name)
    };
    assert_eq!(summary(&project, "hello"), "Greet somebody");
    // What is remembered is what is listed from now on.
    let remembered: Vec<_> = walk(&project.beside_path("cache/taskrunner/manifests"))
        .into_iter()
        .filter(|path| fs::read_to_string(path).expect("a text").contains("Greet somebody"))
        .collect();
    let [path] = remembered.as_slice() else { panic!("not one entry: {remembered:?}") };
    let entry = fs::read_to_string(path).expect("a text");
    fs::write(path, entry.replace("Greet somebody", "Greet nobody")).expect("it is written");
    assert_eq!(summary(&project, "hello"), "Greet nobody");

    // A broken entry, and one that breaks the rules, only cost asking again.
    fs::write(path, "{").expect("it is written");
    assert_eq!(summary(&project, "hello"), "Greet somebody");
    fs::write(path, entry.replace("\"hello\"", "\"list\"")).expect("it is written");
    assert_eq!(summary(&project, "hello"), "Greet somebody");
}

fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("it can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[cfg(unix)]
#[test]
fn it_works_where_nothing_can_be_remembered() {
    let project = Project::new().guest(guests::HELLO).beside("outside/file", "");
    project
        .call(["hello", "--log-level=info"])
        .env("XDG_CACHE_HOME", project.beside_path("outside/file"))
        .succeeds()
        .prints("Hello, world!\n")
        .reporting("INFO taskrunner::app::describer keeping nothing in");
}
