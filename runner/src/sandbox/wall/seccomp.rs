//! seccomp: which system calls any code in this process can make.
//!
//! One filter: it ends the process at calls that no honest code makes here, lets the C library fall back
//! from `clone3`, whose arguments a filter cannot see, refuses (`EPERM`) whatever is on no list, and of
//! some calls looks at an argument. What a worker does not need, by what it was granted, it cannot call.
//! How the filter is put together is in [`program`](super::program).

use libc::{c_int, c_long, c_ulong};

use super::program::{Answer, Check, Holds, Program, Rule, Test};
use super::{Network, Part, Reach, Wall};

/// Installs the filter.
pub(super) fn filter(wall: &Wall) -> Part {
    Part::of(seccompiler::apply_filter(&rules(wall).compile()))
}

/// Installs a second filter when the compiled code is loaded: from then on no file is opened through a link.
/// `/proc/self/fd/1` is such a link, and Landlock does not restrict what it leads to if that is a pipe. The
/// first filter allows this one to be installed.
pub(super) fn filter_links(reads: bool) -> Part {
    let mut program = Program::new(Answer::Allow);
    let itself = |argument| {
        let flag = |flag: c_int| {
            let flag = flag.unsigned_abs();
            vec![test(argument, Holds::Masked { mask: flag, value: flag })]
        };
        // A pipe is no directory.
        Check::Where(vec![flag(libc::O_NOFOLLOW), flag(libc::O_DIRECTORY)])
    };
    let nothing = || Check::Always(Answer::Refuse(libc::EPERM));
    program.set(libc::SYS_openat, if reads { itself(2) } else { nothing() });
    #[cfg(target_arch = "x86_64")]
    program.set(libc::SYS_open, if reads { itself(1) } else { nothing() });
    // A filter cannot see its flags. cap-primitives falls back to `openat`.
    program.set(libc::SYS_openat2, Check::Always(Answer::Refuse(libc::ENOSYS)));
    program.set(libc::SYS_seccomp, nothing());
    Part::of(seccompiler::apply_filter(&program.compile()))
}

/// The first file descriptor that is not a standard stream.
const OWN: u32 = 3;

fn rules(wall: &Wall) -> Program {
    let mut program = Program::new(Answer::Refuse(libc::EPERM));
    let reads = !wall.openings.is_empty();
    let changes = wall.openings.iter().any(|opening| opening.reach != Reach::Read);
    let mut all = |calls: &[c_long], answer| {
        calls.iter().for_each(|&call| program.set(call, Check::Always(answer)));
    };
    all(ALLOWED, Answer::Allow);
    all(LEGACY, Answer::Allow);
    if reads || wall.code.is_some() {
        all(OPENING, Answer::Allow);
    }
    if reads {
        all(READING, Answer::Allow);
    }
    if changes {
        all(CHANGING, Answer::Allow);
    }
    if wall.network == Network::Granted {
        all(OPENING, Answer::Allow);
        all(SOCKETS, Answer::Allow);
    }
    all(DEADLY, Answer::Kill);
    all(&[libc::SYS_clone3, libc::SYS_memfd_create], Answer::Refuse(libc::ENOSYS));
    for &(call, argument) in OWN_FILES {
        program.set(call, Check::Where(vec![vec![test(argument, Holds::AtLeast(OWN))]]));
    }
    set_shared(&mut program);
    if wall.hides_pipes {
        // For the second filter; it only takes away.
        let install = vec![one_of(0, &[SECCOMP_SET_MODE_FILTER]), test(1, Holds::Null)];
        allow(&mut program, libc::SYS_seccomp, install);
        let names = [libc::PR_SET_NAME, libc::PR_SET_VMA, libc::PR_SET_NO_NEW_PRIVS];
        allow(&mut program, libc::SYS_prctl, vec![one_of(0, &names)]);
    }
    if changes {
        set_changes(&mut program);
    }
    if wall.network == Network::Granted {
        set_sockets(&mut program);
    }
    program
}

/// Calls of every worker whose arguments are looked at.
fn set_shared(program: &mut Program) {
    let own = std::process::id();
    // Threads, but no processes.
    let thread = libc::CLONE_THREAD.unsigned_abs();
    allow(program, libc::SYS_clone, vec![test(0, Holds::Masked { mask: thread, value: thread })]);
    // Questions about a terminal and about what can be read. Not allowed: flags of a file that other
    // processes share (`FIONBIO`), and input to the terminal.
    let questions = [libc::TCGETS, libc::TIOCGWINSZ, libc::FIONREAD];
    allow(program, libc::SYS_ioctl, vec![test(1, Holds::OneOf(questions.map(low).to_vec()))]);
    // A standard stream gets no second descriptor, which the rules for the first would not cover.
    let flags = [libc::F_GETFD, libc::F_GETFL, libc::F_SETFD];
    let copies = [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC];
    let rules =
        vec![vec![one_of(1, &flags)], vec![one_of(1, &copies), test(0, Holds::AtLeast(OWN))]];
    program.set(libc::SYS_fcntl, Check::Where(rules));
    // Only memory that `RLIMIT_DATA` counts: not shared memory, and no stacks that grow.
    let kinds = libc::MAP_SHARED | libc::MAP_PRIVATE | libc::MAP_SHARED_VALIDATE | MAP_DROPPABLE;
    let mask = (kinds | libc::MAP_GROWSDOWN | libc::MAP_HUGETLB).unsigned_abs();
    let private = Holds::Masked { mask, value: libc::MAP_PRIVATE.unsigned_abs() };
    allow(program, libc::SYS_mmap, vec![test(3, private), test(4, Holds::AtLeast(OWN))]);
    // Names for threads and memory.
    allow(program, libc::SYS_prctl, vec![one_of(0, &[libc::PR_SET_NAME, libc::PR_SET_VMA])]);
    // Signals to itself: an abort. Its own limits are looked at, not changed.
    let itself = Holds::OneOf(vec![0, own]);
    allow(program, libc::SYS_tgkill, vec![test(0, Holds::OneOf(vec![own]))]);
    allow(program, libc::SYS_sched_getaffinity, vec![test(0, itself.clone())]);
    allow(program, libc::SYS_prlimit64, vec![test(0, itself), test(2, Holds::Null)]);
}

