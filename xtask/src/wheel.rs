//! Tries what `pip install` gives: builds the wheel as pip does, installs it into a fresh
//! environment, and uses the command there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::Workspace;

const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };
const SCRIPTS: &str = if cfg!(windows) { "Scripts" } else { "bin" };

/// Fails where the wheel cannot be built, installed or used. Leaves it in `target/wheel/`.
pub(crate) fn try_out(workspace: &Workspace) -> Result<()> {
    let wheels = workspace.target_directory.join("wheel");
    if wheels.exists() {
        fs::remove_dir_all(&wheels)
            .with_context(|| format!("cannot remove {}", wheels.display()))?;
    }
    let scratch = tempfile::tempdir().context("cannot create a temporary directory")?;
    let environment = scratch.path().join("environment");
    let python = environment.join(SCRIPTS).join("python");

    run(Command::new(PYTHON).args(["-m", "venv"]).arg(&environment))?;
    let build = ["-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--wheel-dir"];
    run(Command::new(&python).args(build).arg(&wheels).arg(&workspace.root))?;
    let install =
        ["-m", "pip", "--disable-pip-version-check", "install", "--no-index", "--no-deps"];
    run(Command::new(&python).args(install).arg(only_file(&wheels)?))?;

    use_it(&environment.join(SCRIPTS).join("taskrunner"), scratch.path())
}

/// Uses the installed command in a small project, which is left as it was.
fn use_it(taskrunner: &Path, scratch: &Path) -> Result<()> {
    let project = scratch.join("project");
    let artifact = project.join("target/debug/artifact");
    for (path, content) in [
        (
            project.join("Cargo.toml"),
            "[package]\nname = \"example\"\nversion = \"0.0.0\"\nedition = \"2024\"\n",
        ),
        (project.join("src/main.rs"), "fn main() {}\n"),
        (project.join("target/CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55\n"),
        (artifact.clone(), "built\n"),
    ] {
        fs::create_dir_all(path.parent().unwrap_or(&project))?;
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let call = |arguments: &[&str]| {
        let mut command = Command::new(taskrunner);
        command.args(arguments).current_dir(&project);
        // Nothing of the user's own is read or changed.
        for variable in ["HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"] {
            command.env(variable, scratch.join("home"));
        }
        for variable in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env_remove(variable);
        }
        output(&mut command)
    };

    let version = call(&["--version"])?;
    ensure!(
        version.trim() == concat!("taskrunner ", env!("CARGO_PKG_VERSION")),
        "`taskrunner --version` printed {version:?}"
    );
    let list = call(&["list"])?;
    for command in ["build", "clean"] {
        ensure!(list.contains(command), "`taskrunner list` does not name `{command}`: {list}");
    }
    let clean = call(&["clean", "--dry-run"])?;
    ensure!(
        clean.contains("target"),
        "`taskrunner clean --dry-run` does not name `target`: {clean}"
    );
    ensure!(artifact.exists(), "`taskrunner clean --dry-run` removed {}", artifact.display());
    println!("the wheel works");
    Ok(())
}

fn only_file(directory: &Path) -> Result<PathBuf> {
    let mut entries =
        directory.read_dir().with_context(|| format!("cannot list {}", directory.display()))?;
    match (entries.next(), entries.next()) {
        (Some(entry), None) => Ok(entry?.path()),
        _ => bail!("{} shall hold one file", directory.display()),
    }
}

fn run(command: &mut Command) -> Result<()> {
    println!("{command:?}");
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed ({status})");
    Ok(())
}

/// What the command prints to standard output, if it succeeds.
fn output(command: &mut Command) -> Result<String> {
    println!("{command:?}");
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    print!("{text}");
    ensure!(output.status.success(), "{command:?} failed ({})", output.status);
    Ok(text)
}
