//! What a worker has open, and what it can do with that.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::fs::{FileType, Mode, OFlags, fstat, open};

use crate::sandbox::wall::Network;
use crate::sandbox::worker::process::run as run_worker;
use crate::sandbox::worker::{Channel, Job, Stop};
use crate::world::World;

const ALL: std::ops::Range<RawFd> = 3..1024;

/// The handles of a process that are not standard streams.
fn open_handles() -> Vec<RawFd> {
    // SAFETY: it only asks.
    ALL.filter(|handle| unsafe { libc::fcntl(*handle, libc::F_GETFD) } != -1).collect()
}

/// A job with nothing but its wall.
fn job<'a>(
    world: &World,
    notes: &'a mut dyn FnMut(Vec<u32>) -> Result<(), Stop>,
    nothing: Nothing<'a>,
) -> Job<'a, u32> {
    let Nothing(slow, walled) = nothing;
    Job {
        name: "native",
        wall: world.wall(Network::None),
        files: Vec::new(),
        streams: true,
        limit: Duration::from_secs(60),
        slow,
        walled,
        may_run_ahead: true,
        notes,
    }
}

/// Nobody who hears of anything.
struct Nothing<'a>(&'a mut dyn FnMut(), &'a mut dyn FnMut(&crate::sandbox::wall::WallReport));

/// A copy of a handle, under this number, that programs inherit.
fn inherited(file: &impl AsFd, number: RawFd) -> RawFd {
    // SAFETY: the number is nobody's in this test's process.
    let copy = unsafe { libc::dup2(file.as_fd().as_raw_fd(), number) };
    assert_eq!(copy, number, "{}", io::Error::last_os_error());
    copy
}

pub(crate) fn only_what_a_worker_was_given_is_open() {
    let world = World::new();
    let record = OpenOptions::new().append(true).open(world.path("canary")).expect("it opens");
    let secret = File::open(world.path("canary")).expect("it opens");
    let (ours, theirs) = UnixStream::pair().expect("two sockets");
    let leaks = [
        inherited(&record, 8),
        inherited(&secret, 9),
        inherited(&theirs, 251),
        inherited(&File::open("/").expect("it opens"), 1000),
    ];
    drop(theirs);
    // One run before, so that the runner's signals have their pipe.
    world.behind(Network::None, || ()).expect("it ends by itself");
    let given = File::open(world.path("read/file")).expect("it opens");
    let handle = given.as_raw_fd();
    let (mut slow, mut walled, mut notes) = (|| {}, |_: &_| {}, |_: Vec<u32>| Ok(()));
    let job = job(&world, &mut notes, Nothing(&mut slow, &mut walled));
    let job = Job { files: vec![given.as_fd()], ..job };
    let (found, text, forged) = run_worker(job, move |_: &Channel<u32>, _| {
        let found = open_handles();
        // SAFETY: nobody else here has it.
        let mut given = unsafe { <File as std::os::fd::FromRawFd>::from_raw_fd(handle) };
        let mut text = String::new();
        given.read_to_string(&mut text).expect("it was given");
        let forged = ALL.filter(|other| {
            // SAFETY: it writes what is there to whatever the handle is.
            leaks.contains(other) && unsafe { libc::write(*other, b"x".as_ptr().cast(), 1) } == 1
        });
        (found, text, forged.count())
    })
    .expect("it ends by itself");
    leaks.into_iter().for_each(|leak| {
        // SAFETY: they were made above.
        unsafe { libc::close(leak) };
    });
    // What the wall is made of, the pipe to the runner, and the file.
    assert!(found.contains(&handle), "{found:?}");
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!((text.as_str(), forged), (crate::canaries::CANARY, 0));
    ours.set_nonblocking(true).expect("it need not wait");
    assert_eq!((&ours).read(&mut [0; 8]).expect("the other end is closed"), 0);
    world.canaries_live();
}

pub(crate) fn unused_standard_streams_lead_nowhere() {
    let world = World::new();
    let (mut slow, mut walled, mut notes) = (|| {}, |_: &_| {}, |_: Vec<u32>| Ok(()));
    let job = Job { streams: false, ..job(&world, &mut notes, Nothing(&mut slow, &mut walled)) };
    let devices = run_worker(job, |_: &Channel<u32>, _| {
        [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()]
            .map(|stream| fstat(stream).map_or(0, |stat| stat.st_rdev))
    });
    let nowhere = rustix::fs::stat("/dev/null").expect("there is one").st_rdev;
    assert_eq!(devices.expect("it ends by itself"), [nowhere; 3]);
}

