//! `--timings`: the wall time of each phase and attempt.

use serde_json::Value;

use crate::harness::{Project, guests};

fn project() -> Project {
    Project::new().guest(guests::FLAKY).guest(guests::HELLO)
}

#[test]
fn for_people() {
    let project = project();
    let ended = project.call(["hello", "--timings"]).succeeds().prints("Hello, world!\n");
    insta::assert_snapshot!(unpadded(&ended.stderr()));
    let ended =
        project.call(["flaky", "2", "--attempts=2", "--backoff-delay=1ms", "--timings"]).succeeds();
    insta::assert_snapshot!(unpadded(&ended.stderr()));
}

/// How wide the columns are depends on the times.
fn unpadded(text: &str) -> String {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}

#[test]
fn for_programs() {
    let project = project();
    let ended = project
        .call(["flaky", "3", "--attempts=2", "--backoff=fixed", "--backoff-delay=50ms"])
        .with(["--timings", "--format=json"])
        .exits(75);
    let lines = ended.json_lines();
    let timings = &lines.last().expect("a line")["timings"];
    assert_eq!(lines.last().expect("a line")["version"], 1);
    assert_eq!(timings["command"], "flaky");
    let attempts = timings["attempts"].as_array().expect("a list");
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("no number: {timings}"));
    let mut sum = number(&timings["load-ms"]) + 50.0;
    assert!(number(&timings["load-ms"]) > 0.0, "{timings}");
    assert_eq!(attempts.len(), 2);
    for (index, attempt) in attempts.iter().enumerate() {
        assert_eq!(attempt["attempt"], index + 1);
        assert_eq!(attempt["outcome"], "retryable");
        assert!(
            number(&attempt["start-ms"]) > 0.0 && number(&attempt["run-ms"]) > 0.0,
            "{timings}"
        );
        sum += number(&attempt["start-ms"]) + number(&attempt["run-ms"]);
    }
    assert!(number(&timings["total-ms"]) >= sum, "{timings}");
}

#[test]
fn the_time_is_that_of_the_phase_in_which_it_went() {
    let project = Project::new().guest(guests::SLEEP);
    let ended = project.call(["sleep", "1", "--timings", "--format=json"]).succeeds();
    let lines = ended.json_lines();
    let attempt = &lines[0]["timings"]["attempts"][0];
    let run = attempt["run-ms"].as_f64().expect("a number");
    assert!(run >= 1000.0, "{attempt}");
    assert_eq!(attempt["outcome"], "success");
}

#[test]
fn an_attempt_that_reached_its_limit_has_its_time() {
    let project = Project::new().guest(guests::SPIN);
    let ended =
        project.call(["spin", "--time-limit=100ms", "--timings", "--format=json"]).exits(124);
    let lines = ended.json_lines();
    let attempt = &lines.last().expect("a line")["timings"]["attempts"][0];
    assert_eq!(attempt["outcome"], "time-limit");
    // The limit counts from the start of the attempt, and a busy machine takes a while to start it.
    let [start, run] = ["start-ms", "run-ms"].map(|of| attempt[of].as_f64().expect("a number"));
    assert!(run >= 50.0 && start + run >= 99.0, "{attempt}");
}

#[test]
fn without_it_nothing_is_said() {
    project().call(["hello"]).succeeds().quietly();
}
