//! The command line as it is written: a pure parse, before anything is looked up.
//!
//! The runner's own options stand before or after the command. They are taken out first, wherever they
//! stand before `--`; what is left is a subcommand of the runner's, or a plugin's name and arguments.

mod options;
mod plugin;
mod split;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueHint};

pub(crate) use options::{ColorChoice, Format, GlobalOptions};
pub(crate) use plugin::PluginRequest;

use crate::permission::Kind;
use crate::plugin::Ability;
use crate::report::LogFormat;

/// What was asked.
#[derive(Debug)]
pub(crate) struct Cli {
    pub(crate) options: GlobalOptions,
    pub(crate) request: Request,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Request {
    /// Nothing was named: show the commands.
    Overview,
    /// `--help` or `help`, without a command.
    Help,
    /// `help COMMAND`.
    HelpFor(String),
    List,
    Completions(clap_complete::Shell),
    Man(Option<String>),
    Trust(TrustRequest),
    Update(UpdateOptions),
    Permissions(PermissionsRequest),
    Plugin(PluginRequest),
    /// `inspect FILE`: a file, or a command's name, and what it must not be able to do.
    Inspect {
        file: PathBuf,
        forbidden: Vec<Ability>,
    },
    /// A plugin's command with its arguments.
    Run {
        name: String,
        arguments: Vec<OsString>,
    },
}

/// What to do with the user's trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrustRequest {
    /// Trust this workspace; `yes` where nobody needs to be asked.
    Grant {
        yes: bool,
    },
    Revoke,
    List,
}

/// `taskrunner update`.
#[derive(Args, Clone, Debug)]
pub(crate) struct UpdateOptions {
    /// The commands; without one, all that come with the workspace or are in its lock
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Accept what plugins newly request, without a question
    #[arg(long)]
    pub(crate) accept: bool,
    /// Show the difference, write nothing, and exit with 1 if there is one
    #[arg(long, visible_alias = "dry-run", conflicts_with = "accept")]
    pub(crate) check: bool,
}

/// Runs commands that are sandboxed WebAssembly plugins.
#[derive(Parser, Debug)]
#[command(name = "taskrunner", bin_name = "taskrunner", version, disable_help_subcommand = true)]
#[command(override_usage = "taskrunner [OPTIONS] COMMAND [ARGUMENTS]")]
struct Own {
    #[command(flatten)]
    options: GlobalOptions,
    #[command(subcommand)]
    subcommand: Option<OwnSubcommand>,
}

#[derive(Subcommand, Debug)]
enum OwnSubcommand {
    /// Show the help of a command
    Help {
        /// The command; without one, the runner's own help
        command: Option<String>,
    },
    /// List the commands, and files that are no usable plugins
    List,
    /// Say what a plugin is and what it can never do, without running its command
    ///
    /// What a plugin does not import, it cannot do, whatever it is granted: so its file proves what it
    /// can never do. It is asked for its manifest in a sandbox without any capability.
    Inspect {
        /// A WebAssembly file, or the name of a command
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// End with exit code 1 if it could do this; may be repeated or separated by commas
        #[arg(long, value_name = "ABILITY", value_delimiter = ',')]
        forbid: Vec<Ability>,
    },
    /// Print a completion script for a shell, with all commands that are there now
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Show what a command may reach and why, or change it for good
    #[command(subcommand, disable_help_subcommand = true)]
    Permissions(PermissionsRequest),
    /// Write a plugin: begin, build, check and test one
    #[command(subcommand, disable_help_subcommand = true)]
    Plugin(PluginRequest),
    /// Print a manual page in roff
    Man {
        /// The command; without one, the runner's own page
        command: Option<String>,
    },
    /// Trust the files of this workspace as they are now, after showing what that enforces
    Trust {
        /// Ask nothing
        #[arg(long)]
        yes: bool,
        /// Trust them no more
        #[arg(long, conflicts_with = "yes")]
        revoke: bool,
        /// List the workspaces that were trusted, and those that changed since
        #[arg(long, conflicts_with_all = ["yes", "revoke"])]
        list: bool,
    },
    /// Write the lock file: which plugins this workspace accepts, and with which grants
    Update(UpdateOptions),
}

/// What to do with permissions.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum PermissionsRequest {
    /// Show what a command is granted, denied and not granted, and from where
    Show {
        /// The command
        command: String,
    },
    /// Tell which rule decides on one thing; exits with 1 where it is denied
    Explain {
        /// The command
        command: String,
        /// What would be done
        kind: Kind,
        /// A path, the name of a variable, or `host:port`
        target: String,
    },
    /// Allow a command of this workspace what --allow-… says, as long as its plugin stays the same
    Grant {
        /// The command
        command: String,
    },
    /// Take back what a command was allowed by an answer or by `grant`; all of it without --allow-…
    Revoke {
        /// The command
        command: String,
    },
    /// Print the least policy that recorded runs need, and the grants that they did not use
    Suggest {
        /// Files that `--audit` and `--receipt` wrote
        #[arg(required = true, value_hint = clap::ValueHint::FilePath)]
        files: Vec<std::path::PathBuf>,
    },
}

