//! Help, completions and manual pages: clap's, of the runner and of the plugins together.

use std::io;

use clap::Command;
use clap::builder::StyledStr;
use clap::error::ErrorKind;
use clap_complete::Shell;

use super::{Report, diagnostic};
use crate::cli::Format;
use crate::exit::ExitCode;
use crate::text::{visible, visible_styled};

/// Shows what clap has to say: help on standard output, a mistake on standard error. Whether it was
/// help.
pub(super) fn clap(report: &Report, error: &clap::Error) -> io::Result<bool> {
    let text = error.render();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        report.styled(&text)?;
        return Ok(true);
    }
    match report.format {
        Format::Json => {
            diagnostic::json(report, text.to_string().trim_end(), None, None, ExitCode::USAGE);
        }
        // It quotes what was typed.
        Format::Human if report.console.streams.color_stderr => {
            report.console.err(&visible_styled(&text.ansi().to_string()));
        }
        Format::Human => report.console.err(&visible(&text.to_string())),
    }
    Ok(false)
}

impl Report {
    /// Shows the help of a command.
    pub(crate) fn help(&self, mut command: Command) -> io::Result<()> {
        self.styled(&command.render_long_help())
    }

    /// Prints text with styles, if standard output is to have them.
    fn styled(&self, text: &StyledStr) -> io::Result<()> {
        let styled = self.console.streams.color_stdout;
        let text = if styled { text.ansi().to_string() } else { text.to_string() };
        self.line(text.trim_end())
    }

    /// Prints a completion script.
    pub(crate) fn completions(&self, shell: Shell, command: Command) -> io::Result<()> {
        self.console.out(&String::from_utf8_lossy(&completion_script(shell, command)))
    }

    /// Prints a manual page.
    pub(crate) fn manual(&self, command: Command) -> io::Result<()> {
        self.console.out(&String::from_utf8_lossy(&manual_page(command)?))
    }

    /// Prints a line.
    pub(crate) fn line(&self, line: &str) -> io::Result<()> {
        self.console.out(&format!("{line}\n"))
    }
}

/// A completion script, which the user's shell will run: so the plugins' words for people go into it
/// without anything that a shell could take for more than a word.
pub(crate) fn completion_script(shell: Shell, command: Command) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut without_quoting(command), "taskrunner", &mut script);
    script
}

/// A manual page in roff.
pub(crate) fn manual_page(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(page)
}

/// The command with its help in plain characters.
fn without_quoting(command: Command) -> Command {
    let plain = |text: String| -> String {
        let first = text.lines().next().unwrap_or_default();
        first
            .chars()
            .map(|c| if c.is_alphanumeric() || " .,;()-_/".contains(c) { c } else { ' ' })
            .collect()
    };
    let about = command.get_about().map(|about| plain(about.to_string()));
    command
        .about(about.unwrap_or_default())
        .mut_args(|argument| {
            let help = argument.get_help().map(|help| plain(help.to_string()));
            argument.help(help.unwrap_or_default())
        })
        .mut_subcommands(without_quoting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_script_holds_no_words_of_a_plugins_that_a_shell_could_run() {
        let hostile = "x'$(touch /tmp/pwned)`id`\"\\\n; id";
        let command = Command::new("taskrunner").subcommand(
            Command::new("evil").about(hostile).arg(clap::Arg::new("a").long("a").help(hostile)),
        );
        for shell in <Shell as clap::ValueEnum>::value_variants() {
            let script = completion_script(*shell, command.clone());
            let script = String::from_utf8(script).expect("it is text");
            for piece in ["$(touch", "`id`", "x'"] {
                assert!(!script.contains(piece), "{shell}: {piece}");
            }
        }
    }
}
