//! Asking the rules, and recording what they say.

use std::path::Path;

use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::p2::{FsError, FsResult};

use super::Layer;
use super::place::Place;
use crate::permission::{Access, Operation, Ruling};
use crate::sandbox::answer;

/// Refusals that no grant changes, as they stand in the record.
pub(super) const SPECIAL: &str = "only files, directories and links are opened";
pub(super) const HARD_LINK: &str = "a file with more than one hard link is not written: its other name may be outside of the grants";
pub(super) const ESCAPE: &str = "a path may not leave the directory that it is relative to";
pub(super) const LINK_OUT: &str = "a link may not lead out of what was granted";

impl Layer<'_> {
    /// Goes on only if the rules allow it.
    pub(super) fn may(&self, operation: Operation, path: &Path, access: Access) -> FsResult<()> {
        let ruling = self.files.opened.rules.check_path(path, access);
        self.tell(&ruling, operation, path);
        match ruling.allowed {
            true => Ok(()),
            false => Err(self.code(path, access).into()),
        }
    }

    /// Goes on only if the rules let a guest see what is there. A directory, or what is not there, is
    /// seen also where something below it may be.
    pub(super) fn may_see(
        &self,
        operation: Operation,
        path: &Path,
        as_directory: bool,
    ) -> FsResult<()> {
        let rules = &self.files.opened.rules;
        let mut ruling = rules.check_path(path, Access::Read);
        if !ruling.allowed && as_directory {
            ruling = rules.check_directory(path);
        }
        self.tell(&ruling, operation, path);
        match ruling.allowed {
            true => Ok(()),
            false => Err(ErrorCode::Access.into()),
        }
    }

    /// Whether reading at a place needs no question: everything below its mount may be read, no path
    /// leaves the mount, and nobody wants a record of what is allowed.
    pub(super) fn is_free(&self, place: &Place) -> bool {
        place.reads_all && !self.files.witness.wants_all()
    }

    /// The refusal of a path outside of all grants.
    pub(super) fn denied(&self, operation: Operation, path: &Path) -> FsError {
        let access = match operation {
            Operation::Read | Operation::List | Operation::Stat => Access::Read,
            _ => Access::Write,
        };
        let mut ruling = self.files.opened.rules.check_path(path, access);
        if ruling.allowed {
            ruling = Ruling { allowed: false, rule: "it has another name in the sandbox".into() };
        }
        self.tell(&ruling, operation, path);
        ErrorCode::Access.into()
    }

    /// The refusal of a path that leads out of the directory that it is relative to.
    pub(super) fn escape(&self, operation: Operation, path: &Path) -> FsError {
        self.refused(operation, path, ESCAPE)
    }

    /// A refusal that no grant changes.
    pub(super) fn refused(&self, operation: Operation, path: &Path, rule: &'static str) -> FsError {
        self.tell(&Ruling { allowed: false, rule: rule.into() }, operation, path);
        ErrorCode::NotPermitted.into()
    }

    pub(super) fn tell(&self, ruling: &Ruling, operation: Operation, path: &Path) {
        let target = || path.to_string_lossy().into_owned();
        self.files.unanswered.add(self.files.witness.tell(ruling, operation, target));
    }

    /// Tells what came of the decisions of an operation, which is over: every operation that decides ends
    /// here.
    pub(super) fn answered<T>(&self, done: FsResult<T>) -> FsResult<T> {
        if self.files.witness.wants_all() {
            self.files.witness.answer(self.files.unanswered.take(), answer::of_files(&done));
        }
        done
    }

    /// What may be read and not written is a read-only file system; what may not even be read is denied.
    fn code(&self, path: &Path, access: Access) -> ErrorCode {
        let rules = &self.files.opened.rules;
        let is_seen =
            || rules.check_path(path, Access::Read).allowed || rules.check_directory(path).allowed;
        match access {
            Access::Write if is_seen() => ErrorCode::ReadOnly,
            _ => ErrorCode::Access,
        }
    }
}
