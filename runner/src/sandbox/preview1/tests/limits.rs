//! What a guest may not use up, and what it does wrong.

use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;
use wiggle::GuestError;

use super::*;
use crate::sandbox::files::CeilingReached;
use crate::sandbox::output::OutputLimitReached;

#[test]
fn too_many_files_end_the_guest() {
    let mut world = World::limited(Limits { handles: 10, ..Limits::default() });
    let (at, length) = world.put(PATH, "in/top.txt");
    let arguments = [ROOT.into(), 0, at, length, 0, READ, 0, 0, RESULT.into()];
    let error = (0..10)
        .find_map(|_| world.call_or_end("path_open", &arguments).err())
        .expect("some open is one too many");
    assert!(matches!(error.downcast_ref(), Some(ResourceTableError::Full)), "{error:?}");
    assert_eq!(world.u32(RESULT), 9);
}

#[test]
fn too_much_written_ends_the_guest() {
    for (name, position) in [("fd_write", None), ("fd_pwrite", Some(100)), ("fd_pwrite", Some(95))]
    {
        let mut world = World::limited(Limits { disk: 100, ..Limits::default() });
        let fd = world.open("in/new", CREATE, WRITE).expect("it opens");
        let (at, count) = world.pieces(&[90]);
        assert_eq!(world.call("fd_pwrite", &[fd, at, count, 0, RESULT.into()]), 0);
        let (at, count) = world.pieces(&[4, 7]);
        let arguments: Vec<u64> =
            [fd, at, count].into_iter().chain(position).chain([RESULT.into()]).collect();
        let error = world.call_or_end(name, &arguments).expect_err("it is too much");
        assert_eq!(error.downcast_ref(), Some(&CeilingReached::Disk), "{name} {error:?}");
    }
    let mut world = World::limited(Limits { disk: 100, ..Limits::default() });
    let fd = world.open("in/new", CREATE, WRITE).expect("it opens");
    let error = world.call_or_end("fd_filestat_set_size", &[fd, 101]).expect_err("too much");
    assert_eq!(error.downcast_ref(), Some(&CeilingReached::Disk));
    let mut world = World::limited(Limits { disk: 100, ..Limits::default() });
    let fd = world.open_with("in/new", CREATE, WRITE, APPEND).expect("it opens");
    let (at, count) = world.pieces(&[101]);
    let error = world.call_or_end("fd_write", &[fd, at, count, RESULT.into()]);
    assert_eq!(error.expect_err("too much").downcast_ref(), Some(&CeilingReached::Disk));
}

#[test]
fn too_many_files_made_end_the_guest() {
    let mut world = World::limited(Limits { files: 1, ..Limits::default() });
    assert_eq!(world.path("path_create_directory", "in/new"), 0);
    let (at, length) = world.put(PATH, "in/more");
    let error = world.call_or_end("path_create_directory", &[ROOT.into(), at, length]);
    assert_eq!(error.expect_err("too many").downcast_ref(), Some(&CeilingReached::Files));
}

#[test]
fn too_much_output_ends_the_guest() {
    let mut world = World::limited(Limits { output: 100, ..Limits::default() });
    let (at, count) = world.pieces(&[60, 60]);
    let error = world.call_or_end("fd_write", &[1, at, count, RESULT.into()]);
    assert!(error.expect_err("too much").is::<OutputLimitReached>());
    assert_eq!(world.output.lock().expect("whole").len(), 100);
}

#[test]
fn what_a_guest_names_is_bounded() {
    let mut world = World::new();
    let fd = world.open("in/top.txt", 0, READ).expect("it opens");
    let (at, _) = world.pieces(&[0; 2000]);
    assert_eq!(world.call("fd_read", &[fd, at, 1024, RESULT.into()]), 0);
    assert_eq!(world.call("fd_read", &[fd, at, 1025, RESULT.into()]), INVAL);
    let long = "x".repeat(4097);
    assert_eq!(world.path("path_unlink_file", &long), NAMETOOLONG);
    world.put(PATH, [0xff, 0xfe]);
    assert_eq!(world.call("path_unlink_file", &[ROOT.into(), PATH.into(), 2]), 25);
}

#[test]
fn what_is_outside_of_the_memory_ends_the_guest() {
    let mut world = World::new();
    let end = u64::from(PAGES) << 16;
    let fd = world.open("in/top.txt", 0, READ).expect("it opens");
    for (name, arguments) in [
        ("path_unlink_file", vec![ROOT.into(), end - 1, 2]),
        ("fd_read", vec![fd, end, 1, RESULT.into()]),
        ("random_get", vec![end - 1, 2]),
        ("fd_readdir", vec![ROOT.into(), end, 1, 0, RESULT.into()]),
        ("poll_oneoff", vec![end, 0, 1, RESULT.into()]),
    ] {
        let error = world.call_or_end(name, &arguments).expect_err("it is outside");
        assert!(error.chain().any(|cause| cause.is::<GuestError>()), "{name} {error:?}");
    }
    let (at, _) = world.put(PIECES, (end as u32 - 1).to_le_bytes());
    world.put(PIECES + 4, 2u32.to_le_bytes());
    world.call_or_end("fd_read", &[fd, at, 1, RESULT.into()]).expect_err("it is outside");
}

#[test]
fn a_guest_exits_with_any_code() {
    for code in [0, 1, 124, 126, 255, u32::MAX] {
        let mut world = World::new();
        let error = world.call_or_end("proc_exit", &[code.into()]).expect_err("it exits");
        let Some(I32Exit(found)) = error.downcast_ref() else { panic!("{error:?}") };
        assert_eq!(*found, code as i32);
        assert!(!error.is::<Trap>() && error.downcast_ref::<WasmBacktrace>().is_some());
    }
}

#[test]
fn random_bytes_are_random() {
    let mut world = World::new();
    let length = 10_000;
    assert_eq!(world.call("random_get", &[BUFFER.into(), length]), 0);
    let mut counts = [0; 256];
    for byte in world.bytes(BUFFER, length as u32) {
        counts[usize::from(byte)] += 1;
    }
    assert!(counts.iter().all(|&count| count < 200), "{counts:?}");
}
