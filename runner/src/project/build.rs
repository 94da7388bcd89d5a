//! Runs the commands of a build: ordinary programs, which can do whatever the user can.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::child::{Running, Unended};
use super::{Project, ProjectError};
use crate::sandbox;

/// The first word that means this program.
const SELF: &str = "taskrunner";

/// A program that is not there.
#[derive(Debug)]
pub(crate) struct MissingTool {
    pub(crate) name: String,
    /// How to get it, as the project says.
    pub(crate) hint: Option<String>,
}

impl Project {
    /// Builds the plugin. `show` is told of each command before it runs.
    pub(crate) fn build(&self, show: &dyn Fn(&str)) -> Result<(), ProjectError> {
        let missing = self.missing_tools();
        if !missing.is_empty() {
            return Err(ProjectError::MissingTools(missing));
        }
        self.make_output_directory()?;
        for words in self.commands() {
            show(&self.shown(words));
            self.run(words)?;
        }
        match fs::metadata(self.output()) {
            Ok(found) if found.is_file() => Ok(()),
            _ => Err(ProjectError::NoOutput { path: PathBuf::from(self.output_name()) }),
        }
    }

    /// The programs that are not there, each once: those of the commands, and those that `tools` names.
    /// Another one that lies in the project may still be made by an earlier command.
    fn missing_tools(&self) -> Vec<MissingTool> {
        let programs = self.commands().iter().filter_map(|words| words.first());
        let expected = programs.filter(|program| !program.contains('/'));
        let expected: BTreeSet<&String> = expected.chain(self.tools()).collect();
        let missing = expected.into_iter().filter(|program| self.find(program).is_err());
        missing.map(|program| self.missing_tool(program)).collect()
    }

    fn missing_tool(&self, program: &str) -> MissingTool {
        MissingTool { name: program.to_owned(), hint: self.hint(program).map(ToOwned::to_owned) }
    }

    /// The file of a program.
    fn find(&self, program: &str) -> Result<PathBuf, which::Error> {
        match program {
            SELF => std::env::current_exe().map_err(|_| which::Error::CannotFindBinaryPath),
            _ if program.contains('/') => {
                which::which_in(self.directory.join(program), None::<&str>, &self.directory)
            }
            _ => which::which(program),
        }
    }

    fn run(&self, words: &[String]) -> Result<(), ProjectError> {
        let Some((program, arguments)) = words.split_first() else { return Ok(()) };
        let file = self
            .find(program)
            .map_err(|_| ProjectError::MissingTools(vec![self.missing_tool(program)]))?;
        let start = |error| ProjectError::Start { program: program.clone(), error };
        let mut command = Command::new(file);
        command.args(arguments).current_dir(&self.directory).envs(self.environment());
        command.stdin(Stdio::null());
        // A signal ends the program, and then the runner.
        let _held = sandbox::hold_signals();
        match Running::leading(&mut command).map_err(start)?.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(ProjectError::Failed { command: join(words), status }),
            Err(Unended::Stopped(stop)) => Err(ProjectError::Stopped(stop)),
            Err(Unended::Io(error)) => Err(start(error)),
        }
    }

    /// A command as one would type it.
    fn shown(&self, words: &[String]) -> String {
        let variables = self.environment().iter();
        let variables = variables.map(|(name, value)| format!("{name}={} ", join([value])));
        variables.chain([join(words)]).collect()
    }

    /// Makes the directory of the output, which no link leads out of the project.
    fn make_output_directory(&self) -> Result<(), ProjectError> {
        let output = self.output();
        let directory = output.parent().unwrap_or(&self.directory);
        let made = existing(directory).and_then(|found| match found.starts_with(&self.directory) {
            true => fs::create_dir_all(directory),
            false => Err(io::Error::other("a link leads out of the project")),
        });
        made.map_err(|error| ProjectError::Write { path: directory.to_owned(), error })
    }
}

/// The nearest directory above, or this one, that is there, free of links.
fn existing(directory: &Path) -> io::Result<PathBuf> {
    let is_there = |above: &&Path| above.symlink_metadata().is_ok();
    dunce::canonicalize(directory.ancestors().find(is_there).unwrap_or(directory))
}

/// Words as a shell would read them.
fn join<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    let words = words.into_iter().map(String::as_str);
    // What holds a zero byte is refused by the system; here it is only shown.
    let words: Vec<String> = words.map(|word| word.replace('\0', "\u{2400}")).collect();
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}
