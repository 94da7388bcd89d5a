//! What the imports of a core module give: WASI preview 1, function by function.

use super::{Ability, Import, Verdict};
use crate::plugin::outline::ItemKind;

/// Preview 1, and the preview before it, whose functions have the same names.
const WASI: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

pub(super) fn judge(imports: &[Import], verdict: &mut Verdict) {
    for import in imports {
        for item in &import.items {
            let name = format!("{}.{}", import.name, item.name);
            let is_wasi = WASI.contains(&import.name.as_str()) && item.kind == ItemKind::Function;
            match given_by(&item.name).filter(|_| is_wasi) {
                Some(abilities) => verdict.give(abilities.iter().copied(), &name),
                None => verdict.doubt(&name),
            }
        }
    }
}

/// What a function gives; none if it is no function of WASI's.
///
/// The descriptors that a program is born with are its three streams and the directories that it was
/// granted. So a file takes a `path_…` to reach, and what looks at a descriptor alone reaches none.
fn given_by(function: &str) -> Option<&'static [Ability]> {
    use Ability::{Clocks, Environment, Files, Network, Random, Stdin};
    Some(match function {
        "args_get"
        | "args_sizes_get"
        | "fd_close"
        | "fd_fdstat_get"
        | "fd_fdstat_set_flags"
        | "fd_fdstat_set_rights"
        | "fd_filestat_get"
        | "fd_prestat_dir_name"
        | "fd_prestat_get"
        | "fd_renumber"
        | "fd_seek"
        | "fd_tell"
        | "fd_write"
        | "proc_exit"
        | "proc_raise"
        | "sched_yield" => &[],
        "environ_get" | "environ_sizes_get" => &[Environment],
        "fd_read" => &[Stdin],
        "fd_pread" => &[Stdin, Files],
        "fd_advise"
        | "fd_allocate"
        | "fd_datasync"
        | "fd_filestat_set_size"
        | "fd_filestat_set_times"
        | "fd_pwrite"
        | "fd_readdir"
        | "fd_sync"
        | "path_create_directory"
        | "path_filestat_get"
        | "path_filestat_set_times"
        | "path_link"
        | "path_open"
        | "path_readlink"
        | "path_remove_directory"
        | "path_rename"
        | "path_symlink"
        | "path_unlink_file" => &[Files],
        // It waits for a time, or for a stream to have something to read.
        "poll_oneoff" => &[Clocks, Stdin],
        "clock_res_get" | "clock_time_get" => &[Clocks],
        "random_get" => &[Random],
        "sock_accept" | "sock_recv" | "sock_send" | "sock_shutdown" => &[Network],
        _ => return None,
    })
}
