//! The subcommands for who writes a plugin.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

use crate::project::{Encoding, Language};

/// What to do with a plugin that is being written.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PluginRequest {
    /// Begin a plugin in some language: its source, and how to build and to test it
    New {
        /// The name of its command
        name: String,
        /// The language
        #[arg(long, value_name = "LANGUAGE")]
        lang: Language,
        /// Write here [default: a directory of the command's name]
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        directory: Option<PathBuf>,
    },
    /// Build a plugin with the commands of its plugin.yaml, which run on this machine without a sandbox
    ///
    /// The commands are ordinary programs, as those of `make` and of `cargo build`: they can do whatever
    /// you can. Read the `plugin.yaml` of a project that is not yours before you build it. Each command
    /// is shown before it runs; no shell is involved; nothing but this subcommand ever runs them.
    Build {
        /// The directory with the plugin.yaml
        #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
        directory: PathBuf,
    },
    /// Make a component of a core module, as the last step of a build
    ///
    /// The world is the one that the module itself names in its `component-type` sections, as those of
    /// `wit-bindgen` do, or the one that `--world` names. Imports of WASI preview 1 are turned into
    /// WASI 0.2.
    Componentize {
        /// The core module
        #[arg(value_hint = ValueHint::FilePath)]
        module: PathBuf,
        /// Write the component here
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: PathBuf,
        /// The module implements this world
        #[arg(long, value_name = "NAME")]
        world: Option<String>,
        /// The world is in this WIT file or directory [default: the contract of this runner]
        #[arg(long, value_name = "PATH", requires = "world", value_hint = ValueHint::AnyPath)]
        wit: Option<PathBuf>,
        /// How the module writes its strings; only with --world
        #[arg(long, value_name = "ENCODING", requires = "world", default_value = "utf8")]
        encoding: Encoding,
    },
    /// Tell whether a file is a plugin that this runner runs, and what is wrong with it
    ///
    /// The exit code is 1 where it is none. A component is asked for its manifest in a sandbox without
    /// any capability.
    Check {
        /// The WebAssembly file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Run a plugin's test cases
    ///
    /// Each case runs in a fresh directory, with a home and an environment of its own and without a
    /// terminal. The exit code is 1 where a case fails.
    Test {
        /// The cases [default: cases.yaml of the project]
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        cases: Option<PathBuf>,
        /// Run only the cases whose names hold this text
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
        /// The plugin [default: the output of the project's build]
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
    /// Put a manifest file into a program's WebAssembly file
    ///
    /// It takes the place of one that is inside already; all else stays as it is, byte for byte. A
    /// component of the world `command` says itself what it is, and has none.
    Embed {
        /// The WebAssembly file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// The manifest file
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        manifest: PathBuf,
        /// Write here [default: into the same file]
        #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
}
