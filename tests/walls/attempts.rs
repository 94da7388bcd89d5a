//! What the code behind the wall tries, and what must come of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::sandbox::wall::{Network, Opening, Reach};
use crate::sandbox::worker::process::run as run_worker;
use crate::sandbox::worker::{Channel, Job, Left};
use crate::world::{World, error_number};
use crate::{calls, descriptors, memory};

const DENIED: Option<i32> = Some(libc::EACCES);
const REFUSED: Option<i32> = Some(libc::EPERM);

fn read(path: &Path) -> io::Result<()> {
    fs::read(path).map(drop)
}

fn overwrite(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.write_all(b"dead")
}

fn create(path: &Path) -> io::Result<()> {
    File::create_new(path).map(drop)
}

fn truncate(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).truncate(true).open(path).map(drop)
}

fn only_the_openings_are_reached() {
    let world = World::new();
    world.answers("read/file", None, read);
    world.answers("write/file", None, overwrite);
    world.answers("write/new", None, create);
    world.answers("files/file", None, overwrite);
    world.answers("files/new", None, create);
    world.answers("files/file", None, |path| fs::remove_file(path));
    world.answers("write/file", None, |path| fs::rename(path, path.with_file_name("below/moved")));
    for path in ["canary", "/etc/passwd", "/proc/self/environ", "/dev/null"] {
        world.answers(path, DENIED, read);
        world.answers(path, DENIED, overwrite);
    }
    world.answers("canary", DENIED, truncate);
    world.answers("new", DENIED, create);
    world.answers("canary", DENIED, |path| fs::remove_file(path));
    world.answers("canary", DENIED, |path| fs::rename(path, path.with_file_name("write/canary")));
    world.answers("", DENIED, |path| fs::read_dir(path).map(drop));
    world.answers("new", DENIED, |path| fs::create_dir(path));
    for act in [overwrite, truncate] {
        world.answers("read/file", DENIED, act);
    }
    world.answers("read/new", DENIED, create);
    world.answers("read/file", DENIED, |path| fs::remove_file(path));
    world.answers("files/new-directory", DENIED, |path| fs::create_dir(path));
    world.answers("files", DENIED, |path| fs::read_dir(path).map(drop));
    world.canaries_live();
}

/// Landlock does not see these.
fn modes_and_owners_stay() {
    let world = World::new();
    for path in ["canary", "write/below"] {
        world.answers(path, REFUSED, |path| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777))
        });
        world.answers(path, REFUSED, |path| std::os::unix::fs::chown(path, Some(1), None));
    }
    world.answers("write/fifo", REFUSED, |path| {
        Ok(rustix::fs::mknodat(
            rustix::fs::CWD,
            path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )?)
    });
}

/// Behind the wall, a call that must end the process.
#[track_caller]
fn is_deadly(call: impl FnOnce() -> libc::c_long + Send + 'static) {
    let world = World::new();
    let ended = world.behind(Network::None, call);
    assert!(matches!(ended, Err(Left::Breach)), "{ended:?}");
}

fn programs_and_processes_are_out_of_reach() {
    // SAFETY: (of all calls) the process ends at the call, or the test fails.
    is_deadly(|| unsafe {
        libc::execve(
            c"/bin/true".as_ptr(),
            [std::ptr::null()].as_ptr(),
            [std::ptr::null()].as_ptr(),
        )
        .into()
    });
    is_deadly(|| unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) });
    is_deadly(|| unsafe { libc::unshare(libc::CLONE_NEWUSER).into() });
    is_deadly(|| unsafe { libc::chroot(c"/".as_ptr()).into() });
    is_deadly(|| unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, 0) });
    is_deadly(|| unsafe {
        libc::syscall(libc::SYS_process_vm_readv, libc::getppid(), 0, 0, 0, 0, 0)
    });
    is_deadly(|| unsafe {
        let nothing = std::ptr::null();
        libc::mount(nothing, c"/".as_ptr(), nothing, libc::MS_REMOUNT, nothing.cast()).into()
    });
    let world = World::new();
    let answers = world.behind(Network::None, || {
        let mut answers = Vec::new();
        // SAFETY: neither call touches memory.
        let mut ask = |answer: libc::c_long| {
            answers.push((answer != 0).then(|| error_number(io::Error::last_os_error())));
        };
        ask(unsafe { libc::kill(libc::getppid(), libc::SIGTERM) }.into());
        ask(unsafe { libc::syscall(libc::SYS_tgkill, libc::getppid(), libc::getppid(), 9) });
        ask(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1) }.into());
        ask(unsafe { libc::ioctl(0, libc::TIOCSTI, c"x".as_ptr()) }.into());
        ask(match unsafe { libc::fork() } {
            0 => std::process::abort(),
            child => child.min(0).into(),
        });
        answers
    });
    assert_eq!(answers.expect("it ends by itself"), [REFUSED; 5]);
}

