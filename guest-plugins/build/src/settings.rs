//! What to build: the section of the configuration as it is written, and what it comes to.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use taskrunner_plugin::{Failure, Invocation, Source};

use crate::bundle_manifest::MANIFEST;
use crate::patterns::Patterns;
use crate::relative_path::RelativePath;

/// What is bundled where the section names no `inputs`.
const INPUTS: [&str; 3] = ["src", "public", "assets"];

/// The section `build` as it is written. `output` and `optimize` arrive as arguments.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Section {
    inputs: Option<Vec<String>>,
    #[serde(default)]
    exclude: Vec<String>,
    name: Option<String>,
    archives: Option<BTreeSet<Format>>,
}

/// What to build.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// What is taken.
    pub(crate) inputs: Patterns,
    /// The user named it; else it is a guess, of which parts may be missing.
    pub(crate) inputs_are_named: bool,
    /// What is left out of it.
    pub(crate) exclude: Patterns,
    /// The output directory.
    pub(crate) output: RelativePath,
    /// The archives, each with its name in the output directory.
    pub(crate) archives: Vec<(Format, RelativePath)>,
    /// Minify, and compress as far as it goes.
    pub(crate) optimize: bool,
    /// When there is something to do.
    pub(crate) mode: Mode,
}

/// A kind of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(crate) enum Format {
    /// A tar file, compressed with gzip.
    #[serde(rename = "tar.gz")]
    TarGz,
    /// A zip file.
    #[serde(rename = "zip")]
    Zip,
}

/// When there is something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What has changed is built.
    Changed,
    /// All is built.
    All,
    /// Nothing is: what would be bundled is listed.
    List,
}

impl Format {
    /// How the names of such archives end.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::TarGz => "tar.gz",
            Self::Zip => "zip",
        }
    }
}

impl Settings {
    /// From what the command was given.
    pub(crate) fn of(call: &Invocation, root: &Path) -> Result<Self, Failure> {
        let section: Section = call.configuration()?;
        let output = call.path("output").unwrap_or(Path::new("dist"));
        let output = inside(output, root).map_err(|reason| {
            let message = format!("the output directory `{}` {reason}", output.display());
            match call.source("output") {
                Source::CommandLine | Source::Environment => Failure::usage(message),
                Source::Configuration | Source::Default => Failure::configuration(message),
            }
        })?;
        let mode = match (call.flag("dry-run"), call.flag("force")) {
            (true, _) => Mode::List,
            (false, true) => Mode::All,
            (false, false) => Mode::Changed,
        };
        Self::resolve(section, output, call.flag("optimize"), mode)
    }

    /// Checks the section, and puts the defaults where it says nothing.
    pub(crate) fn resolve(
        section: Section,
        output: RelativePath,
        optimize: bool,
        mode: Mode,
    ) -> Result<Self, Failure> {
        let patterns = |key: &str, written: &[String]| {
            Patterns::parse(written)
                .map_err(|error| Failure::configuration(format!("`{key}` of `build`: {error}")))
        };
        let inputs_are_named = section.inputs.is_some();
        let inputs = section.inputs.unwrap_or_else(|| INPUTS.map(str::to_owned).to_vec());
        let name = section.name.unwrap_or_else(|| "bundle".to_owned());
        let formats = section.archives.unwrap_or_else(|| [Format::TarGz, Format::Zip].into());
        let archives = formats.into_iter().map(|format| Ok((format, archive_name(&name, format)?)));
        Ok(Self {
            inputs: patterns("inputs", &inputs)?,
            inputs_are_named,
            exclude: patterns("exclude", &section.exclude)?,
            output,
            archives: archives.collect::<Result<_, Failure>>()?,
            optimize,
            mode,
        })
    }
}

fn archive_name(name: &str, format: Format) -> Result<RelativePath, Failure> {
    let fine = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_');
    let file = format!("{name}.{}", format.ending());
    match RelativePath::parse(&file) {
        Ok(path) if starts_well && name.chars().all(fine) && file != MANIFEST => Ok(path),
        _ => Err(Failure::configuration(format!(
            "`name` of `build`: `{name}` is no name for an archive"
        ))
        .hint("letters, digits, `.`, `_` and `-`, beginning with a letter or a digit")),
    }
}

/// A directory as the sandbox names it, relative to the workspace.
fn inside(path: &Path, root: &Path) -> Result<RelativePath, &'static str> {
    let path = if path.is_absolute() {
        path.strip_prefix(root).map_err(|_| "is outside of the workspace")?
    } else {
        path
    };
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str().ok_or("is not Unicode")?),
            Component::CurDir => {}
            _ => return Err("is outside of the workspace"),
        }
    }
    if parts.is_empty() {
        return Err("is the workspace itself: it must be a directory of its own");
    }
    if parts.iter().any(|part| matches!(*part, ".git" | ".taskrunner")) {
        return Err("belongs to git or to the runner");
    }
    RelativePath::parse(&parts.join("/")).map_err(|_| "holds a backslash or a control character")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(section: &str) -> Result<Settings, Failure> {
        let section = serde_json::from_str(section).expect("a section");
        let output = RelativePath::parse("dist").expect("a path");
        Settings::resolve(section, output, false, Mode::Changed)
    }

    #[test]
    fn an_empty_section_has_sensible_defaults() {
        let settings = resolve("{}").expect("it is fine");
        assert_eq!(settings.inputs.to_string(), "`src`, `public`, `assets`");
        assert!(!settings.inputs_are_named);
        let names: Vec<_> = settings.archives.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["bundle.tar.gz", "bundle.zip"]);
    }

    #[test]
    fn mistakes_of_the_section_are_of_the_configuration() {
        for (section, message) in [
            (r#"{"inputs": ["/etc"]}"#, "`inputs` of `build`: the pattern `/etc` is absolute"),
            (r#"{"exclude": ["a["]}"#, "`exclude` of `build`: the pattern `a[` opens a `[`"),
            (r#"{"name": "a/b"}"#, "`a/b` is no name for an archive"),
            (r#"{"name": "../x"}"#, "`../x` is no name for an archive"),
            (r#"{"name": ""}"#, "`` is no name for an archive"),
        ] {
            let failure = resolve(section).expect_err(section);
            assert!(failure.message().contains(message), "{failure:?}");
            assert!(format!("{failure:?}").contains("Configuration"), "{failure:?}");
        }
    }

    #[test]
    fn the_output_directory_is_inside_of_the_workspace() {
        let inside = |path: &str, root: &str| inside(Path::new(path), Path::new(root));
        assert_eq!(inside("/a/b", "/").expect("it is inside").as_str(), "a/b");
        assert_eq!(inside("./dist/", "/").expect("it is inside").as_str(), "dist");
        assert_eq!(inside("/w/dist", "/w").expect("it is inside").as_str(), "dist");
        for (path, root) in [("/", "/"), (".", "/"), ("../x", "/"), ("/x", "/w"), ("/a/../..", "/")]
        {
            assert!(inside(path, root).is_err(), "{path}");
        }
        assert!(inside("/.git/x", "/").is_err());
    }

    #[test]
    fn the_schema_is_json_and_knows_the_same_keys() {
        let schema: serde_json::Value =
            serde_json::from_str(crate::SCHEMA).expect("the schema is JSON");
        let mut keys: Vec<_> = schema["properties"]
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        keys.sort_unstable();
        assert_eq!(keys, ["archives", "exclude", "inputs", "name", "optimize", "output"]);
        assert_eq!(schema["additionalProperties"], false);
    }
}
