//! Single system calls by native code, each with the answer that it must get: one row for a call.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;

use libc::{EACCES, EBADF, EFAULT, EINVAL, ENOENT, ENOSYS, EPERM, EXDEV, c_long};

use crate::sandbox::wall::Network;
use crate::sandbox::worker::Left;
use crate::world::World;

/// An argument, as it is in the worker.
#[derive(Clone, Copy)]
enum Arg {
    Number(i64),
    /// A path in the world.
    In(&'static str),
    /// Another text.
    Text(&'static str),
    /// Room for an answer.
    Room,
    /// A file that may be changed, and is open for it.
    Open,
    /// A file that may be read, and is open for it.
    OpenToRead,
    Own,
    Parent,
}
use Arg::{In, Number as N, Open, OpenToRead, Own, Parent, Room, Text};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    /// With this error.
    Refused(i32),
    /// The process ends.
    Ends,
    /// It succeeds, and this is why that does no harm.
    Harmless(&'static str),
}
use Answer::{Ends, Harmless, Refused};

type Call = (&'static str, c_long, &'static [Arg], Answer);

const CWD: Arg = N(libc::AT_FDCWD as i64);
const LOOK: Answer = Harmless("it opens nothing that could be read");
const OWN_BUSINESS: Answer = Harmless("it says what the process is, or ends");

/// What was tried when the OS sandbox was attacked, with a grant to read one directory and to write another.
#[rustfmt::skip]
const TRIED: &[Call] = &[
    ("read a file of the parent's", libc::SYS_pread64, &[N(909), Room, N(100), N(0)], Refused(EBADF)),
    ("write one", libc::SYS_write, &[N(908), Text("x"), N(1)], Refused(EBADF)),
    ("set times", libc::SYS_utimensat, &[CWD, In("canary"), Room, N(0)], Refused(EPERM)),
    ("read another's link", libc::SYS_readlinkat, &[CWD, Text("/proc/1/cwd"), Room, N(100)], Refused(EACCES)),
    ("open", libc::SYS_openat, &[CWD, In("canary"), N(0)], Refused(EACCES)),
    ("open to look at", libc::SYS_openat, &[CWD, In("canary"), N(libc::O_PATH as i64)], LOOK),
    ("open its memory", libc::SYS_openat, &[CWD, Text("/proc/self/mem"), N(2)], Refused(EACCES)),
    ("open what others gave it", libc::SYS_openat, &[CWD, Text("/proc/self/fd/909"), N(2)], Refused(ENOENT)),
    ("cut standard output", libc::SYS_ftruncate, &[N(1), N(0)], Refused(EPERM)),
    ("cut standard error", libc::SYS_ftruncate, &[N(2), N(0)], Refused(EPERM)),
    ("ask for flags", libc::SYS_fcntl, &[N(1), N(libc::F_GETFL as i64)], OWN_BUSINESS),
    ("make it wait", libc::SYS_fcntl, &[N(1), N(libc::F_SETFL as i64), N(0)], Refused(EPERM)),
    ("make it not wait", libc::SYS_fcntl, &[N(1), N(libc::F_SETFL as i64), N(libc::O_NONBLOCK as i64)], Refused(EPERM)),
    ("link an open file", libc::SYS_linkat, &[OpenToRead, Text(""), CWD, In("write/stolen"), N(libc::AT_EMPTY_PATH as i64)], Refused(EPERM)),
    ("link", libc::SYS_linkat, &[CWD, In("canary"), CWD, In("write/stolen"), N(0)], Refused(EXDEV)),
    ("make a link", libc::SYS_symlinkat, &[Text("/etc"), CWD, In("write/link")], Harmless("what it leads to is not reached by it")),
    ("leave a device behind", libc::SYS_renameat2, &[CWD, In("write/file"), CWD, In("write/moved"), N(4)], Refused(EPERM)),
    ("make a directory", libc::SYS_mkdirat, &[CWD, In("write/.git"), N(0o700)], Harmless("the directory may be written, whatever the name")),
    ("make a pipe of that name", libc::SYS_mknodat, &[CWD, In("write/pipe"), N(0o10600)], Refused(EPERM)),
    ("change a mode", libc::SYS_fchmodat, &[CWD, In("write/file"), N(0o777)], Refused(EPERM)),
    ("change an open file's mode", libc::SYS_fchmod, &[Open, N(0o777)], Refused(EPERM)),
    ("cut by a path", libc::SYS_truncate, &[In("canary"), N(0)], Refused(EPERM)),
    ("a socket of the system's", libc::SYS_socket, &[N(1), N(1)], Refused(EPERM)),
    ("two sockets", libc::SYS_socketpair, &[N(1), N(1), N(0), Room], Refused(EPERM)),
    ("is the parent there", libc::SYS_kill, &[Parent, N(0)], Refused(EPERM)),
    ("signal a thread", libc::SYS_tkill, &[Parent, N(0)], Refused(EPERM)),
    ("raise a limit", libc::SYS_prlimit64, &[N(0), N(7), Room], Refused(EPERM)),
    ("ask for the parent's", libc::SYS_prlimit64, &[Parent, N(7), N(0), Room], Refused(EPERM)),
    ("change the priority", libc::SYS_setpriority, &[N(0), N(0), N(19)], Refused(EPERM)),
    ("choose a processor", libc::SYS_sched_setaffinity, &[N(0), N(8), Room], Refused(EPERM)),
    ("ask for the parent's processors", libc::SYS_sched_getaffinity, &[Parent, N(128), Room], Refused(EPERM)),
    ("change the directory", libc::SYS_chdir, &[Text("/")], Refused(EPERM)),
    ("change the mask of modes", libc::SYS_umask, &[N(0)], Refused(EPERM)),
    ("watch files", libc::SYS_inotify_init1, &[N(0)], Refused(EPERM)),
    ("watch all files", libc::SYS_fanotify_init, &[N(0)], Refused(EPERM)),
    ("make a process", libc::SYS_clone, &[N(17)], Refused(EPERM)),
    ("leave the terminal", libc::SYS_setsid, &[], Refused(EPERM)),
    ("move between pipes", libc::SYS_splice, &[N(0), N(0), N(1), N(0), N(1), N(0)], Refused(EPERM)),
    ("copy to a file", libc::SYS_sendfile, &[N(1), OpenToRead, N(0), N(5)], Refused(EPERM)),
    ("copy from one", libc::SYS_copy_file_range, &[OpenToRead, N(0), Open, N(0), N(5)], Refused(EPERM)),
    ("type into the terminal", libc::SYS_ioctl, &[N(0), N(libc::TIOCSTI as i64), Text("x")], Refused(EPERM)),
    ("ask how much there is to read", libc::SYS_ioctl, &[OpenToRead, N(libc::FIONREAD as i64), Room], OWN_BUSINESS),
    ("begin a wall of its own", libc::SYS_landlock_create_ruleset, &[N(0), N(0), N(1)], Refused(EPERM)),
    ("hold the parent", libc::SYS_pidfd_open, &[Parent, N(0)], Refused(EPERM)),
    ("lock memory", libc::SYS_mlock, &[Room, N(4096)], Refused(EPERM)),
    ("make a timer", libc::SYS_timer_create, &[N(0), N(0), Room], Refused(EPERM)),
    ("set one", libc::SYS_setitimer, &[N(0), N(0), N(0)], Refused(EPERM)),
    ("install a filter", libc::SYS_seccomp, &[N(0), N(0), N(0)], Refused(EPERM)),
    ("hide memory", libc::SYS_memfd_secret, &[N(0)], Refused(EPERM)),
    // These ended the process, and were not repeated.
    ("be traced", libc::SYS_ptrace, &[N(0), N(0), N(0), N(0)], Ends),
    ("a ring of calls", libc::SYS_io_uring_setup, &[N(1), Room], Ends),
    ("keys", libc::SYS_keyctl, &[N(0), N(0)], Ends),
    ("programs of the kernel's", libc::SYS_bpf, &[N(0), Room, N(0)], Ends),
    ("run a program", libc::SYS_execve, &[Text("/bin/true"), N(0), N(0)], Ends),
];

/// Calls that x86-64 alone has.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const OLDER: &[Call] = &[
    ("fork", libc::SYS_fork, &[], Refused(EPERM)),
    ("vfork", libc::SYS_vfork, &[], Refused(EPERM)),
    ("alarm", libc::SYS_alarm, &[N(0)], Refused(EPERM)),
    ("by the table of x32", 0x4000_0000 + libc::SYS_getpid, &[], Refused(EPERM)),
    ("pipe", libc::SYS_pipe, &[Room], Refused(EPERM)),
    ("dup2", libc::SYS_dup2, &[N(1), N(20)], Refused(EPERM)),
    ("creat", libc::SYS_creat, &[In("canary"), N(0o600)], Refused(EPERM)),
    ("chmod", libc::SYS_chmod, &[In("write/file"), N(0o777)], Refused(EPERM)),
    ("chown", libc::SYS_chown, &[In("write/file"), N(1), N(1)], Refused(EPERM)),
    ("lchown", libc::SYS_lchown, &[In("write/file"), N(1), N(1)], Refused(EPERM)),
    ("mknod", libc::SYS_mknod, &[In("write/pipe"), N(0o10600)], Refused(EPERM)),
    ("utime", libc::SYS_utime, &[In("canary"), N(0)], Refused(EPERM)),
    ("utimes", libc::SYS_utimes, &[In("canary"), N(0)], Refused(EPERM)),
    ("futimesat", libc::SYS_futimesat, &[CWD, In("canary"), N(0)], Refused(EPERM)),
    ("ustat", libc::SYS_ustat, &[N(0), Room], Refused(EPERM)),
    ("sysfs", libc::SYS_sysfs, &[N(3)], Refused(EPERM)),
    ("iopl", libc::SYS_iopl, &[N(3)], Refused(EPERM)),
    ("ioperm", libc::SYS_ioperm, &[N(0), N(1), N(1)], Refused(EPERM)),
    ("modify_ldt", libc::SYS_modify_ldt, &[N(0), Room, N(16)], Refused(EPERM)),
    ("getpgrp", libc::SYS_getpgrp, &[], Refused(EPERM)),
    ("inotify_init", libc::SYS_inotify_init, &[], Refused(EPERM)),
    ("eventfd", libc::SYS_eventfd, &[N(0)], Refused(EPERM)),
    ("signalfd", libc::SYS_signalfd, &[N(-1), Room, N(8)], Refused(EPERM)),
    ("epoll_create", libc::SYS_epoll_create, &[N(1)], Refused(EPERM)),
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[Call] = &[];

const DUPFD: i64 = libc::F_DUPFD as i64;
const SHARED: i64 = (libc::MAP_SHARED | libc::MAP_ANONYMOUS) as i64;
const STACK: i64 = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_GROWSDOWN) as i64;
const HUGE: i64 = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_HUGETLB) as i64;
const DROPPABLE: i64 = libc::MAP_ANONYMOUS as i64 | 8;
const SETPIPE: i64 = libc::F_SETPIPE_SZ as i64;

