//! The command `build`: gathers the files that its section of the configuration names into an output
//! directory, with a manifest of SHA-256 digests, and into archives that are equal byte for byte
//! wherever and whenever they are made. Unchanged inputs are not built again.
//!
//! In reading order: `settings` says what to build, `bundle` builds it; `gather` finds the files,
//! `produce` makes one of them with `minify`, `archive` packs them, `output` puts them into
//! their places, and `report` says what came of it. `bundle_manifest` is what one build leaves for
//! the next.

mod archive;
mod bundle;
mod bundle_manifest;
mod content;
mod during;
mod gather;
mod minify;
mod output;
mod patterns;
mod produce;
mod relative_path;
mod report;
mod settings;
mod staging;

use std::io::Write as _;
use std::path::Path;

use taskrunner_plugin::{Argument, Command, Failure, Invocation, Manifest, Value, progress};

use crate::report::Report;
use crate::settings::Settings;

/// The JSON Schema of the section.
const SCHEMA: &str = include_str!("schema.json");

const DESCRIPTION: &str = "\
Gathers the files that the section `build` of the configuration names into an output directory, \
under their own paths, and packs them into archives. Without such a section it takes what is below \
`src`, `public` and `assets`.

  {\"build\": {\"inputs\": [\"web/**\"], \"exclude\": [\"**/*.test.js\"], \"optimize\": true}}

The keys are `inputs` and `exclude` (globs), `output` (a directory in the workspace, `dist`), `name` (of the archives, \
`bundle`), `archives` (of `tar.gz` and `zip`; both) and `optimize`.

Files whose source, output and options are as the manifest of the build before says are not built \
again. The archives are the same byte for byte wherever and whenever they are made: sorted, with the \
time 1980-01-01, mode 0644 and no owner. Symbolic links are not followed. Only files that an earlier \
build wrote are removed or overwritten.

With --optimize, JSON, CSS, HTML and JavaScript are minified; what does not parse is copied as it is, \
with a warning. The archives are compressed as far as their formats go, which takes its time.";

/// The workspace, as the sandbox shows it.
const WORKSPACE: &str = "/";

/// The command.
pub struct Build;

impl Command for Build {
    fn manifest() -> Manifest {
        let summary = "Bundle files into an output directory and reproducible archives";
        Manifest::new("build", env!("CARGO_PKG_VERSION"), summary)
            .description(DESCRIPTION)
            .argument(
                Argument::flag("optimize")
                    .short('O')
                    .help("Minify JSON, CSS, HTML and JavaScript, and compress as far as it goes")
                    .configuration_key("optimize"),
            )
            .argument(
                Argument::option("output", Value::output_directory())
                    .short('o')
                    .help("Write to this directory; one outside of the workspace must be named here [default: dist]")
                    .configuration_key("output"),
            )
            .argument(Argument::flag("force").short('f').help("Build what is unchanged too"))
            .argument(
                Argument::flag("dry-run")
                    .short('n')
                    .help("List what would be bundled, and write nothing"),
            )
            .configuration_schema(SCHEMA)
            .request_write(".", "reads the files to bundle, and writes the output directory")
    }

    fn run(call: &Invocation) -> Result<u8, Failure> {
        let root = Path::new(WORKSPACE);
        let settings = Settings::of(call, root)?;
        let mut on_progress = |what: &str, done, total| progress(what, done, Some(total));
        let report = bundle::run(root, &settings, &mut on_progress)?;
        print(&report)?;
        Ok(0)
    }
}

/// The one place that writes to standard output.
fn print(report: &Report) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    write!(stdout, "{report}")?;
    stdout.flush()?;
    Ok(())
}

taskrunner_plugin::export!(Build);
