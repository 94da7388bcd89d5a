//! The one question about permissions: what it shows, who is asked, and what counts as an answer.
#![cfg(unix)]

use crate::harness::{Call, Input, Project, guests};

const ALL: &str = "read: true\nwrite: true\nvariable: true\n";
const NOTHING: &str = "read: false\nwrite: false\nvariable: false\n";

fn project() -> Project {
    Project::new().guest(guests::GREEDY).directory("out")
}

fn greedy(project: &Project) -> Call<'_> {
    project.call(["greedy"]).env("SECRET", "hush")
}

#[test]
fn it_shows_what_a_yes_enforces() {
    let project = project();
    let ended = greedy(&project).answering("n\n").exits(1).printing(NOTHING);
    insta::assert_snapshot!(ended.stdout());
}

#[test]
fn once_is_for_this_run() {
    let project = project();
    greedy(&project).answering("o\n").exits(1).printing(ALL);
    greedy(&project).answering("ONCE\n").exits(1).printing("Allow it?").printing(ALL);
    greedy(&project).exits(1).prints(NOTHING);
}

#[test]
fn always_is_for_this_plugin_in_this_workspace() {
    let project = project();
    greedy(&project).answering("a\n").exits(1).printing(ALL);
    greedy(&project).exits(1).prints(ALL).quietly();
    greedy(&project).answering("n\n").exits(1).without("Allow it?");
    // Another workspace with the same plugin.
    let elsewhere = "outside/copy/.taskrunner/plugins/greedy.wasm";
    let project = project.beside(elsewhere, guests::GREEDY.bytes);
    greedy(&project).within_beside("outside/copy").exits(1).prints(NOTHING);
    // Another command with the same requests.
    let project = project.guest_as(guests::GREEDY_BEFORE, "greedy");
    greedy(&project).succeeds().prints("secret: false\n");
    // The same bytes again.
    let project = project.guest(guests::GREEDY);
    greedy(&project).exits(1).prints(ALL);
}

#[test]
fn an_answer_is_not_about_where_a_link_leads_later() {
    let project = Project::new()
        .guest(guests::GREEDY)
        .directory("out")
        .beside("outside/kept.txt", "")
        .file("taskrunner.yaml", "permissions: {greedy: {read: [.]}}\n");
    greedy(&project).answering("a\n").exits(1).printing(ALL);
    greedy(&project).exits(1).prints(ALL);
    std::fs::remove_file(project.path("out/file")).expect("the guest wrote it");
    std::fs::remove_dir(project.path("out")).expect("it is empty");
    let project = project.link("out", "../outside");
    greedy(&project)
        .exits(1)
        .printing("write: false\nvariable: true\n")
        .reporting("a link leads elsewhere: write [WORKSPACE]/out");
    assert!(!project.beside_path("outside/file").exists());
}

#[test]
fn an_answer_that_others_can_write_is_none() {
    use std::os::unix::fs::PermissionsExt;

    let project = project();
    greedy(&project).answering("a\n").exits(1).printing(ALL);
    let answers = project.beside_path("state/taskrunner/answers");
    let mut records = std::fs::read_dir(&answers).expect("the directory of records");
    let record = records.next().expect("a record").expect("an entry").path();
    let text = std::fs::read_to_string(&record).expect("the record");
    std::fs::set_permissions(&record, std::fs::Permissions::from_mode(0o666)).expect("mine");
    greedy(&project).exits(1).prints(NOTHING).reporting("others can write to it");
    std::fs::set_permissions(&record, std::fs::Permissions::from_mode(0o600)).expect("mine");
    greedy(&project).exits(1).prints(ALL);
    for bad in ["", "{}", &text.replace("greedy", "hello"), &text.replace("1,", "2,")] {
        assert_ne!(bad, text);
        std::fs::write(&record, bad).expect("a file");
        greedy(&project).exits(1).prints(NOTHING);
    }
}

