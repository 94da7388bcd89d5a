//! Landlock: which files can be reached, by any code in this process.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus,
    PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
    Scope,
};

use super::{Network, Part, Reach, Wall};

/// The newest interface whose rules are asked for; an older kernel enforces those that it knows.
const ABI_ASKED: ABI = ABI::V9;

/// The oldest interface that leaves no gap of importance: older ones do not see a file being truncated.
/// What newer ones add (ports, signals, sockets), seccomp denies as well.
const ABI_NEEDED: u32 = 3;

/// Shuts out everything but the openings. The second value is the version of the interface.
pub(super) fn restrict(wall: &Wall) -> (Part, u32) {
    match try_restrict(wall) {
        Err(error) => (Part::Absent(error.to_string()), 0),
        Ok((_, LandlockStatus::NotImplemented)) => {
            (Part::Absent("the kernel does not have it".to_owned()), 0)
        }
        Ok((_, LandlockStatus::NotEnabled)) => {
            (Part::Absent("it is not enabled in the kernel".to_owned()), 0)
        }
        Ok((status, LandlockStatus::Available { effective_abi, .. })) => {
            let abi = effective_abi as u32;
            let part = match status {
                RulesetStatus::NotEnforced => Part::Absent("the kernel refused it".to_owned()),
                _ if abi < ABI_NEEDED => {
                    Part::Partly("this kernel's does not see that a file is truncated".to_owned())
                }
                _ => Part::Stands,
            };
            (part, abi)
        }
    }
}

fn try_restrict(wall: &Wall) -> Result<(RulesetStatus, LandlockStatus), RulesetError> {
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI_ASKED))?
        .scope(Scope::from_all(ABI_ASKED))?;
    let ruleset = match wall.network {
        Network::None => ruleset.handle_access(AccessNet::from_all(ABI_ASKED))?,
        Network::Granted => ruleset,
    };
    let mut ruleset = ruleset.create()?;
    for opening in &*wall.openings {
        ruleset = ruleset.add_rule(PathBeneath::new(&opening.file, access(opening.reach)))?;
    }
    if let Some(code) = &wall.code {
        ruleset = ruleset.add_rule(PathBeneath::new(code, access(Reach::Read)))?;
    }
    if wall.network == Network::Granted {
        // What this system does not have, nobody needs.
        for file in NAMES.iter().filter_map(|path| PathFd::new(path).ok()) {
            ruleset = ruleset.add_rule(PathBeneath::new(file, access(Reach::Read)))?;
        }
    }
    let status = ruleset.restrict_self()?;
    Ok((status.ruleset, status.landlock))
}

/// What the C library reads to look up a name: its settings, and the libraries that it loads for them.
const NAMES: [&str; 12] = [
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/nsswitch.conf",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
];

/// Never: executing, devices, sockets, pipes.
fn access(reach: Reach) -> BitFlags<AccessFs> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let file = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
    let files = file | AccessFs::MakeReg | AccessFs::RemoveFile;
    match reach {
        Reach::Read => read,
        Reach::File => file,
        Reach::Files => files,
        Reach::Write => {
            read | files
                | AccessFs::MakeDir
                | AccessFs::MakeSym
                | AccessFs::RemoveDir
                | AccessFs::Refer
        }
    }
}
