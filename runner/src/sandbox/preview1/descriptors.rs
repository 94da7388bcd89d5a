//! The numbers under which a guest finds what it holds open. Each entry is a handle in the guest's table,
//! whose size is limited: so the numbers are, too.

use wasmtime::component::Resource;
use wasmtime_wasi::cli::WasiCliView;
use wasmtime_wasi::filesystem::Descriptor as Node;
use wasmtime_wasi::p1::types::{Errno, Error, Fd, Fdflags};
use wasmtime_wasi::p2::bindings::cli::{
    stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr, terminal_stdin,
    terminal_stdout,
};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::HostDescriptor;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};
use wasmtime_wasi_io::bindings::wasi::io::streams::{HostInputStream, HostOutputStream};

use super::Result;
use super::directories::Listing;
use crate::sandbox::guest::Guest;

pub(super) type Handle = Resource<Node>;

/// The same handle again, for one call.
pub(super) fn again<T: 'static>(handle: &Resource<T>) -> Resource<T> {
    Resource::new_borrow(handle.rep())
}

pub(super) enum Descriptor {
    Input { stream: Resource<DynInputStream>, is_terminal: bool },
    Output { stream: Resource<DynOutputStream>, is_terminal: bool },
    Directory(Directory),
    File(File),
}

pub(super) struct Directory {
    pub(super) handle: Handle,
    /// Whether it is the guest's `/`, open from the start.
    pub(super) is_preopened: bool,
    /// What was listed of it so far.
    pub(super) listing: Option<Listing>,
}

pub(super) struct File {
    pub(super) handle: Handle,
    pub(super) position: u64,
    /// The furthest that was written up to: there is no gap before it.
    pub(super) reached: u64,
    pub(super) append: bool,
    /// Kept for the guest only: files never make anybody wait.
    pub(super) nonblocking: bool,
}

impl File {
    pub(super) fn new(handle: Handle, flags: Fdflags) -> Self {
        let mut file = Self { handle, position: 0, reached: 0, append: false, nonblocking: false };
        file.set_flags(flags);
        file
    }

    pub(super) fn set_flags(&mut self, flags: Fdflags) {
        self.append = flags.contains(Fdflags::APPEND);
        self.nonblocking = flags.contains(Fdflags::NONBLOCK);
    }
}

pub(super) struct Descriptors(Vec<Option<Descriptor>>);

impl Descriptors {
    /// Puts it under the lowest number that is free.
    pub(super) fn push(&mut self, descriptor: Descriptor) -> Result<Fd> {
        let number = match self.0.iter().position(Option::is_none) {
            Some(free) => free,
            None => {
                self.0.push(None);
                self.0.len() - 1
            }
        };
        self.0[number] = Some(descriptor);
        Ok(u32::try_from(number)?.into())
    }

    pub(super) fn get(&self, fd: Fd) -> Result<&Descriptor> {
        let found = self.0.get(u32::from(fd) as usize).and_then(Option::as_ref);
        Ok(found.ok_or(Errno::Badf)?)
    }

    pub(super) fn get_mut(&mut self, fd: Fd) -> Result<&mut Descriptor> {
        let found = self.0.get_mut(u32::from(fd) as usize).and_then(Option::as_mut);
        Ok(found.ok_or(Errno::Badf)?)
    }

    fn take(&mut self, fd: Fd) -> Result<Descriptor> {
        let found = self.0.get_mut(u32::from(fd) as usize).and_then(Option::take);
        Ok(found.ok_or(Errno::Badf)?)
    }

    pub(super) fn file(&mut self, fd: Fd) -> Result<&mut File> {
        match self.get_mut(fd)? {
            Descriptor::File(file) => Ok(file),
            _ => Err(Errno::Badf.into()),
        }
    }

    /// A file, whose position can be asked and set; that of a stream cannot.
    pub(super) fn seekable(&mut self, fd: Fd) -> Result<&mut File> {
        match self.get_mut(fd)? {
            Descriptor::File(file) => Ok(file),
            Descriptor::Input { .. } | Descriptor::Output { .. } => Err(Errno::Spipe.into()),
            Descriptor::Directory(_) => Err(Errno::Badf.into()),
        }
    }

