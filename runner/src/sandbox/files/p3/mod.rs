//! The file system of WASI 0.3: the same layer, called in another way. What a call means, and whether it
//! is allowed, is said by the methods for 0.2; here types are converted, and contents pass as streams.

mod convert;
mod streams;

use wasmtime::component::{Access, Accessor, FutureReader, Linker, StreamReader};
use wasmtime_wasi::p2::bindings::filesystem::preopens::Host as Preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::HostDescriptor as Calls;
use wasmtime_wasi::p2::{DynOutputStream, FsResult};
use wasmtime_wasi::p3::bindings::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, Filesize,
    HostDescriptor, HostDescriptorWithStore, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p3::bindings::filesystem::{preopens, types};
use wasmtime_wasi::p3::filesystem::{FilesystemError, FilesystemResult};

use super::{Handle, Layer, Layered};
use crate::sandbox::guest::Guest;
use crate::sandbox::p3::{Ending, at_once};
use convert::{advice, flags, hash, kind, open_flags, path_flags, refusal, stat, time};
use streams::{DirectoryReader, FileReader, FileWriter};

/// What a guest finds when it starts.
pub(in crate::sandbox) fn add_preopens_to_linker(
    linker: &mut Linker<Guest>,
) -> wasmtime::Result<()> {
    preopens::add_to_linker::<_, Layered>(linker, Guest::layered)
}

/// What is done with directories and files.
pub(in crate::sandbox) fn add_types_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    types::add_to_linker::<_, Layered>(linker, Guest::layered)
}

/// Makes a call of 0.2. It is over at once: the file system is asked on this thread.
fn call<U: 'static, T>(
    store: &Accessor<U, Layered>,
    call: impl AsyncFnOnce(&mut Layer<'_>) -> FsResult<T>,
) -> FilesystemResult<T> {
    store.with(|mut access| {
        let mut layer = access.get();
        at_once(call(&mut layer)).map_err(FilesystemError::trap)?.map_err(refusal)
    })
}

type Ended = FutureReader<Result<(), ErrorCode>>;

/// Gives a guest what a producer makes, or tells it why there is none.
fn read<U: 'static, T, P>(
    mut store: Access<'_, U, Layered>,
    opened: FsResult<impl FnOnce(Ending<ErrorCode>) -> P>,
) -> wasmtime::Result<(StreamReader<T>, Ended)>
where
    T: wasmtime::component::Lower + wasmtime::component::Lift + Send + Sync + 'static,
    P: wasmtime::component::StreamProducer<U, Item = T>,
{
    let (mut ending, ended) = Ending::new(&mut store)?;
    let stream = match opened {
        Ok(producer) => StreamReader::new(&mut store, producer(ending))?,
        Err(error) => {
            let _ = ending.fail(refusal(error).downcast()?);
            StreamReader::new(&mut store, std::iter::empty())?
        }
    };
    Ok((stream, ended))
}

/// Takes what a guest writes to a file.
fn write<U: 'static>(
    mut store: Access<'_, U, Layered>,
    mut data: StreamReader<u8>,
    opened: FsResult<DynOutputStream>,
) -> wasmtime::Result<Ended> {
    let (mut ending, ended) = Ending::new(&mut store)?;
    match opened {
        Ok(file) => data.pipe(&mut store, FileWriter::new(file, ending))?,
        Err(error) => {
            data.close(&mut store)?;
            let _ = ending.fail(refusal(error).downcast()?);
        }
    }
    Ok(ended)
}

