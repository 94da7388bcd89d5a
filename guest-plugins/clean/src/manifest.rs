//! What the command says of itself.

use taskrunner_plugin::{Argument, Manifest, Value};

use crate::scan::PATTERN;
use crate::table::KINDS;

const DESCRIPTION: &str = "\
Looks through the workspace for projects, and removes what their builds left behind: `target` beside \
a Cargo.toml, `node_modules` beside a package.json, and so on for two dozen kinds of project. A \
directory is never removed for its name alone.

Left alone are: files that git tracks, repositories in an artifact, symbolic links, everything in \
`.git`, and taskrunner's own files.

What git tracks is what its index lists, wherever the top of the repository is: in the workspace or \
above it, in a linked worktree or a submodule, or where `GIT_DIR`, `GIT_WORK_TREE` and \
`GIT_INDEX_FILE` say. A file that was taken out of the index (`git rm --cached`) is not tracked any \
more. Where it cannot be known what git tracks, nothing is removed, and a warning says why. A \
repository that only `--git-dir` or `--work-tree` of the command line of git names is not known; set \
`GIT_DIR` and `GIT_WORK_TREE` for it.

The key `patterns` of the configuration names more to remove, such as `dist/**` or `**/*.log`. A \
pattern does not remove a project. With --kind, patterns are left out, unless `--kind pattern` is \
there too.

Globs are paths from the workspace, in which `*` stays within a name and `**` stands for any number \
of directories: `**/node_modules` is every one. A directory stands for all that is in it.";

/// The manifest.
pub(crate) fn manifest() -> Manifest {
    let kinds = || KINDS.iter().map(|kind| kind.name);
    Manifest::new(
        "clean",
        env!("CARGO_PKG_VERSION"),
        "Remove what builds left behind in the workspace",
    )
    .description(DESCRIPTION)
    .argument(
        Argument::flag("dry-run").short('n').help("Say what would be removed, and remove nothing"),
    )
    .argument(
        Argument::option(
            "kind",
            Value::choice(kinds().chain([PATTERN])).repeated().placeholder("KIND"),
        )
        .help("Only what projects of this kind leave behind")
        .configuration_key("kinds"),
    )
    .argument(
        Argument::option("older-than", Value::text().placeholder("AGE"))
            .help("Only what nothing was changed in for so long, such as 30d or 2weeks")
            .configuration_key("older-than"),
    )
    .argument(
        Argument::option("keep", Value::text().repeated().placeholder("GLOB"))
            .help("A glob of what is left alone, from the workspace")
            .configuration_key("keep"),
    )
    .configuration_schema(schema())
    .request_write(".", "to find and remove what builds left behind")
    .request_read("git:index", "to leave alone what git tracks")
}

/// The schema of the command's section, with the names of the kinds put in.
fn schema() -> String {
    let kinds: Vec<_> = KINDS.iter().map(|kind| format!("\"{}\"", kind.name)).collect();
    include_str!("schema.json").replace("KINDS", &format!("[{}]", kinds.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_json_and_knows_every_kind() {
        let schema: serde_json::Value = serde_json::from_str(&schema()).expect("JSON");
        let kinds = schema["properties"]["kinds"]["items"]["enum"].as_array().expect("a list");
        assert_eq!(kinds.len(), KINDS.len());
        assert_eq!(schema["additionalProperties"], false);
    }
}
