//! seccomp: which system calls any code in this process can make.
//!
//! One filter: it ends the process at calls that no honest code makes here, lets the C library fall back
//! from `clone3`, whose arguments a filter cannot see, refuses (`EPERM`) whatever is on no list, and of
//! some calls looks at an argument. How it is put together is in [`program`](super::program).

use libc::{c_long, c_ulong};

use super::program::{Answer, Check, Program};
use super::{Network, Part};

/// Installs the filter.
pub(super) fn filter(network: Network) -> Part {
    Part::of(seccompiler::apply_filter(&rules(network).compile()))
}

fn rules(network: Network) -> Program {
    let mut program = Program::new(Answer::Refuse(libc::EPERM));
    let mut all = |calls: &[c_long], answer| {
        calls.iter().for_each(|&call| program.set(call, Check::Always(answer)));
    };
    all(ALLOWED, Answer::Allow);
    all(LEGACY, Answer::Allow);
    all(DEADLY, Answer::Kill);
    all(&[libc::SYS_clone3], Answer::Refuse(libc::ENOSYS));
    let one_of = |argument, values: &[u32]| Check::OneOf { argument, values: values.to_vec() };
    if network == Network::Granted {
        all(SOCKETS, Answer::Allow);
        let families = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
        program.set(libc::SYS_socket, one_of(0, &families.map(i32::unsigned_abs)));
    }
    // Threads, but no processes.
    let thread = libc::CLONE_THREAD.unsigned_abs();
    program.set(libc::SYS_clone, Check::HasBits { argument: 0, bits: thread });
    // Questions about a terminal and about what can be read, but no typing into the terminal.
    let questions = [libc::TCGETS, libc::TIOCGWINSZ, libc::FIONREAD, libc::FIONBIO];
    program.set(libc::SYS_ioctl, one_of(1, &questions.map(low)));
    // Handles and their flags, but no signals to whoever is to be told of a file.
    program.set(libc::SYS_fcntl, one_of(1, &FCNTL.map(i32::unsigned_abs)));
    // Names for threads and memory.
    let names = [libc::PR_SET_NAME, libc::PR_SET_VMA].map(i32::unsigned_abs);
    program.set(libc::SYS_prctl, one_of(0, &names));
    // Signals to itself: an abort. The limits are looked at, not changed.
    program.set(libc::SYS_tgkill, one_of(0, &[std::process::id()]));
    program.set(libc::SYS_prlimit64, Check::IsNull { argument: 2 });
    program
}

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

/// What the runtime, the standard library and the calls of WASI need. Among what is not here: changing
/// modes, owners and extended attributes, which Landlock does not see.
const ALLOWED: &[c_long] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_memfd_create,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Threads and signals of its own.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
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
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    // Open files.
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fadvise64,
    libc::SYS_fallocate,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_getdents64,
    libc::SYS_lseek,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    // Paths, which Landlock decides on.
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getcwd,
    libc::SYS_linkat,
    libc::SYS_mkdirat,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_readlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_statx,
    libc::SYS_symlinkat,
    libc::SYS_unlinkat,
    libc::SYS_utimensat,
];

/// Older forms of the same, which C libraries on this processor still use.
#[cfg(target_arch = "x86_64")]
const LEGACY: &[c_long] = &[
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_dup2,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_getrlimit,
    libc::SYS_link,
    libc::SYS_lstat,
    libc::SYS_mkdir,
    libc::SYS_open,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_rmdir,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_symlink,
    libc::SYS_time,
    libc::SYS_unlink,
];
#[cfg(target_arch = "aarch64")]
const LEGACY: &[c_long] = &[];

const FCNTL: [i32; 8] = [
    libc::F_ADD_SEALS,
    libc::F_DUPFD,
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_GETFL,
    libc::F_GET_SEALS,
    libc::F_SETFD,
    libc::F_SETFL,
];

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
