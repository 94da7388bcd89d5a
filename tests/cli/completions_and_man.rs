//! Completion scripts and manual pages: of the runner and of the commands that are there now.

use std::process::Command;

use crate::harness::{Project, guests};

fn project() -> Project {
    Project::new().guest(guests::ECHO)
}

#[test]
fn a_script_for_each_shell_knows_the_commands_and_their_options() {
    let project = project();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = project.call(["completions", shell]).succeeds().quietly();
        for word in ["clean", "build", "completions", "echo", "paint", "allow-read", "time-limit"] {
            assert!(ended.stdout().contains(word), "{shell} does not know {word}");
        }
    }
    project.call(["completions", "tcsh"]).exits(2).prints("").reporting("[possible values: bash,");
    project.call(["completions"]).exits(2).prints("").reporting("<SHELL>");
}

#[cfg(unix)]
#[test]
fn bash_completes_with_it() {
    let project = project();
    let script = project.call(["completions", "bash"]).succeeds().stdout();
    let project = project.file("script.bash", script);
    let complete = |words: &[&str]| -> Vec<String> {
        let (last, before) = words.split_last().expect("a word");
        let program = format!(
            "source script.bash; COMP_WORDS=({words}); COMP_CWORD={}; \
             _taskrunner taskrunner '{last}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            before.len(),
            before.last().unwrap_or(&""),
            words = words.join(" "),
        );
        let output = Command::new("bash")
            .args(["--norc", "-c", &program])
            .current_dir(project.path(""))
            .output()
            .expect("bash runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && errors.is_empty(), "{errors}");
        String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect()
    };
    assert_eq!(complete(&["taskrunner", "ec"]), ["echo"]);
    assert_eq!(complete(&["taskrunner", "echo", "--ti"]), ["--title"]);
    assert_eq!(complete(&["taskrunner", "echo", "--paint", "g"]), ["green"]);
    assert_eq!(complete(&["taskrunner", "--log-f"]), ["--log-format"]);
}

#[test]
fn a_manual_page_of_the_runner() {
    let ended = project();
    let ended = ended.call(["man"]).succeeds().quietly();
    let page = ended.stdout();
    assert!(page.contains(".TH taskrunner 1"), "{page}");
    for word in
        ["taskrunner\\-echo", "taskrunner\\-clean", "\\-\\-allow\\-read", "\\-\\-time\\-limit"]
    {
        assert!(page.contains(word), "no {word} in {page}");
    }
}

#[test]
fn a_manual_page_of_a_command() {
    let project = project();
    let ended = project.call(["man", "echo"]).succeeds().quietly();
    insta::assert_snapshot!(ended.stdout());
    project.call(["man", "list"]).succeeds().printing("List the commands").quietly();
    project.call(["man", "ehco"]).exits(127).prints("").reporting("did you mean `echo`?");
}
