//! Trust in workspaces, and lines that have no effect without it.

use std::io;
use std::path::Path;

use serde_json::json;

use super::rows::MAX_TEXT;
use super::sheet::Sheet;
use super::{JSON_VERSION, MAX_MESSAGE, Report};
use crate::app::Ignored;
use crate::cli::Format;
use crate::state::Contents;
use crate::text::plain_within;

/// How many lines without an effect a person is told of.
const MAX_LINES: usize = 10;

/// A workspace that was trusted.
pub(crate) struct TrustedWorkspace {
    pub(crate) path: String,
    pub(crate) state: TrustState,
}

/// How it stands now.
pub(crate) enum TrustState {
    Trusted,
    /// What became of which files since; it is not trusted.
    Changed(Vec<(&'static str, String)>),
    /// It is not there.
    Gone,
    /// Its files cannot be read, and why; it is not trusted.
    Unreadable(String),
}

impl TrustState {
    fn word(&self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Changed(_) => "changed",
            Self::Gone => "gone",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

impl Report {
    /// Tells of lines of the workspace's files that have no effect. `differences` is what became of the
    /// files since they were trusted.
    pub(crate) fn warn_ignored(&self, lines: &[Ignored], differences: &[(&str, String)]) {
        let why = match differences {
            [] => "this workspace is not trusted".to_owned(),
            several => format!(
                "this workspace is not trusted any more ({})",
                several
                    .iter()
                    .map(|(how, name)| format!("{how}: {name}"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        let message = format!("{why}, so these lines of its files have no effect");
        let help = "`taskrunner trust` shows what trusting it enforces";
        match self.format {
            Format::Human => {
                let mut text = format!("warning: {}:\n", plain_within(&message, MAX_MESSAGE));
                for line in lines.iter().take(MAX_LINES) {
                    text.push_str(&format!("  {}\n", plain_within(&human_line(line), MAX_TEXT)));
                }
                if lines.len() > MAX_LINES {
                    text.push_str(&format!("and {} more\n", lines.len() - MAX_LINES));
                }
                self.console.err_lines(&format!("{text}{help}\n"));
            }
            Format::Json => self.json(&json!({
                "version": JSON_VERSION,
                "warning": { "message": message, "help": help, "lines": json_lines(lines) },
            })),
        }
    }

    /// Shows what trusting a workspace means, before it is trusted without a question.
    pub(crate) fn trust_shown(&self, workspace: &Path, contents: &Contents, lines: &[Ignored]) {
        if self.format == Format::Human {
            self.console.err_lines(&trust_sheet(workspace, contents, lines).text());
        }
    }

    /// Shows it and asks.
    pub(crate) fn confirm_trust(
        &self,
        workspace: &Path,
        contents: &Contents,
        lines: &[Ignored],
    ) -> bool {
        let files = contents.files().count();
        let summary = format!(
            "A yes trusts all that is shown above: {files} files as they are, and {} lines that then have an effect.",
            lines.len()
        );
        let sheet = trust_sheet(workspace, contents, lines);
        self.confirm(&sheet, &summary, "Trust these files as they are?")
    }

    /// Tells that a workspace is trusted now.
    pub(crate) fn trusted(&self, workspace: &Path, lines: &[Ignored]) -> io::Result<()> {
        let path = workspace.display().to_string();
        match self.format {
            Format::Human => {
                self.console.out_lines(&format!("trusted: {}\n", plain_within(&path, MAX_TEXT)))
            }
            Format::Json => self.line(&crate::text::json(
                &json!({
                    "version": JSON_VERSION,
                    "trust": { "path": path, "state": "trusted", "lines": json_lines(lines) },
                }),
                true,
            )),
        }
    }

    /// Tells that a workspace is not trusted any more.
    pub(crate) fn trust_revoked(&self, workspace: &Path, was_trusted: bool) -> io::Result<()> {
        let path = workspace.display().to_string();
        match self.format {
            Format::Human => {
                let what = if was_trusted { "not trusted any more" } else { "was not trusted" };
                self.console.out_lines(&format!("{what}: {}\n", plain_within(&path, MAX_TEXT)))
            }
            Format::Json => self.line(&crate::text::json(
                &json!({
                    "version": JSON_VERSION,
                    "trust": { "path": path, "state": "not-trusted", "was-trusted": was_trusted },
                }),
                true,
            )),
        }
    }

    /// Lists the workspaces that were trusted.
    pub(crate) fn trusted_workspaces(&self, all: &[TrustedWorkspace]) -> io::Result<()> {
        match self.format {
            Format::Human => {
                self.console.out_lines(&all.iter().map(human_workspace).collect::<String>())
            }
            Format::Json => {
                let workspaces: Vec<_> = all.iter().map(json_workspace).collect();
                let object = json!({ "version": JSON_VERSION, "workspaces": workspaces });
                self.line(&crate::text::json(&object, true))
            }
        }
    }
}

fn human_workspace(workspace: &TrustedWorkspace) -> String {
    let details = match &workspace.state {
        TrustState::Changed(differences) => {
            let all: Vec<_> =
                differences.iter().map(|(how, name)| format!("{how}: {name}")).collect();
            format!(" ({})", all.join(", "))
        }
        TrustState::Unreadable(why) => format!(" ({why})"),
        TrustState::Trusted | TrustState::Gone => String::new(),
    };
    let line = plain_within(&format!("{}{details}", workspace.path), MAX_MESSAGE);
    format!("{:<10} {line}\n", workspace.state.word())
}

fn json_workspace(workspace: &TrustedWorkspace) -> serde_json::Value {
    let mut object = json!({ "path": workspace.path, "state": workspace.state.word() });
    match &workspace.state {
        TrustState::Changed(differences) => {
            let all = differences.iter().map(|(how, name)| json!({ "file": name, "how": how }));
            object["differences"] = all.collect();
        }
        TrustState::Unreadable(why) => object["message"] = why.as_str().into(),
        TrustState::Trusted | TrustState::Gone => {}
    }
    object
}

fn trust_sheet(workspace: &Path, contents: &Contents, lines: &[Ignored]) -> Sheet {
    let mut sheet = Sheet::new("What it means to trust this workspace.");
    sheet.own("It is:");
    sheet.item(&workspace.display().to_string());
    sheet.own("Its files that the runner acts on, as they are now:");
    for (name, digest) in contents.files() {
        sheet.item(&format!("{name} sha256 {}", digest.short()));
    }
    if contents.files().next().is_none() {
        sheet.own("none");
    }
    sheet.own("What has an effect only when they are trusted:");
    lines.iter().for_each(|line| sheet.item(&human_line(line)));
    if lines.is_empty() {
        sheet.own("nothing");
    }
    sheet
}

fn human_line(line: &Ignored) -> String {
    match line.location.as_str() {
        "" => line.what.clone(),
        location => format!("{location}: {}", line.what),
    }
}

fn json_lines(lines: &[Ignored]) -> Vec<serde_json::Value> {
    lines.iter().map(|line| json!({ "location": line.location, "what": line.what })).collect()
}