/// Parses the command line, the program's name not included.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let split = split::split(arguments.iter().cloned());
    let options = GlobalOptions::parse(split.global)?;
    let request = match split.rest.first().map(|first| first.to_string_lossy().into_owned()) {
        None => Request::Overview,
        Some(first) if !first.starts_with('-') && !OwnSubcommand::has_subcommand(&first) => {
            Request::Run { name: first, arguments: split.rest.into_iter().skip(1).collect() }
        }
        Some(first) if matches!(first.as_str(), "-h" | "--help") => Request::Help,
        Some(_) => match Own::try_parse_from(words(split.rest))?.subcommand {
            None => Request::Overview,
            Some(OwnSubcommand::Help { command: None }) => Request::Help,
            Some(OwnSubcommand::Help { command: Some(name) }) => Request::HelpFor(name),
            Some(OwnSubcommand::List) => Request::List,
            Some(OwnSubcommand::Inspect { file, forbid }) => {
                Request::Inspect { file, forbidden: forbid }
            }
            Some(OwnSubcommand::Completions { shell }) => Request::Completions(shell),
            Some(OwnSubcommand::Man { command }) => Request::Man(command),
            Some(OwnSubcommand::Trust { list: true, .. }) => Request::Trust(TrustRequest::List),
            Some(OwnSubcommand::Trust { revoke: true, .. }) => Request::Trust(TrustRequest::Revoke),
            Some(OwnSubcommand::Trust { yes, .. }) => Request::Trust(TrustRequest::Grant { yes }),
            Some(OwnSubcommand::Update(options)) => Request::Update(options),
            Some(OwnSubcommand::Permissions(request)) => Request::Permissions(request),
            Some(OwnSubcommand::Plugin(request)) => Request::Plugin(request),
        },
    };
    Ok(Cli { options, request })
}

/// A command line read for a program that gets its arguments as they are: what stands behind its name is
/// all its own.
#[derive(Debug)]
pub(crate) struct Verbatim {
    pub(crate) options: GlobalOptions,
    pub(crate) name: String,
    pub(crate) arguments: Vec<OsString>,
}

/// Reads a command line so, where that makes a difference: where options of the runner's stand behind what
/// may be the name of a command.
pub(crate) fn verbatim(arguments: &[OsString]) -> Option<Verbatim> {
    let split::Leading { global, word, rest } = split::leading(arguments.iter().cloned())?;
    let name = word.into_string().ok()?;
    let is_own = name.starts_with('-') || OwnSubcommand::has_subcommand(&name);
    if is_own || split::split(rest.iter().cloned()).global.is_empty() {
        return None;
    }
    let options = GlobalOptions::parse(global).ok()?;
    Some(Verbatim { options, name, arguments: rest })
}

/// Arguments behind the program's name, as clap wants them.
fn words(arguments: Vec<OsString>) -> impl Iterator<Item = OsString> + Clone {
    std::iter::once(OsString::from("taskrunner")).chain(arguments)
}

/// The format that a command line asks for, though it may be wrong otherwise: its mistakes are shown in
/// it.
pub(crate) fn format_of(arguments: &[OsString]) -> Format {
    let global = split::split(arguments.iter().cloned()).global;
    let asked = global.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    if asked || global.iter().any(|word| word == "--format=json") {
        Format::Json
    } else {
        Format::Human
    }
}

/// What clap knows of the runner itself, without the plugins.
pub(crate) fn own_command() -> clap::Command {
    Own::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Cli, clap::Error> {
        parse(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn global_options_stand_anywhere_before_the_dashes() {
        for words in [
            ["--config", "c.json", "build", "--optimize"],
            ["build", "--config", "c.json", "--optimize"],
            ["build", "--optimize", "--config", "c.json"],
        ] {
            let cli = parse_words(&words).expect("it parses");
            assert_eq!(cli.options.config.as_deref(), Some(std::path::Path::new("c.json")));
            let Request::Run { name, arguments } = cli.request else { panic!("no run: {words:?}") };
            assert_eq!((name.as_str(), arguments), ("build", vec![OsString::from("--optimize")]));
        }
        let cli = parse_words(&["echo", "--", "--config", "x"]).expect("it parses");
        assert!(cli.options.config.is_none());
        let Request::Run { arguments, .. } = cli.request else { panic!("no run") };
        assert_eq!(arguments, ["--", "--config", "x"]);
    }

    #[test]
    fn what_stands_behind_a_name_can_be_the_programs_own() {
        let read = |words: &[&str]| verbatim(&words.iter().map(OsString::from).collect::<Vec<_>>());
        let read_so =
            read(&["-C", "dir", "show", "--format", "x", "--", "-C"]).expect("another way");
        assert_eq!((read_so.name.as_str(), read_so.arguments.len()), ("show", 4));
        assert_eq!(read_so.options.directory.as_deref(), Some(std::path::Path::new("dir")));
        for same in
            [&["show", "-n", "--", "--format"][..], &["list", "--timings"], &["--timings"], &[]]
        {
            assert!(read(same).is_none(), "{same:?}");
        }
    }

    #[test]
    fn every_name_of_a_subcommand_is_reserved() {
        let own = own_command();
        let names = own.get_subcommands().map(clap::Command::get_name);
        for name in names.chain(crate::config::RUNNER_KEYS) {
            assert!(crate::plugin::name::RESERVED.contains(&name), "{name}");
        }
    }

    #[test]
    fn a_mistake_in_the_runners_options_is_an_error() {
        assert!(parse_words(&["clean", "--time-limit", "soon"]).is_err());
        assert!(parse_words(&["--frobnicate"]).is_err());
        assert!(parse_words(&["clean", "--config"]).is_err());
    }

    #[test]
    fn claps_own_checks_pass() {
        own_command().debug_assert();
    }
}
