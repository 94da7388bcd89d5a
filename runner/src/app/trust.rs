//! Whether the user trusts the files of the workspace, and `taskrunner trust`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::App;
use super::grants::{Subject, statements};
use super::ignored::Ignored;
use crate::cli::TrustRequest;
use crate::config::{Configuration, LimitsLayer, Settings};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::plugin::lock::{FILE_NAME, LockFile};
use crate::plugin::{Name, Origin, Place, Registry, discovery};
use crate::report::{TrustState, TrustedWorkspace};
use crate::state::{Contents, ContentsError, Trusted};

/// Whether the user trusts the workspace.
#[derive(Clone, Debug)]
pub(super) enum Trust {
    /// As it is now.
    Yes,
    /// It was trusted, and these files have changed since.
    Changed(Vec<(&'static str, String)>),
    No,
}

impl Trust {
    pub(super) fn differences(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Changed(differences) => differences.clone(),
            Self::Yes | Self::No => Vec::new(),
        }
    }
}

impl App {
    /// Whether the user trusts the workspace's files as they are: looked up when it is asked first.
    pub(super) fn is_trusted(&self) -> bool {
        matches!(self.trust(), Trust::Yes)
    }

    pub(super) fn trust(&self) -> &Trust {
        self.trust.get_or_init(|| {
            self.look_up_trust().unwrap_or_else(|error| {
                tracing::warn!("this workspace counts as not trusted: {error}");
                Trust::No
            })
        })
    }

    fn look_up_trust(&self) -> Result<Trust, Error> {
        let workspace = self.workspace()?;
        match self.state.trusted(&workspace)? {
            None => Ok(Trust::No),
            Some(trusted) => Ok(compare(&trusted, &self.contents()?)),
        }
    }

    /// The workspace's path, free of links.
    pub(super) fn workspace(&self) -> Result<PathBuf, Error> {
        let path = self.configuration.workspace();
        dunce::canonicalize(path)
            .map_err(|error| Error::WorkingDirectory { path: path.to_owned(), error })
    }

    /// The files that the runner acts on in this workspace, as they are.
    pub(super) fn contents(&self) -> Result<Contents, Error> {
        let workspace = self.workspace()?;
        Ok(contents(&workspace, &self.configuration, &self.settings, self.lock()?)?)
    }

