//! What build does not do.

use super::*;

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let root = workspace(&[("src/a", "a"), ("secret/key", "k")]);
    let link = |to: &str, from: &str| {
        std::os::unix::fs::symlink(root.path().join(to), root.path().join(from)).expect("a link");
    };
    link("secret", "src/directory");
    link("secret/key", "src/file");
    assert_eq!(counts(build(&root, "{}")), (1, 0));
    assert_eq!(names(&root)[3..], ["src/a"]);
    link("secret", "elsewhere");
    let settings = settings("{}", "elsewhere", false, Mode::Changed);
    let failure = run(root.path(), &settings, &mut |_, _, _| {}).expect_err("it is a link");
    assert!(failure.message().contains("`elsewhere` is a symbolic link"), "{failure:?}");
}

/// The build fails with these words, and leaves the workspace as it was.
fn fails(root: &TempDir, section: &str, output: &str, message: &str) {
    let before = files(root.path());
    let settings = settings(section, output, false, Mode::Changed);
    let failure = run(root.path(), &settings, &mut |_, _, _| {}).expect_err(message);
    assert!(failure.message().contains(message), "{failure:?}");
    assert_eq!(files(root.path()), before);
}

#[test]
fn nothing_to_bundle_is_told() {
    let root = workspace(&[("x", "")]);
    fails(&root, "{}", "dist", "there is nothing to bundle: the section `build` names no `inputs`");
    let named = r#"{"inputs": ["web/*"]}"#;
    fails(&root, named, "dist", "no file matches `inputs` of `build`: `web/*`");
}

#[test]
fn the_output_directory_must_not_hold_sources() {
    let root = workspace(&[("src/a", ""), ("src/x/b", "")]);
    fails(&root, "{}", "src", "the output directory `src` holds `src/a`, which `inputs` names");
    fails(
        &root,
        "{}",
        "src/x",
        "the output directory `src/x` holds `src/x/b`, which `inputs` names",
    );
    fails(&root, "{}", "src/a", "cannot look at `src/a/manifest.json`");
}

#[test]
fn a_collision_with_what_build_writes_is_told() {
    let root = workspace(&[("Manifest.json", ""), ("bundle.zip/x", "")]);
    let section = |input: &str| format!(r#"{{"inputs": ["{input}"]}}"#);
    fails(&root, &section("*.json"), "dist", "build writes `dist/manifest.json` itself");
    fails(&root, &section("bundle.zip"), "dist", "build writes `dist/bundle.zip` itself");
}

#[test]
fn what_others_wrote_is_not_overwritten() {
    let root = workspace(&[("src/a", "a"), ("dist/src/a", "mine"), ("site/manifest.json", "{}")]);
    fails(&root, "{}", "dist", "`dist/src/a` is there, and build did not write it");
    fails(&root, "{}", "site", "`site/manifest.json` is no manifest of an earlier build");
}

#[test]
fn the_manifest_of_an_attacker_deletes_nothing_elsewhere() {
    let root = workspace(&[("src/a", "a"), ("precious", "p")]);
    build(&root, "{}").expect("it works");
    let path = root.path().join("dist/manifest.json");
    let good = fs::read_to_string(&path).expect("a file");
    for evil in ["../precious", "/precious", "a/../../precious"] {
        fs::write(&path, good.replace("bundle.zip", evil)).expect("a file");
        assert!(build(&root, "{}").is_err(), "{evil}");
    }
    assert!(root.path().join("precious").exists());
}
