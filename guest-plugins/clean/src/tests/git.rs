//! Files that git tracks are left alone.

use std::fs;
use std::rc::Rc;

use super::workspace::{Workspace, options};
use crate::clean::clean;
use crate::options::Options;
use crate::repository::{Repository, Top};
use crate::told::Told;

/// A Cargo project in `directory`, with a tracked and an untracked file in its `target`.
fn project(workspace: &Workspace, directory: &str) {
    for file in ["Cargo.toml", "target/debug/built", "target/kept/tracked"] {
        workspace.add(&format!("{directory}/{file}"));
    }
}

fn repository(init: &[&str]) -> Workspace {
    let workspace = Workspace::with(&[]);
    workspace.git("", &[&["init", "-q"], init].concat());
    project(&workspace, ".");
    workspace.git("", &["add", "-f", "Cargo.toml", "target/kept"]);
    workspace
}

#[track_caller]
fn assert_only_untracked_goes(workspace: &Workspace, directory: &str) {
    let ran = workspace.clean();
    ran.result.expect("success");
    assert!(ran.out.contains("target/  (stays: 1 tracked by git)\n"), "{}", ran.out);
    assert!(workspace.has(&format!("{directory}/target/kept/tracked")));
    assert!(!workspace.has(&format!("{directory}/target/debug")));
}

#[track_caller]
fn assert_left_alone(workspace: &Workspace, directory: &str) {
    let ran = workspace.clean();
    ran.result.expect("success");
    assert!(ran.out.ends_with("(1 left alone)\n"), "{}", ran.out);
    assert!(workspace.has(&format!("{directory}/target/kept/tracked")));
    assert!(workspace.has(&format!("{directory}/target/debug/built")));
}

#[test]
fn tracked_files_stay_whatever_the_index_is_like() {
    for init in [&[][..], &["--object-format=sha256"]] {
        for settings in [
            &[][..],
            &["update-index", "--index-version", "4"],
            // Version 3, for its flags.
            &["add", "-N", "target/kept"],
            &["update-index", "--skip-worktree", "target/kept/tracked"],
            &["update-index", "--split-index"],
            &["-c", "index.skipHash=true", "update-index", "--force-write-index"],
            &["-c", "index.threads=2", "update-index", "--untracked-cache", "--fsmonitor"],
        ] {
            let workspace = repository(init);
            if !settings.is_empty() {
                workspace.git("", settings);
            }
            assert_only_untracked_goes(&workspace, ".");
        }
    }
}

#[test]
fn a_split_index_counts_both_of_its_files() {
    let workspace = repository(&[]);
    workspace.git("", &["update-index", "--split-index"]);
    workspace.add("target/kept/later");
    workspace.git("", &["-c", "splitIndex.maxPercentChange=100", "add", "-f", "target/kept/later"]);
    let ran = workspace.clean();
    assert!(ran.out.contains("(stays: 2 tracked by git)"), "{}", ran.out);
    assert!(workspace.has("target/kept/tracked") && workspace.has("target/kept/later"));
    // Without the other file, nobody knows.
    let git = fs::read_dir(workspace.path(".git")).expect("a directory").flatten();
    git.filter(|entry| entry.file_name().to_string_lossy().starts_with("sharedindex"))
        .for_each(|entry| fs::remove_file(entry.path()).expect("removed"));
    workspace.add("target/debug/built");
    assert_left_alone(&workspace, ".");
}

#[test]
fn a_directory_that_a_sparse_index_does_not_list_stays() {
    let workspace = repository(&[]);
    workspace.add("src/main.rs");
    workspace.git("", &["add", "src"]);
    workspace.git("", &["commit", "-q", "-m", "all"]);
    workspace.git("", &["sparse-checkout", "set", "--cone", "--sparse-index", "src"]);
    project(&workspace, ".");
    assert_left_alone(&workspace, ".");
}

#[test]
fn without_an_index_nothing_is_tracked() {
    let workspace = Workspace::with(&[]);
    workspace.git("", &["init", "-q"]);
    project(&workspace, ".");
    assert_eq!(workspace.clean().paths(), ["target/"]);
    assert!(!workspace.has("target"));
}