/// Further ones. The numbers are the same on both processors from 424 on.
#[rustfmt::skip]
const FURTHER: &[Call] = &[
    // Handles, and what is shared with others by them.
    ("dup", libc::SYS_dup, &[N(1)], Refused(EPERM)),
    ("dup3", libc::SYS_dup3, &[N(1), N(20), N(0)], Refused(EPERM)),
    ("a second standard output", libc::SYS_fcntl, &[N(1), N(DUPFD), N(3)], Refused(EPERM)),
    ("a second one, to be closed", libc::SYS_fcntl, &[N(2), N(libc::F_DUPFD_CLOEXEC as i64), N(3)], Refused(EPERM)),
    ("whom to signal", libc::SYS_fcntl, &[Open, N(libc::F_SETOWN as i64), Parent], Refused(EPERM)),
    ("a lease", libc::SYS_fcntl, &[Open, N(libc::F_SETLEASE as i64), N(1)], Refused(EPERM)),
    ("a watch", libc::SYS_fcntl, &[Open, N(libc::F_NOTIFY as i64), N(1)], Refused(EPERM)),
    ("a lock", libc::SYS_fcntl, &[Open, N(libc::F_SETLK as i64), Room], Refused(EPERM)),
    ("a larger pipe", libc::SYS_fcntl, &[N(1), N(SETPIPE), N(1 << 20)], Refused(EPERM)),
    ("seals", libc::SYS_fcntl, &[N(1), N(libc::F_ADD_SEALS as i64), N(1)], Refused(EPERM)),
    ("not to wait", libc::SYS_ioctl, &[N(1), N(libc::FIONBIO as i64), Room], Refused(EPERM)),
    ("signals of input", libc::SYS_ioctl, &[N(0), N(libc::FIOASYNC as i64), Room], Refused(EPERM)),
    ("a terminal's modes", libc::SYS_ioctl, &[N(0), N(libc::TCSETS as i64), Room], Refused(EPERM)),
    ("a clone of a file", libc::SYS_ioctl, &[Open, N(libc::FICLONE as i64), OpenToRead], Refused(EPERM)),
    ("room in standard output", libc::SYS_fallocate, &[N(1), N(0), N(0), N(1 << 20)], Refused(EPERM)),
    ("over standard output", libc::SYS_pwrite64, &[N(1), Text("x"), N(1), N(0)], Refused(EPERM)),
    ("over it in pieces", libc::SYS_pwritev, &[N(1), N(0), N(0), N(0), N(0)], Refused(EPERM)),
    ("over it, once more", libc::SYS_pwritev2, &[N(2), N(0), N(0), N(0), N(0), N(0)], Refused(EPERM)),
    ("from standard error", libc::SYS_pread64, &[N(2), Room, N(1), N(0)], Refused(EPERM)),
    ("back in standard output", libc::SYS_lseek, &[N(1), N(0), N(0)], Refused(EPERM)),
    ("lock standard output", libc::SYS_flock, &[N(1), N(2)], Refused(EPERM)),
    ("map standard output", libc::SYS_mmap, &[N(0), N(4096), N(1), N(2), N(1), N(0)], Refused(EPERM)),
    ("a pipe", libc::SYS_pipe2, &[Room, N(0)], Refused(EPERM)),
    ("tee", libc::SYS_tee, &[N(0), N(1), N(1), N(0)], Refused(EPERM)),
    ("vmsplice", libc::SYS_vmsplice, &[N(1), N(0), N(0), N(0)], Refused(EPERM)),
    ("signals as a file", libc::SYS_signalfd4, &[N(-1), Room, N(8), N(0)], Refused(EPERM)),
    ("a timer as a file", libc::SYS_timerfd_create, &[N(0), N(0)], Refused(EPERM)),
    ("another process's handle", libc::SYS_pidfd_getfd, &[N(0), N(0), N(0)], Ends),
    ("a signal by a handle", libc::SYS_pidfd_send_signal, &[N(0), N(0), N(0), N(0)], Refused(EPERM)),
    ("kcmp", libc::SYS_kcmp, &[Own, Parent, N(0), N(1), N(1)], Refused(EPERM)),
    // Memory that no ceiling counts.
    ("a file in memory", libc::SYS_memfd_create, &[Text("m"), N(0)], Refused(ENOSYS)),
    ("shared memory", libc::SYS_mmap, &[N(0), N(4096), N(3), N(SHARED), N(-1), N(0)], Refused(EPERM)),
    ("memory like a stack", libc::SYS_mmap, &[N(0), N(4096), N(3), N(STACK), N(-1), N(0)], Refused(EPERM)),
    ("huge pages", libc::SYS_mmap, &[N(0), N(2 << 20), N(3), N(HUGE), N(-1), N(0)], Refused(EPERM)),
    ("memory that can go", libc::SYS_mmap, &[N(0), N(4096), N(3), N(DROPPABLE), N(-1), N(0)], Refused(EPERM)),
    ("a file's memory, shared", libc::SYS_mmap, &[N(0), N(4096), N(3), N(1), Open, N(0)], Refused(EPERM)),
    ("remap_file_pages", libc::SYS_remap_file_pages, &[Room, N(4096), N(0), N(0), N(0)], Refused(EPERM)),
    ("shmget", libc::SYS_shmget, &[N(0), N(1 << 20), N(0o1600)], Refused(EPERM)),
    ("shmat", libc::SYS_shmat, &[N(0), N(0), N(0)], Refused(EPERM)),
    ("shmctl", libc::SYS_shmctl, &[N(0), N(0), Room], Refused(EPERM)),
    ("msgget", libc::SYS_msgget, &[N(0), N(0o1600)], Refused(EPERM)),
    ("msgsnd", libc::SYS_msgsnd, &[N(0), Room, N(8), N(0)], Refused(EPERM)),
    ("msgrcv", libc::SYS_msgrcv, &[N(0), Room, N(8), N(0), N(0)], Refused(EPERM)),
    ("semget", libc::SYS_semget, &[N(0), N(1), N(0o1600)], Refused(EPERM)),
    ("semop", libc::SYS_semop, &[N(0), Room, N(1)], Refused(EPERM)),
    ("mq_open", libc::SYS_mq_open, &[Text("q"), N(0o102), N(0o600), N(0)], Refused(EPERM)),
    ("mq_unlink", libc::SYS_mq_unlink, &[Text("q")], Refused(EPERM)),
    ("mlockall", libc::SYS_mlockall, &[N(1)], Refused(EPERM)),
    ("mlock2", libc::SYS_mlock2, &[Room, N(4096), N(0)], Refused(EPERM)),
    ("mbind", libc::SYS_mbind, &[Room, N(4096), N(0), N(0), N(0), N(0)], Refused(EPERM)),
    ("set_mempolicy", libc::SYS_set_mempolicy, &[N(0), N(0), N(0)], Refused(EPERM)),
    ("migrate_pages", libc::SYS_migrate_pages, &[Parent, N(0), N(0), N(0)], Refused(EPERM)),
    ("move_pages", libc::SYS_move_pages, &[Parent, N(0), N(0), N(0), N(0), N(0)], Refused(EPERM)),
    ("pkey_alloc", libc::SYS_pkey_alloc, &[N(0), N(0)], Refused(EPERM)),
    ("faults as a file", libc::SYS_userfaultfd, &[N(0)], Ends),
    ("process_madvise", libc::SYS_process_madvise, &[N(0), N(0), N(0), N(0), N(0)], Ends),
    ("process_mrelease", 448, &[N(0), N(0)], Refused(EPERM)),
    ("cachestat", 451, &[OpenToRead, Room, Room, N(0)], Refused(EPERM)),
    ("map_shadow_stack", 453, &[N(0), N(4096), N(0)], Refused(EPERM)),
    ("mseal", 462, &[Room, N(4096), N(0)], Refused(EPERM)),
    // Files.
    ("times of the directory", libc::SYS_utimensat, &[CWD, N(0), N(0), N(0)], Refused(EFAULT)),
    ("times of standard output", libc::SYS_utimensat, &[N(1), N(0), N(0), N(0)], Refused(EPERM)),
    ("times of a file that may be written", libc::SYS_utimensat, &[Open, N(0), N(0), N(0)], Harmless("it may be written")),
    ("link what a link leads to", libc::SYS_linkat, &[CWD, Text("/proc/self/fd/0"), CWD, In("write/stolen"), N(libc::AT_SYMLINK_FOLLOW as i64)], Refused(EPERM)),
    ("write what may be read", libc::SYS_openat, &[CWD, In("read/file"), N(1)], Refused(EACCES)),
    ("openat2", libc::SYS_openat2, &[CWD, In("canary"), Room, N(24)], Refused(EACCES)),
    ("a file without a name, elsewhere", libc::SYS_openat, &[CWD, In("read"), N((libc::O_TMPFILE | libc::O_RDWR) as i64), N(0o600)], Refused(EACCES)),
    ("a device", libc::SYS_mknodat, &[CWD, In("write/device"), N(0o20600), N(0x103)], Refused(EPERM)),
    ("fchmodat2", 452, &[CWD, In("write/file"), N(0o777), N(0)], Refused(EPERM)),
    ("fchown", libc::SYS_fchown, &[Open, N(1), N(1)], Refused(EPERM)),
    ("fchownat", libc::SYS_fchownat, &[CWD, In("write/file"), N(1), N(1), N(0)], Refused(EPERM)),
    ("setxattr", libc::SYS_setxattr, &[In("write/file"), Text("user.x"), Text("x"), N(1), N(0)], Refused(EPERM)),
    ("fsetxattr", libc::SYS_fsetxattr, &[Open, Text("user.x"), Text("x"), N(1), N(0)], Refused(EPERM)),
    ("getxattr", libc::SYS_getxattr, &[In("canary"), Text("user.x"), Room, N(100)], Refused(EPERM)),
    ("listxattr", libc::SYS_listxattr, &[In("canary"), Room, N(100)], Refused(EPERM)),
    ("removexattr", libc::SYS_removexattr, &[In("canary"), Text("user.x")], Refused(EPERM)),
    ("setxattrat", 463, &[CWD, In("write/file"), N(0), Text("user.x"), Room, N(16)], Refused(EPERM)),
    ("getxattrat", 464, &[CWD, In("canary"), N(0), Text("user.x"), Room, N(16)], Refused(EPERM)),
    ("file_setattr", 469, &[CWD, In("write/file"), Room, N(24), N(0)], Refused(EPERM)),
    ("fchdir", libc::SYS_fchdir, &[OpenToRead], Refused(EPERM)),
    ("readahead", libc::SYS_readahead, &[OpenToRead, N(0), N(4096)], Refused(EPERM)),
    ("sync", libc::SYS_sync, &[], Refused(EPERM)),
    ("syncfs", libc::SYS_syncfs, &[Open], Refused(EPERM)),
    ("statfs", libc::SYS_statfs, &[Text("/"), Room], Refused(EPERM)),
    ("fanotify_mark", libc::SYS_fanotify_mark, &[N(0), N(0), N(0), N(0), N(0)], Refused(EPERM)),
    ("name_to_handle_at", libc::SYS_name_to_handle_at, &[CWD, In("canary"), Room, Room, N(0)], Ends),
    ("open_by_handle_at", libc::SYS_open_by_handle_at, &[CWD, Room, N(0)], Ends),
    // Other processes, and what this one may become.
    ("signal all", libc::SYS_kill, &[N(-1), N(0)], Refused(EPERM)),
    ("signal a thread of the parent's", libc::SYS_tgkill, &[Parent, Parent, N(9)], Refused(EPERM)),
    ("queue a signal", libc::SYS_rt_sigqueueinfo, &[Parent, N(10), Room], Refused(EPERM)),
    ("queue one for a thread", libc::SYS_rt_tgsigqueueinfo, &[Parent, Parent, N(10), Room], Refused(EPERM)),
    ("wait for others", libc::SYS_wait4, &[N(-1), N(0), N(1), N(0)], Refused(EPERM)),
    ("look inside the parent", libc::SYS_process_vm_readv, &[Parent, N(0), N(0), N(0), N(0), N(0)], Ends),
    ("write there", libc::SYS_process_vm_writev, &[Parent, N(0), N(0), N(0), N(0), N(0)], Ends),
    ("processes with more arguments", libc::SYS_clone3, &[Room, N(64)], Refused(ENOSYS)),
    ("execveat", libc::SYS_execveat, &[CWD, Text("/bin/true"), N(0), N(0), N(0)], Ends),
    ("to be looked into", libc::SYS_prctl, &[N(libc::PR_SET_DUMPABLE as i64), N(1)], Refused(EPERM)),
    ("to outlive the parent", libc::SYS_prctl, &[N(libc::PR_SET_PDEATHSIG as i64), N(0)], Refused(EPERM)),
    ("to adopt processes", libc::SYS_prctl, &[N(libc::PR_SET_CHILD_SUBREAPER as i64), N(1)], Refused(EPERM)),
    ("capabilities to hand on", libc::SYS_prctl, &[N(libc::PR_CAP_AMBIENT as i64), N(2), N(0)], Refused(EPERM)),
    ("where its memory is", libc::SYS_prctl, &[N(libc::PR_SET_MM as i64), N(1), N(0)], Refused(EPERM)),
    ("setuid", libc::SYS_setuid, &[N(1)], Refused(EPERM)),
    ("setgid", libc::SYS_setgid, &[N(1)], Refused(EPERM)),
    ("setresuid", libc::SYS_setresuid, &[N(0), N(0), N(0)], Refused(EPERM)),
    ("setresgid", libc::SYS_setresgid, &[N(0), N(0), N(0)], Refused(EPERM)),
    ("setreuid", libc::SYS_setreuid, &[N(0), N(0)], Refused(EPERM)),
    ("setfsuid", libc::SYS_setfsuid, &[N(1)], Refused(EPERM)),
    ("setgroups", libc::SYS_setgroups, &[N(0), N(0)], Refused(EPERM)),
    ("capset", libc::SYS_capset, &[Room, Room], Refused(EPERM)),
    ("setpgid", libc::SYS_setpgid, &[N(0), N(0)], Refused(EPERM)),
    ("setrlimit", libc::SYS_setrlimit, &[N(7), Room], Refused(EPERM)),
    ("ioprio_set", libc::SYS_ioprio_set, &[N(1), N(0), N(0)], Refused(EPERM)),
    ("sched_setscheduler", libc::SYS_sched_setscheduler, &[N(0), N(1), Room], Refused(EPERM)),
    ("sched_setattr", libc::SYS_sched_setattr, &[N(0), Room, N(0)], Refused(EPERM)),
    ("namespaces", libc::SYS_unshare, &[N(libc::CLONE_NEWUSER as i64)], Ends),
    ("another's namespaces", libc::SYS_setns, &[N(0), N(0)], Ends),
    ("landlock_add_rule", libc::SYS_landlock_add_rule, &[N(0), N(1), Room, N(0)], Refused(EPERM)),
    ("landlock_restrict_self", libc::SYS_landlock_restrict_self, &[N(0), N(0)], Refused(EPERM)),
    // The system.
    ("chroot", libc::SYS_chroot, &[Text("/")], Ends),
    ("pivot_root", libc::SYS_pivot_root, &[Text("/"), Text("/")], Ends),
    ("mount", libc::SYS_mount, &[N(0), Text("/"), N(0), N(32), N(0)], Ends),
    ("umount", libc::SYS_umount2, &[Text("/"), N(0)], Ends),
    ("move_mount", libc::SYS_move_mount, &[CWD, Text("/"), CWD, Text("/"), N(0)], Ends),
    ("mount_setattr", libc::SYS_mount_setattr, &[CWD, Text("/"), N(0), Room, N(32)], Ends),
    ("open_tree", libc::SYS_open_tree, &[CWD, Text("/"), N(0)], Ends),
    ("open_tree_attr", 467, &[CWD, Text("/"), N(0), N(0), N(0)], Refused(EPERM)),
    ("fsopen", libc::SYS_fsopen, &[Text("tmpfs"), N(0)], Ends),
    ("statmount", 457, &[Room, Room, N(512), N(0)], Refused(EPERM)),
    ("listmount", 458, &[Room, Room, N(8), N(0)], Refused(EPERM)),
    ("quotactl", libc::SYS_quotactl, &[N(0), N(0), N(0), Room], Ends),
    ("quotactl_fd", 443, &[N(0), N(0), N(0), Room], Refused(EPERM)),
    ("acct", libc::SYS_acct, &[N(0)], Ends),
    ("swapon", libc::SYS_swapon, &[In("canary"), N(0)], Ends),
    ("reboot", libc::SYS_reboot, &[N(0), N(0), N(0), N(0)], Ends),
    ("init_module", libc::SYS_init_module, &[Room, N(0), Text("")], Ends),
    ("kexec_load", libc::SYS_kexec_load, &[N(0), N(0), N(0), N(0)], Ends),
    ("syslog", libc::SYS_syslog, &[N(3), Room, N(100)], Refused(EPERM)),
    ("sethostname", libc::SYS_sethostname, &[Text("x"), N(1)], Refused(EPERM)),
    ("setdomainname", libc::SYS_setdomainname, &[Text("x"), N(1)], Refused(EPERM)),
    ("settimeofday", libc::SYS_settimeofday, &[N(0), N(0)], Refused(EPERM)),
    ("clock_settime", libc::SYS_clock_settime, &[N(0), Room], Refused(EPERM)),
    ("clock_adjtime", libc::SYS_clock_adjtime, &[N(0), Room], Refused(EPERM)),
    ("adjtimex", libc::SYS_adjtimex, &[Room], Refused(EPERM)),
    ("vhangup", libc::SYS_vhangup, &[], Refused(EPERM)),
    ("nfsservctl", libc::SYS_nfsservctl, &[N(0), N(0), N(0)], Refused(EPERM)),
    ("personality", libc::SYS_personality, &[N(0xffff_ffff)], Ends),
    ("perf_event_open", libc::SYS_perf_event_open, &[Room, N(0), N(-1), N(-1), N(0)], Ends),
    ("lookup_dcookie", libc::SYS_lookup_dcookie, &[N(0), Room, N(100)], Refused(EPERM)),
    ("add_key", libc::SYS_add_key, &[Text("user"), Text("k"), Text("x"), N(1), N(-3)], Ends),
    ("request_key", libc::SYS_request_key, &[Text("user"), Text("k"), N(0), N(0)], Ends),
    ("io_uring_enter", libc::SYS_io_uring_enter, &[N(0), N(0), N(0), N(0), N(0), N(0)], Ends),
    ("io_uring_register", libc::SYS_io_uring_register, &[N(0), N(0), N(0), N(0)], Ends),
    ("io_setup", libc::SYS_io_setup, &[N(8), Room], Refused(EPERM)),
    ("io_submit", libc::SYS_io_submit, &[N(0), N(0), N(0)], Refused(EPERM)),
    ("futex_wake", 454, &[Room, N(0), N(0), N(0)], Refused(EPERM)),
    ("a call that there is not", 9999, &[], Refused(EPERM)),
    // These are allowed.
    ("who it is", libc::SYS_getuid, &[], OWN_BUSINESS),
    ("how its own limit stands", libc::SYS_prlimit64, &[N(0), N(7), N(0), Room], OWN_BUSINESS),
    ("wait for events", libc::SYS_epoll_pwait2, &[N(-1), Room, N(1), N(0), N(0)], Refused(EBADF)),
    ("memory of its own", libc::SYS_mmap, &[N(0), N(4096), N(3), N(0x22), N(-1), N(0)], Harmless("it is counted")),
    ("a bad address", libc::SYS_uname, &[N(8)], Refused(EFAULT)),
    ("a bad rename", libc::SYS_renameat2, &[CWD, In("write/file"), CWD, In("write/moved"), N(3)], Refused(EPERM)),
    ("a bad link", libc::SYS_readlinkat, &[CWD, In("read/file"), Room, N(100)], Refused(EINVAL)),
];

