//! Whole builds in directories of their own.

mod refusals;

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;

use tempfile::TempDir;

use super::*;
use crate::bundle_manifest::Written;
use crate::content::Content;

/// A workspace with these files.
fn workspace(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    files.iter().for_each(|(path, text)| put(&root, path, text));
    root
}

fn put(root: &TempDir, path: &str, text: &str) {
    let path = root.path().join(path);
    fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory");
    fs::write(path, text).expect("a file");
}

fn settings(section: &str, output: &str, optimize: bool, mode: Mode) -> Settings {
    let section = serde_json::from_str(section).expect("a section");
    let output = RelativePath::parse(output).expect("a path");
    Settings::resolve(section, output, optimize, mode).expect("a section")
}

fn build(root: &TempDir, section: &str) -> Result<Report, Failure> {
    run(root.path(), &settings(section, "dist", false, Mode::Changed), &mut |_, _, _| {})
}

/// The files below a directory, each with its bytes and the time of its last change.
fn files(directory: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let name = path.strip_prefix(directory).expect("it is below").display().to_string();
            let time = path.metadata().and_then(|found| found.modified()).expect("a time");
            found.insert(name, (fs::read(path).expect("a file"), time));
        }
    }
    found
}

fn names(root: &TempDir) -> Vec<String> {
    files(&root.path().join("dist")).into_keys().collect()
}

/// How many files were built, and how many stale ones removed.
fn counts(report: Result<Report, Failure>) -> (usize, usize) {
    match report.expect("it works") {
        Report::Built { built, removed, .. } => (built, removed),
        other => panic!("nothing was built: {other:?}"),
    }
}

const OWN: [&str; 3] = ["bundle.tar.gz", "bundle.zip", "manifest.json"];

#[test]
fn a_bundle_holds_what_the_section_names() {
    let root = workspace(&[
        ("src/a.js", "a"),
        ("src/deep/b.css", "b"),
        ("src/deep/b.test.js", "t"),
        ("other/c", "c"),
        ("src/.git/config", "g"),
        (".taskrunner/plugins/x.wasm", "w"),
        ("taskrunner.json", "{}"),
        ("taskrunner.lock", ""),
    ]);
    let report = build(&root, r#"{"inputs": ["**"], "exclude": ["**/*.test.js", "other"]}"#);
    assert_eq!(counts(report), (2, 0));
    let mut expected = OWN.to_vec();
    expected.extend(["src/a.js", "src/deep/b.css"]);
    assert_eq!(names(&root), expected);
    let manifest = BundleManifest::load(
        &root.path().join("dist"),
        &RelativePath::parse("dist").expect("a path"),
    )
    .expect("it can be read")
    .expect("it is there");
    let paths: Vec<_> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["src/a.js", "src/deep/b.css"]);
    assert_eq!(manifest.files[0].source, Content::of(b"a"));
}

#[test]
fn the_defaults_take_the_usual_directories() {
    let root = workspace(&[("src/a", ""), ("public/b", ""), ("other/c", "")]);
    assert_eq!(counts(build(&root, "{}")), (2, 0));
}

#[test]
fn two_builds_in_different_places_at_different_times_are_equal() {
    let sources =
        [("src/a.js", "let  a = 1"), ("src/b/c.json", "{ }"), ("assets/x.css", "a { b : c }")];
    for optimize in [false, true] {
        let outputs = [false, true].map(|second| {
            let mut sources = sources;
            if second {
                sources.reverse();
            }
            let root = workspace(&sources);
            if second {
                let old = fs::File::options().append(true).open(root.path().join("src/a.js"));
                let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
                old.and_then(|file| file.set_modified(time)).expect("a time");
            }
            let settings = settings("{}", "dist", optimize, Mode::Changed);
            run(root.path(), &settings, &mut |_, _, _| {}).expect("it works");
            let bytes = |(name, (bytes, _))| (name, bytes);
            files(&root.path().join("dist")).into_iter().map(bytes).collect::<BTreeMap<_, _>>()
        });
        assert_eq!(outputs[0], outputs[1]);
        assert_eq!(outputs[0].len(), 6);
    }
}