pub(crate) fn what_was_sent_cannot_be_taken_back() {
    let world = World::new();
    let mut heard = Vec::new();
    let (mut slow, mut walled) = (|| {}, |_: &_| {});
    let mut notes = |notes: Vec<u32>| {
        heard.extend(notes);
        // Meanwhile there is something to be taken back.
        std::thread::sleep(Duration::from_millis(300));
        Ok(())
    };
    let job = job(&world, &mut notes, Nothing(&mut slow, &mut walled));
    let answers = run_worker(job, |notes: &Channel<u32>, _| {
        (0..50).for_each(|note| notes.send(note));
        let mut answers = Vec::new();
        for handle in open_handles() {
            // SAFETY: it is open.
            let file = unsafe { std::os::fd::BorrowedFd::borrow_raw(handle) };
            let is_pipe = fstat(file)
                .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo);
            for flags in
                [OFlags::RDONLY, OFlags::RDWR, OFlags::WRONLY].into_iter().filter(|_| is_pipe)
            {
                let path = format!("/proc/self/fd/{handle}");
                let opened = open(path, flags | OFlags::NONBLOCK, Mode::empty());
                answers.push(opened.err().map(|error| error.raw_os_error()));
            }
        }
        (50..100).for_each(|note| notes.send(note));
        answers
    });
    assert_eq!(answers.expect("it ends by itself"), [Some(libc::EACCES); 3]);
    assert_eq!(heard, (0..100).collect::<Vec<_>>());
}

/// Runs with standard output in another file, and gives it back.
fn with_output_to<T>(file: impl AsFd, run: impl FnOnce() -> T) -> T {
    let stdout = rustix::stdio::stdout().try_clone_to_owned().expect("a copy");
    rustix::stdio::dup2_stdout(file).expect("a copy");
    let result = run();
    rustix::stdio::dup2_stdout(&stdout).expect("a copy");
    result
}

pub(crate) fn standard_output_keeps_what_others_wrote() {
    let world = World::new();
    let path = world.path("log");
    let mut log = OpenOptions::new()
        .create(true)
        .truncate(true)
        .read(true)
        .write(true)
        .open(&path)
        .expect("it opens");
    log.write_all(b"the log of an earlier step\n").expect("there is room");
    let answers = with_output_to(&log, || {
        world.behind(Network::None, || {
            // SAFETY: none of the calls touches memory but the text that is there.
            let answers = unsafe {
                [
                    libc::ftruncate(1, 0) as i64,
                    libc::lseek(1, 0, libc::SEEK_SET),
                    libc::pwrite(1, b"x".as_ptr().cast(), 1, 0) as i64,
                    libc::fallocate(
                        1,
                        libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE,
                        0,
                        10,
                    )
                    .into(),
                    libc::fcntl(1, libc::F_DUPFD, 10).into(),
                    libc::dup(1).into(),
                    libc::open(c"/proc/self/fd/1".as_ptr(), libc::O_WRONLY | libc::O_TRUNC).into(),
                    libc::open(c"/proc/self/fd/1".as_ptr(), libc::O_RDONLY).into(),
                ]
            };
            // SAFETY: as above.
            let written = unsafe { libc::write(1, b"its own\n".as_ptr().cast(), 8) };
            (answers, written)
        })
    });
    assert_eq!(answers.expect("it ends by itself"), ([-1; 8], 8));
    log.seek(SeekFrom::Start(0)).expect("a file");
    let text = fs::read_to_string(path).expect("a text");
    assert_eq!(text, "the log of an earlier step\nits own\n");
}

pub(crate) fn an_early_alarm_is_not_heard() {
    let world = World::new();
    for (limit, rings) in [(Duration::from_secs(60), false), (Duration::from_millis(200), true)] {
        let (mut slow, mut walled, mut notes) = (|| {}, |_: &_| {}, |_: Vec<u32>| Ok(()));
        let job = Job { limit, ..job(&world, &mut notes, Nothing(&mut slow, &mut walled)) };
        let begun = Instant::now();
        let heard = run_worker(job, |_: &Channel<u32>, alarm| {
            use std::sync::atomic::{AtomicBool, Ordering};
            static RUNG: AtomicBool = AtomicBool::new(false);
            alarm.listen(|| RUNG.store(true, Ordering::SeqCst));
            let own = rustix::process::getpid().as_raw_nonzero().get();
            // SAFETY: the signal has a handler.
            let sent = unsafe { libc::syscall(libc::SYS_tgkill, own, own, libc::SIGALRM) };
            let early = RUNG.load(Ordering::SeqCst);
            let until = Instant::now() + Duration::from_millis(300);
            while Instant::now() < until && !RUNG.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            (sent, early, RUNG.load(Ordering::SeqCst))
        });
        assert_eq!(heard.expect("it ends by itself"), (0, false, rings));
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    }
}

