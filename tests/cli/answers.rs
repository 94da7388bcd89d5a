//! `taskrunner permissions`: what the user allows for good.

use serde_json::json;

use crate::harness::{Call, Project, guests};

fn greedy(project: &Project) -> Call<'_> {
    project.call(["greedy"]).env("SECRET", "hush")
}

#[test]
fn what_is_granted_stays_until_it_is_revoked() {
    let project = Project::new().guest(guests::GREEDY).directory("out").file("taskrunner.yaml", "");
    project
        .call(["permissions", "grant", "greedy", "--allow-env=SECRET", "--allow-write=out"])
        .succeeds()
        .quietly()
        .prints(
            "greedy (sha256 [SHORT]) may, by your answers:\n  \
             read and write [WORKSPACE]/out\n  \
             see the environment variable SECRET\n",
        );
    // It sees no more of `/` than the way to what it may write.
    greedy(&project).exits(1).prints("read: true\nwrite: true\nvariable: true\n");
    project.call(["permissions", "grant", "greedy", "--allow-read=."]).succeeds();
    greedy(&project).exits(1).prints("read: true\nwrite: true\nvariable: true\n").quietly();
    // From another directory it is the same one.
    project
        .call(["permissions", "revoke", "greedy", "--allow-write", "."])
        .within("out")
        .succeeds()
        .without("write");
    greedy(&project).exits(1).printing("variable: true").printing("write: false");
    project
        .call(["permissions", "revoke", "greedy"])
        .succeeds()
        .prints("greedy: nothing is allowed by your answers\n");
    greedy(&project).exits(1).prints("read: false\nwrite: false\nvariable: false\n");
}

#[test]
fn it_holds_for_these_bytes() {
    let project = Project::new().guest(guests::GREEDY);
    project.call(["permissions", "grant", "greedy", "--allow-env=SECRET"]).succeeds();
    let project = project.guest_as(guests::GREEDY_BEFORE, "greedy");
    greedy(&project).succeeds().prints("secret: false\n");
}

#[test]
fn what_would_change_nothing_is_a_mistake() {
    let project = Project::new().guest(guests::GREEDY);
    for (words, problem) in [
        (vec!["grant", "greedy"], "`--allow-…` says what is granted"),
        (vec!["grant", "greedy", "--allow-env=OTHER"], "does not request all of that"),
        (vec!["grant", "greedy", "--deny-env=SECRET"], "a denial for good"),
        (vec!["revoke", "greedy"], "was not granted that"),
        (vec!["revoke", "greedy", "--allow-env=SECRET"], "was not granted that"),
    ] {
        project.call(["permissions"]).with(words).exits(2).prints("").reporting(problem);
    }
    project.call(["permissions", "grant", "nosuch", "--allow-env=X"]).exits(127);
    project.call(["permissions", "grant", "greedy", "--allow-read=/"]).exits(126);
    project.call(["permissions", "grant", "greedy", "--allow-write=.git"]).exits(126);
}

#[test]
fn programs_are_told_too() {
    let project = Project::new().guest(guests::GREEDY);
    let words = ["permissions", "grant", "greedy", "--allow-env=SECRET", "--format=json"];
    let json = project.call(words).succeeds().json();
    assert_eq!(json["permissions"]["command"], "greedy");
    assert_eq!(json["permissions"]["answers"], json!([{ "kind": "env", "target": "SECRET" }]));
}