#[test]
fn nothing_is_written_where_nothing_changed() {
    let root = workspace(&[("src/a.js", "a"), ("src/b.js", "b")]);
    build(&root, "{}").expect("it works");
    let before = files(&root.path().join("dist"));
    let report = build(&root, "{}").expect("it works");
    assert!(matches!(report, Report::Unchanged(_)), "{report:?}");
    assert_eq!(files(&root.path().join("dist")), before);
}

#[test]
fn only_what_changed_is_built_again() {
    let root = workspace(&[("src/a.js", "a"), ("src/b.js", "b")]);
    build(&root, "{}").expect("it works");
    let before = files(&root.path().join("dist"));
    put(&root, "src/a.js", "A");
    let mut steps = Vec::new();
    let all = settings("{}", "dist", false, Mode::Changed);
    let report = run(root.path(), &all, &mut |what, done, total| {
        steps.push((what.to_owned(), done, total));
    });
    assert_eq!(counts(report), (1, 0));
    // One file, and three members of two archives each.
    let step = |what: &str, done| (what.to_owned(), done, 7);
    assert_eq!(steps[..2], [step("src/a.js", 0), step("dist/bundle.tar.gz: manifest.json", 1)]);
    assert_eq!(steps[2..].last(), Some(&step("dist/bundle.zip: src/b.js", 6)));
    let after = files(&root.path().join("dist"));
    assert_eq!(after["src/b.js"], before["src/b.js"]);
    assert_eq!(after["src/a.js"].0, b"A");
    for own in OWN {
        assert_ne!(after[own].0, before[own].0, "{own}");
    }
}

#[test]
fn an_output_that_was_damaged_is_built_again() {
    let root = workspace(&[("src/a.js", "a"), ("src/b.js", "b")]);
    build(&root, "{}").expect("it works");
    let good = files(&root.path().join("dist"));
    let bytes = |files: &BTreeMap<String, (Vec<u8>, SystemTime)>| {
        files.values().map(|(bytes, _)| bytes.clone()).collect::<Vec<_>>()
    };
    put(&root, "dist/src/a.js", "x");
    assert_eq!(counts(build(&root, "{}")), (1, 0));
    fs::remove_file(root.path().join("dist/bundle.zip")).expect("it was there");
    assert_eq!(counts(build(&root, "{}")), (0, 0));
    fs::write(root.path().join("dist/bundle.zip"), vec![0; good["bundle.zip"].0.len()])
        .expect("a file");
    assert_eq!(counts(build(&root, "{}")), (0, 0));
    assert_eq!(bytes(&files(&root.path().join("dist"))), bytes(&good));
}

#[test]
fn other_options_and_force_build_all_again() {
    let root = workspace(&[("src/a.json", "{ }")]);
    build(&root, "{}").expect("it works");
    let run = |optimize, mode| {
        super::run(root.path(), &settings("{}", "dist", optimize, mode), &mut |_, _, _| {})
    };
    assert_eq!(counts(run(true, Mode::Changed)), (1, 0));
    assert_eq!(files(&root.path().join("dist"))["src/a.json"].0, b"{}");
    assert!(matches!(run(true, Mode::Changed), Ok(Report::Unchanged(_))));
    assert_eq!(counts(run(true, Mode::All)), (1, 0));
}

#[test]
fn what_another_version_built_is_built_again() {
    let root = workspace(&[("src/a", "a")]);
    build(&root, "{}").expect("it works");
    let path = root.path().join("dist/manifest.json");
    let text =
        fs::read_to_string(&path).expect("a file").replace(BUILDER, "taskrunner-build 0.0.1");
    fs::write(path, text).expect("a file");
    assert_eq!(counts(build(&root, "{}")), (1, 0));
}

