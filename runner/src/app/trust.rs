//! Whether the user trusts the files of the workspace, and `taskrunner trust`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::App;
use super::ask::gains;
use super::ignored::Ignored;
use super::locked::statements as of_lock;
use super::pinned::meaning;
use crate::cli::TrustRequest;
use crate::config::document::Parsed;
use crate::config::{Configuration, LimitsLayer, RetryLayer, Settings};
use crate::error::Error;
use crate::exit::ExitCode;
use crate::permission::{Capability, Effect, Paths, PermissionError, Statement};
use crate::plugin::lock::{FILE_NAME, LockFile};
use crate::plugin::{Name, Origin, Place, Plugin, discovery, manifests_beside};
use crate::report::{TrustState, TrustedWorkspace};
use crate::state::{Contents, ContentsError, Trusted};

/// Whether the user trusts the workspace.
#[derive(Clone, Debug)]
pub(super) enum Trust {
    /// As it is now: with these files.
    Yes(Box<Contents>),
    /// It was trusted, and these files have changed since.
    Changed(Vec<(&'static str, String)>),
    No,
}

impl Trust {
    pub(super) fn differences(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Changed(differences) => differences.clone(),
            Self::Yes(_) | Self::No => Vec::new(),
        }
    }
}

impl App {
    /// Whether the user trusts the workspace's files as they are: looked up when it is asked first.
    pub(super) fn is_trusted(&self) -> bool {
        matches!(self.trust(), Trust::Yes(_))
    }

    /// Whether the user trusts the workspace's files, and this plugin is one of them as it was looked at, or
    /// none of the workspace's.
    pub(super) fn is_trusted_with(&self, plugin: &Plugin) -> bool {
        let Trust::Yes(contents) = self.trust() else { return false };
        let workspace = self.configuration.workspace();
        let beside = plugin.beside.as_ref().map(|beside| (&*beside.path, &beside.digest));
        match &plugin.path {
            Some(path) => {
                let may_be_new = plugin.origin != Origin::Workspace;
                contents.vouches_for(workspace, (path, &plugin.digest), beside, may_be_new)
            }
            None => true,
        }
    }

    pub(super) fn trust(&self) -> &Trust {
        self.trust.get_or_init(|| {
            self.look_up_trust().unwrap_or_else(|error| {
                tracing::warn!("your trust in this workspace cannot be looked up: {error}");
                Trust::No
            })
        })
    }