    pub(super) fn directory(&mut self, fd: Fd) -> Result<&mut Directory> {
        match self.get_mut(fd)? {
            Descriptor::Directory(directory) => Ok(directory),
            _ => Err(Errno::Badf.into()),
        }
    }

    /// The handle of a file or a directory.
    pub(super) fn node(&self, fd: Fd) -> Result<Handle> {
        match self.get(fd)? {
            Descriptor::File(file) => Ok(again(&file.handle)),
            Descriptor::Directory(directory) => Ok(again(&directory.handle)),
            Descriptor::Input { .. } | Descriptor::Output { .. } => Err(Errno::Badf.into()),
        }
    }
}

impl Guest {
    /// What the guest holds open: its streams and `/`, before it has opened anything.
    pub(super) fn descriptors(&mut self) -> Result<&mut Descriptors> {
        if self.preview1.descriptors.is_none() {
            let standard = self.standard().map_err(Error::trap)?;
            self.preview1.descriptors = Some(standard);
        }
        Ok(self.preview1.descriptors.as_mut().ok_or(Errno::Badf)?)
    }

    fn standard(&mut self) -> wasmtime::Result<Descriptors> {
        let mut cli = self.cli();
        let input = terminal_stdin::Host::get_terminal_stdin(&mut cli)?;
        let output = terminal_stdout::Host::get_terminal_stdout(&mut cli)?;
        let error = terminal_stderr::Host::get_terminal_stderr(&mut cli)?;
        let are_terminals = [input.is_some(), output.is_some(), error.is_some()];
        if let Some(input) = input {
            terminal_input::HostTerminalInput::drop(&mut cli, input)?;
        }
        for output in [output, error].into_iter().flatten() {
            terminal_output::HostTerminalOutput::drop(&mut cli, output)?;
        }
        let mut open = vec![
            Descriptor::Input {
                stream: stdin::Host::get_stdin(&mut cli)?,
                is_terminal: are_terminals[0],
            },
            Descriptor::Output {
                stream: stdout::Host::get_stdout(&mut cli)?,
                is_terminal: are_terminals[1],
            },
            Descriptor::Output {
                stream: stderr::Host::get_stderr(&mut cli)?,
                is_terminal: are_terminals[2],
            },
        ];
        for (handle, _) in preopens::Host::get_directories(&mut self.layered())? {
            open.push(Descriptor::Directory(Directory {
                handle,
                is_preopened: true,
                listing: None,
            }));
        }
        Ok(Descriptors(open.into_iter().map(Some).collect()))
    }
}

pub(super) async fn close(guest: &mut Guest, fd: Fd) -> Result<()> {
    let closed = match guest.descriptors()?.take(fd)? {
        Descriptor::Input { stream, .. } => HostInputStream::drop(&mut guest.table, stream).await,
        Descriptor::Output { stream, .. } => HostOutputStream::drop(&mut guest.table, stream).await,
        Descriptor::File(File { handle, .. }) => HostDescriptor::drop(&mut guest.layered(), handle),
        Descriptor::Directory(Directory { handle, listing, .. }) => {
            let ended = listing.map_or(Ok(()), |mut listing| listing.end(guest));
            ended.and_then(|()| HostDescriptor::drop(&mut guest.layered(), handle))
        }
    };
    closed.map_err(Error::trap)
}

/// Gives a descriptor the number of another one, which is closed.
pub(super) async fn renumber(guest: &mut Guest, from: Fd, to: Fd) -> Result<()> {
    let descriptors = guest.descriptors()?;
    descriptors.get(from)?;
    descriptors.get(to)?;
    if u32::from(from) == u32::from(to) {
        return Ok(());
    }
    close(guest, to).await?;
    let descriptors = guest.descriptors()?;
    let moved = descriptors.take(from)?;
    descriptors.0[u32::from(to) as usize] = Some(moved);
    Ok(())
}