#[test]
fn only_stale_files_of_its_own_are_removed() {
    let root = workspace(&[("src/a", "a"), ("src/b/c", "c"), ("src/d", "d")]);
    build(&root, "{}").expect("it works");
    put(&root, "dist/mine", "mine");
    put(&root, "dist/src/b/mine", "mine");
    put(&root, "dist/src/d", "mine now");
    fs::remove_dir_all(root.path().join("src/b")).expect("it was there");
    fs::remove_file(root.path().join("src/d")).expect("it was there");
    let report = build(&root, r#"{"archives": ["zip"], "name": "other"}"#);
    // src/b/c and both archives.
    assert_eq!(counts(report), (0, 3));
    let expected = ["manifest.json", "mine", "other.zip", "src/a", "src/b/mine", "src/d"];
    assert_eq!(names(&root), expected);
}

#[test]
fn a_file_may_become_a_directory_and_the_other_way_round() {
    let root = workspace(&[("src/a", "file"), ("src/b/c", "in a directory")]);
    build(&root, "{}").expect("it works");
    fs::remove_file(root.path().join("src/a")).expect("it was there");
    fs::remove_dir_all(root.path().join("src/b")).expect("it was there");
    put(&root, "src/a/x", "in a directory");
    put(&root, "src/b", "file");
    assert_eq!(counts(build(&root, "{}")), (2, 2));
    assert_eq!(names(&root)[3..], ["src/a/x", "src/b"]);
}

#[test]
fn a_build_that_was_interrupted_is_put_right() {
    let root = workspace(&[("src/a", "a"), ("src/b", "b"), ("src/old", "old")]);
    build(&root, "{}").expect("it works");
    let good = names(&root);
    // As it is just after the new manifest took its place: nothing else did, and `src/old`, which has
    // no source now, is still to go.
    fs::remove_file(root.path().join("src/old")).expect("it was there");
    put(&root, "src/a", "A");
    let path = root.path().join("dist/manifest.json");
    let old = fs::read_to_string(&path).expect("a file");
    let mut manifest: BundleManifest = serde_json::from_str(&old).expect("a manifest");
    let gone = manifest.files.pop().expect("an entry");
    manifest.stale.push(Written { path: gone.path, content: gone.output });
    fs::write(&path, manifest.to_json().expect("JSON")).expect("a file");
    put(&root, "dist/.taskrunner-build/0", "half a file");
    assert_eq!(counts(build(&root, "{}")), (1, 1));
    assert_eq!(names(&root), good[..good.len() - 1]);
    assert_eq!(files(&root.path().join("dist"))["src/a"].0, b"A");
}

#[test]
fn what_an_interrupted_build_left_to_remove_is_removed() {
    let root = workspace(&[("src/a", "a")]);
    build(&root, "{}").expect("it works");
    put(&root, "dist/src/old", "old");
    let path = root.path().join("dist/manifest.json");
    let text = fs::read(&path).expect("a file");
    let mut manifest: BundleManifest = serde_json::from_slice(&text).expect("a manifest");
    let old = RelativePath::parse("src/old").expect("a path");
    manifest.stale.push(Written { path: old, content: Content::of(b"old") });
    fs::write(&path, manifest.to_json().expect("JSON")).expect("a file");
    assert_eq!(counts(build(&root, "{}")), (0, 1));
    assert_eq!(names(&root)[3..], ["src/a"]);
    assert_eq!(fs::read(&path).expect("a file"), text);
}

#[test]
fn a_list_writes_nothing() {
    let root = workspace(&[("src/b", ""), ("src/a", "")]);
    let settings = settings("{}", "dist", true, Mode::List);
    let report = run(root.path(), &settings, &mut |_, _, _| {}).expect("it works");
    assert_eq!(report.to_string(), "src/a\nsrc/b\n");
    assert!(!root.path().join("dist").exists());
}
