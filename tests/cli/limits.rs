//! Ceilings: each ends what goes over it, in time, with the diagnostic and the exit code that are its own.

use std::time::Duration;

use crate::harness::{Ended, Input, Project, guests};

/// Much longer than any of these takes, and much shorter than the guests would.
const SOON: Duration = Duration::from_secs(30);

/// The word for how it ended, in JSON.
fn outcome(ended: &Ended<'_>) -> String {
    // Before the runner, the guest may have had a word.
    let stderr = ended.stderr();
    let line = stderr.lines().last().expect("a line");
    let object: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
    object["error"]["outcome"].as_str().expect("a word").to_owned()
}

#[test]
fn an_endless_loop_ends_at_the_time_limit() {
    let project = Project::new().guest(guests::SPIN);
    let ended = project.call(["spin", "--time-limit", "300ms"]).exits(124).prints("").in_time(SOON);
    insta::assert_snapshot!(ended.stderr());
    let ended = project.call(["spin", "--time-limit=300ms", "--format=json"]).exits(124);
    assert_eq!(outcome(&ended), "time-limit");
}

#[test]
fn a_sleep_ends_at_the_time_limit() {
    let project = Project::new().guest(guests::SLEEP);
    project
        .call(["sleep", "--time-limit", "300ms"])
        .exits(124)
        .after(Duration::from_millis(300))
        .in_time(SOON)
        .reporting("sleep: took longer than the 300ms allowed");
    project.call(["sleep", "0", "--time-limit", "20s"]).succeeds().quietly();
}

#[test]
fn waiting_for_input_ends_at_the_time_limit() {
    Project::new()
        .guest(guests::CAT)
        .call(["cat", "--time-limit", "300ms"])
        .input(Input::Silence)
        .exits(124)
        .in_time(SOON)
        .reporting("cat: took longer than the 300ms allowed");
}

#[test]
fn output_that_nobody_takes_ends_at_the_time_limit() {
    Project::new()
        .guest(guests::FLOOD)
        .call(["flood", "--time-limit", "500ms"])
        .stalled()
        .exits(124)
        .in_time(SOON)
        .reporting("flood: took longer than the 500ms allowed");
}

#[test]
fn a_recursion_ends_as_a_crash() {
    let project = Project::new().guest(guests::RECURSE);
    let ended = project.call(["recurse"]).exits(134).prints("").in_time(SOON);
    insta::assert_snapshot!(ended.stderr());
    assert_eq!(outcome(&project.call(["recurse", "--format=json"]).exits(134)), "crashed");
}

#[test]
fn a_memory_bomb_ends_at_the_memory_limit() {
    let project = Project::new().guest(guests::HOARD);
    project
        .call(["hoard", "--memory-limit", "32MiB"])
        .exits(137)
        .prints("")
        .in_time(SOON)
        .reporting("  × hoard: needs more than the 32.0 MiB of memory allowed\n")
        .reporting("help: `--memory-limit` or `limits.memory` in the configuration allows more\n");
    let ended = project.call(["hoard", "--memory-limit=32MiB", "--format=json"]).exits(137);
    assert_eq!(outcome(&ended), "memory-limit");
    project
        .call(["hoard", "--mib=8", "--memory-limit", "32MiB"])
        .succeeds()
        .prints("8 MiB\n")
        .quietly();
}

#[test]
fn a_plugin_can_bear_that_there_is_no_more_memory() {
    Project::new()
        .guest(guests::HOARD)
        .call(["hoard", "--politely", "--memory-limit", "32MiB"])
        .exits(1)
        .reporting("memory allocation failed")
        .without("allowed");
}

#[test]
fn memory_is_finite_by_default() {
    Project::new()
        .guest(guests::HOARD)
        .call(["hoard", "--unused"])
        .exits(137)
        .in_time(SOON)
        .reporting("hoard: needs more than the 1.0 GiB of memory allowed");
}

