//! `taskrunner update`: writes the lock file, after showing what differs and what is newly requested.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use super::App;
use super::ask::{answer, essential, gains};
use super::describer::Describer;
use super::grants::{Stated, Subject};
use crate::cli::UpdateOptions;
use crate::config::document::Parsed;
use crate::error::Error;
use crate::exit::ExitCode;
#[cfg(unix)]
use crate::held::hold_directory;
use crate::permission::{Capability, Effective, Source, Statement, Targets};
use crate::plugin::lock::{Change, Entry, LockFile, name_in};
use crate::plugin::{Digest, Fault, Listing, Name, Origin, Plugin, Registry};

impl App {
    pub(super) fn update(
        &self,
        registry: &Registry<'_>,
        describer: &Describer,
        options: &UpdateOptions,
    ) -> Result<ExitCode, Error> {
        let listing = describer.listing(registry)?;
        self.report.faults(&listing);
        let (old, was_trusted) = self.lock_and_trust()?;
        let none = BTreeMap::new();
        let old_entries = old.map_or(&none, |lock| &lock.entries);
        let changes = self.changes(&listing, old_entries, &options.names)?;

        let different: BTreeMap<&Name, &Change> =
            changes.iter().filter(|(_, change)| !change.is_none()).collect();
        let asking = asking(&listing, &different);
        let must_ask = !options.check && !options.accept && !asking.is_empty();
        if must_ask {
            self.confirm_requests(&different, asking)?;
        } else {
            self.report.changes(&self.lock_path(), &different, options.check)?;
        }
        if options.check {
            let is_same = different.is_empty() && old.is_some();
            return Ok(if is_same { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        if different.is_empty() && old.is_some() {
            return Ok(ExitCode::SUCCESS);
        }
        self.write_changes(changes, was_trusted)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Makes the changes to the lock file as it is by now, while no other update does. What they were shown
    /// against must still be there.
    fn write_changes(
        &self,
        changes: BTreeMap<Name, Change>,
        was_trusted: bool,
    ) -> Result<(), Error> {
        let path = self.lock_path();
        let fail = |error| Error::Write { path: path.clone(), error };
        #[cfg(unix)]
        let held = hold_directory(self.configuration.workspace()).map_err(fail)?;
        // It is what the user sees in review, and not from a list of what was parsed before.
        let before = LockFile::read(&path, &Parsed::new(None))?;
        let mut entries = before.as_ref().map(|lock| lock.entries.clone()).unwrap_or_default();
        for (name, change) in changes {
            let now = entries.get(&name);
            if now != change.old.as_ref() && now != change.new.as_ref() {
                let message = format!("another update has changed `{name}` meanwhile: try again");
                return Err(fail(io::Error::other(message)));
            }
            match change.new {
                Some(entry) => drop(entries.insert(name, entry)),
                None => drop(entries.remove(&name)),
            }
        }
        let file = LockFile::compose(&path, &entries)?;
        if before.as_ref().is_none_or(|before| before.text != file.text) {
            file.write().map_err(fail)?;
            if was_trusted {
                self.keep_trust(before.as_ref(), &file)?;
            }
        }
        #[cfg(unix)]
        drop(held);
        Ok(())
    }

    /// The lock file, and whether the workspace is trusted with it: not while another update has written the
    /// one and not yet the other.
    fn lock_and_trust(&self) -> Result<(Option<&LockFile>, bool), Error> {
        let workspace = self.configuration.workspace();
        #[cfg(unix)]
        let held = hold_directory(workspace)
            .map_err(|error| Error::WorkingDirectory { path: workspace.to_owned(), error })?;
        let found = (self.lock()?, self.is_trusted());
        #[cfg(unix)]
        drop(held);
        Ok(found)
    }

    /// Shows what changes, and asks where somebody is there to answer.
    fn confirm_requests(
        &self,
        changes: &BTreeMap<&Name, &Change>,
        names: Vec<String>,
    ) -> Result<(), Error> {
        let (lock, report) = (self.lock_path(), &self.report);
        let can_ask = self.may_ask();
        // The question shows them on the terminal.
        if !can_ask || !report.console.streams.stdout_is_terminal {
            report.changes(&lock, changes, false)?;
        }
        let confirmed = can_ask && report.confirm_changes(&lock, changes, &names);
        if confirmed { Ok(()) } else { Err(Error::NotAccepted { names }) }
    }

    /// The user has just seen and accepted what is new in the lock, and nothing else is trusted with it: the
    /// lock before was the trusted one, and so are the other files.
    fn keep_trust(&self, before: Option<&LockFile>, lock: &LockFile) -> Result<(), Error> {
        let workspace = self.workspace()?;
        self.state.keep_trust(&workspace, |trusted| {
            let digest = before.map(|before| Digest::of(before.text.as_bytes()));
            let is_trusted = match digest {
                Some(digest) => {
                    trusted.contents.holds(&workspace, &lock.path, &digest) == Some(true)
                }
                None => trusted
                    .contents
                    .holds(&workspace, &lock.path, &Digest::of(lock.text.as_bytes()))
                    .is_none(),
            };
            let mut expected = trusted.contents.clone();
            expected.add(&workspace, &lock.path, lock.text.as_bytes())?;
            let (configuration, settings) = (&self.configuration, &self.settings);
            let now = self.contents_of(&workspace, configuration, settings, Some(lock))?;
            Ok((is_trusted && now.has_files_of(&expected)).then_some(now))
        })
    }

    /// What becomes of each entry: of those that are named, else of all that come with the workspace or
    /// are in the lock.
    fn changes(
        &self,
        listing: &Listing,
        old: &BTreeMap<Name, Entry>,
        names: &[String],
    ) -> Result<BTreeMap<Name, Change>, Error> {
        let mut changes = BTreeMap::new();
        for name in chosen(listing, old, names)? {
            let old = old.get(&name).cloned();
            let new = match listing.commands.get(&name) {
                Some(plugin) => Some(self.new_entry(plugin, old.as_ref())?),
                None => None,
            };
            changes.insert(name, Change { old, new });
        }
        Ok(changes)
    }

    /// What is to stand in the lock: with what the project grants, what was accepted before, and the new
    /// requests that nothing grants yet.
    fn new_entry(&self, plugin: &Plugin, old: Option<&Entry>) -> Result<Entry, Error> {
        let paths = self.paths(&plugin.manifest)?;
        let subject = Subject { plugin, paths: &paths, named: &[] };
        let mut new = Entry::of(plugin, paths.workspace()).map_err(Error::Plugin)?;

        let project = self.decide(subject, &self.configured(subject)?, &[])?;
        let of_project = project.effective().iter().filter(|grant| is_of_project(&grant.source));
        let mut grants: Vec<Capability> = essential(of_project)
            .iter()
            .filter_map(|effective| relative(effective, paths.workspace()))
            .collect();
        let accepted = |capability: Capability| self.accepted(subject, capability);
        let kept = old.into_iter().flat_map(|old| old.grants.capabilities());
        let kept: Vec<Statement> = kept.filter_map(accepted).collect();
        let with_kept = self.decide(subject, &self.configured(subject)?, &kept)?;
        let change = Change { old: old.cloned(), new: Some(new.clone()) };
        let is_granted = |capability: &Capability| {
            !with_kept.refused().iter().any(|request| request.capability == *capability)
        };
        let newly = change.new_requests().into_iter().filter(|c| !is_granted(c));
        let newly: Vec<Statement> = newly.filter_map(accepted).collect();
        grants.extend(kept.into_iter().chain(newly).map(|statement| statement.capability));
        new.grants = Targets::new(grants);
        Ok(new)
    }

    /// A grant, if it gives this plugin anything.
    fn accepted(&self, subject: Subject<'_>, capability: Capability) -> Option<Statement> {
        let statement = answer(subject.paths, capability);
        let stated = Stated::default();
        let without = self.decide(subject, &stated, &[]).ok()?;
        let with_it = self.decide(subject, &stated, std::slice::from_ref(&statement)).ok()?;
        (!gains(&without, &with_it).is_empty()).then_some(statement)
    }
}

/// Which entries an update is about.
fn chosen(
    listing: &Listing,
    old: &BTreeMap<Name, Entry>,
    names: &[String],
) -> Result<BTreeSet<Name>, Error> {
    if !names.is_empty() {
        let find = |name: &String| {
            let known = Name::new(name).ok();
            known.filter(|n| listing.commands.contains_key(n) || old.contains_key(n)).ok_or_else(
                || Error::UnknownCommand { name: name.clone(), nearest: listing.nearest(name) },
            )
        };
        return names.iter().map(find).collect();
    }
    let comes_along = |plugin: &Plugin| {
        matches!(plugin.origin, Origin::Embedded | Origin::Workspace | Origin::Configuration)
    };
    let found = listing
        .commands
        .iter()
        .filter(|(name, plugin)| comes_along(plugin) || old.contains_key(*name));
    // What comes from elsewhere may be on the other machines; what is broken is still there.
    let faults: BTreeSet<String> = listing.faults.iter().filter_map(Fault::name).collect();
    let gone = old.iter().filter(|(name, entry)| {
        !listing.commands.contains_key(*name)
            && !faults.contains(name.as_str())
            && (entry.source == "embedded" || entry.source.ends_with(".wasm"))
    });
    Ok(found.map(|(name, _)| name).chain(gone.map(|(name, _)| name)).cloned().collect())
}

/// The commands that newly request something. What is part of the runner has it already.
fn asking(listing: &Listing, changes: &BTreeMap<&Name, &Change>) -> Vec<String> {
    let is_embedded = |name: &Name| {
        listing.commands.get(name).is_some_and(|plugin| plugin.origin == Origin::Embedded)
    };
    let asking = changes
        .iter()
        .filter(|(name, change)| !is_embedded(name) && !change.new_requests().is_empty());
    asking.map(|(name, _)| name.to_string()).collect()
}

/// Whether a grant is everybody's who has the project: the user's own are not written down for others.
fn is_of_project(source: &Source) -> bool {
    matches!(source, Source::Embedded | Source::Workspace { .. } | Source::Lock { .. })
}

/// A grant as it reads on every machine: relative to the workspace where it is inside.
fn relative(effective: &Effective, workspace: &Path) -> Option<Capability> {
    let Capability { kind, target } = &effective.capability;
    match kind.access() {
        Some(_) => Some(Capability::new(*kind, name_in(workspace, Path::new(target))?)),
        None => Some(effective.capability.clone()),
    }
}