/// The same with no grant at all: what is not needed is not there.
#[rustfmt::skip]
const UNGRANTED: &[Call] = &[
    ("times", libc::SYS_utimensat, &[OpenToRead, N(0), N(0), N(0)], Refused(EPERM)),
    ("times by a path", libc::SYS_utimensat, &[CWD, In("canary"), Room, N(0)], Refused(EPERM)),
    ("read a link", libc::SYS_readlinkat, &[CWD, Text("/proc/self/exe"), Room, N(100)], Refused(EPERM)),
    ("open", libc::SYS_openat, &[CWD, In("canary"), N(0)], Refused(EPERM)),
    ("openat2", libc::SYS_openat2, &[CWD, In("canary"), Room, N(24)], Refused(EPERM)),
    ("list", libc::SYS_getdents64, &[N(0), Room, N(4096)], Refused(EPERM)),
    ("rename", libc::SYS_renameat, &[CWD, In("canary"), CWD, In("moved")], Refused(EPERM)),
    ("rename, with flags", libc::SYS_renameat2, &[CWD, In("canary"), CWD, In("moved"), N(0)], Refused(EPERM)),
    ("link", libc::SYS_linkat, &[CWD, In("canary"), CWD, In("moved"), N(0)], Refused(EPERM)),
    ("make a link", libc::SYS_symlinkat, &[Text("x"), CWD, In("moved")], Refused(EPERM)),
    ("make a directory", libc::SYS_mkdirat, &[CWD, In("moved"), N(0o700)], Refused(EPERM)),
    ("remove", libc::SYS_unlinkat, &[CWD, In("canary"), N(0)], Refused(EPERM)),
];

