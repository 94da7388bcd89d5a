//! What others say of programs that say nothing themselves: manifests beside them and inside.

use super::show;
use crate::harness::{Project, guests};

const MANIFEST: &str = "
name: render
version: 2.1.0
summary: Render a drawing
leading-arguments: [--quiet]
arguments:
  - {name: input, help: The drawing, positional: {type: path, kind: file, access: read, required: true}}
  - name: width
    short: w
    help: So wide
    configuration-key: width
    option: {type: integer, min: 1, max: 1000, placeholder: PIXELS}
    pass: [-w, '{}px']
  - {name: scale, option: {type: number, default: 1}}
  - {name: format, option: {type: choice, choices: [png, pdf], repeated: true}, pass: ['-T{}']}
  - {name: verbose, flag: true}
configuration-schema:
  properties: {width: {type: integer}, theme: {type: string}}
  additionalProperties: false
requests:
  - {env: THEME, reason: To know the colours}
";

/// `show` under a manifest beside it.
fn with(manifest: &str) -> Project {
    show().file(".taskrunner/plugins/show.yaml", manifest)
}

/// What is said of `show` under a manifest.
fn fault(manifest: &str) -> String {
    let project = with(manifest);
    let listed = project.call(["list"]).succeeds();
    assert!(!listed.stdout().contains("show"), "it is listed under {manifest}");
    project.call(["show"]).exits(125).prints("");
    listed.stderr()
}

