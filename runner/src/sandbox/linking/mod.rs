//! What a component is given: of each interface that it imports the runner's part, and no other. What
//! the runner does not have is told by its name.

mod p3;

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

/// The interfaces that there are, each with the part of its version that says what is compatible, and
/// what links it. A component may have none of `wasi:http/incoming-handler`: nothing calls it.
const INTERFACES: &[(&str, Add)] = &[
    ("taskrunner:plugin/log@0.1", |linker| {
        log::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)
    }),
    ("taskrunner:plugin/progress@0.1", |linker| {
        progress::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)
    }),
    ("wasi:cli/environment@0.2", |linker| {
        cli::environment::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/exit@0.2", |linker| cli::exit::add_to_linker::<_, WasiCli>(linker, Guest::cli)),
    ("wasi:cli/stderr@0.2", |linker| cli::stderr::add_to_linker::<_, WasiCli>(linker, Guest::cli)),
    ("wasi:cli/stdin@0.2", |linker| cli::stdin::add_to_linker::<_, WasiCli>(linker, Guest::cli)),
    ("wasi:cli/stdout@0.2", |linker| cli::stdout::add_to_linker::<_, WasiCli>(linker, Guest::cli)),
    ("wasi:cli/terminal-input@0.2", |linker| {
        cli::terminal_input::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-output@0.2", |linker| {
        cli::terminal_output::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-stderr@0.2", |linker| {
        cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-stdin@0.2", |linker| {
        cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:cli/terminal-stdout@0.2", |linker| {
        cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, Guest::cli)
    }),
    ("wasi:clocks/monotonic-clock@0.2", |linker| {
        clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, Guest::clocks)
    }),
    ("wasi:clocks/wall-clock@0.2", |linker| {
        clocks::wall_clock::add_to_linker::<_, WasiClocks>(linker, Guest::clocks)
    }),
    ("wasi:config/store@0.2.0-rc", |linker| {
        wasmtime_wasi_config::add_to_linker(linker, |guest| WasiConfig::new(&guest.configuration))
    }),
    ("wasi:filesystem/preopens@0.2", files::add_preopens_to_linker),
    ("wasi:filesystem/types@0.2", files::add_types_to_linker),
    ("wasi:http/outgoing-handler@0.2", |linker| {
        http::outgoing_handler::add_to_linker::<_, WasiHttp>(linker, Guest::http)
    }),
    ("wasi:http/types@0.2", network::add_http_types_to_linker),
    ("wasi:io/error@0.2", |linker| io::error::add_to_linker::<_, Table>(linker, Guest::table)),
    ("wasi:io/poll@0.2", |linker| io::poll::add_to_linker::<_, Table>(linker, Guest::table)),
    ("wasi:io/streams@0.2", |linker| io::streams::add_to_linker::<_, Table>(linker, Guest::table)),
    ("wasi:random/insecure@0.2", |linker| {
        random::insecure::add_to_linker::<_, WasiRandom>(linker, Guest::random)
    }),
    ("wasi:random/insecure-seed@0.2", |linker| {
        random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, Guest::random)
    }),
    ("wasi:random/random@0.2", |linker| {
        random::random::add_to_linker::<_, WasiRandom>(linker, Guest::random)
    }),
    ("wasi:sockets/instance-network@0.2", |linker| {
        sockets::instance_network::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)
    }),
    ("wasi:sockets/ip-name-lookup@0.2", network::add_lookup_to_linker),
    ("wasi:sockets/network@0.2", |linker| {
        let stable = sockets::network::LinkOptions::default();
        sockets::network::add_to_linker::<_, WasiSockets>(linker, &stable, Guest::sockets)
    }),
    ("wasi:sockets/tcp@0.2", |linker| {
        sockets::tcp::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)?;
        network::add_connections_to_linker(linker)
    }),
    ("wasi:sockets/tcp-create-socket@0.2", network::add_tcp_to_linker),
    ("wasi:sockets/udp@0.2", |linker| {
        sockets::udp::add_to_linker::<_, WasiSockets>(linker, Guest::sockets)?;
        network::add_datagrams_to_linker(linker)
    }),
    ("wasi:sockets/udp-create-socket@0.2", network::add_udp_to_linker),
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
        let names = component.imports(engine).map(|(name, _)| track(name).to_owned());
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
        let offered = INTERFACES.iter().chain(p3::INTERFACES);
        for (_, add) in offered.filter(|(name, _)| self.0.contains(*name)) {
            add(&mut linker)?;
        }
        Ok(linker)
    }
}

/// Whether this runner has an interface, by its name with its version.
pub(crate) fn offers(interface: &str) -> bool {
    let track = track(interface);
    INTERFACES.iter().chain(p3::INTERFACES).any(|(name, _)| *name == track)
}

/// The name of an interface with the first two numbers of its version, `wasi:cli/exit@0.2` of
/// `wasi:cli/exit@0.2.3`: below 1, versions that share them are compatible. Whatever has another form is
/// compatible with nothing else, and stays as it is.
fn track(name: &str) -> &str {
    let patch = name.rsplit_once('.').filter(|(_, patch)| patch.parse::<u64>().is_ok());
    match patch {
        Some((track, _)) if track.contains('.') => track,
        _ => name,
    }
}
