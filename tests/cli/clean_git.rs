//! `clean` never removes what git tracks, wherever the top of the repository is; and where that cannot be
//! known it removes nothing and says why. All repositories are made by git itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::Project;

const UNKNOWN: &str = "cannot tell what git tracks in";

/// Runs git in a directory, with no configuration but the repository's own, and gives what it prints.
fn git_in(directory: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_"))
    {
        command.env_remove(name);
    }
    let ran = command
        .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"])
        .args(["-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git is there");
    assert!(ran.status.success(), "{arguments:?}: {ran:?}");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

fn git(project: &Project, directory: &str, arguments: &[&str]) -> String {
    git_in(&project.path(directory), arguments)
}

/// A Cargo project in a directory, with something in `target` that is to be tracked, and something built.
fn package(project: Project, directory: &str) -> Project {
    project
        .file(format!("{directory}/Cargo.toml"), "[package]")
        .file(format!("{directory}/target/kept/tracked"), "committed")
        .file(format!("{directory}/target/debug/built"), "built")
}

/// A repository whose top is the directory of all tests, with a package in `app` that is committed.
fn monorepo(init: &[&str]) -> Project {
    let project = package(Project::new(), "app");
    git(&project, "", &[&["init", "-q"], init].concat());
    track(&project, "", "app");
    project
}

/// Commits a package's source and its one file in `target`.
fn track(project: &Project, repository: &str, package: &str) {
    let kept = format!("{package}/target/kept");
    git(project, repository, &["add", "-f", &format!("{package}/Cargo.toml"), &kept]);
    git(project, repository, &["commit", "-q", "-m", "all"]);
}

const NO_VARIABLES: &[(&str, &str)] = &[];

/// Changes the tracked file of a package, cleans in a directory, and looks at what is left.
#[track_caller]
fn assert_tracked_stays(
    project: &Project,
    (package, directory): (&str, &str),
    variables: &[(&str, &str)],
) {
    let kept = format!("{package}/target/kept/tracked");
    fs::write(project.path(&kept), "changed and not committed").expect("a file");
    let mut call = project.call(["clean"]).within(directory);
    for (name, value) in variables {
        call = call.env(name, *value);
    }
    call.succeeds().printing("tracked by git");
    assert_eq!(project.text(&kept), "changed and not committed");
    assert!(!project.path(format!("{package}/target/debug")).exists(), "{package}");
}

/// Cleans in a directory, which removes nothing, for a reason that it tells.
#[track_caller]
fn assert_unknown(
    project: &Project,
    (package, directory): (&str, &str),
    variables: &[(&str, &str)],
    reason: &str,
) {
    let mut call = project.call(["clean"]).within(directory);
    for (name, value) in variables {
        call = call.env(name, *value);
    }
    call.succeeds()
        .reporting(UNKNOWN)
        .reporting(reason)
        .printing("nothing to remove (1 left alone)");
    assert!(project.path(format!("{package}/target/kept/tracked")).exists());
    assert!(project.path(format!("{package}/target/debug/built")).exists());
}

#[test]
fn tracked_files_stay_below_the_top_whatever_the_index_is_like() {
    let tracked = "app/target/kept/tracked";
    for init in [&[][..], &["--object-format=sha256"]] {
        for settings in [
            &["status"][..],
            &["update-index", "--index-version", "4"],
            &["update-index", "--split-index"],
            &["update-index", "--skip-worktree", tracked],
            &["update-index", "--assume-unchanged", tracked],
            &["-c", "index.skipHash=true", "update-index", "--force-write-index"],
        ] {
            let project = monorepo(init);
            git(&project, "", settings);
            assert_tracked_stays(&project, ("app", "app"), NO_VARIABLES);
        }
    }
    let project = package(Project::new(), "app");
    git(&project, "", &["init", "-q"]);
    git(&project, "", &["add", "-f", "-N", tracked]);
    assert_tracked_stays(&project, ("app", "app"), NO_VARIABLES);
}

#[test]
fn tracked_files_stay_where_a_configuration_makes_a_deep_workspace() {
    let project = package(Project::new(), "a/b/c").file("a/b/taskrunner.yaml", "{}");
    git(&project, "", &["init", "-q"]);
    track(&project, "", "a/b/c");
    assert_tracked_stays(&project, ("a/b/c", "a/b/c"), NO_VARIABLES);
}

#[test]
fn directory_that_a_sparse_index_does_not_list_stays() {
    let project = monorepo(&[]).file("src/main.rs", "");
    git(&project, "", &["add", "src"]);
    git(&project, "", &["commit", "-q", "-m", "more"]);
    git(&project, "", &["sparse-checkout", "set", "--cone", "--sparse-index", "src"]);
    let project = package(project, "app");
    project.call(["clean"]).within("app").succeeds().printing("nothing to remove (1 left alone)");
    assert!(project.path("app/target/kept/tracked").exists());
}

#[cfg(unix)]
#[test]
fn names_that_are_not_unicode_do_not_hide_the_others() {
    use std::os::unix::ffi::OsStrExt;
    let project = monorepo(&[]);
    let name = std::ffi::OsStr::from_bytes(b"latin-\xe9");
    fs::write(project.path("app").join(name), "").expect("a file");
    git(&project, "", &["add", "app/latin*"]);
    fs::remove_file(project.path("app").join(name)).expect("it is there");
    assert_tracked_stays(&project, ("app", "app"), NO_VARIABLES);
}

#[cfg(unix)]
#[test]
fn workspace_behind_a_link_is_the_one_that_it_leads_to() {
    let project = monorepo(&[]);
    let project = project.link("short", "app");
    assert_tracked_stays(&project, ("app", "short"), NO_VARIABLES);
}

#[test]
fn tracked_files_of_a_linked_worktree_stay() {
    let project = monorepo(&[]);
    let elsewhere = project.beside_text("outside/tree");
    git(&project, "", &["worktree", "add", "-q", &elsewhere, "-b", "other"]);
    for directory in ["tree", "tree/app"] {
        let tree = project.beside_path("outside/tree/app/target");
        fs::create_dir_all(tree.join("debug")).expect("a directory");
        fs::write(tree.join("debug/built"), "built").expect("a file");
        fs::write(tree.join("kept/tracked"), "changed").expect("a file");
        let call = project.call(["clean"]).within_beside(&format!("outside/{directory}"));
        call.succeeds().printing("tracked by git");
        assert_eq!(fs::read_to_string(tree.join("kept/tracked")).expect("it stays"), "changed");
        assert!(!tree.join("debug").exists());
    }
}

#[test]
fn tracked_files_of_a_worktree_in_the_workspace_stay_although_its_repository_is_above() {
    let project = monorepo(&[]);
    git(&project, "", &["worktree", "add", "-q", "app/trees/one", "-b", "one"]);
    let project = project.file("app/trees/one/app/target/debug/built", "built");
    assert_tracked_stays(&project, ("app/trees/one/app", "app"), NO_VARIABLES);
}

#[test]
fn tracked_files_of_a_submodule_stay() {
    let project = package(Project::new(), "inner/lib").file("main/app/Cargo.toml", "[package]");
    git(&project, "inner", &["init", "-q"]);
    track(&project, "inner", "lib");
    git(&project, "main", &["init", "-q"]);
    let url = project.path("inner").to_string_lossy().into_owned();
    git(&project, "main", &["submodule", "--quiet", "add", &url, "app/sub"]);
    git(&project, "main", &["commit", "-q", "-m", "all"]);
    let inner = "main/app/sub/lib";
    for directory in [inner, "main/app/sub", "main/app", "main"] {
        let built = project.path(format!("{inner}/target/debug/built"));
        fs::create_dir_all(built.parent().expect("it has one")).expect("a directory");
        fs::write(built, "built").expect("a file");
        assert_tracked_stays(&project, (inner, directory), NO_VARIABLES);
    }
    // Of a submodule that is not checked out, all stays.
    git(&project, "main", &["submodule", "--quiet", "deinit", "-f", "app/sub"]);
    let project = package(project, inner);
    for directory in ["main/app", inner] {
        project.call(["clean"]).within(directory).succeeds().printing("(1 left alone)");
        assert!(project.path(format!("{inner}/target/debug/built")).exists());
    }
}

#[test]
fn tracked_files_stay_where_the_git_directory_is_elsewhere() {
    let elsewhere = |project: &Project| project.beside_text("outside/data.git");
    for directory in ["app", ""] {
        let project = package(Project::new(), "app");
        let separate = format!("--separate-git-dir={}", elsewhere(&project));
        git(&project, "", &["init", "-q", &separate]);
        track(&project, "", "app");
        assert_tracked_stays(&project, ("app", directory), NO_VARIABLES);
    }
    #[cfg(unix)]
    for directory in ["app", ""] {
        let project = monorepo(&[]);
        fs::rename(project.path(".git"), project.beside_path("outside/data.git")).expect("moved");
        let target = elsewhere(&project);
        let project = project.link(".git", target);
        assert_tracked_stays(&project, ("app", directory), NO_VARIABLES);
    }
    // The top is not where `.git` is.
    for directory in ["app", "app/inner"] {
        let project = package(Project::new(), "app").file("app/inner/Cargo.toml", "[package]");
        git(&project, "app", &["init", "-q"]);
        git(&project, "app", &["config", "core.worktree", "../.."]);
        track(&project, "app", ".");
        let project = project.file("app/taskrunner.yaml", "{}");
        assert_tracked_stays(&project, ("app", directory), NO_VARIABLES);
    }
}

#[test]
fn variables_of_git_name_the_repository() {
    let bare = || {
        let project = package(Project::new(), "app");
        git(&project, "", &["init", "-q", "--bare", "../outside/dots"]);
        let dots = project.beside_text("outside/dots");
        let tree = project.path("").to_string_lossy().into_owned();
        let options = ["--git-dir", &dots, "--work-tree", &tree];
        git(&project, "", &[&options[..], &["add", "-f", "app/target/kept"]].concat());
        (project, dots, tree)
    };
    for directory in ["app", ""] {
        let (project, dots, tree) = bare();
        let variables = [("GIT_DIR", &*dots), ("GIT_WORK_TREE", &*tree)];
        assert_tracked_stays(&project, ("app", directory), &variables);
    }
    // Without a working tree of its own it is where the user is.
    let (project, dots, _) = bare();
    assert_tracked_stays(&project, ("app", ""), &[("GIT_DIR", &dots)]);
    // A working tree below the workspace.
    let project = package(Project::new(), "deep/app");
    git(&project, "deep", &["init", "-q", "--bare", "../../outside/dots"]);
    let (dots, tree) = (project.beside_text("outside/dots"), "deep");
    let options = ["--git-dir", &dots, "--work-tree", "."];
    git(&project, "deep", &[&options[..], &["add", "-f", "app/target/kept"]].concat());
    assert_tracked_stays(
        &project,
        ("deep/app", ""),
        &[("GIT_DIR", &dots), ("GIT_WORK_TREE", tree)],
    );
}

#[test]
fn index_that_the_environment_names_counts_as_well() {
    for (directory, index) in [("app", "../other"), ("app", "other"), ("", "other")] {
        let project = monorepo(&[]).file("app/target/second", "not in the usual index");
        fs::copy(project.path(".git/index"), project.path("other")).expect("copied");
        let file = project.path("other").to_string_lossy().into_owned();
        let mut add = Command::new("git");
        add.args(["add", "-f", "app/target/second"]).current_dir(project.path(""));
        assert!(add.env("GIT_INDEX_FILE", &file).status().expect("git").success());
        assert_tracked_stays(&project, ("app", directory), &[("GIT_INDEX_FILE", index)]);
        assert!(project.path("app/target/second").exists(), "{directory} {index}");
    }
}

#[test]
fn variables_that_do_not_fit_leave_it_unknown() {
    let project = monorepo(&[]);
    for (name, reason) in
        [("GIT_DIR", "that is no git directory"), ("GIT_WORK_TREE", "GIT_WORK_TREE is `")]
    {
        assert_unknown(&project, ("app", "app"), &[(name, "nowhere")], reason);
    }
}

/// A name in the git directory, what is done to it, and the reason that is given then.
type Damage = (&'static str, fn(&Path), &'static str);

#[test]
fn damaged_repository_leaves_it_unknown() {
    let damages: [Damage; 7] = [
        ("index", |path| fs::write(path, "DIRC").expect("a file"), "its checksum is wrong"),
        ("index", |path| cut(path, 5), "its checksum is wrong"),
        (
            "index",
            |path| {
                fs::remove_file(path).expect("removed");
                fs::create_dir(path).expect("a directory");
            },
            "is not a regular file",
        ),
        ("HEAD", |path| fs::write(path, "nonsense").expect("a file"), "is damaged"),
        ("HEAD", |path| fs::remove_file(path).expect("removed"), "is damaged"),
        ("refs", |path| fs::remove_dir_all(path).expect("removed"), "is damaged"),
        (
            "config",
            |path| fs::write(path, "[core]\nworktree = \"x\"").expect("a file"),
            "core.worktree",
        ),
    ];
    for (name, damage, reason) in damages {
        let project = monorepo(&[]);
        damage(&project.path(".git").join(name));
        assert_unknown(&project, ("app", "app"), NO_VARIABLES, reason);
        project.call(["clean"]).within("app").succeeds().reporting("`[WORKSPACE]`");
    }
    for text in ["gitdir: nowhere\n", "nonsense", ""] {
        let project = monorepo(&[]);
        fs::rename(project.path(".git"), project.path("data")).expect("renamed");
        let project = project.file(".git", text);
        assert_unknown(&project, ("app", "app"), NO_VARIABLES, ".git");
    }
}

fn cut(path: &Path, bytes: usize) {
    let whole = fs::read(path).expect("it is there");
    fs::write(path, &whole[..whole.len() - bytes]).expect("a file");
}

#[cfg(unix)]
#[test]
fn link_is_not_followed_to_an_index_above() {
    let project = monorepo(&[]);
    fs::rename(project.path(".git/index"), project.beside_path("outside/index")).expect("moved");
    let target = project.beside_text("outside/index");
    let project = project.link(".git/index", target);
    assert_unknown(&project, ("app", "app"), NO_VARIABLES, "is not a regular file");
}

#[test]
fn index_that_may_not_be_read_leaves_it_unknown() {
    let project = monorepo(&[]);
    for denial in ["git:index", "../.git", "../.git/index"] {
        project
            .call(["clean", "--deny-read", denial])
            .within("app")
            .succeeds()
            .reporting(UNKNOWN)
            .printing("nothing to remove (1 left alone)");
    }
    // The same of one in sight, at the top and below it.
    for denial in [".git", "git:index", "**/.git"] {
        let call = project.call(["clean", "--deny-read", denial]);
        call.succeeds().reporting(UNKNOWN).printing("nothing to remove (1 left alone)");
    }
    git(&project, "app", &["init", "-q"]);
    git(&project, "app", &["add", "-f", "target/kept"]);
    project
        .call(["clean", "--deny-read", "app/.git"])
        .succeeds()
        .reporting("`app/.git` may not be read")
        .printing("nothing to remove (1 left alone)");
    assert!(project.path("app/target/debug/built").exists());
}

#[test]
fn repository_in_between_does_not_free_what_the_outer_one_tracks() {
    for directory in ["", "app"] {
        let project = monorepo(&[]).file("app/taskrunner.yaml", "{}");
        git(&project, "app", &["init", "-q"]);
        if directory.is_empty() {
            assert_tracked_stays(&project, ("app", ""), NO_VARIABLES);
        } else {
            // git itself does not look further up than to the nearest repository.
            let project = package(project, "app/in");
            git(&project, "app", &["add", "-f", "in/target/kept"]);
            assert_tracked_stays(&project, ("app/in", "app"), NO_VARIABLES);
        }
    }
}

#[test]
fn bare_repository_beside_a_working_tree() {
    // A file `.git` names it, so git finds it too.
    let project = package(Project::new(), "app");
    git(&project, "", &["init", "-q", "--separate-git-dir=.bare"]);
    track(&project, "", "app");
    assert_tracked_stays(&project, ("app", "app"), NO_VARIABLES);
    // Only the command line of git names it: then nobody can know where its working tree is.
    let project = package(Project::new(), "app");
    git(&project, "", &["init", "-q", "--bare", ".bare"]);
    let options = ["--git-dir=.bare", "--work-tree=."];
    git(&project, "", &[&options[..], &["add", "-f", "app/target/kept"]].concat());
    assert_unknown(&project, ("app", ""), NO_VARIABLES, "`.bare` is a git directory");
    let variables = [("GIT_DIR", ".bare"), ("GIT_WORK_TREE", ".")];
    assert_tracked_stays(&project, ("app", ""), &variables);
}

#[test]
fn without_a_repository_or_beyond_the_ceiling_nothing_is_tracked() {
    let project = package(Project::new(), "app");
    project.call(["clean"]).within("app").succeeds().printing("removed 1 artifact");
    let project = monorepo(&[]);
    let ceiling = project.path("").to_string_lossy().into_owned();
    let call = project.call(["clean"]).within("app").env("GIT_CEILING_DIRECTORIES", ceiling);
    call.succeeds().printing("removed 1 artifact");
    assert!(!project.path("app/target").exists());
}

#[test]
fn file_that_was_taken_out_of_the_index_is_not_tracked() {
    let project = monorepo(&[]);
    git(&project, "", &["rm", "-q", "-r", "--cached", "app/target/kept"]);
    project.call(["clean"]).within("app").succeeds().printing("removed 1 artifact");
    assert!(!project.path("app/target").exists());
}

#[test]
fn only_the_index_is_read_of_the_repository_and_that_is_on_record() {
    const MASKED: &str = "[WORKSPACE]/.git/index";
    let project = monorepo(&[]);
    let index = project.path(".git/index").to_string_lossy().into_owned();
    project.call(["permissions", "show", "clean"]).within("app").succeeds().printing(MASKED);
    let explain =
        |path: &str| project.call(["permissions", "explain", "clean", "read", path]).within("app");
    explain("../.git/index").succeeds().printing("read git:index (built in)");
    explain("git:index").succeeds().printing(MASKED);
    for path in ["../.git/config", "../.git/HEAD", "../.git", "../.git/objects", "../Cargo.toml"] {
        explain(path).exits(1).printing("not granted");
    }
    let audit = project.beside_text("outside/audit.jsonl");
    project.call(["clean", "--audit", &audit]).within("app").succeeds();
    let lines =
        fs::read_to_string(project.beside_path("outside/audit.jsonl")).expect("it is there");
    let outside = lines.lines().filter(|line| line.contains("/.git/"));
    let outside: Vec<_> = outside.collect();
    assert!(!outside.is_empty(), "{lines}");
    for line in outside {
        assert!(line.contains(&index) && line.contains("git:index (built in)"), "{line}");
    }
}

#[test]
fn another_users_repository_is_not_believed() {
    let project = monorepo(&[]);
    let foreign = Command::new("chown").args(["-R", "65534"]).arg(project.path(".git")).status();
    if !foreign.is_ok_and(|status| status.success()) {
        // Only the system's administrator can give files away.
        return;
    }
    assert_unknown(&project, ("app", "app"), NO_VARIABLES, "belongs to another user");
}