    /// `taskrunner trust`.
    pub(super) fn answer_trust(
        &self,
        registry: &Registry<'_>,
        request: TrustRequest,
    ) -> Result<ExitCode, Error> {
        let workspace = self.workspace()?;
        match request {
            TrustRequest::List => self.list_trusted()?,
            TrustRequest::Revoke => {
                let was_trusted = self.state.revoke_trust(&workspace)?;
                self.report.trust_revoked(&workspace, was_trusted)?;
            }
            TrustRequest::Grant { yes } => {
                let contents = self.contents()?;
                let lines = self.lines_that_need_trust(registry)?;
                self.report.trust_shown(&workspace, &contents, &lines);
                if !yes {
                    self.confirm_trust()?;
                }
                let configuration = self.configuration.project_file().map(|(path, _)| path);
                self.state.trust(&workspace, configuration, contents)?;
                self.report.trusted(&workspace, &lines)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn confirm_trust(&self) -> Result<(), Error> {
        if !self.may_ask() {
            return Err(Error::NotTrusted("there is no terminal to ask on"));
        }
        match self.report.confirm("Trust these files as they are?") {
            true => Ok(()),
            false => Err(Error::NotTrusted("the answer was no")),
        }
    }

    /// What the workspace's files say that counts only with trust.
    fn lines_that_need_trust(&self, registry: &Registry<'_>) -> Result<Vec<Ignored>, Error> {
        let mut lines = self.settings_that_need_trust();
        let lock = self.lock()?;
        let mut names: BTreeSet<Name> =
            self.configuration.permitted_commands().into_iter().collect();
        names.extend(lock.into_iter().flat_map(|lock| lock.entries.keys().cloned()));
        let listing = registry.list();
        for name in &names {
            let Some(plugin) = listing.commands.get(name) else { continue };
            let paths = self.paths(name)?;
            let subject = Subject { plugin, paths: &paths, named: &[] };
            let mut stated = self.configured(subject)?;
            if let Some((lock, entry)) = lock.and_then(|l| Some((l, l.entries.get(name)?)))
                && entry.is_of(plugin, paths.workspace())
            {
                stated = stated.with(statements(lock, entry, &paths));
            }
            lines.extend(self.needs_trust(subject, &stated).iter().map(|statement| {
                let line = Ignored::of_statement(statement);
                Ignored { what: format!("{name}: {}", line.what), ..line }
            }));
        }
        lines.sort();
        lines.dedup();
        Ok(lines)
    }

    fn settings_that_need_trust(&self) -> Vec<Ignored> {
        let settings = &self.settings;
        let directories = settings.plugin_path.iter().filter_map(Ignored::directory);
        let mut lines: Vec<Ignored> = directories.collect();
        lines.extend(settings.replaceable.iter().filter_map(Ignored::replacement));
        for command in std::iter::once(None).chain(settings.limited_commands().map(Some)) {
            let flags = LimitsLayer::default();
            let raised = settings.raised_limits(&self.configuration, command, flags);
            lines.extend(raised.iter().map(Ignored::limit));
        }
        lines
    }

    fn list_trusted(&self) -> Result<(), Error> {
        let all = self.state.all_trusted()?;
        let listed: Vec<TrustedWorkspace> = all.iter().map(standing).collect();
        Ok(self.report.trusted_workspaces(&listed)?)
    }
}

/// How a workspace that was trusted stands now.
fn standing(trusted: &Trusted) -> TrustedWorkspace {
    let path = Path::new(&trusted.workspace);
    let state = match dunce::canonicalize(path) {
        Ok(found) if found == path => match contents_at(path, trusted.configuration.as_deref()) {
            Ok(contents) => match compare(trusted, &contents) {
                Trust::Yes => TrustState::Trusted,
                Trust::Changed(differences) => TrustState::Changed(differences),
                Trust::No => TrustState::Gone,
            },
            Err(error) => TrustState::Unreadable(error.to_string()),
        },
        _ => TrustState::Gone,
    };
    TrustedWorkspace { path: trusted.workspace.clone(), state }
}

fn compare(trusted: &Trusted, now: &Contents) -> Trust {
    let differences = now.differences(&trusted.contents);
    if differences.is_empty() { Trust::Yes } else { Trust::Changed(differences) }
}

/// The same of another workspace than this one.
fn contents_at(workspace: &Path, configuration: Option<&Path>) -> Result<Contents, Error> {
    let configuration = Configuration::load(configuration, workspace, None)?;
    let settings = Settings::resolve(&configuration)?;
    let lock = LockFile::read(&workspace.join(FILE_NAME))?;
    Ok(contents(workspace, &configuration, &settings, lock.as_ref())?)
}

/// The configuration file and the lock as they were parsed, and the plugins that come with them.
fn contents(
    workspace: &Path,
    configuration: &Configuration,
    settings: &Settings,
    lock: Option<&LockFile>,
) -> Result<Contents, ContentsError> {
    let mut contents = Contents::default();
    if let Some((path, text)) = configuration.project_file() {
        contents.add(workspace, path, text.as_bytes())?;
    }
    if let Some(lock) = lock {
        contents.add(workspace, &lock.path, lock.text.as_bytes())?;
    }
    for directory in plugin_directories(workspace, settings) {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |error| ContentsError::Unreadable { path, error }
        };
        let place = Place { origin: Origin::Workspace, directory };
        for path in place.files().map_err(unreadable(&place.directory))? {
            let bytes = discovery::read(&path).map_err(unreadable(&path))?;
            contents.add(workspace, &path, &bytes)?;
        }
    }
    Ok(contents)
}

/// The directories whose plugins come with the workspace, or are named by its file.
fn plugin_directories(workspace: &Path, settings: &Settings) -> BTreeSet<PathBuf> {
    let own = workspace.join(".taskrunner/plugins");
    let named = settings.plugin_path.iter().filter_map(|line| {
        let path = dunce::canonicalize(&line.value).ok()?;
        (line.needs_trust.is_some() || path.starts_with(workspace)).then_some(path)
    });
    named.chain(dunce::canonicalize(own)).collect()
}
