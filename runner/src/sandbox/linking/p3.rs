//! The interfaces of WASI 0.3. `wasi:http` is not among them: requests go through the runner's own sender,
//! which is made for 0.2.

use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::p3::bindings::{cli, clocks, random};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView};

use super::Add;
use crate::sandbox::guest::Guest;
use crate::sandbox::{files, network, output};

/// As the table of the others. `wasi:cli/types` and `wasi:clocks/types` hold nothing to link.
pub(super) const INTERFACES: &[(&str, Add)] = &[
    ("wasi:cli/environment@0.3", |linker| {
        cli::environment::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/exit@0.3", |linker| cli::exit::add_to_linker::<_, WasiCli>(linker, Guest::cli)),
    ("wasi:cli/stderr@0.3", output::p3::add_stderr_to_linker),
    ("wasi:cli/stdin@0.3", |linker| cli::stdin::add_to_linker::<_, WasiCli>(linker, Guest::cli)),
    ("wasi:cli/stdout@0.3", output::p3::add_stdout_to_linker),
    ("wasi:cli/terminal-input@0.3", |linker| {
        cli::terminal_input::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-output@0.3", |linker| {
        cli::terminal_output::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-stderr@0.3", |linker| {
        cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-stdin@0.3", |linker| {
        cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-stdout@0.3", |linker| {
        cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:clocks/monotonic-clock@0.3", |linker| {
        clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, Guest::clocks)
    }),
    ("wasi:clocks/system-clock@0.3", |linker| {
        clocks::system_clock::add_to_linker::<_, WasiClocks>(linker, Guest::clocks)
    }),
    ("wasi:filesystem/preopens@0.3", files::add_p3_preopens_to_linker),
    ("wasi:filesystem/types@0.3", files::add_p3_types_to_linker),
    ("wasi:random/insecure@0.3", |linker| {
        random::insecure::add_to_linker::<_, WasiRandom>(linker, Guest::random)
    }),
    ("wasi:random/insecure-seed@0.3", |linker| {
        random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, Guest::random)
    }),
    ("wasi:random/random@0.3", |linker| {
        random::random::add_to_linker::<_, WasiRandom>(linker, Guest::random)
    }),
    ("wasi:sockets/ip-name-lookup@0.3", network::add_p3_lookup_to_linker),
    ("wasi:sockets/types@0.3", network::add_p3_sockets_to_linker),
];