    fn look_up_trust(&self) -> Result<Trust, Error> {
        let workspace = self.workspace()?;
        match self.state.trusted(&workspace)? {
            None => Ok(Trust::No),
            Some(trusted) => Ok(compare(&trusted, self.contents()?)),
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
        self.contents_of(&self.workspace()?, &self.configuration, &self.settings, self.lock()?)
    }

    /// `taskrunner trust`.
    pub(super) fn answer_trust(&self, request: TrustRequest) -> Result<ExitCode, Error> {
        let workspace = self.workspace()?;
        match request {
            TrustRequest::List => self.list_trusted()?,
            TrustRequest::Revoke => {
                let was_trusted = self.state.revoke_trust(&workspace)?;
                self.report.trust_revoked(&workspace, was_trusted)?;
            }
            TrustRequest::Grant { yes } => {
                let contents = self.contents()?;
                let lines = self.lines_that_need_trust(&contents);
                if yes || !self.may_ask() {
                    self.report.trust_shown(&workspace, &contents, &lines);
                }
                if !yes {
                    self.confirm_trust(&workspace, &contents, &lines)?;
                }
                let configuration = self.configuration.project_file().map(|(path, _)| path);
                self.state.trust(&workspace, configuration, contents)?;
                // Lines that had no effect until now have one.
                self.ignored.borrow_mut().clear();
                self.report.trusted(&workspace, &lines)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn confirm_trust(
        &self,
        workspace: &Path,
        contents: &Contents,
        lines: &[Ignored],
    ) -> Result<(), Error> {
        if !self.may_ask() {
            return Err(Error::NotTrusted("there is no terminal to ask on"));
        }
        match self.report.confirm_trust(workspace, contents, lines) {
            true => Ok(()),
            false => Err(Error::NotTrusted("the answer was no")),
        }
    }

    /// What the workspace's files say that counts only with trust.
    fn lines_that_need_trust(&self, contents: &Contents) -> Vec<Ignored> {
        let settings = &self.settings;
        let directories = settings.plugin_path.iter().filter_map(Ignored::directory);
        let mut lines: Vec<Ignored> = directories.collect();
        lines.extend(settings.replaceable.iter().filter_map(Ignored::replacement));
        for command in std::iter::once(None).chain(settings.limited_commands().map(Some)) {
            let flags = LimitsLayer::default();
            let raised =
                settings.raised_limits(&self.configuration, command, flags, &RetryLayer::default());
            lines.extend(raised.iter().map(Ignored::limit));
        }
        lines.extend(contents.grants().map(Ignored::grant));
        let sections = self.configuration.sections_outside(|_| true);
        lines.extend(sections.map(|(path, target)| Ignored::sections(path, &target)));
        lines.sort();
        lines.dedup();
        lines
    }

    fn list_trusted(&self) -> Result<(), Error> {
        let all = self.state.all_trusted()?;
        let listed: Vec<TrustedWorkspace> =
            all.iter().map(|trusted| self.standing(trusted)).collect();
        Ok(self.report.trusted_workspaces(&listed)?)
    }

    /// How a workspace that was trusted stands now.
    fn standing(&self, trusted: &Trusted) -> TrustedWorkspace {
        let path = Path::new(&trusted.workspace);
        let is_there = dunce::canonicalize(path).is_ok_and(|found| found == path);
        let state = match is_there.then(|| self.contents_at(path, trusted)) {
            None => TrustState::Gone,
            Some(Err(error)) => TrustState::Unreadable(error.to_string()),
            Some(Ok(contents)) => match contents.differences(&trusted.contents) {
                none if none.is_empty() => TrustState::Trusted,
                differences => TrustState::Changed(differences),
            },
        };
        TrustedWorkspace { path: trusted.workspace.clone(), state }
    }

    /// The contents of a workspace that was trusted before.
    fn contents_at(&self, workspace: &Path, trusted: &Trusted) -> Result<Contents, Error> {
        let named = trusted.configuration.as_deref();
        let configuration = Configuration::load(named, workspace, None)?;
        let settings = Settings::resolve(&configuration)?;
        let lock = LockFile::read(&workspace.join(FILE_NAME), &Parsed::new(None))?;
        self.contents_of(workspace, &configuration, &settings, lock.as_ref())
    }

    pub(super) fn contents_of(
        &self,
        workspace: &Path,
        configuration: &Configuration,
        settings: &Settings,
        lock: Option<&LockFile>,
    ) -> Result<Contents, Error> {
        let mut contents = files(workspace, configuration, settings, lock)?;
        let mut names: BTreeSet<Name> = configuration.permitted_commands().into_iter().collect();
        names.extend(lock.into_iter().flat_map(|lock| lock.entries.keys().cloned()));
        for name in &names {
            let mut statements = configuration.permissions(name)?.statements;
            let entry = lock.and_then(|lock| Some((lock, lock.entries.get(name)?)));
            statements.extend(
                entry.into_iter().flat_map(|(lock, entry)| of_lock(lock, entry, workspace)),
            );
            statements.retain(|statement| statement.source.is_of_workspace());
            let outside = outside(workspace, self.environment.home.as_deref(), &statements);
            let outside =
                outside.map_err(|error| Error::Permission { command: name.clone(), error })?;
            for Capability { kind, target } in outside {
                contents.add_grant(format!("{name}: {} {target}", kind.key()));
            }
        }
        Ok(contents)
    }
}

fn compare(trusted: &Trusted, now: Contents) -> Trust {
    let differences = now.differences(&trusted.contents);
    if differences.is_empty() { Trust::Yes(Box::new(now)) } else { Trust::Changed(differences) }
}

/// The configuration file and the lock as they were parsed, and the plugins that come with them.
fn files(
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
        let files = place.files().map_err(unreadable(&place.directory))?;
        // What a plugin's manifest is called, the file system may see otherwise than the list.
        let beside: BTreeSet<PathBuf> =
            files.plugins.iter().flat_map(|path| manifests_beside(path)).collect();
        for path in beside.into_iter().chain(files.plugins).chain(files.manifests) {
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

/// What statements of a workspace's files grant outside of it, with links resolved.
fn outside(
    workspace: &Path,
    home: Option<&Path>,
    statements: &[Statement],
) -> Result<Vec<Capability>, PermissionError> {
    let paths = Paths::new(workspace, workspace, home)?;
    let allowed: Vec<Statement> =
        statements.iter().filter(|statement| statement.effect == Effect::Allow).cloned().collect();
    let decide = |trusted| meaning(&paths, &allowed, trusted);
    let gains = gains(&decide(false)?, &decide(true)?);
    Ok(gains.into_iter().map(|gain| gain.capability).collect())
}
