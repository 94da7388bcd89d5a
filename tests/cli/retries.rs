//! Attempts and the waits between them, from the command line or the configuration, without the
//! plugin's doing.

use std::time::Duration;

use serde_json::Value;

use crate::harness::{Ended, Project, guests};

fn project() -> Project {
    Project::new().guest(guests::FLAKY)
}

/// The lines of the runner's about attempts, in JSON.
fn retries(ended: &Ended<'_>) -> Vec<Value> {
    let lines = ended.json_lines().into_iter();
    lines.filter_map(|line| line.get("retry").cloned()).collect()
}

const QUICK: &str = "--backoff-delay=1ms";

#[test]
fn there_is_one_attempt_by_default() {
    let project = project();
    project
        .call(["flaky", "2"])
        .exits(75)
        .prints("attempt 1, call 1\n")
        .reports("  × flaky: not yet\n");
}

#[test]
fn what_is_retryable_is_tried_again_by_a_new_instance() {
    let project = project();
    let ended = project
        .call(["flaky", "3", "--attempts=5", QUICK])
        .succeeds()
        .prints("attempt 1, call 1\nattempt 2, call 1\nattempt 3, call 1\n");
    insta::assert_snapshot!(ended.stderr());
}

#[test]
fn after_the_last_attempt_it_has_failed() {
    let project = project();
    project
        .call(["flaky", "9", "--attempts", "3", QUICK])
        .exits(75)
        .prints("attempt 1, call 1\nattempt 2, call 1\nattempt 3, call 1\n")
        .reporting("flaky: attempt 2 of 3: not yet; again in")
        .reporting("  × flaky: not yet\n");
}

#[test]
fn only_what_was_asked_for_is_tried_again() {
    let project = project();
    for (by, code, on) in [
        ("retryable", 75, "failed"),
        ("failed", 1, "retryable"),
        ("exit", 3, "retryable,crashed,time-limit"),
        ("crash", 134, "retryable,failed,time-limit"),
        ("spin", 124, "retryable,failed,crashed"),
        // These would be the same again.
        ("usage", 2, "retryable,failed,crashed,time-limit"),
        ("configuration", 2, "retryable,failed,crashed,time-limit"),
    ] {
        project
            .call(["flaky", "2", "--by", by, "--attempts=2", QUICK, "--retry-on", on])
            .with(["--time-limit", if by == "spin" { "300ms" } else { "1m" }])
            .exits(code)
            .prints("attempt 1, call 1\n")
            .without("again in");
    }
}

#[test]
fn what_was_asked_for_is_tried_again() {
    let project = project();
    for (by, on) in
        [("failed", "failed"), ("exit", "failed"), ("crash", "crashed"), ("spin", "time-limit")]
    {
        project
            .call(["flaky", "2", "--by", by, "--attempts=2", QUICK, "--retry-on", on])
            .with(["--time-limit", if by == "spin" { "300ms" } else { "1m" }])
            .succeeds()
            .prints("attempt 1, call 1\nattempt 2, call 1\n")
            .reporting("flaky: attempt 1 of 2: ");
    }
}

#[test]
fn a_denial_is_never_tried_again() {
    let project = project();
    let on = "--retry-on=retryable,failed,crashed,time-limit";
    project
        .call(["flaky", "9", "--attempts=3", on, "--allow-read=/"])
        .exits(126)
        .prints("")
        .without("again in");
}

/// It is ended with its process, so that nothing of it stays.
#[cfg(unix)]
#[test]
fn a_guest_that_is_stuck_in_a_call_is_tried_again() {
    Project::new()
        .guest(guests::FLOOD)
        .call(["flood", "--time-limit=300ms", "--attempts=3", QUICK, "--retry-on=time-limit"])
        .stalled()
        .exits(124)
        .reporting("flood: attempt 1 of 3: took longer than the 300ms allowed; again in")
        .reporting("flood: attempt 2 of 3: took longer than the 300ms allowed; again in");
}

