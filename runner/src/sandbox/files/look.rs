//! Operations that only look at what a path names.

use std::hash::{DefaultHasher, Hash, Hasher};

use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorStat, DescriptorType, ErrorCode, HostDescriptor, MetadataHashValue, PathFlags,
};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::opened::Meaning;
use super::place::{Last, MAX_LINKS, Pinned, Place, too_many_links};
use super::{Handle, Layer};
use crate::permission::Operation;

/// What a path comes to, when links are followed as far as they are to be.
pub(super) enum Found {
    Virtual(Vec<String>),
    /// With what stands there, or why that cannot be told.
    Real(Pinned, FsResult<DescriptorStat>),
}

impl Layer<'_> {
    /// Looks at what a path names, and decides whether the guest may see it.
    pub(super) async fn see(
        &mut self,
        operation: Operation,
        fd: &Handle,
        flags: PathFlags,
        path: &str,
    ) -> FsResult<Found> {
        let mut place = match self.place(operation, fd, path)? {
            Ok(place) => place,
            Err(names) => return Ok(Found::Virtual(names)),
        };
        let follow = flags.contains(PathFlags::SYMLINK_FOLLOW);
        for _ in 0..MAX_LINKS {
            let pinned = self.pin(operation, &place, Last::Followed)?;
            let stat = self.stat_of(&pinned).await;
            if follow && is_type(&stat, DescriptorType::SymbolicLink) {
                place = self.follow(operation, &place, &pinned)?;
                continue;
            }
            if !self.is_free(&place) {
                let as_directory = is_type(&stat, DescriptorType::Directory) || is_missing(&stat);
                self.may_see(operation, &pinned.path()?, as_directory)?;
            }
            return Ok(Found::Real(pinned, stat));
        }
        Err(too_many_links())
    }

    /// The place that a path means, or the name of a virtual directory. Everything else is refused, and
    /// recorded.
    pub(super) fn place(
        &self,
        operation: Operation,
        fd: &Handle,
        path: &str,
    ) -> FsResult<Result<Place, Vec<String>>> {
        match self.meaning(fd, path)? {
            Meaning::Below(place, _) => Ok(Ok(place)),
            Meaning::Virtual(names) => Ok(Err(names)),
            Meaning::Outside(host) => Err(self.denied(operation, &host)),
            Meaning::Escape(host) => Err(self.escape(operation, &host)),
        }
    }

    /// What stands at a pinned place; a link is not followed.
    pub(super) async fn stat_of(&mut self, pinned: &Pinned) -> FsResult<DescriptorStat> {
        let lent = self.lend(pinned.dir.clone())?;
        let (handle, name) = (Self::lent(&lent), pinned.name());
        let stat = self.lender().stat_at(handle, PathFlags::empty(), name).await;
        self.take_back(lent)?;
        stat
    }

    pub(super) async fn hash(
        &mut self,
        fd: &Handle,
        flags: PathFlags,
        path: &str,
    ) -> FsResult<MetadataHashValue> {
        // A C library asks so for each entry of a directory: what need not be looked at, is not.
        if !flags.contains(PathFlags::SYMLINK_FOLLOW)
            && let Meaning::Below(place, _) = self.meaning(fd, path)?
            && self.is_free(&place)
        {
            let pinned = self.pin(Operation::Stat, &place, Last::Followed)?;
            return self.hash_of(&pinned).await;
        }
        match self.see(Operation::Stat, fd, flags, path).await? {
            Found::Real(pinned, stat) => {
                stat?;
                self.hash_of(&pinned).await
            }
            Found::Virtual(names) => Ok(virtual_hash(&names)),
        }
    }

    pub(super) async fn hash_of(&mut self, pinned: &Pinned) -> FsResult<MetadataHashValue> {
        let lent = self.lend(pinned.dir.clone())?;
        let (handle, name) = (Self::lent(&lent), pinned.name());
        let hash = self.lender().metadata_hash_at(handle, PathFlags::empty(), name).await;
        self.take_back(lent)?;
        hash
    }

    pub(super) async fn read_link(&mut self, fd: &Handle, path: &str) -> FsResult<String> {
        let Ok(place) = self.place(Operation::Stat, fd, path)? else {
            return Err(ErrorCode::Invalid.into());
        };
        let pinned = self.pin(Operation::Stat, &place, Last::Followed)?;
        if !self.is_free(&place) {
            self.may_see(Operation::Stat, &pinned.path()?, false)?;
        }
        if pinned.is_open() {
            return Err(ErrorCode::Invalid.into());
        }
        let lent = self.lend(pinned.dir.clone())?;
        let (handle, name) = (Self::lent(&lent), pinned.name());
        let target = self.lender().readlink_at(handle, name).await;
        self.take_back(lent)?;
        target
    }
}

/// What a guest sees of a virtual directory.
pub(super) fn virtual_stat() -> DescriptorStat {
    DescriptorStat {
        type_: DescriptorType::Directory,
        link_count: 1,
        size: 0,
        data_access_timestamp: None,
        data_modification_timestamp: None,
        status_change_timestamp: None,
    }
}

pub(super) fn virtual_hash(names: &[String]) -> MetadataHashValue {
    let lower = hash_of(names);
    MetadataHashValue { lower, upper: !lower }
}

/// The hash that wasmtime-wasi, too, makes of what identifies a file.
pub(super) fn hash_of(identity: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    identity.hash(&mut hasher);
    hasher.finish()
}

pub(super) fn is_type(stat: &FsResult<DescriptorStat>, kind: DescriptorType) -> bool {
    stat.as_ref().is_ok_and(|stat| stat.type_ == kind)
}

pub(super) fn is_missing(stat: &FsResult<DescriptorStat>) -> bool {
    stat.as_ref().is_err_and(|error| is_code(error, ErrorCode::NoEntry))
}

pub(super) fn is_code(error: &FsError, code: ErrorCode) -> bool {
    error.downcast_ref().is_some_and(|found| *found == code)
}
