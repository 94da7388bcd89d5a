//! The embedded command `build`, on real files.

use std::fs;

use crate::harness::Project;

const SCRIPT: &str = "function add(first, second) {\n  // a comment\n  return first + second;\n}\nconsole.log(add(1, 2));\n";

fn site() -> Project {
    Project::new()
        .file("src/data.json", "{ \"number\": 1.50,  \"z\": 1, \"a\": 2 }\n")
        .file("src/style.css", "body {\n  color: red;\n}\n")
        .file("src/page.html", "<html>\n  <body>\n    <p>  hi  </p>\n  </body>\n</html>\n")
        .file("src/script.js", SCRIPT)
        .file("src/logo.bin", [0, 159, 146, 150])
        .file("src/draft.txt", "not for everybody")
        .file("config.json", r#"{"logging": {"level": "INFO"}, "build": {"optimize": true}}"#)
}

fn bytes(project: &Project, path: &str) -> Vec<u8> {
    fs::read(project.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn it_gathers_what_its_section_names() {
    let section = "build: {inputs: ['src/**'], exclude: ['**/draft.*'], output: out, name: site}";
    let project = site().file("taskrunner.yaml", section);
    project.call(["build"]).succeeds().printing("out/site.tar.gz").printing("out/site.zip");
    assert_eq!(project.text("out/src/script.js"), SCRIPT, "copied as it is");
    assert!(!project.path("out/src/draft.txt").exists());
    let manifest = project.text("out/manifest.json");
    for path in ["src/data.json", "src/logo.bin", "src/page.html", "src/script.js", "src/style.css"]
    {
        assert!(manifest.contains(path), "{path} in {manifest}");
    }
    // printf '\0\237\222\226' | sha256sum
    let digest = "b02a591131217cb579165aeccf0d94569acffb9934c84d6c813d77e3abedd233";
    assert!(manifest.contains(digest), "{manifest}");
}

#[test]
fn the_configuration_and_the_flag_agree() {
    let (by_file, by_flag, by_variable) = (site(), site(), site());
    by_file.call(["build", "--config", "config.json"]).succeeds();
    by_flag.call(["build", "--optimize"]).succeeds();
    by_variable.call(["build"]).env("TASKRUNNER_BUILD_OPTIMIZE", "1").succeeds();
    for path in
        ["dist/manifest.json", "dist/src/script.js", "dist/bundle.tar.gz", "dist/bundle.zip"]
    {
        assert_eq!(bytes(&by_file, path), bytes(&by_flag, path), "{path}");
        assert_eq!(bytes(&by_file, path), bytes(&by_variable, path), "{path}");
    }
    by_file.call(["build", "--config", "config.json", "--no-optimize"]).succeeds();
    assert_eq!(by_file.text("dist/src/script.js"), SCRIPT, "the command line goes over the file");
}

#[test]
fn optimize_minifies_and_keeps_the_meaning() {
    let project = site();
    project.call(["build", "--optimize"]).succeeds();
    assert_eq!(project.text("dist/src/data.json"), r#"{"number":1.50,"z":1,"a":2}"#);
    assert_eq!(project.text("dist/src/style.css"), "body{color:red}");
    let script = project.text("dist/src/script.js");
    assert!(script.len() < SCRIPT.len() && !script.contains("comment"), "{script}");
    assert!(project.text("dist/src/page.html").len() < project.text("src/page.html").len());
    assert_eq!(bytes(&project, "dist/src/logo.bin"), [0, 159, 146, 150]);
}

#[test]
fn the_archives_are_the_same_wherever_and_whenever_they_are_made() {
    let (here, there) = (site(), site());
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for file in there.files() {
        let file = fs::File::options().append(true).open(there.path(file)).expect("it is there");
        file.set_modified(old).expect("it is mine");
    }
    here.call(["build"]).succeeds();
    there.call(["build"]).succeeds();
    for path in ["dist/bundle.tar.gz", "dist/bundle.zip", "dist/manifest.json"] {
        assert_eq!(bytes(&here, path), bytes(&there, path), "{path}");
    }
}

#[test]
fn what_is_unchanged_is_not_built_again() {
    let project = site();
    project.call(["build"]).succeeds();
    let modified = |path: &str| {
        fs::metadata(project.path(path)).expect("it is there").modified().expect("a time")
    };
    let before = (
        modified("dist/manifest.json"),
        modified("dist/bundle.zip"),
        modified("dist/src/style.css"),
    );
    project.call(["build"]).succeeds().printing("nothing was built");
    let after = (
        modified("dist/manifest.json"),
        modified("dist/bundle.zip"),
        modified("dist/src/style.css"),
    );
    assert_eq!(before, after);

    fs::write(project.path("src/style.css"), "p { color: blue }").expect("a file");
    fs::remove_file(project.path("src/draft.txt")).expect("it is there");
    project.call(["build"]).succeeds().printing("1 built");
    assert_eq!(project.text("dist/src/style.css"), "p { color: blue }");
    assert!(!project.path("dist/src/draft.txt").exists(), "what has no source any more is removed");
}

#[test]
fn output_directory_need_not_be_there() {
    for output in ["out", "a/b/c", "./dist/"] {
        let (by_flag, by_variable) = (site(), site());
        by_flag.call(["build", "-o", output]).succeeds();
        by_variable.call(["build"]).env("TASKRUNNER_BUILD_OUTPUT", output).succeeds();
        let by_file = site().file("taskrunner.yaml", format!("build: {{output: {output}}}"));
        by_file.call(["build"]).succeeds();
        for project in [&by_flag, &by_variable, &by_file] {
            assert_eq!(project.text(format!("{output}/src/script.js")), SCRIPT, "{output}");
        }
        let unbuilt = site();
        unbuilt.call(["build", "-n", "-o", output]).succeeds();
        assert!(!unbuilt.path(output).exists(), "nothing is left of what was only listed");
    }
}

#[test]
fn output_outside_is_written_only_where_the_command_line_names_it() {
    for output in ["../outside/out", "../outside"] {
        let outside = |project: &Project| project.path(output).join("src/script.js").exists();
        let refused = |project: &Project, call: crate::harness::Call<'_>| {
            let before = project.files();
            call.exits(126)
                .prints("")
                .reporting("is outside of what was granted")
                .reporting("--output")
                .reporting("name it on the command line");
            assert_eq!(project.files(), before, "nothing is written elsewhere");
            assert!(!outside(project));
        };
        let project = site().file("taskrunner.yaml", format!("build: {{output: {output}}}"));
        refused(&project, project.call(["build"]));
        let project = site();
        refused(&project, project.call(["build"]).env("TASKRUNNER_BUILD_OUTPUT", output));
        let whole = project.path(output).to_string_lossy().into_owned();
        refused(&project, project.call(["build"]).env("TASKRUNNER_BUILD_OUTPUT", whole));

        let before = project.files();
        let real = dunce::canonicalize(project.beside_path("outside")).expect("it is there");
        let real = real
            .join(output.strip_prefix("../outside").unwrap_or_default().trim_start_matches('/'));
        let real = real.components().collect::<std::path::PathBuf>();
        let said = project.masked(&format!("output   {}\n", real.display()));
        project.call(["build", "-o", output]).succeeds().printing(&said);
        assert!(outside(&project));
        assert_eq!(project.files(), before);
    }
}

#[cfg(unix)]
#[test]
fn output_behind_a_link_out_of_the_workspace_is_refused() {
    let project = site().file("taskrunner.yaml", "build: {output: out}").link("out", "../outside");
    let before = project.files();
    project.call(["build"]).exits(126).reporting("is outside of what was granted");
    assert_eq!(project.files(), before);
}

#[test]
fn it_overwrites_nothing_that_it_did_not_write() {
    let project = site().file("dist/src/style.css", "by hand").file("dist/other.txt", "by hand");
    project.call(["build"]).exits(1).reporting("dist/src/style.css");
    assert_eq!(project.text("dist/src/style.css"), "by hand");
    assert_eq!(project.text("dist/other.txt"), "by hand");
}

#[test]
fn a_script_that_does_not_parse_is_copied_and_warned_of() {
    let project = site().file("src/broken.js", "function (");
    project
        .call(["build", "--optimize"])
        .succeeds()
        .reporting("WARN build")
        .reporting("src/broken.js");
    assert_eq!(project.text("dist/src/broken.js"), "function (");
}
