//! A guest that passes every call on, so that a test is the guest. The directory `in` of a workspace may
//! be written; the guest finds it as `/in`.

mod bytes;
mod directories;
mod limits;
mod paths;
mod waiting;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use wasmtime::{Instance, Linker, Memory, Module, Val, ValType};

use crate::permission::Witness;
use crate::sandbox::guest::{self, Store};
use crate::sandbox::output::Output;
use crate::sandbox::worker::Channel;
use crate::sandbox::{GuestIo, Limits, Setup, engine, files};

/// The functions and their parameters: `i` for 32 bits, `I` for 64.
const FUNCTIONS: &[(&str, &str)] = &[
    ("args_get", "ii"),
    ("args_sizes_get", "ii"),
    ("clock_res_get", "ii"),
    ("clock_time_get", "iIi"),
    ("environ_get", "ii"),
    ("environ_sizes_get", "ii"),
    ("fd_advise", "iIIi"),
    ("fd_allocate", "iII"),
    ("fd_close", "i"),
    ("fd_datasync", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_fdstat_set_flags", "ii"),
    ("fd_fdstat_set_rights", "iII"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_size", "iI"),
    ("fd_filestat_set_times", "iIIi"),
    ("fd_pread", "iiiIi"),
    ("fd_prestat_dir_name", "iii"),
    ("fd_prestat_get", "ii"),
    ("fd_pwrite", "iiiIi"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiiIi"),
    ("fd_renumber", "ii"),
    ("fd_seek", "iIii"),
    ("fd_sync", "i"),
    ("fd_tell", "ii"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiiIIi"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiiIIii"),
    ("path_readlink", "iiiiii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
    ("proc_raise", "i"),
    ("random_get", "ii"),
    ("sched_yield", ""),
    ("sock_accept", "iii"),
    ("sock_recv", "iiiiii"),
    ("sock_send", "iiiii"),
    ("sock_shutdown", "ii"),
];

fn module() -> String {
    let (mut imports, mut functions) = (String::new(), String::new());
    for (name, parameters) in FUNCTIONS {
        let types: Vec<_> =
            parameters.chars().map(|c| if c == 'i' { "i32" } else { "i64" }).collect();
        let types = types.join(" ");
        imports += &format!(
            r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {types}) (result i32)))"#
        );
        let pass: String =
            (0..parameters.len()).map(|index| format!("(local.get {index})")).collect();
        functions += &format!(
            r#"(func (export "{name}") (param {types}) (result i32) (call ${name} {pass}))"#
        );
    }
    format!(
        r#"(module {imports}
            (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
            (memory (export "memory") {PAGES})
            {functions}
            (func (export "proc_exit") (param i32) (result i32)
                (call $proc_exit (local.get 0)) (unreachable)))"#
    )
}

/// How much memory the guest has.
const PAGES: u32 = 32;

/// Where in it a test puts what it passes, and where results come.
const PATH: u32 = 0x1000;
const OTHER_PATH: u32 = 0x4000;
const PIECES: u32 = 0x8000;
const RESULT: u32 = 0x1_0000;
const BUFFER: u32 = 0x2_0000;

/// Numbers of the standard's.
const ACCES: i32 = 2;
const BADF: i32 = 8;
const INVAL: i32 = 28;
const ISDIR: i32 = 31;
const NAMETOOLONG: i32 = 37;
const NOENT: i32 = 44;
const NOTDIR: i32 = 54;
const NOTSUP: i32 = 58;
const PERM: i32 = 63;
const SPIPE: i32 = 70;

const ROOT: u32 = 3;
const FOLLOW: u32 = 1;
const CREATE: u32 = 1;
const DIRECTORY: u32 = 2;
const TRUNCATE: u32 = 8;
const APPEND: u32 = 1;
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;

struct World {
    root: PathBuf,
    store: Store,
    instance: Instance,
    memory: Memory,
    runtime: Runtime,
    output: Arc<Mutex<Vec<u8>>>,
    _directory: TempDir,
}

impl World {
    fn new() -> Self {
        Self::limited(Limits::default())
    }

    fn limited(limits: Limits) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let root = dunce::canonicalize(directory.path()).expect("it is there");
        std::fs::create_dir_all(root.join("in/deep/secret")).expect("made");
        for path in ["in/deep/secret/key", "in/deep/open.txt", "in/top.txt"] {
            std::fs::write(root.join(path), "text").expect("written");
        }
        let grants = files::tests::grants(&root, true);
        let output = Arc::new(Mutex::new(Vec::new()));
        let io = GuestIo {
            stdout: Some(Output { writer: Arc::clone(&output) as _, is_terminal: false }),
            witness: Witness::default(),
            ..GuestIo::closed()
        };
        let setup = Setup::new(&grants, limits, io).expect("it can be opened");
        let engine = engine::compiling().expect("an engine");
        let mut store = guest::store(&engine, &setup, &Channel::to_nobody());
        let mut linker = Linker::new(&engine);
        super::add_to_linker(&mut linker).expect("linked");
        let module = Module::new(&engine, wat::parse_str(module()).expect("it is well-formed"))
            .expect("it compiles");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.expect("a runtime");
        let instance = runtime.block_on(linker.instantiate_async(&mut store, &module));
        let instance = instance.expect("an instance");
        let memory = instance.get_memory(&mut store, "memory").expect("it has one");
        Self { root, store, instance, memory, runtime, output, _directory: directory }
    }

    /// Calls a function, whose error ends the guest.
    fn call_or_end(&mut self, name: &str, arguments: &[u64]) -> wasmtime::Result<i32> {
        let function = self.instance.get_func(&mut self.store, name).expect("it is there");
        let arguments: Vec<Val> = function
            .ty(&self.store)
            .params()
            .zip(arguments)
            .map(|(kind, &argument)| match kind {
                ValType::I32 => Val::I32(argument as i32),
                _ => Val::I64(argument as i64),
            })
            .collect();
        let mut results = [Val::I32(0)];
        let call = function.call_async(&mut self.store, &arguments, &mut results);
        self.runtime.block_on(call)?;
        Ok(results[0].unwrap_i32())
    }

    fn call(&mut self, name: &str, arguments: &[u64]) -> i32 {
        self.call_or_end(name, arguments).unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }

    fn put(&mut self, at: u32, bytes: impl AsRef<[u8]>) -> (u64, u64) {
        self.memory.write(&mut self.store, at as usize, bytes.as_ref()).expect("it fits");
        (at.into(), bytes.as_ref().len() as u64)
    }

    fn bytes(&self, at: u32, length: u32) -> Vec<u8> {
        self.memory.data(&self.store)[at as usize..(at + length) as usize].to_vec()
    }

    fn u32(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.bytes(at, 4).try_into().expect("four"))
    }

    fn u64(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.bytes(at, 8).try_into().expect("eight"))
    }

    /// Puts a list of pieces, each as long as said, one behind the other from `BUFFER`.
    fn pieces(&mut self, lengths: &[u32]) -> (u64, u64) {
        let (mut list, mut at) = (Vec::new(), BUFFER);
        for length in lengths {
            list.extend(at.to_le_bytes());
            list.extend(length.to_le_bytes());
            at += length;
        }
        self.put(PIECES, list);
        (PIECES.into(), lengths.len() as u64)
    }

    fn open_with(&mut self, path: &str, open: u32, rights: u64, flags: u32) -> Result<u64, i32> {
        let (at, length) = self.put(PATH, path);
        let arguments = [
            ROOT.into(),
            FOLLOW.into(),
            at,
            length,
            open.into(),
            rights,
            0,
            flags.into(),
            RESULT.into(),
        ];
        match self.call("path_open", &arguments) {
            0 => Ok(self.u32(RESULT).into()),
            error => Err(error),
        }
    }

    fn open(&mut self, path: &str, open: u32, rights: u64) -> Result<u64, i32> {
        self.open_with(path, open, rights, 0)
    }

    fn write(&mut self, fd: u64, bytes: &str) -> Result<u32, i32> {
        self.put(BUFFER, bytes);
        let (at, count) = self.pieces(&[bytes.len() as u32]);
        match self.call("fd_write", &[fd, at, count, RESULT.into()]) {
            0 => Ok(self.u32(RESULT)),
            error => Err(error),
        }
    }

    fn read(&mut self, fd: u64, most: u32) -> Result<String, i32> {
        let (at, count) = self.pieces(&[most]);
        match self.call("fd_read", &[fd, at, count, RESULT.into()]) {
            0 => Ok(text(self.bytes(BUFFER, self.u32(RESULT)))),
            error => Err(error),
        }
    }

    /// Calls a function of one path.
    fn path(&mut self, name: &str, path: &str) -> i32 {
        let (at, length) = self.put(PATH, path);
        self.call(name, &[ROOT.into(), at, length])
    }

    /// The identity of a file, its kind and its size.
    fn stat(&mut self, path: &str, lookup: u32) -> Result<(u64, u8, u64), i32> {
        let (at, length) = self.put(PATH, path);
        let arguments = [ROOT.into(), lookup.into(), at, length, RESULT.into()];
        match self.call("path_filestat_get", &arguments) {
            0 => Ok((self.u64(RESULT + 8), self.bytes(RESULT + 16, 1)[0], self.u64(RESULT + 32))),
            error => Err(error),
        }
    }

    /// What the host has in a file.
    fn host(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.join(path)).expect("it is there")
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}