fn the_network_is_out_of_reach_unless_granted() {
    let world = World::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let connect = move || {
        [
            TcpStream::connect(address).map(drop),
            TcpListener::bind(("127.0.0.1", 0)).map(drop),
            UdpSocket::bind(("127.0.0.1", 0)).map(drop),
            UnixStream::connect("/run/nobody").map(drop),
        ]
        .map(|answer| answer.err().map(error_number))
    };
    let denied = world.behind(Network::None, connect).expect("it ends by itself");
    assert_eq!(denied, [REFUSED; 4]);
    let socket = world.behind(Network::None, || {
        // SAFETY: the call touches no memory.
        let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0) };
        (socket < 0).then(|| error_number(io::Error::last_os_error()))
    });
    assert_eq!(socket.expect("it ends by itself"), REFUSED);
    listener.set_nonblocking(true).expect("it can wait for nothing");
    assert!(listener.accept().is_err(), "nobody has come");
    let granted = world.behind(Network::Granted, connect).expect("it ends by itself");
    // Sockets of this machine are none of the network.
    assert_eq!(granted, [None, None, None, REFUSED]);
    let names = || ("localhost", 80).to_socket_addrs().map_or(0, Iterator::count);
    assert!(world.behind(Network::Granted, names).expect("it ends by itself") > 0);
}

fn memory_files_and_handles_are_finite() {
    let world = World::new();
    let terabyte = |path: &Path| OpenOptions::new().write(true).open(path)?.set_len(1 << 40);
    world.answers("write/file", Some(libc::EFBIG), terabyte);
    let fits = |path: &Path| OpenOptions::new().write(true).open(path)?.set_len(16 * 1024 * 1024);
    world.answers("write/file", None, fits);
    let allocated = world.behind(Network::None, || {
        let allocates = |bytes: usize| Vec::<u8>::new().try_reserve_exact(bytes).is_ok();
        [allocates(100 << 30), allocates(300 << 20), allocates(100 << 20)]
    });
    assert_eq!(allocated.expect("it ends by itself"), [false, false, true]);
    let file = world.path("read/file");
    let opened = world.behind(Network::None, move || {
        let mut files = Vec::new();
        loop {
            match File::open(&file) {
                Ok(file) if files.len() < 100_000 => files.push(file),
                Ok(_) => return (files.len(), 0),
                Err(error) => return (files.len(), error_number(error)),
            }
        }
    });
    let (count, error) = opened.expect("it ends by itself");
    assert!(count < 100 && error == libc::EMFILE, "{count} files, error {error}");
    // An abort is no way to leave traces either.
    let aborted = world.behind(Network::None, || -> u8 { std::process::abort() });
    assert!(matches!(aborted, Err(Left::Died(libc::SIGABRT))), "{aborted:?}");
}

fn honest_work_is_not_hindered() {
    let world = World::new();
    let (file, stdin) = (world.path("read/file"), io::stdin());
    let worked = world.behind(Network::None, move || {
        let thread = std::thread::Builder::new().name("busy".into());
        let sum = thread.spawn(|| (1..=10).sum::<u32>()).expect("a thread").join().expect("a sum");
        std::thread::sleep(Duration::from_millis(1));
        let mut text = String::new();
        File::open(file).and_then(|mut file| file.read_to_string(&mut text)).expect("a text");
        // SAFETY: it asks, and writes to what is there.
        let mut terminal = unsafe { std::mem::zeroed::<libc::termios>() };
        let asked = unsafe { libc::tcgetattr(stdin.as_raw_fd(), &raw mut terminal) };
        assert!(asked == 0 || io::Error::last_os_error().raw_os_error() != REFUSED);
        (sum, text)
    });
    assert_eq!(worked.expect("it ends by itself"), (55, crate::canaries::CANARY.to_owned()));
}

fn a_worker_is_ended_whatever_it_does() {
    let world = World::new();
    let begun = Instant::now();
    let spun = world.limited(Network::None, Duration::from_millis(100), || -> u8 {
        loop {
            std::hint::spin_loop();
        }
    });
    assert!(matches!(spun, Err(Left::TimeOver { behind: false })), "{spun:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let silenced = world.behind(Network::None, || -> u8 {
        // SAFETY: the process ends, which needs none of what is skipped.
        unsafe { libc::_exit(3) }
    });
    assert!(matches!(&silenced, Err(Left::Failed(_))), "{silenced:?}");
    // The pipe to the runner is the newest of its handles, and takes anything.
    let lied = world.behind(Network::None, || -> u8 {
        for handle in 3..20 {
            let lie = [0xff_u8; 64];
            // SAFETY: it writes what is there to whatever the handle is.
            unsafe { libc::write(handle, lie.as_ptr().cast(), lie.len()) };
        }
        0
    });
    assert!(matches!(&lied, Err(Left::Failed(_))), "{lied:?}");
    let large = world.behind(Network::None, || "x".repeat(9 * 1024 * 1024));
    assert!(matches!(&large, Err(Left::Failed(_))), "it is too large");
}