#[test]
fn a_flood_ends_at_the_output_limit() {
    let project = Project::new().guest(guests::FLOOD);
    let ended = project.call(["flood", "--output-limit", "100KiB"]).exits(153).in_time(SOON);
    assert_eq!(ended.bytes().len(), 100 * 1024, "what was allowed has arrived");
    insta::assert_snapshot!(ended.stderr());
    let ended = project.call(["flood", "--output-limit=1KiB", "--to=log", "--format=json"]);
    assert_eq!(outcome(&ended.exits(153)), "output-limit");
}

#[test]
fn every_output_counts_towards_the_limit() {
    let project = Project::new().guest(guests::FLOOD);
    for (to, prefix, fitting) in [("stdout", 0, "16"), ("stderr", 0, "16"), ("log", 45, "8")] {
        let ended = project
            .call(["flood", "--to", to, "--lines", "17", "--output-limit", "1KiB"])
            .exits(153)
            .reporting("flood: wrote more than the 1.0 KiB of output allowed");
        let written = ended.bytes().len() + ended.stderr().len();
        assert!(written < 1024 + 17 * prefix + 300, "{written} bytes: {ended}");
        // Sixteen lines are a kibibyte; a line of the log costs as much again.
        project
            .call(["flood", "--to", to, "--lines", fitting, "--output-limit", "1KiB"])
            .succeeds();
    }
}

#[test]
fn output_is_finite_by_default() {
    let ended = Project::new().guest(guests::FLOOD);
    let ended = ended.call(["flood"]).exits(153).in_time(SOON);
    assert_eq!(ended.bytes().len(), 64 * 1024 * 1024);
}

#[test]
fn handles_end_at_their_limit() {
    let project = Project::new().guest(guests::GRAB).file("file", "");
    let ended = project.call(["grab", "file", "--handle-limit", "50"]).exits(153).in_time(SOON);
    insta::assert_snapshot!(ended.stderr());
    let ended = project.call(["grab", "file", "--handle-limit=50", "--format=json"]).exits(153);
    assert_eq!(outcome(&ended), "handle-limit");
    project
        .call(["grab", "file", "--times", "20", "--handle-limit", "50"])
        .succeeds()
        .prints("20 handles\n");
    // And by default.
    project.call(["grab", "--times", "1000"]).succeeds().prints("1000 handles\n");
    project.call(["grab"]).exits(153).reporting("grab: holds more than the 1024 open handles");
}

#[test]
fn the_configuration_sets_them_and_flags_go_over_it() {
    let project = Project::new()
        .guest(guests::SLEEP)
        .guest(guests::FLOOD)
        .guest(guests::HOARD)
        .guest(guests::GRAB)
        .file("file", "")
        .file(
            "taskrunner.yaml",
            "limits: {time: 100ms, memory: 32MiB, output: 1KiB, handles: 40}\n\
             commands: {flood: {limits: {output: 2KiB, time: 1m}}}\n",
        );
    project.call(["sleep"]).exits(124).reporting("took longer than the 100ms allowed");
    project
        .call(["sleep", "--time-limit=200ms"])
        .exits(124)
        .reporting("took longer than the 200ms allowed");
    assert_eq!(project.call(["flood"]).exits(153).bytes().len(), 2048);
    assert_eq!(project.call(["flood", "--output-limit=3KiB"]).exits(153).bytes().len(), 3072);
    let long = "--time-limit=1m";
    project.call(["hoard", long]).exits(137).reporting("needs more than the 32.0 MiB of memory");
    project.call(["grab", "file", long]).exits(153).reporting("more than the 40 open handles");
}

#[test]
fn the_nearer_file_sets_the_limit() {
    let project = Project::new()
        .guest(guests::SLEEP)
        .beside("config/taskrunner/config.yaml", "limits: {time: 100ms}");
    project.call(["sleep"]).exits(124).reporting("took longer than the 100ms allowed");
    let project = project.file("taskrunner.yaml", "limits: {time: 150ms}");
    project.call(["trust", "--yes"]).succeeds();
    project.call(["sleep"]).exits(124).reporting("took longer than the 150ms allowed");
}
