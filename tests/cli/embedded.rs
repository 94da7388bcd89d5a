//! The two commands that come along, through the whole program. What they do in detail is tested with
//! their own sources.

use crate::harness::Project;

#[test]
fn clean_removes_what_it_shows_and_nothing_else() {
    let project = Project::new()
        .file("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\n")
        .file("src/main.rs", "fn main() {}\n")
        .file("target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n")
        .file("target/debug/x", "built")
        .file("web/package.json", "{}")
        .file("web/node_modules/left-pad/index.js", "x")
        .file("other/target/file", "no project's");
    let all = project.files();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    project
        .call(["clean", "--dry-run"])
        .succeeds()
        .printing("target")
        .printing("node_modules")
        .without("other")
        .leaving(&all);
    project.call(["clean"]).succeeds().leaving(&[
        "Cargo.toml",
        "other/target/file",
        "src/main.rs",
        "web/package.json",
    ]);
}

#[test]
fn build_by_flag_and_by_configuration_agree() {
    let project = |optimize: &str| {
        let section = format!(
            r#"{{"logging": {{"level": "INFO"}}, "build": {{{optimize}"inputs": ["src/**"]}}}}"#
        );
        Project::new()
            .file("config.json", section)
            .file("src/data.json", "{\n  \"a\": [1, 2, 3]\n}\n")
            .file("src/style.css", "a {\n  color: #ff0000;\n}\n")
    };
    let by_flag = project("");
    by_flag.call(["build", "--config", "config.json", "--optimize"]).succeeds();
    let by_file = project("\"optimize\": true, ");
    by_file.call(["build", "--config", "config.json"]).succeeds();
    let plain = project("");
    plain.call(["build", "--config", "config.json"]).succeeds();

    let built = |project: &Project| -> Vec<(String, Vec<u8>)> {
        let outputs = project.files().into_iter().filter(|path| !path.starts_with("src/"));
        let outputs = outputs.filter(|path| path != "config.json");
        outputs
            .map(|path| (path.clone(), std::fs::read(project.path(&path)).expect("it is there")))
            .collect()
    };
    assert!(
        built(&by_flag).iter().any(|(path, _)| path.ends_with(".zip")),
        "{:?}",
        by_flag.files()
    );
    assert_eq!(built(&by_flag), built(&by_file));
    assert_ne!(built(&by_flag), built(&plain));
}

#[test]
fn they_are_refused_the_home_directory_as_a_whole() {
    for command in ["clean", "build"] {
        Project::new()
            .call([command])
            .within_beside("home")
            .exits(126)
            .prints("")
            .reporting("is never granted: it is the home directory as a whole")
            .reporting("go to the project's directory");
    }
}

#[cfg(unix)]
#[test]
fn they_never_leave_the_workspace() {
    let project = Project::new()
        .file("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\n")
        .beside("outside/Cargo.toml", "[package]\nname = \"y\"\nversion = \"0.1.0\"\n")
        .beside("outside/target/debug/y", "built")
        .link("target", "../outside/target")
        .link("other", "../outside");
    project.call(["clean"]).succeeds();
    assert!(project.beside_path("outside/target/debug/y").exists());
}
