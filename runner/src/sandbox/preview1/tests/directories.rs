//! Listings.

use super::*;

impl World {
    /// Lists with a buffer of a size, going on with each last cookie. Names, kinds and identities.
    fn list(&mut self, fd: u64, size: u32) -> Vec<(String, u8, u64)> {
        let (mut found, mut cookie) = (Vec::new(), 0);
        loop {
            let (entries, next, is_end) = self.list_from(fd, size, cookie);
            assert!(is_end || next > cookie, "nothing fits");
            found.extend(entries);
            cookie = next;
            if is_end {
                return found;
            }
        }
    }

    /// The whole entries, the last cookie, and whether that was all.
    fn list_from(
        &mut self,
        fd: u64,
        size: u32,
        mut cookie: u64,
    ) -> (Vec<(String, u8, u64)>, u64, bool) {
        let arguments = [fd, BUFFER.into(), size.into(), cookie, RESULT.into()];
        assert_eq!(self.call("fd_readdir", &arguments), 0);
        let used = self.u32(RESULT);
        let (mut entries, mut at) = (Vec::new(), 0);
        while at + 24 <= used {
            let entry = BUFFER + at;
            let length = self.u32(entry + 16);
            at += 24 + length;
            if at > used {
                break;
            }
            cookie = self.u64(entry);
            let name = text(self.bytes(entry + 24, length));
            entries.push((name, self.bytes(entry + 20, 1)[0], self.u64(entry + 8)));
        }
        (entries, cookie, used < size)
    }

    fn names(&mut self, fd: u64, size: u32) -> Vec<String> {
        let mut names: Vec<_> = self.list(fd, size).into_iter().map(|(name, ..)| name).collect();
        names.sort();
        names
    }
}

const KIND_OF_DIRECTORY: u8 = 3;
const KIND_OF_FILE: u8 = 4;

#[test]
fn entries_are_told_with_their_kinds_and_identities() {
    let mut world = World::new();
    let fd = world.open("in/deep", DIRECTORY, READ).expect("it opens");
    // What is denied is not shown.
    assert_eq!(world.names(fd, 4096), [".", "..", "open.txt"]);
    let fd = world.open("in", DIRECTORY, READ).expect("it opens");
    let mut kinds = Vec::new();
    for (name, kind, identity) in world.list(fd, 4096) {
        if name != ".." {
            let path = format!("in/{name}");
            assert_eq!(world.stat(&path, 0).map(|stat| (stat.0, stat.1)), Ok((identity, kind)));
        }
        kinds.push((name, kind));
    }
    kinds.sort();
    let kinds: Vec<_> = kinds.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    assert_eq!(
        kinds,
        [
            (".", KIND_OF_DIRECTORY),
            ("..", KIND_OF_DIRECTORY),
            ("deep", KIND_OF_DIRECTORY),
            ("top.txt", KIND_OF_FILE),
        ]
    );
    // The root is there only for what is mounted.
    assert_eq!(world.names(ROOT.into(), 4096), [".", "..", "in"]);
    let file = world.open("in/top.txt", 0, READ).expect("it opens");
    let arguments = [file, BUFFER.into(), 100, 0, RESULT.into()];
    assert_eq!(world.call("fd_readdir", &arguments), BADF);
}

#[test]
fn a_listing_goes_on_where_the_buffer_was_full() {
    let mut world = World::new();
    let mut expected = vec![".".to_owned(), "..".to_owned()];
    std::fs::create_dir(world.root.join("in/many")).expect("made");
    for number in 0..500 {
        let name = format!("file-{number:03}");
        std::fs::write(world.root.join("in/many").join(&name), "").expect("written");
        expected.push(name);
    }
    let fd = world.open("in/many", DIRECTORY, READ).expect("it opens");
    for size in [32, 33, 64, 100, 4096, 1 << 20] {
        assert_eq!(world.names(fd, size), expected, "{size}");
    }
    // Back to where it was before, and the end again.
    let (first, cookie, _) = world.list_from(fd, 1000, 0);
    let (second, end, _) = world.list_from(fd, 1000, cookie);
    assert_eq!(world.list_from(fd, 1000, cookie), (second, end, false));
    assert_eq!(world.list_from(fd, 1000, 0).0, first);
    assert_eq!(world.list_from(fd, 1000, 502), (Vec::new(), 502, true));
    assert_eq!(world.list_from(fd, 1000, 502), (Vec::new(), 502, true));
    assert_eq!(world.list_from(fd, 1000, u64::MAX), (Vec::new(), u64::MAX, true));
    // Who begins anew is shown what is new.
    std::fs::write(world.root.join("in/many/new"), "").expect("written");
    expected.push("new".into());
    assert_eq!(world.names(fd, 300), expected);
}

#[test]
fn what_is_removed_meanwhile_hides_nothing() {
    let mut world = World::new();
    std::fs::create_dir(world.root.join("in/many")).expect("made");
    for number in 0..300 {
        std::fs::write(world.root.join(format!("in/many/{number}")), "").expect("written");
    }
    let fd = world.open("in/many", DIRECTORY, READ).expect("it opens");
    let mut cookie = 0;
    loop {
        let (entries, next, is_end) = world.list_from(fd, 200, cookie);
        for (name, ..) in entries.into_iter().filter(|(name, ..)| !name.starts_with('.')) {
            assert_eq!(world.path("path_unlink_file", &format!("in/many/{name}")), 0);
        }
        if is_end {
            break;
        }
        cookie = next;
    }
    assert_eq!(world.path("path_remove_directory", "in/many"), 0);
}

#[test]
fn a_listing_that_ended_holds_nothing() {
    let mut world = World::limited(Limits { handles: 7, ..Limits::default() });
    // Three streams and the root: three are left. A listing takes one beside its directory's own.
    for _ in 0..2 {
        let fd = world.open("in/deep", DIRECTORY, READ).expect("it opens");
        world.list(fd, 4096);
    }
    let (_, _, is_end) = world.list_from(5, 30, 0);
    assert!(!is_end);
    assert_eq!(world.call("fd_close", &[5]), 0);
    for _ in 0..2 {
        world.open("in/top.txt", 0, READ).expect("it opens");
    }
}