const INET: Arg = N(libc::AF_INET as i64);
const STREAM: Arg = N((libc::SOCK_STREAM | libc::SOCK_CLOEXEC) as i64);
const DATAGRAM: Arg = N((libc::SOCK_DGRAM | libc::SOCK_NONBLOCK) as i64);

/// With a grant of the network: streams and datagrams of the internet's, and no other socket.
#[rustfmt::skip]
const NETWORK: &[Call] = &[
    ("a stream", libc::SYS_socket, &[INET, STREAM, N(0)], Harmless("granted")),
    ("a datagram", libc::SYS_socket, &[N(libc::AF_INET6 as i64), DATAGRAM, N(17)], Harmless("granted")),
    ("not to wait for it", libc::SYS_ioctl, &[N(1), N(libc::FIONBIO as i64), Room], Refused(EPERM)),
    ("the kernel's tables", libc::SYS_socket, &[N(libc::AF_NETLINK as i64), N(3), N(0)], Refused(EPERM)),
    ("the same as datagrams", libc::SYS_socket, &[N(libc::AF_NETLINK as i64), DATAGRAM, N(0)], Refused(EPERM)),
    ("raw", libc::SYS_socket, &[INET, N(libc::SOCK_RAW as i64), N(1)], Refused(EPERM)),
    ("raw, version 6", libc::SYS_socket, &[N(libc::AF_INET6 as i64), N(libc::SOCK_RAW as i64), N(58)], Refused(EPERM)),
    ("an echo", libc::SYS_socket, &[INET, DATAGRAM, N(1)], Refused(EPERM)),
    ("of several streams", libc::SYS_socket, &[INET, STREAM, N(132)], Refused(EPERM)),
    ("of several paths", libc::SYS_socket, &[INET, STREAM, N(262)], Refused(EPERM)),
    ("of packets in order", libc::SYS_socket, &[INET, N(libc::SOCK_SEQPACKET as i64), N(0)], Refused(EPERM)),
    ("packets", libc::SYS_socket, &[N(libc::AF_PACKET as i64), N(3), N(0x300)], Refused(EPERM)),
    ("the system's own", libc::SYS_socket, &[N(libc::AF_UNIX as i64), STREAM, N(0)], Refused(EPERM)),
    ("of virtual machines", libc::SYS_socket, &[N(libc::AF_VSOCK as i64), STREAM, N(0)], Refused(EPERM)),
    ("of ciphers", libc::SYS_socket, &[N(libc::AF_ALG as i64), N(5), N(0)], Refused(EPERM)),
    ("of Bluetooth", libc::SYS_socket, &[N(libc::AF_BLUETOOTH as i64), N(3), N(1)], Refused(EPERM)),
    ("two of them", libc::SYS_socketpair, &[N(1), N(1), N(0), Room], Refused(EPERM)),
];