/// Calls that change files.
fn set_changes(program: &mut Program) {
    // Not `RENAME_WHITEOUT`, which leaves a device behind.
    let plain = vec![0, libc::RENAME_NOREPLACE, libc::RENAME_EXCHANGE];
    allow(program, libc::SYS_renameat2, vec![test(4, Holds::OneOf(plain))]);
    // Not the target of a symlink (`AT_SYMLINK_FOLLOW`), and not an open file (`AT_EMPTY_PATH`).
    allow(program, libc::SYS_linkat, vec![test(4, Holds::OneOf(vec![0]))]);
    // Only the times of an open file: Landlock does not restrict times by path.
    let open = vec![test(0, Holds::AtLeast(OWN)), test(1, Holds::Null)];
    allow(program, libc::SYS_utimensat, open);
}

/// Calls for the network: TCP and UDP. No raw, packet, netlink or Unix sockets.
fn set_sockets(program: &mut Program) {
    let mask = !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) as u32;
    let socket = |kind: c_int, protocol: c_int| {
        let kind = Holds::Masked { mask, value: kind.unsigned_abs() };
        vec![one_of(0, &[libc::AF_INET, libc::AF_INET6]), test(1, kind), one_of(2, &[0, protocol])]
    };
    let rules = vec![
        socket(libc::SOCK_STREAM, libc::IPPROTO_TCP),
        socket(libc::SOCK_DGRAM, libc::IPPROTO_UDP),
    ];
    program.set(libc::SYS_socket, Check::Where(rules));
}

fn allow(program: &mut Program, call: c_long, rule: Rule) {
    program.set(call, Check::Where(vec![rule]));
}

fn test(argument: u32, holds: Holds) -> Test {
    Test { argument, holds }
}

fn one_of(argument: u32, values: &[c_int]) -> Test {
    test(argument, Holds::OneOf(values.iter().map(|value| value.unsigned_abs()).collect()))
}

/// The operation of `seccomp` that installs a filter.
const SECCOMP_SET_MODE_FILTER: c_int = 1;

/// Memory that the kernel may drop (since Linux 6.11; libc has no name for it yet).
const MAP_DROPPABLE: c_int = 0x08;

/// Requests of `ioctl` are compared by what the kernel looks at: the lower half.
fn low(request: c_ulong) -> u32 {
    (request & c_ulong::from(u32::MAX)) as u32
}

/// No honest code makes these calls here: running and tracing programs, mounting, namespaces, the
/// kernel's own workings, and ways around the other filters.
const DEADLY: &[c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_delete_module,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_personality,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setns,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// What the runtime and the standard library need, whatever was granted. On no list: modes, owners and extended
/// attributes, which Landlock does not restrict; flags of open files; pipes, which no limit would count.
const ALLOWED: &[c_long] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Threads and signals of its own.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_sigaltstack,
    // Time, random numbers, and what the machine is.
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettimeofday,
    libc::SYS_getuid,
    libc::SYS_nanosleep,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    // Waiting.
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    // Open files.
    libc::SYS_close,
    libc::SYS_fadvise64,
    libc::SYS_fdatasync,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_fsync,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    // Looking at what there is. The C library also looks so at what is open.
    libc::SYS_getcwd,
    libc::SYS_newfstatat,
    libc::SYS_statx,
];

/// Opening files, as far as Landlock allows it: at least the compiled code.
const OPENING: &[c_long] = &[
    libc::SYS_openat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
];

/// For a worker with a grant of files. Landlock restricts them, except for reading where a symlink leads.
const READING: &[c_long] = &[
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getdents64,
    libc::SYS_openat2,
    libc::SYS_readlinkat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
];

/// For a worker that may change some.
const CHANGING: &[c_long] = &[
    libc::SYS_mkdirat,
    libc::SYS_renameat,
    libc::SYS_symlinkat,
    libc::SYS_unlinkat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
];

/// Calls that are refused for a standard stream, and which argument is the file descriptor: they would truncate,
/// overwrite or read what other programs wrote to the file behind it.
const OWN_FILES: &[(c_long, u32)] = &[
    (libc::SYS_fallocate, 0),
    (libc::SYS_flock, 0),
    (libc::SYS_ftruncate, 0),
    (libc::SYS_lseek, 0),
    (libc::SYS_pread64, 0),
    (libc::SYS_preadv, 0),
    (libc::SYS_preadv2, 0),
    (libc::SYS_pwrite64, 0),
    (libc::SYS_pwritev, 0),
    (libc::SYS_pwritev2, 0),
];

/// Older forms, which C libraries on this processor still use.
#[cfg(target_arch = "x86_64")]
const LEGACY: &[c_long] = &[
    libc::SYS_arch_prctl,
    libc::SYS_epoll_wait,
    libc::SYS_getrlimit,
    libc::SYS_lstat,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_time,
];
#[cfg(target_arch = "aarch64")]
const LEGACY: &[c_long] = &[];

/// What is done with a socket, once there is one.
const SOCKETS: &[c_long] = &[
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_listen,
    libc::SYS_recvfrom,
    libc::SYS_recvmmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
];
