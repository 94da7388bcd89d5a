//! Types of 0.3, and the same of 0.2.

use wasmtime_wasi::p2::FsError;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::filesystem::types as p2;
use wasmtime_wasi::p3::bindings::clocks::system_clock::Instant;
use wasmtime_wasi::p3::bindings::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p3::filesystem::{FilesystemError, FilesystemResult};

pub(super) fn path_flags(flags: PathFlags) -> p2::PathFlags {
    match flags.contains(PathFlags::SYMLINK_FOLLOW) {
        true => p2::PathFlags::SYMLINK_FOLLOW,
        false => p2::PathFlags::empty(),
    }
}

pub(super) fn open_flags(flags: OpenFlags) -> p2::OpenFlags {
    [
        (OpenFlags::CREATE, p2::OpenFlags::CREATE),
        (OpenFlags::DIRECTORY, p2::OpenFlags::DIRECTORY),
        (OpenFlags::EXCLUSIVE, p2::OpenFlags::EXCLUSIVE),
        (OpenFlags::TRUNCATE, p2::OpenFlags::TRUNCATE),
    ]
    .into_iter()
    .filter(|(flag, _)| flags.contains(*flag))
    .fold(p2::OpenFlags::empty(), |all, (_, same)| all | same)
}

const FLAGS: [(DescriptorFlags, p2::DescriptorFlags); 6] = [
    (DescriptorFlags::READ, p2::DescriptorFlags::READ),
    (DescriptorFlags::WRITE, p2::DescriptorFlags::WRITE),
    (DescriptorFlags::FILE_INTEGRITY_SYNC, p2::DescriptorFlags::FILE_INTEGRITY_SYNC),
    (DescriptorFlags::DATA_INTEGRITY_SYNC, p2::DescriptorFlags::DATA_INTEGRITY_SYNC),
    (DescriptorFlags::REQUESTED_WRITE_SYNC, p2::DescriptorFlags::REQUESTED_WRITE_SYNC),
    (DescriptorFlags::MUTATE_DIRECTORY, p2::DescriptorFlags::MUTATE_DIRECTORY),
];

pub(super) fn flags(flags: DescriptorFlags) -> p2::DescriptorFlags {
    FLAGS
        .into_iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .fold(p2::DescriptorFlags::empty(), |all, (_, same)| all | same)
}

pub(super) fn told_flags(flags: p2::DescriptorFlags) -> DescriptorFlags {
    FLAGS
        .into_iter()
        .filter(|(_, flag)| flags.contains(*flag))
        .fold(DescriptorFlags::empty(), |all, (same, _)| all | same)
}

pub(super) fn advice(advice: Advice) -> p2::Advice {
    match advice {
        Advice::Normal => p2::Advice::Normal,
        Advice::Sequential => p2::Advice::Sequential,
        Advice::Random => p2::Advice::Random,
        Advice::WillNeed => p2::Advice::WillNeed,
        Advice::DontNeed => p2::Advice::DontNeed,
        Advice::NoReuse => p2::Advice::NoReuse,
    }
}

/// 0.2 knows no time before 1970.
pub(super) fn time(time: NewTimestamp) -> FilesystemResult<p2::NewTimestamp> {
    Ok(match time {
        NewTimestamp::NoChange => p2::NewTimestamp::NoChange,
        NewTimestamp::Now => p2::NewTimestamp::Now,
        NewTimestamp::Timestamp(Instant { seconds, nanoseconds }) => {
            let seconds = seconds.try_into().map_err(|_| ErrorCode::Overflow)?;
            p2::NewTimestamp::Timestamp(Datetime { seconds, nanoseconds })
        }
    })
}

fn instant(Datetime { seconds, nanoseconds }: Datetime) -> Option<Instant> {
    Some(Instant { seconds: seconds.try_into().ok()?, nanoseconds })
}

pub(super) fn stat(stat: p2::DescriptorStat) -> DescriptorStat {
    DescriptorStat {
        type_: kind(stat.type_),
        link_count: stat.link_count,
        size: stat.size,
        data_access_timestamp: stat.data_access_timestamp.and_then(instant),
        data_modification_timestamp: stat.data_modification_timestamp.and_then(instant),
        status_change_timestamp: stat.status_change_timestamp.and_then(instant),
    }
}