#[test]
fn retries_are_told_as_json() {
    let project = project();
    let ended = project
        .call(["flaky", "9", "--attempts=3", "--backoff=fixed", "--backoff-delay=20ms"])
        .with(["--backoff-jitter=false", "--format=json"])
        .exits(75);
    assert_eq!(
        retries(&ended),
        [1, 2].map(|attempt| serde_json::json!({
            "command": "flaky",
            "attempt": attempt,
            "outcome": "retryable",
            "message": "not yet",
            "wait-ms": 20.0,
        }))
    );
}

#[test]
fn the_waits_are_those_of_the_policy() {
    let project = project();
    let waits = |options: &[&str]| -> Vec<f64> {
        let ended = project
            .call(["flaky", "9", "--attempts=5", "--format=json", "--backoff-delay=10ms"])
            .with(options.iter().copied())
            .exits(75);
        // It has waited, too.
        let waits: Vec<f64> = retries(&ended)
            .iter()
            .map(|retry| retry["wait-ms"].as_f64().expect("a number"))
            .collect();
        ended.after(Duration::from_secs_f64(waits.iter().sum::<f64>() / 1000.0));
        waits
    };
    assert_eq!(waits(&["--backoff=fixed", "--backoff-jitter=false"]), [10.0; 4]);
    assert_eq!(waits(&["--backoff-jitter=false"]), [10.0, 20.0, 40.0, 80.0]);
    assert_eq!(waits(&["--backoff-jitter=false", "--backoff-max=30ms"]), [10.0, 20.0, 30.0, 30.0]);
    let random = waits(&["--backoff=fixed"]);
    assert!(random.iter().all(|wait| (10.0..=20.0).contains(wait)), "{random:?}");
    assert!(random.iter().any(|wait| *wait != random[0]), "{random:?}");
}

#[test]
fn the_configuration_asks_for_retries_and_flags_go_over_it() {
    let project = project().file(
        "taskrunner.yaml",
        "retry: {attempts: 2, delay: 1ms, on: [failed]}\n\
         commands: {flaky: {retry: {attempts: 3, backoff: fixed, max-delay: 1s, jitter: false}}}\n",
    );
    // Each attempt has its ceilings anew: more of them take trust, or a flag.
    project
        .call(["flaky", "3", "--by=failed"])
        .exits(1)
        .reporting("taskrunner.yaml:2: retry.attempts: 3");
    project.call(["flaky", "3", "--by=failed", "--attempts=3"]).succeeds();
    project.call(["trust", "--yes"]).succeeds().reporting("retry.attempts: 3");
    project
        .call(["flaky", "3", "--by=failed"])
        .succeeds()
        .reporting("flaky: attempt 2 of 3: not yet; again in [DURATION]");
    project.call(["flaky", "3", "--by=failed", "--attempts=2"]).exits(1);
    project.call(["flaky", "3", "--by=retryable"]).exits(75);
    project.call(["flaky", "3", "--by=retryable", "--retry-on=retryable"]).succeeds();
}

/// What the next attempt is given are the directories of the first; and a guest cannot even put something
/// else in their place.
#[cfg(unix)]
#[test]
fn a_guest_does_not_put_another_directory_in_the_place_of_its_workspace() {
    let plugins = Project::new().guest(guests::SWAP);
    let plugin_dir = plugins.path(".taskrunner/plugins");
    let project = Project::new()
        .beside("outside/secret.txt", "secret")
        .beside("outside/outer/ws/own.txt", "own");
    std::os::unix::fs::symlink("..", project.beside_path("outside/outer/link")).expect("a link");
    let outer = project.beside_text("outside/outer");
    project
        .call(["swap", &outer, "--allow-write", &outer, "--allow-write", "."])
        .with(["--attempts=2", "--backoff-delay=1ms"])
        .with(["--plugin-dir", plugin_dir.to_str().expect("it is Unicode")])
        .within_beside("outside/outer/ws")
        .exits(1)
        .prints("")
        .reporting("rename [ROOT]/outside/outer/ws: it holds files of the runner's own");
    assert!(project.beside_path("outside/outer/ws/own.txt").is_file(), "it is where it was");
}
