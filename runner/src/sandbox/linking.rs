//! What a component is given: of each interface that it imports the runner's part, and no other. What
//! the runner does not have is told by its name.

use std::collections::BTreeSet;

use wasmtime::Engine;
use wasmtime::component::{Component, HasData, HasSelf, Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::p2::bindings::{cli, clocks, random, sockets};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView};
use wasmtime_wasi_config::WasiConfig;
use wasmtime_wasi_http::WasiHttp;
use wasmtime_wasi_http::p2::bindings::http;
use wasmtime_wasi_io::bindings::wasi::io;

use super::contract::{log, progress};
use super::guest::Guest;
use super::{files, network};

type Add = fn(&mut Linker<Guest>) -> wasmtime::Result<()>;

/// The interfaces that there are, without their versions, and what links each. A component may have
/// none of `wasi:http/incoming-handler`: nothing calls it.
const INTERFACES: &[(&str, Add)] = &[
    ("taskrunner:plugin/log", |linker| log::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)),
    ("taskrunner:plugin/progress", |linker| {
        progress::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)
    }),
    ("wasi:cli/environment", |linker| {
        cli::environment::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/exit", |linker| cli::exit::add_to_linker::<_, WasiCli>(linker, Guest::cli)),
    ("wasi:cli/stderr", |linker| cli::stderr::add_to_linker::<_, WasiCli>(linker, Guest::cli)),
    ("wasi:cli/stdin", |linker| cli::stdin::add_to_linker::<_, WasiCli>(linker, Guest::cli)),
    ("wasi:cli/stdout", |linker| cli::stdout::add_to_linker::<_, WasiCli>(linker, Guest::cli)),
    ("wasi:cli/terminal-input", |linker| {
        cli::terminal_input::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-output", |linker| {
        cli::terminal_output::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-stderr", |linker| {
        cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-stdin", |linker| {
        cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-stdout", |linker| {
        cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:clocks/monotonic-clock", |linker| {
        clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, Guest::clocks)
    }),
    ("wasi:clocks/wall-clock", |linker| {
        clocks::wall_clock::add_to_linker::<_, WasiClocks>(linker, Guest::clocks)
    }),
    ("wasi:config/store", |linker| {
        wasmtime_wasi_config::add_to_linker(linker, |guest| WasiConfig::new(&guest.configuration))
    }),
    ("wasi:filesystem/preopens", files::add_preopens_to_linker),
    ("wasi:filesystem/types", files::add_types_to_linker),
    ("wasi:http/outgoing-handler", |linker| {
        http::outgoing_handler::add_to_linker::<_, WasiHttp>(linker, Guest::http)
    }),
    ("wasi:http/types", |linker| {
        let stable = http::types::LinkOptions::default();
        http::types::add_to_linker::<_, WasiHttp>(linker, &stable, Guest::http)
    }),
    ("wasi:io/error", |linker| io::error::add_to_linker::<_, Table>(linker, Guest::table)),
    ("wasi:io/poll", |linker| io::poll::add_to_linker::<_, Table>(linker, Guest::table)),
    ("wasi:io/streams", |linker| io::streams::add_to_linker::<_, Table>(linker, Guest::table)),
    ("wasi:random/insecure", |linker| {
        random::insecure::add_to_linker::<_, WasiRandom>(linker, Guest::random)
    }),
    ("wasi:random/insecure-seed", |linker| {
        random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, Guest::random)
    }),
    ("wasi:random/random", |linker| {
        random::random::add_to_linker::<_, WasiRandom>(linker, Guest::random)
    }),
    ("wasi:sockets/instance-network", |linker| {
        sockets::instance_network::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)
    }),
    ("wasi:sockets/ip-name-lookup", network::add_lookup_to_linker),
    ("wasi:sockets/network", |linker| {
        let stable = sockets::network::LinkOptions::default();
        sockets::network::add_to_linker::<_, WasiSockets>(linker, &stable, Guest::sockets)
    }),
    ("wasi:sockets/tcp", |linker| {
        sockets::tcp::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)
    }),
    ("wasi:sockets/tcp-create-socket", network::add_tcp_to_linker),
    ("wasi:sockets/udp", |linker| {
        sockets::udp::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)
    }),
    ("wasi:sockets/udp-create-socket", network::add_udp_to_linker),
];

struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

/// The interfaces that a component imports.
pub(super) struct Imports(BTreeSet<String>);

impl Imports {
    pub(super) fn of(engine: &Engine, component: &Component) -> Self {
        let component = component.component_type();
        let names = component.imports(engine).map(|(name, _)| without_version(name).to_owned());
        Self(names.collect())
    }

    /// Whether there is one for the network.
    pub(super) fn reach_out(&self) -> bool {
        self.0
            .iter()
            .any(|name| name.starts_with("wasi:sockets/") || name.starts_with("wasi:http/"))
    }

    pub(super) fn link(&self, engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
        let mut linker = Linker::new(engine);
        for (_, add) in INTERFACES.iter().filter(|(name, _)| self.0.contains(*name)) {
            add(&mut linker)?;
        }
        Ok(linker)
    }
}

fn without_version(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}
