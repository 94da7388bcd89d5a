//! What a user sees.

use std::path::Path;

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::super::{Document, DocumentError, Format, Place};
use super::{json, yaml};

fn rendered(error: &DocumentError) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut text, error)
        .expect("a report");
    text
}

fn wrong(document: &Document, steps: &[&str]) -> DocumentError {
    document.error_at(&Place::value(steps.to_vec()), "it is wrong", Some("mend it".to_owned()))
}

#[test]
fn an_error_shows_the_line() {
    let document = yaml("# note\na: 1\nb:\n  é: [x, yz]\nc: 1\nd: 1\ne: 1\n");
    let expected = "\
\x20 × the configuration file `file.yaml` is not valid: it is wrong
   ╭─[file.yaml:4:10]
 2 │ a: 1
 3 │ b:
 4 │   é: [x, yz]
   ·          ──
 5 │ c: 1
 6 │ d: 1
   ╰────
  help: mend it
";
    assert_eq!(rendered(&wrong(&document, &["b", "é", "1"])), expected);
}

#[test]
fn a_long_line_is_cut_around_the_mistake() {
    let long = "x".repeat(100_000);
    let document = json(&format!("{{\"a\": \"{long}\", \"b\": 1, \"c\": \"{long}\"}}"));
    let error = wrong(&document, &["b"]);
    assert_eq!(error.location(), Some((Path::new("file.json"), 1, 100_016)));
    let expected = format!(
        "\
\x20 × the configuration file `file.json` is not valid: it is wrong
   ╭─[file.json:1:100016]
 1 │ …{}\", \"b\": 1, \"c\": \"{}…
   ·                                         ─
   ╰────
  help: mend it
",
        "x".repeat(31),
        "x".repeat(70),
    );
    assert_eq!(rendered(&error), expected);
    for key in ["a", "c"] {
        assert!(rendered(&wrong(&document, &[key])).len() < 2000);
    }
}

#[test]
fn a_long_value_is_not_quoted_in_full() {
    let document = json(&format!("{{\"s\": \"{}\"}}", "x".repeat(200_000)));
    let error = document.section::<bool>("s").expect_err("a wrong type");
    assert!(rendered(&error).len() < 3000);
    let twice = format!("{{\"{0}\": 1, \"{0}\": 1}}", "x".repeat(100_000));
    let error = super::document(Format::Json, &twice).expect_err("a key twice");
    assert!(rendered(&error).len() < 3000);
}

#[test]
fn text_that_would_act_on_the_terminal_is_replaced() {
    let document = json("{\"\\u001b[31m\u{9b}2J\": 1, \"\u{202e}\": \"\u{7f}\"}");
    let error = document.section::<bool>("\u{1b}[31m\u{9b}2J").expect_err("a wrong type");
    let unknown = document.error_at(
        &Place::key(["\u{202e}"]),
        "unknown key `\u{202e}\u{1b}`",
        Some("\u{1b}".to_owned()),
    );
    let path = Document::read(Path::new("\u{1b}[2J.toml")).expect_err("another format");
    for error in [error, unknown, path] {
        let shown = rendered(&error);
        assert!(!shown.contains(|c: char| c != '\n' && crate::text::is_deceptive(c)), "{shown:?}");
    }
    assert_eq!(
        rendered(&wrong(&document, &["\u{202e}"])),
        "\
\x20 × the configuration file `file.json` is not valid: it is wrong
   ╭─[file.json:1:27]
 1 │ {\"\\u001b[31m\u{fffd}2J\": 1, \"\u{fffd}\": \"\u{fffd}\"}
   ·                           ───
   ╰────
  help: mend it
"
    );
}

#[test]
fn the_end_of_the_text_can_be_underlined() {
    let error = super::document(Format::Json, "{\n\"a\": [\n\n").expect_err("half a text");
    let expected = "\
\x20 × cannot parse the configuration file `file.json` as JSON: EOF while parsing a list
   ╭─[file.json:2:7]
 1 │ {
 2 │ \"a\": [
   ·       ▲
 3 │ 
 4 │ 
   ╰────
";
    assert_eq!(rendered(&error), expected);
}
