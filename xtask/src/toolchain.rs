//! The compiler for guests: the one in use where it has the target's standard library, else the one
//! that `tools/wasm32-wasip2-toolchain.sh` makes.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::{self, TARGET, Workspace};

/// A toolchain that has the target's standard library.
pub(crate) struct Toolchain {
    cargo: OsString,
    rustc: OsString,
    flags: Vec<String>,
    /// Only of a toolchain that the script made.
    made: Option<Made>,
}

struct Made {
    path: OsString,
    /// Stands for all that decides its bytes; the compiler's version alone does not.
    id: String,
}

impl Toolchain {
    /// Finds a toolchain, or makes one.
    pub(crate) fn find(workspace: &Workspace) -> Result<Self> {
        let usual = Self {
            cargo: workspace::cargo().into(),
            rustc: std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()),
            flags: Vec::new(),
            made: None,
        };
        if usual.has_standard_library()? {
            return Ok(usual);
        }
        let own = Self::make(&workspace.root)?;
        if !own.has_standard_library()? {
            bail!("{} has no standard library for {TARGET}", own.rustc.display());
        }
        Ok(own)
    }

    /// What decides the bytes beside the sources, in one line: the compiler's version, the machine
    /// that it runs on, and how its standard library was made, if not by its makers.
    pub(crate) fn compiler(&self) -> Result<String> {
        let verbose = self.rustc(&["-vV"])?;
        let version = verbose.lines().next().unwrap_or_default();
        let host = verbose.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let id =
            self.made.as_ref().map(|made| format!(", toolchain {}", made.id)).unwrap_or_default();
        Ok(format!("{version} on {host}{id}"))
    }

    /// `cargo build` for a guest. Its flags come from here and from nowhere else, so that the bytes
    /// name no directory of this machine and do not depend on its settings.
    pub(crate) fn cargo_build(&self, workspace: &Workspace) -> Result<Command> {
        let target_directory = workspace.target_directory.join("guests");
        let standard_library =
            Path::new(self.rustc(&["--print", "sysroot"])?.trim()).join("lib/rustlib/src/rust");

        // Of several that match, the last one counts.
        let mut remap =
            vec![(workspace.root.as_path(), "/taskrunner"), (&target_directory, "/target")];
        remap.extend(workspace.registries().into_iter().map(|registry| (registry, "/registry")));
        remap.push((&standard_library, "/rust"));
        let remap = remap
            .into_iter()
            .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
        let flags: Vec<String> = self.flags.iter().cloned().chain(remap).collect();

        let mut command = Command::new(&self.cargo);
        command
            .args(["build", "--locked", "--target", TARGET, "--target-dir"])
            .arg(&target_directory)
            .current_dir(&workspace.root)
            .env("RUSTC", &self.rustc)
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        if let Some(made) = &self.made {
            command.env("PATH", &made.path);
        }
        Ok(command)
    }

    fn has_standard_library(&self) -> Result<bool> {
        let mut query = vec!["--print", "target-libdir", "--target", TARGET];
        query.extend(self.flags.iter().map(String::as_str));
        let directory = PathBuf::from(self.rustc(&query)?.trim());
        let entries = directory.read_dir().into_iter().flatten().flatten();
        Ok(entries
            .into_iter()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-")))
    }

    /// Runs the script, which is quick where it ran before, and reads the settings that it leaves.
    fn make(root: &Path) -> Result<Self> {
        const HINT: &str = "cannot make a toolchain for the guests; where rustup has the network: rustup target add wasm32-wasip2";
        if !cfg!(target_os = "linux") {
            bail!(HINT);
        }
        let script = root.join("tools/wasm32-wasip2-toolchain.sh");
        let settings = text_of(Command::new("bash").arg(script)).context(HINT)?;
        let print = r#". "$0" && printf '%s\n' "$CARGO" "$RUSTC" "$PATH" "$WASM32_WASIP2_TOOLCHAIN_ID" "$CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS""#;
        let values =
            text_of(Command::new("bash").args(["-c", print, settings.trim()])).context(HINT)?;
        let [cargo, rustc, path, id, flags] = values.lines().collect::<Vec<_>>()[..] else {
            bail!("cannot read {}", settings.trim());
        };
        Ok(Self {
            cargo: cargo.into(),
            rustc: rustc.into(),
            flags: flags.split_whitespace().map(str::to_owned).collect(),
            made: Some(Made { path: path.into(), id: id.to_owned() }),
        })
    }

    fn rustc(&self, arguments: &[&str]) -> Result<String> {
        text_of(Command::new(&self.rustc).args(arguments))
    }
}

/// What the command prints, if it succeeds.
fn text_of(command: &mut Command) -> Result<String> {
    let program = command.get_program().display().to_string();
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("{program} failed ({})", output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{program} printed bytes that are not text"))
}
