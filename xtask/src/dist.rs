//! Builds the program as it is given away.
//!
//! Linked statically and for one address, where the C library allows it: then there is nothing to look for, to
//! load and to put right before it starts, which takes longer than most commands (`docs/performance.md`). The flags
//! are given to the program alone, so that nothing else is compiled again for them; build scripts and procedural
//! macros could not be linked so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::cargo;

const STATIC: [&str; 5] =
    ["--", "-C", "target-feature=+crt-static", "-C", "relocation-model=static"];

/// Builds it, and gives its path.
pub(crate) fn build(root: &Path, target_directory: &Path) -> Result<PathBuf> {
    let program = ["--package", "taskrunner", "--bin", "taskrunner"];
    let mut command = Command::new(cargo());
    command.current_dir(root).args(["rustc", "--quiet", "--release", "--locked"]).args(program);
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        command.args(STATIC);
    }
    let status = command.status().context("cannot run cargo rustc")?;
    if !status.success() {
        bail!("cargo rustc failed ({status}): a static program takes the C library's `libc.a`");
    }
    let name = format!("taskrunner{}", std::env::consts::EXE_SUFFIX);
    let (built, given) =
        (target_directory.join("release").join(&name), target_directory.join("dist").join(&name));
    fs::create_dir_all(target_directory.join("dist"))?;
    // A linker writes in small pieces, and so the file system keeps it, and maps it, in small pieces: a copy starts
    // in three quarters of the time.
    fs::copy(&built, &given)
        .with_context(|| format!("cannot copy {} to {}", built.display(), given.display()))?;
    Ok(given)
}
