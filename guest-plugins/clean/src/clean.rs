//! The command itself: find, decide, remove, tell.

use std::io::Write;
use std::path::Path;

use taskrunner_plugin::{Failure, log};

use crate::guard::{Guard, Submodules};
use crate::index::Tracked;
use crate::options::Options;
use crate::repository::Repository;
use crate::scan::{Found, scan};
use crate::show::{Show, printable};
use crate::sweep::{Counted, Mode, Swept, sweep};

/// Of the failures in one artifact, so many are told one by one.
const TOLD: usize = 5;

/// Told how far the work has come: what is being done, and how much of how much is done.
pub(crate) type Progress<'a> = dyn FnMut(&str, u64, u64) + 'a;

/// Removes what builds left behind in the workspace `root`, and tells on `out`.
pub(crate) fn clean(
    root: &Path,
    options: &Options,
    out: impl Write,
    progress: &mut Progress<'_>,
) -> Result<(), Failure> {
    let finds = scan(root, options).map_err(|error| {
        Failure::failed(format!("cannot read the workspace: {error}"))
            .hint("the command must be allowed to read and write all of it")
    })?;
    let mut show = Show::new(out, options.dry_run, finds.values().map(|found| found.kind));
    let unwritten = |error| Failure::failed(format!("cannot write the output: {error}"));
    let mut counted = Counted::default();
    let (mut removed, mut bytes, mut left, mut failed) = (0, 0, 0, 0);
    let total = finds.len() as u64;
    for (done, (path, found)) in (0..).zip(&finds) {
        let name = printable(&path.to_string_lossy()).into_owned();
        let mut tick = |entries: u64| match entries {
            0 => progress(&name, done, total),
            entries => progress(&format!("{name} ({entries} entries)"), done, total),
        };
        tick(0);
        let Some(swept) = attempt(root, path, found, options, &mut counted, &mut tick) else {
            left += 1;
            continue;
        };
        tell_failures(options, &swept);
        failed += u64::from(!swept.failures.is_empty());
        if swept.entries > 0 {
            removed += 1;
            bytes += swept.bytes;
            show.artifact(path, found, &swept).map_err(unwritten)?;
        } else if swept.failures.is_empty() {
            left += 1;
        }
    }
    show.total(removed, bytes, left).map_err(unwritten)?;
    match failed {
        0 => Ok(()),
        failed => {
            let verb = if options.dry_run { "looked through" } else { "removed" };
            let message = format!("{failed} of {total} artifacts could not be {verb} completely");
            Err(Failure::failed(message).hint("the lines above say what failed and why"))
        }
    }
}

/// Removes one artifact, or measures it for a dry run; none where it is left alone.
fn attempt(
    root: &Path,
    path: &Path,
    found: &Found,
    options: &Options,
    counted: &mut Counted,
    tick: &mut dyn FnMut(u64),
) -> Option<Swept> {
    let mut guard = if found.spares_projects {
        Guard::of_match(path, &options.keep)
    } else {
        Guard::of_artifact(path, &options.keep, found.written)
    };
    guard = guard.and_hidden(options.told.hidden);
    let named = options.told.named.as_deref().filter(|named| named.concerns(path));
    for repository in found.repository.as_deref().into_iter().chain(named) {
        let tracked = repository.tracked(root)?;
        guard = and_tracked(guard, path, repository, tracked, Submodules::Stay);
    }
    // What they track they track still, although another repository has come in between.
    for repository in found.repository.iter().flat_map(|repository| repository.outer()) {
        if let Some(tracked) = repository.tracked_if_known(root) {
            guard = and_tracked(guard, path, repository, tracked, Submodules::AreElsewhere);
        }
    }
    if let Some(cutoff) = options.cutoff {
        // Counted on its own: the files are counted when they go.
        let mut ages = Counted::default();
        let measured = sweep(root, path, &guard, Mode::MeasureAges, &mut ages, tick);
        if !measured.failures.is_empty() {
            // Of what cannot be read, nobody knows the age.
            return Some(Swept { entries: 0, ..measured });
        }
        if measured.newest > cutoff {
            log::debug!("left alone: `{}` was changed since", path.display());
            return None;
        }
    }
    let mode = if options.dry_run { Mode::Measure } else { Mode::Remove };
    Some(sweep(root, path, &guard, mode, counted, tick))
}

/// Guards what a repository tracks in the artifact at `path`, if that is anything.
fn and_tracked<'a>(
    guard: Guard<'a>,
    path: &Path,
    repository: &'a Repository,
    tracked: &'a Tracked,
    submodules: Submodules,
) -> Guard<'a> {
    let concerns = match repository.within(path) {
        Some(within) => tracked.covers(&within) || tracked.reaches_into(&within),
        // Its working tree is in the artifact.
        None => true,
    };
    if !concerns {
        return guard;
    }
    log::debug!("git tracks files in `{}`: these stay", path.display());
    guard.and_tracked(repository, tracked, submodules)
}

fn tell_failures(options: &Options, swept: &Swept) {
    let verb = if options.dry_run { "read" } else { "remove" };
    for (path, error) in swept.failures.iter().take(TOLD) {
        log::error!("cannot {verb} `{}`: {error}", path.display());
    }
    if let Some(more) = swept.failures.len().checked_sub(TOLD).filter(|more| *more > 0) {
        log::error!("and {more} more");
    }
}
