//! The answers of files and the network, by the names that records have for them.

use std::io;

use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode as FileError;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode as SocketError;
use wasmtime_wasi_http::Error as HttpError;

use super::network::LookupError;
use crate::permission::{AccessResult, Answer};

/// What an operation on files comes to. What is no error code ends the guest: at a limit.
pub(super) fn of_files<T>(done: &FsResult<T>) -> Answer {
    let result = match done {
        Ok(_) => AccessResult::Ok,
        Err(error) => error.downcast_ref().map_or(AccessResult::Limit, |code| of_file_error(*code)),
    };
    result.into()
}

fn of_file_error(code: FileError) -> AccessResult {
    match code {
        FileError::Access => AccessResult::AccessDenied,
        FileError::ReadOnly => AccessResult::ReadOnly,
        FileError::NotPermitted => AccessResult::NotPermitted,
        FileError::NoEntry => AccessResult::NotFound,
        FileError::Exist => AccessResult::AlreadyExists,
        FileError::NotDirectory => AccessResult::NotADirectory,
        FileError::IsDirectory => AccessResult::IsADirectory,
        FileError::NotEmpty => AccessResult::NotEmpty,
        FileError::Busy | FileError::TextFileBusy => AccessResult::Busy,
        FileError::Loop | FileError::TooManyLinks => AccessResult::Loop,
        FileError::CrossDevice => AccessResult::CrossDevice,
        FileError::NameTooLong => AccessResult::NameTooLong,
        FileError::Invalid | FileError::IllegalByteSequence | FileError::BadDescriptor => {
            AccessResult::InvalidArgument
        }
        FileError::Unsupported => AccessResult::Unsupported,
        FileError::InsufficientSpace | FileError::Quota => AccessResult::NoSpace,
        FileError::FileTooLarge | FileError::Overflow => AccessResult::TooLarge,
        _ => AccessResult::IoError,
    }
}

/// What a call of a socket's comes to.
pub(super) fn of_socket_error(code: SocketError) -> AccessResult {
    match code {
        SocketError::AccessDenied => AccessResult::AccessDenied,
        SocketError::InvalidArgument | SocketError::InvalidState => AccessResult::InvalidArgument,
        SocketError::NotSupported => AccessResult::Unsupported,
        SocketError::Timeout | SocketError::TemporaryResolverFailure => AccessResult::Timeout,
        SocketError::RemoteUnreachable => AccessResult::Unreachable,
        SocketError::ConnectionRefused => AccessResult::ConnectionRefused,
        SocketError::ConnectionReset | SocketError::ConnectionAborted => {
            AccessResult::ConnectionReset
        }
        SocketError::DatagramTooLarge => AccessResult::TooLarge,
        SocketError::NameUnresolvable => AccessResult::NameUnresolvable,
        _ => AccessResult::IoError,
    }
}

/// What the look-up of a name comes to.
pub(super) fn of_lookup<T>(done: &Result<T, LookupError>) -> Answer {
    let result = match done {
        Ok(_) => AccessResult::Ok,
        Err(LookupError::Timeout) => AccessResult::Timeout,
        Err(_) => AccessResult::NameUnresolvable,
    };
    result.into()
}

/// What a request comes to: the status of its response, or why there is none.
pub(super) fn of_request<B, W>(done: &Result<(http::Response<B>, W), HttpError>) -> Answer {
    match done {
        Ok((response, _)) => {
            Answer { result: AccessResult::Ok, status: Some(response.status().as_u16()) }
        }
        Err(error) => of_http_error(error).into(),
    }
}

fn of_http_error(error: &HttpError) -> AccessResult {
    match error {
        HttpError::HttpRequestDenied | HttpError::DestinationIpProhibited => {
            AccessResult::AccessDenied
        }
        HttpError::DnsTimeout
        | HttpError::ConnectionTimeout
        | HttpError::ConnectionReadTimeout
        | HttpError::ConnectionWriteTimeout => AccessResult::Timeout,
        HttpError::DnsError { .. } => AccessResult::NameUnresolvable,
        HttpError::TlsCertificateError | HttpError::Tls(_) => AccessResult::TlsError,
        HttpError::Connect(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => AccessResult::ConnectionRefused,
            io::ErrorKind::ConnectionReset => AccessResult::ConnectionReset,
            io::ErrorKind::TimedOut => AccessResult::Timeout,
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                AccessResult::Unreachable
            }
            _ => AccessResult::IoError,
        },
        _ => AccessResult::ProtocolError,
    }
}
