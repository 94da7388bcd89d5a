//! What a guest does not get out of the first wall, native code does not get out of the second.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::Path;

use crate::canaries::ATTEMPTS;
use crate::sandbox::wall::Network;
use crate::world::{World, error_number};

fn act(operation: &str, path: &Path, other: &Path) -> io::Result<()> {
    let options = |set: &dyn Fn(&mut OpenOptions) -> &mut OpenOptions| {
        set(&mut OpenOptions::new()).open(path)?.write_all(b"dead")
    };
    match operation {
        "read" => fs::read(path).map(drop),
        "write" => fs::write(path, "dead"),
        "append" => options(&|options| options.append(true)),
        "truncate" => options(&|options| options.write(true).truncate(true)),
        "remove" => fs::remove_file(path),
        "mkdir" => fs::create_dir(path),
        "rmdir" => fs::remove_dir(path),
        "list" => fs::read_dir(path).map(drop),
        "rename" => fs::rename(path, other),
        "link" => fs::hard_link(path, other),
        _ => panic!("no such operation: {operation}"),
    }
}

pub(crate) fn what_the_first_wall_holds_is_held() {
    for (operation, path, other) in ATTEMPTS {
        let world = World::new();
        let (from, to) = (world.path(path), world.path(other));
        let answer =
            world.behind(Network::None, move || act(operation, &from, &to).err().map(error_number));
        // A file is not moved or linked into a directory where more is allowed with it.
        let refused = [libc::EACCES, libc::EPERM, libc::EXDEV].map(Some);
        let answer = answer.expect("it ends by itself");
        assert!(refused.contains(&answer), "{operation} {path} {other}: {answer:?}");
        world.canaries_live();
    }
    let world = World::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.set_nonblocking(true).expect("it can wait for nothing");
    let address = listener.local_addr().expect("it is bound");
    let reached = world.behind(Network::None, move || {
        [
            TcpStream::connect(address).is_ok(),
            TcpListener::bind(("127.0.0.1", 0)).is_ok(),
            UdpSocket::bind(("127.0.0.1", 0)).is_ok(),
            ("localhost", 80).to_socket_addrs().is_ok(),
        ]
    });
    assert_eq!(reached.expect("it ends by itself"), [false; 4]);
    assert!(listener.accept().is_err(), "nobody has come");
}
