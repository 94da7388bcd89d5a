use super::*;

fn protected(workspace: &str, files: &[&str]) -> Protected {
    let files = files.iter().map(PathBuf::from).collect();
    Protected::new(OwnPaths { workspace: workspace.into(), files, ..OwnPaths::default() })
}

#[test]
fn the_runners_own_files_and_gits_are_protected() {
    let own = protected("/ws", &["/home/me/.cache/taskrunner"]);
    let is_protected = |path: &str| own.reason(Path::new(path)).is_some();
    for path in [
        "/ws/.git",
        "/ws/.git/hooks/pre-commit",
        "/ws/sub/.GIT/config",
        "/ws/taskrunner.yaml",
        "/ws/TaskRunner.Lock",
        "/ws/.taskrunner/plugins/x.wasm",
        "/home/me/.cache/taskrunner/compiled/x",
    ] {
        assert!(is_protected(path), "{path}");
    }
    for path in ["/ws", "/ws/.gitignore", "/ws/sub/taskrunner.yaml", "/ws/git", "/ws/x.git/y"] {
        assert!(!is_protected(path), "{path}");
    }
    let root = tempfile::tempdir().expect("a directory");
    let root = dunce::canonicalize(root.path()).expect("it is there");
    std::fs::create_dir(root.join("sub")).expect("a directory");
    let path = root.join("sub/../receipt.json");
    let new = protected("/ws", &[path.to_str().expect("Unicode")]);
    assert!(new.reason(&root.join("receipt.json")).is_some(), "whatever way it is written");
    let untidy = protected("/ws", &["/ws//a/./b/"]);
    assert!(untidy.reason(Path::new("/ws/a/b/c")).is_some());
    assert!(untidy.reason(Path::new("/ws/a/bc")).is_none());
    assert!(own.is_below(Path::new("/home/me")) && own.is_below(Path::new("/")));
    assert!(!own.is_below(Path::new("/ws/sub")) && !own.is_below(Path::new("/home/m")));
    assert!(protected("/ws", &["/"]).reason(Path::new("/anything")).is_some());
}

#[test]
fn git_has_one_name_in_many_spellings() {
    for name in [
        ".git",
        ".GIT",
        ".git.",
        ".git . .",
        ".Git:stream",
        ".git\\hooks",
        "git~1",
        "GIT~1 ",
        ".g\u{200c}it",
        "\u{feff}.git",
    ] {
        let path = Path::new("/ws/sub").join(name).join("config");
        assert!(git::has_its_name(&path), "{name:?}");
    }
    for name in [".gitignore", ".github", "git", "git~2", ".git~", ".gìt", ". git", "x.git"] {
        let path = Path::new("/ws/sub").join(name);
        assert!(!git::has_its_name(&path), "{name:?}");
    }
}

/// A workspace with files of these names.
fn workspace(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().expect("a directory");
    let path = dunce::canonicalize(root.path()).expect("it is there");
    for (name, text) in files {
        let file = path.join(name);
        std::fs::create_dir_all(file.parent().expect("it is below")).expect("made");
        if !name.ends_with('/') {
            std::fs::write(file, text).expect("written");
        }
    }
    (root, path)
}

#[test]
fn what_git_takes_for_a_repository_is_protected_under_any_name() {
    let (_root, ws) = workspace(&[
        ("bare/HEAD", "ref: refs/heads/main"),
        ("bare/objects/x", ""),
        ("bare/refs/x", ""),
        ("tree/HEAD", "ref: refs/heads/main"),
        ("tree/commondir", "../bare"),
        ("half/HEAD", ""),
        ("half/objects/x", ""),
        ("sub/.git", "gitdir: data\n"),
        ("sub/data/config", ""),
        ("sub/data/commondir", "../common"),
        ("sub/common/config", ""),
        ("sub/src/x", ""),
    ]);
    let own = Protected::in_workspace(&ws);
    let is_protected = |path: &str| own.reason(&ws.join(path)).is_some();
    for path in [
        "bare",
        "bare/config",
        "bare/hooks/new/deep",
        "tree/gitdir",
        "half/refs",
        "half/commondir",
        "half/COMMONDIR",
        "sub/.git",
        "sub/data",
        "sub/data/config",
        "sub/common/config",
    ] {
        assert!(is_protected(path), "{path}");
    }
    for path in ["half/config", "HEAD", "sub/src/x", "sub", "new/HEAD", "new/objects"] {
        assert!(!is_protected(path), "{path}");
    }
}

#[test]
fn a_directory_that_was_free_is_looked_at_again_where_another_one_comes() {
    let (_root, ws) = workspace(&[
        ("free/data/x", ""),
        ("other/data/HEAD", ""),
        ("other/data/objects/x", ""),
        ("other/data/refs/x", ""),
    ]);
    let own = Protected::in_workspace(&ws);
    let is_protected = |path: &str| own.reason(&ws.join(path)).is_some();
    assert!(!is_protected("free/data/config") && !is_protected("free/data/new"));
    std::fs::rename(ws.join("free"), ws.join("gone")).expect("moved");
    std::fs::rename(ws.join("other"), ws.join("free")).expect("moved");
    assert!(is_protected("free/data/config"));
    assert!(!is_protected("gone/data/config"));
    for part in ["HEAD", "commondir"] {
        assert!(!is_protected("gone/data/x"));
        assert_eq!(is_protected(&format!("gone/data/{part}")), part == "commondir");
        std::fs::write(ws.join("gone/data").join(part), "").expect("written");
    }
}

#[cfg(unix)]
#[test]
fn the_repository_of_a_workspace_is_known_by_all_its_names() {
    let (_root, top) = workspace(&[
        (".git", "gitdir: ws/data"),
        ("ws/data/config", ""),
        ("ws/link/real/config", ""),
        ("ws/src/x", ""),
    ]);
    let ws = top.join("ws");
    std::os::unix::fs::symlink("link/real", ws.join("way")).expect("a link");
    let git = vec![ws.join("way")];
    let paths = OwnPaths { workspace: ws.clone(), git, ..OwnPaths::default() };
    let own = Protected::new(paths);
    for path in ["data/config", "data", "way", "link/real/config"] {
        assert!(own.reason(&ws.join(path)).is_some(), "{path}");
    }
    assert!(own.is_below(&ws.join("link")), "what holds it is not moved away");
    assert!(own.reason(&ws.join("src/x")).is_none() && !own.is_below(&ws.join("src")));
}
