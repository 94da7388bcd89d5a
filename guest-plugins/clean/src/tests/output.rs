//! What is shown.

use super::workspace::{Workspace, options};
use crate::options::Options;

#[test]
fn the_lines_are_sorted_and_aligned() {
    let workspace = Workspace::with(&["web/package.json", "Cargo.toml"]);
    workspace.write("web/node_modules/a", vec![0; 3 << 20]);
    workspace.write("target/a", vec![0; 1500]);
    workspace.write("target/b/c", vec![0; 36]);
    let dry_run = Options { dry_run: true, ..options() };
    assert_eq!(
        workspace.run(&dry_run).out,
        "would remove  cargo     1.5 KiB  target/\n\
         would remove  node      3.0 MiB  web/node_modules/\n\
         would remove 2 artifacts, 3.0 MiB\n"
    );
    assert_eq!(
        workspace.clean().out,
        "removed  cargo     1.5 KiB  target/\n\
         removed  node      3.0 MiB  web/node_modules/\n\
         removed 2 artifacts, 3.0 MiB\n"
    );
    assert_eq!(workspace.clean().out, "nothing to remove\n");
}

#[cfg(unix)]
#[test]
fn a_hard_link_is_counted_once_and_in_both_modes_alike() {
    let workspace = Workspace::with(&["Cargo.toml", "sub/Cargo.toml", "sub/target/x"]);
    workspace.write("target/a", vec![0; 1000]);
    for link in ["target/b", "sub/target/c"] {
        std::fs::hard_link(workspace.path("target/a"), workspace.path(link)).expect("a link");
    }
    let dry_run = workspace.run(&Options { dry_run: true, ..options() }).out;
    assert!(dry_run.ends_with("would remove 2 artifacts, 1001 B\n"), "{dry_run}");
    assert_eq!(workspace.clean().out, dry_run.replace("would remove", "removed"));
}

#[cfg(unix)]
#[test]
fn a_name_does_not_command_the_terminal() {
    let workspace = Workspace::with(&["\x1b[2Jx/Cargo.toml", "\x1b[2Jx/target/a"]);
    let out = workspace.clean().out;
    assert!(out.contains("  \\u{1b}[2Jx/target/\n"), "{out:?}");
}

#[test]
fn output_that_cannot_be_written_is_a_failure() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let workspace = Workspace::with(&[]);
    let failure = crate::clean::clean(&workspace.path(""), &options(), Full, &mut |_, _, _| {})
        .expect_err("a full disk");
    assert!(failure.message().starts_with("cannot write the output: "), "{}", failure.message());
}
