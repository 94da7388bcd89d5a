//! The kernel's ceilings on one process, and what it gives up.

use std::io;

use rustix::fs::{FileType, fstat};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_no_new_privs,
};

use super::{Part, Wall};

/// Lowers the ceilings, and gives up what a process could gain by running another program.
pub(super) fn lower(wall: &Wall) -> Part {
    Part::of(try_lower(wall))
}

fn try_lower(wall: &Wall) -> io::Result<()> {
    ceiling(Resource::Fsize, wall.file_size.saturating_add(written_before()))?;
    ceiling(Resource::Nofile, wall.handles)?;
    // Not the address space: wasmtime reserves much of it that it never uses.
    ceiling(Resource::Data, wall.memory)?;
    ceiling(Resource::Core, 0)?;
    set_no_new_privs(true)?;
    drop_capabilities()?;
    // Other processes of the user cannot look into this one.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Gives up all capabilities, which root's processes have. The worker then reads and changes what its user owns
/// and what everybody may. The bounding set can stay: without new privileges no program that is executed gets
/// any of it.
fn drop_capabilities() -> io::Result<()> {
    let held = capabilities(None)?;
    let none = CapabilitySet::empty();
    if held.effective.union(held.permitted).union(held.inheritable) == none {
        return Ok(());
    }
    // The ambient set is cleared along with them.
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    Ok(set_capabilities(None, sets)?)
}

/// Sets a ceiling, unless there is a lower one.
fn ceiling(resource: Resource, height: u64) -> io::Result<()> {
    let height = getrlimit(resource).maximum.map_or(height, |there| there.min(height));
    Ok(setrlimit(resource, Rlimit { current: Some(height), maximum: Some(height) })?)
}

/// How long the files are that standard output and error may lead to: the ceiling is on a file's
/// length, and what others wrote is not the guest's.
fn written_before() -> u64 {
    let lengths = [rustix::stdio::stdout(), rustix::stdio::stderr()].map(|stream| {
        let stat = fstat(stream).ok()?;
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        is_file.then(|| u64::try_from(stat.st_size).unwrap_or_default())
    });
    lengths.into_iter().flatten().max().unwrap_or_default()
}