pub(super) fn kind(kind: p2::DescriptorType) -> DescriptorType {
    match kind {
        p2::DescriptorType::Unknown => DescriptorType::Other(None),
        p2::DescriptorType::BlockDevice => DescriptorType::BlockDevice,
        p2::DescriptorType::CharacterDevice => DescriptorType::CharacterDevice,
        p2::DescriptorType::Directory => DescriptorType::Directory,
        p2::DescriptorType::Fifo => DescriptorType::Fifo,
        p2::DescriptorType::SymbolicLink => DescriptorType::SymbolicLink,
        p2::DescriptorType::RegularFile => DescriptorType::RegularFile,
        p2::DescriptorType::Socket => DescriptorType::Socket,
    }
}

pub(super) fn hash(
    p2::MetadataHashValue { lower, upper }: p2::MetadataHashValue,
) -> MetadataHashValue {
    MetadataHashValue { lower, upper }
}

pub(super) fn entry(p2::DirectoryEntry { type_, name }: p2::DirectoryEntry) -> DirectoryEntry {
    DirectoryEntry { type_: kind(type_), name }
}

/// What ends the run with 0.2 ends it with 0.3.
pub(super) fn refusal(error: FsError) -> FilesystemError {
    match error.downcast() {
        Ok(code) => self::code(code).into(),
        Err(error) => FilesystemError::trap(error),
    }
}

fn code(code: p2::ErrorCode) -> ErrorCode {
    match code {
        p2::ErrorCode::Access => ErrorCode::Access,
        p2::ErrorCode::WouldBlock => ErrorCode::Other(Some("would-block".to_owned())),
        p2::ErrorCode::Already => ErrorCode::Already,
        p2::ErrorCode::BadDescriptor => ErrorCode::BadDescriptor,
        p2::ErrorCode::Busy => ErrorCode::Busy,
        p2::ErrorCode::Deadlock => ErrorCode::Deadlock,
        p2::ErrorCode::Quota => ErrorCode::Quota,
        p2::ErrorCode::Exist => ErrorCode::Exist,
        p2::ErrorCode::FileTooLarge => ErrorCode::FileTooLarge,
        p2::ErrorCode::IllegalByteSequence => ErrorCode::IllegalByteSequence,
        p2::ErrorCode::InProgress => ErrorCode::InProgress,
        p2::ErrorCode::Interrupted => ErrorCode::Interrupted,
        p2::ErrorCode::Invalid => ErrorCode::Invalid,
        p2::ErrorCode::Io => ErrorCode::Io,
        p2::ErrorCode::IsDirectory => ErrorCode::IsDirectory,
        p2::ErrorCode::Loop => ErrorCode::Loop,
        p2::ErrorCode::TooManyLinks => ErrorCode::TooManyLinks,
        p2::ErrorCode::MessageSize => ErrorCode::MessageSize,
        p2::ErrorCode::NameTooLong => ErrorCode::NameTooLong,
        p2::ErrorCode::NoDevice => ErrorCode::NoDevice,
        p2::ErrorCode::NoEntry => ErrorCode::NoEntry,
        p2::ErrorCode::NoLock => ErrorCode::NoLock,
        p2::ErrorCode::InsufficientMemory => ErrorCode::InsufficientMemory,
        p2::ErrorCode::InsufficientSpace => ErrorCode::InsufficientSpace,
        p2::ErrorCode::NotDirectory => ErrorCode::NotDirectory,
        p2::ErrorCode::NotEmpty => ErrorCode::NotEmpty,
        p2::ErrorCode::NotRecoverable => ErrorCode::NotRecoverable,
        p2::ErrorCode::Unsupported => ErrorCode::Unsupported,
        p2::ErrorCode::NoTty => ErrorCode::NoTty,
        p2::ErrorCode::NoSuchDevice => ErrorCode::NoSuchDevice,
        p2::ErrorCode::Overflow => ErrorCode::Overflow,
        p2::ErrorCode::NotPermitted => ErrorCode::NotPermitted,
        p2::ErrorCode::Pipe => ErrorCode::Pipe,
        p2::ErrorCode::ReadOnly => ErrorCode::ReadOnly,
        p2::ErrorCode::InvalidSeek => ErrorCode::InvalidSeek,
        p2::ErrorCode::TextFileBusy => ErrorCode::TextFileBusy,
        p2::ErrorCode::CrossDevice => ErrorCode::CrossDevice,
    }
}
