//! Reading, writing, positions.

use super::*;

#[test]
fn a_file_is_written_and_read_where_its_descriptor_stands() {
    let mut world = World::new();
    let fd = world.open("in/new", CREATE, READ | WRITE).expect("it opens");
    assert_eq!(world.write(fd, "0123456789"), Ok(10));
    assert_eq!(world.call("fd_tell", &[fd, RESULT.into()]), 0);
    assert_eq!(world.u64(RESULT), 10);
    assert_eq!(world.read(fd, 5), Ok(String::new()));
    assert_eq!(world.call("fd_seek", &[fd, 2, 0, RESULT.into()]), 0);
    assert_eq!(world.read(fd, 3), Ok("234".into()));
    assert_eq!(world.call("fd_seek", &[fd, -1i64 as u64, 1, RESULT.into()]), 0);
    assert_eq!(world.write(fd, "x"), Ok(1));
    assert_eq!(world.call("fd_seek", &[fd, -2i64 as u64, 2, RESULT.into()]), 0);
    assert_eq!(world.read(fd, 100), Ok("89".into()));
    assert_eq!(world.call("fd_seek", &[fd, -1i64 as u64, 0, RESULT.into()]), INVAL);
    assert_eq!(world.host("in/new"), "0123x56789");
}

#[test]
fn a_position_of_ones_own_moves_no_descriptor() {
    let mut world = World::new();
    let fd = world.open("in/new", CREATE, READ | WRITE).expect("it opens");
    world.put(BUFFER, "abcdef");
    let (at, count) = world.pieces(&[2, 0, 4]);
    assert_eq!(world.call("fd_pwrite", &[fd, at, count, 3, RESULT.into()]), 0);
    assert_eq!(world.u32(RESULT), 6);
    assert_eq!(world.host("in/new"), "\0\0\0abcdef");
    world.put(BUFFER, "      ");
    let (at, count) = world.pieces(&[1, 2]);
    assert_eq!(world.call("fd_pread", &[fd, at, count, 5, RESULT.into()]), 0);
    assert_eq!(text(world.bytes(BUFFER, world.u32(RESULT))), "cde");
    assert_eq!(world.call("fd_tell", &[fd, RESULT.into()]), 0);
    assert_eq!(world.u64(RESULT), 0);
}

#[test]
fn what_is_appended_goes_to_the_end() {
    let mut world = World::new();
    let fd = world.open_with("in/top.txt", 0, READ | WRITE, APPEND).expect("it opens");
    assert_eq!(world.write(fd, " more"), Ok(5));
    let (at, count) = world.pieces(&[1]);
    assert_eq!(world.call("fd_pwrite", &[fd, at, count, 0, RESULT.into()]), 0);
    assert_eq!(world.host("in/top.txt"), "text more ");
    assert_eq!(world.call("fd_fdstat_get", &[fd, RESULT.into()]), 0);
    assert_eq!(world.bytes(RESULT + 2, 1), [APPEND as u8]);
    assert_eq!(world.call("fd_fdstat_set_flags", &[fd, 0]), 0);
    assert_eq!(world.call("fd_seek", &[fd, 0, 0, RESULT.into()]), 0);
    assert_eq!(world.write(fd, "T"), Ok(1));
    assert_eq!(world.host("in/top.txt"), "Text more ");
    assert_eq!(world.call("fd_fdstat_set_flags", &[fd, 1 << 4]), INVAL);
}

#[test]
fn what_was_not_opened_for_it_is_not_done() {
    let mut world = World::new();
    let reader = world.open("in/top.txt", 0, READ).expect("it opens");
    assert_eq!(world.write(reader, "x"), Err(BADF));
    let writer = world.open("in/top.txt", 0, WRITE).expect("it opens");
    assert_eq!(world.read(writer, 1), Err(BADF));
    let directory = world.open("in/deep", DIRECTORY, READ).expect("it opens");
    for fd in [directory, ROOT.into(), 99] {
        assert_eq!(world.read(fd, 1), Err(BADF));
        assert_eq!(world.write(fd, "x"), Err(BADF));
        assert_eq!(world.call("fd_seek", &[fd, 0, 0, RESULT.into()]), BADF);
    }
    for name in ["fd_tell", "fd_seek"] {
        let arguments: &[u64] = match name {
            "fd_tell" => &[1, RESULT.into()],
            _ => &[1, 0, 0, RESULT.into()],
        };
        assert_eq!(world.call(name, arguments), SPIPE);
    }
    assert_eq!(world.call("sock_shutdown", &[reader, 0]), 57);
    assert_eq!(world.call("fd_allocate", &[reader, 0, 1]), NOTSUP);
    assert_eq!(world.host("in/top.txt"), "text");
}

#[test]
fn streams_have_the_first_numbers() {
    let mut world = World::new();
    assert_eq!(world.write(1, "a line\n"), Ok(7));
    assert_eq!(world.write(2, "nobody hears it\n"), Ok(16));
    assert_eq!(*world.output.lock().expect("whole"), b"a line\n");
    assert_eq!(world.read(0, 10), Ok(String::new()));
    assert_eq!(world.write(0, "x"), Err(BADF));
    assert_eq!(world.read(1, 1), Err(BADF));
    let (at, count) = world.pieces(&[1]);
    assert_eq!(world.call("fd_pwrite", &[1, at, count, 0, RESULT.into()]), SPIPE);
    assert_eq!(world.call("fd_pread", &[0, at, count, 0, RESULT.into()]), SPIPE);
}

#[test]
fn pieces_go_out_in_their_order_whatever_their_length() {
    for lengths in [&[2, 0, 3][..], &[70_000, 1, 60_000], &[65_535, 1, 1], &[131_072, 5]] {
        let mut world = World::new();
        let length: u32 = lengths.iter().sum();
        let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        world.put(BUFFER, &bytes);
        let (at, count) = world.pieces(lengths);
        assert_eq!(world.call("fd_write", &[1, at, count, RESULT.into()]), 0);
        assert_eq!(world.u32(RESULT), length);
        assert!(*world.output.lock().expect("whole") == bytes, "{lengths:?}");
    }
}

#[test]
fn a_number_is_given_again() {
    let mut world = World::new();
    let first = world.open("in/top.txt", 0, READ).expect("it opens");
    let second = world.open("in/deep/open.txt", 0, READ).expect("it opens");
    assert_eq!((first, second), (4, 5));
    assert_eq!(world.call("fd_renumber", &[second, first]), 0);
    assert_eq!(world.call("fd_close", &[second]), BADF);
    assert_eq!(world.call("fd_renumber", &[second, first]), BADF);
    assert_eq!(world.call("fd_renumber", &[first, first]), 0);
    assert_eq!(world.read(first, 10), Ok("text".into()));
    assert_eq!(world.call("fd_renumber", &[first, 1]), 0);
    assert_eq!(world.read(1, 10), Ok(String::new()));
    assert_eq!(world.open("in/top.txt", 0, READ), Ok(first));
    for fd in [0, 1, 2, 3, first] {
        assert_eq!(world.call("fd_close", &[fd]), 0);
    }
    assert_eq!(world.call("fd_close", &[3]), BADF);
}
