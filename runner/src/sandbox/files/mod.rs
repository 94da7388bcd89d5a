//! The guest's file system: one layer over wasmtime-wasi's, through which every call of a guest's passes.
//!
//! A guest has one preopened directory, `/`. What was granted is mounted below it ([`opened`]), and each
//! operation on a path goes the same way:
//!
//! 1. [`opened`] finds what the path means: a place below a mount, a directory that only leads to
//!    mounts, or something outside of all grants;
//! 2. [`place`] opens the directory that the last name stands in, never leaving the mount, and asks the
//!    system for its real path;
//! 3. [`decide`] asks the rules about that path, and records the answer;
//! 4. the operation is done on the directory that is open, with a bare name and without following a link;
//! 5. what came of it is told ([`Layer::answered`]), so that the record has the result beside the decision.
//!
//! So what was checked is what is used, whatever anybody swaps meanwhile. [`open`] opens files,
//! [`listing`] reads directories, [`change`] is everything that writes, [`ceiling`] counts it.

mod ceiling;
mod change;
mod decide;
mod direct;
mod host;
mod listing;
mod look;
mod open;
mod opened;
mod p3;
mod place;
mod real;
#[cfg(test)]
pub(super) mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use wasmtime::component::{HasData, Linker, Resource, ResourceTable, ResourceTableError};
use wasmtime_wasi::filesystem::{Descriptor, Dir, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::guest::Guest;
use super::limits::Limits;
use crate::permission::{Unanswered, Witness};

pub(super) use ceiling::CeilingReached;
use ceiling::{DiskMeter, FileMeter};
use opened::Meaning;
pub(super) use opened::{MAX_PATH, Opened};
pub(super) use p3::{
    add_preopens_to_linker as add_p3_preopens_to_linker,
    add_types_to_linker as add_p3_types_to_linker,
};

/// What the layer knows beside the table of handles.
pub(super) struct Files {
    opened: Arc<Opened>,
    witness: Witness,
    /// What the operation that is under way was decided on.
    unanswered: Unanswered,
    disk: Arc<DiskMeter>,
    created: FileMeter,
    /// The guest's names of those directories below which other mounts are found: paths relative to
    /// them are joined to the name.
    names: HashMap<u32, Vec<String>>,
    /// The directories below which everything may be read.
    reads_all: HashSet<u32>,
    /// Where wasmtime-wasi finds the directories that are open for one operation: not in the guest's
    /// table, whose size is limited.
    lent: ResourceTable,
}

impl Files {
    pub(super) fn new(opened: Arc<Opened>, witness: Witness, limits: &Limits) -> Self {
        Self {
            opened,
            witness,
            unanswered: Unanswered::default(),
            disk: Arc::new(DiskMeter::new(limits.disk)),
            created: FileMeter::new(limits.files),
            names: HashMap::new(),
            reads_all: HashSet::new(),
            lent: ResourceTable::new(),
        }
    }
}

/// Puts this layer in the place of wasmtime-wasi's own, for what a guest finds when it starts.
pub(super) fn add_preopens_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    preopens::add_to_linker::<_, Layered>(linker, Guest::layered)
}

/// The same for what is done with directories and files.
pub(super) fn add_types_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    types::add_to_linker::<_, Layered>(linker, Guest::layered)
}

struct Layered;

impl HasData for Layered {
    type Data<'a> = Layer<'a>;
}

impl Guest {
    pub(super) fn layered(&mut self) -> Layer<'_> {
        let Self { wasi, table, files, .. } = self;
        debug_assert!(files.unanswered.is_empty(), "an operation ended without telling its result");
        Layer { below: WasiFilesystemCtxView { ctx: wasi.filesystem(), table }, files }
    }
}

pub(super) struct Layer<'a> {
    below: WasiFilesystemCtxView<'a>,
    files: &'a mut Files,
}

type Handle = Resource<Descriptor>;

/// A directory that is not there, but leads to mounts. It stands in the table of handles in the place
/// of a descriptor.
struct Virtual(Vec<String>);

impl Layer<'_> {
    /// The virtual directory behind a handle, if there is one.
    fn virtual_of(&self, fd: &Handle) -> Option<&Virtual> {
        self.below.table.get(&Resource::new_borrow(fd.rep())).ok()
    }

    /// Refuses what a virtual directory cannot do.
    fn real(&self, fd: &Handle, refusal: ErrorCode) -> FsResult<()> {
        match self.virtual_of(fd) {
            Some(_) => Err(refusal.into()),
            None => Ok(()),
        }
    }

    /// The directory behind a handle.
    fn directory(&self, fd: &Handle) -> FsResult<&Dir> {
        match self.below.table.get(fd)? {
            Descriptor::Dir(dir) => Ok(dir),
            Descriptor::File(_) => Err(ErrorCode::NotDirectory.into()),
        }
    }

    /// What a path relative to a handle means.
    fn meaning(&self, fd: &Handle, path: &str) -> FsResult<Meaning> {
        let names = match self.virtual_of(fd) {
            Some(Virtual(names)) => Some(names),
            None => self.files.names.get(&fd.rep()),
        };
        match names {
            Some(names) => self.files.opened.meaning(names, path),
            None => {
                let reads_all = self.files.reads_all.contains(&fd.rep());
                opened::below((self.directory(fd)?, reads_all), path)
            }
        }
    }

    /// Puts a virtual directory into the table.
    fn push_virtual(&mut self, names: Vec<String>) -> Result<Handle, ResourceTableError> {
        let pushed = self.below.table.push(Virtual(names))?;
        Ok(Resource::new_own(pushed.rep()))
    }

    /// Lends a directory to wasmtime-wasi for one operation.
    fn lend(&mut self, dir: Dir) -> FsResult<Handle> {
        Ok(self.files.lent.push(Descriptor::Dir(dir))?)
    }

    /// A new handle for what is lent under this one.
    fn lent(handle: &Handle) -> Handle {
        Resource::new_borrow(handle.rep())
    }

    /// wasmtime-wasi's own implementation, over what is lent.
    fn lender(&mut self) -> WasiFilesystemCtxView<'_> {
        WasiFilesystemCtxView { ctx: self.below.ctx, table: &mut self.files.lent }
    }

    fn take_back(&mut self, handle: Handle) -> FsResult<()> {
        self.files.lent.delete(handle)?;
        Ok(())
    }
}

impl preopens::Host for Layer<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Handle, String)>> {
        let root = match self.files.opened.root() {
            Some((dir, reads_all)) => {
                let handle = self.below.table.push(Descriptor::Dir(dir))?;
                if reads_all {
                    self.files.reads_all.insert(handle.rep());
                }
                self.files.names.insert(handle.rep(), Vec::new());
                handle
            }
            None => self.push_virtual(Vec::new())?,
        };
        Ok(vec![(root, "/".to_owned())])
    }
}

impl types::Host for Layer<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        self.below.convert_error_code(error)
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.below.filesystem_error_code(error)
    }
}