#[test]
fn anything_else_is_a_no() {
    let project = project();
    for answer in ["n\n", "\n", "N\n", "x\n", "yes\n", "y\n", "o o\n", "\u{4}", "\u{0}o\n", "ö\n"]
    {
        let ended = greedy(&project).answering(answer).exits(1).printing("Allow it?");
        assert!(ended.stdout().contains(NOTHING), "{answer:?}: {ended}");
    }
    let long = format!("{}o\n", " ".repeat(100));
    greedy(&project).answering(&long).exits(1).printing(NOTHING);
    greedy(&project).exits(1).prints(NOTHING);
}

#[test]
fn what_was_typed_before_answers_nothing() {
    let project = project();
    greedy(&project)
        .typed_ahead("a\no\no\n")
        .answering("\n")
        .exits(1)
        .printing("Allow it?")
        .printing(NOTHING);
    greedy(&project).exits(1).prints(NOTHING);
}

#[test]
fn nobody_is_asked_who_is_not_there() {
    let project = project();
    let silent = |call: Call<'_>| {
        let _ = call.exits(1).printing(NOTHING).without("Allow it?");
    };
    silent(greedy(&project).input(Input::Bytes(b"a\n".to_vec())));
    silent(greedy(&project).input(Input::Bytes(b"a\n".to_vec())).on_terminal());
    silent(greedy(&project).typed_ahead("a\n"));
    silent(greedy(&project).answering("a\n").env("CI", "true"));
    silent(greedy(&project).with(["--no-input"]).answering("a\n"));
    silent(greedy(&project).with(["--format=json"]).answering("a\n"));
    greedy(&project).with(["--locked"]).answering("a\n").exits(126).without("Allow it?");
    greedy(&project).exits(1).prints(NOTHING);
}

#[test]
fn nothing_is_asked_where_a_yes_changes_nothing() {
    let all = ["--allow-read=.", "--allow-write=out", "--allow-env=SECRET"];
    let project = project();
    greedy(&project).with(all).answering("n\n").exits(1).printing(ALL).without("Allow it?");
    let denied = ["--deny-read=.", "--deny-env=SECRET"];
    greedy(&project).with(denied).answering("o\n").exits(1).without("Allow it?");
    // What is never granted to anybody is not offered.
    let project = project.guest(guests::FILES);
    project.call(["files", "list", "/"]).answering("o\n").succeeds().without("Allow it?");
    // A denial stays, whatever the answer.
    greedy(&project)
        .with(["--deny-env=SECRET", "--deny-write=out"])
        .answering("o\n")
        .exits(1)
        .printing("it may not:")
        .printing("env SECRET (command line)")
        .printing("variable: false")
        .without("see the environment variable SECRET");
}

#[test]
fn what_the_workspace_would_grant_is_offered_too() {
    let text = "permissions:\n  files:\n    read: [../outside]\n";
    let project = Project::new()
        .guest(guests::FILES)
        .file("taskrunner.yaml", text)
        .beside("outside/file.txt", "text");
    let file = project.beside_text("outside/file.txt");
    let read = || project.call(["files", "read", &file]);
    read().answering("n\n").succeeds().printing("read [ROOT]/outside").printing("error: ");
    read().answering("a\n").succeeds().printing("ok: text");
    read().succeeds().prints("ok: text\n").quietly();
}

#[test]
fn it_cannot_be_rewritten() {
    let project = Project::new().guest(guests::HOSTILE_REASON);
    project
        .call(["hostile-reason", "--color=never"])
        .answering("o\n")
        .exits(125)
        .printing("holds a control character")
        .without("\u{1b}")
        .without("Allow it?");
    // Nor by what the workspace says.
    let text = "permissions: {files: {read: [\"../outside/\\e]0;x\\a\\u202e\"]}}\n";
    let project = Project::new().guest(guests::FILES).file("taskrunner.yaml", text);
    project
        .call(["files", "list", "/", "--color=never"])
        .answering("n\n")
        .succeeds()
        .printing(r"outside/\u{1b}]0;x\u{7}\u{202e}")
        .printing("Allow it?")
        .without("\u{1b}")
        .without("\u{202e}");
}

