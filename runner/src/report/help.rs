//! Help, completions and manual pages: clap's, of the runner and of the plugins together.

use std::io;

use clap::Command;
use clap::error::ErrorKind;

use super::Report;

/// Shows what clap has to say: help on standard output, a mistake on standard error.
pub(super) fn clap(report: &Report, error: &clap::Error) -> io::Result<bool> {
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let text = error.render();
    let text =
        if report.console.streams.color { text.ansi().to_string() } else { text.to_string() };
    if is_help {
        report.console.out(&text)?;
    } else {
        report.console.err(&text);
    }
    Ok(is_help)
}

impl Report {
    /// Shows the help of a command.
    pub(crate) fn help(&self, mut command: Command) -> io::Result<()> {
        let help = command.render_long_help();
        let help =
            if self.console.streams.color { help.ansi().to_string() } else { help.to_string() };
        self.console.out(&help)
    }

    /// Prints a completion script.
    pub(crate) fn completions(
        &self,
        shell: clap_complete::Shell,
        mut command: Command,
    ) -> io::Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, "taskrunner", &mut script);
        self.console.out(&String::from_utf8_lossy(&script))
    }

    /// Prints a manual page.
    pub(crate) fn manual(&self, command: Command) -> io::Result<()> {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        self.console.out(&String::from_utf8_lossy(&page))
    }

    /// Prints a line.
    pub(crate) fn line(&self, line: &str) -> io::Result<()> {
        self.console.out(&format!("{line}\n"))
    }
}