/// Makes the call, and says what the system says.
fn make(number: c_long, arguments: &[Arg], world: &World) -> Result<c_long, i32> {
    let mut room = vec![0_u8; 8192];
    let path = |path: &std::path::Path| CString::new(path.as_os_str().as_bytes()).expect("no zero");
    let texts: Vec<CString> = arguments
        .iter()
        .map(|argument| match argument {
            In(name) => path(&world.path(name)),
            Text(text) => CString::new(*text).expect("no zero"),
            _ => CString::default(),
        })
        .collect();
    let open = OpenOptions::new().read(true).write(true).open(world.path("write/file")).ok();
    let to_read = File::open(world.path("read/file")).ok();
    let handle = |file: &Option<File>| file.as_ref().map_or(-1, |file| file.as_raw_fd().into());
    let mut words = [0_i64; 6];
    for ((word, argument), text) in words.iter_mut().zip(arguments).zip(&texts) {
        *word = match argument {
            N(number) => *number,
            In(_) | Text(_) => text.as_ptr() as i64,
            Room => room.as_mut_ptr() as i64,
            Open => handle(&open),
            OpenToRead => handle(&to_read),
            Own => std::process::id().into(),
            // SAFETY: it only asks.
            Parent => unsafe { libc::getppid() }.into(),
        };
    }
    let [a, b, c, d, e, f] = words;
    // SAFETY: what it is to write to is there; it is to fail, or to do no harm.
    let answer = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    match answer {
        -1 => Err(std::io::Error::last_os_error().raw_os_error().unwrap_or_default()),
        answer => Ok(answer),
    }
}

/// Makes all calls of a table, each in a process of its own: one could end it, or change what the next finds.
fn each_is_answered(table: &'static [Call], network: Network, has_grants: bool) {
    let mut others = Vec::new();
    for (name, number, arguments, expected) in table {
        let world = std::sync::Arc::new(World::new());
        let inside = std::sync::Arc::clone(&world);
        let call = move || make(*number, arguments, &inside);
        let answer = world.granted(network, has_grants, call);
        match (expected, &answer) {
            (Ends, Err(Left::Breach)) | (Harmless(_), Ok(Ok(_))) => {}
            (Refused(error), Ok(Err(told))) if error == told => {}
            _ => others.push(format!("{name} ({number}): {answer:?} instead of {expected:?}")),
        }
        world.canaries_live();
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

pub(crate) fn each_call_is_answered_as_it_must_be() {
    assert!(TRIED.len() >= 53, "the list has lost some");
    for table in [TRIED, OLDER, FURTHER] {
        each_is_answered(table, Network::None, true);
    }
}

pub(crate) fn no_grant_no_path_calls() {
    each_is_answered(UNGRANTED, Network::None, false);
}

pub(crate) fn only_internet_sockets_are_made() {
    each_is_answered(NETWORK, Network::Granted, true);
}