#[test]
fn an_index_that_cannot_be_read_protects_its_repository_and_no_other() {
    let good = fs::read(repository(&[]).path(".git/index")).expect("an index");
    let mut flipped = good.clone();
    flipped[60] ^= 1;
    let mut version = good.clone();
    version[7] = 9;
    let damaged: [&[u8]; 6] =
        [b"", b"DIRC", &good[..good.len() - 1], &good[..good.len() / 2], &flipped, &version];
    for data in damaged {
        let workspace = repository(&[]);
        workspace.write(".git/index", data);
        assert_left_alone(&workspace, ".");
        // Another repository, in which all is well.
        fs::create_dir(workspace.path("other")).expect("a directory");
        workspace.git("other", &["init", "-q"]);
        project(&workspace, "other");
        let ran = workspace.clean();
        assert_eq!(ran.paths(), ["other/target/"], "{}", ran.out);
        assert!(workspace.has("target/debug/built"));
    }
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_to_an_index() {
    let workspace = repository(&[]);
    fs::rename(workspace.path(".git/index"), workspace.path("index")).expect("renamed");
    workspace.link(".git/index", workspace.path("index"));
    assert_left_alone(&workspace, ".");
    let workspace = repository(&[]);
    fs::rename(workspace.path(".git"), workspace.path("git")).expect("renamed");
    workspace.link(".git", workspace.path("git"));
    assert_left_alone(&workspace, ".");
}

#[test]
fn case_does_not_hide_a_tracked_file() {
    let workspace = repository(&[]);
    fs::rename(workspace.path("target/kept"), workspace.path("target/KEPT")).expect("renamed");
    assert!(workspace.clean().out.contains("1 tracked by git"));
    assert!(workspace.has("target/KEPT/tracked"));
}

#[test]
fn a_submodule_has_an_index_of_its_own() {
    let inner = Workspace::with(&[]);
    inner.git("", &["init", "-q"]);
    project(&inner, ".");
    inner.git("", &["add", "-f", "Cargo.toml", "target/kept"]);
    inner.git("", &["commit", "-q", "-m", "inner"]);
    let workspace = Workspace::with(&[]);
    workspace.git("", &["init", "-q"]);
    let url = inner.path("").to_string_lossy().into_owned();
    workspace.git("", &["submodule", "--quiet", "add", &url, "libs/inner"]);
    workspace.add("libs/inner/target/debug/built");
    assert_only_untracked_goes(&workspace, "libs/inner");
}

#[test]
fn a_worktree_has_an_index_of_its_own_if_its_repository_is_in_reach() {
    let workspace = repository(&[]);
    workspace.git("", &["commit", "-q", "-m", "all"]);
    workspace.git("", &["worktree", "add", "-q", ".trees/one", "-b", "one"]);
    fs::remove_dir_all(workspace.path("target")).expect("removed");
    workspace.add(".trees/one/target/debug/built");
    assert_only_untracked_goes(&workspace, ".trees/one");

    let outside = Workspace::with(&[]);
    let path = outside.path("two").to_string_lossy().into_owned();
    workspace.git("", &["worktree", "add", "-q", &path, "-b", "two"]);
    outside.add("two/target/debug/built");
    assert_left_alone(&outside, "two");
    // A place that is named, but does not lead back, is not believed.
    outside.write("two/.git", "gitdir: /else/where/.git/worktrees/two\n");
    outside.write("where/.git/worktrees/two/gitdir", "/other/two/.git\n");
    assert_left_alone(&outside, "two");
    outside.write("two/.git", "gitdir: ../../outside\n");
    assert_left_alone(&outside, "two");
    outside.write("two/.git", "nonsense");
    assert_left_alone(&outside, "two");
}

#[test]
fn a_repository_in_an_artifact_stays_whole() {
    let workspace = Workspace::with(&["Cargo.toml", "target/debug/x", "target/a/b/mine/untracked"]);
    workspace.git("target/a/b/mine", &["init", "-q"]);
    let ran = workspace.clean();
    assert!(ran.out.contains("target/  (stays: 1 repository)"), "{}", ran.out);
    assert!(
        workspace.has("target/a/b/mine/untracked") && workspace.has("target/a/b/mine/.git/HEAD")
    );
    assert!(!workspace.has("target/debug"));
    // As a working tree of its own, for instance of the published pages, it is no artifact at all.
    let workspace = Workspace::with(&["build.gradle", "build/index.html"]);
    workspace.git("build", &["init", "-q"]);
    assert_eq!(workspace.found(options()), [""; 0]);
}

#[test]
fn a_directory_called_git_is_not_yet_a_repository() {
    let workspace = repository(&[]);
    project(&workspace, "sub");
    workspace.git("", &["add", "-f", "sub/target/kept"]);
    workspace.add("sub/.git/");
    workspace.clean().result.expect("success");
    assert!(workspace.has("sub/target/kept/tracked") && !workspace.has("sub/target/debug"));
}

/// Cleans a package of a repository, as the runner tells of it.
fn clean_below_the_top(workspace: &Workspace, package: &str) -> super::workspace::Ran {
    let index = workspace.path(".git/index");
    let above = Repository::told(
        Top::Above(package.into()),
        "the repository",
        workspace.path(".git"),
        vec![index],
    );
    let mut told = Told::default();
    told.around = Some(Rc::new(above));
    let mut out = Vec::new();
    let options = Options { told, ..options() };
    let result = clean(&workspace.path(package), &options, &mut out, &mut |_, _, _| {});
    super::workspace::Ran { out: String::from_utf8(out).expect("text"), result }
}

#[test]
fn paths_of_an_index_above_begin_at_its_top() {
    let workspace = Workspace::with(&[]);
    workspace.git("", &["init", "-q"]);
    project(&workspace, "app");
    // What the same path means at the top is something else.
    workspace.add("target/debug/built");
    workspace.git("", &["add", "-f", "app/target/kept", "target/debug/built"]);
    let ran = clean_below_the_top(&workspace, "app");
    assert!(ran.out.contains("target/  (stays: 1 tracked by git)\n"), "{}", ran.out);
    assert!(workspace.has("app/target/kept/tracked") && !workspace.has("app/target/debug"));
}

#[test]
fn index_above_that_cannot_be_read_or_is_gone_leaves_all() {
    let unknown_extension = |index: &[u8]| {
        let body = &index[..index.len() - 20];
        let mut changed = [body, b"need", &[0, 0, 0, 0]].concat();
        let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
        hasher.update(&changed);
        changed.extend(hasher.try_finalize().expect("a checksum").as_bytes());
        changed
    };
    for damage in [None, Some(unknown_extension as fn(&[u8]) -> Vec<u8>), Some(|_| Vec::new())] {
        let workspace = Workspace::with(&[]);
        workspace.git("", &["init", "-q"]);
        project(&workspace, "app");
        workspace.git("", &["add", "-f", "app/target/kept"]);
        let index = fs::read(workspace.path(".git/index")).expect("an index");
        fs::remove_file(workspace.path(".git/index")).expect("removed");
        if let Some(damage) = damage {
            workspace.write(".git/index", damage(&index));
        }
        let ran = clean_below_the_top(&workspace, "app");
        assert!(ran.out.ends_with("(1 left alone)\n"), "{}", ran.out);
        assert!(workspace.has("app/target/debug/built"));
    }
}

#[test]
fn letters_of_any_alphabet_do_not_hide_a_tracked_file_by_their_case() {
    let workspace = Workspace::with(&[]);
    workspace.git("", &["init", "-q"]);
    workspace.add("Cargo.toml");
    workspace.add("target/GRÜN/x");
    workspace.add("target/debug/built");
    workspace.git("", &["add", "-f", "target/GRÜN/x"]);
    fs::rename(workspace.path("target/GRÜN"), workspace.path("target/grün")).expect("renamed");
    assert!(workspace.clean().out.contains("1 tracked by git"));
    assert!(workspace.has("target/grün/x"));
}

#[test]
fn repository_in_between_does_not_free_what_the_outer_one_tracks() {
    let workspace = Workspace::with(&[]);
    workspace.git("", &["init", "-q"]);
    project(&workspace, "sub");
    workspace.git("", &["add", "-f", "sub/target/kept"]);
    workspace.git("sub", &["init", "-q"]);
    assert_only_untracked_goes(&workspace, "sub");
}

#[test]
fn git_directory_without_a_known_working_tree_leaves_what_is_around_it() {
    let workspace = Workspace::with(&[]);
    project(&workspace, "app");
    workspace.git("app", &["init", "-q", "--bare", ".bare"]);
    let add = ["--git-dir=.bare", "--work-tree=.", "add", "-f", "target/kept"];
    workspace.git("app", &add);
    assert_left_alone(&workspace, "app");
    // One that a file `.git` names has a known one; one without an index has none.
    workspace.write("app/.git", "gitdir: .bare\n");
    assert_only_untracked_goes(&workspace, "app");
    let workspace = Workspace::with(&[]);
    project(&workspace, "app");
    workspace.git("app", &["init", "-q", "--bare", ".bare"]);
    assert_eq!(workspace.clean().paths(), ["app/target/"]);
}

#[test]
fn repository_whose_working_tree_is_elsewhere_leaves_it_unknown() {
    for value in ["../..", "/somewhere", "\"../sub\"", "../../sub # mine"] {
        let workspace = Workspace::with(&[]);
        project(&workspace, "sub");
        workspace.git("sub", &["init", "-q"]);
        workspace.git("sub", &["add", "-f", "target/kept"]);
        let text = format!("[core]\n\tworktree = {value}\n");
        workspace.write("sub/.git/config", text);
        assert_left_alone(&workspace, "sub");
    }
}
