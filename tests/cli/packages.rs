//! Programs from public packages, which nobody wrote for the runner: they are commands with only the grants
//! that they need. `tools/packages.sh` fetches them.

use std::fs;
use std::path::PathBuf;

use crate::harness::{Input, Project};

/// A workspace with a program that was fetched, and what is said of it in the repository, if anything is.
fn with(program: &str) -> Project {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let fetched = root.join(format!("target/packages/{program}.wasm"));
    let bytes = fs::read(&fetched)
        .unwrap_or_else(|error| panic!("{}: {error}: run tools/packages.sh", fetched.display()));
    let project = Project::new().file(format!(".taskrunner/plugins/{program}.wasm"), bytes);
    match fs::read(root.join(format!("tests/fixtures/packages/{program}.yaml"))) {
        Ok(manifest) => project.file(format!(".taskrunner/plugins/{program}.yaml"), manifest),
        Err(_) => project,
    }
}

/// The width and the height in the header of a PNG.
fn size(picture: &[u8]) -> (u32, u32) {
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"), "no PNG");
    let number = |at: usize| {
        let bytes = picture.get(at..at + 4).expect("a header");
        u32::from_be_bytes(bytes.try_into().expect("four bytes"))
    };
    (number(16), number(20))
}

const DRAWING: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">
    <rect width="20" height="10" fill="teal"/>
    <image href="other.svg" width="20" height="10"/>
</svg>"#;

const OTHER: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">
    <circle cx="10" cy="5" r="5" fill="gold"/>
</svg>"#;

#[test]
#[ignore = "it needs a program of tools/packages.sh"]
fn a_renderer_of_svg() {
    let project = with("resvg").file("drawing.svg", DRAWING).file("other.svg", OTHER);
    project.call(["list"]).succeeds().printing("Render an SVG drawing as PNG").quietly();
    project.call(["help", "resvg"]).succeeds().printing("--width <PIXELS>");
    project.call(["resvg", "drawing.svg"]).exits(2).reporting("<PICTURE>");

    // Naming the two files grants them, and nothing beside them.
    project
        .call(["resvg", "drawing.svg", "picture.png", "--width", "40"])
        .succeeds()
        .reporting("'other.svg' is not a path to an image")
        .leaving(&["drawing.svg", "other.svg", "picture.png"]);
    let alone = fs::read(project.path("picture.png")).expect("the picture");
    assert_eq!(size(&alone), (40, 20));

    // What the drawing shows of another file, it shows where that is granted.
    project
        .call(["--allow-read", "other.svg", "resvg", "drawing.svg", "picture.png", "-w", "40"])
        .succeeds()
        .quietly();
    let together = fs::read(project.path("picture.png")).expect("the picture");
    assert_eq!(size(&together), (40, 20));
    assert_ne!(together, alone);
}

const FORMULA: &str = "
(set-logic QF_BV)
(declare-const x (_ BitVec 8))
(assert (= (bvmul x #x03) #x15))
(check-sat)
";

#[test]
#[ignore = "it needs a program of tools/packages.sh"]
fn a_solver_of_formulas() {
    let project = with("boolector").file("formula.smt2", FORMULA);
    project.call(["boolector", "formula.smt2"]).exits(10).prints("sat\n");
    project
        .call(["boolector", "--model", "formula.smt2"])
        .exits(10)
        .printing("(define-fun x () (_ BitVec 8) #b00000111)");
    project
        .call(["boolector"])
        .input(Input::Bytes(
            FORMULA.replace("(check-sat)", "(assert (= x #x08))(check-sat)").into(),
        ))
        .exits(20)
        .prints("unsat\n");
    // Without the manifest the path is one word of many, and grants nothing.
    fs::remove_file(project.path(".taskrunner/plugins/boolector.yaml")).expect("removed");
    project
        .call(["boolector", "formula.smt2"])
        .exits(1)
        .prints("")
        .reporting("formula.smt2: not granted");
    project.call(["--allow-read", "formula.smt2", "boolector", "formula.smt2"]).exits(10);
}

const SCRIPT: &str = "
const numbers = std.loadFile('numbers.txt');
if (numbers === null) std.exit(4);
const sum = numbers.split(',').reduce((sum, number) => sum + Number(number), 0);
console.log(sum, std.getenv('SECRET'), scriptArgs[1]);
const file = std.open('out/sum.txt', 'w');
if (file === null) std.exit(5);
file.puts(`${sum}`);
file.close();
";

#[test]
#[ignore = "it needs a program of tools/packages.sh"]
fn an_engine_of_javascript() {
    let project = with("qjs").file("sum.js", SCRIPT).file("numbers.txt", "1,2,39").directory("out");
    project.call(["qjs", "-e", "console.log(6 * 7)"]).succeeds().prints("42\n").quietly();

    let run = |grants: &[&'static str]| {
        let arguments = grants.iter().copied().chain(["qjs", "--std", "sum.js", "one"]);
        project.call(arguments.collect::<Vec<_>>()).env("SECRET", "a key")
    };
    run(&[]).exits(1).reporting("sum.js: not granted");
    run(&["--allow-read=sum.js"]).exits(4).reporting("numbers.txt: not granted");
    run(&["--allow-read=*.{js,txt}"])
        .exits(5)
        .prints("42 undefined one\n")
        .reporting("sum.txt: not granted");
    run(&["--allow-read=*.{js,txt}", "--allow-write=out"]).succeeds();
    assert_eq!(fs::read(project.path("out/sum.txt")).expect("the sum"), b"42");
    run(&["--allow-read=*.{js,txt}", "--allow-write=out", "--allow-env=SECRET"])
        .succeeds()
        .prints("42 a key one\n")
        .quietly();
}