/// A program that does nothing, and what it says of itself.
fn asking(requests: serde_json::Value) -> Project {
    let bytes = wat::parse_str(
        r#"(module
          (import "wasi_snapshot_preview1" "environ_get" (func (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "path_open"
            (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (memory (export "memory") 1) (func (export "_start")))"#,
    );
    let manifest = serde_json::json!({ "version": "1.0.0", "summary": "x", "requests": requests });
    Project::new()
        .file(".taskrunner/plugins/evil.wasm", bytes.expect("a module"))
        .file(".taskrunner/plugins/evil.json", manifest.to_string())
}

/// What a terminal of this size shows when all of it was written.
fn screen(bytes: &[u8], (columns, rows): (u16, u16)) -> Vec<String> {
    let mut terminal = vt100::Parser::new(rows, columns, 0);
    // The harness's terminal changes no line feeds.
    let text = String::from_utf8_lossy(bytes).replace('\n', "\r\n");
    terminal.process(text.as_bytes());
    terminal.screen().rows(0, columns).collect()
}

/// The screens on which somebody was asked: each as it was when the question stood there.
fn screens(bytes: &[u8], size: (u16, u16)) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(bytes);
    let ends = text.match_indices("[N]o: ").map(|(at, end)| at + end.len());
    ends.map(|end| screen(&text.as_bytes()[..end], size)).collect()
}

/// The question is on the screen from its header to its end, and only rows of the plugin's begin as those do.
#[track_caller]
fn is_whole(screen: &[String], own: &[&str]) {
    let text = screen.join("\n");
    let first = screen.iter().rposition(|row| row.starts_with("`evil` requests"));
    let first = first.unwrap_or_else(|| panic!("the header is not there:\n{text}"));
    let question = screen[first..].iter().filter(|row| !row.trim().is_empty());
    let (quoted, own_rows): (Vec<_>, Vec<_>) = question.partition(|row| row.starts_with("  "));
    assert!(
        quoted.iter().all(|row| row.starts_with("    | ") || !row[2..].starts_with(' ')),
        "{text}"
    );
    assert!(own_rows.last().is_some_and(|row| row.trim_end().ends_with("[N]o:")), "{text}");
    // The rows that do not begin as the plugin's are the runner's words, and nothing else.
    let known = ["(continued)", "(page", "origin workspace", "from:", "permission", "sha256"];
    for row in own_rows.iter().map(|row| row.trim()) {
        let is_own = own.iter().any(|own| own.contains(row))
            || known.iter().any(|known| row.contains(known))
            || row.chars().all(|c| c.is_ascii_hexdigit() || ",.)".contains(c));
        assert!(is_own, "{row:?} in\n{text}");
    }
}

/// What fills rows of a terminal, and what is to stand in the next. Characters without a shape are refused before.
fn paddings(columns: usize) -> Vec<String> {
    // A path holds no colon.
    let forged = "With a yes it may, as well\u{2236}";
    let pads = [
        "  ",
        " \u{a0}",
        "\u{3000}",
        "\u{2800}",
        "e\u{301}\u{302}",
        "漢",
        "\u{2502}",
        "\u{5d0}",
        "x",
        "ﷺ",
        "a ",
    ];
    let padding = |pad: &&str| {
        let rows: String = pad.chars().cycle().take((columns * 30).min(1300)).collect();
        format!("a{rows}{forged} {rows} read README.md")
    };
    pads.iter().map(padding).collect()
}

#[test]
fn it_cannot_be_scrolled_away_or_forged() {
    let own = [
        "`evil` requests what it was not granted.",
        "It is 1.0.0, sha256",
        "It says what for:",
        "With a yes it may, as well:",
        "A yes gives `evil` 1.0.0",
        "the one permission that is shown above.",
        "all 2 permissions that are shown above.",
        "Allow it? [o]nce, [a]lways, [N]o:",
        "There is more to read before a yes counts: [m]ore, [N]o:",
    ];
    for columns in [20, 80, 200] {
        for padding in paddings(columns.into()) {
            let project = asking(serde_json::json!([
                { "env": "TOKEN", "reason": "x" },
                { "read": padding, "reason": "to count the words in it" },
            ]));
            let call = project.call(["evil"]).env("TOKEN", "hush").sized(columns, 24);
            let ended = call.answering_each(vec!["m\n"; 400]).exits(0);
            let screens = screens(ended.bytes(), (columns, 24));
            assert!(!screens.is_empty(), "{ended}");
            for screen in &screens {
                is_whole(screen, &own);
            }
            // All of it was on one of them, and none of it is granted by anything but a yes.
            let rows: String =
                screens.concat().concat().replace("    | ", "").split_whitespace().collect();
            for own in own.iter().take(5) {
                let own: String = own.split_whitespace().collect();
                assert!(columns == 20 || rows.contains(&own), "{own}: {ended}");
            }
            assert!(rows.contains("theenvironmentvariableTOKEN"), "{ended}");
            project.call(["permissions", "show", "evil"]).succeeds().printing("not granted");
        }
    }
}

#[test]
fn a_yes_counts_only_behind_all_of_it() {
    let requests: Vec<_> = (0..64)
        .map(|number| serde_json::json!({ "read": format!("data/{number}"), "reason": "to read it" }))
        .collect();
    let project = asking(requests.into());
    let call = |answers: &[&'static str]| {
        let call = project.call(["evil"]).sized(80, 24).answering_each(answers.iter().copied());
        call.exits(0)
    };
    // Not before the last page.
    for answer in ["o\n", "a\n", "y\n", "\n", "\u{4}"] {
        let ended =
            call(&[answer]).printing("(page 1 of ").printing("[m]ore, [N]o: ").without("Allow it?");
        assert_eq!(ended.stdout().matches("(page ").count(), 1, "{ended}");
    }
    project.call(["permissions", "show", "evil"]).succeeds().printing("not granted");
    let ended = call(&["m\n", "m\n", "m\n", "m\n", "m\n", "m\n", "m\n", "m\n", "a\n"]);
    let pages = ended.stdout().matches("(page ").count();
    let mut answers = vec!["m\n"; pages - 1];
    answers.push("a\n");
    let ended = call(&answers).printing("A yes gives `evil` 1.0.0").printing("all 64 ");
    for number in 0..64 {
        assert!(ended.stdout().contains(&format!("/data/{number}\n")), "{number} of {ended}");
    }
    for screen in screens(ended.bytes(), (80, 24)) {
        assert!(
            screen[..].iter().any(|row| row.starts_with("`evil` requests what")),
            "{screen:#?}"
        );
    }
    project.call(["evil"]).succeeds().quietly();
}

#[test]
fn where_there_is_no_room_nothing_is_asked() {
    let project = asking(serde_json::json!([{ "env": "TOKEN", "reason": "x" }]));
    for (columns, rows) in [(1, 24), (10, 24), (19, 24), (20, 5), (80, 3), (80, 1)] {
        let call = project.call(["evil"]).env("TOKEN", "hush").sized(columns, rows);
        let ended = call.answering("a\n").exits(0).without("Allow it?");
        assert!(ended.stdout().contains("room"), "{columns} x {rows}: {ended}");
    }
    // A terminal that does not say how large it is, is as most are.
    let call = project.call(["evil"]).env("TOKEN", "hush").sized(0, 0);
    call.answering("o\n").succeeds().printing("Allow it?");
}
