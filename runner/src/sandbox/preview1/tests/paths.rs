//! Paths: what is decided is decided by the same layer as for components, so that here only the way there
//! is tested.

use super::*;

#[test]
fn the_root_is_all_that_is_open() {
    let mut world = World::new();
    assert_eq!(world.call("fd_prestat_get", &[ROOT.into(), RESULT.into()]), 0);
    assert_eq!((world.u32(RESULT), world.u32(RESULT + 4)), (0, 1));
    assert_eq!(world.call("fd_prestat_dir_name", &[ROOT.into(), RESULT.into(), 0]), NAMETOOLONG);
    assert_eq!(world.call("fd_prestat_dir_name", &[ROOT.into(), RESULT.into(), 9]), 0);
    assert_eq!(world.bytes(RESULT, 1), b"/");
    for fd in [0, 4] {
        assert_eq!(world.call("fd_prestat_get", &[fd, RESULT.into()]), BADF);
    }
    for name in ["fd_fdstat_get", "fd_filestat_get"] {
        assert_eq!(world.call(name, &[ROOT.into(), RESULT.into()]), 0);
    }
}

#[test]
fn what_is_not_granted_is_not_reached() {
    let mut world = World::new();
    std::fs::write(world.root.join("out"), "text").expect("written");
    for (path, expected) in [
        ("out", ACCES),
        ("in/../out", ACCES),
        ("in/deep/secret/key", ACCES),
        ("../x", PERM),
        ("/in/top.txt", PERM),
        ("/etc/passwd", PERM),
        ("in/none", NOENT),
        ("in/top.txt/x", NOTDIR),
        ("", NOENT),
        ("a\0b", INVAL),
    ] {
        assert_eq!(world.open(path, 0, READ).err(), Some(expected), "{path}");
    }
    for (path, expected) in [("new", ACCES), ("in/deep/secret/new", ACCES), ("in/deep", ISDIR)] {
        assert_eq!(world.open(path, CREATE, WRITE).err(), Some(expected), "{path}");
    }
    assert_eq!(world.stat("out", FOLLOW).err(), Some(ACCES));
    assert_eq!(world.path("path_create_directory", "new"), ACCES);
    assert_eq!(world.path("path_unlink_file", "in/deep/secret/key"), ACCES);
    assert_eq!(world.open("in/top.txt", DIRECTORY, READ).err(), Some(NOTDIR));
}

#[test]
fn what_is_granted_is_changed() {
    let mut world = World::new();
    assert_eq!(world.path("path_create_directory", "in/new"), 0);
    let (from, from_length) = world.put(PATH, "in/top.txt");
    let (to, to_length) = world.put(OTHER_PATH, "in/new/moved");
    let root = ROOT.into();
    assert_eq!(world.call("path_rename", &[root, from, from_length, root, to, to_length]), 0);
    assert_eq!(world.host("in/new/moved"), "text");
    assert_eq!(world.path("path_remove_directory", "in/new"), 55);

    let (target, target_length) = world.put(PATH, "moved");
    let (link, link_length) = world.put(OTHER_PATH, "in/new/link");
    let arguments = [target, target_length, root, link, link_length];
    assert_eq!(world.call("path_symlink", &arguments), 0);
    let arguments = [root, link, link_length, BUFFER.into(), 3, RESULT.into()];
    assert_eq!(world.call("path_readlink", &arguments), 0);
    assert_eq!(text(world.bytes(BUFFER, world.u32(RESULT))), "mov");
    assert_eq!(world.stat("in/new/link", 0).map(|stat| (stat.1, stat.2)), Ok((7, 5)));
    assert_eq!(world.stat("in/new/link", FOLLOW).map(|stat| (stat.1, stat.2)), Ok((4, 4)));
    let (target, target_length) = world.put(PATH, "../../out");
    let (link, link_length) = world.put(OTHER_PATH, "in/new/out");
    let arguments = [target, target_length, root, link, link_length];
    assert_eq!(world.call("path_symlink", &arguments), PERM);

    let (from, from_length) = world.put(PATH, "in/new/moved");
    let (to, to_length) = world.put(OTHER_PATH, "in/other");
    let arguments = [root, 0, from, from_length, root, to, to_length];
    assert_eq!(world.call("path_link", &arguments), 0);
    // It has two names now.
    assert_eq!(world.open("in/other", 0, WRITE).err(), Some(PERM));
    assert_eq!(world.path("path_unlink_file", "in/new/moved"), 0);
    assert_eq!(world.host("in/other"), "text");
}

#[test]
fn sizes_and_times_are_set() {
    let mut world = World::new();
    let fd = world.open("in/top.txt", 0, READ | WRITE).expect("it opens");
    assert_eq!(world.call("fd_filestat_set_size", &[fd, 2]), 0);
    assert_eq!(world.host("in/top.txt"), "te");
    let second = 1_000_000_000;
    assert_eq!(world.call("fd_filestat_set_times", &[fd, 0, 7 * second, 1 << 2]), 0);
    assert_eq!(world.call("fd_filestat_get", &[fd, RESULT.into()]), 0);
    assert_eq!(world.u64(RESULT + 48), 7 * second);
    let (at, length) = world.put(PATH, "in/top.txt");
    let arguments = [ROOT.into(), 0, at, length, 5 * second, 6 * second, 1 | 1 << 2];
    assert_eq!(world.call("path_filestat_set_times", &arguments), 0);
    assert_eq!(world.call("fd_filestat_get", &[fd, RESULT.into()]), 0);
    assert_eq!((world.u64(RESULT + 40), world.u64(RESULT + 48)), (5 * second, 6 * second));
    assert_eq!(world.call("fd_filestat_set_times", &[fd, 0, 0, 1 | 1 << 1]), INVAL);
    let fd = world.open("in/top.txt", TRUNCATE, WRITE).expect("it opens");
    assert_eq!(world.call("fd_filestat_get", &[fd, RESULT.into()]), 0);
    assert_eq!(world.u64(RESULT + 32), 0);
    assert_eq!(world.call("fd_sync", &[fd]), 0);
    assert_eq!(world.call("fd_datasync", &[fd]), 0);
}
