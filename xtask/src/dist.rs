//! Builds the program as it is given away.
//!
//! Linked statically and for one address, where the C library allows it: then there is nothing to look for, to
//! load and to put right before it starts, which takes longer than most commands (`docs/performance.md`). And its
//! functions stand in the order that puts those of a start together, where valgrind is there to say which they are: a
//! start otherwise touches pages all over the program. The flags are given to the program alone, so that nothing
//! else is compiled again for them; build scripts and procedural macros could not be linked so.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::instructions;
use crate::workspace::cargo;

const STATIC: [&str; 4] = ["-C", "target-feature=+crt-static", "-C", "relocation-model=static"];

/// Whether the compiler links with a linker that puts functions in an order: LLVM's, on this platform.
const ORDERS: bool = cfg!(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"));

/// Builds it, and gives its path.
pub(crate) fn build(root: &Path, target_directory: &Path) -> Result<PathBuf> {
    let directory = target_directory.join("dist");
    fs::create_dir_all(&directory)?;
    let ordered = match ORDERS {
        true => build_in_order(root, target_directory, &directory),
        false => Err(anyhow::anyhow!("this platform's linker has no order")),
    };
    match ordered {
        Ok(path) => Ok(path),
        Err(error) => {
            eprintln!("the program's functions stand as they come: {error:#}");
            rustc(root, target_directory, &directory, &[])
        }
    }
}

fn build_in_order(root: &Path, target_directory: &Path, directory: &Path) -> Result<PathBuf> {
    let named = rustc(root, target_directory, directory, &["-C".into(), "strip=none".into()])?;
    let functions = instructions::functions_of_a_start(root, &named)?;
    let order = write_order(directory, &functions)?;
    let argument = |argument: &str| ["-C".to_owned(), format!("link-arg=-Wl,{argument}")];
    let order = argument(&format!("--symbol-ordering-file={}", order.display()));
    let quietly = argument("--no-warn-symbol-ordering");
    rustc(root, target_directory, directory, &[order, quietly].concat())
}

/// Another order is another file, so that the program is linked again.
fn write_order(directory: &Path, functions: &BTreeSet<String>) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    functions.hash(&mut hasher);
    let path = directory.join(format!("functions-{:016x}", hasher.finish()));
    let lines: String = functions.iter().flat_map(|function| [function.as_str(), "\n"]).collect();
    fs::write(&path, lines).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn rustc(
    root: &Path,
    target_directory: &Path,
    directory: &Path,
    flags: &[String],
) -> Result<PathBuf> {
    let mut command = Command::new(cargo());
    command.current_dir(root).args(["rustc", "--quiet", "--release", "--locked"]);
    command.args(["--package", "taskrunner", "--bin", "taskrunner", "--"]);
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        command.args(STATIC);
    }
    let status = command.args(flags).status().context("cannot run cargo rustc")?;
    if !status.success() {
        bail!("cargo rustc failed ({status}); a static program takes the C library's `libc.a`");
    }
    let name = format!("taskrunner{}", std::env::consts::EXE_SUFFIX);
    let (built, given) = (target_directory.join("release").join(&name), directory.join(&name));
    // A linker writes in small pieces, and so the file system keeps it, and maps it, in small pieces: a copy starts
    // in three quarters of the time. And what is being run is replaced, not changed.
    let _ = fs::remove_file(&given);
    fs::copy(&built, &given)
        .with_context(|| format!("cannot copy {} to {}", built.display(), given.display()))?;
    Ok(given)
}