impl<U: 'static> HostDescriptorWithStore<U> for Layered {
    fn read_via_stream(
        mut store: Access<'_, U, Self>,
        fd: Handle,
        offset: Filesize,
    ) -> wasmtime::Result<(StreamReader<u8>, Ended)> {
        let file = store.get().readable(&fd);
        read(store, file.map(|file| move |ending| FileReader::new(file, offset, ending)))
    }

    fn write_via_stream(
        mut store: Access<'_, U, Self>,
        fd: Handle,
        data: StreamReader<u8>,
        offset: Filesize,
    ) -> wasmtime::Result<Ended> {
        let file = store.get().writer(&fd, Some(offset));
        write(store, data, file)
    }

    fn append_via_stream(
        mut store: Access<'_, U, Self>,
        fd: Handle,
        data: StreamReader<u8>,
    ) -> wasmtime::Result<Ended> {
        let file = store.get().writer(&fd, None);
        write(store, data, file)
    }

    fn read_directory(
        mut store: Access<'_, U, Self>,
        fd: Handle,
    ) -> wasmtime::Result<(StreamReader<DirectoryEntry>, Ended)> {
        let layer = store.get();
        let listing = layer.answered(layer.listing(&fd));
        read(store, listing.map(|listing| move |ending| DirectoryReader::new(listing, ending)))
    }

    async fn open_at(
        store: &Accessor<U, Self>,
        fd: Handle,
        follow: PathFlags,
        path: String,
        open: OpenFlags,
        mode: DescriptorFlags,
    ) -> FilesystemResult<Handle> {
        let (follow, open, mode) = (path_flags(follow), open_flags(open), flags(mode));
        call(store, async |layer| Calls::open_at(layer, fd, follow, path, open, mode).await)
    }

    async fn stat_at(
        store: &Accessor<U, Self>,
        fd: Handle,
        follow: PathFlags,
        path: String,
    ) -> FilesystemResult<DescriptorStat> {
        let follow = path_flags(follow);
        call(store, async |layer| Calls::stat_at(layer, fd, follow, path).await).map(stat)
    }

    async fn metadata_hash_at(
        store: &Accessor<U, Self>,
        fd: Handle,
        follow: PathFlags,
        path: String,
    ) -> FilesystemResult<MetadataHashValue> {
        let follow = path_flags(follow);
        call(store, async |layer| Calls::metadata_hash_at(layer, fd, follow, path).await).map(hash)
    }

    async fn readlink_at(
        store: &Accessor<U, Self>,
        fd: Handle,
        path: String,
    ) -> FilesystemResult<String> {
        call(store, async |layer| Calls::readlink_at(layer, fd, path).await)
    }

    async fn set_times_at(
        store: &Accessor<U, Self>,
        fd: Handle,
        follow: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FilesystemResult<()> {
        let (follow, accessed, modified) = (path_flags(follow), time(accessed)?, time(modified)?);
        call(store, async |layer| {
            Calls::set_times_at(layer, fd, follow, path, accessed, modified).await
        })
    }

    async fn create_directory_at(
        store: &Accessor<U, Self>,
        fd: Handle,
        path: String,
    ) -> FilesystemResult<()> {
        call(store, async |layer| Calls::create_directory_at(layer, fd, path).await)
    }

    async fn remove_directory_at(
        store: &Accessor<U, Self>,
        fd: Handle,
        path: String,
    ) -> FilesystemResult<()> {
        call(store, async |layer| Calls::remove_directory_at(layer, fd, path).await)
    }

    async fn unlink_file_at(
        store: &Accessor<U, Self>,
        fd: Handle,
        path: String,
    ) -> FilesystemResult<()> {
        call(store, async |layer| Calls::unlink_file_at(layer, fd, path).await)
    }

    async fn rename_at(
        store: &Accessor<U, Self>,
        fd: Handle,
        from: String,
        to_fd: Handle,
        to: String,
    ) -> FilesystemResult<()> {
        call(store, async |layer| Calls::rename_at(layer, fd, from, to_fd, to).await)
    }

    async fn link_at(
        store: &Accessor<U, Self>,
        fd: Handle,
        follow: PathFlags,
        from: String,
        to_fd: Handle,
        to: String,
    ) -> FilesystemResult<()> {
        let follow = path_flags(follow);
        call(store, async |layer| Calls::link_at(layer, fd, follow, from, to_fd, to).await)
    }

    async fn symlink_at(
        store: &Accessor<U, Self>,
        fd: Handle,
        target: String,
        path: String,
    ) -> FilesystemResult<()> {
        call(store, async |layer| Calls::symlink_at(layer, fd, target, path).await)
    }

    async fn set_times(
        store: &Accessor<U, Self>,
        fd: Handle,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FilesystemResult<()> {
        let (accessed, modified) = (time(accessed)?, time(modified)?);
        call(store, async |layer| Calls::set_times(layer, fd, accessed, modified).await)
    }

    async fn set_size(
        store: &Accessor<U, Self>,
        fd: Handle,
        size: Filesize,
    ) -> FilesystemResult<()> {
        call(store, async |layer| Calls::set_size(layer, fd, size).await)
    }

    async fn advise(
        store: &Accessor<U, Self>,
        fd: Handle,
        offset: Filesize,
        length: Filesize,
        given: Advice,
    ) -> FilesystemResult<()> {
        let given = advice(given);
        call(store, async |layer| Calls::advise(layer, fd, offset, length, given).await)
    }

    async fn sync(store: &Accessor<U, Self>, fd: Handle) -> FilesystemResult<()> {
        call(store, async |layer| Calls::sync(layer, fd).await)
    }

    async fn sync_data(store: &Accessor<U, Self>, fd: Handle) -> FilesystemResult<()> {
        call(store, async |layer| Calls::sync_data(layer, fd).await)
    }

    async fn get_flags(store: &Accessor<U, Self>, fd: Handle) -> FilesystemResult<DescriptorFlags> {
        call(store, async |layer| Calls::get_flags(layer, fd).await).map(convert::told_flags)
    }

    async fn get_type(store: &Accessor<U, Self>, fd: Handle) -> FilesystemResult<DescriptorType> {
        call(store, async |layer| Calls::get_type(layer, fd).await).map(kind)
    }

    async fn stat(store: &Accessor<U, Self>, fd: Handle) -> FilesystemResult<DescriptorStat> {
        call(store, async |layer| Calls::stat(layer, fd).await).map(stat)
    }

    async fn metadata_hash(
        store: &Accessor<U, Self>,
        fd: Handle,
    ) -> FilesystemResult<MetadataHashValue> {
        call(store, async |layer| Calls::metadata_hash(layer, fd).await).map(hash)
    }

    async fn is_same_object(
        store: &Accessor<U, Self>,
        fd: Handle,
        other: Handle,
    ) -> wasmtime::Result<bool> {
        store.with(|mut access| at_once(Calls::is_same_object(&mut access.get(), fd, other))?)
    }
}

impl HostDescriptor for Layer<'_> {
    fn drop(&mut self, fd: Handle) -> wasmtime::Result<()> {
        Calls::drop(self, fd)
    }
}

impl types::Host for Layer<'_> {
    fn convert_error_code(&mut self, error: FilesystemError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }
}

impl preopens::Host for Layer<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Handle, String)>> {
        Preopens::get_directories(self)
    }
}