pub(crate) fn a_worker_has_no_capability() {
    let world = World::new();
    let is_root = rustix::process::geteuid().is_root();
    let others = world.path("read/of-another");
    fs::write(&others, "secret").expect("a file");
    if is_root {
        fs::set_permissions(&others, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("mine");
        std::os::unix::fs::chown(&others, Some(1), Some(1)).expect("root's");
    }
    let mut status = String::new();
    let (mut slow, mut walled) = (|| {}, |_: &_| {});
    let mut notes = |notes: Vec<u32>| {
        status = fs::read_to_string(format!("/proc/{}/status", notes[0])).expect("it is there");
        Ok(())
    };
    let job = job(&world, &mut notes, Nothing(&mut slow, &mut walled));
    let opened = run_worker(job, move |notes: &Channel<u32>, _| {
        notes.send(std::process::id());
        std::thread::sleep(Duration::from_millis(300));
        File::open(others).is_ok()
    });
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.trim_start_matches(':').trim().to_owned()
    };
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(of(set), "0000000000000000", "{set}");
    }
    assert_eq!([of("NoNewPrivs"), of("Seccomp")], ["1", "2"]);
    assert_eq!(opened.expect("it ends by itself"), !is_root);
}

pub(crate) fn a_shared_pipe_is_not_opened_again() {
    for has_grants in [true, false] {
        let world = World::new();
        let (mut reader, writer) = io::pipe().expect("a pipe");
        let mut wall = world.wall(Network::None);
        let code = File::open(world.path("read/file")).expect("it opens");
        wall.hides_pipes = true;
        wall.code = Some(std::sync::Arc::new(code));
        if !has_grants {
            wall.openings = std::sync::Arc::new([]);
        }
        let (inside, own) = (wall.clone(), world.path("read"));
        let (mut slow, mut walled, mut notes) = (|| {}, |_: &_| {}, |_: Vec<u32>| Ok(()));
        let job = job(&world, &mut notes, Nothing(&mut slow, &mut walled));
        let answers = with_output_to(&writer, || {
            run_worker(Job { wall, ..job }, move |_: &Channel<u32>, _| {
                let code = inside.code.as_ref().expect("there is some").as_raw_fd();
                // Loading the code opens it by a link, before.
                let loaded = File::open(format!("/proc/self/fd/{code}")).is_ok();
                let hidden = inside.hide_pipes();
                // SAFETY: it writes what is there.
                unsafe { libc::write(1, b"a line\n".as_ptr().cast(), 7) };
                let open = |path: &str, flags| {
                    let opened = open(path, flags | OFlags::NONBLOCK, Mode::empty());
                    opened.map(drop).map_err(|error| error.raw_os_error())
                };
                let pipe = "/proc/self/fd/1";
                let refused = [
                    open(pipe, OFlags::RDONLY),
                    open(pipe, OFlags::PATH),
                    open(pipe, OFlags::NOFOLLOW),
                    open(pipe, OFlags::DIRECTORY),
                    open("/proc/self/fd/1/", OFlags::DIRECTORY),
                ];
                let how = [0_u64; 3];
                // SAFETY: it reads what is there.
                let other = unsafe {
                    let (path, how) = (c"/proc/self/fd/1".as_ptr(), how.as_ptr());
                    libc::syscall(libc::SYS_openat2, libc::AT_FDCWD, path, how, 24)
                };
                let granted = [
                    open(own.to_str().expect("a text"), OFlags::DIRECTORY),
                    open(own.join("file").to_str().expect("a text"), OFlags::NOFOLLOW),
                ];
                let again = inside.raise().gaps().is_some();
                (loaded, hidden, refused, other, granted, again)
            })
        });
        let (loaded, hidden, refused, other, granted, again) = answers.expect("it ends by itself");
        assert!(loaded && hidden == crate::sandbox::wall::Part::Stands && again, "{hidden:?}");
        assert!(refused.iter().all(Result::is_err) && other == -1, "{refused:?}");
        assert_eq!(granted.map(|opened| opened.is_ok()), [has_grants; 2]);
        drop(writer);
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("a text");
        assert_eq!(text, "a line\n");
    }
}