fn what_a_worker_said_before_its_end_is_heard() {
    let world = World::new();
    let mut heard = Vec::new();
    let job = Job {
        name: "native",
        wall: world.wall(Network::None),
        files: Vec::new(),
        streams: true,
        limit: Duration::from_millis(100),
        slow: &mut || {},
        walled: &mut |_| {},
        may_run_ahead: true,
        notes: &mut |notes: Vec<u32>| {
            heard.extend(notes);
            // Whoever takes notes can be slow: the time is over before the runner listens again.
            std::thread::sleep(Duration::from_secs(2));
            Ok(())
        },
    };
    let left = run_worker(job, |notes: &Channel<u32>, _| -> u8 {
        for note in 0.. {
            notes.send(note);
            if note == 100 {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        std::process::abort()
    });
    assert!(matches!(left, Err(Left::TimeOver { behind: false })), "{left:?}");
    assert_eq!(heard, (0..=100).collect::<Vec<_>>());
}

fn a_process_with_threads_is_not_forked() {
    let world = World::new();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || stopped.recv());
    let refused = world.behind(Network::None, || 1);
    let Err(Left::Failed(reason)) = &refused else { panic!("{refused:?}") };
    assert!(reason.contains("there are 2 threads, and one is allowed"), "{reason}");
    drop(stop);
    // Its end is what counts, and it has one.
    let _ = thread.join();
    assert!(world.behind(Network::None, || 1).is_ok());
}

fn a_wall_that_cannot_be_raised_has_gaps() {
    let world = World::new();
    // Behind a wall there is no second one, since nothing can install it.
    let inner = world.wall(Network::None);
    // What it is made of was not given to the worker, which must not close it a second time.
    let (_kept, inner) = (inner.clone(), inner);
    let gaps = world.behind(Network::None, move || inner.raise().gaps());
    let gaps = gaps.expect("it ends by itself").expect("it has gaps");
    assert!(gaps.contains("seccomp is absent"), "{gaps}");
}

/// What was decided on is what is opened, whatever has been put into its place since.
fn symlinks_that_come_later_open_nothing() {
    let world = World::new();
    std::os::unix::fs::symlink(world.path("beside"), world.path("swapped")).expect("a link");
    for path in ["swapped", "swapped/canary"] {
        for reach in [Reach::Read, Reach::Write] {
            let opened = Opening::new(&world.path(path), reach);
            let error = opened.err().map(error_number);
            assert_eq!(error, Some(libc::ELOOP), "{path}");
        }
    }
}

/// Runs all, and ends at the first that fails.
pub(crate) fn run() {
    let tests: &[(&str, fn())] = &[
        ("what_the_first_wall_holds_is_held", crate::shared::what_the_first_wall_holds_is_held),
        ("only_the_openings_are_reached", only_the_openings_are_reached),
        ("modes_and_owners_stay", modes_and_owners_stay),
        ("programs_and_processes_are_out_of_reach", programs_and_processes_are_out_of_reach),
        ("the_network_is_out_of_reach_unless_granted", the_network_is_out_of_reach_unless_granted),
        ("memory_files_and_handles_are_finite", memory_files_and_handles_are_finite),
        ("honest_work_is_not_hindered", honest_work_is_not_hindered),
        ("a_worker_is_ended_whatever_it_does", a_worker_is_ended_whatever_it_does),
        ("what_a_worker_said_before_its_end_is_heard", what_a_worker_said_before_its_end_is_heard),
        ("only_what_a_worker_was_given_is_open", descriptors::only_what_a_worker_was_given_is_open),
        ("unused_standard_streams_lead_nowhere", descriptors::unused_standard_streams_lead_nowhere),
        ("what_was_sent_cannot_be_taken_back", descriptors::what_was_sent_cannot_be_taken_back),
        (
            "standard_output_keeps_what_others_wrote",
            descriptors::standard_output_keeps_what_others_wrote,
        ),
        ("a_shared_pipe_is_not_opened_again", descriptors::a_shared_pipe_is_not_opened_again),
        ("an_early_alarm_is_not_heard", descriptors::an_early_alarm_is_not_heard),
        ("a_worker_has_no_capability", descriptors::a_worker_has_no_capability),
        ("memory_that_rlimits_miss_counts", memory::memory_that_rlimits_miss_counts),
        ("each_call_is_answered_as_it_must_be", calls::each_call_is_answered_as_it_must_be),
        ("no_grant_no_path_calls", calls::no_grant_no_path_calls),
        ("only_internet_sockets_are_made", calls::only_internet_sockets_are_made),
        ("a_process_with_threads_is_not_forked", a_process_with_threads_is_not_forked),
        ("symlinks_that_come_later_open_nothing", symlinks_that_come_later_open_nothing),
        ("a_wall_that_cannot_be_raised_has_gaps", a_wall_that_cannot_be_raised_has_gaps),
    ];
    let filters: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for (name, test) in tests {
        if filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str())) {
            test();
            // Where nobody reads it, the test has passed all the same.
            let _ = writeln!(io::stdout(), "test {name} ... ok");
        }
    }
}