#[test]
fn a_value_makes_no_command_line_without_end() {
    let form = "{}".repeat(20_000);
    let manifest = format!(
        "summary: x\narguments: [{{name: a, configuration-key: a, option: {{type: text}}, pass: ['{form}']}}]"
    );
    let with_value = |value: String| with(&manifest).file("taskrunner.json", value);
    with_value(format!(r#"{{"show":{{"a":"{}"}}}}"#, "x".repeat(100_000)))
        .call(["show"])
        .exits(2)
        .reporting("longer than 8 MiB")
        .in_memory(256 * 1024 * 1024);
    with_value(r#"{"show":{"a":"x\u0000y"}}"#.into()).call(["show"]).exits(2).reporting("NUL");
}

#[test]
fn a_program_does_not_take_the_lock_away_from_a_plugin() {
    let (_, bytes) = super::programs().swap_remove(0);
    let project = Project::new().guest_as(guests::HELLO, "show");
    let name = "hello";
    project.call(["update", "--accept"]).succeeds();
    let project = project.file(".taskrunner/plugins/show.wasm", bytes).file(
        ".taskrunner/plugins/show.yaml",
        format!("{{summary: x, name: {name}, requests: []}}"),
    );
    project
        .call([name, "--locked"])
        .exits(126)
        .prints("")
        .reporting("not the plugin that was locked");
    project.call([name, "--", "--locked"]).succeeds().printing("[--locked]");
    project.call(["update", "--accept"]).succeeds();
    project.call([name, "--locked"]).succeeds().printing("[--locked]");
}

#[test]
fn what_nobody_says_is_no_request_for_nothing() {
    let shown =
        |project: Project| project.call(["permissions", "show", "show"]).succeeds().stdout();
    assert!(shown(show()).contains("nobody says what it needs"));
    assert!(shown(with("{summary: x, requests: []}")).contains("requests nothing"));
}

#[test]
fn an_update_shows_that_the_manifest_is_another() {
    let project = with("{summary: x, requests: []}");
    project.call(["update", "--accept"]).succeeds();
    let project = project.file(
        ".taskrunner/plugins/show.yaml",
        "{summary: x, requests: [], leading-arguments: [a]}",
    );
    let line = |sign| format!("\n  {sign} manifest ");
    project.call(["update", "--check"]).exits(1).printing(&line('-')).printing(&line('+'));
    project.call(["--locked", "show"]).exits(126).reporting("the manifest beside it is another");
}

#[test]
fn a_program_gets_arguments_help_and_grants() {
    let project = with(&MANIFEST.replace("format", "kind"))
        .file("deep/a b.svg", "drawing")
        .file("taskrunner.yaml", "render: {width: 7}");
    project
        .call(["render", "a b.svg", "--kind", "png", "--kind=pdf", "--verbose"])
        .within("deep")
        .succeeds()
        .prints(
            "arguments:\n[--quiet]\n[-w]\n[7px]\n[--scale]\n[1]\n[-Tpng]\n[-Tpdf]\n[--verbose]\n\
             [/deep/a b.svg]\nconfig: {\"width\":7}\n",
        );
    project.call(["render", "deep/a b.svg", "-w", "9"]).succeeds().printing("[9px]");
    project.call(["render"]).exits(2).reporting("<INPUT>");
    project.call(["render", "deep/a b.svg", "-w", "0"]).exits(2).reporting("1");
    project.call(["render", "missing.svg"]).exits(2);
    project.call(["completions", "bash"]).succeeds().printing("--width");
    insta::assert_snapshot!(project.call(["help", "render"]).succeeds().stdout());
    project.call(["list"]).succeeds().printing("Render a drawing").quietly();
}

#[test]
fn what_is_named_is_granted_and_what_is_not_requested_cannot_be() {
    let project = with(
        "
summary: Reads what is named
arguments: [{name: file, positional: {type: path, kind: file, access: read}, pass: ['read:{}']}]
requests: []
",
    )
    .file("a.txt", "text of a\n");
    project.call(["show", "a.txt"]).succeeds().printing("text of a\n");
    // Another file is not: nothing is requested.
    let project = with("{summary: Reads, requests: []}").file("a.txt", "text of a\n");
    project.call(["--allow-read", ".", "show", "read:a.txt"]).exits(3).reporting("has no effect");
}

#[test]
fn a_manifest_that_breaks_the_rules_is_refused() {
    let lied = "is for what the file cannot do: it imports nothing for it";
    for (manifest, reason) in [
        ("summary: X\nsumary: Y", "unknown field `sumary`"),
        ("description: no summary", "missing field `summary`"),
        ("summary: ''", "the summary is empty"),
        ("summary: \"a\\u001b[2J\"", "control character"),
        ("[]", "object"),
        ("summary: X\nname: Show", "is no name for a command"),
        ("summary: X\nname: list", "a name of the runner's own"),
        ("summary: X\nversion: one", "not of the form 1.2.3"),
        ("summary: X\narguments: [{name: format, flag: true}]", "one of the runner's options"),
        ("summary: X\narguments: [{name: a, flag: true}, {name: a, flag: true}]", "declared twice"),
        ("summary: X\narguments: [{name: a}]", "one of `flag: true`, `option` and `positional`"),
        ("summary: X\narguments: [{name: a, option: {type: path}}]", "a path has a `kind`"),
        (
            "summary: X\narguments: [{name: a, option: {type: text, min: 1}}]",
            "belong to an integer",
        ),
        ("summary: X\narguments: [{name: a, option: {type: choice}}]", "a choice has them"),
        ("summary: X\narguments: [{name: a, flag: true, pass: ['{}']}]", "passed with a value"),
        ("summary: X\narguments: [{name: a, flag: true, pass: []}]", "no word at all"),
        (
            "summary: X\narguments: [{name: a, option: {type: text}, pass: [-a]}]",
            "without its value",
        ),
        ("summary: X\nconfiguration-schema: {type: 7}", "the configuration schema"),
        ("summary: X\nrequests: [{read: a}]", "missing field `reason`"),
        ("summary: X\nrequests: [{read: a, write: b, reason: c}]", "a request is one of"),
        ("summary: X\nrequests: [{read: ../a, reason: b}]", "not a path below the workspace"),
        ("summary: X\nrequests: [{connect: 'a.example:1', reason: b}]", lied),
        ("summary: X\nrequests: [{http: 'https://a.example', reason: b}]", lied),
        ("summary: &a X\ndescription: *a", "anchor"),
        ("summary: 'X", "cannot parse the manifest"),
    ] {
        let said = fault(manifest);
        assert!(said.contains(reason), "{manifest}: {said}");
        assert!(said.lines().count() <= 2, "{manifest}: {said}");
    }
}

#[test]
fn a_manifest_without_its_plugin_is_told() {
    let project = Project::new()
        .file(".taskrunner/plugins/render.yaml", "summary: Render a drawing")
        .file(".taskrunner/plugins/package.json", r#"{"name": "other", "version": "1.0.0"}"#);
    project
        .call(["list"])
        .succeeds()
        .reporting("render.yaml: a manifest without a plugin: there is no")
        .without("package.json");
    project.call(["render"]).exits(125).reporting("a manifest without a plugin");
}

#[test]
fn two_manifests_beside_a_plugin_are_one_too_many() {
    let project =
        with("summary: One").file(".taskrunner/plugins/show.json", r#"{"summary": "Two"}"#);
    project.call(["list"]).succeeds().reporting("it has two manifests").without("One");
    project.call(["show"]).exits(125).prints("");
}

#[test]
fn a_component_says_itself_what_it_is() {
    let project = Project::new()
        .guest(crate::harness::guests::HELLO)
        .file(".taskrunner/plugins/hello.yaml", "summary: Something else");
    project
        .call(["list"])
        .succeeds()
        .printing("Greet somebody")
        .reporting("`hello.yaml` is not used: the component says itself what it is");
    project.call(["hello"]).succeeds().reporting("is not used");
}

/// The custom section of a manifest at the end of a core module.
fn embedded(module: &[u8], manifest: &[u8]) -> Vec<u8> {
    let name = b"taskrunner:manifest";
    let mut content = leb(name.len());
    content.extend_from_slice(name);
    content.extend_from_slice(manifest);
    let mut bytes = module.to_vec();
    bytes.push(0);
    bytes.extend(leb(content.len()));
    bytes.extend(content);
    bytes
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        match number {
            0 => {
                bytes.push(byte);
                return bytes;
            }
            _ => bytes.push(byte | 0x80),
        }
    }
}

#[test]
fn the_manifest_inside_counts() {
    let module = std::fs::read(show().path(".taskrunner/plugins/show.wasm")).expect("the program");
    let inside = embedded(&module, br#"{"summary": "From inside", "name": "render"}"#);
    let project = Project::new().file(".taskrunner/plugins/show.wasm", &inside);
    project.call(["list"]).succeeds().printing("render").printing("From inside").quietly();
    project.call(["render", "x"]).succeeds().printing("[x]").quietly();

    let beside = ".taskrunner/plugins/show.yaml";
    let project = project.file(beside, "summary: From inside\nname: render");
    project.call(["list"]).succeeds().quietly();
    let project = project.file(beside, "summary: From beside\nname: render");
    project.call(["list"]).succeeds().printing("From inside").reporting(
        "`show.yaml` is not used: it differs from the manifest inside the file, which counts",
    );
    project.call(["render"]).succeeds().reporting("is not used");

    for (section, reason) in [
        (b"{".to_vec(), "cannot parse the manifest"),
        (b"\xff".to_vec(), "not UTF-8"),
        (vec![b' '; 20 * 1024 * 1024], "it is longer than"),
    ] {
        let project =
            Project::new().file(".taskrunner/plugins/show.wasm", embedded(&module, &section));
        project.call(["list"]).succeeds().reporting(reason);
        project.call(["show"]).exits(125).prints("");
    }
    let twice = embedded(&inside, br#"{"summary": "Again"}"#);
    let project = Project::new().file(".taskrunner/plugins/show.wasm", twice);
    project.call(["list"]).succeeds().reporting("has the section `taskrunner:manifest` twice");
}

#[test]
fn the_lock_and_the_answers_are_bound_to_the_manifest_beside() {
    let project =
        with("summary: One\nrequests: [{read: a.txt, reason: b}]").file("a.txt", "text\n");
    project.call(["update", "--accept"]).succeeds();
    project.call(["--locked", "show", "read:a.txt"]).succeeds().printing("text\n");
    let project = project.file(
        ".taskrunner/plugins/show.yaml",
        "summary: One\nleading-arguments: ['read:a.txt']\nrequests: [{read: a.txt, reason: b}]",
    );
    project.call(["--locked", "show"]).exits(126).without("text");
    project.call(["show"]).exits(3).without("text").reporting("not the plugin that was locked");
}
