//! What the imports of a component give: WASI 0.2 and 0.3, and the contract's own interfaces.

use semver::Version;

use super::{Ability, Import, Verdict};
use crate::plugin::outline::ItemKind;

/// Functions by which a descriptor can only be looked at: the descriptors that a component is born with
/// are directories, so that it takes another function to reach a file.
const OF_DESCRIPTORS: [&str; 7] = [
    "[method]descriptor.append-via-stream",
    "[method]descriptor.get-flags",
    "[method]descriptor.get-type",
    "[method]descriptor.read-via-stream",
    "[method]descriptor.stat",
    "[method]descriptor.write-via-stream",
    "filesystem-error-code",
];

/// Functions of streams that take nothing out of a stream of input.
const OF_OUTPUT: [&str; 8] = [
    "[method]output-stream.blocking-flush",
    "[method]output-stream.blocking-write-and-flush",
    "[method]output-stream.blocking-write-zeroes-and-flush",
    "[method]output-stream.check-write",
    "[method]output-stream.flush",
    "[method]output-stream.subscribe",
    "[method]output-stream.write",
    "[method]output-stream.write-zeroes",
];

/// Functions of `wasi:cli/environment` that tell no variable.
const OF_ARGUMENTS: [&str; 3] = ["get-arguments", "get-initial-cwd", "initial-cwd"];

pub(super) fn judge(imports: &[Import], verdict: &mut Verdict) {
    let together = Together::of(imports);
    for import in imports.iter().filter(|import| !import.is_types_only()) {
        match together.given_by(import) {
            Some(abilities) => verdict.give(abilities, &import.name),
            None => verdict.doubt(&import.name),
        }
    }
}

/// An interface that is known: its package and name, such as `wasi:cli/stdin`, and the minor version of
/// WASI 0.
struct Known<'a> {
    name: &'a str,
    minor: u64,
}

impl<'a> Known<'a> {
    fn of(import: &'a Import) -> Option<Self> {
        let plain = import.kind == ItemKind::Instance
            && import.items.iter().all(|item| item.kind != ItemKind::Other);
        let (name, version) = import.name.split_once('@').filter(|_| plain)?;
        let version = Version::parse(version).ok()?;
        let known = match (version.major, version.minor) {
            (0, 1) => name.starts_with("taskrunner:plugin/") && version.pre.is_empty(),
            (0, 2) => {
                // There is no other version of it yet than a candidate.
                let is_candidate = name == "wasi:config/store" && version.pre.as_str() == "rc.1";
                name.starts_with("wasi:") && version.pre.is_empty() || is_candidate
            }
            // Of 0.3, programs were made while it was a candidate.
            (0, 3) => name.starts_with("wasi:"),
            _ => false,
        };
        known.then_some(Self { name, minor: version.minor })
    }
}

/// What it takes two imports for.
struct Together {
    /// Whether there is a function that reads what a stream of input holds.
    reads_streams: bool,
    /// Whether there is a way to the directories that were granted.
    has_directories: bool,
}

impl Together {
    fn of(imports: &[Import]) -> Self {
        let has = |interface: &str, counts: &dyn Fn(&str) -> bool| {
            let named = |import: &&Import| Known::of(import).is_some_and(|k| k.name == interface);
            imports.iter().filter(named).any(|import| import.functions().any(counts))
        };
        Self {
            reads_streams: has("wasi:io/streams", &|function| !OF_OUTPUT.contains(&function)),
            has_directories: has("wasi:filesystem/preopens", &|_| true),
        }
    }

    /// What an import gives; none if it is not known.
    fn given_by(&self, import: &Import) -> Option<Option<Ability>> {
        let any_but = |harmless: &[&str]| import.functions().any(|f| !harmless.contains(&f));
        let known = Known::of(import)?;
        Some(match known.name {
            "wasi:cli/exit"
            | "wasi:cli/stderr"
            | "wasi:cli/stdout"
            | "wasi:cli/terminal-input"
            | "wasi:cli/terminal-output"
            | "wasi:cli/terminal-stderr"
            | "wasi:cli/terminal-stdin"
            | "wasi:cli/terminal-stdout"
            | "wasi:config/store"
            | "wasi:filesystem/preopens"
            | "wasi:io/error"
            | "wasi:io/poll"
            | "wasi:io/streams"
            | "taskrunner:plugin/log"
            | "taskrunner:plugin/progress" => None,
            "wasi:cli/environment" => any_but(&OF_ARGUMENTS).then_some(Ability::Environment),
            // In 0.3, streams are part of WebAssembly, and reading them takes no import.
            "wasi:cli/stdin" => (known.minor > 2 || self.reads_streams).then_some(Ability::Stdin),
            "wasi:clocks/monotonic-clock"
            | "wasi:clocks/system-clock"
            | "wasi:clocks/timezone"
            | "wasi:clocks/wall-clock" => Some(Ability::Clocks),
            "wasi:filesystem/types" => {
                let reaches = self.has_directories && any_but(&OF_DESCRIPTORS);
                reaches.then_some(Ability::Files)
            }
            "wasi:http/client"
            | "wasi:http/handler"
            | "wasi:http/incoming-handler"
            | "wasi:http/outgoing-handler"
            | "wasi:http/types"
            | "wasi:sockets/instance-network"
            | "wasi:sockets/ip-name-lookup"
            | "wasi:sockets/network"
            | "wasi:sockets/tcp"
            | "wasi:sockets/tcp-create-socket"
            | "wasi:sockets/types"
            | "wasi:sockets/udp"
            | "wasi:sockets/udp-create-socket" => Some(Ability::Network),
            "wasi:random/insecure" | "wasi:random/insecure-seed" | "wasi:random/random" => {
                Some(Ability::Random)
            }
            _ => return None,
        })
    }
}
